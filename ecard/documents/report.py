"""What was found out about one signature: one report for every kind of document."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from ecard.certificate import Certificate
from ecard.documents.report_page import Section, page
from ecard.errors import VerificationError
from ecard.findings import Finding, Indication, overall
from ecard.lines import one_line
from ecard.pki.validation_names import display_name

if TYPE_CHECKING:
    from ecard.pki.identity import CardIdentity
    from ecard.pki.validation import ValidatedCertificate

KINDS: Final = {Indication.PASSED: "passed", Indication.FAILED: "failed", Indication.INDETERMINATE: "open"}
"""How the outcome is coloured on a page."""
_ROLE_WORDS: Final = {"legal-person": "legal person", "operator": "operator"}


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class Report:
    """The outcome of verifying a signature at a moment (ETSI EN 319 102-1, section 5.1.3).

    What the certificate and the signature say of themselves (``signer``, ``signing_time``) is there as soon as it can
    be read, also where the signature is not accepted: then it is a claim, no more. ``str`` is for people and shows
    the signer's name; ``repr`` shows nothing of a person.
    """

    at: datetime
    """The moment for which the signature was judged."""
    reasons: tuple[Finding, ...] = ()
    """Everything that speaks against the signature; empty where it is accepted."""
    certificate: Certificate | None = None
    """The signer's."""
    signer: CardIdentity | None = None
    """What the certificate says of the signer."""
    signing_time: datetime | None = None
    """When the signer says to have signed. Nobody else vouches for it."""
    algorithm: str | None = None
    """The name of the signature algorithm, ``ECDSA-SHA256`` for example."""
    validated: ValidatedCertificate | None = None
    """The certificate as it was validated for ``at``, with its path; None where it was found wrong."""
    notes: tuple[str, ...] = ()
    """What a reader should know although it speaks not against the signature: an old algorithm that was let pass."""

    @property
    def accepted(self) -> bool:
        """Whether nothing speaks against the signature."""
        return not self.reasons

    @property
    def evidence(self) -> tuple[str, ...]:
        """On what the judgement of the certificate rests, a line each: its path, and what was known of revocation."""
        if self.validated is None:
            return ()
        issuers = " under ".join(display_name(issuer.subject) for issuer in self.validated.path[1:])
        path = f"a certificate issued by {issuers}" if issuers else "a certificate that is itself trusted"
        return (path, *self.validated.evidence)

    @property
    def indication(self) -> Indication:
        """Passed, failed or indeterminate, as the reasons together lead to."""
        return overall(self.reasons)

    def require_accepted(self) -> Report:
        """This report, or VerificationError with it where the signature is not accepted."""
        if self.reasons:
            more = f" (and {len(self.reasons) - 1} more)" if len(self.reasons) > 1 else ""
            raise VerificationError(f"not accepted: {self.reasons[0].message}{more}", report=self)
        return self

    def as_dict(self) -> dict[str, Any]:
        """The report for programs, ready for JSON; times in ISO 8601 with Z, what is not known is None."""
        return {
            "accepted": self.accepted,
            "indication": self.indication.value,
            "reasons": [{"code": finding.code.label, "message": finding.message} for finding in self.reasons],
            "signer": None if self.signer is None else _signer_as_dict(self.signer),
            "signing_time": None if self.signing_time is None else _iso(self.signing_time),
            "algorithm": self.algorithm,
            "at": _iso(self.at),
            "evidence": list(self.evidence),
            "notes": list(self.notes),
        }

    def html(self, *, title: str = "Verification report") -> str:
        """The report as one page of HTML that needs no other file: for a person, an archive or a mail.

        It shows the signer's name and numbers, as ``str`` does. Everything out of the document and its certificates
        is escaped, and the page runs nothing and loads nothing. ``title`` stands on top: the document's name, say.
        """
        verdict = "Accepted" if self.accepted else "Not accepted"
        return page(title, verdict, self.indication.value, KINDS[self.indication], self._sections())

    def _sections(self) -> tuple[Section, ...]:
        """What the page shows below the verdict; a section without lines is left out."""
        circumstances = (
            ("Signing time, as the signer says", "" if self.signing_time is None else _iso(self.signing_time)),
            ("Judged for", _iso(self.at)),
            ("Algorithm", self.algorithm or ""),
        )
        return (
            Section("Why not", [(finding.code.label, finding.message) for finding in self.reasons]),
            Section("Signed by" if self.accepted else "Claims to be signed by", _signer_rows(self.signer)),
            Section("When and how", [row for row in circumstances if row[1]]),
            Section("On what evidence", [(line,) for line in self.evidence]),
            Section("Notes", [(line,) for line in self.notes]),
        )

    def __str__(self) -> str:
        lines = [f"{'ACCEPTED' if self.accepted else 'NOT ACCEPTED'} ({self.indication.value})"]
        lines += [f"  - {finding.message}" for finding in self.reasons]
        if self.signer is not None:
            lines += _signer_lines(self.signer, "signed by" if self.accepted else "claims to be signed by")
        if self.signing_time is not None:
            lines.append(f"signing time, as the signer says: {_iso(self.signing_time)}")
        lines.append(f"judged for {_iso(self.at)}" + (f", {self.algorithm}" if self.algorithm else ""))
        lines += [f"on {line}" for line in self.evidence]
        lines += [f"note: {line}" for line in self.notes]
        return "\n".join(lines)

    def __repr__(self) -> str:
        reasons = ", ".join(finding.code.label for finding in self.reasons)
        return f"<Report {self.indication.value}{': ' if reasons else ''}{reasons}>"


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _signer_as_dict(signer: CardIdentity) -> dict[str, str | None]:
    return {
        "name": signer.holder_name,
        "role": signer.role,
        "enterprise": signer.enterprise_name,
        "organisation_code": signer.organisation_code,
        "card_number": signer.card_number,
        "certificate_number": signer.certificate_number,
    }


def _signer_rows(signer: CardIdentity | None) -> list[tuple[str, str]]:
    if signer is None:
        return []
    rows = (
        ("Holder", signer.holder_name),
        ("Role", _ROLE_WORDS.get(signer.role or "", signer.role)),
        ("Enterprise", signer.enterprise_name),
        ("Organisation code", signer.organisation_code),
        ("Card", signer.card_number),
        ("Certificate", signer.certificate_number),
    )
    return [(name, one_line(value)) for name, value in rows if value]


def _signer_lines(signer: CardIdentity, verb: str) -> list[str]:
    role = f" ({_ROLE_WORDS[signer.role]})" if signer.role in _ROLE_WORDS else ""
    card = f", card {one_line(signer.card_number)}" if signer.card_number else ""
    name = one_line(signer.holder_name or "a holder without a name")
    lines = [f"{verb} {name}{role}{card}, certificate {signer.certificate_number}"]
    if signer.enterprise_name or signer.organisation_code:
        enterprise = one_line(signer.enterprise_name or "an enterprise without a name")
        lines.append(f"for {enterprise} (organisation code {one_line(signer.organisation_code or 'not given')})")
    return lines
