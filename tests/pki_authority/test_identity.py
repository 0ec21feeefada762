"""Reading who a certificate names: both generations as they are, foreign ones, and hostile ones within bounds."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecard.algorithms import KeyKind
from ecard.certificate import MAX_SIZE, Certificate
from ecard.errors import EncodingError
from ecard.pki.identity import CardIdentity, CardType, certificate_number
from ecard.pki.profile_extensions import read_extensions
from tests.effort import within
from tests.pki_authority import lookalikes
from tests.pki_authority.centre import ENTERPRISE, IDENTITY_NUMBER, key_of, needs_openssl, openssl
from tests.pki_authority.lookalikes import BMP, IA5, PRINTABLE, UTF8, attribute, extension, private, tlv


def rsa_card(**options: object) -> Certificate:
    return Certificate(lookalikes.rsa_card(key_of(KeyKind.RSA1024), **options))  # type: ignore[arg-type]


def sm2_card(**options: object) -> Certificate:
    return Certificate(lookalikes.sm2_card(key_of(KeyKind.SM2), **options))  # type: ignore[arg-type]


def encoded(**options: object) -> bytes:
    """A bare certificate with a P-256 key, for one feature at a time."""
    fields: dict[str, object] = {
        "serial": b"\1", "issuer": [], "subject": [], "extensions": None,
        "algorithm": bytes.fromhex("300A06082A8648CE3D040302"), "key": key_of(KeyKind.P256),
    }  # fmt: skip
    return lookalikes.certificate(**(fields | options))  # type: ignore[arg-type]


def made(**options: object) -> Certificate:
    return Certificate(encoded(**options))


def test_a_legal_person_card_of_the_rsa_generation() -> None:
    card = rsa_card()
    card.public_key.verify(card.signature, card.tbs)
    assert CardIdentity.from_certificate(card) == CardIdentity(
        certificate_number="01abcdef",
        holder_name="甲某",
        enterprise_name=ENTERPRISE,
        organisation_code="M000100Y4",
        card_number="JJ0G900000001",
        card_type=CardType.LEGAL_PERSON,
        acceptance_point="14",
        enterprise_category="00",
        id_document_type="01",
        has_identity_number=True,
    )
    assert CardIdentity.from_certificate(card).role == "legal-person"


def test_an_operator_card_of_the_sm2_generation() -> None:
    card = sm2_card()
    card.public_key.verify(card.signature, card.tbs)
    assert CardIdentity.from_certificate(card) == CardIdentity(
        certificate_number="0300000000012345",
        holder_name="乙某",
        enterprise_name=ENTERPRISE,
        organisation_code="M000100Y4",
        card_number="03-JJ0G900000002",
        card_type=CardType.OPERATOR,
        acceptance_point="14",
        enterprise_category="00",
        id_document_type="01",
        has_identity_number=True,
    )
    assert CardIdentity.from_certificate(card).role == "operator"


@needs_openssl
@pytest.mark.parametrize("card", [rsa_card, sm2_card])
def test_the_lookalikes_are_certificates_to_openssl_too(card: Callable[[], Certificate]) -> None:
    text = openssl("x509", "-noout", "-text", "-inform", "DER", data=card().der)
    assert "1.3.6.1.4.1.5315.100.5.11" in text


@pytest.mark.parametrize("card", [rsa_card, sm2_card])
def test_the_identity_number_is_read_by_its_own_function_alone(card: Callable[[], Certificate]) -> None:
    identity = CardIdentity.from_certificate(card())
    shown = repr(identity) + str(identity)
    assert IDENTITY_NUMBER not in shown
    assert identity.holder_name is not None
    assert identity.holder_name not in shown
    assert CardIdentity.disclose_identity_number(card()) == IDENTITY_NUMBER


@pytest.mark.parametrize(
    ("value", "card_type", "role"),
    [
        ("10", CardType.LEGAL_PERSON, "legal-person"),
        ("12", CardType.OPERATOR, "operator"),
        ("19", CardType.SERVER, None),
        ("11", "11", None),
        ("legal-person", "legal-person", None),
        (" 10", " 10", None),
        ("１０", "１０", None),
    ],
)
def test_unknown_card_types_stay_text_and_have_no_role(value: str, card_type: CardType | str, role: str | None) -> None:
    identity = CardIdentity.from_certificate(sm2_card(card_type=value))
    assert identity.card_type == card_type
    assert identity.role is role or identity.role == role


def test_a_certificate_that_is_not_of_the_eport_has_no_role() -> None:
    identity = CardIdentity.from_certificate(made(subject=[attribute("2.5.4.3", UTF8, "Zhang San")]))
    assert identity == CardIdentity(certificate_number="00000001", holder_name="Zhang San")
    assert identity.role is None
    assert CardIdentity.from_certificate(made()).holder_name is None


@pytest.mark.parametrize(
    ("serial", "number"),
    [
        ("01ABCDEF", "01abcdef"),
        ("00ABCDEF01", "abcdef01"),
        ("0ABC", "00000abc"),
        ("00", "00000000"),
        ("0300000000000001", "0300000000000001"),
        ("0102030405", "0000000102030405"),
        ("7F" + "00" * 19, "7f" + "00" * 19),
    ],
)
def test_certificate_numbers_keep_their_zeros(serial: str, number: str) -> None:
    assert CardIdentity.from_certificate(made(serial=bytes.fromhex(serial))).certificate_number == number


@given(st.integers(min_value=0, max_value=2**159 - 1))
def test_certificate_numbers_are_the_serial_number(serial: int) -> None:
    number = certificate_number(serial)
    assert int(number, 16) == serial
    assert len(number) % 2 == 0
    assert len(number) in {8, 16} or len(number) > 16


# --- strings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tag", "content", "text"),
    [
        (UTF8, "公司".encode(), "公司"),
        (IA5, "公司".encode("gbk"), "公司"),
        (PRINTABLE, b"Trading", "Trading"),
        (0x14, "公司".encode("gbk"), "公司"),
        (BMP, "公司".encode("utf-16-be"), "公司"),
        (0x1C, "公司".encode("utf-32-be"), "公司"),
        (IA5, "镕堃".encode("gb18030"), "镕堃"),
        (IA5, b"", ""),
    ],
)
def test_strings_of_every_type(tag: int, content: bytes, text: str) -> None:
    card = made(extensions=[private("5.1", tag, content)])
    assert CardIdentity.from_certificate(card).enterprise_name == text


@pytest.mark.parametrize(
    ("tag", "content", "complaint"),
    [
        (UTF8, b"\xff", "not clean UTF-8"),
        (UTF8, "公司".encode("gbk"), "not clean UTF-8"),
        (IA5, b"\xb9", "not clean GBK"),
        (BMP, b"a", "not clean UTF-16"),
        (BMP, b"\xd8\x00", "not clean UTF-16"),
        (UTF8, b"a\nb", "do not print"),
        (UTF8, b"a\0", "do not print"),
        (UTF8, "\u202eabc".encode(), "do not print"),
        (UTF8, "a\u200bb".encode(), "do not print"),
        (4, b"text", "not a string"),
        (0x30, b"", "not a string"),
        (UTF8, b"a" * 1025, "more than 1024"),
    ],
)
def test_strings_that_are_not_clean_are_refused_without_being_shown(tag: int, content: bytes, complaint: str) -> None:
    card = made(extensions=[private("5.1", tag, content)])
    with pytest.raises(EncodingError, match=complaint) as caught:
        CardIdentity.from_certificate(card)
    assert "enterprise name" in str(caught.value)


def test_the_most_specific_common_name_counts() -> None:
    names = [attribute("2.5.4.3", UTF8, "first"), attribute("2.5.4.3", UTF8, "last")]
    assert CardIdentity.from_certificate(made(subject=names)).holder_name == "last"


# --- hostile certificates -------------------------------------------------------------------------------------------


def nested(depth: int) -> bytes:
    inner = b""
    for _ in range(depth):
        inner = tlv(0x30, inner)
    return inner


_UP_TO_LIMIT = MAX_SIZE - 1000
_TWICE = [private("2.1", UTF8, b"12"), private("2.1", UTF8, b"10")]
HOSTILE: dict[str, Callable[[], bytes]] = {
    "a name of 1 MB": lambda: encoded(subject=[attribute("2.5.4.3", UTF8, "a" * 1_000_000)]),
    "a name as long as a certificate": lambda: encoded(subject=[attribute("2.5.4.3", UTF8, "a" * _UP_TO_LIMIT)]),
    "thousands of names": lambda: encoded(subject=[attribute("2.5.4.3", UTF8, "a")] * 4000),
    "10,000 extensions": lambda: encoded(extensions=[extension(f"1.2.{n}", b"") for n in range(10_000)]),
    "as many extensions as fit": lambda: encoded(extensions=[extension(f"1.2.{n}", b"") for n in range(5000)]),
    "deep nesting as extensions": lambda: encoded(extensions=[nested(12_000)]),
    "deep nesting as a name": lambda: encoded(subject=[nested(12_000)]),
    "deep nesting as a value": lambda: encoded(extensions=[extension(lookalikes.PRIVATE + "5.1", nested(12_000))]),
    "the card type twice": lambda: encoded(extensions=_TWICE),
    "an unknown extension twice": lambda: encoded(extensions=[extension("1.2.3", b"")] * 2),
    "a negative serial number": lambda: encoded(serial=b"\x83\0\0\1"),
    "a serial number of 21 octets": lambda: encoded(serial=b"\1" * 21),
    "a serial number of 60,000 octets": lambda: encoded(serial=b"\1" * 60_000),
    "an extension without a value": lambda: encoded(extensions=[tlv(0x30, lookalikes.oid("1.2.3"))]),
    "two lists of extensions": lambda: encoded(extensions=[], more=tlv(0x30)),
    "an extension of four parts": lambda: encoded(
        extensions=[tlv(0x30, lookalikes.oid("1.2.3"), b"\1\1\xff", b"\4\0", b"\5\0")]
    ),
    "a critical flag that is not DER": lambda: encoded(
        extensions=[tlv(0x30, lookalikes.oid("1.2.3"), b"\1\1\x01", b"\4\0")]
    ),
    "an attribute of three parts": lambda: encoded(
        subject=[tlv(0x31, tlv(0x30, lookalikes.oid("2.5.4.3"), b"\5\0\5\0"))]
    ),
    "two values in one private extension": lambda: encoded(
        extensions=[extension(lookalikes.PRIVATE + "2.1", tlv(UTF8, b"10") + tlv(UTF8, b"12"))]
    ),
    "an empty private extension": lambda: encoded(extensions=[extension(lookalikes.PRIVATE + "2.1", b"")]),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_certificates_are_refused_within_100_ms_and_50_mb(name: str) -> None:
    hostile = HOSTILE[name]()
    with within(0.1), pytest.raises(EncodingError) as caught:
        CardIdentity.from_certificate(Certificate(hostile))
    assert len(str(caught.value)) < 300
    tracemalloc.start()
    with pytest.raises(EncodingError):
        CardIdentity.from_certificate(Certificate(hostile))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50_000_000


GENERATIONS = [lookalikes.rsa_card(key_of(KeyKind.RSA1024)), lookalikes.sm2_card(key_of(KeyKind.SM2))]


@settings(max_examples=500)
@given(card=st.integers(0, 1), place=st.floats(0, 1, exclude_max=True), value=st.integers(0, 255))
def test_a_changed_byte_gives_an_identity_or_an_encoding_error(card: int, place: float, value: int) -> None:
    changed = bytearray(GENERATIONS[card])
    changed[int(place * len(changed))] = value
    try:
        identity = CardIdentity.from_certificate(Certificate(bytes(changed)))
    except EncodingError:
        return
    assert identity.role in {None, "operator", "legal-person"}


def test_the_critical_flag_is_read() -> None:
    found = read_extensions(made(extensions=[extension("1.2.3", b"\5\0", critical=True), extension("1.2.4", b"\5\0")]))
    assert (found["1.2.3"].critical, found["1.2.4"].critical) == (True, False)
