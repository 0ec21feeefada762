"""A register of a million cards and three million orders: the status of one card, giving an order, an audit.

    python -m benchmarks.register_size PLACE [CARDS]

PLACE is a file for SQLite or a URL of an empty PostgreSQL database. The mass of the entries is written straight into
the tables, chained as the centre chains them, but with placeholders where the signatures would be (real ones would
take about 3 KB more for each entry): the audit that is timed is the one without signatures.
"""

from __future__ import annotations

import hashlib
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import islice

from sqlalchemy import insert, update

from ecard.roles.acts import Act
from ecard.roles.orders import Order, Receipt, Signed
from ecard.roles.register_audit import audit
from ecard.roles.register_entry import Entry
from ecard.roles.register_tables import ChangeRow, HeadRow, LogRow
from ecard.roles.register_writer import change_rows
from tests.roles.world import ONLINE, START, World

_BATCH = 20_000
_PLACEHOLDER = b"\x30" * 64
_STATES = ("active", "frozen", "active")
_ACTS = (Act.COLLECT, Act.FREEZE, Act.UNFREEZE)


def entries(world: World, cards: int) -> Iterator[Entry]:
    """Three orders for each card, all cards once before the second round begins."""
    sequence, previous = world.register.head()
    for place in range(3 * cards):
        turn, card = divmod(place, cards)
        sequence += 1
        moment = START + timedelta(days=1, seconds=place * 2)
        number = f"03-JJ1A9{card:08d}"
        order = Order(
            act=_ACTS[turn],
            subject=f"card/{number}",
            base=sequence - cards if turn else 0,
            moment=moment,
            number=hashlib.md5(str(place).encode(), usedforsecurity=False).hexdigest(),
        )
        body = order.encode()
        receipt = Receipt(
            number=order.number,
            order=hashlib.sha256(body).hexdigest(),
            sequence=sequence,
            moment=moment,
            previous=previous.hex(),
        )
        fact = {"kind": "operator", "state": _STATES[turn], "enterprise": "M000100Y4", "certificates": []}
        entry = Entry.made(
            receipt,
            signer="0300000000000001",
            order=Signed(body, _PLACEHOLDER),
            changes={order.subject: fact},
            answer=Signed(receipt.encode(), _PLACEHOLDER),
        )
        previous = entry.hash
        yield entry


def fill(world: World, cards: int) -> None:
    """Write all entries, in batches."""
    found = entries(world, cards)
    while batch := list(islice(found, _BATCH)):
        rows = [entry.row() for entry in batch]
        log = [{column.name: getattr(row, column.name) for column in LogRow.__table__.columns} for row in rows]
        with world.register.writing() as writer:
            writer.session.execute(insert(LogRow), log)
            writer.session.execute(insert(ChangeRow), [change for entry in batch for change in change_rows(entry)])
            head = {"seq": rows[-1].seq, "moment": rows[-1].moment, "hash": rows[-1].hash}
            writer.session.execute(update(HeadRow).values(**head))
        world.now = batch[-1].moment


def milliseconds(times: int, act: Callable[[int], object]) -> str:
    """Median and worst of a number of runs."""
    found = []
    for place in range(times):
        begin = time.perf_counter()
        act(place)
        found.append((time.perf_counter() - begin) * 1000)
    return f"median {statistics.median(found):.2f} ms, worst {max(found):.2f} ms"


def main(place: str, cards: int = 1_000_000) -> None:
    """Make the register, and measure."""
    world = World(place)
    seal = world.enterprise()
    world.operator(seal)
    begin = time.perf_counter()
    fill(world, cards)
    print(f"{cards} cards, {3 * cards} orders written in {time.perf_counter() - begin:.0f} s", flush=True)
    step = max(1, cards // 500)

    def status(turn: int) -> None:
        at = START + timedelta(days=1, seconds=2 * cards + 4 * turn)
        assert world.register.status(f"03-JJ1A9{turn * step % cards:08d}", at) is not None

    def order(turn: int) -> None:
        act, ground = ((Act.FREEZE, "freeze"), (Act.UNFREEZE, "unfreeze"))[turn % 2]
        world.on_card(act, 201, seal, ground, channel=ONLINE)

    print("status of one card at a moment:", milliseconds(500, status), flush=True)
    print("giving an order:", milliseconds(200, order), flush=True)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = time.perf_counter()
    damages = sum(1 for _ in audit(world.register))
    seconds, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"audit: {damages} damages, {seconds:.0f} s, {(after - before) / 1024:.0f} MB more memory at its highest")


if __name__ == "__main__":
    main(sys.argv[1], *(int(count) for count in sys.argv[2:]))
