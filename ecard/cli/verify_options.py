"""Options of the commands that verify: whom to trust, who may have signed, and for which moment."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ecard.cli.options import parse_moment
from ecard.documents.report import Report
from ecard.documents.signers import ANY_ENTERPRISE, AnyCard, AnyLegalPerson, AnyOperator, SignerPolicy, UnsafeAnyone
from ecard.errors import InvalidInputError
from ecard.pki.evidence import Evidence


class Role(StrEnum):
    """Whose card has to have signed."""

    LEGAL_PERSON = "legal-person"
    OPERATOR = "operator"


TrustFiles = Annotated[
    list[Path], typer.Option("--trust", help="A trusted root certificate, PEM or DER. May be repeated.")
]
CrlFiles = Annotated[list[Path] | None, typer.Option("--crl", help="A CRL, or a directory of them. May be repeated.")]
RoleName = Annotated[Role | None, typer.Option("--role", help="Accept only this kind of card.")]
EnterpriseCode = Annotated[
    str | None,
    typer.Option("--enterprise", metavar="CODE", help="Accept only cards of this enterprise (9 or 18 characters)."),
]
Anyone = Annotated[bool, typer.Option("--anyone", help="Accept any trusted signer.")]
Moment = Annotated[
    str | None,
    typer.Option("--at", metavar="ISO-8601", help="The moment to judge at; now by default, UTC without an offset."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the report as one JSON object.")]
UnsafeNoRevocation = Annotated[
    bool, typer.Option("--unsafe-no-revocation", help="Do not ask whether certificates have been revoked.")
]


def evidence_of(paths: list[Path] | None) -> Evidence:
    """The evidence in the files named, and of a directory named in all that end in .crl."""
    files = [file for path in paths or [] for file in (sorted(path.glob("*.crl")) if path.is_dir() else [path])]
    return Evidence.from_files(*files)


def moment_of(text: str | None) -> datetime:
    """The moment asked for, or now."""
    return parse_moment(text) if text else datetime.now(UTC)


def signer_policy(role: Role | None, enterprise: str | None, *, anyone: bool) -> SignerPolicy:
    """Who may have signed. InvalidInputError where it was not said, or said twice."""
    if anyone and (role or enterprise):
        raise InvalidInputError("--anyone contradicts --role and --enterprise")
    if anyone:
        return UnsafeAnyone()
    if role is None and enterprise is None:
        raise InvalidInputError(
            "it was not said who may have signed", remedy="give --role, --enterprise or both, or --anyone"
        )
    of = ANY_ENTERPRISE if enterprise is None else enterprise
    if role is None:
        return AnyCard(of=of)
    return AnyOperator(of=of) if role is Role.OPERATOR else AnyLegalPerson(of=of)


def print_report(report: Report, *, as_json: bool) -> int:
    """Print a report and return the exit status that it leads to."""
    text = json.dumps(report.as_dict(), ensure_ascii=False, indent=2) if as_json else str(report)
    sys.stdout.write(text + "\n")
    return 0 if report.accepted else 1
