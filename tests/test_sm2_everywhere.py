"""SM2 through all floors at once: card, request, certificate, document, report; openssl judges where it can."""

from __future__ import annotations

import ast
import subprocess
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ecard import (
    AnyOperator,
    Certificate,
    CertificateAuthority,
    KeyKind,
    PivSession,
    PublicKey,
    Session,
    SignatureAlgorithm,
    Slot,
    SoftwareKey,
    SoftwareKeyHolder,
    ValidationPolicy,
    cms,
    der,
    sm2,
    validate,
)
from ecard.algorithms import Digest, Signature
from ecard.apdu.command import Command
from ecard.apdu.words import Ins
from ecard.cli.app import run as run_command
from ecard.documents.attributes import to_be_signed
from ecard.documents.cms_reader import read_message
from ecard.errors import (
    InvalidSignatureError,
    NotSupportedByCardError,
    UnsupportedAlgorithmError,
    ValidationError,
    WrongCardError,
)
from ecard.findings import FindingCode
from ecard.keyholder import KeyHolder
from ecard.pki import key_delivery
from ecard.pki.ocsp import OcspResponder
from ecard.pki.profile import Usage
from ecard.pki.requests import build_request, read_request
from ecard.pki.withdrawal import RevocationReason
from ecard.simulator import CardFile, InProcess, Profile, SimulatedCard
from ecard.simulator.behaviour import Behaviour
from ecard.simulator.settings import AlgorithmSettings
from ecard.sm2 import curve as adapter
from ecard.sm2.public_key import ALGORITHM_IDENTIFIER
from tests.sm2.office import (
    CODE,
    DOCUMENT,
    FACTORY,
    FOUNDED,
    NOW,
    SECRETS,
    SIGNED,
    SUBJECT,
    Office,
    administered,
    codes,
    sign,
)
from tests.sm2.openssl import accepts, needs_openssl, user_id


def openssl_verifies(place: Path, key: PublicKey, message: bytes, value: bytes, signer: bytes) -> bool:
    """Whether the openssl program verifies an SM2 signature under a user id."""
    public, text, signature = place / "public", place / "message", place / "signature"
    for path, data in ((public, key.spki), (text, message), (signature, value)):
        path.write_bytes(data)
    return accepts(
        *("pkeyutl", "-verify", "-rawin", "-digest", "sm3", *user_id(signer), "-pubin", "-keyform", "DER"),
        *("-inkey", public, "-in", text, "-sigfile", signature),
    )


@needs_openssl
@pytest.mark.parametrize("profile", ["factory", "canokey"])
@pytest.mark.parametrize("shape", cms.Shape)
def test_from_the_card_to_the_report(profile: str, shape: cms.Shape, tmp_path: Path) -> None:
    office = Office.found(KeyKind.SM2, KeyKind.SM2, KeyKind.SM2, profile)
    signature = office.sign(shape)
    report = office.report(signature)
    assert report.accepted, report
    assert report.algorithm == "SM2-SM3"
    assert shape.signed_data in signature[:32]
    assert report.validated is not None
    assert [c.signature.algorithm for c in report.validated.path] == [SignatureAlgorithm.SM2_SM3] * 3
    signer = read_message(signature).signer
    attributes = to_be_signed(signer.attributes or ())
    key = office.certificate.public_key
    assert openssl_verifies(tmp_path, key, attributes, signer.value, sm2.DEFAULT_ID)
    assert not openssl_verifies(tmp_path, key, attributes, signer.value, b"")
    changed = cms.inspect(DOCUMENT + b" ", signature, trust=office.trust(), signer=AnyOperator(of=CODE), at=NOW)
    assert codes(changed) == [FindingCode.DOCUMENT_CHANGED]


@needs_openssl
def test_openssl_checks_a_request_that_a_card_signed(tmp_path: Path) -> None:
    with Session(InProcess(SimulatedCard.new())) as session:
        piv = administered(session)
        key = piv.generate_key(Slot.SIGNATURE, KeyKind.SM2)
        request = build_request(key, lambda info: sign(piv, Slot.SIGNATURE, key, info), "03-JJ0A900000002")
    assert read_request(request).public_key == key
    path = tmp_path / "request"
    path.write_bytes(request)
    # openssl 3.0 ends with status 0 either way
    check = ("openssl", "req", "-verify", "-noout", "-inform", "DER", "-in", str(path), "-vfyopt")
    for signer, outcome in (("1234567812345678", b"verify OK"), ("somebody else", b"verify failure")):
        done = subprocess.run([*check, f"distid:{signer}"], capture_output=True, check=False)
        assert outcome in done.stdout + done.stderr


