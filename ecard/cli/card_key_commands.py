"""``ecard card certificate`` and ``ecard card key``: what is in a card's slots."""

from __future__ import annotations

import os
import sys
from base64 import b64encode
from enum import StrEnum
from pathlib import Path
from textwrap import wrap
from typing import Annotated, Final

import typer

from ecard.algorithms import KeyKind
from ecard.apdu.words import PinUse
from ecard.cli.card_options import (
    CardAddress,
    SlotName,
    TraceFile,
    management_key,
    open_piv,
    parse_slot,
)
from ecard.errors import InvalidInputError
from ecard.files import write_atomically

certificate_app: Final = typer.Typer(help="Certificates on a card.", no_args_is_help=True)
key_app: Final = typer.Typer(help="Keys on a card.", no_args_is_help=True)

_PEM_LINE: Final = 64
"""Characters of a line (RFC 7468, section 2)."""
OutputFile = Annotated[
    str | None, typer.Option("-o", "--output", metavar="FILE", help="Where it goes; standard output by default.")
]


class NewKey(StrEnum):
    """What can be generated."""

    P256 = "p256"
    P384 = "p384"
    RSA2048 = "rsa2048"
    RSA3072 = "rsa3072"
    RSA4096 = "rsa4096"
    SM2 = "sm2"


class PinNeed(StrEnum):
    """When the new key wants the PIN."""

    DEFAULT = "default"
    NEVER = "never"
    ONCE = "once"
    ALWAYS = "always"


@certificate_app.callback()
def _certificates() -> None:
    """Certificates on a card."""


@certificate_app.command()
def export(
    card: CardAddress,
    slot: SlotName = "9C",
    output: OutputFile = None,
    chain: Annotated[bool, typer.Option("--chain", help="The issuers' certificates on the card too.")] = False,
    trace: TraceFile = None,
) -> None:
    """Write the certificate of a slot as PEM (text).

    Example: ecard card certificate export --card pcsc --slot 9C -o card.pem
    """
    target = _target(output)
    with open_piv(card, trace) as piv:
        found = [piv.read_certificate(parse_slot(slot)), *(piv.read_issuers() if chain else ())]
    _write("".join(certificate.pem() for certificate in found), target)


@key_app.callback()
def _keys() -> None:
    """Keys on a card."""


@key_app.command()
def generate(
    card: CardAddress,
    slot: SlotName = "9C",
    algorithm: Annotated[NewKey, typer.Option(help="The kind of key.")] = NewKey.P256,
    pin_use: Annotated[PinNeed, typer.Option("--pin", help="When the key wants the PIN.")] = PinNeed.DEFAULT,
    output: OutputFile = None,
    trace: TraceFile = None,
) -> None:
    """Make a new key on the card and write its public half as PEM (text); a key that was in the slot is lost.

    The management key is the factory's, or the environment variable ECARD_MANAGEMENT_KEY in hexadecimal.

    Example: ecard card key generate --card pcsc --slot 9A --algorithm p256 -o key.pem
    """
    where, target = parse_slot(slot), _target(output)
    with open_piv(card, trace) as piv:
        piv.authenticate_management_key(management_key())
        public_key = piv.generate_key(where, KeyKind(algorithm.value), pin_use=PinUse[pin_use.name])
    body = "\n".join(wrap(b64encode(public_key.spki).decode(), _PEM_LINE))
    _write(f"-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n", target)


def _target(output: str | None) -> Path | None:
    """Where the output goes, None for standard output; looked at before the card is, so that no key is lost for it."""
    if output in {None, "-"}:
        return None
    target = Path(str(output))
    if not os.access(target.parent, os.W_OK | os.X_OK) or target.is_dir():
        raise InvalidInputError(f"{target}: cannot be written", remedy="name a file in a directory that is there")
    return target


def _write(text: str, target: Path | None) -> None:
    if target is None:
        sys.stdout.write(text)
    else:
        write_atomically(target, text.encode())
