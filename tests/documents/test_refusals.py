"""Every way in which a signature can be wrong, one test each: the reasons are exactly those, and no others."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from ecard import der, sm2
from ecard.algorithms import KeyKind, SignatureAlgorithm
from ecard.documents import cms
from ecard.documents.cms import Shape
from ecard.documents.signers import AnyOperator
from ecard.errors import VerificationError
from ecard.findings import FindingCode as Code
from ecard.findings import Indication
from ecard.pki.policy import EPORT_2021_ALGORITHMS, ValidationPolicy
from tests.documents.refusing import P256, reasons, words
from tests.documents.world import (
    CODE,
    CONTENT_TYPE,
    DOCUMENT,
    FOUNDED,
    KINDS,
    MESSAGE_DIGEST,
    NOW,
    SIGNED,
    SIGNING_CERTIFICATE_V2,
    SIGNING_TIME,
    Parts,
    attribute,
    codes,
    ess,
    inspected,
    key_of,
    parts,
    signed,
    with_attribute,
    world,
)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_wrong_with_the_parts_to_begin_with(kind: KeyKind) -> None:
    assert reasons(parts(kind), kind) == []


# --- the document ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("document", [b"", DOCUMENT + b"\0", DOCUMENT[:-1], DOCUMENT[::-1]])
def test_another_document(kind: KeyKind, document: bytes) -> None:
    report = inspected(document, signed(kind), kind)
    assert codes(report) == [Code.DOCUMENT_CHANGED]
    assert report.indication is Indication.FAILED
    with pytest.raises(VerificationError, match="the document was changed") as caught:
        cms.verify(document, signed(kind), trust=world(kind).trust, signer=AnyOperator(of=CODE), at=NOW)
    assert caught.value.report == report


def test_a_copy_of_the_document_inside_is_accepted_if_it_is_the_document() -> None:
    def holding(inside: bytes) -> Parts:
        return parts(P256, content=der.element(der.context(0), der.octet_string(inside)))

    assert reasons(holding(DOCUMENT)) == []
    assert reasons(holding(DOCUMENT + b"!")) == [Code.DOCUMENT_CHANGED]
    assert "inside the message" in words(holding(b""))
    assert codes(inspected(b"other", holding(b"other").encoded(), P256)) == [Code.DOCUMENT_CHANGED]


# --- the signed attributes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("oid", "code"),
    [
        (CONTENT_TYPE, Code.CONTENT_TYPE_WRONG),
        (MESSAGE_DIGEST, Code.MALFORMED),
        (SIGNING_TIME, Code.SIGNING_TIME_WRONG),
        (SIGNING_CERTIFICATE_V2, Code.SIGNER_CERTIFICATE_WRONG),
    ],
)
def test_an_attribute_missing_double_or_without_exactly_one_value(oid: str, code: Code) -> None:
    (good,) = [one for one in parts(P256).attributes if der.oid(oid) in one]
    value = der.parse(good).children()[1].content
    for wrong, word in (
        ((), "missing"),
        ((good, good), "more than once"),
        ((good, attribute(oid, der.null())), "more than once"),
        ((good, good, good), "more than once"),
        ((attribute(oid),), "0 values"),
        ((attribute(oid, value, value),), "2 values"),
    ):
        message = with_attribute(P256, oid, *wrong)
        assert reasons(message) == [code]
        assert word in words(message)


def test_no_signed_attributes_at_all() -> None:
    holder = world(P256).operator
    message = parts(P256, attributes=[], value=holder.sign(DOCUMENT).der)
    assert reasons(message) == [Code.MALFORMED]
    assert "no CAdES signature" in words(message)
    assert reasons(replace(message, signer_version=3)) == [Code.MALFORMED]


def test_signed_attributes_that_are_an_empty_set() -> None:
    message = parts(P256, attributes=[der.sequence()])
    assert reasons(message) == [Code.MALFORMED]


@pytest.mark.parametrize(
    "broken",
    [
        der.null(),
        der.sequence(),
        der.sequence(der.oid("1.2.3")),
        der.sequence(der.oid("1.2.3"), der.sequence()),
        der.sequence(der.oid("1.2.3"), der.element(der.SET), der.null()),
        der.element(der.SET, der.oid("1.2.3"), der.element(der.SET)),
    ],
)
def test_an_attribute_that_is_none(broken: bytes) -> None:
    message = parts(P256)
    message.attributes.append(broken)
    assert reasons(message) == [Code.MALFORMED]


def test_attributes_of_other_kinds_are_let_pass() -> None:
    message = parts(P256)
    message.attributes += [attribute("1.2.840.113549.1.9.15", der.sequence()), attribute("1.2.3"), attribute("1.2.3")]
    assert reasons(message) == []
    message.value = b"0"
    assert reasons(message) == [Code.SIGNATURE_INVALID], "they are signed all the same"


def test_the_order_of_attributes_in_the_message_does_not_matter() -> None:
    """What is signed is their DER encoding, whatever order they travel in (RFC 5652, section 5.4)."""
    message = parts(P256, sort=False)
    message.attributes = sorted(message.attributes, reverse=True)
    assert reasons(message) == []
    unsorted = der.element(der.SET, *message.attributes)
    message.value = world(P256).operator.sign(unsorted).der
    assert reasons(message) == [Code.SIGNATURE_INVALID], "signed as it travels, not in DER"


def test_another_content_type() -> None:
    other = der.oid("1.2.840.113549.1.9.16.1.4")
    assert reasons(with_attribute(P256, CONTENT_TYPE, attribute(CONTENT_TYPE, other))) == [Code.CONTENT_TYPE_WRONG]
    assert reasons(parts(P256, inner_type=other)) == [Code.CONTENT_TYPE_WRONG]
    both = with_attribute(P256, CONTENT_TYPE, attribute(CONTENT_TYPE, other))
    both.inner_type = other
    assert set(reasons(both)) == {Code.CONTENT_TYPE_WRONG}, "a time stamp's content, say, is no document"
    assert "1.2.840.113549.1.9.16.1.4" in words(both)
    nothing = with_attribute(P256, CONTENT_TYPE, attribute(CONTENT_TYPE, der.null()))
    assert "no object identifier" in words(nothing)


def test_the_two_shapes_do_not_mix() -> None:
    gmt = Shape.GMT0010
    assert Code.CONTENT_TYPE_WRONG in reasons(parts(KeyKind.SM2, outer_type=gmt.signed_data), KeyKind.SM2)
    assert Code.CONTENT_TYPE_WRONG in reasons(parts(KeyKind.SM2, inner_type=gmt.data), KeyKind.SM2)


@pytest.mark.parametrize("value", [der.null(), der.octet_string(b""), der.octet_string(bytes(31)), der.integer(7)])
def test_a_message_digest_that_is_none(value: bytes) -> None:
    assert reasons(with_attribute(P256, MESSAGE_DIGEST, attribute(MESSAGE_DIGEST, value))) == [Code.MALFORMED]


# --- the signing time --------------------------------------------------------------------------------------------


def at_time(value: bytes) -> Parts:
    return with_attribute(P256, SIGNING_TIME, attribute(SIGNING_TIME, value))


@pytest.mark.parametrize(
    "value",
    [der.null(), der.element(der.UTC_TIME, b"2603020830Z"), der.element(der.GENERALIZED_TIME, b"20260302083000.5Z")],
)
def test_a_signing_time_that_is_none(value: bytes) -> None:
    report = inspected(DOCUMENT, at_time(value).encoded(), P256)
    assert codes(report) == [Code.SIGNING_TIME_WRONG]
    assert report.signing_time is None


@pytest.mark.parametrize(
    ("moment", "accepted"),
    [
        (NOW, True),
        (NOW + timedelta(minutes=5), True),
        (NOW + timedelta(minutes=5, seconds=1), False),
        (NOW + timedelta(days=400), False),
        (FOUNDED, True),
        (FOUNDED - timedelta(seconds=1), False),
        (datetime(1949, 1, 1, tzinfo=NOW.tzinfo), False),
    ],
)
def test_a_signing_time_in_the_future_or_before_the_certificate(moment: datetime, accepted: bool) -> None:
    report = inspected(DOCUMENT, at_time(der.time(moment)).encoded(), P256)
    assert codes(report) == ([] if accepted else [Code.SIGNING_TIME_WRONG])
    assert report.signing_time == moment
    assert report.indication is (Indication.PASSED if accepted else Indication.INDETERMINATE)


def test_a_generalized_time_before_2050_is_read() -> None:
    value = der.element(der.GENERALIZED_TIME, b"20260302083000Z")
    assert inspected(DOCUMENT, at_time(value).encoded(), P256).signing_time == SIGNED


def test_extreme_moments_do_not_overflow() -> None:
    for moment in (datetime.max, datetime.min):
        report = inspected(DOCUMENT, signed(P256), P256, at=moment.replace(tzinfo=NOW.tzinfo))
        assert not report.accepted
    late = der.element(der.GENERALIZED_TIME, b"99991231235959Z")
    assert set(reasons(at_time(late))) == {Code.SIGNING_TIME_WRONG}


# --- algorithms and value ----------------------------------------------------------------------------------------


def test_sha1_is_too_weak() -> None:
    holder = world(KeyKind.RSA2048).operator
    weak = parts(KeyKind.RSA2048, algorithm=SignatureAlgorithm.RSA_SHA1)
    digest = der.octet_string(hashlib.sha1(DOCUMENT).digest())
    weak.attributes = [
        attribute(MESSAGE_DIGEST, digest) if der.oid(MESSAGE_DIGEST) in one else one for one in weak.attributes
    ]
    report = inspected(DOCUMENT, weak.encoded(), KeyKind.RSA2048)
    assert codes(report) == [Code.ALGORITHM_NOT_ALLOWED]
    assert report.indication is Indication.INDETERMINATE
    assert report.algorithm == "RSA-SHA1"
    legacy = ValidationPolicy(algorithms=EPORT_2021_ALGORITHMS)
    assert reasons(weak, KeyKind.RSA2048, policy=legacy) == [], "unless the caller names the legacy"
    assert holder.algorithm is SignatureAlgorithm.RSA_SHA256


@pytest.mark.parametrize(
    "identifier",
    [
        der.sequence(der.oid("1.2.840.113549.1.1.10"), der.sequence()),
        der.sequence(der.oid("1.2.3")),
        der.sequence(der.oid("1.2.840.10045.4.3.2"), der.integer(1)),
        der.sequence(der.oid("1.2.840.10045.4.3.3")),
    ],
)
def test_an_unknown_signature_algorithm(identifier: bytes) -> None:
    assert reasons(parts(P256, signature_identifier=identifier)) == [Code.ALGORITHM_NOT_ALLOWED]


@pytest.mark.parametrize(
    "identifier", [der.sequence(), der.sequence(der.null()), der.sequence(der.oid("1.2.3"), *[der.null()] * 2)]
)
def test_a_signature_algorithm_that_is_none(identifier: bytes) -> None:
    assert reasons(parts(P256, signature_identifier=identifier)) == [Code.MALFORMED]


def test_an_unknown_digest_algorithm() -> None:
    md5 = der.sequence(der.oid("1.2.840.113549.2.5"))
    assert reasons(parts(P256, digest_identifier=md5)) == [Code.ALGORITHM_NOT_ALLOWED]


def test_a_digest_that_was_not_announced() -> None:
    assert reasons(parts(P256, digests=[])) == [Code.MALFORMED]
    sha384 = der.sequence(der.oid("2.16.840.1.101.3.4.2.2"))
    assert reasons(parts(P256, digests=[sha384])) == [Code.MALFORMED]
    sha256_null = der.sequence(der.oid("2.16.840.1.101.3.4.2.1"), der.null())
    assert reasons(parts(P256, digests=[sha384, sha256_null])) == []


def test_an_algorithm_of_another_family_than_the_key() -> None:
    rsa = parts(P256, signature_identifier=SignatureAlgorithm.RSA_SHA256.identifier)
    assert reasons(rsa) == [Code.ALGORITHM_NOT_ALLOWED]
    assert "does not fit" in words(rsa)


def test_the_bare_key_as_signature_algorithm() -> None:
    """RFC 3370, section 3.2: rsaEncryption, which is what the openssl program writes."""
    bare = der.sequence(der.oid("1.2.840.113549.1.1.1"), der.null())
    assert reasons(parts(KeyKind.RSA2048, signature_identifier=bare), KeyKind.RSA2048) == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [b"", b"\0", bytes(256), b"\x30\x06\x02\x01\x01\x02\x01\x01"])
def test_a_value_that_is_no_signature(kind: KeyKind, value: bytes) -> None:
    assert reasons(parts(kind, value=value), kind) == [Code.SIGNATURE_INVALID]


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_of_another_key(kind: KeyKind) -> None:
    attributes = der.set_of(*parts(kind).attributes)
    other = world(kind).legal_person.sign(attributes)
    assert reasons(parts(kind, value=other.der), kind) == [Code.SIGNATURE_INVALID]


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_of_other_attributes(kind: KeyKind) -> None:
    """RSA gives the signed digest back, so the report can say which side was changed; the curves do not."""
    value = world(kind).operator.sign(der.set_of(attribute("1.2.3")))
    expected = Code.ATTRIBUTES_CHANGED if kind is KeyKind.RSA2048 else Code.SIGNATURE_INVALID
    message = parts(kind, value=value.der)
    assert reasons(message, kind) == [expected]
    if kind is not KeyKind.RSA2048:
        assert "it cannot be told which" in words(message, kind)


def test_an_sm2_value_under_another_user_id_is_told() -> None:
    """The commonest mistake of SM2 programs: the id left empty. The key recognises it, and the report says so."""
    message = parts(KeyKind.SM2)
    native = key_of(KeyKind.SM2, "card 2").native
    assert isinstance(native, sm2.PrivateKey)
    message.value = native.sign(der.set_of(*message.attributes), user_id=b"").der
    assert reasons(message, KeyKind.SM2) == [Code.SIGNATURE_INVALID]
    assert "empty" in words(message, KeyKind.SM2)


@pytest.mark.parametrize("kind", KINDS)
def test_an_attribute_changed_after_signing_is_named(kind: KeyKind) -> None:
    good = parts(kind)
    value = world(kind).operator.sign(der.set_of(*parts(kind, attributes=_as_ecard_writes(kind)).attributes)).der
    for oid, other in (
        (MESSAGE_DIGEST, der.octet_string(bytes(good.algorithm.digest.size))),
        (CONTENT_TYPE, der.oid("1.2.3")),
        (SIGNING_CERTIFICATE_V2, ess(world(kind).legal_person.certificate)),
    ):
        changed = parts(kind, value=value, attributes=_as_ecard_writes(kind))
        changed.attributes = [attribute(oid, other) if der.oid(oid) in one else one for one in changed.attributes]
        assert reasons(changed, kind) == [Code.ATTRIBUTES_CHANGED]
        assert "what it should name is as it was" in words(changed, kind)


def _as_ecard_writes(kind: KeyKind) -> list[bytes]:
    content = der.parse(signed(kind)).children()[1].children()[0]
    signer = content.children()[-1].children()[0]
    return [node.encoded for node in signer.children()[3].children()]


def test_two_attributes_changed_after_signing_are_named() -> None:
    changed = parts(P256, value=world(P256).operator.sign(der.set_of(*_as_ecard_writes(P256))).der)
    changed.attributes = _as_ecard_writes(P256)
    for oid, other in ((MESSAGE_DIGEST, der.octet_string(bytes(32))), (CONTENT_TYPE, der.oid("1.2.3"))):
        changed.attributes = [attribute(oid, other) if der.oid(oid) in one else one for one in changed.attributes]
    assert reasons(changed) == [Code.ATTRIBUTES_CHANGED]
    assert "content-type and message-digest" in words(changed) or "message-digest and content-type" in words(changed)


def test_document_and_attribute_changed() -> None:
    """The document is another one, and a signed attribute was changed too: both are said."""
    changed = parts(KeyKind.RSA2048, value=world(KeyKind.RSA2048).operator.sign(b"x").der)
    report = inspected(b"another", changed.encoded(), KeyKind.RSA2048)
    assert codes(report) == [Code.DOCUMENT_CHANGED, Code.ATTRIBUTES_CHANGED]