KINDS = [
    (KeyKind.P256, KeyKind.SM2, KeyKind.SM2),
    (KeyKind.P256, KeyKind.P256, KeyKind.SM2),
    (KeyKind.RSA2048, KeyKind.RSA2048, KeyKind.SM2),
    (KeyKind.RSA2048, KeyKind.P384, KeyKind.SM2),
    (KeyKind.SM2, KeyKind.SM2, KeyKind.P256),
    (KeyKind.SM2, KeyKind.P256, KeyKind.RSA2048),
    (KeyKind.SM2, KeyKind.RSA2048, KeyKind.SM2),
]


@needs_openssl
@pytest.mark.parametrize("kinds", KINDS, ids=lambda kinds: "-".join(kind.value for kind in kinds))
def test_mixed_chains(kinds: tuple[KeyKind, KeyKind, KeyKind], tmp_path: Path) -> None:
    office = Office.found(*kinds)
    signature = office.sign()
    assert office.report(signature).accepted
    constrained = ValidationPolicy(acceptable_policies=frozenset({"1.2.3"}))
    helpers = [office.issuing.certificate]
    validate(office.certificate, at=NOW, trust=office.trust(), policy=constrained, untrusted=helpers)
    files = [tmp_path / name for name in ("card", "issuing", "root")]
    certificates = (office.certificate, office.issuing.certificate, office.root.certificate)
    for path, certificate in zip(files, certificates, strict=True):
        path.write_text(certificate.pem())
    for below, above, kind in zip(files, files[1:], kinds[1::-1], strict=False):
        # one step at a time: openssl 3.0 gives the user id to the first certificate alone
        named = ["-vfyopt", "distid:1234567812345678"] if kind is KeyKind.SM2 else []
        moment = ["-attime", str(int(NOW.timestamp()))]
        assert accepts("verify", "-partial_chain", *moment, *named, "-trusted", above, below)


@pytest.mark.parametrize("kinds", [(KeyKind.SM2,) * 3, *KINDS[:1], *KINDS[4:5]], ids=lambda kinds: kinds[0].value)
def test_a_card_on_hold_released_and_revoked(kinds: tuple[KeyKind, KeyKind, KeyKind]) -> None:
    office = Office.found(*kinds)
    signature = office.sign()
    responder = OcspResponder(
        holder=office.issuing.create_ocsp_responder("示例应答", at=FOUNDED, key=kinds[2]),
        issuer=office.issuing.certificate,
        source=office.issuing,
    )
    held, released, revoked = (NOW + timedelta(hours=hours) for hours in (1, 2, 3))
    serial = office.certificate.serial_number

    def outcomes(at: datetime) -> list[list[FindingCode]]:
        by_crl = office.report(signature, at=at)
        by_ocsp = office.report(signature, office.trust(responder.produce([serial], at=at), at=at), at=at)
        return [codes(by_crl), codes(by_ocsp)]

    assert outcomes(NOW) == [[], []]
    office.issuing.hold(office.certificate, at=held)
    assert outcomes(held) == [[FindingCode.ON_HOLD]] * 2
    office.issuing.release(office.certificate, at=released)
    assert outcomes(released) == [[], []]
    office.issuing.revoke(office.certificate, RevocationReason.KEY_COMPROMISE, at=revoked)
    assert outcomes(revoked) == [[FindingCode.REVOKED]] * 2


def canokey(sm2_number: int) -> SimulatedCard:
    """A card on which the number of SM2 was set, with its own command."""
    card = SimulatedCard.new("canokey")
    settings = AlgorithmSettings(sm2=sm2_number).write()
    with Session(InProcess(card)) as session:
        administered(session).session.transmit(Command(Ins.VENDOR_CONFIGURATION, 2, 0, settings))
    return card


