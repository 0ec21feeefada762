"""Messages whose structure is wrong in one place: malformed, and the message says in which."""

from __future__ import annotations

import pytest

from ecard import der
from ecard.algorithms import KeyKind
from ecard.certificate import Certificate
from ecard.documents.cms_reader import read_message
from ecard.errors import EncodingError
from ecard.findings import FindingCode as Code
from tests.documents.world import DOCUMENT, Parts, codes, inspected, parts, signed, world

P256 = KeyKind.P256
SIGNED_DATA = der.oid("1.2.840.113549.1.7.2")
DATA = der.oid("1.2.840.113549.1.7.1")


def pieces() -> list[bytes]:
    """The parts of the signed data of a good message: version, digests, content, certificates, signers."""
    return [node.encoded for node in der.parse(signed(P256)).children()[1].children()[0].children()]


def signer_pieces() -> list[bytes]:
    return [node.encoded for node in der.parse(pieces()[4]).children()[0].children()]


def message(*inside: bytes) -> bytes:
    return der.sequence(SIGNED_DATA, der.element(der.context(0), der.sequence(*inside)))


def with_piece(place: int, piece: bytes) -> bytes:
    inside = pieces()
    inside[place] = piece
    return message(*inside)


def with_signer_piece(place: int, piece: bytes) -> bytes:
    inside = signer_pieces()
    inside[place] = piece
    return with_piece(4, der.element(der.SET, der.sequence(*inside)))


def test_the_pieces_put_together_again_are_the_message() -> None:
    assert message(*pieces()) == with_signer_piece(0, der.integer(1)) == signed(P256)


