"""SELECT, GET DATA and PUT DATA (SP 800-73-5 part 2, sections 3.1.1, 3.1.2 and 3.3.1)."""

from __future__ import annotations

from typing import Final

from ecard.apdu import tlv
from ecard.apdu.command import Command
from ecard.apdu.status import Status
from ecard.apdu.words import NIST_RID, PIV_AID, Object
from ecard.simulator.application import Application
from ecard.simulator.behaviour import Behaviour
from ecard.simulator.refusal import Refusal, require

_BY_NAME: Final = 0x04
_NO_RESPONSE: Final = 0x0C
_CURRENT_APPLICATION: Final = (0x3F, 0xFF)
_TAG_LIST: Final = 0x5C
_CONTENT: Final = 0x53
_WITH_PIN_ONLY: Final = frozenset(
    {Object.FINGERPRINTS, Object.FACIAL_IMAGE, Object.PRINTED_INFORMATION, Object.IRIS_IMAGES}
)
_ALL_OBJECTS_LIMIT: Final = 128 * 1024
"""Content bytes of all data objects together: more than any real card has, and a bound for the card file."""

DISCOVERY: Final = tlv.encode(
    Object.DISCOVERY,
    # the application's own PIN satisfies the access rules, and there is no other (part 1, section 3.3.2)
    [tlv.encode(0x4F, PIV_AID), tlv.encode(0x5F2F, b"\x40\x00")],
)
"""The discovery object."""


def select(card: Application, command: Command) -> bytes:
    """Select the application by its identifier, which may be cut on the right; the PIN status is kept."""
    require(command.p1 == _BY_NAME and command.p2 in (0x00, _NO_RESPONSE), Status.WRONG_P1P2)
    # another application's name changes nothing: the one selected stays so
    require(_is_this_application(card, command.data), Status.NOT_FOUND)
    if card.behaves(Behaviour.SELECT_FORGETS):
        card.power.forget_pin()
        card.power.managed = False
    card.power.selected = True
    if command.p2 == _NO_RESPONSE or card.behaves(Behaviour.SELECT_ANSWERS_NOTHING):
        return b""
    return _property_template(card)


def _is_this_application(card: Application, name: bytes) -> bool:
    if card.behaves(Behaviour.SELECT_RID_OR_FULL_ONLY) and name not in (NIST_RID, PIV_AID):
        return False
    return len(name) >= len(NIST_RID) and PIV_AID.startswith(name)


def _property_template(card: Application) -> bytes:
    label = card.memory.profile.label.encode()
    authority = tlv.encode(0x79, tlv.encode(0x4F, NIST_RID))
    named = tlv.encode(0x50, label) if label else b""
    return tlv.encode(0x61, [tlv.encode(0x4F, PIV_AID[len(NIST_RID) :]), authority, named])


def get_data(card: Application, command: Command) -> bytes:
    """Read a data object."""
    require((command.p1, command.p2) == _CURRENT_APPLICATION, Status.WRONG_P1P2)
    tag = int.from_bytes(tlv.unwrap(command.data, _TAG_LIST, "GET DATA", strict=True), "big")
    if tag == Object.DISCOVERY:
        require(not card.behaves(Behaviour.NO_DISCOVERY), Status.INS_NOT_SUPPORTED)
        return DISCOVERY
    if tag in _WITH_PIN_ONLY:
        require(card.power.pin_verified, Status.SECURITY_NOT_SATISFIED)
    hidden = tag == Object.KEY_HISTORY and card.behaves(Behaviour.NO_KEY_HISTORY)
    content = None if hidden else card.memory.objects.get(tag)
    if content is None:
        raise Refusal(Status.NOT_FOUND)
    return tlv.encode(_CONTENT, content)


def put_data(card: Application, command: Command) -> bytes:
    """Write a data object, or delete it by writing nothing."""
    require((command.p1, command.p2) == _CURRENT_APPLICATION, Status.WRONG_P1P2)
    card.require_management()
    parts = list(tlv.iterate(command.data, strict=True))
    require([tag for tag, _ in parts] == [_TAG_LIST, _CONTENT], Status.WRONG_DATA)
    tag, content = int.from_bytes(parts[0][1], "big"), parts[1][1]
    require(tag >> 8 in (0x5FC1, 0x5FFF), Status.FUNCTION_NOT_SUPPORTED)
    objects = card.memory.objects
    if content:
        others = sum(len(kept) for known, kept in objects.items() if known != tag)
        fits = len(content) <= card.memory.profile.object_limit and others + len(content) <= _ALL_OBJECTS_LIMIT
        require(fits, Status.NOT_ENOUGH_MEMORY)
        objects[tag] = content
    else:
        objects.pop(tag, None)
    card.changed = True
    return b""
