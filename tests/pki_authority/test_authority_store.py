"""One authority, many threads and processes: nothing is lost, nothing is told twice differently."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ecard.algorithms import KeyKind
from ecard.certificate import Certificate
from ecard.errors import AuthorityStateError, InvalidKeyError, WithdrawalError
from ecard.pki import authority_answers, authority_files, authority_lock
from ecard.pki.authority import CertificateAuthority
from ecard.pki.authority_store import AuthorityStore
from ecard.pki.ocsp import OcspResponder
from ecard.pki.withdrawal import GOOD, Ground, RevocationReason, State
from tests.pki_authority.centre import AT, DAY, WEEK, key_of, operator, request_of, root, subject

PASSWORD = b"a long password"
HOUR = timedelta(hours=1)


def founded(directory: Path, **options: object) -> tuple[AuthorityStore, Certificate]:
    """A store with an authority that issued one card."""
    authority = root()
    card = operator(authority, 1)
    authority.save(directory, password=PASSWORD)
    return AuthorityStore(directory, password=PASSWORD, **options), card  # type: ignore[arg-type]


def responder(store: AuthorityStore) -> OcspResponder:
    with store.reading() as authority:
        return OcspResponder(holder=authority.holder, issuer=store.certificate, source=store)


def answer(store: AuthorityStore, serial: int, at: datetime) -> bytes:
    asked = responder(store)
    with store.reading():
        return asked.produce([serial], at=at)


def test_what_one_store_saves_the_other_reads(tmp_path: Path) -> None:
    first, card = founded(tmp_path)
    second = AuthorityStore(tmp_path, password=PASSWORD)
    with first.changing() as authority:
        authority.hold(card, at=AT + DAY)
    with second.reading() as authority:
        status = authority.status(card.serial_number, at=AT + DAY)
    assert status is not None
    assert status.state is State.ON_HOLD
    with second.changing() as authority:
        authority.release(card, at=AT + 2 * DAY)
    again = CertificateAuthority.load(tmp_path, password=PASSWORD)
    assert [event.act.value for event in again.record.journal] == ["hold", "release"]


def test_a_change_that_fails_is_no_change(tmp_path: Path) -> None:
    store, card = founded(tmp_path)

    def spoil(authority: CertificateAuthority) -> None:
        authority.revoke(card, RevocationReason.KEY_COMPROMISE, at=AT + DAY)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), store.changing() as authority:
        spoil(authority)
    with store.reading() as authority:
        status = authority.status(card.serial_number, at=AT + WEEK)
    assert status is not None
    assert status.state is State.GOOD


def test_a_save_that_fails_is_no_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, card = founded(tmp_path)

    def full_disk(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ecard.pki.authority_files.os.fsync", full_disk)
    with pytest.raises(AuthorityStateError, match="No space left"), store.changing() as authority:
        authority.hold(card, at=AT + DAY)
    monkeypatch.undo()
    with store.changing() as authority:
        assert len(authority.record.journal) == 0
        authority.hold(card, at=AT + DAY)


def test_threads_lose_nothing(tmp_path: Path) -> None:
    stores = [founded(tmp_path)[0], AuthorityStore(tmp_path, password=PASSWORD)]
    request = request_of(key_of(KeyKind.P256, 5))

    def issue(number: int) -> int:
        with stores[number % 2].changing() as authority:
            return authority.issue(request, subject(), at=AT).serial_number

    with ThreadPoolExecutor(8) as pool:
        serials = set(pool.map(issue, range(40)))
    assert len(serials) == 40
    assert serials <= CertificateAuthority.load(tmp_path, password=PASSWORD).record.issued.keys()


IN_A_PROCESS = """
import sys
from pathlib import Path
from ecard.pki.authority_store import AuthorityStore
from tests.pki_authority.centre import AT, KeyKind, key_of, request_of, subject
store, request = AuthorityStore(Path(sys.argv[1]), password=b"a long password"), request_of(key_of(KeyKind.P256))
for _ in range(15):
    with store.changing() as authority:
        print(authority.issue(request, subject(), at=AT).serial_number)
