"""What ``ecard card info`` says of a card: the same facts as JSON and as lines for people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from ecard.apdu.info import CardInfo, SlotInfo
from ecard.apdu.metadata import KeyMetadata
from ecard.certificate import Certificate
from ecard.cli.language import translate
from ecard.errors import EcardError
from ecard.lines import one_line
from ecard.pki.identity import CardIdentity


def as_facts(info: CardInfo) -> dict[str, Any]:
    """The facts for JSON; None is what the card does not tell. ``slots`` has those that hold something."""
    management = info.management_key
    return {
        "card": info.reader,
        "atr": info.atr.hex().upper() or None,
        "label": info.label,
        "version": str(info.version) if info.version else None,
        "serial": info.serial,
        "guid": str(info.guid) if info.guid else None,
        "expires": info.expires.isoformat() if info.expires else None,
        "pin_tries": info.pin_tries,
        "pin_is_default": info.pin.is_default if info.pin else None,
        "puk_tries": info.puk_tries,
        "puk_is_default": info.puk.is_default if info.puk else None,
        "management_key": management.algorithm.name if management and management.algorithm else None,
        "management_key_is_default": management.is_default if management else None,
        "slots": {f"{slot.slot:02X}": _slot(slot) for slot in info.slots},
    }


def _slot(info: SlotInfo) -> dict[str, Any]:
    found = _key(info.key) if info.key else {}
    if info.damaged:
        found["certificate_is_damaged"] = True
    if info.certificate is not None:
        found |= _certificate(info.certificate)
        with suppress(EcardError):
            found.setdefault("key", info.certificate.public_key.kind.value)
    return found


def _key(key: KeyMetadata) -> dict[str, Any]:
    policies = {"pin": key.pin_use, "touch": key.touch_use, "origin": key.origin}
    told = {name: member.name.lower() for name, member in policies.items() if member is not None}
    return {"key": key.kind.value if key.kind else f"algorithm {key.algorithm_id:02X}", **told}


def _certificate(certificate: Certificate) -> dict[str, Any]:
    found: dict[str, Any] = {"certificate_number": certificate.serial_digits}
    found["not_after"] = certificate.not_after.isoformat().replace("+00:00", "Z")
    with suppress(EcardError):
        identity = CardIdentity.from_certificate(certificate)
        found["certificate_number"] = identity.certificate_number
        found["role"], found["enterprise"] = identity.role, identity.enterprise_name
    return found


def in_words(facts: dict[str, Any]) -> Iterator[str]:
    """One line for each fact that the card tells, and for each slot."""
    defaults = {name: facts[f"{name}_is_default"] for name in ("pin", "puk", "management_key")}
    for name, value in facts.items():
        if name == "slots" or name.endswith("_is_default"):
            continue
        told = translate("not told") if value is None else one_line(str(value), None)
        if defaults.get(name.removesuffix("_tries")):
            told += translate(", still the one from the factory")
        yield translate("{name}: {value}", name=translate(name.replace("_", " ")), value=told)
    for slot, found in facts["slots"].items():
        yield translate("slot {slot}: {words}", slot=slot, words=", ".join(_slot_in_words(found)))


def _slot_in_words(found: dict[str, Any]) -> Iterator[str]:
    yield translate("{kind} key", kind=found["key"]) if "key" in found else translate("unknown kind of key")
    if "pin" in found:
        yield translate("pin {value}", value=found["pin"])
    if "touch" in found:
        yield translate("touch {value}", value=found["touch"])
    if "origin" in found:
        yield found["origin"]
    if "certificate_number" in found:
        number, day = found["certificate_number"], found["not_after"][:10]
        yield translate("certificate {number} until {day}", number=number, day=day)
    else:
        yield translate("certificate damaged" if "certificate_is_damaged" in found else "no certificate")
    if found.get("role"):
        enterprise = one_line(found["enterprise"] or translate("an unnamed enterprise"), None)
        yield translate(f"{found['role']} card of {{enterprise}}", enterprise=enterprise)
