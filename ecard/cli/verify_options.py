"""Options of the commands that verify: whom to trust, who may have signed, and for which moment."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ecard.cli.options import parse_moment, print_json, require_spared
from ecard.cli.progress import waiting
from ecard.cli.report_words import as_page, in_words
from ecard.documents.report import Report
from ecard.documents.signers import ANY_ENTERPRISE, AnyCard, AnyLegalPerson, AnyOperator, SignerPolicy, UnsafeAnyone
from ecard.errors import InvalidInputError
from ecard.files import write_atomically
from ecard.pki.evidence import Evidence


class Role(StrEnum):
    """Whose card has to have signed."""

    LEGAL_PERSON = "legal-person"
    OPERATOR = "operator"


TrustFiles = Annotated[
    list[Path], typer.Option("--trust", metavar="FILE", help="A trusted root certificate, PEM or DER. May be repeated.")
]
CrlFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--crl",
        metavar="FILE|DIR",
        help="A list of revoked certificates (CRL), or a directory of them. May be repeated.",
    ),
]
RoleName = Annotated[
    Role | None,
    typer.Option("--role", help="Accept only this kind of card: legal-person (法人卡) or operator (操作员卡)."),
]
EnterpriseCode = Annotated[
    str | None,
    typer.Option("--enterprise", metavar="CODE", help="Accept only cards of this enterprise (9 or 18 characters)."),
]
Anyone = Annotated[bool, typer.Option("--anyone", help="Accept any trusted signer.")]
Moment = Annotated[
    str | None,
    typer.Option("--at", metavar="ISO-8601", help="The moment to judge at; now by default, UTC without an offset."),
]
HtmlFile = Annotated[
    str | None,
    typer.Option(
        "--html",
        metavar="FILE",
        help="Write the report to FILE too, as one page of HTML; - is standard output, which then has nothing else.",
    ),
]
UnsafeNoRevocation = Annotated[
    bool, typer.Option("--unsafe-no-revocation", help="Do not ask whether certificates have been revoked.")
]


def evidence_of(paths: list[Path] | None) -> Evidence:
    """The evidence in the files named, and of a directory named in all that end in .crl."""
    with waiting("reading revocation lists"):
        return Evidence.from_files(*paths or ())


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


def print_report(report: Report, *, as_json: bool, html: str | None = None, inputs: Iterable[str | Path] = ()) -> int:
    """Print a report, write its page to the file ``html``, and return the exit status that it leads to.

    InvalidInputError where ``html`` is one of the ``inputs``, the files that were verified and trusted, or standard
    output would have to take the page and JSON.
    """
    if html == "-" and as_json:
        raise InvalidInputError(
            "the page and JSON cannot both go to standard output", remedy="name a file after --html"
        )
    if html == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(as_page(report).encode())
        return 0 if report.accepted else 1
    if html is not None:
        require_spared(Path(html), *inputs)
        write_atomically(Path(html), as_page(report).encode())
    if as_json:
        print_json(report.as_dict())
    else:
        print(in_words(report))
    return 0 if report.accepted else 1