def test_a_card_whose_number_of_sm2_was_changed_is_made_and_used_like_any_other(tmp_path: Path) -> None:
    first = Office.found(KeyKind.SM2, KeyKind.SM2, KeyKind.SM2)
    office = Office.with_card(first.root, first.root.create_subordinate("二", at=FOUNDED), KeyKind.SM2, canokey(0x60))
    assert office.report(office.sign()).accepted
    with Session(InProcess(office.card)) as session:
        found = PivSession(session).metadata(Slot.SIGNATURE)
    assert (found.algorithm_id, found.kind) == (0x60, KeyKind.SM2)
    file = tmp_path / "card"
    CardFile.create(file, canokey(0x61))
    assert run_command(["card", "key", "generate", "--card", f"sim:{file}", "--algorithm", "sm2", "-o", "-"]) == 0


def test_a_number_of_sm2_that_only_configuration_tells() -> None:
    profile = Profile.named("factory").but(Behaviour.NO_METADATA, algorithms=AlgorithmSettings(sm2=0x99).algorithms)
    card, imported = SimulatedCard.new(profile), SoftwareKey.generate(KeyKind.SM2)
    with Session(InProcess(card)) as session:
        with pytest.raises(NotSupportedByCardError, match="sm2"):
            administered(session).generate_key(Slot.SIGNATURE, KeyKind.SM2)
        piv = administered(session, sm2_id=0x99)
        sign(piv, Slot.SIGNATURE, piv.generate_key(Slot.SIGNATURE, KeyKind.SM2), b"generated")
        piv.import_key(Slot.KEY_MANAGEMENT, imported)
        peer = sm2.PrivateKey.generate()
        shared = piv.agree(Slot.KEY_MANAGEMENT, KeyKind.SM2, peer.public_key.point(), pin=FACTORY)
        assert shared == peer.agree(imported.native.public_key)


def test_a_card_whose_settings_switch_sm2_off() -> None:
    card = SimulatedCard.new("canokey")
    with Session(InProcess(card)) as session:
        piv = administered(session)
        off = AlgorithmSettings(enabled=0).write()
        piv.session.transmit(Command(Ins.VENDOR_CONFIGURATION, 2, 0, off))
        with pytest.raises(NotSupportedByCardError, match="sm2"):
            piv.generate_key(Slot.SIGNATURE, KeyKind.SM2)


@pytest.mark.parametrize("profile", ["factory", "canokey"])
def test_an_encryption_key_is_delivered_to_a_card_that_only_agrees(profile: str) -> None:
    office = Office.found(KeyKind.SM2, KeyKind.SM2, KeyKind.SM2, profile)
    made = key_delivery.make_encryption_key(office.certificate.public_key)
    public = made.key.public_key
    certificate = office.issuing.issue_for_key(public, SUBJECT, at=FOUNDED, usage=Usage.ENCRYPTION)
    with Session(InProcess(office.card)) as session:
        piv = PivSession(session)
        piv.authenticate_management_key(SECRETS.management_key)

        def decrypt(slot: Slot, cipher: bytes) -> bytes:
            def agree(peer: sm2.PublicKey) -> bytes:
                return piv.agree(slot, KeyKind.SM2, peer.point(), pin=SECRETS.pin)

            return sm2.decrypt_with(agree, cipher)

        key = key_delivery.open_envelope(
            made.envelope, lambda cipher: decrypt(Slot.SIGNATURE, cipher), certificate=certificate
        )
        piv.import_key(Slot.KEY_MANAGEMENT, key)
        piv.write_certificate(Slot.KEY_MANAGEMENT, certificate)
        assert isinstance(public.native, sm2.PublicKey)
        assert decrypt(Slot.KEY_MANAGEMENT, public.native.encrypt(b"sixteen byte key")) == b"sixteen byte key"


class OtherIdHolder(KeyHolder):
    """A token that signs SM2 under another id than its certificate's readers take, or without Z."""

    def __init__(self, key: SoftwareKey, certificate: Certificate, signer: bytes | None) -> None:
        self._key, self._certificate, self._signer = key, certificate, signer

    @property
    def certificate(self) -> Certificate:
        return self._certificate

    def _sign(self, message: bytes, algorithm: SignatureAlgorithm) -> Signature:
        private = self._key.native
        assert isinstance(private, sm2.PrivateKey)
        if self._signer is None:
            return private.sign_digest(Digest.SM3.hash(message))
        return private.sign(message, user_id=self._signer)


