"""SM2 certificates, CRLs, OCSP answers and requests made by openssl alone, judged by ecard."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ecard import der
from ecard.algorithms import SignatureAlgorithm
from ecard.certificate import Certificate
from ecard.errors import InvalidSignatureError, RequestError, ValidationError
from ecard.findings import FindingCode
from ecard.keys import SoftwareKey
from ecard.pki.evidence import Evidence
from ecard.pki.path import policy_findings
from ecard.pki.policy import ValidationPolicy
from ecard.pki.requests import read_request
from ecard.pki.trust import Trust
from ecard.pki.validation import validate
from tests.sm2.openssl import needs_openssl, run
from tests.sm2.openssl_centre import OpensslCentre

pytestmark = needs_openssl

STRICT = ValidationPolicy()
CONSTRAINED = ValidationPolicy(acceptable_policies=frozenset({"1.2.3"}))
"""Policies are judged by certvalidator, so that its signature checks are made too."""


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> OpensslCentre:
    made = OpensslCentre(tmp_path_factory.mktemp("centre"))
    made.root("root")
    made.issue("issuer", "root", 0x11, "authority")
    made.issue("holder", "issuer", 0x21, "holder")
    made.issue("responder", "issuer", 0x22, "responder")
    made.issue("p256 holder", "issuer", 0x23, "holder", curve="prime256v1")
    made.crl("root", {})
    made.crl("issuer", {})
    return made


def now() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=2)


def judge(
    centre: OpensslCentre,
    certificate: Certificate,
    policy: ValidationPolicy = STRICT,
    *,
    crls: tuple[bytes, ...] | None = None,
    ocsp: tuple[bytes, ...] = (),
) -> tuple[Certificate, ...]:
    """The path of a good certificate, or ValidationError."""
    standing = tuple(centre.file(f"{name}.crl").read_bytes() for name in ("root", "issuer"))
    evidence = Evidence(standing if crls is None else crls, ocsp)
    trust = Trust([centre.certificate("root")], [centre.certificate("issuer")], evidence)
    return validate(certificate, at=now(), trust=trust, policy=policy).path


def refused(centre: OpensslCentre, certificate: Certificate, **evidence: tuple[bytes, ...]) -> ValidationError:
    with pytest.raises(ValidationError) as caught:
        judge(centre, certificate, **evidence)
    return caught.value


@pytest.mark.parametrize("policy", [STRICT, CONSTRAINED], ids=["fast lane", "certvalidator"])
@pytest.mark.parametrize("name", ["holder", "p256 holder"])
def test_a_chain_is_accepted(centre: OpensslCentre, name: str, policy: ValidationPolicy) -> None:
    path = judge(centre, centre.certificate(name), policy)
    assert [c.serial_number for c in path[:2]] == [centre.certificate(name).serial_number, 0x11]
    assert {c.signature.algorithm for c in path} == {SignatureAlgorithm.SM2_SM3}


def test_certvalidator_checks_sm2_signatures_with_our_keys(centre: OpensslCentre) -> None:
    path = tuple(centre.certificate(name) for name in ("holder", "issuer", "root"))
    assert policy_findings(path, now(), CONSTRAINED, only_constraints=False) == []
    changed = Certificate(path[0].der[:-1] + bytes((path[0].der[-1] ^ 1,)))
    found = policy_findings((changed, *path[1:]), now(), CONSTRAINED, only_constraints=False)
    assert [finding.code for finding in found] == [FindingCode.CONSTRAINT_BROKEN]


def test_a_demand_that_the_chain_does_not_meet(centre: OpensslCentre) -> None:
    with pytest.raises(ValidationError, match="policy"):
        judge(centre, centre.certificate("holder"), replace(CONSTRAINED, explicit_policy=True))


@pytest.mark.parametrize(
    ("reason", "code"),
    [("keyCompromise", FindingCode.REVOKED), ("certificateHold", FindingCode.ON_HOLD)],
)
def test_a_crl_that_lists_the_holder(centre: OpensslCentre, reason: str, code: FindingCode) -> None:
    above = centre.file("root.crl").read_bytes()
    try:
        listing = centre.crl("issuer", {0x21: reason})
        error = refused(centre, centre.certificate("holder"), crls=(above, listing))
    finally:
        centre.crl("issuer", {})
    assert [finding.code for finding in error.findings] == [code]


def test_an_ocsp_answer_of_a_delegate(centre: OpensslCentre) -> None:
    crls = (centre.file("root.crl").read_bytes(), centre.file("issuer.crl").read_bytes())
    answer = centre.ocsp("holder", 0x21, "issuer", "responder")
    assert judge(centre, centre.certificate("holder"), crls=crls, ocsp=(answer,))
    under_another_id = centre.ocsp("holder", 0x21, "issuer", "responder", user_id="distid:somebody else")
    error = refused(centre, centre.certificate("holder"), crls=crls[:1], ocsp=(under_another_id,))
    assert [finding.code for finding in error.findings] == [FindingCode.REVOCATION_UNKNOWN]
    assert "not that of an authorised responder" in str(error)


EMPTY = ("distid:", "empty id")


def test_a_certificate_signed_under_the_empty_id(centre: OpensslCentre) -> None:
    certificate = centre.issue("empty", "issuer", 0x31, "holder", user_id=EMPTY[0])
    with pytest.raises(InvalidSignatureError, match=EMPTY[1]):
        certificate.verify_issued_by(centre.certificate("issuer"))
    error = refused(centre, certificate)
    assert [finding.code for finding in error.findings] == [FindingCode.CERTIFICATE_SIGNATURE_INVALID]
    assert EMPTY[1] in str(error)


def test_a_certificate_signed_under_another_id(centre: OpensslCentre) -> None:
    error = refused(centre, centre.issue("another", "issuer", 0x32, "holder", user_id="distid:ALICE123@YAHOO.COM"))
    assert [finding.code for finding in error.findings] == [FindingCode.CERTIFICATE_SIGNATURE_INVALID]
    assert EMPTY[1] not in str(error)


def test_a_crl_and_an_ocsp_answer_signed_under_the_empty_id(centre: OpensslCentre) -> None:
    above = centre.file("root.crl").read_bytes()
    try:
        crl = centre.crl("issuer", {}, user_id=EMPTY[0])
    finally:
        centre.crl("issuer", {})
    answer = centre.ocsp("holder", 0x21, "issuer", "responder", user_id=EMPTY[0])
    for evidence in ({"crls": (above, crl)}, {"crls": (above,), "ocsp": (answer,)}):
        error = refused(centre, centre.certificate("holder"), **evidence)
        assert [finding.code for finding in error.findings] == [FindingCode.REVOCATION_UNKNOWN]
        assert EMPTY[1] in str(error)


def test_requests(centre: OpensslCentre) -> None:
    good = centre.request("asked")
    assert read_request(good.read_bytes()).public_key.kind.value == "sm2"
    with pytest.raises(RequestError, match=EMPTY[1]):
        read_request(centre.request("asked", user_id=EMPTY[0]).read_bytes())


WITH_NULL = der.sequence(der.oid(SignatureAlgorithm.SM2_SM3.oid), der.null())


def with_null(certificate: Certificate, issuer: SoftwareKey) -> Certificate:
    """The certificate with NULL beside SM2-with-SM3, as E-Port cards have it, signed again."""
    plain = SignatureAlgorithm.SM2_SM3.identifier
    body = der.sequence(*(WITH_NULL if n.encoded == plain else n.encoded for n in der.parse(certificate.tbs)))
    return Certificate(der.sequence(body, WITH_NULL, der.bit_string(issuer.sign(body).der)))


@pytest.mark.parametrize("policy", [STRICT, CONSTRAINED], ids=["fast lane", "certvalidator"])
def test_null_parameters_as_on_real_cards(centre: OpensslCentre, policy: ValidationPolicy) -> None:
    pkcs8 = run("pkcs8", "-topk8", "-nocrypt", "-outform", "DER", "-in", centre.file("issuer.key"))
    certificate = with_null(centre.certificate("holder"), SoftwareKey.from_pkcs8(pkcs8))
    assert certificate.der.count(WITH_NULL) == 2
    assert judge(centre, certificate, policy)[0] == certificate


@pytest.mark.parametrize("name", ["root", "issuer", "holder"])
def test_a_changed_bit_is_refused(centre: OpensslCentre, name: str) -> None:
    """Of every certificate of the path, in its signature and in its key."""
    certificate, issuer = centre.certificate(name), centre.certificate("issuer" if name == "holder" else "root")
    certificate.verify_issued_by(issuer)
    for position in (len(certificate.der) - 1, certificate.der.index(certificate.spki) + 60):
        changed = bytearray(certificate.der)
        changed[position] ^= 1
        with pytest.raises(InvalidSignatureError):
            Certificate(bytes(changed)).verify_issued_by(issuer)
