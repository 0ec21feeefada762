"""A growing register, up to a million cards and three million orders: status of a card, giving an order, an audit.

    python -m benchmarks.register_size PLACE [CARDS ...]

PLACE is a file for SQLite or a URL of an empty PostgreSQL database; it is measured at every number of CARDS. The mass
of the entries is written straight into the tables, chained as the centre chains them, but with placeholders where the
signatures would be (real ones would take about 3 KB more for each entry): the audit that is timed is the one without
signatures.
"""

from __future__ import annotations

import hashlib
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Table, event, insert, select, update
from sqlalchemy.orm import Session

from ecard.roles import canonical, moments
from ecard.roles.acts import Act
from ecard.roles.orders import Order, Receipt, Signed
from ecard.roles.register_audit import audit
from ecard.roles.register_entry import Entry
from ecard.roles.register_tables import ChangeRow, HeadRow, LogRow
from tests.roles.world import ONLINE, World

_BATCH = 20_000
_PLACEHOLDER = b"\x30" * 64
_STATES = ("active", "frozen", "active")
_ACTS = (Act.COLLECT, Act.FREEZE, Act.UNFREEZE)
_SIGNER = "0300000000000001"


def entries(world: World, first: int, after: int) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Rows of the log and of the changes: three orders for each card from ``first`` on, in three rounds."""
    sequence, previous = world.register.head()
    cards = after - first
    begin = world.now + timedelta(minutes=1)
    for place in range(3 * cards):
        turn, card = divmod(place, cards)
        sequence += 1
        moment = begin + timedelta(seconds=place * 2)
        order = Order(
            act=_ACTS[turn],
            subject=f"card/03-JJ1A9{first + card:08d}",
            base=sequence - cards if turn else 0,
            moment=moment,
            number=hashlib.md5(str(sequence).encode(), usedforsecurity=False).hexdigest(),
        )
        row, change = _rows(order, sequence, previous, _STATES[turn])
        previous = row["hash"]
        yield row, change


def _rows(order: Order, sequence: int, previous: bytes, state: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the centre would write for an order, without reading again what was just written."""
    body = order.encode()
    receipt = Receipt(
        number=order.number,
        order=hashlib.sha256(body).hexdigest(),
        sequence=sequence,
        moment=order.moment,
        previous=previous.hex(),
    )
    fact = {"kind": "operator", "state": state, "enterprise": "M000100Y4", "certificates": []}
    entry = Entry(
        sequence=sequence,
        moment=order.moment,
        signer=_SIGNER,
        order=Signed(body, _PLACEHOLDER),
        changes=canonical.encode({order.subject: fact}),
        receipt=Signed(receipt.encode(), _PLACEHOLDER),
        previous=previous,
    )
    moment = moments.write(order.moment)
    log = {
        "seq": sequence,
        "moment": moment,
        "signer": _SIGNER,
        "signed": moment,
        "number": order.number,
        "body": body,
        "signature": _PLACEHOLDER,
        "changes": entry.changes,
        "receipt": entry.receipt.body,
        "receipt_signature": _PLACEHOLDER,
        "previous": previous,
        "hash": entry.hash,
    }
    return log, {"key": order.subject, "seq": sequence, "moment": moment, "value": canonical.encode(fact).decode()}


def _bulk(session: Session, table: Any, rows: list[dict[str, Any]]) -> None:
    """Insert by the fastest way that the database has."""
    assert isinstance(table, Table)
    names = [column.name for column in table.columns]
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        connection.execute(insert(table), rows)
        return
    cursor: Any = connection.connection.cursor()
    with cursor, cursor.copy(f"COPY {table.name} ({', '.join(names)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row([row[name] for name in names])


def fill(world: World, first: int, after: int) -> None:
    """Write all entries, in batches."""
    found = entries(world, first, after)
    while batch := list(islice(found, _BATCH)):
        last = batch[-1][0]
        with world.register.writing() as writer:
            _bulk(writer.session, LogRow.__table__, [log for log, _ in batch])
            _bulk(writer.session, ChangeRow.__table__, [change for _, change in batch])
            head = {"seq": last["seq"], "moment": last["moment"], "hash": last["hash"]}
            writer.session.execute(update(HeadRow).values(**head))
        world.now = moments.read(last["moment"])


def milliseconds(times: int, act: Callable[[int], object]) -> str:
    """Median, 95th percentile and worst of a number of runs."""
    found = []
    for place in range(times):
        begin = time.perf_counter()
        act(place)
        found.append((time.perf_counter() - begin) * 1000)
    found.sort()
    late = found[len(found) * 95 // 100]
    return f"median {statistics.median(found):.2f} ms, 95 % below {late:.2f} ms, worst {found[-1]:.2f} ms"


class Watch:
    """Counts the statements, and adds up the time until the database has answered them; without the commits."""

    def __init__(self, world: World) -> None:
        self.seconds, self.statements = 0.0, 0
        self._begin = 0.0
        engine = world.register.engine
        event.listen(engine, "before_cursor_execute", self._start)
        event.listen(engine, "after_cursor_execute", self._stop)

    def _start(self, *_: object) -> None:
        self._begin = time.perf_counter()

    def _stop(self, *_: object) -> None:
        self.seconds += time.perf_counter() - self._begin
        self.statements += 1


def measure(world: World, cards: int) -> None:
    """The figures at one size."""
    step = max(1, cards // 500)
    seal = world.holders["03-JJ0A900000101"]
    watch = Watch(world)
    with world.register.engine.connect() as connection:
        print("asking the database nothing:", milliseconds(200, lambda _: connection.scalar(select(1))), flush=True)

    def status(turn: int) -> None:
        at = world.now - timedelta(seconds=2 * turn)
        assert world.register.status(f"03-JJ1A9{turn * step % cards:08d}", at) is not None

    def order(turn: int) -> None:
        act, ground = ((Act.FREEZE, "freeze"), (Act.UNFREEZE, "unfreeze"))[turn % 2]
        world.on_card(act, 201, seal, ground, channel=ONLINE)

    begin = time.process_time()
    print("status of one card at a moment:", milliseconds(500, status), flush=True)
    print(f"  processor time of this process: {(time.process_time() - begin) * 2:.2f} ms on average", flush=True)
    before, asked, begin = watch.seconds, watch.statements, time.process_time()
    print("giving an order:", milliseconds(200, order), flush=True)
    used = time.process_time() - begin
    print(f"  in {(watch.statements - asked) / 200:.0f} statements, {(watch.seconds - before) * 5:.2f} ms on average")
    print(f"  processor time of this process: {used * 5:.2f} ms on average", flush=True)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = time.perf_counter()
    damages = sum(1 for _ in audit(world.register))
    seconds, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"audit: {damages} damages, {seconds:.0f} s, {(after - before) / 1024:.0f} MB more memory at its highest",
        flush=True,
    )


def main(place: str, *sizes: int) -> None:
    """Let the register grow, and measure at every size."""
    world = World(place)
    world.operator(world.enterprise())
    before = 0
    for cards in sizes or (30_000, 100_000, 300_000, 1_000_000):
        begin = time.perf_counter()
        fill(world, before, cards)
        load = os.getloadavg()[0]
        seconds = time.perf_counter() - begin
        print(f"\n{cards} cards, {3 * cards} orders; written in {seconds:.0f} s; load {load:.1f}", flush=True)
        measure(world, cards)
        before = cards


if __name__ == "__main__":
    main(sys.argv[1], *(int(count) for count in sys.argv[2:]))
