"""Time stamps are judged: openssl's and ecard's own are accepted, and each way of being wrong is told."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import cms, core, tsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from ecard import der
from ecard.certificate import Certificate
from ecard.errors import (
    EcardError,
    EncodingError,
    InvalidInputError,
    InvalidSignatureError,
    UnsupportedAlgorithmError,
    ValidationError,
)
from ecard.findings import FindingCode as F
from ecard.keyholder import SoftwareKeyHolder
from ecard.keys import SoftwareKey
from ecard.pki.evidence import Evidence, Interval
from ecard.pki.policy import ValidationPolicy
from ecard.pki.timestamp import TimeStamper
from ecard.pki.timestamp_token import read_info, read_time_stamp
from ecard.pki.timestamp_verify import verify_time_stamp
from ecard.pki.trust import Trust
from tests.pki_validation.chains import CARD_USAGE, DAY, T0, Issuer, Key, key, root, rsa_key

DATA = b"a contract"
AT = T0 + 3 * DAY
STAMPS = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True)
USAGE = (CARD_USAGE, True)


@pytest.fixture(scope="module")
def top() -> Issuer:
    return root("Root of stampers")


def stamper(top: Issuer, own: Key | None = None, *more: tuple[x509.ExtensionType, bool]) -> Certificate:
    return top.issue("stamper", subject_key=own or key("stamper"), extensions=[USAGE, *(more or (STAMPS,))])


def request(nonce: int | None = 5, *, certificates: bool = True, digest: str = "sha256") -> bytes:
    imprint = {"hash_algorithm": {"algorithm": digest}, "hashed_message": hashlib.new(digest, DATA).digest()}
    fields = {"version": "v1", "message_imprint": imprint, "cert_req": certificates}
    return bytes(tsp.TimeStampReq(fields | ({} if nonce is None else {"nonce": nonce})).dump())


def made(top: Issuer, certificate: Certificate, own: Key | None = None, **options: object) -> bytes:
    holder = SoftwareKeyHolder(SoftwareKey(own or key("stamper")), certificate)
    return TimeStamper(holder=holder, policy="1.2.3.4").respond(request(**options), at=AT)  # type: ignore[arg-type]


def judged(top: Issuer, stamp: bytes, data: bytes = DATA, **options: object) -> datetime:
    evidence = Evidence([top.crl(this_update=options.pop("listed", T0))])  # type: ignore[arg-type]
    return verify_time_stamp(stamp, data, trust=Trust([top.certificate]), evidence=evidence, **options).time  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["EC", "RSA"])
@pytest.mark.parametrize("name", ["sha1", "sha256"])
@pytest.mark.parametrize("whole", [True, False])
def test_time_stamps_of_openssl(top: Issuer, tmp_path: Path, kind: str, name: str, whole: bool) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("the openssl program is not installed")
    own: Key = rsa_key(2048) if kind == "RSA" else key("stamper")
    certificate = stamper(top, own)
    shape = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (tmp_path / "key.pem").write_bytes(own.private_bytes(*shape))
    (tmp_path / "cert.pem").write_text(certificate.pem())
    (tmp_path / "request").write_bytes(request())
    (tmp_path / "serial").write_text("41")
    (tmp_path / "conf").write_text(
        f"[t]\nserial={tmp_path}/serial\ncrypto_device=builtin\nsigner_cert={tmp_path}/cert.pem\n"
        f"signer_key={tmp_path}/key.pem\nsigner_digest=sha256\ndefault_policy=1.2.3.4\ndigests=sha256\n"
        f"accuracy=secs:1,millisecs:500,microsecs:100\ness_cert_id_alg={name}\n"
    )
    form = [] if whole else ["-token_out"]
    command = ["openssl", "ts", "-reply", "-config", "conf", "-section", "t", "-queryfile", "request", "-out", "stamp"]
    subprocess.run([*command, *form], cwd=tmp_path, check=True, capture_output=True)
    stamp, now = (tmp_path / "stamp").read_bytes(), datetime.now(UTC)
    moment = judged(top, stamp, nonce=5, listed=now - timedelta(hours=1))
    assert abs(now - moment) < timedelta(minutes=5)
    assert read_time_stamp(stamp).info.accuracy == timedelta(seconds=1, milliseconds=500, microseconds=100)
    with pytest.raises(InvalidSignatureError, match="other data"):
        judged(top, stamp, b"another contract")


def test_own_time_stamps(top: Issuer) -> None:
    certificate = stamper(top)
    assert judged(top, made(top, certificate), nonce=5) == AT
    assert judged(top, made(top, certificate, nonce=None)) == AT
    assert judged(top, made(top, certificate, digest="sha384")) == AT
    bare = made(top, certificate, certificates=False)
    assert judged(top, bare, untrusted=[certificate]) == AT
    with pytest.raises(InvalidSignatureError, match="without its authority's certificate"):
        judged(top, bare)


def test_what_it_is_for_must_fit(top: Issuer) -> None:
    stamp = made(top, stamper(top))
    with pytest.raises(InvalidSignatureError, match="other data"):
        judged(top, stamp, DATA + b"\n")
    with pytest.raises(InvalidSignatureError, match="nonce"):
        judged(top, stamp, nonce=6)
    with pytest.raises(InvalidSignatureError, match="nonce"):
        judged(top, made(top, stamper(top), nonce=None), nonce=6)


def test_the_authority_must_be_good_at_the_moment(top: Issuer) -> None:
    stamp = made(top, stamper(top))
    with pytest.raises(ValidationError, match="not known"):
        judged(top, stamp, at=AT + 30 * DAY)
    with pytest.raises(ValidationError) as caught:
        judged(root("Root of stampers", label="another root of stampers"), stamp)
    assert {finding.code for finding in caught.value.findings} == {F.PATH_NOT_FOUND}
    certificate = read_time_stamp(stamp).certificates[0]
    revoked = Evidence([top.crl([(certificate, T0 + DAY, x509.ReasonFlags.key_compromise)])])
    with pytest.raises(ValidationError, match="revoked"):
        verify_time_stamp(stamp, DATA, trust=Trust([top.certificate]), evidence=revoked)


@pytest.mark.parametrize(
    ("reason", "counts"),
    [
        (None, False),
        (x509.ReasonFlags.key_compromise, False),
        (x509.ReasonFlags.superseded, True),
        (x509.ReasonFlags.cessation_of_operation, True),
        (x509.ReasonFlags.certificate_hold, True),
    ],
)
def test_what_a_later_revocation_makes_of_earlier_stamps(
    top: Issuer, reason: x509.ReasonFlags | None, counts: bool
) -> None:
    """RFC 3161, section 4: with a stolen key, and where no reason is told, a stamp of any time may be a thief's."""
    stamp = made(top, certificate := stamper(top))
    later = [(certificate, AT + 5 * DAY, reason)]
    status, flag = ocsp.OCSPCertStatus.REVOKED, AT + 6 * DAY
    answer = top.ocsp(certificate, status, this_update=flag, revoked_at=later[0][1], reason=reason)
    for told in (Evidence([top.crl(later, this_update=flag)]), Evidence(ocsp=[answer])):
        evidence, trust = Evidence([top.crl()]), Trust([top.certificate], evidence=told)
        if counts:
            assert verify_time_stamp(stamp, DATA, trust=trust, evidence=evidence).time == AT
            continue
        with pytest.raises(ValidationError, match="may be a thief's") as caught:
            verify_time_stamp(stamp, DATA, trust=trust, evidence=evidence)
        assert [finding.code for finding in caught.value.findings] == [F.REVOKED]