"""


def test_processes_lose_nothing(tmp_path: Path) -> None:
    founded(tmp_path)
    place = Path(__file__).resolve().parents[2]
    # the processes share one card with different keys: the same card may have several certificates
    command = [sys.executable, "-c", IN_A_PROCESS, str(tmp_path)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, cwd=place) for _ in range(3)]
    printed = [process.communicate(timeout=120)[0].split() for process in running]
    assert [process.returncode for process in running] == [0, 0, 0]
    serials = {int(serial) for lines in printed for serial in lines}
    assert len(serials) == 45
    assert serials <= CertificateAuthority.load(tmp_path, password=PASSWORD).record.issued.keys()


def test_plain_saving_checks_and_writes_in_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two that loaded the same state and save at the same moment: exactly one succeeds."""
    founded(tmp_path)
    both = [CertificateAuthority.load(tmp_path, password=PASSWORD) for _ in range(2)]
    start = threading.Barrier(2)

    def save(authority: CertificateAuthority) -> bool:
        start.wait()
        try:
            authority.save(tmp_path)
        except AuthorityStateError as error:
            return "someone else" not in str(error)
        return True

    with ThreadPoolExecutor(2) as pool:
        for _ in range(10):
            assert sorted(pool.map(save, both)) == [False, True]
            both = [CertificateAuthority.load(tmp_path, password=PASSWORD) for _ in range(2)]


def test_who_waits_too_long_is_told_so(tmp_path: Path) -> None:
    store, card = founded(tmp_path, wait=0.1)
    with store.changing(), pytest.raises(AuthorityStateError, match="in use by another program"):
        answer(store, card.serial_number, AT)
    with store.reading(), AuthorityStore(tmp_path, password=PASSWORD, wait=0.1).reading():
        pass
    with store.reading(), pytest.raises(AuthorityStateError, match="in use"), store.changing():
        pass


def test_readers_one_after_the_other_do_not_keep_a_writer_out(tmp_path: Path) -> None:
    store, card = founded(tmp_path)
    enough, reads = threading.Event(), []

    def read() -> None:
        while not enough.is_set():
            with store.reading():
                time.sleep(0.005)
            reads.append(1)

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    try:
        for hours in range(6):
            with store.changing() as authority:
                (authority.release if hours % 2 else authority.hold)(card, at=AT + hours * HOUR)
    finally:
        enough.set()
        for thread in threads:
            thread.join()
    assert len(reads) >= 8
    with store.reading() as authority:
        assert len(authority.record.journal) == 6


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from ecard.pki.authority_lock import locked\n"
        "with locked(Path(sys.argv[1])):\n    print('held', flush=True); time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(AuthorityStateError, match="in use"), authority_lock.locked(tmp_path, wait=0.05):
            pass
        process.kill()
    with authority_lock.locked(tmp_path, wait=5):
        pass


def test_what_is_no_authority(tmp_path: Path) -> None:
    with pytest.raises(AuthorityStateError, match="cannot be read"):
        AuthorityStore(tmp_path / "nowhere", password=PASSWORD)
    assert not list(tmp_path.iterdir())
    founded(tmp_path)
    with pytest.raises(InvalidKeyError):
        AuthorityStore(tmp_path, password=b"wrong")


# --- answers bound withdrawals ----------------------------------------------------------------------------------------


def test_an_answer_bounds_a_backdated_withdrawal() -> None:
    authority = root()
    card, other = operator(authority, 1), operator(authority, 2)
    asked = OcspResponder(holder=authority.holder, issuer=authority.certificate, source=authority)
    asked.produce([card.serial_number, 7], at=AT + DAY)
    with pytest.raises(WithdrawalError, match="an OCSP answer of 2026-03-03T08:30:00Z says otherwise"):
        authority.revoke(card, RevocationReason.KEY_COMPROMISE, at=AT + HOUR)
    with pytest.raises(WithdrawalError, match="an OCSP answer"):
        authority.withdraw_card("03-JJ0A900000001", Ground.LOSS, at=AT + HOUR)
    authority.hold(other, at=AT + HOUR)
    authority.hold(card, at=AT + DAY)
    asked.produce([card.serial_number], at=AT + 3 * DAY)
    asked.produce([card.serial_number], at=AT + 2 * DAY)
    with pytest.raises(WithdrawalError, match="2026-03-05"):
        authority.release(card, at=AT + 2 * DAY)
    authority.revoke(card, RevocationReason.KEY_COMPROMISE, at=AT + 3 * DAY, invalidity_date=AT + HOUR)


