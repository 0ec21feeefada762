"""A process that is a data centre on somebody's register and gives itself orders: run by test_processes.

Prints one line for each order, after it was acknowledged: ``done NUMBER SEQUENCE`` or ``refused NUMBER REASON``.
"""

from __future__ import annotations

import json
import random
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ecard.certificate import Certificate
from ecard.errors import OrderRefusedError
from ecard.keyholder import KeyHolder, SoftwareKeyHolder
from ecard.keys import SoftwareKey
from ecard.pki.authority import CertificateAuthority
from ecard.roles.acts import Act, CardState, Channel
from ecard.roles.centre import Centre
from ecard.roles.orders import Order
from ecard.roles.register import Register
from ecard.roles.vault import Vault
from tests.roles.world import number


def _holder(parts: list[str]) -> KeyHolder:
    key = SoftwareKey.from_pkcs8(bytes.fromhex(parts[0]), b"test")
    return SoftwareKeyHolder(key, Certificate(bytes.fromhex(parts[1])))


def main(file: str, cards: str, clients: str, count: str) -> None:
    """Freeze and unfreeze cards, any of several: some clients of this centre give a number of orders each."""
    parts: dict[str, Any] = json.loads(Path(file).read_text())
    centre = Centre(
        Register.open(parts["place"]),
        CertificateAuthority(_holder(parts["authority"])),
        seal=_holder(parts["seal"]),
        vault=Vault(bytes.fromhex(parts["vault"])),
    )
    legal = _holder(parts["legal"])

    def client(_: int) -> None:
        for _ in range(int(count)):
            _one(centre, legal, number(int(random.choice(cards.split(",")))))

    with ThreadPoolExecutor(int(clients)) as pool:
        for _ in pool.map(client, range(int(clients))):
            pass


def _one(centre: Centre, legal: KeyHolder, card: str) -> None:
    now = datetime.now(UTC)
    fact = centre.register.get(f"card/{card}")
    assert fact is not None
    frozen = fact.value["state"] == CardState.FROZEN.value
    order = Order(
        act=Act.UNFREEZE if frozen else Act.FREEZE,
        subject=f"card/{card}",
        base=fact.sequence,
        moment=now,
        channel=Channel.ONLINE,
        details={"ground": "unfreeze" if frozen else "freeze"},
    )
    try:
        accepted = centre.give(order.sign(legal), at=now)
        line = f"done {order.number} {accepted.sequence}"
    except OrderRefusedError as error:
        line = f"refused {order.number} {error.reason.value}"
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
