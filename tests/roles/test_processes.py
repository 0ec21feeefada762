"""Processes that are killed, and processes that want the same card: nothing acknowledged is lost, nothing is twice."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ecard.keys import SoftwareKey
from ecard.roles.register_audit import audit
from tests.roles.world import CODE, World, number

ROOT = Path(__file__).resolve().parents[2]
KILLS = int(os.environ.get("ECARD_KILLS", "6"))
ORDERS = int(os.environ.get("ECARD_ORDERS", "160"))
CENTRES, CLIENTS = 2, 4
"""Processes that are a data centre, and how many clients each has."""


def _private(world: World) -> dict[str, Any]:
    """What another process needs to be the same centre; keys of a test, so they may be shown."""
    holders = {"seal": world.seal, "legal": world.holders[number(101)], "authority": world.authority.holder}
    found: dict[str, Any] = {"place": world.place, "vault": world.vault_key.hex()}
    for name, holder in holders.items():
        key: SoftwareKey = holder._key  # type: ignore[attr-defined]
        found[name] = [key.pkcs8(b"test").hex(), holder.certificate.der.hex()]
    return found


def _start(tmp_path: Path, parts: dict[str, Any], *arguments: str) -> subprocess.Popen[str]:
    file = tmp_path / "centre.json"
    file.write_text(json.dumps(parts))
    return subprocess.Popen(
        [sys.executable, "-m", "tests.roles.client", str(file), *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_a_process_that_is_killed_loses_nothing_that_it_acknowledged(world: World, tmp_path: Path) -> None:
    seal = world.enterprise()
    world.operator(seal)
    random.seed(7)
    acknowledged: list[str] = []
    for _ in range(KILLS):
        process = _start(tmp_path, _private(world), "201", "1", "1000")
        assert process.stdout is not None
        for _ in range(random.randint(1, 30)):
            acknowledged.append(process.stdout.readline().split()[1])
        time.sleep(random.random() * 0.01)
        process.send_signal(signal.SIGKILL)
        acknowledged += [line.split()[1] for line in process.stdout.read().splitlines() if line.count(" ") == 2]
        process.wait()
        process.stdout.close()
        assert list(audit(world.register)) == []
    numbers = Counter(entry.request.number for entry in world.register.entries())
    assert max(numbers.values()) == 1
    assert set(acknowledged) <= set(numbers)
    assert len(acknowledged) >= KILLS


@pytest.mark.slow
def test_centres_that_want_the_same_card_have_one_winner_each_time(world: World, tmp_path: Path) -> None:
    seal = world.enterprise()
    cards = [str(201 + place) for place in range(4)]
    for card in cards:
        world.operator(seal, int(card))
    before = world.register.head()[0]
    each = ORDERS // (CENTRES * CLIENTS)
    arguments = (",".join(cards), str(CLIENTS), str(each))
    centres = [_start(tmp_path, _private(world), *arguments) for _ in range(CENTRES)]
    lines = []
    for centre in centres:
        output, _ = centre.communicate(timeout=600)
        assert centre.returncode == 0
        lines += output.splitlines()
    done = [line for line in lines if line.startswith("done")]
    lost = [line for line in lines if line.startswith("refused")]
    assert len(done) + len(lost) == CENTRES * CLIENTS * each
    assert {line.split()[2] for line in lost} <= {"stale", "state", "out-of-order"}
    assert world.register.head()[0] - before == len(done)
    assert len({line.split()[2] for line in done}) == len(done)
    assert list(audit(world.register, trust=world.centre.trust)) == []
    assert CODE in world.register.keys("enterprise/")[0]
