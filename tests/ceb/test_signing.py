"""Signing: what comes out, and what is refused before a card is asked."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NoReturn

import pytest
from lxml import etree

from ecard.algorithms import KeyKind, SignatureAlgorithm
from ecard.certificate import Certificate
from ecard.documents import ceb
from ecard.documents.ceb import Profile, Reason, Schemas
from ecard.documents.signers import AnyCard
from ecard.errors import (
    EcardError,
    InvalidInputError,
    MessageError,
    UnsupportedAlgorithmError,
    WrongCardError,
    XmlError,
)
from ecard.keyholder import KeyHolder
from ecard.pki.identity import CardType
from ecard.pki.profile import Usage
from tests.ceb.centre import AT, BEGIN, CREDIT, OTHER_CREDIT, Card, card, legacy_card
from tests.ceb.instances import (
    DS,
    SAMPLES,
    SIGNED_TYPES,
    SMALL,
    declared_by,
    made,
    sample,
    type_id,
    unsigned,
)
from tests.ceb.judges import (
    independent_parts,
    needs_openssl,
    needs_xmlsec1,
    openssl_accepts_sm2,
    openssl_sm3,
    xmlsec1_accepts,
)
from tests.shared_material import SHARED, needs_shared

XSD = SHARED / "ceb" / "xsd"
MANY_NAMESPACES = b"".join(b'xmlns:n%d="u:%d" ' % (number, number) for number in range(30))


class NoHolder(KeyHolder):
    """A card that must not be asked to sign."""

    def __init__(self, certificate: Certificate) -> None:
        self._certificate = certificate

    @property
    def certificate(self) -> Certificate:
        return self._certificate

    def _sign(self, message: bytes, algorithm: SignatureAlgorithm) -> NoReturn:
        pytest.fail("the card was asked to sign")


def refuse(message: bytes, signer: Card | None = None, **options: object) -> EcardError:
    with pytest.raises(EcardError) as caught:
        ceb.sign(message, NoHolder((signer or card(KeyKind.SM2)).certificate), **options)  # type: ignore[arg-type]
    return caught.value


def reason_of(message: bytes, **options: object) -> Reason:
    error = refuse(message, **options)
    assert isinstance(error, MessageError)
    assert isinstance(error.reason, Reason)
    return error.reason


def accepted(message: bytes, signer: Card, **options: object) -> ceb.MessageReport:
    report = ceb.verify(message, at=AT, trust=signer.trust, signer=AnyCard(of=CREDIT), **options)  # type: ignore[arg-type]
    assert report.accepted
    return report


@needs_shared
@pytest.mark.parametrize("number", SAMPLES)
@pytest.mark.parametrize("signer", ["sm2", "rsa2048", "legacy"], indirect=True)
def test_the_content_of_the_official_samples_is_signed_and_still_fits_the_schema(number: int, signer: Card) -> None:
    message = unsigned(number)
    signed = ceb.sign(message, signer.holder, schemas=Schemas(XSD))
    accepted(signed, signer)
    schema = etree.XMLSchema(etree.parse(XSD / ("import.xsd" if number in {311, 621} else "export.xsd")))
    assert schema.validate(etree.fromstring(signed).getroottree()), schema.error_log


@needs_shared
@pytest.mark.parametrize("message_type", SIGNED_TYPES, ids=type_id)
def test_a_message_of_every_signed_type_fits_the_schema_before_and_after(message_type: ceb.MessageType) -> None:
    signer = card(KeyKind.SM2)
    signed = ceb.sign(made(message_type.number, extended=True), signer.holder, schemas=Schemas(XSD))
    assert accepted(signed, signer).message_type == message_type.root
    order = [etree.QName(child).localname for child in etree.fromstring(signed)]
    is_import = message_type.direction is ceb.Direction.IMPORT
    assert order[-2:] == (["ExtendMessage", "Signature"] if is_import else ["Signature", "ExtendMessage"])
    schema = etree.XMLSchema(etree.parse(XSD / f"{message_type.direction.value}.xsd"))
    assert schema.validate(etree.fromstring(signed).getroottree()), schema.error_log


@needs_shared
@needs_xmlsec1
@pytest.mark.parametrize("signer", ["rsa2048", "legacy"], indirect=True)
@pytest.mark.parametrize("message_type", SIGNED_TYPES, ids=type_id)
def test_xmlsec1_accepts_what_rsa_cards_sign(message_type: ceb.MessageType, signer: Card, tmp_path: Path) -> None:
    number = message_type.number
    messages = [made(number), made(number, extended=True)] + (
        [sample(number), unsigned(number)] if number in SAMPLES else []
    )
    for message in messages:
        signed = ceb.sign(message, signer.holder, replace=True)
        assert xmlsec1_accepts(signed, signer.certificate, tmp_path)
    changed = re.sub(rb'guid="[0-9]', b'guid="X', signed, count=1)
    assert not xmlsec1_accepts(changed, signer.certificate, tmp_path), "the judge accepts anything"


@needs_shared
@needs_openssl
@pytest.mark.parametrize("profile", [Profile.SM2_SM3, Profile.SM2_HYBRID])
@pytest.mark.parametrize("number", SAMPLES)
def test_sm2_output_by_lxml_and_openssl_alone(number: int, profile: Profile, tmp_path: Path) -> None:
    signer = card(KeyKind.SM2)
    signed = ceb.sign(unsigned(number), signer.holder, profile=profile)
    text, digest, info, value = independent_parts(signed)
    if profile is Profile.SM2_SM3:
        assert openssl_sm3(text) == digest
        assert len(info) == 729
    else:
        assert len(info) == 694
    assert info in signed, "SignedInfo does not stand in the message as it was signed"
    assert len(value) == 64
    assert openssl_accepts_sm2(info, value, signer.certificate, tmp_path)
    assert not openssl_accepts_sm2(info + b"\n", value, signer.certificate, tmp_path), "the judge accepts anything"


@needs_shared
@pytest.mark.parametrize("number", SAMPLES)
def test_everything_but_the_signature_is_untouched(number: int) -> None:
    message = unsigned(number)
    signed = ceb.sign(message, card(KeyKind.SM2).holder)
    start = signed.index(b"<ds:Signature ")
    end = signed.index(b"</ds:Signature>") + len(b"</ds:Signature>")
    assert signed[:start] + signed[end:] == message
    assert ceb.remove_signature(signed) == message
    assert not re.search(rb">\s+<", signed[start:end])


@needs_xmlsec1
@pytest.mark.parametrize(
    "message",
    [
        b"\xef\xbb\xbf" + SMALL,
        b'<?xml version="1.0" encoding="UTF-8" standalone="no"?>\r\n' + SMALL + b"\r\n\r\n",
        SMALL.replace(b"<c:Order/>", b"<c:Order>\r\n\t<c:a  x = '>' ><![CDATA[</c:CEB311Message>]]></c:a ></c:Order>"),
        SMALL.replace(b"</c:CEB311Message>", b"text</c:CEB311Message  >"),
        SMALL.replace(b"c:", b"").replace(b"xmlns:c", b"xmlns"),
        SMALL.replace(b"xmlns:c", b'xmlns:xsi="u:other" xmlns:ds="u:ds" xmlns:z="u:z" xmlns:c'),
        SMALL.replace(b"<c:Order/>", b'<c:Order xmlns:deep="u:d"><deep:x/></c:Order>'),
        SMALL.replace(b'guid="G"', b'xml:lang="zh" xml:space="preserve" xml:base="http://a/" guid="G"'),
        SMALL.replace(b'guid="G"', b'xmlns="" guid="G"'),
        SMALL.replace(b'guid="G"', b'xmlns:xml="http://www.w3.org/XML/1998/namespace" guid="G"'),
        SMALL.replace(b"c:", "单:".encode()).replace(b"xmlns:c", "xmlns:单".encode()),
        SMALL.replace(b"<c:Order/>", "<c:Order>😀\u2028&#13;&#x10FFFF;&amp;amp;</c:Order>".encode()),
    ],
    ids=[
        "bom",
        "crlf",
        "cdata",
        "text",
        "default-ns",
        "taken-prefixes",
        "deep-ns",
        "xml-attributes",
        "no-default-ns",
        "xml-declared",
        "chinese-prefix",
        "characters",
    ],
)
def test_unusual_messages_are_signed_in_place_for_every_judge(message: bytes, tmp_path: Path) -> None:
    for signer in (card(KeyKind.SM2), card(KeyKind.RSA2048)):
        signed = ceb.sign(message, signer.holder)
        accepted(signed, signer)
        assert ceb.remove_signature(signed) == message
    assert xmlsec1_accepts(signed, signer.certificate, tmp_path)


def test_export_messages_have_the_signature_before_the_right_extend_message() -> None:
    body = b"<c:ExtendMessage><c:Message><c:ExtendMessage/></c:Message></c:ExtendMessage>"
    trap = b"<c:Order><x>&lt;c:ExtendMessage></x><c:ExtendMessage/></c:Order>"
    message = SMALL.replace(b"311", b"303").replace(b"<c:Order/>", trap).replace(b"</c:CEB", body + b"</c:CEB")
    signed = ceb.sign(message, card(KeyKind.SM2).holder)
    assert signed.index(b"<ds:Signature ") == message.index(body)
    accepted(signed, card(KeyKind.SM2))


class TestProfiles:
    @pytest.mark.parametrize(
        ("signer", "profile"),
        [
            ("sm2", Profile.SM2_SM3),
            ("rsa2048", Profile.RSA_SHA1),
            ("rsa3072", Profile.RSA_SHA1),
            ("legacy", Profile.RSA_SHA1),
        ],
        indirect=["signer"],
    )
    def test_the_profile_follows_from_the_certificate(self, signer: Card, profile: Profile) -> None:
        report = accepted(ceb.sign(SMALL, signer.holder), signer)
        assert report.profile is profile
        assert any("SHA-1 is broken" in note for note in report.notes) is (profile is Profile.RSA_SHA1)

    def test_the_hybrid_is_made_on_request_and_named_in_the_report(self) -> None:
        signer = card(KeyKind.SM2)
        report = accepted(ceb.sign(SMALL, signer.holder, profile=Profile.SM2_HYBRID), signer)
        assert report.profile is Profile.SM2_HYBRID
        assert any("unofficial hybrid" in note for note in report.notes)

    @pytest.mark.parametrize(
        ("kind", "profile"),
        [
            (KeyKind.SM2, Profile.RSA_SHA1),
            (KeyKind.RSA2048, Profile.SM2_SM3),
            (KeyKind.RSA2048, Profile.SM2_HYBRID),
            (KeyKind.RSA2048, Profile.RSA_SHA256),
            (KeyKind.P256, Profile.ECDSA_SHA256),
            (KeyKind.P256, None),
        ],
    )
    def test_a_profile_that_does_not_fit_the_key_or_the_customs_is_refused(
        self, kind: KeyKind, profile: Profile | None
    ) -> None:
        assert isinstance(refuse(SMALL, card(kind), profile=profile), UnsupportedAlgorithmError)

    @pytest.mark.parametrize("profile", [Profile.RSA_SHA1, Profile.SM2_HYBRID])
    def test_sha1_is_for_the_customs_alone(self, profile: Profile) -> None:
        kind = KeyKind.SM2 if profile is Profile.SM2_HYBRID else KeyKind.RSA2048
        assert isinstance(
            refuse(b"<a><b/></a>", card(kind), profile=profile, other_xml=True), UnsupportedAlgorithmError
        )

    def test_rsa_1024_is_for_the_legacy_profile_alone(self) -> None:
        assert isinstance(refuse(b"<a><b/></a>", legacy_card(), other_xml=True), UnsupportedAlgorithmError)
        assert isinstance(refuse(SMALL, legacy_card(), profile=Profile.RSA_SHA256), UnsupportedAlgorithmError)


@needs_xmlsec1
@pytest.mark.parametrize("kind", [KeyKind.RSA2048, KeyKind.P256, KeyKind.P384])
def test_other_xml_is_signed_for_xmlsec1_too(kind: KeyKind, tmp_path: Path) -> None:
    message = b'<?xml version="1.0"?><invoice xmlns="urn:i" xmlns:p="urn:p" xml:lang="zh"><p:a b="1"/>text </invoice>\n'
    signed = ceb.sign(message, card(kind).holder, other_xml=True)
    assert xmlsec1_accepts(signed, card(kind).certificate, tmp_path)
    accepted(signed, card(kind), other_xml=True)
    with pytest.raises(EcardError, match="no message type"):
        accepted(signed, card(kind))


class TestRefusals:
    @pytest.mark.parametrize(
        ("message", "reason"),
        [
            (b"<a/>", XmlError),
            (b"<a></a>", Reason.UNKNOWN_TYPE),
            (SMALL.replace(b"311", b"999"), Reason.UNKNOWN_TYPE),
            (SMALL.replace(b"/ceb", b"/ceb2"), Reason.UNKNOWN_TYPE),
            (SMALL.replace(b"311", b"312"), Reason.RECEIPT),
            (SMALL.replace(b"311", b"816"), Reason.RECEIPT),
            (SMALL.replace(b"311", b"900"), Reason.RECEIPT),
            (SMALL.replace(b"<c:Order/>", b"<c:Order/><!-- x -->"), Reason.COMMENTS),
            (SMALL.replace(b"<c:Order/>", b"<c:Order><?x y?></c:Order>"), Reason.COMMENTS),
            (b"<!-- x -->" + SMALL, Reason.COMMENTS),
            (b"<?x y?>" + SMALL, Reason.COMMENTS),
            (SMALL.replace(b"<c:Order/>", f'<s:KeyInfo xmlns:s="{DS}"/>'.encode()), Reason.MISPLACED),
            (SMALL.replace(b'guid="G"', b'xml:id="G"'), Reason.SHAPE),
            (SMALL.replace(b'guid="G"', b'xml:other="G"'), Reason.SHAPE),
            (
                SMALL.replace(b"xmlns:c", b"".join(b'xmlns:n%d="u:%d" ' % (i, i) for i in range(30)) + b"xmlns:c"),
                XmlError,
            ),
            (SMALL + b"<!-- x -->", XmlError),
            (SMALL + b"<?x </b?>", XmlError),
            (SMALL + b"<!-- </b-->", XmlError),
            (SMALL[:-1], XmlError),
        ],
    )
    def test_before_the_card_is_asked(self, message: bytes, reason: Reason | type[EcardError]) -> None:
        if isinstance(reason, Reason):
            assert reason_of(message) is reason
        else:
            assert isinstance(refuse(message), reason)

    def test_a_signature_that_is_there_unless_replacing_is_asked_for(self) -> None:
        signed = ceb.sign(SMALL, card(KeyKind.RSA2048).holder)
        assert reason_of(signed) is Reason.ALREADY_SIGNED
        again = ceb.sign(signed, card(KeyKind.SM2).holder, replace=True)
        assert ceb.remove_signature(again) == SMALL
        accepted(again, card(KeyKind.SM2))

    def test_a_signature_that_is_somewhere_else_even_when_replacing(self) -> None:
        hidden = SMALL.replace(b"<c:Order/>", f'<c:Order><s:Signature xmlns:s="{DS}"/></c:Order>'.encode())
        assert reason_of(hidden) is Reason.ALREADY_SIGNED
        assert "by hand" in str(refuse(hidden, replace=True)), "to ask for it again would not help"

    def test_a_customs_message_as_other_xml(self) -> None:
        assert reason_of(SMALL, other_xml=True) is Reason.UNKNOWN_TYPE

    @needs_shared
    def test_what_does_not_fit_the_schema_without_quoting_it(self) -> None:
        message = unsigned(621).replace(b"130681136250023332", b"SECRET" * 20)
        error = refuse(message, schemas=Schemas(XSD))
        assert isinstance(error, MessageError)
        assert error.reason is Reason.SCHEMA
        assert "SECRET" not in str(error)
        assert "buyerIdNumber" in str(error)

    @needs_shared
    def test_the_second_base_transfer_of_the_official_export_samples(self) -> None:
        assert reason_of(sample(303), replace=True, schemas=Schemas(XSD)) is Reason.SCHEMA
        accepted(ceb.sign(sample(303), card(KeyKind.SM2).holder, replace=True), card(KeyKind.SM2))

    def test_a_directory_without_schemas(self, tmp_path: Path) -> None:
        assert isinstance(refuse(SMALL, schemas=Schemas(tmp_path)), InvalidInputError)
        (tmp_path / "import.xsd").write_text("<a/>")
        assert "not an XML schema" in str(refuse(SMALL, schemas=Schemas(tmp_path)))
        with pytest.raises(InvalidInputError):
            Schemas(tmp_path / "none")


@needs_shared
class TestDeclarant:
    def test_another_enterprise_is_refused_with_the_code_of_the_customs(self) -> None:
        error = refuse(declared_by(OTHER_CREDIT))
        assert isinstance(error, MessageError)
        assert error.reason is Reason.DECLARANT
        assert "-625013" in str(error)

    @pytest.mark.parametrize("code", [CREDIT, "M000100Y4"])
    def test_the_certificates_enterprise_passes(self, code: str) -> None:
        report = accepted(ceb.sign(declared_by(code), card(KeyKind.SM2).holder), card(KeyKind.SM2))
        assert any(c.step is ceb.Step.ENTERPRISE and c.outcome is ceb.Outcome.PASSED for c in report.checks)

    def test_a_customs_code_is_compared_with_what_the_caller_knows(self) -> None:
        message = declared_by("1101110325")
        open_report = accepted(ceb.sign(message, card(KeyKind.SM2).holder), card(KeyKind.SM2))
        assert any("customs registration code" in note for note in open_report.notes)
        known = {"enterprise_codes": {"1101110325"}}
        accepted(ceb.sign(message, card(KeyKind.SM2).holder, **known), card(KeyKind.SM2), **known)
        assert reason_of(message, enterprise_codes={"9999999999"}) is Reason.DECLARANT

    def test_one_node_of_another_enterprise_is_enough(self) -> None:
        message = declared_by(CREDIT)
        index = message.rindex(CREDIT.encode())
        previous = message.rindex(CREDIT.encode(), 0, index)
        for at in (index, previous):
            message = message[:at] + OTHER_CREDIT.encode() + message[at + 18 :]
        assert reason_of(message) is Reason.DECLARANT

    def test_only_the_first_thousand_nodes_are_compared(self) -> None:
        node = f"<c:Order><c:ebcCode>{CREDIT}</c:ebcCode></c:Order>".encode()
        for count, compared in ((1000, True), (1001, False)):
            signed = ceb.sign(SMALL.replace(b"<c:Order/>", node * count), card(KeyKind.SM2).holder)
            report = accepted(signed, card(KeyKind.SM2))
            assert [c.outcome for c in report.checks if c.step is ceb.Step.ENTERPRISE] == [
                ceb.Outcome.PASSED if compared else ceb.Outcome.OPEN
            ]

    def test_an_entrusted_courier_may_transmit_an_order_but_not_an_inventory(self) -> None:
        other = re.sub(rb"(<ceb:(?:eb[cp]|cop)Code>)[^<]*", rb"\g<1>" + OTHER_CREDIT.encode(), unsigned(311))
        assert reason_of(other) is Reason.DECLARANT
        own = re.sub(rb"(<ceb:copCode>)[^<]*", rb"\g<1>" + CREDIT.encode(), other)
        accepted(ceb.sign(own, card(KeyKind.SM2).holder), card(KeyKind.SM2))
        inventory = re.sub(rb"(<ceb:copCode>)[^<]*", rb"\g<1>" + CREDIT.encode(), declared_by(OTHER_CREDIT))
        assert reason_of(inventory) is Reason.DECLARANT


class TestCards:
    def test_the_role_must_suit(self) -> None:
        legal_only = {"roles": {CardType.LEGAL_PERSON}}
        assert isinstance(refuse(SMALL, **legal_only), WrongCardError)
        seal = card(KeyKind.SM2, CardType.LEGAL_PERSON)
        accepted(ceb.sign(SMALL, seal.holder, **legal_only), seal)  # type: ignore[arg-type]

    def test_the_encryption_certificate_is_named(self) -> None:
        encryption = card(KeyKind.SM2, usage=Usage.ENCRYPTION)
        assert "not the encryption certificate" in str(refuse(SMALL, encryption))

    def test_an_expired_certificate_is_refused_when_the_moment_is_given(self) -> None:
        assert isinstance(refuse(SMALL, at=BEGIN.replace(year=2050)), WrongCardError)
        ceb.sign(SMALL, card(KeyKind.SM2).holder, at=AT)
