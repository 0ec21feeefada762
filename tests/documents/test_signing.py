"""What ``cms.sign`` writes, taken apart by asn1crypto, a reader that is not ecard's."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from asn1crypto import cms as asn1
from asn1crypto import core, tsp

from ecard import der
from ecard.algorithms import KeyKind, Signature, SignatureAlgorithm
from ecard.documents import cms
from ecard.documents.cms import Shape
from ecard.errors import InvalidInputError, InvalidSignatureError, UnsupportedAlgorithmError
from ecard.keyholder import SoftwareKeyHolder
from tests.documents.world import DOCUMENT, KINDS, NOW, SIGNED, codes, inspected, key_of, signed, world

READABLE = [kind for kind in KINDS if kind is not KeyKind.SM2]
"""asn1crypto has no names for SM2 and SM3."""


def signed_data(signature: bytes) -> asn1.SignedData:
    info = asn1.ContentInfo.load(signature, strict=True)
    assert info["content_type"].native == "signed_data"
    return info["content"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_signed_is_accepted(kind: KeyKind) -> None:
    report = inspected(DOCUMENT, signed(kind), kind)
    assert report.accepted
    assert report.signing_time == SIGNED
    assert report.algorithm == world(kind).operator.algorithm.label
    assert report.certificate == world(kind).operator.certificate


@pytest.mark.parametrize("kind", READABLE)
def test_structure(kind: KeyKind) -> None:
    holder = world(kind).operator
    data = signed_data(signed(kind))
    assert data["version"].native == "v1"
    assert data["encap_content_info"].native == {"content_type": "data", "content": None}
    assert data["crls"].native is None
    assert [c.chosen.dump() for c in data["certificates"]] == sorted(
        certificate.der for certificate in (holder.certificate, *holder.chain)
    )
    (signer,) = data["signer_infos"]
    assert signer["version"].native == "v1"
    assert signer["sid"].chosen["issuer"].dump() == holder.certificate.issuer
    assert signer["sid"].chosen["serial_number"].native == holder.certificate.serial_number
    assert signer["digest_algorithm"].dump() == data["digest_algorithms"][0].dump()
    assert signer["digest_algorithm"]["parameters"].native is None
    assert signer["unsigned_attrs"].native is None


@pytest.mark.parametrize("kind", READABLE)
def test_the_four_attributes_of_cades(kind: KeyKind) -> None:
    holder = world(kind).operator
    (signer,) = signed_data(signed(kind))["signer_infos"]
    attributes = {one["type"].native: one["values"] for one in signer["signed_attrs"]}
    assert set(attributes) == {"content_type", "message_digest", "signing_time", "signing_certificate_v2"}
    assert all(len(values) == 1 for values in attributes.values())
    assert attributes["content_type"].native == ["data"]
    assert attributes["message_digest"].native == [holder.algorithm.digest.hash(DOCUMENT)]
    assert attributes["signing_time"].native == [SIGNED]
    assert attributes["signing_time"][0].chosen.dump() == b"\x17\x0d260302083000Z"
    named = tsp.SigningCertificateV2.load(attributes["signing_certificate_v2"][0].dump())["certs"]
    assert len(named) == 1
    assert named[0]["cert_hash"].native == hashlib.sha256(holder.certificate.der).digest()
    assert named[0]["issuer_serial"]["serial_number"].native == holder.certificate.serial_number
    assert named[0]["issuer_serial"]["issuer"][0].chosen.untag().dump() == holder.certificate.issuer
    # SHA-256 is the default, which DER leaves out
    assert len(der.parse(named[0].dump()).children()) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_everything_is_der(kind: KeyKind) -> None:
    def check(node: der.Node) -> None:
        if not node.tag & 0x20:
            return
        children = node.children()
        if node.tag in (der.SET, der.context(0)) and len(children) > 1:
            encoded = [child.encoded for child in children]
            assert encoded == sorted(encoded)
        for child in children:
            check(child)

    whole = der.parse(signed(kind))
    check(whole)
    assert der.element(whole.tag, whole.content) == signed(kind)


@pytest.mark.parametrize("kind", READABLE)
def test_the_value_signs_the_attributes_as_a_set(kind: KeyKind) -> None:
    (signer,) = signed_data(signed(kind))["signer_infos"]
    attributes = signer["signed_attrs"].untag().dump()
    assert attributes[0] == der.SET
    holder = world(kind).operator
    value = type(holder.sign(b""))(holder.algorithm, signer["signature"].native)
    holder.certificate.public_key.verify(value, attributes)


def test_signing_time_after_2049_is_a_generalized_time() -> None:
    late = datetime(2050, 1, 1, tzinfo=UTC)
    (signer,) = signed_data(cms.sign(b"", world(KeyKind.P256).operator, at=late))["signer_infos"]
    (time,) = [one["values"][0] for one in signer["signed_attrs"] if one["type"].native == "signing_time"]
    assert time.chosen.dump() == b"\x18\x0f20500101000000Z"


def test_the_moment_is_taken_in_utc_and_in_whole_seconds() -> None:
    east = datetime(2026, 3, 2, 16, 30, 0, 999999, tzinfo=timezone(timedelta(hours=8)))
    signature = cms.sign(DOCUMENT, world(KeyKind.RSA2048).operator, at=east)
    assert signature == signed(KeyKind.RSA2048), "RSA signatures of the same are the same"


def test_without_a_moment_it_is_now() -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    signature = cms.sign(DOCUMENT, world(KeyKind.P256).operator)
    after = datetime.now(UTC)
    report = inspected(DOCUMENT, signature, KeyKind.P256)
    assert report.signing_time is not None
    assert before <= report.signing_time <= after


@pytest.mark.parametrize("moment", [datetime(2026, 3, 2), datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=8)))])
def test_moments_that_are_none(moment: datetime) -> None:
    with pytest.raises(InvalidInputError, match="moment"):
        cms.sign(DOCUMENT, world(KeyKind.P256).operator, at=moment)
    with pytest.raises(InvalidInputError, match="moment"):
        inspected(DOCUMENT, signed(KeyKind.P256), KeyKind.P256, at=moment)


def test_a_holder_without_a_chain_signs_too() -> None:
    centre = world(KeyKind.P256)
    alone = SoftwareKeyHolder(key_of(KeyKind.P256, "card 2"), centre.operator.certificate)
    signature = cms.sign(DOCUMENT, alone, at=SIGNED)
    assert len(signed_data(signature)["certificates"]) == 1
    assert not inspected(DOCUMENT, signature, KeyKind.P256).accepted, "nothing leads to the root"
    trust = type(centre.trust)([centre.root.certificate], [centre.issuing.certificate], centre.evidence)
    assert inspected(DOCUMENT, signature, KeyKind.P256, trust=trust).accepted


def test_more_certificates_than_a_reader_takes_are_refused_before_anything_is_signed() -> None:
    class Asked(SoftwareKeyHolder):
        def _sign(self, message: bytes, algorithm: SignatureAlgorithm) -> Signature:
            raise AssertionError("asked to sign")

    centre = world(KeyKind.P256)
    more = tuple(centre.card_again() for _ in range(32))
    key, certificate = key_of(KeyKind.P256, "card 2"), centre.operator.certificate
    with pytest.raises(InvalidInputError, match="more than 32 certificates"):
        cms.sign(DOCUMENT, Asked(key, certificate, more), at=SIGNED)
    most = SoftwareKeyHolder(key, certificate, (centre.issuing.certificate, *more[:30], certificate))
    assert codes(inspected(DOCUMENT, cms.sign(DOCUMENT, most, at=SIGNED), KeyKind.P256)) == []


def test_a_certificate_twice_in_the_chain_is_written_once() -> None:
    centre = world(KeyKind.P256)
    chain = (centre.issuing.certificate, centre.operator.certificate, centre.issuing.certificate)
    doubled = SoftwareKeyHolder(key_of(KeyKind.P256, "card 2"), centre.operator.certificate, chain)
    assert len(signed_data(cms.sign(DOCUMENT, doubled, at=SIGNED))["certificates"]) == 2


def test_the_shape_of_gmt_0010() -> None:
    signature = cms.sign(DOCUMENT, world(KeyKind.SM2).operator, at=SIGNED, shape=Shape.GMT0010)
    outer, content = der.parse(signature).children()
    assert der.read_oid(outer) == "1.2.156.10197.6.1.4.2.2"
    _, digests, inner, _, signers = content.children()[0].children()
    assert der.read_oid(inner.children()[0]) == "1.2.156.10197.6.1.4.2.1"
    assert der.read_oid(digests.children()[0].children()[0]) == "1.2.156.10197.1.401"
    attributes, algorithm = signers.children()[0].children()[3:5]
    assert der.read_oid(algorithm.children()[0]) == "1.2.156.10197.1.301.1"
    assert core.ObjectIdentifier("1.2.156.10197.6.1.4.2.1").dump() in attributes.encoded
    report = inspected(DOCUMENT, signature, KeyKind.SM2)
    assert report.accepted
    assert report.algorithm == "SM2-SM3"
    assert not inspected(DOCUMENT + b"x", signature, KeyKind.SM2).accepted


def test_the_shape_of_gmt_0010_is_for_sm2_and_no_card_is_asked() -> None:
    class Asked(SoftwareKeyHolder):
        def _sign(self, *_: object) -> object:  # type: ignore[override]
            raise AssertionError("the holder was asked to sign")

    centre = world(KeyKind.P256)
    holder = Asked(key_of(KeyKind.P256, "card 2"), centre.operator.certificate)
    with pytest.raises(UnsupportedAlgorithmError, match="GM/T 0010"):
        cms.sign(DOCUMENT, holder, shape=Shape.GMT0010)


def test_a_faulty_holder_gives_no_signature() -> None:
    centre = world(KeyKind.P256)

    class Faulty(SoftwareKeyHolder):
        def _sign(self, message: bytes, algorithm: object) -> object:  # type: ignore[override]
            return centre.legal_person.sign(message)

    with pytest.raises(InvalidSignatureError):
        cms.sign(DOCUMENT, Faulty(key_of(KeyKind.P256, "card 2"), centre.operator.certificate), at=NOW)


def test_a_document_that_cannot_be_read_is_not_signed() -> None:
    with pytest.raises(InvalidInputError):
        cms.sign("a text", world(KeyKind.P256).operator)  # type: ignore[arg-type]


def test_codes_of_an_accepted_report_are_none() -> None:
    assert codes(inspected(DOCUMENT, signed(KeyKind.P256), KeyKind.P256)) == []
