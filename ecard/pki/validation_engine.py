"""One validation: search the paths, check each, judge revocation along it, and keep the best outcome."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from ecard.algorithms import SignatureAlgorithm
from ecard.certificate import Certificate
from ecard.errors import EcardError
from ecard.findings import Finding, FindingCode
from ecard.pki.evidence import Evidence
from ecard.pki.path import policy_findings
from ecard.pki.policy import Profile, Revocation, ValidationPolicy
from ecard.pki.revocation import Question, Source, Statement, judge
from ecard.pki.revocation_sources import Sources
from ecard.pki.trust import Trust
from ecard.pki.validation_checks import Place, check_path, is_plain
from ecard.pki.validation_extensions import OCSP_NO_CHECK, extensions_of
from ecard.pki.validation_names import display_name
from ecard.pki.validation_paths import Path, PathSearch

MAX_DEPTH: Final = 3
"""How many validations may be nested: of CRL signers and responders, and of theirs."""
MAX_SHOWN: Final = 6
"""How many pieces of evidence a message tells of."""
_START: Final = datetime.min.replace(tzinfo=UTC)
_END: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of a validation, and the moments between which it stays the same."""

    findings: tuple[Finding, ...]
    path: Path
    at: datetime
    after: datetime
    """The last moment before ``at`` at which something changed."""
    before: datetime
    """The first moment from ``at`` on at which something may change: never past an expiry or a next update."""
    sources: tuple[Source, ...] = ()

    def holds_at(self, moment: datetime) -> bool:
        """Whether nothing that the verdict depends on differs between ``moment`` and the moment judged."""
        return moment == self.at or self.after < moment < self.before


_Known = dict[tuple[Certificate, Certificate, datetime, bool], Verdict]
"""The verdicts on signers of evidence, under a root and at a moment, as responders or not."""


@dataclass
class _Along:
    """What was gathered while judging along one path."""

    path: Path
    findings: list[Finding] = field(default_factory=list)
    relied_on: list[Statement] = field(default_factory=list)
    changes: list[datetime] = field(default_factory=list)


class Engine:
    """Judges certificates under one trust, evidence and policy.

    ``responders`` are the OCSP responders whose certificates are being judged, the last one by this engine: no answer
    of theirs counts meanwhile, so none vouches for itself, also not through another. ``vouching_for`` is the signer of
    CRLs that is being judged: where its own status is in a CRL that it signed, as its issuer may arrange, that CRL
    counts, and the question whether it may sign is the one under way.
    """

    def __init__(
        self,
        trust: Trust,
        evidence: Evidence,
        policy: ValidationPolicy,
        untrusted: Iterable[Certificate],
        *,
        depth: int = 0,
        responders: tuple[Certificate, ...] = (),
        vouching_for: Certificate | None = None,
        signers: _Known | None = None,
    ) -> None:
        self._trust, self._evidence, self._policy = trust, evidence, policy
        self._untrusted = tuple(untrusted)
        self._depth, self._responders, self._vouching_for = depth, responders, vouching_for
        self._search = PathSearch(trust, self._untrusted, max_length=policy.max_path_length)
        self._signers: _Known = {} if signers is None else signers

    def judge(self, certificate: Certificate, at: datetime, *, root: Certificate | None = None) -> Verdict:
        """The verdict on ``certificate`` at a moment: that of the first good path, or of the least bad one.

        With ``root`` only paths to that root count.
        """
        judged: list[_Along] = []
        for path in self._search.paths(certificate):
            if root is not None and path[-1] != root:
                continue
            judged.append(self._judge_path(path, at))
            if not judged[-1].findings:
                return self._verdict(judged[-1:], at)
        judged.sort(key=lambda along: len(along.findings))
        return self._verdict(judged or [self._dead_end(certificate, at)], at)

    def _verdict(self, judged: Sequence[_Along], at: datetime) -> Verdict:
        """The first outcome of ``judged``, for as long as none of them changes."""
        changes = [allowed.until for allowed in self._policy.algorithms if allowed.until is not None]
        for along in judged:
            changes += [m for c in along.path for m in (c.not_before, c.not_after)] + along.changes
        before = min((m for m in changes if m >= at), default=_END)
        after = max((m for m in changes if m <= at), default=_START)
        best = judged[0]
        sources = tuple(dict.fromkeys(s.source for s in best.relied_on))
        return Verdict(tuple(best.findings), best.path, at, after, before, sources)

    def _judge_path(self, path: Path, at: datetime) -> _Along:
        along = _Along(path, check_path(path, at, self._policy))
        if not is_plain(path, self._policy):
            known = {finding.code for finding in along.findings}
            found = policy_findings(path, at, self._policy, only_constraints=bool(known))
            along.findings += [f for f in found if f.code not in known]
        if self._policy.revocation is Revocation.REQUIRED:
            self._judge_revocation(along, at)
        return along

    def _dead_end(self, certificate: Certificate, at: datetime) -> _Along:
        """The search ended without a root: why, and what is wrong with the certificates seen on the way."""
        ends = sorted(self._search.dead_ends, key=lambda end: -len(end.path))
        if not ends:
            missing = Finding(FindingCode.PATH_NOT_FOUND, "no path leads to the root that was asked for")
            return _Along((certificate,), [missing])
        path = ends[0].path
        findings = [ends[0].finding, *check_path(path, at, self._policy, complete=path[-1] in self._trust.root_set)]
        return _Along(path, findings)

    def _judge_revocation(self, along: _Along, at: datetime) -> None:
        authority = _Signers(self, along.path[-1], at)
        for index in reversed(range(len(along.path) - 1)):
            certificate, issuer = along.path[index], along.path[index + 1]
            if index == 0 and self._needs_no_check(certificate):
                continue
            what = Place(along.path, index, at, self._policy)
            try:
                self._judge_one(along, Sources(certificate, issuer, self._evidence, authority, at), what)
            except EcardError as error:
                message = f"whether {what} was revoked cannot be judged: {error}"
                along.findings.append(Finding(FindingCode.REVOCATION_UNKNOWN, message))
        along.changes += authority.changes

    def _needs_no_check(self, certificate: Certificate) -> bool:
        """Whether it is a responder's that its issuer promises to be good while it lasts (RFC 6960, 4.2.2.2.1)."""
        is_responder = self._vouching_for is None and certificate in self._responders[-1:]
        return is_responder and OCSP_NO_CHECK in extensions_of(certificate).all

    def _judge_one(self, along: _Along, sources: Sources, what: Place) -> None:
        certificate, history = sources.certificate, self._evidence.history
        statements = sources.statements()
        known = None if history is None else history.intervals(certificate.issuer, certificate.serial_number)
        question = Question(what, sources.at, self._policy.evidence_tolerance, self._policy.freshness)
        answer = judge(question, statements, known)
        along.findings += answer.findings
        along.relied_on += answer.relied_on
        along.changes += [*sources.changes, *(change for s in statements for change in question.changes(s))]
        if not answer.findings and not answer.relied_on:
            message = _unknown(question, sources, statements)
            along.findings.append(Finding(FindingCode.REVOCATION_UNKNOWN, message))

    def signer_verdict(
        self, signer: Certificate, root: Certificate, at: datetime, *, responder: bool
    ) -> Verdict | None:
        """The verdict on a signer of evidence at a moment, under the same root; None where it is not to be judged."""
        if responder and signer in self._responders:
            return None
        key = (signer, root, at, responder)
        verdict = self._signers.get(key)
        if verdict is None and self._depth < MAX_DEPTH:
            verdict = self._judge_signer(signer, root, at, responder=responder)
            if not verdict.findings or not self._responders:
                # a refusal is perhaps only for want of an answer of the responders being judged
                self._signers[key] = verdict
        return verdict

    def is_supposed_good(self, signer: Certificate) -> bool:
        """Whether the question whether ``signer`` may sign CRLs is the one under way."""
        return signer == self._vouching_for

    def _judge_signer(self, signer: Certificate, root: Certificate, at: datetime, *, responder: bool) -> Verdict:
        policy = self._policy.for_signers()
        nested = Engine(
            self._trust,
            self._evidence,
            policy,
            self._untrusted,
            depth=self._depth + 1,
            responders=(*self._responders, signer) if responder else self._responders,
            vouching_for=None if responder else signer,
            # what is found on the supposition that a signer of CRLs is good stays with that supposition
            signers=self._signers if responder and self._vouching_for is None else None,
        )
        return nested.judge(signer, at, root=root)

    def known_as(self, name: bytes) -> Iterable[Certificate]:
        """Certificates with a subject's name."""
        return self._search.known_as(name)

    @property
    def policy(self) -> ValidationPolicy:
        """What is demanded."""
        return self._policy