NULL = der.null()
BROKEN: dict[str, tuple[bytes, str]] = {
    "no sequence": (NULL, "neither DER"),
    "nothing in it": (der.sequence(), "not a type and a content"),
    "a type alone": (der.sequence(SIGNED_DATA), "not a type and a content"),
    "three parts": (der.sequence(SIGNED_DATA, NULL, NULL), "more than 2 elements"),
    "a type that is none": (der.sequence(NULL, NULL), "expected the type of the message"),
    "another type": (
        der.sequence(DATA, NULL),
        r"7\.1 \(data without a signature\), not signed data",
    ),
    "a type that cannot be read": (der.sequence(der.element(der.OID, b"\x80"), NULL), "not minimal"),
    "a content without its tag": (der.sequence(SIGNED_DATA, der.sequence(*pieces())), "expected the signed data"),
    "an empty content": (der.sequence(SIGNED_DATA, der.element(der.context(0))), "content of the CMS message is empty"),
    "a content that is no sequence": (
        der.sequence(SIGNED_DATA, der.element(der.context(0), NULL)),
        "expected signed data at byte 15",
    ),
    "too few parts": (message(*pieces()[:3]), "without one of version, digests, content and signers"),
    "too many parts": (message(*pieces(), NULL, NULL), "more than 6 elements"),
    "a version that is none": (with_piece(0, NULL), "expected the version"),
    "an unknown version": (with_piece(0, der.integer(2)), "unknown version"),
    "digests that are no set": (with_piece(1, der.sequence()), "expected the digest algorithms"),
    "a digest that is none": (with_piece(1, der.element(der.SET, NULL)), "expected a digest algorithm"),
    "a digest without a name": (with_piece(1, der.element(der.SET, der.sequence())), "without a name"),
    "a content type that is no sequence": (with_piece(2, NULL), "expected the signed content"),
    "a content type that is empty": (with_piece(2, der.sequence()), "has no type"),
    "a content type that is none": (with_piece(2, der.sequence(NULL)), "expected the type of what is signed"),
    "a copy without its tag": (with_piece(2, der.sequence(DATA, der.octet_string(b""))), "expected a copy"),
    "a copy that is empty": (with_piece(2, der.sequence(DATA, der.element(der.context(0)))), "no OCTET STRING"),
    "a copy that is no octet string": (
        with_piece(2, der.sequence(DATA, der.element(der.context(0), NULL))),
        "no OCTET STRING",
    ),
    "something in the place of certificates": (with_piece(3, NULL), "expected certificates, CRLs or signers"),
    "CRLs before certificates": (
        message(*pieces()[:3], der.element(der.context(1)), *pieces()[3:]),
        "expected certificates, CRLs or signers",
    ),
    "signers that are no set": (with_piece(4, der.sequence()), "expected the signers"),
    "no signer": (with_piece(4, der.element(der.SET)), "carries no signature"),
    "a signer that is no sequence": (with_piece(4, der.element(der.SET, NULL)), "expected a signer"),
    "a signer with too few parts": (
        with_piece(4, der.element(der.SET, der.sequence(*signer_pieces()[:5]))),
        "missing or unknown parts",
    ),
    "a signer with nothing": (with_piece(4, der.element(der.SET, der.sequence())), "missing or unknown parts"),
    "a signer with something behind": (
        with_piece(4, der.element(der.SET, der.sequence(*signer_pieces(), NULL))),
        "missing or unknown parts",
    ),
    "a signer with too many parts": (
        with_piece(4, der.element(der.SET, der.sequence(*signer_pieces(), NULL, NULL))),
        "more than 7 elements",
    ),
    "a signer's version that is none": (with_signer_piece(0, NULL), "expected the signer's version"),
    "a signer of an unknown version": (with_signer_piece(0, der.integer(2)), "a signer of an unknown version"),
    "a signer without an identifier": (with_signer_piece(1, NULL), "expected issuer and serial number"),
    "a digest algorithm that is none": (with_signer_piece(2, NULL), "expected the digest algorithm"),
    "a signature algorithm that is none": (with_signer_piece(4, NULL), "expected the signature algorithm"),
    "a value that is no octet string": (with_signer_piece(5, NULL), "expected the signature value"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_structure(name: str) -> None:
    data, words = BROKEN[name]
    with pytest.raises(EncodingError, match=words):
        read_message(data)
    assert codes(inspected(DOCUMENT, data, P256)) == [Code.MALFORMED]


def test_what_may_be_there_or_not() -> None:
    crls = der.element(der.context(1))
    unsigned = der.element(der.context(1), der.sequence())
    for data in (
        message(*pieces()[:4], crls, pieces()[4]),
        with_piece(0, der.integer(3)),
        with_piece(0, der.integer(5)),
        with_signer_piece(0, der.integer(3)),
        with_piece(4, der.element(der.SET, der.sequence(*signer_pieces(), unsigned))),
    ):
        assert inspected(DOCUMENT, data, P256).accepted
    without_certificates = message(*pieces()[:3], pieces()[4])
    assert codes(inspected(DOCUMENT, without_certificates, P256)) == [Code.SIGNER_CERTIFICATE_MISSING]


def test_two_certificates_that_fit_and_attributes_that_cannot_be_read() -> None:
    operator = world(P256).operator.certificate
    twin = bytearray(operator.der)
    twin[-1] ^= 1
    broken = parts(P256, certificates=[bytes(twin), operator.der], attributes=[NULL], value=b"")
    assert Code.MALFORMED in codes(inspected(DOCUMENT, broken.encoded(), P256))
    none: Parts = parts(P256, certificates=[bytes(twin), operator.der], attributes=[], value=b"")
    assert Code.MALFORMED in codes(inspected(DOCUMENT, none.encoded(), P256))


def without_extensions(certificate: Certificate, *extensions: bytes) -> bytes:
    """The certificate with other extensions; its signature does not fit it any more."""
    body, algorithm, signature = der.parse(certificate.der).children()
    kept = [node.encoded for node in body.children() if node.tag != der.context(3)]
    tail = [der.element(der.context(3), der.sequence(*extensions))] if extensions else []
    return der.sequence(der.sequence(*kept, *tail), algorithm.encoded, signature.encoded)


@pytest.mark.parametrize("extensions", [(), (NULL,)])
def test_a_key_identifier_and_certificates_that_have_none(extensions: tuple[bytes, ...]) -> None:
    tagged = der.element(der.context(0, constructed=False), b"identifier")
    bare = without_extensions(world(P256).operator.certificate, *extensions)
    report = inspected(DOCUMENT, parts(P256, identifier=tagged, certificates=[bare]).encoded(), P256)
    assert codes(report) == [Code.SIGNER_CERTIFICATE_MISSING]


def test_of_ber_it_is_said_what_is_wrong_with_it_as_ber() -> None:
    body = der.parse(signed(P256)).content
    whole = b"\x30\x80" + body + b"\0\0"
    read_message(whole)
    for broken, message in (
        (whole + b"\n", "1 bytes after the end of the BER element"),
        (whole[:-2], "indefinite length without an end"),
        (whole[:-40], "is longer than what holds it"),
    ):
        with pytest.raises(EncodingError, match=message):
            read_message(broken)
