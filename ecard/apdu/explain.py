"""A trace in words: one command per line, what it asks and what the card answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from ecard.apdu import words
from ecard.apdu.command import CHAINING, Command
from ecard.apdu.status import Status, explain, in_words, tries_left
from ecard.apdu.tlv import iterate
from ecard.apdu.trace import Exchange, Trace, unmask
from ecard.apdu.words import Ins, ManagementAlgorithm, Object, Reference, Slot
from ecard.errors import CardProtocolError

_MOST_OF_A_TAG: Final = 3
_ALGORITHMS: Final = {
    words.RSA1024: "RSA-1024",
    words.RSA2048: "RSA-2048",
    words.RSA3072: "RSA-3072",
    words.RSA4096: "RSA-4096",
    words.P256: "P-256",
    words.P384: "P-384",
}
_REFERENCES: Final = {
    Reference.GLOBAL_PIN: "the global PIN",
    Reference.PIN: "the PIN",
    Reference.PUK: "the PUK",
    Reference.BIOMETRIC: "the fingerprint",
    Reference.MANAGEMENT_KEY: "the management key",
}
_OBJECTS: Final = {
    Object.DISCOVERY: "the discovery object",
    Object.BIOMETRIC_TEMPLATE: "the biometric template",
    Object.CHUID: "the card holder unique identifier",
    Object.FINGERPRINTS: "the fingerprints",
    Object.SECURITY: "the security object",
    Object.CAPABILITY_CONTAINER: "the card capability container",
    Object.FACIAL_IMAGE: "the facial image",
    Object.PRINTED_INFORMATION: "the printed information",
    Object.KEY_HISTORY: "the key history",
    Object.IRIS_IMAGES: "the iris images",
    Object.ISSUERS: "the issuers' certificates",
    **{slot.certificate_object: f"the certificate of slot {slot:02X}" for slot in Slot},
}


def explain_trace(trace: Trace) -> Iterator[str]:
    """One line for each exchange of ``trace``."""
    for number, exchange in enumerate(trace.exchanges, 1):
        yield f"{number}. {explain_exchange(exchange)}"


def explain_exchange(exchange: Exchange) -> str:
    """What the command asks, and what came back.

    >>> explain_exchange(Exchange("0020008008****************", "", 0x63C2))
    'verify the PIN: wrong, 2 tries left'
    """
    try:
        command = Command.parse(unmask(exchange.command))
    except (CardProtocolError, ValueError):
        return f"a command that cannot be read: {_outcome(None, exchange)}"
    part = ", a part of it" if command.cla & CHAINING else ""
    return f"{_request(command)}{part}: {_outcome(command, exchange)}"


def _request(command: Command) -> str:
    return _REQUESTS.get(command.ins, _unknown)(command)


def _outcome(command: Command | None, exchange: Exchange) -> str:
    if exchange.status is None:
        return "the connection failed"
    size = len(exchange.data) // 2
    data = f"{size} bytes" if size else ""
    if exchange.status == Status.OK:
        return data or "done"
    if command and command.ins == Ins.VERIFY and not command.data and (left := tries_left(exchange.status)):
        return f"not verified, {in_words(left)} left"
    words_ = f"{explain(exchange.status)} ({exchange.status:04X})"
    if tries_left(exchange.status) is not None:
        words_ = explain(exchange.status)
    return f"{data}, {words_}" if data else words_


def _unknown(command: Command) -> str:
    return f"instruction {command.ins:02X} with {command.p1:02X} {command.p2:02X}"


def _reference(number: int) -> str:
    if number in _REFERENCES:
        return _REFERENCES[Reference(number)]
    return f"the key in slot {number:02X}"


def _select(command: Command) -> str:
    if words.PIV_AID.startswith(command.data) and command.data.startswith(words.NIST_RID):
        return "select the PIV application"
    return f"select application {command.data.hex().upper()}"


def _verify(command: Command) -> str:
    if command.p1 == 0xFF:
        return f"forget that {_reference(command.p2)} was verified"
    return f"{'verify' if command.data else 'ask for the state of'} {_reference(command.p2)}"


def _object(command: Command) -> str:
    head, rest = command.data[:2], command.data[2:]
    number = int.from_bytes(rest[: min(head[1], _MOST_OF_A_TAG)], "big") if head[:1] == b"\x5c" and head[1:] else 0
    return _OBJECTS.get(number, f"object {number:X}")


def _put(command: Command) -> str:
    return f"write {_object(command)}" if command.data[:1] == b"\x5c" else "write an object"


def _algorithm(number: int, reference: int) -> str:
    if reference == Reference.MANAGEMENT_KEY:
        names = {member.value: member.name for member in ManagementAlgorithm}
        return names.get(number or ManagementAlgorithm.TDES, f"algorithm {number:02X}")
    return _ALGORITHMS.get(number, f"algorithm {number:02X}")


def _authenticate(command: Command) -> str:
    what = f"{_reference(command.p2)} ({_algorithm(command.p1, command.p2)})"
    if command.p2 == Reference.MANAGEMENT_KEY:
        return f"authenticate with {what}"
    return f"agree on a key with {what}" if 0x85 in _tags(command.data) else f"sign or decrypt with {what}"


def _tags(data: bytes) -> set[int]:
    try:
        return {tag for _, template in iterate(data) for tag, _ in iterate(template)}
    except CardProtocolError:
        return set()


def _generate(command: Command) -> str:
    number = command.data[4] if command.data[2:4] == b"\x80\x01" and len(command.data) > 4 else 0
    return f"generate {_reference(command.p2)} ({_algorithm(number, command.p2)})"


def _move(command: Command) -> str:
    if command.p1 == 0xFF:
        return f"delete {_reference(command.p2)}"
    return f"move {_reference(command.p2)} to slot {command.p1:02X}"


_REQUESTS: Final[dict[int, Callable[[Command], str]]] = {
    Ins.SELECT: _select,
    Ins.VERIFY: _verify,
    Ins.CHANGE_REFERENCE_DATA: lambda c: f"change {_reference(c.p2)}",
    Ins.RESET_RETRY_COUNTER: lambda c: f"unblock {_reference(c.p2)} with the PUK",
    Ins.GENERATE_KEY: _generate,
    Ins.GENERAL_AUTHENTICATE: _authenticate,
    Ins.GET_RESPONSE: lambda c: "fetch the rest of the answer",
    Ins.GET_DATA: lambda c: f"read {_object(c)}",
    Ins.PUT_DATA: _put,
    Ins.VENDOR_CONFIGURATION: lambda c: f"{'write' if c.data else 'read'} the card's algorithm numbers",
    Ins.MOVE_KEY: _move,
    Ins.GET_METADATA: lambda c: f"read the metadata of {_reference(c.p2)}",
    Ins.GET_SERIAL: lambda c: "read the serial number",
    Ins.ATTEST: lambda c: f"attest {_reference(c.p1)}",
    Ins.SET_PIN_RETRIES: lambda c: f"set the tries of the PIN to {c.p1} and of the PUK to {c.p2}",
    Ins.RESET: lambda c: "reset the application",
    Ins.GET_VERSION: lambda c: "read the version",
    Ins.IMPORT_KEY: lambda c: f"import {_reference(c.p2)} ({_algorithm(c.p1, c.p2)})",
    Ins.SET_MANAGEMENT_KEY: lambda c: "set a new management key",
}