class _Signers:
    """Who may sign evidence about the certificates of one path at one moment."""

    def __init__(self, engine: Engine, root: Certificate, at: datetime) -> None:
        self._engine, self._root, self._at = engine, root, at
        self.changes: list[datetime] = []
        """The moments around the one under validation at which an answer given here may change."""

    def may_sign(self, signer: Certificate, at: datetime) -> bool:
        return self._engine.is_supposed_good(signer) or self._is_good(signer, at, responder=False)

    def may_respond(self, responder: Certificate, at: datetime) -> bool:
        return self._is_good(responder, at, responder=True)

    def _is_good(self, signer: Certificate, at: datetime, *, responder: bool) -> bool:
        verdict = self._engine.signer_verdict(signer, self._root, at, responder=responder)
        if verdict is None:
            return False
        if at == self._at:
            self.changes += [verdict.after, verdict.before]
        return not verdict.findings

    def known_as(self, name: bytes) -> Iterable[Certificate]:
        return self._engine.known_as(name)

    def allows(self, algorithm: SignatureAlgorithm) -> bool:
        return self._engine.policy.allows(algorithm, self._at)

    @property
    def is_pedantic(self) -> bool:
        return self._engine.policy.profile is Profile.PEDANTIC


def _unknown(question: Question, sources: Sources, statements: Sequence[Statement]) -> str:
    """The sentence that says what was missing, and from whom."""
    issuer = sources.issuer
    key_id = extensions_of(issuer).subject_key_id
    who = display_name(issuer.subject) + (f" (key identifier {key_id.hex()})" if key_id else "")
    wanted = f"no CRL or OCSP response of {who} speaks of {question.at:%Y-%m-%d %H:%M:%S} UTC"
    seen = [f"{s.source} {_why_not(question, s)}" for s in statements]
    details = "; ".join([*dict.fromkeys([*seen, *sources.rejected])][:MAX_SHOWN]) or "none was given"
    return f"whether {question.what} was revoked is not known: {wanted} ({details})"


def _why_not(question: Question, statement: Statement) -> str:
    if not statement.reasons:
        return "is a delta without its base, or of a signer that is not good then"
    if question.covers(statement):
        return "speaks of some reasons only"
    return "is later" if question.is_later(statement) else "ends before it"