def test_a_worse_reason_that_was_found_later_counts(top: Issuer) -> None:
    stamp = made(top, certificate := stamper(top))
    crls = [top.crl()] + [
        top.crl([(certificate, AT + 5 * DAY, reason)], this_update=AT + days * DAY)
        for days, reason in ((6, x509.ReasonFlags.superseded), (8, x509.ReasonFlags.key_compromise))
    ]
    for evidence in (Evidence(crls), Evidence(reversed(crls))):
        with pytest.raises(ValidationError, match="may be a thief's"):
            verify_time_stamp(stamp, DATA, trust=Trust([top.certificate]), evidence=evidence)


def test_a_forged_list_of_a_far_year_hides_no_stolen_key(top: Issuer) -> None:
    stamp = made(top, certificate := stamper(top))
    stolen = top.crl([(certificate, AT + 5 * DAY, x509.ReasonFlags.key_compromise)], this_update=AT + 6 * DAY)
    forged_list = top.crl(this_update=datetime(9999, 12, 30, tzinfo=UTC), days=1, signer=key("thief"))
    ending = frozenset(replace(allowed, until=AT + 30 * DAY) for allowed in ValidationPolicy().algorithms)
    evidence, policy = Evidence([top.crl(), stolen, forged_list]), replace(ValidationPolicy(), algorithms=ending)
    with pytest.raises(ValidationError, match="may be a thief's"):
        verify_time_stamp(stamp, DATA, trust=Trust([top.certificate]), evidence=evidence, policy=policy)


