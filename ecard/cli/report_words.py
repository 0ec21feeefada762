"""A report on a signature for people, in their language."""

from __future__ import annotations

from ecard.cli.chinese.findings import FINDINGS
from ecard.cli.language import speaks_chinese, translate
from ecard.cli.report_in_chinese import lines, page
from ecard.documents.report import Report


def in_words(report: Report) -> str:
    """The report: as the library writes it in English, or the same in Chinese."""
    return "\n".join(lines(report)) if speaks_chinese() else str(report)


def as_page(report: Report) -> str:
    """The report as one page of HTML: as the library writes it in English, or the same in Chinese."""
    return page(report) if speaks_chinese() else report.html()


def why(report: Report) -> str:
    """The reasons of a refusal in one line; of an acceptance, nothing more to say."""
    if not speaks_chinese():
        return "; ".join(reason.message for reason in report.reasons) or "everything checked"
    codes = dict.fromkeys(reason.code for reason in report.reasons)
    return "；".join(FINDINGS[code] for code in codes) or translate("everything checked")
