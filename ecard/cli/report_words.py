"""A report on a signature for people, in their language."""

from __future__ import annotations

from collections.abc import Iterator

from ecard.cli.chinese.findings import FINDINGS, INDICATIONS
from ecard.cli.chinese.steps import MISTAKES, OUTCOMES, STEPS
from ecard.cli.language import speaks_chinese, translate
from ecard.documents.report import Report, one_line
from ecard.documents.steps import SteppedReport
from ecard.pki.identity import CardIdentity


def in_words(report: Report) -> str:
    """The report: as the library writes it in English, or the same in Chinese."""
    return "\n".join(_chinese(report)) if speaks_chinese() else str(report)


def why(report: Report) -> str:
    """The reasons of a refusal in one line; of an acceptance, nothing more to say."""
    if not speaks_chinese():
        return "; ".join(reason.message for reason in report.reasons) or "everything checked"
    codes = dict.fromkeys(reason.code for reason in report.reasons)
    return "；".join(FINDINGS[code] for code in codes) or translate("everything checked")


def _chinese(report: Report) -> Iterator[str]:
    yield f"{'接受' if report.accepted else '不接受'}（{INDICATIONS[report.indication]}，{report.indication.value}）"
    for finding in report.reasons:
        yield f"  - {FINDINGS[finding.code]}（{finding.message}）"
    if report.signer is not None:
        yield from _signer(report.signer, "签名人" if report.accepted else "自称签名人")
    if report.signing_time is not None:
        yield f"签名时间（签名人自述）：{report.signing_time:%Y-%m-%dT%H:%M:%SZ}"
    yield f"判定时刻：{report.at:%Y-%m-%dT%H:%M:%SZ}" + (f"，{report.algorithm}" if report.algorithm else "")
    for line in report.evidence:
        yield f"依据：{line}"
    for line in report.notes:
        yield f"说明：{line}"
    if isinstance(report, SteppedReport):
        yield from _steps(report)


def _signer(signer: CardIdentity, verb: str) -> Iterator[str]:
    role = {"legal-person": "（法人卡）", "operator": "（操作员卡）"}.get(signer.role or "", "")
    card = f"，卡号 {one_line(signer.card_number)}" if signer.card_number else ""
    yield f"{verb}：{one_line(signer.holder_name or '未署名持卡人')}{role}{card}，证书编号 {signer.certificate_number}"
    if signer.enterprise_name or signer.organisation_code:
        code = one_line(signer.organisation_code or "未给出")
        yield f"代表企业：{one_line(signer.enterprise_name or '未署名企业')}（组织机构代码 {code}）"


def _steps(report: SteppedReport) -> Iterator[str]:
    for check in report.checks:
        words = STEPS.get(check.step.label, check.step.words)
        yield f"{OUTCOMES[check.outcome]}　{words}" + (f"（{check.message}）" if check.message else "")
    for mistake in report.mistakes:
        happened, remedy = MISTAKES[mistake]
        yield f"常见错误：{happened}"
        yield f"    处理办法：{remedy}"
