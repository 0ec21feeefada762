"""certomancer's chains, lists, answers and time stamps are accepted, and what is wrong with them is told."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from asn1crypto import tsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp

from ecard.certificate import Certificate
from ecard.errors import EncodingError, InvalidSignatureError, ValidationError
from ecard.findings import Finding
from ecard.findings import FindingCode as F
from ecard.pki.evidence import Evidence
from ecard.pki.policy import Profile, ValidationPolicy
from ecard.pki.timestamp_verify import verify_time_stamp
from ecard.pki.trust import Trust
from ecard.pki.validation import validate
from tests.pki_validation.certomancer_pki import Certomancer, load

pytest.importorskip("certomancer", reason="certomancer is not installed")

EARLY, LATE = datetime(2026, 3, 5, tzinfo=UTC), datetime(2026, 3, 15, tzinfo=UTC)
STATES = [("good", None), ("held", F.ON_HOLD), ("stolen", F.REVOKED)]
DATA = b"a contract"


@pytest.fixture(scope="module", params=["ec", "rsa"])
def pki(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Certomancer:
    return load(tmp_path_factory.mktemp("certomancer"), request.param)


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Certomancer:
    """The same names and other keys."""
    return load(tmp_path_factory.mktemp("twin"), "ec")


def ask(pki: Certomancer, label: str, issuer: str) -> bytes:
    pair = (x509.load_der_x509_certificate(pki.certificate(each)) for each in (label, issuer))
    builder = ocsp.OCSPRequestBuilder().add_certificate(*pair, hashes.SHA1())
    builder = builder.add_extension(x509.OCSPNonce(b"12345678"), False)
    return builder.build().public_bytes(serialization.Encoding.DER)


def found(
    pki: Certomancer,
    label: str,
    at: datetime,
    *,
    crls: Sequence[bytes] = (),
    answers: Sequence[bytes] = (),
    profile: Profile | None = None,
) -> list[Finding]:
    """Without a profile the strictest that certomancer keeps to: the dates of its lists are GeneralizedTime."""
    profile = profile or (Profile.STRICT if crls else Profile.PEDANTIC)
    trust = Trust(
        [Certificate(pki.certificate("root"))],
        [Certificate(pki.certificate(each)) for each in ("issuing", "listmaker")],
    )
    try:
        validate(
            Certificate(pki.certificate(label)),
            at=at,
            trust=trust,
            evidence=Evidence(crls, answers),
            policy=ValidationPolicy(profile=profile),
        )
    except ValidationError as error:
        return [each for each in error.findings if isinstance(each, Finding)]
    return []


def codes(*arguments: object, **options: object) -> list[F]:
    return [each.code for each in found(*arguments, **options)]  # type: ignore[arg-type]


def changed(data: bytes, place: int = -5) -> bytes:
    copy = bytearray(data)
    copy[place] ^= 1
    return bytes(copy)


@pytest.mark.parametrize(("label", "expected"), STATES)
def test_lists(pki: Certomancer, label: str, expected: F | None) -> None:
    early, late = ([pki.crl(each, at) for each in ("root", "issuing")] for at in (EARLY, LATE))
    assert codes(pki, label, EARLY, crls=early) == []
    assert codes(pki, label, LATE, crls=late) == ([expected] if expected else [])
    assert codes(pki, label, LATE, crls=early) == [F.REVOCATION_UNKNOWN] * 2
    for finding in found(pki, label, LATE, crls=late, profile=Profile.PEDANTIC):
        assert finding.code is F.REVOCATION_UNKNOWN
        assert "no UTCTime" in finding.message


def test_a_later_list_tells_of_an_invalidity_date(pki: Certomancer) -> None:
    crls = [pki.crl("root", EARLY), *(pki.crl("issuing", at) for at in (EARLY, LATE))]
    (finding,) = found(pki, "stolen", EARLY, crls=crls)
    assert (finding.code, finding.since) == (F.REVOKED, datetime(2026, 3, 1, tzinfo=UTC))


def test_an_indirect_list(pki: Certomancer) -> None:
    root, own, indirect = (pki.crl(each, LATE) for each in ("root", "issuing", "indirect"))
    assert codes(pki, "foreign", LATE, crls=[root, indirect]) == []
    assert codes(pki, "good", LATE, crls=[root, indirect]) == [F.REVOCATION_UNKNOWN]
    assert codes(pki, "foreign", LATE, crls=[root, own]) == [F.REVOCATION_UNKNOWN]


def test_lists_that_are_wrong(pki: Certomancer, twin: Certomancer) -> None:
    root, own = (pki.crl(each, LATE) for each in ("root", "issuing"))
    unknown = [F.REVOCATION_UNKNOWN]
    assert codes(pki, "good", LATE, crls=[root, changed(own)]) == unknown
    assert codes(pki, "good", LATE, crls=[root, twin.crl("issuing", LATE)]) == unknown
    assert codes(pki, "good", LATE, crls=[root]) == unknown
    assert codes(pki, "good", LATE, crls=[changed(root), own]) == unknown


@pytest.mark.parametrize(("label", "expected"), STATES)
def test_answers_of_delegated_responders(pki: Certomancer, label: str, expected: F | None) -> None:
    """On every level, and no list anywhere."""
    above, own = (
        pki.ocsp("root", ask(pki, "issuing", "root"), LATE),
        pki.ocsp("issuing", ask(pki, label, "issuing"), LATE),
    )
    assert codes(pki, label, LATE, answers=[above, own]) == ([expected] if expected else [])
    assert F.REVOCATION_UNKNOWN in codes(pki, label, LATE, answers=[own])
    assert set(codes(pki, label, EARLY, answers=[above, own])) <= {F.REVOCATION_UNKNOWN, F.REVOKED}


def test_answers_that_are_wrong(pki: Certomancer, twin: Certomancer) -> None:
    above = pki.ocsp("root", ask(pki, "issuing", "root"), LATE)
    own = pki.ocsp("issuing", ask(pki, "good", "issuing"), LATE)
    for wrong in (
        changed(own, own.index(Certificate(pki.certificate("responder")).der) - 20),
        twin.ocsp("issuing", ask(twin, "good", "issuing"), LATE),
        pki.ocsp("issuing", ask(pki, "held", "issuing"), LATE),
    ):
        assert codes(pki, "good", LATE, answers=[above, wrong]) == [F.REVOCATION_UNKNOWN]
    refusal = pki.ocsp("root", ask(pki, "good", "issuing"), LATE)
    with pytest.raises(EncodingError, match="gave no answer"):
        codes(pki, "good", LATE, answers=[refusal])


def stamp(pki: Certomancer, nonce: int = 77) -> bytes:
    imprint = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": hashlib.sha256(DATA).digest()}
    request = tsp.TimeStampReq({"version": "v1", "message_imprint": imprint, "nonce": nonce, "cert_req": True})
    return pki.time_stamp(request.dump(), LATE)


def test_time_stamps(pki: Certomancer, twin: Certomancer) -> None:
    trust = Trust([Certificate(pki.certificate("root"))])
    evidence = Evidence([pki.crl(each, LATE) for each in ("root", "issuing")])
    good = verify_time_stamp(stamp(pki), DATA, trust=trust, evidence=evidence, nonce=77)
    assert good.time == LATE
    assert good.authority.certificate.der == pki.certificate("stamper")
    with pytest.raises(InvalidSignatureError, match="other data"):
        verify_time_stamp(stamp(pki), b"another contract", trust=trust, evidence=evidence)
    with pytest.raises(InvalidSignatureError, match="nonce"):
        verify_time_stamp(stamp(pki), DATA, trust=trust, evidence=evidence, nonce=78)
    with pytest.raises(InvalidSignatureError):
        verify_time_stamp(changed(stamp(pki), -3), DATA, trust=trust, evidence=evidence)
    with pytest.raises(ValidationError, match="the certificate is not valid"):
        verify_time_stamp(stamp(twin), DATA, trust=trust, evidence=evidence)
    with pytest.raises(ValidationError, match="not known"):
        verify_time_stamp(stamp(pki), DATA, trust=trust)
