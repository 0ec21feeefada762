"""The transport envelope: by its schema, with and without a signature."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from ecard.algorithms import KeyKind
from ecard.documents import ceb, dxp
from ecard.documents.ceb import Mistake, Profile, Reason
from ecard.documents.dxp import Envelope
from ecard.documents.signers import AnyCard, UnsafeAnyone
from ecard.errors import EcardError, InvalidInputError, MessageError, UnsupportedAlgorithmError, VerificationError
from ecard.findings import FindingCode
from ecard.pki.identity import CardType
from tests.ceb.centre import AT, CREDIT, Card, card, legacy_card
from tests.ceb.instances import SMALL
from tests.ceb.judges import independent_parts, needs_openssl, needs_xmlsec1, openssl_accepts_sm2, xmlsec1_accepts
from tests.shared_material import SHARED, needs_shared

NOW = datetime(2026, 6, 1, 4, 30, 15, tzinfo=UTC)
ENVELOPE = Envelope.around(
    SMALL, sender="DXPENT0000000001", message_id="M-1", created=NOW, card_number="03-JJ0A900000001"
)


def schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(SHARED / "ceb" / "xsd" / "terminal.xsd"))


def test_an_envelope_around_a_message_knows_where_it_goes() -> None:
    assert ENVELOPE.receivers == ("DXPEDCCEB0000002",)
    assert ENVELOPE.message_type == "CEB311Message"
    assert ENVELOPE.card_number == "JJ0A900000001", "13 characters are all that the schema has room for"
    export = Envelope.around(SMALL.replace(b"311", b"303"), sender="S", message_id="M", created=NOW)
    assert export.receivers == ("DXPEDCCEB0000003",)
    with pytest.raises(MessageError):
        Envelope.around(b"<a></a>", sender="S", message_id="M", created=NOW)


def test_what_is_built_is_what_is_read() -> None:
    built = ENVELOPE.build()
    assert dxp.parse(built) == ENVELOPE
    assert b"2026-06-01T12:30:15+08:00" in built
    assert dxp.parse(built.replace(b"+08:00", b"")).created == NOW, "without a zone it is the time of China"


printing = st.text(st.characters(blacklist_categories=("C", "Z")), min_size=1, max_size=16)


@given(
    sender=printing,
    receivers=st.lists(printing, min_size=1, max_size=5),
    data=st.binary(max_size=300),
    name=st.none() | printing,
    keys=st.lists(st.tuples(printing, printing), max_size=5),
)
def test_any_envelope_survives(
    sender: str, receivers: list[str], data: bytes, name: str | None, keys: list[tuple[str, str]]
) -> None:
    envelope = Envelope(
        message_id="<&\"'>]]>",
        sender=sender,
        receivers=tuple(receivers),
        created=NOW,
        message_type="",
        data=data,
        file_name=name,
        business_keys=tuple(keys),
        text_encoding=name,
    )
    assert dxp.parse(envelope.build()) == envelope


@needs_shared
@pytest.mark.parametrize("signer", [None, "sm2", "legacy"], indirect=True)
def test_it_fits_the_schema(signer: Card | None) -> None:
    full = Envelope(
        message_id="M",
        sender="S",
        receivers=("R1", "R2"),
        created=NOW,
        message_type="CEB621Message",
        data=b"x",
        file_name="f.xml",
        card_number="JJ0A900000001",
        business_keys=(("orderNo", "1"), ("", "2")),
        text_encoding="UTF-8",
    )
    built = full.build() if signer is None else dxp.sign(full, signer.holder)
    document = etree.fromstring(built)
    assert schema().validate(document.getroottree()), schema().error_log
    assert dxp.parse(built) == full


class TestSigned:
    @pytest.mark.parametrize("signer", ["sm2", "rsa2048", "legacy"], indirect=True)
    def test_key_name_alone_and_the_certificate_from_elsewhere(self, signer: Card) -> None:
        signed = dxp.sign(ENVELOPE, signer.holder)
        assert b"X509" not in signed
        report = dxp.verify(
            signed, certificate=signer.certificate, trust=signer.trust, signer=AnyCard(of=CREDIT), at=AT
        )
        assert report.verified is not None
        assert dxp.parse(report.verified) == ENVELOPE
        with pytest.raises(VerificationError):
            dxp.verify(signed, certificate=None, trust=signer.trust, signer=UnsafeAnyone(), at=AT)

    @needs_xmlsec1
    def test_xmlsec1_accepts_it(self, tmp_path: Path) -> None:
        for with_certificate in (False, True):
            signed = dxp.sign(ENVELOPE, legacy_card().holder, with_certificate=with_certificate)
            assert xmlsec1_accepts(signed, legacy_card().certificate, tmp_path)

    @needs_openssl
    def test_openssl_accepts_sm2(self, tmp_path: Path) -> None:
        signer = card(KeyKind.SM2)
        _, _, info, value = independent_parts(dxp.sign(ENVELOPE, signer.holder))
        assert openssl_accepts_sm2(info, value, signer.certificate, tmp_path)

    def test_another_certificate_is_found_out(self) -> None:
        signed = dxp.sign(ENVELOPE, card(KeyKind.SM2).holder)
        other = card(KeyKind.SM2, CardType.LEGAL_PERSON).certificate
        codes = {finding.code for finding in dxp.inspect(signed, at=AT, certificate=other).reasons}
        assert {FindingCode.SIGNATURE_INVALID, FindingCode.KEY_NAME_WRONG} <= codes

    def test_mistakes_are_named_here_too(self) -> None:
        signer = card(KeyKind.SM2)
        signed = dxp.sign(ENVELOPE, signer.holder).replace(b"</dxp:DxpMsg>", b"\n</dxp:DxpMsg>")
        report = dxp.inspect(signed, at=AT, certificate=signer.certificate)
        assert report.mistakes == (Mistake.SPACE_AROUND_SIGNATURE,)

    def test_a_message_is_no_envelope_and_an_envelope_no_message(self) -> None:
        signer = card(KeyKind.SM2)
        message = ceb.sign(SMALL, signer.holder)
        assert FindingCode.MESSAGE_UNKNOWN in {f.code for f in dxp.inspect(message, at=AT).reasons}
        envelope = dxp.sign(ENVELOPE, signer.holder, with_certificate=True)
        for other_xml in (False, True):
            report = ceb.inspect(envelope, at=AT, trust=signer.trust, signer=UnsafeAnyone(), other_xml=other_xml)
            assert report.accepted is other_xml

    def test_profiles_are_those_of_the_customs(self) -> None:
        hybrid = dxp.sign(ENVELOPE, card(KeyKind.SM2).holder, profile=Profile.SM2_HYBRID)
        assert b"#sm2-sm3" in hybrid
        for signer, profile in ((card(KeyKind.P256), None), (card(KeyKind.RSA2048), Profile.RSA_SHA256)):
            with pytest.raises(UnsupportedAlgorithmError):
                dxp.sign(ENVELOPE, signer.holder, profile=profile)


class TestRefused:
    @pytest.mark.parametrize(
        "change",
        [
            {"message_id": ""},
            {"message_id": "x" * 256},
            {"message_id": "a\nb"},
            {"sender": "x" * 17},
            {"receivers": ()},
            {"receivers": ("R",) * 6},
            {"receivers": ("",)},
            {"message_type": "x" * 31},
            {"file_name": ""},
            {"card_number": "x" * 14},
            {"business_keys": (("n", ""),)},
            {"text_encoding": ""},
            {"data": b"x" * (5 * 2**20 + 1)},
            {"created": datetime(9999, 12, 31, 16, tzinfo=UTC)},
        ],
    )
    def test_fields(self, change: dict[str, object]) -> None:
        fields = {"message_id": "M", "sender": "S", "receivers": ("R",), "created": NOW, "message_type": "T"}
        with pytest.raises(MessageError) as caught:
            Envelope(**{**fields, "data": b"", **change})  # type: ignore[arg-type]
        assert caught.value.reason is Reason.FIELD

    @pytest.mark.parametrize(
        "time",
        [
            "20260601T120000",
            "2026-06-01",
            "2026-W01-1",
            "2026-06-01 12:00:00",
            "0001",
            "2026-06-01T12:00:00+08:60",
            "2026-06-01T12:00:00-00:99",
            "2026-06-01T12:00:00+14:01",
            "2026-06-01T12:00:00-23:59",
            "0001-01-01T00:00:00",
            "9999-12-31T23:59:59-14:00",
        ],
    )
    def test_times_of_another_form_than_the_schemas(self, time: str) -> None:
        changed = re.sub(b"(?<=<dxp:CreatTime>)[^<]*", time.encode(), ENVELOPE.build())
        with pytest.raises(MessageError, match="CreatTime"):
            dxp.parse(changed)

    @pytest.mark.parametrize("offset", ["Z", "+14:00", "-14:00", "+13:59", "-00:00", "+05:30"])
    def test_every_offset_that_the_schema_has(self, offset: str) -> None:
        changed = ENVELOPE.build().replace(b"+08:00", offset.encode())
        assert dxp.parse(changed).created == datetime.fromisoformat(f"2026-06-01T12:30:15{offset}")

    def test_data_in_another_spelling_than_its_own(self) -> None:
        changed = re.sub(b"(?<=<dxp:Data>)[^<]*", b"eB==", ENVELOPE.build())
        with pytest.raises(MessageError, match="one spelling"):
            dxp.parse(changed)

    def test_a_naive_moment(self) -> None:
        with pytest.raises(InvalidInputError):
            Envelope.around(SMALL, sender="S", message_id="M", created=NOW.replace(tzinfo=None))

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (b"DxpMsg", b"DxpRep"),
            (b"/dxp", b"/dxp2"),
            (b'ver="1.0"', b'ver="2.0"'),
            (b"<dxp:Data>", b"<dxp:Data/><dxp:Data>"),
            (b"<dxp:Data>", b"<dxp:More/><dxp:Data>"),
            (b"<dxp:SenderId>", b"<dxp:MsgType>T</dxp:MsgType><dxp:SenderId>"),
            (b"<dxp:ReceiverId>", b"<dxp:Other>x</dxp:Other><dxp:ReceiverId>"),
            (b"<dxp:Data>", b"<dxp:Data>*"),
            (b"<dxp:Data>", b"<dxp:Data><b/>"),
            (b"2026-06-01T", b"2026-13-01T"),
            (b"<dxp:Data>", b"<!-- x --><dxp:Data>"),
            (b"<dxp:CopMsgId>M-1</dxp:CopMsgId>", b""),
            (b"<dxp:CopMsgId>M-1</dxp:CopMsgId>", b"<CopMsgId>M-1</CopMsgId>"),
            (b"<dxp:CopMsgId>", b"text<dxp:CopMsgId>"),
            (b"</dxp:ReceiverId>", b"</dxp:ReceiverId>text"),
            (b"</dxp:DxpMsg>", b"<dxp:AddInfo><dxp:IsText/></dxp:AddInfo></dxp:DxpMsg>"),
            (b"</dxp:AddInfo>", b'<dxp:IsText Encode="UTF-8">text</dxp:IsText></dxp:AddInfo>'),
            (b"</dxp:AddInfo>", b'<dxp:IsText Encode="UTF-8"><x/></dxp:IsText></dxp:AddInfo>'),
            (b"</dxp:AddInfo>", b"<dxp:BizKey/></dxp:AddInfo>"),
            (b"</dxp:AddInfo>", b'<dxp:BizKey><dxp:Key name="">x</dxp:Key></dxp:BizKey></dxp:AddInfo>'),
            (b"<dxp:Data>", b"<ds:Signature/><dxp:Data>"),
            (b"</dxp:DxpMsg>", b"<ds:Signature/><ds:Signature/></dxp:DxpMsg>"),
            (b"<dxp:Data>", "<dxp:Data>\u2003".encode()),
            (b"</dxp:Data>", b"eB==</dxp:Data>"),
        ],
    )
    def test_shapes(self, old: bytes, new: bytes) -> None:
        built = ENVELOPE.build()
        changed = built.replace(old, new)
        assert changed != built
        with pytest.raises(EcardError):
            dxp.parse(changed)

    def test_personal_data_and_contents_stay_out_of_repr(self) -> None:
        assert not re.search("PD94|CEB311Message guid", repr(ENVELOPE))