def test_the_register_tells_of_a_stolen_key_too(top: Issuer) -> None:
    class Register:
        def intervals(self, issuer: bytes, serial: int) -> list[Interval]:
            return [Interval(AT + 5 * DAY, None, "keyCompromise")]

    evidence = Evidence([top.crl()], history=Register())
    with pytest.raises(ValidationError, match="may be a thief's"):
        verify_time_stamp(made(top, stamper(top)), DATA, trust=Trust([top.certificate]), evidence=evidence)


@pytest.mark.parametrize(
    "accuracy",
    [
        der.integer(-1),
        der.element(der.INTEGER),
        der.element(der.INTEGER, b"\0\1"),
        der.element(0x80, b"\xc8"),
        der.element(0x81, b"\x03\xe8"),
        der.integer(1) + der.integer(2),
        der.element(0x81, b"\1") + der.element(0x80, b"\1"),
    ],
    ids=["negative", "empty", "long form", "negative milliseconds", "1000 microseconds", "twice", "out of order"],
)
def test_an_accuracy_that_is_none(top: Issuer, accuracy: bytes) -> None:
    fields = der.parse(read_time_stamp(made(top, stamper(top))).info.encoded).children()
    with pytest.raises(EncodingError, match="accuracy"):
        read_info(der.sequence(*(field.encoded for field in fields[:5]), der.sequence(accuracy)))


def forged(
    top: Issuer,
    certificate: Certificate,
    *,
    own: Key | None = None,
    named: Certificate | None = None,
    **changes: object,
) -> bytes:
    """A time stamp by hand: whatever is in ``changes`` differs from a good one."""
    content = read_time_stamp(made(top, stamper(top))).info.encoded
    imprint = changes.get("imprint")
    if imprint:
        info = tsp.TSTInfo.load(content)
        info["message_imprint"] = imprint
        content = info.dump(force=True)
    digest = hashlib.sha256(content + bytes(changes.get("digest", b""))).digest()  # type: ignore[call-overload]
    named_hash = hashlib.sha256((named or certificate).der).digest()
    attributes = {
        "1.2.840.113549.1.9.3": der.oid(str(changes.get("type", "1.2.840.113549.1.9.16.1.4"))),
        "1.2.840.113549.1.9.4": der.octet_string(digest),
        "1.2.840.113549.1.9.16.2.47": bytes(changes.get("essence", b""))  # type: ignore[call-overload]
        or der.sequence(der.sequence(der.sequence(der.octet_string(named_hash)))),
    }
    attributes.pop(str(changes.get("missing")), None)
    listed = [der.sequence(der.oid(kind), der.element(der.SET, value)) for kind, value in attributes.items()]
    signed = der.element(der.SET, *sorted(listed))
    sha256 = {"algorithm": "sha256"}
    signer = own or key("stamper")
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    parsed = cms.Certificate.load(certificate.der)
    info = {
        "version": "v1",
        "sid": {"issuer_and_serial_number": {"issuer": parsed.issuer, "serial_number": parsed.serial_number}},
        "digest_algorithm": sha256,
        "signed_attrs": cms.CMSAttributes.load(signed),
        "signature_algorithm": {"algorithm": "sha256_ecdsa"},
        "signature": signer.sign(signed, ec.ECDSA(hashes.SHA256())),
    }
    data = {
        "version": "v3",
        "digest_algorithms": [sha256],
        "encap_content_info": {"content_type": "tst_info", "content": core.ParsableOctetString(content)},
        "certificates": [parsed],
        "signer_infos": [info] * int(changes.get("signers", 1)),  # type: ignore[call-overload]
    }
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(data)}).dump())


