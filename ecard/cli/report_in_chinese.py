"""What ``Report`` says in English, in Chinese: as lines for a terminal, and as a page of HTML."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from ecard.cli.chinese.findings import EVIDENCE, FINDINGS, INDICATIONS
from ecard.cli.chinese.steps import MISTAKES, OUTCOMES, STEPS
from ecard.documents import report_page
from ecard.documents.report import KINDS, Report
from ecard.documents.report_page import Section
from ecard.documents.steps import SteppedReport
from ecard.lines import one_line
from ecard.pki.identity import CardIdentity
from ecard.pki.revocation import Source
from ecard.pki.validation_names import display_name

_ROLES: Final = {"legal-person": "法人卡", "operator": "操作员卡"}
_SIGNING_TIME: Final = "签名时间（签名人自述）"
_MOMENT: Final = "判定时刻"


def lines(report: Report) -> Iterator[str]:
    """The report for a terminal, line by line."""
    yield f"{_verdict(report)}（{INDICATIONS[report.indication]}，{report.indication.value}）"
    for finding in report.reasons:
        yield f"  - {FINDINGS[finding.code]}（{finding.message}）"
    if report.signer is not None:
        yield from _signer_lines(report.signer, _signed_by(report))
    if report.signing_time is not None:
        yield f"{_SIGNING_TIME}：{_iso(report.signing_time)}"
    yield f"{_MOMENT}：{_iso(report.at)}" + (f"，{report.algorithm}" if report.algorithm else "")
    for line in _evidence(report):
        yield f"依据：{line}"
    for line in report.notes:
        yield f"说明：{line}"
    if isinstance(report, SteppedReport):
        yield from _step_lines(report)


def page(report: Report) -> str:
    """The report as one page of HTML, with the sections of ``Report.html``."""
    indication = f"{INDICATIONS[report.indication]}，{report.indication.value}"
    kind = KINDS[report.indication]
    return report_page.page("验证报告", _verdict(report), indication, kind, _sections(report), language="zh-CN")


def _sections(report: Report) -> Iterator[Section]:
    stepped = report if isinstance(report, SteppedReport) else None
    signing_time = [] if report.signing_time is None else [(_SIGNING_TIME, _iso(report.signing_time))]
    algorithm = [("算法", report.algorithm)] if report.algorithm else []
    yield Section("不接受的原因", [(FINDINGS[finding.code], finding.message) for finding in report.reasons])
    if stepped is not None:
        yield Section("常见错误及处理办法", [MISTAKES[mistake] for mistake in stepped.mistakes])
    yield Section(_signed_by(report), _signer_rows(report.signer))
    yield Section("时间与算法", [*signing_time, (_MOMENT, _iso(report.at)), *algorithm])
    yield Section("依据", [(line,) for line in _evidence(report)])
    yield Section("说明", [(line,) for line in report.notes])
    if stepped is not None:
        rows = [(words, f"{outcome}：{message}".removesuffix("：")) for words, outcome, message in _steps(stepped)]
        yield Section("逐步结果", rows, [check.kind for check in stepped.checks])


def _verdict(report: Report) -> str:
    return "接受" if report.accepted else "不接受"


def _signed_by(report: Report) -> str:
    return "签名人" if report.accepted else "自称签名人"


def _iso(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _evidence(report: Report) -> Iterator[str]:
    """What ``Report.evidence`` says."""
    if report.validated is None:
        return
    names = [display_name(issuer.subject) for issuer in report.validated.path[1:]]
    above = "，其上级为 " + "、".join(names[1:]) if names[1:] else ""
    yield f"证书由 {names[0]} 签发{above}" if names else "证书本身即受信任"
    yield from dict.fromkeys(_source(source) for source in report.validated.sources)


def _source(source: Source) -> str:
    issuer = "" if source.issuer is None else f"{display_name(source.issuer)} 的"
    return f"{issuer}{EVIDENCE[source.kind]}，{source.moment:%Y-%m-%d %H:%M:%S} UTC 发布"


def _signer_rows(signer: CardIdentity | None) -> list[tuple[str, str]]:
    if signer is None:
        return []
    rows = (
        ("持卡人", signer.holder_name),
        ("角色", _ROLES.get(signer.role or "", signer.role)),
        ("企业", signer.enterprise_name),
        ("组织机构代码", signer.organisation_code),
        ("卡号", signer.card_number),
        ("证书编号", signer.certificate_number),
    )
    return [(name, one_line(value)) for name, value in rows if value]


def _signer_lines(signer: CardIdentity, verb: str) -> Iterator[str]:
    role = f"（{_ROLES[signer.role]}）" if signer.role in _ROLES else ""
    card = f"，卡号 {one_line(signer.card_number)}" if signer.card_number else ""
    yield f"{verb}：{one_line(signer.holder_name or '未署名持卡人')}{role}{card}，证书编号 {signer.certificate_number}"
    if signer.enterprise_name or signer.organisation_code:
        code = one_line(signer.organisation_code or "未给出")
        yield f"代表企业：{one_line(signer.enterprise_name or '未署名企业')}（组织机构代码 {code}）"


def _step_lines(report: SteppedReport) -> Iterator[str]:
    for words, outcome, message in _steps(report):
        yield f"{outcome}　{words}" + (f"（{message}）" if message else "")
    for mistake in report.mistakes:
        happened, remedy = MISTAKES[mistake]
        yield f"常见错误：{happened}"
        yield f"    处理办法：{remedy}"


def _steps(report: SteppedReport) -> Iterator[tuple[str, str, str]]:
    """Of each step what is so where it passes, how it ended, and the message."""
    for check in report.checks:
        yield STEPS.get(check.step.label, check.step.words), OUTCOMES[check.outcome], check.message