def test_an_answer_of_one_process_bounds_the_other(tmp_path: Path) -> None:
    server, card = founded(tmp_path)
    office = AuthorityStore(tmp_path, password=PASSWORD)
    with office.changing():
        pass
    answer(server, card.serial_number, AT + DAY)
    with pytest.raises(WithdrawalError, match="an OCSP answer"), office.changing() as authority:
        authority.hold(card, at=AT + HOUR)
    with office.changing() as authority:
        authority.hold(card, at=AT + DAY)
    assert not (tmp_path / authority_answers.ANSWERS_FILE).exists()
    with pytest.raises(WithdrawalError, match="an OCSP answer"), server.changing() as authority:
        authority.release(card, at=AT + HOUR)


def test_an_answer_between_loading_and_saving_is_noticed(tmp_path: Path) -> None:
    server, card = founded(tmp_path)
    early, late = (CertificateAuthority.load(tmp_path, password=PASSWORD) for _ in range(2))
    early.hold(card, at=AT + HOUR)
    answer(server, card.serial_number, AT + DAY)
    with pytest.raises(AuthorityStateError, match="an OCSP answer given meanwhile"):
        early.save(tmp_path)
    late.hold(card, at=AT + DAY)
    late.save(tmp_path)
    assert CertificateAuthority.load(tmp_path, password=PASSWORD).record.told == {card.serial_number: AT + DAY}


def test_a_revoked_certificate_leaves_no_note(tmp_path: Path) -> None:
    store, card = founded(tmp_path)
    with store.changing() as authority:
        authority.revoke(card, RevocationReason.SUPERSEDED, at=AT)
    answer(store, card.serial_number, AT + DAY)
    answer(store, 7, AT + DAY)
    assert not (tmp_path / authority_answers.ANSWERS_FILE).exists()


def test_lines_that_a_crash_left_half_written_harm_nothing(tmp_path: Path) -> None:
    store, card = founded(tmp_path)
    path = tmp_path / authority_answers.ANSWERS_FILE
    path.write_bytes(b"\n%x 2026-03-0" % card.serial_number)
    answer(store, card.serial_number, AT + DAY)
    with path.open("ab") as file:
        file.write(b"\n\xff\xff\n7 2026-99-99T00:00:00Z\n\n30")
    with store.changing() as authority:
        assert authority.record.told == {card.serial_number: AT + DAY}


def test_an_answer_that_cannot_be_noted_does_not_leave(tmp_path: Path) -> None:
    store, card = founded(tmp_path)
    (tmp_path / authority_answers.ANSWERS_FILE).mkdir()
    with pytest.raises(AuthorityStateError, match="cannot be written"):
        answer(store, card.serial_number, AT + DAY)


def test_many_answers_do_not_fill_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, card = founded(tmp_path)
    notes = tmp_path / authority_answers.ANSWERS_FILE
    for _ in range(3):
        answer(store, card.serial_number, AT + HOUR)
    assert len(notes.read_bytes().split(b"\n")) == 3, "one line, between the two that end one"
    monkeypatch.setattr(authority_answers, "MANY", 1000)
    for second in range(100):
        answer(store, card.serial_number, AT + HOUR + timedelta(seconds=second))
        assert not notes.exists() or notes.stat().st_size < 1100
    with pytest.raises(WithdrawalError, match="an OCSP answer of 2026-03-02T09:31:39Z"), store.changing() as authority:
        authority.hold(card, at=AT + HOUR)


def test_answers_that_cannot_be_taken_in_keep_nobody_from_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, card = founded(tmp_path)
    answer(store, card.serial_number, AT + HOUR)
    monkeypatch.setattr(authority_answers, "MANY", 1)
    monkeypatch.setattr(authority_files, "save_state", full_disk)
    with store.reading() as authority:
        assert authority.status(card.serial_number, at=AT + HOUR) == GOOD


def full_disk(*_: object) -> None:
    raise AuthorityStateError("the disk is full")
