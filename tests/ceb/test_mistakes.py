"""Every usual mistake is diagnosed by its name, and no message with one is accepted."""

from __future__ import annotations

import re
from base64 import b64encode
from pathlib import Path

import pytest
from lxml import etree

from ecard import sm2
from ecard.algorithms import Digest, KeyKind
from ecard.documents import ceb
from ecard.documents.ceb import Mistake, Outcome, Profile, Step, names
from ecard.documents.ceb.signature_text import signature_element, signed_info
from ecard.documents.signers import UnsafeAnyone
from ecard.pki.identity import CardIdentity, CardType
from ecard.pki.profile import Usage
from tests.ceb.centre import AT, Card, card, key
from tests.ceb.instances import CEB, DS

XSI = "http://www.w3.org/2001/XMLSchema-instance"
MESSAGE = (
    f'<ceb:CEB621Message xmlns:ceb="{CEB}" guid="G" version="1.0">\n    <ceb:Inventory>\n        <ceb:a>1</ceb:a>\n'
    "    </ceb:Inventory>\n    <ceb:BaseTransfer/>\n</ceb:CEB621Message>\n"
).encode()
END = b"</ceb:CEB621Message>"
ALL = {"ceb": CEB, "ds": DS, "xsi": XSI}
DECLARED = f' xmlns:ceb="{CEB}" xmlns:ds="{DS}" xmlns:xsi="{XSI}"'.encode()


def profile_of(signer: Card) -> Profile:
    return Profile.for_certificate(signer.certificate)


def c14n(message: bytes, **options: bool) -> bytes:
    return etree.tostring(
        etree.fromstring(message).getroottree(), method="c14n", **({"with_comments": False} | options)
    )


def element(
    signer: Card,
    digested: bytes,
    *,
    namespaces: dict[str | None, str] | None = None,
    edit: tuple[bytes, bytes] = (b"", b""),
    digest: Digest | None = None,
    profile: Profile | None = None,
    der_value: bool = False,
) -> bytes:
    """A signature made by a program that digests ``digested`` and edits the text before it signs it."""
    profile = profile or profile_of(signer)
    text = signed_info(profile, (digest or profile.digest).hash(digested), namespaces or dict(ALL))
    to_sign = edit[1] if edit[0] == b"*" else text.replace(edit[0], edit[1]) if edit[0] else text + edit[1]
    signature = signer.holder.sign(to_sign, profile.algorithm)
    value = signature.der if der_value else signature.raw(signer.certificate.public_key.kind.size)
    number = CardIdentity.from_certificate(signer.certificate).certificate_number
    return signature_element(text, value, number, signer.certificate.der)


def rename(message: bytes, old: Profile, new: Profile) -> bytes:
    """Other algorithm names in a message."""
    for before, after in ((old.signature_method, new.signature_method), (old.digest_method, new.digest_method)):
        message = message.replace(f'{before}"'.encode(), f'{after}"'.encode())
    return message


def put(signature: bytes, message: bytes = MESSAGE) -> bytes:
    end = message.rindex(END)
    return message[:end] + signature + message[end:]


def look(message: bytes, signer: Card) -> ceb.MessageReport:
    report = ceb.inspect(message, at=AT, trust=signer.trust, signer=UnsafeAnyone())
    assert report.accepted is not bool(report.reasons)
    assert (report.verified is None) is not report.accepted
    return report


def failed(report: ceb.MessageReport) -> set[Step]:
    return {check.step for check in report.checks if check.outcome is Outcome.FAILED}  # type: ignore[misc]


