"""A simulated card's memory as JSON: written whole, read with every field checked."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, TypeVar

from ecard.algorithms import KeyKind
from ecard.apdu.words import ManagementAlgorithm, Origin, PinUse, Slot, TouchUse
from ecard.errors import EcardError
from ecard.simulator.behaviour import Behaviour
from ecard.simulator.profile import Profile
from ecard.simulator.randomness import Randomness, SeededRandomness, SystemRandomness
from ecard.simulator.reference import SALT_SIZE, RetryReference
from ecard.simulator.settings import AlgorithmSettings
from ecard.simulator.slots import SlotKey
from ecard.simulator.state import ManagementKey, Memory

FORMAT: Final = "ecard simulated card"
VERSION: Final = 1
_Read = TypeVar("_Read")


class UnreadableError(Exception):
    """The text is no simulated card that this version can read; the message says why. Never leaves the simulator."""

    def __init__(self, why: str, *, remedy: str | None = None) -> None:
        super().__init__(why)
        self.remedy = remedy


def write(memory: Memory) -> bytes:
    """``memory`` as the content of a card file. It holds the private keys in clear."""
    card = _card(memory)
    head = {"format": FORMAT, "version": VERSION, "sha256": _checksum(card)}
    return json.dumps({**head, "card": card}, indent=1).encode() + b"\n"


def read(content: bytes) -> Memory:
    """The memory that ``write`` wrote. Raises UnreadableError for anything else."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        raise UnreadableError("it is not JSON") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise UnreadableError("it is not the file of a simulated card")
    if document.get("version") != VERSION:
        raise UnreadableError(
            f"it was written by another version of ecard, and this one reads files of version {VERSION} alone",
            remedy="use the newest ecard, or make a new card with: ecard simulator new FILE",
        )
    card = document.get("card")
    if document.get("sha256") != _checksum(card):
        raise UnreadableError("its checksum does not fit its content")
    try:
        return _memory(_Fields(card))
    except (KeyError, TypeError, ValueError, EcardError):
        raise UnreadableError("a field is missing or has a value that it cannot have") from None


