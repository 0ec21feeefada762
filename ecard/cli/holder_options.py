"""What a command is told of a PIN's holder, and the policy that it checks the PIN with."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from ecard.errors import InvalidInputError
from ecard.pin import HolderFacts, PinPolicy

Telephones = Annotated[
    list[str] | None,
    typer.Option("--telephone", metavar="N", help="A telephone number, in any writing. May be repeated."),
]
BirthDates = Annotated[
    list[str] | None, typer.Option("--birth-date", metavar="D", help="A birth date, as 1988-04-01. May be repeated.")
]
IdentityNumbers = Annotated[
    list[str] | None, typer.Option("--identity-number", metavar="N", help="18 or 15 characters. May be repeated.")
]
OrganisationCodes = Annotated[
    list[str] | None,
    typer.Option("--organisation-code", metavar="CODE", help="9 or 18 characters. May be repeated."),
]
CardNumbers = Annotated[
    list[str] | None, typer.Option("--card-number", metavar="N", help="The card's number. May be repeated.")
]
PolicyFile = Annotated[Path | None, typer.Option("--policy", metavar="FILE", help="Changes to the policy, in TOML.")]


def facts_of(
    telephones: list[str] | None,
    birth_dates: list[str] | None,
    identity_numbers: list[str] | None,
    organisation_codes: list[str] | None = None,
    card_numbers: list[str] | None = None,
) -> HolderFacts:
    """The facts that the options give. Raises InvalidInputError, without showing what was given."""
    return HolderFacts(
        telephones=telephones or (),
        birth_dates=[_day(text) for text in birth_dates or ()],
        identity_numbers=identity_numbers or (),
        organisation_codes=organisation_codes or (),
        card_numbers=card_numbers or (),
    )


def policy_of(file: Path | None) -> PinPolicy:
    """The default policy of today, with the changes in ``file``."""
    today = datetime.now(UTC).date()
    if file is None:
        return PinPolicy.default(today=today)
    try:
        return PinPolicy.from_toml(file, today=today)
    except InvalidInputError as error:
        raise InvalidInputError(f"{file}: {error.what}", remedy="docs/pin-policy.md shows such a file") from None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInputError(
            "a birth date is not a date", remedy="write it as in ISO 8601, such as 1988-04-01"
        ) from None
