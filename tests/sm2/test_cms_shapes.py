"""The two shapes of an SM2 message, and everything that is a mixture of them or of SM2 with something else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

import pytest

from ecard import der
from ecard.algorithms import Digest, KeyKind, SignatureAlgorithm
from ecard.documents import attributes, cms
from ecard.documents.cms_writer import issuer_and_serial
from ecard.documents.report import Report
from ecard.documents.signers import AnyOperator
from ecard.errors import UnsupportedAlgorithmError
from ecard.findings import FindingCode
from ecard.keyholder import SoftwareKeyHolder
from tests.documents.world import CODE, DOCUMENT, NOW, SIGNED, key_of, world

RFC, GMT = cms.Shape.RFC5652, cms.Shape.GMT0010
SM2_SM3, ECDSA = SignatureAlgorithm.SM2_SM3.oid, SignatureAlgorithm.ECDSA_SHA256.oid
SM2_SIGNING, SM2_CURVE, SM2_ENCRYPTING = (f"1.2.156.10197.1.301{end}" for end in (".1", "", ".3"))
EC_KEY, RSA_KEY = "1.2.840.10045.2.1", "1.2.840.113549.1.1.1"


@dataclass(frozen=True)
class Parts:
    """What a message is put together from: shapes of the outside, the content and its attribute; algorithms."""

    outside: cms.Shape = RFC
    content: cms.Shape = RFC
    attribute: cms.Shape = RFC
    algorithm: str = SM2_SM3
    digest: Digest = Digest.SM3
    parameters: bytes = b""
    kind: KeyKind = KeyKind.SM2

    @property
    def holder(self) -> SoftwareKeyHolder:
        return world(self.kind).operator

    def message(self, signer: bytes | None = None) -> bytes:
        """The message; ``signer`` is another user id than the default."""
        certificate, key = self.holder.certificate, key_of(self.kind, "card 2")
        digest = der.sequence(der.oid(self.digest.oid), self.parameters)
        signed = attributes.encode_all(self.attribute.data, self.digest.hash(DOCUMENT), SIGNED, certificate)
        to_be_signed = attributes.to_be_signed(signed)
        made = key.sign(to_be_signed) if signer is None else key.native.sign(to_be_signed, user_id=signer)
        info = der.sequence(
            der.integer(1),
            issuer_and_serial(certificate),
            digest,
            der.element(der.context(0), *sorted(signed)),
            der.sequence(der.oid(self.algorithm), self.parameters),
            der.octet_string(made.der),
        )
        certificates = sorted(c.der for c in (certificate, *self.holder.chain))
        data = der.sequence(
            der.integer(1),
            der.element(der.SET, digest),
            der.sequence(self.content.data),
            der.element(der.context(0), *certificates),
            der.element(der.SET, info),
        )
        return der.sequence(self.outside.signed_data, der.element(der.context(0), data))


def inspect(kind: KeyKind, message: bytes) -> Report:
    return cms.inspect(DOCUMENT, message, trust=world(kind).trust, signer=AnyOperator(of=CODE), at=NOW)


def codes(parts: Parts) -> set[FindingCode]:
    return {finding.code for finding in inspect(parts.kind, parts.message()).reasons}


@pytest.mark.parametrize("shapes", list(product((RFC, GMT), repeat=3)), ids=lambda s: "-".join(x.name[:3] for x in s))
def test_the_object_identifiers_go_together(shapes: tuple[cms.Shape, cms.Shape, cms.Shape]) -> None:
    expected = set() if len(set(shapes)) == 1 else {FindingCode.CONTENT_TYPE_WRONG}
    assert codes(Parts(*shapes)) == expected


@pytest.mark.parametrize("parameters", [b"", der.null()], ids=["absent", "NULL"])
@pytest.mark.parametrize("algorithm", [SM2_SM3, SM2_SIGNING, SM2_CURVE])
@pytest.mark.parametrize("shape", cms.Shape)
def test_names_that_an_sm2_signature_goes_by(shape: cms.Shape, algorithm: str, parameters: bytes) -> None:
    assert codes(Parts(shape, shape, shape, algorithm, parameters=parameters)) == set()


SM2_AS_OTHER = [replace(Parts(), algorithm=name) for name in (ECDSA, EC_KEY, RSA_KEY, SM2_ENCRYPTING)]
WRONG = [
    *SM2_AS_OTHER,
    *(replace(parts, outside=GMT, content=GMT, attribute=GMT) for parts in SM2_AS_OTHER),
    Parts(digest=Digest.SHA256),
    Parts(digest=Digest.SHA256, algorithm=SM2_SIGNING),
    Parts(GMT, GMT, GMT, SM2_SIGNING, Digest.SHA256),
    Parts(kind=KeyKind.P256),
    Parts(kind=KeyKind.P256, algorithm=SM2_SIGNING),
    Parts(kind=KeyKind.P256, algorithm=ECDSA, digest=Digest.SM3),
    Parts(GMT, GMT, GMT, ECDSA, Digest.SHA256, kind=KeyKind.P256),
    Parts(GMT, GMT, GMT, SM2_SIGNING, kind=KeyKind.P256),
]


@pytest.mark.parametrize("parts", WRONG, ids=lambda p: f"{p.kind.value} {p.outside.name} {p.algorithm} {p.digest.name}")
def test_other_algorithms_in_the_place_of_sm2_and_sm3(parts: Parts) -> None:
    assert codes(parts) == {FindingCode.ALGORITHM_NOT_ALLOWED}


def test_ecdsa_in_its_own_shape_is_good() -> None:
    """The last but one of the list above is refused for its shape alone."""
    assert codes(Parts(algorithm=ECDSA, digest=Digest.SHA256, kind=KeyKind.P256)) == set()


@pytest.mark.parametrize("kind", [KeyKind.P256, KeyKind.RSA2048])
def test_the_shape_of_sm2_is_not_written_with_other_keys(kind: KeyKind) -> None:
    with pytest.raises(UnsupportedAlgorithmError, match=r"GM/T 0010.*--shape rfc5652"):
        cms.sign(DOCUMENT, world(kind).operator, at=SIGNED, shape=GMT)


@pytest.mark.parametrize("shape", cms.Shape)
@pytest.mark.parametrize("signer", [b"", b"ALICE123@YAHOO.COM"], ids=["empty", "another"])
def test_a_signature_under_another_id(shape: cms.Shape, signer: bytes) -> None:
    report = inspect(KeyKind.SM2, Parts(shape, shape, shape).message(signer))
    assert [finding.code for finding in report.reasons] == [FindingCode.SIGNATURE_INVALID]
    assert ("empty id" in str(report)) is (signer == b"")


def test_the_empty_id_is_named_beside_a_changed_document() -> None:
    message = Parts().message(b"")
    report = cms.inspect(b"x", message, trust=world(KeyKind.SM2).trust, signer=AnyOperator(of=CODE), at=NOW)
    found = {finding.code for finding in report.reasons}
    assert found == {FindingCode.DOCUMENT_CHANGED, FindingCode.SIGNATURE_INVALID}
    assert "empty id" in str(report)