def _checksum(card: object) -> str:
    return hashlib.sha256(json.dumps(card, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _card(memory: Memory) -> dict[str, Any]:
    return {
        "profile": _profile_out(memory.profile),
        "serial": memory.serial,
        "pin": _reference_out(memory.pin),
        "puk": _reference_out(memory.puk),
        "management": {
            "algorithm": memory.management.algorithm.value,
            "key": _text(memory.management.value),
            "touch": memory.management.touch.value,
        },
        "objects": {f"{tag:X}": _text(content) for tag, content in sorted(memory.objects.items())},
        "keys": {f"{slot:02X}": _key_out(key) for slot, key in sorted(memory.keys.items())},
        "source": _source_out(memory.source),
        "settings": memory.settings.write().hex(),
    }


def _memory(card: _Fields) -> Memory:
    return Memory(
        profile=_profile_in(card.inner("profile")),
        serial=card.number("serial", 0, (1 << 32) - 1),
        pin=_reference_in(card.inner("pin")),
        puk=_reference_in(card.inner("puk")),
        management=_management_in(card.inner("management")),
        objects=card.table("objects", lambda tag: _number(int(tag, 16), 1, 0xFFFFFF), _octets),
        keys=card.table("keys", lambda slot: Slot(int(slot, 16)), lambda key: _key_in(_Fields(key))),
        source=_source_in(card.inner("source")),
        settings=_settings_in(card.text("settings")),
    )


def _profile_out(profile: Profile) -> dict[str, Any]:
    return {
        "name": profile.name,
        "atr": profile.atr.hex(),
        "version": list(profile.version),
        "label": profile.label,
        "algorithms": {f"{number:02X}": kind.value for number, kind in profile.algorithms.items()},
        "management": profile.management.value,
        "object_limit": profile.object_limit,
        "behaviours": sorted(behaviour.value for behaviour in profile.behaviours),
    }


def _profile_in(stored: _Fields) -> Profile:
    major, minor, patch = (_number(part, 0, 255) for part in stored.items("version"))
    return Profile(
        name=stored.text("name"),
        atr=_atr_in(stored.text("atr")),
        version=(major, minor, patch),
        label=stored.text("label"),
        algorithms=MappingProxyType(
            stored.table("algorithms", lambda number: _number(int(number, 16), 1, 255), KeyKind)
        ),
        management=ManagementAlgorithm(stored.number("management", 0, 255)),
        object_limit=stored.number("object_limit", 0, 65535),
        behaviours=frozenset(Behaviour(name) for name in stored.items("behaviours")),
    )


def _atr_in(text: str) -> bytes:
    atr = bytes.fromhex(text)
    _number(len(atr), 2, 33)
    return atr


def _reference_out(reference: RetryReference) -> dict[str, Any]:
    salted = {"salt": _text(reference.salt), "hashed": _text(reference.hashed)}
    return {**salted, "tries": reference.tries, "left": reference.left}


def _reference_in(stored: _Fields) -> RetryReference:
    tries = stored.number("tries", 1, 255)
    salt, hashed = stored.octets("salt", SALT_SIZE), stored.octets("hashed", hashlib.sha256().digest_size)
    return RetryReference(salt, hashed, tries, stored.number("left", 0, tries))


def _management_in(stored: _Fields) -> ManagementKey:
    algorithm = ManagementAlgorithm(stored.number("algorithm", 0, 255))
    touch = TouchUse(stored.number("touch", 0, 255))
    return ManagementKey(algorithm, stored.octets("key", algorithm.key_size), touch)


def _key_out(key: SlotKey) -> dict[str, Any]:
    policies = {"pin": key.pin.value, "touch": key.touch.value, "origin": key.origin.value}
    return {"kind": key.kind.value, **policies, "pkcs8": _text(key.pkcs8)}


def _key_in(stored: _Fields) -> SlotKey:
    pin, touch = PinUse(stored.number("pin", 0, 255)), TouchUse(stored.number("touch", 0, 255))
    origin = Origin(stored.number("origin", 0, 255))
    return SlotKey(KeyKind(stored.text("kind")), stored.octets("pkcs8"), pin, touch, origin)


def _source_out(source: Randomness) -> dict[str, Any]:
    if isinstance(source, SeededRandomness):
        return {"seed": _text(source.seed), "drawn": source.drawn}
    return {"seed": None}


def _source_in(stored: _Fields) -> Randomness:
    if stored.value("seed") is None:
        return SystemRandomness()
    return SeededRandomness(stored.octets("seed"), stored.number("drawn", 0, 1 << 62))


def _settings_in(text: str) -> AlgorithmSettings:
    settings = AlgorithmSettings.read(bytes.fromhex(text))
    if settings is None:
        raise ValueError
    return settings


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _octets(text: object) -> bytes:
    if not isinstance(text, str):
        raise TypeError
    return base64.b64decode(text, validate=True)


def _number(value: object, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ValueError
    return value


@dataclass(frozen=True, slots=True)
class _Fields:
    """A JSON object whose fields are fetched with their type checked; any builtin error means "damaged"."""

    stored: Any

    def value(self, name: str) -> object:
        if not isinstance(self.stored, dict):
            raise TypeError
        return self.stored[name]

    def inner(self, name: str) -> _Fields:
        return _Fields(self.value(name))

    def text(self, name: str) -> str:
        value = self.value(name)
        if not isinstance(value, str):
            raise TypeError
        value.encode()  # JSON can hold halves of characters, which nothing else can
        return value

    def number(self, name: str, least: int, most: int) -> int:
        return _number(self.value(name), least, most)

    def octets(self, name: str, size: int | None = None) -> bytes:
        data = _octets(self.value(name))
        if size is not None and len(data) != size:
            raise ValueError
        return data

    def items(self, name: str) -> list[Any]:
        value = self.value(name)
        if not isinstance(value, list):
            raise TypeError
        return value

    def table(self, name: str, key: Callable[[str], Any], content: Callable[[Any], _Read]) -> dict[Any, _Read]:
        value = self.value(name)
        if not isinstance(value, Mapping):
            raise TypeError
        return {key(k): content(v) for k, v in value.items()}
