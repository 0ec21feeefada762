"""Verifying: every step says where it fails, and every step can fail alone."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest

from ecard import der
from ecard.algorithms import KeyKind, SignatureAlgorithm
from ecard.certificate import Certificate
from ecard.documents import ceb
from ecard.documents.ceb import Outcome, Profile, Step
from ecard.documents.signers import ANY_ENTERPRISE, AnyCard, AnyLegalPerson, AnyOperator, SignerPolicy, UnsafeAnyone
from ecard.errors import InvalidInputError, VerificationError
from ecard.findings import FindingCode
from ecard.keyholder import SoftwareKeyHolder
from ecard.pki import profile_extensions as extensions
from ecard.pki.authority import CertificateAuthority
from ecard.pki.crl import Crl
from ecard.pki.evidence import Evidence
from ecard.pki.identity import CardType
from ecard.pki.issuing import CertificateBody, sign_certificate
from ecard.pki.policy import EPORT_2021_ALGORITHMS, Revocation, ValidationPolicy
from ecard.pki.profile import Usage
from ecard.pki.trust import Trust
from ecard.pki.withdrawal import RevocationReason
from tests.ceb.centre import AT, BEGIN, CREDIT, ENTERPRISE, OTHER_CREDIT, card, key, legacy_card, subject
from tests.ceb.instances import DS, SMALL, declared_by, sample
from tests.ceb.judges import needs_xmlsec1, xmlsec1_accepts
from tests.pki_authority import lookalikes
from tests.shared_material import needs_shared

SM2 = card(KeyKind.SM2)
SIGNED = ceb.sign(SMALL, SM2.holder)
SIGNATURE = SIGNED[SIGNED.index(b"<ds:Signature ") : SIGNED.index(b"</c:CEB311Message>")]


def failures(message: bytes, **options: object) -> dict[Step, FindingCode]:
    """The steps that fail, with the codes of what was found; verify must raise what inspect reports."""
    arguments = {"at": AT, "trust": SM2.trust, "signer": UnsafeAnyone()} | options
    report = ceb.inspect(message, **arguments)  # type: ignore[arg-type]
    if report.accepted:
        assert ceb.verify(message, **arguments).verified == report.verified  # type: ignore[arg-type]
    else:
        with pytest.raises(VerificationError) as caught:
            ceb.verify(message, **arguments)  # type: ignore[arg-type]
        assert caught.value.report.reasons == report.reasons
    failed = [check for check in report.checks if check.outcome is Outcome.FAILED]
    first = {c.step: next(f for f in report.reasons if c.message.startswith(f.message)) for c in failed}
    return {step: finding.code for step, finding in first.items()}  # type: ignore[misc]


def test_an_accepted_message_says_who_for_whom_and_on_what_evidence() -> None:
    report = ceb.verify(SIGNED, at=AT, trust=SM2.trust, signer=AnyOperator(of=CREDIT))
    assert report.signer is not None
    assert (report.signer.role, report.signer.enterprise_name) == ("operator", ENTERPRISE)
    assert (report.message_type, report.profile) == ("CEB311Message", Profile.SM2_SM3)
    assert report.certificate_number == report.signer.certificate_number
    assert report.verified == SMALL.replace(b"/>", b"></c:Order>", 1).replace(
        b"<c:BaseTransfer/>", b"<c:BaseTransfer></c:BaseTransfer>"
    )
    assert any("CRL" in line for line in report.evidence)
    first = json.loads(json.dumps(report.as_dict()))["checks"][0]
    assert first == {"step": "reading", "outcome": "passed", "message": ""}
    assert "甲某" not in repr(report)


def test_messages_come_as_bytes_path_or_stream(tmp_path: Path) -> None:
    path = tmp_path / "m.xml"
    path.write_bytes(SIGNED)
    for source in (SIGNED, bytearray(SIGNED), memoryview(SIGNED), path, BytesIO(SIGNED)):
        assert ceb.verify(source, at=AT, trust=SM2.trust, signer=UnsafeAnyone()).accepted


@pytest.mark.parametrize(
    ("message", "step", "code"),
    [
        (SIGNED[:-5], Step.READING, FindingCode.MALFORMED),
        (SIGNED.replace(b"311", b"999"), Step.TYPE, FindingCode.MESSAGE_UNKNOWN),
        (SIGNED.replace(b"311", b"312"), Step.TYPE, FindingCode.MESSAGE_UNKNOWN),
        (SMALL, Step.PLACE, FindingCode.SIGNATURE_MISSING),
        (SIGNED.replace(b"<c:Order/>", SIGNATURE), Step.PLACE, FindingCode.SIGNATURE_MISPLACED),
        (SIGNED.replace(b"</ds:KeyInfo>", b"</ds:KeyInfo>text"), Step.SHAPE, FindingCode.MALFORMED),
        (SIGNED.replace(b"Certificate>MII", b"Certificate>MIJ"), Step.CERTIFICATE, FindingCode.CERTIFICATE_MALFORMED),
        (SIGNED.replace(b'guid="G"', b'guid="H"'), Step.DIGEST, FindingCode.DOCUMENT_CHANGED),
        (re.sub(rb"KeyName>..", b"KeyName>99", SIGNED, count=1), Step.KEY_NAME, FindingCode.KEY_NAME_WRONG),
    ],
)
def test_one_thing_wrong_is_one_step_failed(message: bytes, step: Step, code: FindingCode) -> None:
    assert message != SIGNED
    found = failures(message)
    assert found[step] is code
    assert len(found) == 1


def test_an_export_signature_stands_before_extend_message_and_an_import_signature_after_it() -> None:
    extended = SMALL.replace(b"</c:CEB", b"<c:ExtendMessage/></c:CEB")
    for number, last in ((b"311", True), (b"303", False)):
        signed = ceb.sign(extended.replace(b"311", number), SM2.holder)
        assert failures(signed) == {}
        assert signed.endswith(b"</ds:Signature></c:CEB311Message>") is last
        signature = re.search(rb"<ds:Signature .*</ds:Signature>", signed)
        assert signature is not None
        bare = signed.replace(signature.group(), b"")
        place = bare.index(b"<c:ExtendMessage/>") if last else bare.index(b"</c:CEB")
        moved = bare[:place] + signature.group() + bare[place:]
        assert failures(moved) == {Step.PLACE: FindingCode.SIGNATURE_MISPLACED}


@needs_xmlsec1
@pytest.mark.parametrize("element", ["Transforms", "Transform", "DigestMethod", "DigestValue", "KeyName"])
def test_a_namespace_declared_again_inside_is_no_change(element: str, tmp_path: Path) -> None:
    """The canonical form leaves out a declaration that an outer element has; one that was signed does not hold."""
    signer = card(KeyKind.RSA2048)
    start, again = f"<ds:{element}".encode(), f'<ds:{element} xmlns:ds="{DS}"'.encode()
    signed = ceb.sign(SMALL, signer.holder)
    changed = re.sub(start + rb"(?=[ >])", again, signed)
    assert changed != signed
    assert xmlsec1_accepts(changed, signer.certificate, tmp_path)
    assert failures(changed, trust=signer.trust) == {}
    if element != "KeyName":
        text = re.search(rb"<ds:SignedInfo.*</ds:SignedInfo>", changed)
        assert text is not None
        value = b64encode(signer.holder.sign(text.group(), SignatureAlgorithm.RSA_SHA1).der)
        wrong = re.sub(rb"(?<=<ds:SignatureValue>)[^<]*", value, changed)
        assert not xmlsec1_accepts(wrong, signer.certificate, tmp_path)
        assert set(failures(wrong, trust=signer.trust)) == {Step.SIGNATURE}


def test_a_changed_value_and_a_changed_signed_info() -> None:
    value = re.search(rb"<ds:SignatureValue>(.)", SIGNED)
    assert value is not None
    other = b"A" if value.group(1) != b"A" else b"B"
    changed = SIGNED.replace(value.group(), b"<ds:SignatureValue>" + other)
    assert failures(changed) == {Step.SIGNATURE: FindingCode.SIGNATURE_INVALID}
    short = re.sub(rb"<ds:SignatureValue>[^<]*", b"<ds:SignatureValue>AAAA", SIGNED)
    assert failures(short) == {Step.SIGNATURE: FindingCode.SIGNATURE_INVALID}
    digest = ceb.sign(SMALL.replace(b'"G"', b'"H"'), SM2.holder)
    of_other = re.findall(rb"<ds:DigestValue>[^<]*", digest)[0]
    mixed = re.sub(rb"<ds:DigestValue>[^<]*", of_other, SIGNED)
    assert set(failures(mixed)) == {Step.SIGNATURE, Step.DIGEST}


@needs_shared
def test_the_official_samples_are_never_accepted_and_their_placeholder_is_explained() -> None:
    """All carry one value, made once by a test server with RSA; the files of 2022 only have other names on it."""
    published = sample(621)
    report = ceb.inspect(published, at=AT, trust=SM2.trust, signer=UnsafeAnyone())
    assert {Step.ALGORITHMS, Step.DIGEST, Step.KEY_NAME, Step.VALIDITY} == {
        check.step for check in report.checks if check.outcome is Outcome.FAILED
    }
    old, new = Profile.SM2_SM3, Profile.RSA_SHA1
    renamed = published.replace(old.signature_method.encode(), new.signature_method.encode())
    renamed = renamed.replace(old.digest_method.encode(), new.digest_method.encode())
    report = ceb.inspect(renamed, at=AT)
    assert report.mistakes == (ceb.Mistake.XSI_NOT_DECLARED,)
    assert report.signer is not None
    assert report.signer.card_type is CardType.SERVER


@pytest.mark.parametrize("kind", [KeyKind.RSA1024, KeyKind.SM2])
def test_cards_in_the_shape_of_real_ones(kind: KeyKind) -> None:
    """BMP names, GBK under IA5String, 4-byte numbers; NULL parameters and critical usages of the other generation."""
    own = key(kind, "look-alike")
    leaf = Certificate(lookalikes.rsa_card(own) if kind is KeyKind.RSA1024 else lookalikes.sm2_card(own))
    algorithm = Profile.for_certificate(leaf).algorithm
    identifier = extensions.extension("2.5.29.14", der.octet_string(bytes(20)))
    body = CertificateBody(
        serial=0,
        not_before=leaf.not_before,
        not_after=leaf.not_after,
        subject=leaf.issuer,
        public_key=own.public_key,
        extensions=(extensions.authority_constraints(None), extensions.key_usage(5, 6), identifier),
    )
    root = sign_certificate(body, issuer=leaf.issuer, algorithm=algorithm, sign=lambda tbs: own.sign(tbs, algorithm))
    signed = ceb.sign(SMALL, SoftwareKeyHolder(own, leaf))
    trust, moment = Trust([root]), leaf.not_before + timedelta(days=1000)
    report = ceb.inspect(signed, at=moment, trust=trust, signer=AnyCard(of=CREDIT))
    assert [finding.code for finding in report.reasons] == [FindingCode.REVOCATION_UNKNOWN]
    unchecked = ValidationPolicy(algorithms=EPORT_2021_ALGORITHMS, revocation=Revocation.UNSAFE_NOT_CHECKED)
    report = ceb.verify(signed, at=moment, trust=trust, signer=AnyCard(of=CREDIT), policy=unchecked)
    assert report.certificate_number == ("01abcdef" if kind is KeyKind.RSA1024 else "0300000000012345")


class TestKeyName:
    number = SM2.holder.certificate.serial_number

    @pytest.mark.parametrize("spelling", ["{:X}", "{:x}", "{:d}", "0x{:016x}", "00{:016x}", "0{:d}"])
    def test_another_spelling_of_the_number_is_another_name(self, spelling: str) -> None:
        changed = re.sub(rb"KeyName>[^<]*", f"KeyName>{spelling.format(self.number)}".encode(), SIGNED, count=1)
        assert failures(changed) == {Step.KEY_NAME: FindingCode.KEY_NAME_WRONG}
        assert "only spelled otherwise" in str(ceb.inspect(changed, at=AT))

    def test_eight_digits_on_rsa_cards_and_sixteen_on_sm2_cards(self) -> None:
        legacy = ceb.verify(
            ceb.sign(SMALL, legacy_card().holder), at=AT, trust=legacy_card().trust, signer=UnsafeAnyone()
        )
        assert legacy.certificate_number == "01abcdef"
        report = ceb.inspect(SIGNED, at=AT)
        assert report.certificate_number is not None
        assert re.fullmatch("03[0-9a-f]{14}", report.certificate_number)


class TestCertificate:
    def test_pem_armour_is_named(self) -> None:
        armoured = SIGNED.replace(b"<ds:X509Certificate>", b"<ds:X509Certificate>-----BEGIN CERTIFICATE-----")
        assert "PEM armour" in str(ceb.inspect(armoured, at=AT))

    def test_where_there_is_none_the_caller_can_give_it(self) -> None:
        bare = re.sub(rb"<ds:X509Data>.*</ds:X509Data>", b"", SIGNED)
        assert failures(bare) == {Step.CERTIFICATE: FindingCode.SIGNER_CERTIFICATE_MISSING}
        assert failures(bare, certificate=SM2.certificate) == {}
        other = card(KeyKind.SM2, CardType.LEGAL_PERSON).certificate
        assert set(failures(bare, certificate=other)) == {Step.SIGNATURE, Step.KEY_NAME}
        assert failures(SIGNED, certificate=other) == {Step.CERTIFICATE: FindingCode.SIGNER_CERTIFICATE_WRONG}

    def test_another_certificate_for_the_same_key_has_another_number(self) -> None:
        root = CertificateAuthority.create_root("另一中心", at=BEGIN, key=KeyKind.SM2)
        own = key(KeyKind.SM2, f"{CardType.OPERATOR} {Usage.SIGNING}")
        twin = root.issue_for_key(
            own.public_key, subject(CardType.OPERATOR, "03-JJ0A900000077"), at=BEGIN, usage=Usage.SIGNING
        )
        encoded = ceb.sign(SMALL, SM2.holder)
        swapped = encoded.replace(b64encode(SM2.certificate.der), b64encode(twin.der))
        assert set(failures(swapped)) == {Step.KEY_NAME, Step.VALIDITY}

    @pytest.mark.parametrize(
        ("moment", "code"),
        [(BEGIN - timedelta(days=1), FindingCode.NOT_YET_VALID), (BEGIN + timedelta(days=3660), FindingCode.EXPIRED)],
    )
    def test_the_moment_counts(self, moment: datetime, code: FindingCode) -> None:
        report = ceb.inspect(SIGNED, at=moment, trust=SM2.trust, signer=UnsafeAnyone())
        assert code in {finding.code for finding in report.reasons}
        assert [c.step for c in report.checks if c.outcome is Outcome.FAILED] == [Step.VALIDITY]

    def test_the_state_of_the_card_counts(self) -> None:
        root = CertificateAuthority.create_root("挂失中心", at=BEGIN, key=KeyKind.SM2)
        own = key(KeyKind.SM2, "lost card")
        issued = root.issue_for_key(
            own.public_key, subject(CardType.OPERATOR, "03-JJ0A900000078"), at=BEGIN, usage=Usage.SIGNING
        )
        signed = ceb.sign(SMALL, SoftwareKeyHolder(own, issued))
        root.hold(issued, at=AT - timedelta(days=20))
        frozen = Crl(root.crl(at=AT - timedelta(days=10), next_update=AT + timedelta(days=1)))
        root.revoke(issued, RevocationReason.KEY_COMPROMISE, at=AT - timedelta(days=5))
        lost = Crl(root.crl(at=AT - timedelta(days=2), next_update=AT + timedelta(days=10)))
        trust = Trust([root.certificate])
        for evidence, code in (
            (None, FindingCode.REVOCATION_UNKNOWN),
            (Evidence([frozen]), FindingCode.ON_HOLD),
            (Evidence([frozen, lost]), FindingCode.REVOKED),
        ):
            report = ceb.inspect(signed, at=AT, trust=trust, signer=UnsafeAnyone(), evidence=evidence)
            assert [finding.code for finding in report.reasons] == [code]
        unchecked = ValidationPolicy(revocation=Revocation.UNSAFE_NOT_CHECKED)
        report = ceb.verify(signed, at=AT, trust=trust, signer=UnsafeAnyone(), policy=unchecked)
        assert any("not looked at" in note for note in report.notes)

    def test_the_encryption_certificate_of_a_card_is_not_for_signing(self) -> None:
        encryption = card(KeyKind.SM2, usage=Usage.ENCRYPTION)
        number = f"{encryption.certificate.serial_number:016x}".encode()
        swapped = SIGNED.replace(b64encode(SM2.certificate.der), b64encode(encryption.certificate.der))
        swapped = re.sub(rb"KeyName>[^<]*", b"KeyName>" + number, swapped, count=1)
        assert failures(swapped) == {
            Step.SIGNATURE: FindingCode.SIGNATURE_INVALID,
            Step.VALIDITY: FindingCode.USAGE_WRONG,
        }


class TestPolicies:
    @pytest.mark.parametrize(
        ("policy", "allowed"),
        [
            (AnyOperator(of=CREDIT), True),
            (AnyCard(of=CREDIT), True),
            (UnsafeAnyone(), True),
            (AnyLegalPerson(of=CREDIT), False),
            (AnyOperator(of=OTHER_CREDIT), False),
            (AnyLegalPerson(of=ANY_ENTERPRISE), False),
        ],
    )
    def test_who_may_have_signed(self, policy: SignerPolicy, allowed: bool) -> None:
        found = failures(SIGNED, signer=policy)
        assert found == ({} if allowed else {Step.SIGNER: FindingCode.SIGNER_NOT_ALLOWED})

    def test_without_trust_or_signer_nothing_is_accepted_and_all_else_is_judged(self) -> None:
        for options in ({}, {"trust": SM2.trust}, {"signer": UnsafeAnyone()}):
            report = ceb.inspect(SIGNED, at=AT, **options)  # type: ignore[arg-type]
            assert [finding.code for finding in report.reasons] == [FindingCode.PATH_NOT_FOUND]
            assert report.verified is None

    def test_another_authority_is_not_trusted(self) -> None:
        assert failures(SIGNED, trust=card(KeyKind.RSA2048).trust) == {Step.VALIDITY: FindingCode.PATH_NOT_FOUND}

    def test_profiles_can_be_narrowed(self) -> None:
        assert failures(SIGNED, profiles=[Profile.RSA_SHA1]) == {Step.ALGORITHMS: FindingCode.ALGORITHM_NOT_ALLOWED}
        assert failures(SIGNED, profiles=[Profile.SM2_SM3]) == {}
        hybrid = ceb.sign(SMALL, SM2.holder, profile=Profile.SM2_HYBRID)
        assert failures(hybrid, profiles=[Profile.SM2_SM3]) == {Step.ALGORITHMS: FindingCode.ALGORITHM_NOT_ALLOWED}

    def test_the_callers_policy_can_forbid_the_legacy(self) -> None:
        signed = ceb.sign(SMALL, legacy_card().holder)
        found = failures(signed, trust=legacy_card().trust, policy=ValidationPolicy())
        assert set(found) == {Step.ALGORITHMS, Step.VALIDITY}
        assert set(found.values()) == {FindingCode.ALGORITHM_NOT_ALLOWED}

    def test_the_legacy_is_for_its_profile_alone(self) -> None:
        """A key of 1024 bits under SHA-256 is no legacy profile, so nothing lets it pass."""
        signed = ceb.sign(SMALL, legacy_card().holder)
        old, new = Profile.RSA_SHA1, Profile.RSA_SHA256
        renamed = signed.replace(old.signature_method.encode(), new.signature_method.encode())
        renamed = renamed.replace(old.digest_method.encode(), new.digest_method.encode())
        assert Step.ALGORITHMS in failures(renamed, trust=legacy_card().trust)

    @needs_shared
    def test_a_declarant_of_another_enterprise(self) -> None:
        signed = ceb.sign(declared_by(OTHER_CREDIT), SM2.holder, enterprise_codes={OTHER_CREDIT})
        assert failures(signed) == {Step.ENTERPRISE: FindingCode.DECLARANT_DIFFERS}
        assert failures(signed, enterprise_codes={OTHER_CREDIT}) == {}

    @needs_shared
    @pytest.mark.parametrize("cut", [b"<!-- -->%s", b"91<!-- -->%s", b"%s<!-- x -->"])
    def test_comments_do_not_hide_a_declarant_of_another_enterprise(self, cut: bytes) -> None:
        """They are not signed, so anyone can put them in afterwards."""
        signed = ceb.sign(declared_by(OTHER_CREDIT), SM2.holder, enterprise_codes={OTHER_CREDIT})
        code = OTHER_CREDIT.encode()
        hidden = signed.replace(code, cut % (code[2:] if cut.startswith(b"91") else code))
        assert failures(hidden) == {Step.ENTERPRISE: FindingCode.DECLARANT_DIFFERS}

    @needs_shared
    def test_a_code_of_the_own_enterprise_beside_another_of_the_same_name_hides_nothing(self) -> None:
        message = re.sub(
            rb"(<ceb:(agent|ebc)Code>)", rb"<ceb:\2Code>M000100Y4</ceb:\2Code>\1", declared_by(OTHER_CREDIT)
        )
        signed = ceb.sign(message, SM2.holder, enterprise_codes={OTHER_CREDIT})
        assert failures(signed) == {Step.ENTERPRISE: FindingCode.DECLARANT_DIFFERS}

    def test_a_moment_without_a_time_zone_for_signing(self) -> None:
        with pytest.raises(InvalidInputError, match="time zone"):
            ceb.sign(SMALL, SM2.holder, at=AT.replace(tzinfo=None))

    def test_a_moment_without_a_time_zone(self) -> None:
        with pytest.raises(InvalidInputError, match="time zone"):
            ceb.inspect(SIGNED, at=AT.replace(tzinfo=None))
