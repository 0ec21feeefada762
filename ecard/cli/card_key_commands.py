"""``ecard card key``: making keys on a card, attesting, moving and deleting them."""

from __future__ import annotations

import sys
from contextlib import suppress
from enum import StrEnum
from typing import Annotated, Final

import typer

from ecard.algorithms import KeyKind
from ecard.apdu.piv import PivSession
from ecard.apdu.words import PinUse, Slot
from ecard.cli.card_options import CardAddress, SlotName, TraceFile, management_key, open_piv, own_slot
from ecard.cli.language import translate
from ecard.cli.options import card_file
from ecard.cli.pem_output import OutputFile, pem, target_of, write_pem
from ecard.cli.slot_keys import key_in
from ecard.errors import InvalidInputError, NotSupportedByCardError, ObjectNotFoundError

app: Final = typer.Typer(help="Keys on a card.", no_args_is_help=True)


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


@app.callback()
def _keys() -> None:
    """Keys on a card."""


@app.command()
def generate(
    card: CardAddress,
    slot: SlotName = "9C",
    algorithm: Annotated[NewKey, typer.Option(help="The kind of key.")] = NewKey.P256,
    pin_use: Annotated[PinNeed, typer.Option("--pin", help="When the key wants the PIN.")] = PinNeed.DEFAULT,
    output: OutputFile = None,
    trace: TraceFile = None,
) -> None:
    """Make a new key on the card and write its public half as PEM (text); a key that was in the slot is lost.

    The management key is the factory's, or comes from the environment variable ECARD_MANAGEMENT_KEY.

    Example: ecard card key generate --card pcsc --slot 9A --algorithm p256 -o key.pem
    """
    where, target = own_slot(slot), target_of(output, card_file(card))
    with open_piv(card, trace) as piv:
        piv.authenticate_management_key(management_key())
        public_key = piv.generate_key(where, KeyKind(algorithm.value), pin_use=PinUse[pin_use.name])
    write_pem(pem("PUBLIC KEY", public_key.spki), target)


@app.command()
def attest(card: CardAddress, slot: SlotName = "9C", output: OutputFile = None, trace: TraceFile = None) -> None:
    """Write the card's own statement, a certificate, that the key in a slot was made on the card (YubiKey).

    Its issuer is in slot F9: ecard card certificate export --slot F9.

    Example: ecard card key attest --card pcsc --slot 9C -o attestation.pem
    """
    where, target = own_slot(slot), target_of(output, card_file(card))
    with open_piv(card, trace) as piv:
        key_in(piv, where)
        found = piv.attest(where)
    write_pem(found.pem(), target)


@app.command()
def move(
    card: CardAddress,
    slot: SlotName,
    to: Annotated[str, typer.Option("--to", metavar="SLOT", help="The empty slot that it goes to.")],
    trace: TraceFile = None,
) -> None:
    """Move a key to an empty slot (YubiKey from 5.7). Its certificate stays: import it again in the new slot.

    The management key is the factory's, or comes from the environment variable ECARD_MANAGEMENT_KEY.

    Example: ecard card key move --card pcsc --slot 9D --to 82
    """
    source, destination = own_slot(slot), own_slot(to)
    with open_piv(card, trace) as piv:
        key_in(piv, source)
        _require_empty(piv, destination)
        piv.authenticate_management_key(management_key())
        piv.move_key(source, destination)
    words = "the key in slot {slot} is now in slot {to}"
    sys.stderr.write(translate(words, slot=f"{source:02X}", to=f"{destination:02X}") + "\n")


@app.command()
def delete(card: CardAddress, slot: SlotName, trace: TraceFile = None) -> None:
    """Delete a key for good (YubiKey from 5.7). Its certificate stays: ecard card certificate delete.

    The management key is the factory's, or comes from the environment variable ECARD_MANAGEMENT_KEY.

    Example: ecard card key delete --card pcsc --slot 82
    """
    where = own_slot(slot)
    with open_piv(card, trace) as piv:
        key_in(piv, where)
        piv.authenticate_management_key(management_key())
        piv.delete_key(where)
    sys.stderr.write(translate("the key in slot {slot} is deleted", slot=f"{where:02X}") + "\n")


def _require_empty(piv: PivSession, slot: Slot) -> None:
    """Raise InvalidInputError where the card says that there is a key in ``slot``."""
    with suppress(ObjectNotFoundError, NotSupportedByCardError):
        piv.metadata(slot)
        raise InvalidInputError(f"slot {slot:02X} holds a key already", remedy="name an empty slot, or delete that key")