@pytest.mark.parametrize("signer", ["sm2", "legacy"], indirect=True)
class TestTheTable:
    """The rows of the table of strict verification, in its order."""

    def test_a_flat_signature_where_xsi_is_declared_nowhere(self, signer: Card) -> None:
        report = look(put(element(signer, c14n(MESSAGE)).replace(DECLARED, b"")), signer)
        assert failed(report) == {Step.SIGNATURE}
        assert report.mistakes == (Mistake.XSI_NOT_DECLARED,)

    def test_namespaces_on_signed_info_or_xsi_on_signature_hold(self, signer: Card) -> None:
        own = element(signer, c14n(MESSAGE))
        assert look(put(own), signer).accepted
        on_signature = own.replace(DECLARED, b"").replace(
            b"<ds:Signature ", f'<ds:Signature xmlns:xsi="{XSI}" '.encode()
        )
        assert look(put(on_signature), signer).accepted

    def test_what_canonicalisation_levels_holds(self, signer: Card) -> None:
        signed = put(element(signer, c14n(MESSAGE)))
        closed = re.sub(rb"></ds:(?:Canon|Sig|Dig|Trans)\w*(?:Method|Transform|sform)>", b"/>", signed)
        assert closed != signed
        shuffled = signed.replace(DECLARED, b" ".join([b"", *reversed(DECLARED.split())]))
        swapped = signed.replace(b'guid="G" version="1.0"', b"version = '1.0'\n guid='G'")
        for variant in (closed, shuffled, swapped, signed.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + signed):
            assert look(variant, signer).accepted

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            (b"", b"\n"),
            (b"    ", b""),
            (b"    ", b"\n"),
            (b"\n", b"\n\n"),
            (b"\t", b" \t"),
            (b"\n\n", b""),
            (b"", b"\r\n"),
        ],
    )
    def test_white_space_around_the_signature(self, signer: Card, before: bytes, after: bytes) -> None:
        report = look(put(before + element(signer, c14n(MESSAGE)) + after), signer)
        assert failed(report) == {Step.DIGEST}
        assert report.mistakes == (Mistake.SPACE_AROUND_SIGNATURE,)

    @pytest.mark.parametrize("prefixes", ["xsi", "xsi xsd", "xsi xsd ds2", "a b eb", "a b c d e", "a b c d e f g h i"])
    def test_namespaces_added_after_the_digest_however_many(self, signer: Card, prefixes: str) -> None:
        added = "".join(f' xmlns:{prefix}="u:{prefix}"' for prefix in prefixes.split()).encode()
        signed = put(element(signer, c14n(MESSAGE)))
        report = look(signed.replace(b' guid="G"', added + b' guid="G"', 1), signer)
        assert Mistake.NAMESPACE_ADDED in report.mistakes
        assert Mistake.EXCLUSIVE_CANONICALISATION not in report.mistakes

    def test_white_space_around_the_signature_taken_away(self, signer: Card) -> None:
        flat = MESSAGE.replace(b"<ceb:BaseTransfer/>\n", b"<ceb:BaseTransfer/>")
        report = look(put(element(signer, c14n(MESSAGE)), flat), signer)
        assert report.mistakes == (Mistake.SPACE_AROUND_SIGNATURE,)

    @pytest.mark.parametrize("blank", [b"\n", b"\n\t\t", b" "])
    def test_line_breaks_between_the_elements_of_signed_info(self, signer: Card, blank: bytes) -> None:
        signed = put(element(signer, c14n(MESSAGE)).replace(b"><ds:Signature", b">" + blank + b"<ds:Signature"))
        signed = signed.replace(b"><ds:Reference", b">" + blank + b"<ds:Reference")
        report = look(signed, signer)
        assert failed(report) == {Step.SIGNATURE}
        assert report.mistakes == (Mistake.SIGNED_INFO_FORMATTED,)

    @pytest.mark.parametrize("added", [f' xmlns:xsi="{XSI}"', f' xmlns:ds="{DS}"', ' xmlns:own="u:own"'])
    def test_a_namespace_added_to_the_root_after_the_digest(self, signer: Card, added: str) -> None:
        signed = put(element(signer, c14n(MESSAGE)))
        spoilt = signed.replace(b" guid=", added.encode() + b" guid=", 1)
        report = look(spoilt, signer)
        assert Mistake.NAMESPACE_ADDED in report.mistakes
        assert Step.DIGEST in failed(report)

    def test_a_namespace_taken_from_the_root_after_the_digest(self, signer: Card) -> None:
        with_xsi = MESSAGE.replace(b" guid=", f' xmlns:xsi="{XSI}" guid='.encode(), 1)
        report = look(put(element(signer, c14n(with_xsi))), signer)
        assert report.mistakes == (Mistake.NAMESPACE_REMOVED,)

    def test_the_shape_of_the_published_messages(self, signer: Card) -> None:
        own = element(signer, c14n(MESSAGE)).replace(DECLARED, b"")
        pretty = own.replace(b"><ds:", b">\n        <ds:").replace(b"></ds:Reference", b">\n    </ds:Reference")
        report = look(put(b"    " + pretty + b"\n"), signer)
        assert failed(report) == {Step.SIGNATURE, Step.DIGEST}
        assert set(report.mistakes) == {
            Mistake.SIGNED_INFO_FORMATTED,
            Mistake.XSI_NOT_DECLARED,
            Mistake.SPACE_AROUND_SIGNATURE,
        }


