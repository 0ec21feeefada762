"""When a CRL is made anew, what an answer is good for, and how long the service's keys live."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509 import ocsp as pyca

from ecard.algorithms import KeyKind
from ecard.errors import AuthorityStateError, InvalidInputError, ProfileError, WithdrawalError
from ecard.pki.authority import CertificateAuthority
from ecard.pki.authority_store import AuthorityStore
from ecard.pki.publishing import AuthorityService, Schedule, points_at
from tests.pki_authority.centre import AT, DAY, KINDS, WEEK, chain_of, key_of, operator
from tests.pki_authority.test_ocsp import ask

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
PASSWORD = b"a long password"
WHOLE = "crl030000"


@pytest.fixture
def store(tmp_path: Path) -> AuthorityStore:
    _, issuing, _ = chain_of(KeyKind.P256, points=points_at("http://127.0.0.1:8470", "issuing"))
    issuing.save(tmp_path, password=PASSWORD)
    return AuthorityStore(tmp_path, password=PASSWORD)


@pytest.fixture
def service(store: AuthorityStore) -> AuthorityService:
    return AuthorityService(store, policy="1.3.6.1.4.1.99999.1")


def number(content: bytes) -> int:
    crl = x509.load_der_x509_crl(content)
    return crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def serials(content: bytes) -> set[int]:
    return {entry.serial_number for entry in x509.load_der_x509_crl(content)}


def withdrawn(store: AuthorityStore, at: datetime, card: int = 1) -> int:
    with store.changing() as authority:
        certificate = operator(authority, card)
        authority.hold(certificate, at=at)
    return certificate.serial_number


def test_a_crl_is_given_again_until_half_of_its_time_is_over(service: AuthorityService) -> None:
    first = service.crl(WHOLE, at=AT)
    assert (first.made, first.until) == (AT, AT + DAY)
    assert service.crl(WHOLE, at=AT + DAY / 2 - timedelta(seconds=1)) is first
    second = service.crl(WHOLE, at=AT + DAY / 2)
    assert number(second.content) == number(first.content) + 1
    assert (second.made, second.until) == (AT + DAY / 2, AT + DAY / 2 + DAY)


def test_a_withdrawal_by_another_process_makes_a_crl_at_once(service: AuthorityService, store: AuthorityStore) -> None:
    before = service.crl(WHOLE, at=AT)
    other = AuthorityStore(store.directory, password=PASSWORD)
    serial = withdrawn(other, AT + HOUR)
    assert service.crl(WHOLE, at=AT + HOUR - timedelta(seconds=1)) is before
    after = service.crl(WHOLE, at=AT + HOUR)
    assert serials(after.content) == {serial}
    assert service.crl(WHOLE, at=AT + HOUR) is after


def test_a_withdrawal_recorded_in_advance_takes_effect_when_it_should(
    service: AuthorityService, store: AuthorityStore
) -> None:
    serial = withdrawn(store, AT + 3 * HOUR)
    before = service.crl(WHOLE, at=AT)
    assert service.crl(WHOLE, at=AT + 3 * HOUR - timedelta(seconds=1)) is before
    assert serials(before.content) == set()
    assert serials(service.crl(WHOLE, at=AT + 3 * HOUR).content) == {serial}


def test_only_the_partition_of_the_certificate_is_made_anew(tmp_path: Path) -> None:
    points = points_at("http://127.0.0.1:8470", "issuing")
    _, issuing, leaf = chain_of(KeyKind.P256, points=points, partitions=8)
    issuing.save(tmp_path, password=PASSWORD)
    store = AuthorityStore(tmp_path, password=PASSWORD)
    service = AuthorityService(store)
    before = {name: service.crl(name, at=AT) for name in service.partitions}
    with store.changing() as authority:
        authority.hold(leaf, at=AT + HOUR)
    changed = [name for name in service.partitions if service.crl(name, at=AT + HOUR) is not before[name]]
    assert changed == [issuing.partition(leaf.serial_number)]
    with pytest.raises(InvalidInputError, match="no CRL partition"):
        service.crl("crl030008", at=AT)


def test_a_delta_completes_the_full_crl_that_is_given_out(service: AuthorityService, store: AuthorityStore) -> None:
    def base(content: bytes) -> int:
        crl = x509.load_der_x509_crl(content)
        return crl.extensions.get_extension_for_class(x509.DeltaCRLIndicator).value.crl_number

    delta = service.delta_crl(WHOLE, at=AT)
    full = service.crl(WHOLE, at=AT)
    assert (base(delta.content), delta.until) == (number(full.content), AT + 2 * HOUR)
    assert service.delta_crl(WHOLE, at=AT + HOUR - timedelta(seconds=1)) is delta
    later = service.delta_crl(WHOLE, at=AT + HOUR)
    assert (later is delta, service.crl(WHOLE, at=AT + HOUR) is full) == (False, True)
    # another process makes a full CRL that nobody can fetch here: deltas must not be based on it
    with AuthorityStore(store.directory, password=PASSWORD).changing() as authority:
        authority.crl(at=AT + HOUR, next_update=AT + WEEK)
    for hours in (1, 2):
        delta = service.delta_crl(WHOLE, at=AT + hours * HOUR)
        assert base(delta.content) == number(service.crl(WHOLE, at=AT + hours * HOUR).content)
    serial = withdrawn(store, AT + 3 * HOUR)
    delta = service.delta_crl(WHOLE, at=AT + 3 * HOUR)
    full = service.crl(WHOLE, at=AT + 3 * HOUR)
    assert (base(delta.content), serials(full.content)) == (number(full.content), {serial})


def test_what_cannot_be_saved_is_not_given_out(
    service: AuthorityService, store: AuthorityStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ecard.pki.authority_files.os.fsync", full_disk)
    with pytest.raises(AuthorityStateError):
        service.crl(WHOLE, at=AT)
    monkeypatch.undo()
    assert number(service.crl(WHOLE, at=AT).content) == 1


def test_numbers_go_on_after_a_restart(store: AuthorityStore) -> None:
    numbers = [number(AuthorityService(store).crl(WHOLE, at=AT + n * HOUR).content) for n in range(3)]
    assert numbers == [1, 2, 3]


def test_a_clock_that_goes_back_publishes_nothing(service: AuthorityService) -> None:
    service.crl(WHOLE, at=AT + DAY)
    with pytest.raises(InvalidInputError, match="later CRL"):
        service.crl(WHOLE, at=AT)


def test_who_waited_gets_what_others_made_meanwhile(service: AuthorityService, store: AuthorityStore) -> None:
    made = service.crl(WHOLE, at=AT + 2 * SECOND)
    assert service.crl(WHOLE, at=AT) == made
    delta = service.delta_crl(WHOLE, at=AT + SECOND)
    assert delta.made == made.made
    with store.changing() as authority:
        authority.crl(at=AT + 3 * SECOND, next_update=AT + DAY)
    again = service.crl(WHOLE, at=AT + 2 * SECOND)
    assert (again.made, again.until, number(again.content)) == (AT + 3 * SECOND, AT + 3 * SECOND + DAY, 4)
    with pytest.raises(InvalidInputError, match="later CRL"):
        service.crl(WHOLE, at=AT - 58 * SECOND)


@pytest.mark.parametrize("kind", KINDS)
def test_answers_and_stamps_of_every_kind_of_authority(kind: KeyKind, tmp_path: Path) -> None:
    _, issuing, leaf = chain_of(kind)
    issuing.save(tmp_path, password=PASSWORD)
    service = AuthorityService(AuthorityStore(tmp_path, password=PASSWORD), policy="1.3.6.1.4.1.99999.1")
    answer = service.ocsp(ask(issuing, leaf.serial_number), at=AT + DAY)
    assert answer.until == AT + DAY + HOUR
    read = pyca.load_der_ocsp_response(answer.content)
    assert read.certificate_status is pyca.OCSPCertStatus.GOOD
    assert service.ocsp(ask(issuing, leaf.serial_number, nonce=b"n" * 16), at=AT + DAY).until is None
    assert service.ocsp(b"nonsense", at=AT + DAY).until is None
    assert service.time_stamp(b"nonsense", at=AT + DAY)


def test_an_answer_bounds_withdrawals_of_that_certificate(service: AuthorityService, store: AuthorityStore) -> None:
    with store.changing() as authority:
        card, other = operator(authority, 1), operator(authority, 2)
    service.ocsp(ask(authority, card.serial_number), at=AT + DAY)
    with pytest.raises(WithdrawalError, match="an OCSP answer"), store.changing() as authority:
        authority.hold(card, at=AT + HOUR)
    with store.changing() as authority:
        authority.hold(other, at=AT + HOUR)


Use = Callable[[AuthorityService, CertificateAuthority, datetime], object]


@pytest.mark.parametrize(
    ("usage", "days", "use"),
    [
        ("ocsp", 60, lambda service, authority, at: service.ocsp(ask(authority, 1), at=at)),
        ("time-stamping", 2434, lambda service, authority, at: service.time_stamp(b"", at=at)),
    ],
)
def test_the_keys_of_the_service_are_replaced_in_time(
    service: AuthorityService, store: AuthorityStore, usage: str, days: int, use: Use
) -> None:
    def certified() -> int:
        with store.reading() as authority:
            use_at = [issued for issued in authority.record.issued.values() if issued.usage == usage]
        return len(use_at)

    with store.reading() as authority:
        pass
    counts = []
    for at in (AT, AT + (days - 1) * DAY, AT + (days + 1) * DAY, AT + (days + 2) * DAY):
        use(service, authority, at)
        counts.append(certified())
    assert counts == [1, 1, 2, 2]


def test_an_authority_that_has_ended_answers_nothing(service: AuthorityService, store: AuthorityStore) -> None:
    with store.reading() as authority:
        pass
    late = store.certificate.not_after + DAY
    with pytest.raises(ProfileError):
        service.ocsp(ask(authority, 1), at=late)
    with pytest.raises(ProfileError):
        service.time_stamp(b"", at=late)


def test_the_schedule_is_the_callers(store: AuthorityStore) -> None:
    service = AuthorityService(store, schedule=Schedule(crl=WEEK, delta_crl=DAY, ocsp=DAY))
    assert service.crl(WHOLE, at=AT).until == AT + WEEK
    assert service.delta_crl(WHOLE, at=AT).until == AT + DAY
    with store.reading() as authority:
        request = ask(authority, 1)
    assert service.ocsp(request, at=AT).until == AT + DAY
    assert key_of(KeyKind.P256, 2).public_key == service.certificate.public_key
