"""``ecard card certificate`` and ``ecard card key``: what is in a card's slots."""

from __future__ import annotations

import sys
from base64 import encodebytes
from enum import StrEnum
from pathlib import Path
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
from ecard.files import write_atomically

certificate_app: Final = typer.Typer(help="Certificates on a card.", no_args_is_help=True)
key_app: Final = typer.Typer(help="Keys on a card.", no_args_is_help=True)

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
    """Write the certificate of a slot as PEM."""
    with open_piv(card, trace) as piv:
        found = [piv.read_certificate(parse_slot(slot)), *(piv.read_issuers() if chain else ())]
    _write("".join(certificate.pem() for certificate in found), output)


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
    """Make a new key on the card and write its public half as PEM; a key that was in the slot is lost.

    The management key is the factory's, or the environment variable ECARD_MANAGEMENT_KEY in hexadecimal.
    """
    with open_piv(card, trace) as piv:
        piv.authenticate_management_key(management_key())
        kind = KeyKind(algorithm.value)
        public_key = piv.generate_key(parse_slot(slot), kind, pin_use=PinUse[pin_use.name])
    body = encodebytes(public_key.spki).decode()
    _write(f"-----BEGIN PUBLIC KEY-----\n{body}-----END PUBLIC KEY-----\n", output)


def _write(text: str, output: str | None) -> None:
    if output in {None, "-"}:
        sys.stdout.write(text)
    else:
        write_atomically(Path(str(output)), text.encode())