@pytest.mark.parametrize("signer", ["sm2", "legacy"], indirect=True)
class TestTheDigest:
    def test_comments_that_were_digested(self, signer: Card) -> None:
        commented = MESSAGE.replace(b"<ceb:a>", b"<!-- why --><ceb:a>")
        report = look(put(element(signer, c14n(commented, with_comments=True)), commented), signer)
        assert report.mistakes == (Mistake.COMMENTS_DIGESTED,)
        assert look(put(element(signer, c14n(commented)), commented), signer).accepted

    def test_comments_and_white_space_together(self, signer: Card) -> None:
        commented = MESSAGE.replace(b"<ceb:a>", b"<!-- why --><ceb:a>")
        report = look(put(element(signer, c14n(commented, with_comments=True)) + b"\n", commented), signer)
        assert set(report.mistakes) == {Mistake.COMMENTS_DIGESTED, Mistake.SPACE_AROUND_SIGNATURE}

    def test_a_message_that_was_indented_after_its_digest(self, signer: Card) -> None:
        flat = re.sub(rb">\s+<", b"><", MESSAGE).strip()
        report = look(put(element(signer, c14n(flat))), signer)
        assert report.mistakes == (Mistake.INDENTED_AFTER_DIGEST,)

    def test_exclusive_canonicalisation(self, signer: Card) -> None:
        used = MESSAGE.replace(b"<ceb:a>", b'<ceb:a p:x="1">').replace(b" guid=", b' xmlns:p="u:p" guid=')
        report = look(put(element(signer, c14n(used, exclusive=True), namespaces={**ALL, "p": "u:p"}), used), signer)
        assert report.mistakes == (Mistake.EXCLUSIVE_CANONICALISATION,)

    @pytest.mark.parametrize("trailing", [b"", b"\n"])
    def test_the_bytes_of_the_file_instead_of_their_canonical_form(self, signer: Card, trailing: bytes) -> None:
        raw = b'<?xml version="1.0" encoding="UTF-8"?>\n' + MESSAGE.strip() + trailing
        for digested in (raw, raw.strip(), MESSAGE.strip()):
            report = look(put(element(signer, digested), raw), signer)
            assert report.mistakes == (Mistake.NOT_CANONICALISED,)

    def test_another_digest_than_the_name_says(self, signer: Card) -> None:
        other = Digest.SHA1 if profile_of(signer) is Profile.SM2_SM3 else Digest.SM3
        report = look(put(element(signer, c14n(MESSAGE), digest=other)), signer)
        assert report.mistakes == (Mistake.OTHER_DIGEST_ALGORITHM,)

    def test_a_changed_message_is_no_mistake_but_a_change(self, signer: Card) -> None:
        report = look(put(element(signer, c14n(MESSAGE))).replace(b">1<", b">2<"), signer)
        assert failed(report) == {Step.DIGEST}
        assert report.mistakes == ()