@pytest.mark.parametrize(
    ("signer", "words"),
    [(b"", "empty id"), (None, "left out Z"), (b"ALICE123@YAHOO.COM", "does not belong to the key")],
    ids=["empty", "no Z", "another"],
)
def test_a_key_holder_that_signs_under_another_id_is_told_why(signer: bytes | None, words: str) -> None:
    key = SoftwareKey.generate(KeyKind.SM2)
    certificate = CertificateAuthority.create_root("示例", at=FOUNDED, key=key).certificate
    with pytest.raises(InvalidSignatureError, match=words):
        cms.sign(DOCUMENT, OtherIdHolder(key, certificate, signer), at=SIGNED)


def test_a_certificate_with_a_compressed_point() -> None:
    key = SoftwareKey.generate(KeyKind.SM2)
    assert isinstance(key.public_key.native, sm2.PublicKey)
    point = der.bit_string(key.public_key.native.point(compressed=True))
    public = PublicKey.from_spki(der.sequence(ALGORITHM_IDENTIFIER, point))
    office = Office.found(KeyKind.SM2, KeyKind.SM2, KeyKind.SM2)
    subject = replace(SUBJECT, card_number="03-JJ0A900000003")
    certificate = office.issuing.issue(build_request(public, key.sign, "x"), subject, at=FOUNDED)
    holder = SoftwareKeyHolder(key, certificate, [office.issuing.certificate])
    assert office.report(cms.sign(DOCUMENT, holder, at=SIGNED)).accepted
    with pytest.raises(WrongCardError):
        SoftwareKeyHolder(SoftwareKey.generate(KeyKind.SM2), certificate)


def test_without_its_engine_the_reason_is_in_the_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    office = Office.found(KeyKind.SM2, KeyKind.SM2, KeyKind.SM2)
    signature, trust = office.sign(), office.trust()
    adapter.curve.cache_clear()
    monkeypatch.setattr(adapter, "_reproduces_the_standard", lambda tested: False)
    words = "SM2 cannot be used with pycryptodome"
    try:
        with pytest.raises(ValidationError, match=words):
            validate(office.certificate, at=NOW, trust=trust, untrusted=[office.issuing.certificate])
        with pytest.raises(UnsupportedAlgorithmError, match=words):
            office.report(signature, trust)
        with pytest.raises(UnsupportedAlgorithmError, match=words):
            SoftwareKeyHolder(SoftwareKey.generate(KeyKind.SM2), office.certificate)
    finally:
        adapter.curve.cache_clear()


@pytest.mark.parametrize(("algorithm", "by_openssl"), [("sm2", False), ("p256", True)])
def test_the_demonstration_prints_no_command_that_cannot_work(
    algorithm: str, by_openssl: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["demo", "--out", str(tmp_path / "demo"), "--algorithm", algorithm]) == 0
    assert ("openssl cms" in capsys.readouterr().out) is by_openssl


@pytest.mark.parametrize(("kind", "status"), [(KeyKind.SM2, 0), (KeyKind.P256, 2)])
def test_the_command_line_writes_the_shape_of_sm2(
    kind: KeyKind, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office, file, document = Office.found(kind, kind, kind), tmp_path / "card", tmp_path / "contract"
    CardFile.create(file, office.card)
    document.write_bytes(DOCUMENT)
    monkeypatch.setenv("ECARD_PIN", SECRETS.pin.reveal().decode())
    assert run_command(["sign", str(document), "--card", f"sim:{file}", "--shape", "gmt0010"]) == status
    made = tmp_path / "contract.p7s"
    assert made.exists() is (status == 0)
    assert status or cms.Shape.GMT0010.signed_data in made.read_bytes()[:32]


PACKAGE = Path(__file__).resolve().parents[1] / "ecard"
KNOWS_SM2 = {
    "algorithms.py",
    "keys.py",
    "apdu/keycodes.py",
    "simulator/key_admin_commands.py",
    "simulator/slots.py",
    "documents/cms_shape.py",
    "documents/ceb/signature_diagnosis.py",
    "pkcs11/key.py",
}
"""Where algorithms live, what cards and tokens can do, and two standards with rules for SM2 alone."""


def asks_for_sm2(path: Path) -> bool:
    compared = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Compare))
    return any(isinstance(part, ast.Attribute) and "SM2" in part.attr for node in compared for part in ast.walk(node))


def test_nothing_else_asks_whether_an_algorithm_is_sm2() -> None:
    asking = {path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py") if asks_for_sm2(path)}
    assert {"algorithms.py", "keys.py"} <= asking
    assert {name for name in asking if not name.startswith("sm2/")} <= KNOWS_SM2
