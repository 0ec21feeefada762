"""The report as HTML: whole, escaped, and in need of nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from lxml import html

from ecard.algorithms import KeyKind
from ecard.documents import ceb
from ecard.documents.report import Report
from ecard.documents.signers import UnsafeAnyone
from ecard.findings import Finding, FindingCode
from ecard.pki.identity import CardIdentity
from tests.ceb.centre import AT, card
from tests.ceb.instances import SMALL
from tests.documents.world import DOCUMENT, ENTERPRISE, KINDS, OPERATOR_NAME, inspected, signed

MOMENT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def sections(page: str) -> dict[str, list[list[str]]]:
    """The lines of each section, as cells."""
    tree = html.fromstring(page)
    found = {}
    for heading in tree.xpath("//h2"):
        lines = heading.getnext().xpath("./tr | ./li")
        found[heading.text] = [[c.text_content() for c in (line.xpath("./th | ./td") or [line])] for line in lines]
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_accepted(kind: KeyKind) -> None:
    page = inspected(DOCUMENT, signed(kind), kind).html(title="contract.txt")
    tree = html.fromstring(page)
    assert (tree.xpath("string(//h1)"), tree.xpath("string(//title)")) == ("contract.txt", "contract.txt")
    assert tree.xpath("string(//p[@class='verdict passed'])") == "Accepted TOTAL-PASSED"
    shown = sections(page)
    assert list(shown) == ["Signed by", "When and how", "On what evidence"]
    assert ["Holder", OPERATOR_NAME] in shown["Signed by"]
    assert ["Enterprise", ENTERPRISE] in shown["Signed by"]
    assert ["Judged for", "2026-03-02T12:00:00Z"] in shown["When and how"]
    assert len(shown["On what evidence"]) == 3


def test_what_is_not_accepted() -> None:
    report = inspected(DOCUMENT + b"!", signed(KeyKind.P256), KeyKind.P256)
    page = report.html()
    assert html.fromstring(page).xpath("string(//p[@class='verdict failed'])") == "Not accepted TOTAL-FAILED"
    shown = sections(page)
    assert shown["Why not"] == [[reason.code.label, reason.message] for reason in report.reasons]
    assert "Claims to be signed by" in shown
    assert "Signed by" not in shown


def test_what_is_open_is_neither_good_nor_bad() -> None:
    report = Report(at=MOMENT, reasons=(Finding(FindingCode.REVOCATION_UNKNOWN, "nobody says so"),))
    assert '<p class="verdict open">Not accepted <small>INDETERMINATE</small></p>' in report.html()


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", '"><img src=x onerror=y>', "a & b", "\u202egpj.exe\x1b[2J"]
)
def test_nothing_out_of_a_certificate_is_more_than_text(text: str) -> None:
    accepted = inspected(DOCUMENT, signed(KeyKind.P256), KeyKind.P256)
    assert isinstance(accepted.signer, CardIdentity)
    report = replace(
        accepted,
        signer=replace(accepted.signer, holder_name=text, enterprise_name=text),
        reasons=(Finding(FindingCode.MALFORMED, text),),
        notes=(text,),
    )
    page = report.html(title=text)
    tree = html.fromstring(page)
    assert not tree.xpath("//script | //img | //a | //@onerror | //link")
    assert "\u202e" not in "".join(cell for line in sections(page)["Claims to be signed by"] for cell in line)
    if text.isprintable():
        assert sections(page)["Notes"] == [[text]]
        assert tree.xpath("string(//h1)") == text


def test_the_page_loads_and_runs_nothing() -> None:
    page = inspected(DOCUMENT, signed(KeyKind.P256), KeyKind.P256).html()
    tree = html.fromstring(page)
    assert tree.xpath("//meta[@http-equiv]/@content") == ["default-src 'none'; style-src 'unsafe-inline'"]
    assert not tree.xpath("//@src | //@href")
    assert "url(" not in page
    assert "prefers-color-scheme: dark" in page
    assert page.encode().startswith(b"<!DOCTYPE html>")


def test_a_message_shows_every_step() -> None:
    signer = card(KeyKind.SM2)
    message = ceb.sign(SMALL, signer.holder)
    report = ceb.inspect(message, at=AT, trust=signer.trust, signer=UnsafeAnyone())
    steps = sections(report.html())["Step by step"]
    assert [words for words, _ in steps] == [check.step.words for check in report.checks]
    assert {outcome.partition(":")[0] for _, outcome in steps} == {check.outcome.value for check in report.checks}


def test_a_usual_mistake_comes_with_its_remedy() -> None:
    signer = card(KeyKind.SM2)
    message = ceb.sign(SMALL, signer.holder).replace(b"<ds:Signature ", b"\n<ds:Signature ", 1)
    report = ceb.inspect(message, at=AT, trust=signer.trust, signer=UnsafeAnyone())
    assert report.mistakes
    shown = sections(report.html())
    assert shown["Usual mistakes, and what to do"] == [[m.happened, m.remedy] for m in report.mistakes]
    assert any(outcome.startswith("failed: ") for _, outcome in shown["Step by step"])
