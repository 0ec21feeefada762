"""Receipts: the status, the codes in the text, and what they mean."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from lxml import etree

from ecard.documents import receipts
from ecard.documents.ceb import MESSAGE_TYPES, Reason
from ecard.documents.receipts import CODES, Progress
from ecard.errors import MessageError, XmlError
from tests.ceb.instances import CEB, SMALL, sample
from tests.shared_material import SHARED, needs_shared

XS = "{http://www.w3.org/2001/XMLSchema}"


def receipt(number: int, fields: str, entity: str | None = None) -> bytes:
    name = entity or MESSAGE_TYPES[number].entity
    root = f"CEB{number}Message"
    return f'<{root} xmlns="{CEB}" guid="G" version="1.0"><{name}>{fields}</{name}></{root}>'.encode()


@needs_shared
def test_the_official_receipt() -> None:
    found = receipts.parse(sample(312))
    assert found.message_type.number == 312
    assert len(found.items) == 10
    item = found.items[0]
    assert (item.status, item.time) == (2, datetime(2016, 4, 28, 10, 22, 38, tzinfo=UTC))
    assert item.keys["orderNo"] == "order20160321116420545"
    assert item.text.startswith("新增申报成功")
    assert "declared" in item.explain()
    assert not item.is_failure


@pytest.mark.parametrize(
    ("status", "text", "numbers", "failure"),
    [
        ("2", "新增申报成功", [2], False),
        ("120", "逻辑校验通过", [120], False),
        ("800", "放行", [800], False),
        ("100", "[Code:1301;Desc:退单]", [100], True),
        ("-621025", "验签失败", [-621025], True),
        ("-1", "处理异常[Code:1001;Desc:签名无效]", [-1, 1001], True),
        ("4", "Code：1004", [4, 1004], True),
        ("100", "申报单位与证书单位不一致(-625013) -625013", [100, -625013], True),
        ("-999999", "", [-999999], True),
        ("777", "", [777], False),
        ("x", "订单1001件", [], False),
        ("", "", [], False),
    ],
)
def test_status_and_codes_in_words(status: str, text: str, numbers: list[int], failure: bool) -> None:
    fields = f"<guid>A</guid><returnStatus>{status}</returnStatus><returnInfo>{text}</returnInfo>"
    item = receipts.parse(receipt(622, fields)).items[0]
    assert [code.number for code in item.codes] == numbers
    assert item.is_failure is failure
    assert item.explain().count("\n") == max(0, len(numbers) - 1)


def test_signature_errors_say_what_to_do() -> None:
    for number in (1001, 1004, -621025, -621026, -621028, -621029, -623029):
        assert "inspect" in (receipts.explain(number).remedy or "")
    assert "declaring enterprise" in (receipts.explain(-625013).remedy or "")
    assert {CODES[number].progress for number in (1001, 1002, 1003, 1004)} == {Progress.FAILED}


@needs_shared
def test_every_status_in_the_notes_of_the_schemas_is_known() -> None:
    for name in ("import", "export"):
        for element in etree.parse(SHARED / "ceb" / "xsd" / f"{name}.xsd").iter(f"{XS}element"):
            if element.get("name") == "returnStatus":
                note = "".join(element.itertext())
                for number in re.findall(r"[（(/](\d+)-?[\u4e00-\u9fff]", note):
                    assert int(number) in CODES, note


@needs_shared
def test_every_receipt_type_is_read() -> None:
    for message_type in MESSAGE_TYPES.values():
        if message_type.is_receipt:
            document = receipt(message_type.number, "<guid>A</guid><returnStatus>2</returnStatus>")
            assert receipts.parse(document).items[0].guid == "A"


def test_the_message_that_could_not_be_read_comes_back_and_stays_private() -> None:
    quoted = "<oriBizMessage>SECRET</oriBizMessage><returnInfo>SECRET</returnInfo>"
    fields = f"<guid>A</guid><returnStatus>-1</returnStatus>{quoted}"
    found = receipts.parse(receipt(900, fields))
    assert found.original == "SECRET"
    assert "SECRET" not in repr(found)


def test_tax_bills_have_states_of_their_own() -> None:
    fields = "<guid>A</guid><returnTime>20260601123015123</returnTime><status>3</status><taxNo>T</taxNo>"
    tax = f"<TaxHeadRd>{fields}</TaxHeadRd><TaxListRd><gnum>1</gnum></TaxListRd>"
    item = receipts.parse(receipt(816, tax)).items[0]
    assert (item.codes[0].chinese, item.keys) == ("作废", {"taxNo": "T"})
    assert item.time == datetime(2026, 6, 1, 4, 30, 15, 123000, tzinfo=UTC)


@pytest.mark.parametrize("time", ["", "00010101000000000", "2026", "20261301000000000", "2026060112301512x"])
def test_a_time_that_is_none_is_none(time: str) -> None:
    assert receipts.parse(receipt(312, f"<returnTime>{time}</returnTime>")).items[0].time is None


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (SMALL, Reason.UNKNOWN_TYPE),
        (b"<a></a>", Reason.UNKNOWN_TYPE),
        (receipt(312, "", entity="Other"), Reason.SHAPE),
        (receipt(312, "<returnStatus>-621025</returnStatus><returnStatus>800</returnStatus>"), Reason.SHAPE),
        (receipt(622, "<returnStatus>-621025</returnStatus><status>800</status>"), Reason.SHAPE),
        (receipt(792, "<returnTime>20260601123015</returnTime><opDate>20260101123015</opDate>"), Reason.SHAPE),
        (receipt(312, "<returnInfo>Code:1001</returnInfo><returnInfo>ok</returnInfo>"), Reason.SHAPE),
        (receipt(312, "<guid>A</guid><guid>B</guid>"), Reason.SHAPE),
        (receipt(816, "<a><status>1</status></a><b><status>2</status></b>"), Reason.SHAPE),
    ],
)
def test_what_is_no_receipt(document: bytes, reason: Reason) -> None:
    with pytest.raises(MessageError) as caught:
        receipts.parse(document)
    assert caught.value.reason is reason


def test_an_error_does_not_grow_with_the_name_of_a_field() -> None:
    long = f"<{'x' * 5000}/>"
    with pytest.raises(MessageError) as caught:
        receipts.parse(receipt(312, long * 2))
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("inside", ["<!-- x -->", "<?x y?>", "<!-- x --><!-- y -->"])
def test_a_comment_in_a_status_hides_nothing_of_it(inside: str) -> None:
    document = receipt(312, f"<!-- before --><returnStatus>-62{inside}1025</returnStatus>")
    assert receipts.parse(document).items[0].status == -621025


@pytest.mark.parametrize("status", ["", "x", "9" * 500, "٨٠٠"])
def test_a_status_that_cannot_be_read_is_said(status: str) -> None:
    item = receipts.parse(receipt(312, f"<returnStatus>{status}</returnStatus>")).items[0]
    assert (item.status, item.is_failure) == (None, False)
    assert item.explain() == "OrderReturn: no status that could be read"


def test_a_status_of_another_namespace_is_none_of_the_customs() -> None:
    strange = receipt(312, '<returnStatus xmlns="u:other">800</returnStatus>')
    assert receipts.parse(strange).items[0].status is None


def test_hostile_receipts_are_refused_like_everything_else() -> None:
    with pytest.raises(XmlError):
        receipts.parse(b"<!DOCTYPE a>" + receipt(312, ""))
