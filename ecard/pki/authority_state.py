"""The state of an authority, all but its key, as JSON and back. Written row by row: it never stands in memory whole."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

from ecard.certificate import Certificate
from ecard.pki.authority_issuer import Issuer
from ecard.pki.authority_record import AuthorityRecord, Issued, Published
from ecard.pki.profile import PublicationPoints
from ecard.pki.withdrawal import Act, Event, Journal, RevocationReason

_FORMAT: Final = "ecard authority 1"
_REASONS: Final = {reason.label: reason for reason in RevocationReason}
_ACTS: Final = {act.value: act for act in Act}


@dataclass(frozen=True, slots=True)
class Saved:
    """An authority as its state file has it: all but the key."""

    certificate: Certificate
    chain: tuple[Certificate, ...]
    points: PublicationPoints
    partitions: int
    record: AuthorityRecord


def encode(authority: Issuer) -> Iterator[bytes]:
    """The state of an authority, in pieces: what there is one of, and then a line for each certificate and act."""
    record = authority.record
    once = {
        "format": _FORMAT,
        "revision": record.revision,
        "certificate": b64encode(authority.certificate.der).decode(),
        "chain": [b64encode(certificate.der).decode() for certificate in authority.chain],
        "points": asdict(authority.points),
        "partitions": authority.partitions,
        "crl_number": record.crl_number,
        "last_evidence": _text(record.last_evidence),
        "told": {f"{serial:x}": _text(moment) for serial, moment in record.told.items()},
        "published": {name: [p.number, _text(p.this_update), p.recorded] for name, p in record.published.items()},
    }
    yield json.dumps(once, ensure_ascii=False)[:-1].encode()
    yield b',\n"issued": ['
    yield from _rows(map(_issued, record.issued.values()))
    yield b'],\n"journal": ['
    yield from _rows(map(_event, record.journal))
    yield b"]}\n"


def decode(data: bytes) -> Saved:
    """What ``encode`` wrote.

    Raises KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError or EcardError for anything
    else.
    """
    state = json.loads(data)
    if state["format"] != _FORMAT:
        raise ValueError("another format")
    last = state["last_evidence"]
    crl_number, partitions, revision = (int(state[count]) for count in ("crl_number", "partitions", "revision"))
    if crl_number < 0 or partitions < 1 or revision < 0:
        raise ValueError("a count that is none")
    record = AuthorityRecord(
        issued={issued.serial: issued for issued in map(_read_issued, state["issued"])},
        journal=Journal(map(_read_event, state["journal"])),
        crl_number=crl_number,
        published={name: Published(n, _moment(at), size) for name, (n, at, size) in state["published"].items()},
        last_evidence=last and _moment(last),
        told={int(serial, 16): _moment(text) for serial, text in state["told"].items()},
        revision=revision,
    )
    return Saved(
        certificate=_certificate(state["certificate"]),
        chain=tuple(map(_certificate, state["chain"])),
        points=PublicationPoints(**state["points"]),
        partitions=partitions,
        record=record,
    )


def _rows(rows: Iterable[list[str | None]]) -> Iterator[bytes]:
    line = json.JSONEncoder(ensure_ascii=False).encode
    separator = "\n"
    for row in rows:
        yield f"{separator}{line(row)}".encode()
        separator = ",\n"


def _issued(issued: Issued) -> list[str | None]:
    fields = (issued.usage, issued.key, issued.card_number, issued.card_type, issued.organisation_code)
    return [f"{issued.serial:x}", _text(issued.not_after), *fields]


def _event(event: Event) -> list[str | None]:
    reason = event.reason and event.reason.label
    return [f"{event.serial:x}", event.act.value, _text(event.at), reason, _text(event.invalidity_date)]


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment.astimezone(UTC).isoformat()[:19]}Z"


def _moment(text: str) -> datetime:
    if len(text) != 20 or text[19] != "Z":
        raise ValueError("not a moment in UTC, to the second")
    return datetime.fromisoformat(text)


def _certificate(text: str) -> Certificate:
    return Certificate(b64decode(text, validate=True))


def _read_issued(fields: list[Any]) -> Issued:
    serial, not_after, *rest = fields
    return Issued(int(serial, 16), _moment(not_after), *rest)


def _read_event(fields: list[Any]) -> Event:
    serial, act, at, reason, invalidity_date = fields
    return Event(
        int(serial, 16),
        _ACTS[act],
        _moment(at),
        reason and _REASONS[reason],
        invalidity_date and _moment(invalidity_date),
    )