@pytest.mark.parametrize("signer", ["sm2", "legacy"], indirect=True)
class TestTheSignatureValue:
    @pytest.mark.parametrize(
        ("edit", "mistakes"),
        [
            ((b"", b"\n"), {Mistake.NEWLINE_SIGNED}),
            ((b"", b"\r\n"), {Mistake.NEWLINE_SIGNED}),
            ((f' xmlns:xsi="{XSI}"'.encode(), b""), {Mistake.NAMESPACES_NOT_SIGNED}),
            ((DECLARED, b""), {Mistake.NAMESPACES_NOT_SIGNED}),
            ((DECLARED, f' xmlns:ds="{DS}"'.encode()), {Mistake.NAMESPACES_NOT_SIGNED}),
        ],
    )
    def test_texts_that_programs_sign(self, signer: Card, edit: tuple[bytes, bytes], mistakes: set[Mistake]) -> None:
        report = look(put(element(signer, c14n(MESSAGE), edit=edit)), signer)
        assert failed(report) == {Step.SIGNATURE}
        assert set(report.mistakes) == mistakes

    def test_all_tags_self_closed(self, signer: Card) -> None:
        text = signed_info(profile_of(signer), profile_of(signer).digest.hash(c14n(MESSAGE)), dict(ALL))
        closed = re.sub(rb"></ds:(?:\w+Method|Transform)>", b"/>", text)
        report = look(put(element(signer, c14n(MESSAGE), edit=(b"*", closed))), signer)
        assert report.mistakes == (Mistake.EMPTY_TAGS_SIGNED,)

    def test_line_breaks_that_were_signed_and_are_gone(self, signer: Card) -> None:
        text = signed_info(profile_of(signer), profile_of(signer).digest.hash(c14n(MESSAGE)), dict(ALL))
        lines = re.sub(rb"><ds:", b">\n<ds:", text)
        for name in (b"Transforms", b"Reference", b"SignedInfo"):
            lines = lines.replace(b"</ds:" + name + b">", b"\n</ds:" + name + b">")
        report = look(put(element(signer, c14n(MESSAGE), edit=(b"*", lines))), signer)
        assert report.mistakes == (Mistake.SIGNED_INFO_FLATTENED,)

    def test_nothing_is_said_where_nothing_explains_it(self, signer: Card) -> None:
        report = look(put(element(signer, c14n(MESSAGE), edit=(b"*", b"something else"))), signer)
        assert failed(report) == {Step.SIGNATURE}
        assert report.mistakes == ()


class TestSm2Values:
    signer = card(KeyKind.SM2)

    def test_der_instead_of_r_and_s(self) -> None:
        report = look(put(element(self.signer, c14n(MESSAGE), der_value=True)), self.signer)
        assert failed(report) == {Step.SIGNATURE}
        assert report.mistakes == (Mistake.VALUE_IN_DER,)

    def test_sm3_without_z(self) -> None:
        native = key(KeyKind.SM2, f"{CardType.OPERATOR} {Usage.SIGNING}").native
        assert isinstance(native, sm2.PrivateKey)
        text = signed_info(Profile.SM2_SM3, Digest.SM3.hash(c14n(MESSAGE)), dict(ALL))
        value = native.sign_digest(Digest.SM3.hash(text)).raw(32)
        number = CardIdentity.from_certificate(self.signer.certificate).certificate_number
        report = look(put(signature_element(text, value, number, self.signer.certificate.der)), self.signer)
        assert report.mistakes == (Mistake.SM3_WITHOUT_Z,)

    def test_names_that_were_changed_after_signing(self) -> None:
        hybrid = element(self.signer, c14n(MESSAGE), profile=Profile.SM2_HYBRID, digest=Digest.SHA1)
        report = look(put(rename(hybrid, Profile.SM2_HYBRID, Profile.SM2_SM3)), self.signer)
        assert set(report.mistakes) == {Mistake.OTHER_ALGORITHM_NAMES, Mistake.OTHER_DIGEST_ALGORITHM}

    def test_a_pair_of_names_that_do_not_go_together(self) -> None:
        own = put(element(self.signer, c14n(MESSAGE)))
        report = look(own.replace(f'{names.EPORT_SM3}"'.encode(), f'{names.SHA1}"'.encode()), self.signer)
        assert Step.ALGORITHMS in failed(report)
        assert "goes with DigestMethod" in str(report)

    def test_a_profile_of_another_key(self) -> None:
        own = put(element(self.signer, c14n(MESSAGE)))
        for profile in (Profile.RSA_SHA1, Profile.RSA_SHA256, Profile.ECDSA_SHA256):
            report = look(rename(own, Profile.SM2_SM3, profile), self.signer)
            assert Step.ALGORITHMS in failed(report)


def test_every_mistake_is_documented_by_its_name() -> None:
    documentation = (Path(__file__).parents[2] / "docs" / "ceb.md").read_text()
    for mistake in Mistake:
        assert f"`{mistake.label}`" in documentation
        assert mistake.happened
        assert mistake.remedy


def test_a_report_on_a_mistake_says_what_to_do() -> None:
    signer = card(KeyKind.SM2)
    report = look(put(element(signer, c14n(MESSAGE)) + b"\n"), signer)
    assert Mistake.SPACE_AROUND_SIGNATURE.remedy in str(report)
    assert report.as_dict()["mistakes"][0]["code"] == "space-around-signature"
    assert b64encode(signer.certificate.der).decode() not in repr(report)
