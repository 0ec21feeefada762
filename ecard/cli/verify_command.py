"""``ecard verify``: is this signature of this file good, and by whom."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ecard.cli.options import open_document, parse_moment, read_bounded
from ecard.documents import cms
from ecard.documents.bounds import MAX_SIGNATURE_SIZE
from ecard.documents.signers import ANY_ENTERPRISE, AnyCard, AnyLegalPerson, AnyOperator, SignerPolicy, UnsafeAnyone
from ecard.errors import InvalidInputError
from ecard.pki.evidence import Evidence
from ecard.pki.policy import Revocation, ValidationPolicy
from ecard.pki.trust import Trust


class Role(StrEnum):
    """Whose card has to have signed."""

    LEGAL_PERSON = "legal-person"
    OPERATOR = "operator"


def verify(
    file: Annotated[str, typer.Argument(help="The signed document; - is standard input.")],
    signature: Annotated[str, typer.Argument(help="Its detached signature (.p7s), DER or PEM; - is standard input.")],
    trust: Annotated[list[Path], typer.Option(help="A trusted root certificate, PEM or DER. May be repeated.")],
    crl: Annotated[list[Path] | None, typer.Option(help="A CRL, or a directory of them. May be repeated.")] = None,
    role: Annotated[Role | None, typer.Option(help="Accept only this kind of card.")] = None,
    enterprise: Annotated[
        str | None, typer.Option(metavar="CODE", help="Accept only cards of this enterprise (9 or 18 characters).")
    ] = None,
    anyone: Annotated[bool, typer.Option("--anyone", help="Accept any trusted signer.")] = False,
    at: Annotated[
        str | None,
        typer.Option(metavar="ISO-8601", help="The moment to judge at; now by default, UTC without an offset."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as one JSON object.")] = False,
    unsafe_no_revocation: Annotated[
        bool, typer.Option("--unsafe-no-revocation", help="Do not ask whether certificates have been revoked.")
    ] = False,
) -> int:
    """Verify a detached signature. Exit status: 0 accepted, 1 not accepted (the report says why), 2 could not run.

    Example: ecard verify contract.txt contract.txt.p7s --trust root.pem --crl crls/ --role operator
    """
    if file == signature == "-":
        raise InvalidInputError("the document and the signature cannot both be standard input")
    report = cms.inspect(
        open_document(file),
        read_bounded(signature, MAX_SIGNATURE_SIZE, "a signature"),
        trust=Trust.load(*trust),
        evidence=Evidence.from_files(*_crl_files(crl or [])),
        signer=_signer_policy(role, enterprise, anyone=anyone),
        at=parse_moment(at) if at else datetime.now(UTC),
        policy=ValidationPolicy(
            revocation=Revocation.UNSAFE_NOT_CHECKED if unsafe_no_revocation else Revocation.REQUIRED
        ),
    )
    text = json.dumps(report.as_dict(), ensure_ascii=False, indent=2) if as_json else str(report)
    sys.stdout.write(text + "\n")
    return 0 if report.accepted else 1


def _crl_files(paths: list[Path]) -> list[Path]:
    """The files named, and of a directory named all that end in .crl."""
    return [file for path in paths for file in (sorted(path.glob("*.crl")) if path.is_dir() else [path])]


def _signer_policy(role: Role | None, enterprise: str | None, *, anyone: bool) -> SignerPolicy:
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
