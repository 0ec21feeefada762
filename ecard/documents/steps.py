"""A judgement made of named steps: what each found, and a report that shows them one by one."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any, Final, Protocol

from ecard.certificate import Certificate
from ecard.documents.conditions import Conditions, judge_signer
from ecard.documents.mistakes import Mistake
from ecard.documents.report import Report
from ecard.documents.report_page import Section
from ecard.findings import Finding, FindingCode
from ecard.pki.identity import CardIdentity
from ecard.pki.validation import ValidatedCertificate


class Outcome(Enum):
    """How a step ended."""

    PASSED = "passed"
    FAILED = "failed"
    OPEN = "open"
    """It could not be decided, and that alone does not speak against the document."""
    NOT_REACHED = "not-reached"
    """What it needs failed before."""
    NOT_JUDGED = "not-judged"
    """The caller did not say by what; without it no document is accepted."""


_KINDS: Final = {Outcome.PASSED: "passed", Outcome.FAILED: "failed"}
"""How a step's outcome is coloured on a page; every other one is open."""


class StepName(Hashable, Protocol):
    """A member of an enum of steps."""

    @property
    def label(self) -> str:
        """The name for programs."""

    @property
    def words(self) -> str:
        """What is so where the step passes."""


@dataclass(frozen=True, slots=True)
class Check:
    """One step, how it ended, and what was found; the message is empty where there is nothing to say."""

    step: StepName
    outcome: Outcome
    message: str = ""

    @property
    def kind(self) -> str:
        """How the outcome is coloured on a page."""
        return _KINDS.get(self.outcome, "open")

    def __str__(self) -> str:
        return f"{self.outcome.value:<11} {self.step.words}" + (f": {self.message}" if self.message else "")


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class SteppedReport(Report):
    """A report that says of every step how it ended, and which usual mistakes explain a failure."""

    verified: bytes | None = None
    """The very bytes that were signed for: what to work with, never the file itself. Only where all is accepted."""
    certificate_number: str | None = None
    """The number of the signer's certificate, as the document says it."""
    mistakes: tuple[Mistake, ...] = ()
    """The usual mistakes that explain why a digest or signature does not hold."""
    checks: tuple[Check, ...] = ()
    """Every step, in order."""

    def as_dict(self) -> dict[str, Any]:
        """The report for programs, ready for JSON, without the document itself."""
        return {
            **Report.as_dict(self),
            "certificate_number": self.certificate_number,
            "mistakes": [
                {"code": mistake.label, "message": mistake.happened, "remedy": mistake.remedy}
                for mistake in self.mistakes
            ],
            "checks": [
                {"step": check.step.label, "outcome": check.outcome.value, "message": check.message}
                for check in self.checks
            ],
        }

    def _sections(self) -> tuple[Section, ...]:
        steps = [
            (check.step.words, f"{check.outcome.value}: {check.message}".removesuffix(": ")) for check in self.checks
        ]
        mistakes = [(mistake.happened, mistake.remedy) for mistake in self.mistakes]
        kinds = [check.kind for check in self.checks]
        first, *others = Report._sections(self)
        return (
            first,
            Section("Usual mistakes, and what to do", mistakes),
            *others,
            Section("Step by step", steps, kinds),
        )

    def __str__(self) -> str:
        lines = [Report.__str__(self), *(f"{check}" for check in self.checks)]
        for mistake in self.mistakes:
            lines += [f"mistake: {mistake.happened}", f"    what to do: {mistake.remedy}"]
        return "\n".join(lines)


class Ledger:
    """What the steps of one judgement found."""

    def __init__(self, steps: tuple[StepName, ...]) -> None:
        self._checks = dict(_not_reached(steps))
        self._findings: list[Finding] = []
        self._mistakes: list[Mistake] = []
        self.notes: list[str] = []
        """What a reader should know."""
        self.identity: CardIdentity | None = None
        """What the certificate says of the signer, once it was read."""
        self.validated: ValidatedCertificate | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that speaks against the document, each once."""
        return tuple(dict.fromkeys(self._findings))

    @property
    def mistakes(self) -> tuple[Mistake, ...]:
        """The usual mistakes found, each once."""
        return tuple(dict.fromkeys(self._mistakes))

    @property
    def checks(self) -> tuple[Check, ...]:
        """How every step ended."""
        return tuple(self._checks.values())

    def passed(self, step: StepName) -> None:
        """The step is done, and nothing is wrong."""
        self._checks[step] = _passed(step)

    def open(self, step: StepName, message: str) -> None:
        """The step cannot be decided, which a reader should know."""
        self._checks[step] = Check(step, Outcome.OPEN, message)
        self.notes.append(message)

    def fail(self, step: StepName, code: FindingCode, message: str) -> None:
        """Something is wrong."""
        self.add(step, (Finding(code, message),))

    def add(self, step: StepName, findings: tuple[Finding, ...]) -> None:
        """Several things may be wrong; none of them is nothing."""
        if findings:
            self._findings += findings
            message = "; ".join(finding.message for finding in findings)
            self._checks[step] = Check(step, Outcome.FAILED, message)

    def explain(self, step: StepName, code: FindingCode, detail: str, mistakes: frozenset[Mistake]) -> None:
        """Something is wrong, and would not be but for these mistakes."""
        ordered = [mistake for mistake in Mistake if mistake in mistakes]
        self._mistakes += ordered
        reasons = "; ".join(mistake.happened for mistake in ordered)
        self.fail(step, code, f"{detail}; it would hold but for this: {reasons}" if reasons else detail)

    def judge_signer(
        self, certificate: Certificate, conditions: Conditions | None, validity: StepName, signer: StepName
    ) -> None:
        """The two steps about who signed. ``conditions`` is None where the caller did not say them."""
        if conditions is None:
            self._leave_out((validity, signer), "it was not said whom to trust and who may sign")
            return
        verdict = judge_signer(certificate, conditions)
        self.validated = verdict.validated
        self.notes += conditions.notes
        self.passed(validity)
        self.passed(signer)
        if verdict.findings:
            of_signer = tuple(f for f in verdict.findings if f.code is FindingCode.SIGNER_NOT_ALLOWED)
            self.add(validity, tuple(f for f in verdict.findings if f not in of_signer))
            self.add(signer, of_signer)

    def _leave_out(self, steps: Iterable[StepName], message: str) -> None:
        """Nothing is found wrong by steps that were not asked for, and nothing is accepted without them."""
        self._findings.append(Finding(FindingCode.PATH_NOT_FOUND, message))
        for step in steps:
            self._checks[step] = Check(step, Outcome.NOT_JUDGED, message)


@cache
def _not_reached(steps: tuple[StepName, ...]) -> dict[StepName, Check]:
    return {step: Check(step, Outcome.NOT_REACHED) for step in steps}


@cache
def _passed(step: StepName) -> Check:
    return Check(step, Outcome.PASSED)
