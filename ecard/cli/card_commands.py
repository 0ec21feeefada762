"""``ecard card``: what a card is, its PIN, its certificates and keys; for any PIV card, real or simulated."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated, Any, Final

import typer

from ecard.apdu.pcsc import list_readers
from ecard.apdu.piv import PivSession
from ecard.apdu.words import Slot
from ecard.cli import card_key_commands, card_pin_commands
from ecard.cli.card_options import CardAddress, TraceFile, open_piv
from ecard.errors import CardError, EcardError, NotSupportedByCardError, ObjectNotFoundError
from ecard.pki.identity import CardIdentity

app: Final = typer.Typer(help="Look at cards, and manage them.", no_args_is_help=True)
app.add_typer(card_pin_commands.app, name="pin")
app.add_typer(card_key_commands.certificate_app, name="certificate")
app.add_typer(card_key_commands.key_app, name="key")

_MAIN_SLOTS: Final = (Slot.AUTHENTICATION, Slot.SIGNATURE, Slot.KEY_MANAGEMENT, Slot.CARD_AUTHENTICATION)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command("list")
def list_cards(as_json: AsJson = False) -> int:
    """List the PC/SC readers and their cards. Exit status: 0 at least one card, 1 none, 2 could not ask."""
    readers = list_readers()
    if as_json:
        rows = [{"reader": r.name, "atr": r.atr.hex().upper(), "problem": r.reason and r.reason.value} for r in readers]
        print(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        for reader in readers:
            state = reader.reason.value if reader.reason else f"card {reader.atr.hex().upper()}"
            print(f"{reader.name}: {state}")
    return 0 if any(reader.reason is None for reader in readers) else 1


@app.command()
def info(card: CardAddress, as_json: AsJson = False, trace: TraceFile = None) -> None:
    """Say what a card is: version, serial number, tries left, and what is in its slots. Spends no try."""
    with open_piv(card, trace) as piv:
        facts = _facts(piv)
    if as_json:
        print(json.dumps(facts, ensure_ascii=False, indent=2))
        return
    slots = facts.pop("slots")
    for name, value in facts.items():
        print(f"{name.replace('_', ' ')}: {'not told' if value is None else value}")
    for slot, found in slots.items():
        print(f"slot {slot}: {_slot_in_words(found)}")


def _facts(piv: PivSession) -> dict[str, Any]:
    chuid = _told(piv.chuid)
    return {
        "card": piv.name,
        "atr": piv.session.atr.hex().upper() or None,
        "version": _told(lambda: str(piv.version())),
        "serial": _told(piv.serial),
        "guid": str(chuid.guid) if chuid and chuid.guid else None,
        "pin_tries": _told(piv.pin_tries),
        "puk_tries": _told(piv.puk_tries),
        "slots": {f"{slot:02X}": found for slot in _MAIN_SLOTS if (found := _slot(piv, slot))},
    }


def _told(question: Callable[[], Any]) -> Any:
    """The answer, or None where the card has none: a card that lacks a function is still a card."""
    with suppress(NotSupportedByCardError, ObjectNotFoundError):
        return question()
    return None


def _slot(piv: PivSession, slot: Slot) -> dict[str, Any]:
    found: dict[str, Any] = {}
    with suppress(CardError):
        metadata = piv.metadata(slot)
        found["key"] = metadata.kind.value if metadata.kind else f"algorithm {metadata.algorithm_id:02X}"
    certificate = _told(lambda: piv.read_certificate(slot))
    if certificate is None:
        return found
    found["certificate_number"] = f"{certificate.serial_number:x}"
    found["not_after"] = certificate.not_after.isoformat().replace("+00:00", "Z")
    with suppress(EcardError):
        found.setdefault("key", certificate.public_key.kind.value)
    with suppress(EcardError):
        identity = CardIdentity.from_certificate(certificate)
        found["certificate_number"] = identity.certificate_number
        found["role"], found["enterprise"] = identity.role, identity.enterprise_name
    return found


def _slot_in_words(found: dict[str, Any]) -> str:
    if "certificate_number" not in found:
        return f"{found['key']} key without a certificate"
    role = f", {found['role']} card of {found['enterprise']}" if found.get("role") else ""
    kind = found.get("key", "unknown kind of key")
    return f"{kind}, certificate {found['certificate_number']} until {found['not_after'][:10]}{role}"
