"""A report under a Chinese locale: every line in Chinese, on a terminal and on the page, and the same for programs."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import html

from ecard.algorithms import KeyKind
from ecard.cli.report_in_chinese import page
from ecard.documents import ceb
from ecard.documents.report import Report
from ecard.documents.signers import UnsafeAnyone
from tests.ceb.centre import AT, card
from tests.ceb.instances import SMALL
from tests.cli.conftest import Demo, Ecard
from tests.documents.world import DOCUMENT, inspected, signed

HAN = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture
def chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECARD_LANGUAGE", "zh")


@pytest.mark.usefixtures("chinese")
def test_a_report(demo: Demo, ecard: Ecard) -> None:
    call = ["verify", demo.contract, demo.signature("operator"), "--trust", demo.root, "--crl", demo.crls]
    outcome = ecard(*call, "--role", "operator")
    assert outcome.status == 0
    assert outcome.out.startswith("接受（全部通过，TOTAL-PASSED）\n签名人：乙某（操作员卡）")
    outcome = ecard(*call, "--role", "legal-person")
    assert outcome.status == 1
    assert outcome.out.startswith("不接受（无法确认，INDETERMINATE）\n  - 签名人不是所允许的人（")
    told = json.loads(ecard(*call, "--role", "operator", "--json").out)
    assert told["accepted"] is True
    assert told["signer"]["role"] == "operator"


@pytest.mark.usefixtures("chinese")
def test_evidence(demo: Demo, ecard: Ecard) -> None:
    call = ["verify", demo.contract, demo.signature("operator"), "--trust", demo.root, "--crl", demo.crls, "--anyone"]
    found = [line.removeprefix("依据：") for line in ecard(*call).out.splitlines() if line.startswith("依据：")]
    path, *lists = found
    assert re.fullmatch(r"证书由 .*demo issuing\) 签发，其上级为 .*demo root\)", path)
    assert len(lists) == 2
    for line in lists:
        assert re.fullmatch(r"C=CN.* 的证书撤销列表（CRL），\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC 发布", line)
    told = json.loads(ecard(*call, "--json").out)["evidence"]
    assert told[0].startswith("a certificate issued by ")
    assert all(line.startswith("the CRL of C=CN") for line in told[1:])


HEADINGS = {
    "Why not": "不接受的原因",
    "Usual mistakes, and what to do": "常见错误及处理办法",
    "Signed by": "签名人",
    "Claims to be signed by": "自称签名人",
    "When and how": "时间与算法",
    "On what evidence": "依据",
    "Notes": "说明",
    "Step by step": "逐步结果",
}


def headings_and_cells(page: str) -> list[tuple[str, int]]:
    """Each section of a page: its heading, and how many cells it has."""
    return [
        (heading.text, len(heading.getnext().xpath(".//td | .//li"))) for heading in html.fromstring(page).xpath("//h2")
    ]


def test_the_page_has_the_same_sections_in_both_languages() -> None:
    signer = card(KeyKind.SM2)
    message = ceb.sign(SMALL, signer.holder)
    broken = message.replace(b"<ds:Signature ", b"\n<ds:Signature ", 1)
    good, bad = (ceb.inspect(m, at=AT, trust=signer.trust, signer=UnsafeAnyone()) for m in (message, broken))
    noted = replace(bad, notes=("x",), signing_time=AT)
    seen = set()
    for report in (good, bad, noted, Report(at=AT), inspected(DOCUMENT, signed(KeyKind.P256), KeyKind.P256)):
        english, chinese = headings_and_cells(report.html()), headings_and_cells(page(report))
        assert [(HEADINGS[heading], cells) for heading, cells in english] == chinese
        seen |= {heading for heading, _ in english}
    assert seen == set(HEADINGS)


@pytest.mark.usefixtures("chinese")
def test_a_page(demo: Demo, ecard: Ecard, tmp_path: Path) -> None:
    call = ["verify", demo.contract, demo.signature("operator"), "--trust", demo.root, "--crl", demo.crls]
    assert ecard(*call, "--role", "legal-person", "--html", tmp_path / "report.html").status == 1
    tree = html.fromstring((tmp_path / "report.html").read_text("utf-8"))
    assert tree.xpath("string(/html/@lang)") == "zh-CN"
    assert tree.xpath("string(//h1)") == "验证报告"
    assert tree.xpath("string(//p)") == "不接受 无法确认，INDETERMINATE"
    for text in tree.xpath("//h2/text() | //th/text() | //li/text()"):
        assert HAN.search(text), text


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize("text", ["<script>alert(1)</script>", '"><img src=x onerror=y>', "\u202egpj.exe\x1b[2J"])
def test_nothing_out_of_a_certificate_is_more_than_text(text: str) -> None:
    accepted = inspected(DOCUMENT, signed(KeyKind.P256), KeyKind.P256)
    assert accepted.signer is not None
    of = replace(accepted.signer, holder_name=text, enterprise_name=text, card_number=text)
    told = page(replace(accepted, signer=of, notes=(text,)))
    tree = html.fromstring(told)
    assert not tree.xpath("//script | //img | //@onerror")
    cells = [cell.text_content() for cell in tree.xpath("//h2[. = '签名人']/following-sibling::table[1]//td")]
    assert cells.count("".join(c if c.isprintable() else "\ufffd" for c in text)) == 3