def test_every_part_of_the_signature_counts(top: Issuer) -> None:
    good = stamper(top)
    assert judged(top, forged(top, good)) == AT
    for changes, words in (
        ({"own": key("thief")}, "does not verify"),
        ({"named": stamper(top)}, "names another certificate"),
        ({"missing": "1.2.840.113549.1.9.16.2.47"}, "names another certificate"),
        ({"missing": "1.2.840.113549.1.9.3"}, "another type of content"),
        ({"type": "1.2.840.113549.1.7.1"}, "another type of content"),
        ({"missing": "1.2.840.113549.1.9.4"}, "digest differs"),
        ({"digest": b"more"}, "digest differs"),
    ):
        with pytest.raises(InvalidSignatureError, match=words):
            judged(top, forged(top, good, **changes))  # type: ignore[arg-type]
    for hollow in (der.sequence(), der.sequence(der.sequence()), der.sequence(der.sequence(der.sequence()))):
        with pytest.raises(EncodingError, match="names none"):
            judged(top, forged(top, good, essence=hollow))
    nameless = der.sequence(der.sequence(der.sequence(der.sequence(), der.octet_string(bytes(32)))))
    with pytest.raises(EncodingError, match="without a name"):
        judged(top, forged(top, good, essence=nameless))
    with pytest.raises(EncodingError, match="exactly one signer"):
        judged(top, forged(top, good, signers=2))
    weak = {"hash_algorithm": {"algorithm": "sha1"}, "hashed_message": hashlib.sha1(DATA).digest()}
    with pytest.raises(UnsupportedAlgorithmError, match="SHA-1"):
        judged(top, forged(top, good, imprint=weak))


@pytest.mark.parametrize(
    "purposes",
    [
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), False),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.CLIENT_AUTH]), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), True),
        (x509.OCSPNoCheck(), False),
    ],
    ids=["not critical", "another purpose too", "another purpose", "no purpose"],
)
def test_the_certificate_must_be_for_time_stamping_alone(
    top: Issuer, purposes: tuple[x509.ExtensionType, bool]
) -> None:
    certificate = stamper(top, None, purposes)
    with pytest.raises(ValidationError, match="time stamping alone") as caught:
        judged(top, forged(top, certificate))
    assert [finding.code for finding in caught.value.findings] == [F.USAGE_WRONG]


def test_a_refusal_and_what_is_no_time_stamp(top: Issuer) -> None:
    holder = SoftwareKeyHolder(SoftwareKey(key("stamper")), stamper(top))
    refusal = TimeStamper(holder=holder, policy="1.2.3.4").respond(b"\x30\0", at=AT)
    with pytest.raises(EncodingError, match="gave no time stamp"):
        judged(top, refusal)
    for data in (b"", b"\x30\0", b"\5\0", top.certificate.der, b"\x30\x80\0\0", bytes(300_000)):
        with pytest.raises(EncodingError):
            judged(top, data)


def test_an_algorithm_of_the_stamp_must_be_allowed(top: Issuer) -> None:
    few = frozenset(a for a in ValidationPolicy().algorithms if a.what.name != "ECDSA_SHA256")
    with pytest.raises(UnsupportedAlgorithmError, match="ECDSA-SHA256"):
        judged(top, made(top, stamper(top)), policy=replace(ValidationPolicy(), algorithms=few))


@settings(max_examples=200)
@given(place=st.integers(0), value=st.integers(1, 255))
def test_no_changed_byte_passes(place: int, value: int) -> None:
    top = root("Root of stampers")
    stamp = bytearray(made(top, stamper(top)))
    token = read_time_stamp(bytes(stamp))
    stamp[place % len(stamp)] ^= value
    try:
        judged(top, bytes(stamp), nonce=5)
    except (InvalidInputError, EcardError):
        return
    # what is outside of what is signed: a number of version, a parameter, or the status that grants
    assert read_time_stamp(bytes(stamp)).info == token.info
