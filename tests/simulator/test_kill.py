"""kill -9 at any moment: the file holds the card before a command or after it, and what was answered is kept."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

from ecard.simulator import CardFile, SimulatedCard, storage
from tests.simulator.terminal import Terminal

WRITER = """
import sys
from pathlib import Path
from ecard.simulator import CardFile
from tests.simulator.terminal import Terminal
with CardFile(Path(sys.argv[1]), wait=10).open() as card:
    terminal = Terminal(card)
    terminal.select()
    assert terminal.manage() == 0x9000
    number = int(sys.argv[2])
    while True:
        number += 1
        assert terminal.put(0x5FC10A, number.to_bytes(4, "big") * 500) == 0x9000
        sys.stdout.write(f"{number}\\n")
        sys.stdout.flush()
"""
ROOT = Path(__file__).resolve().parents[2]
SECONDS = 3.0


def stored(path: Path) -> int:
    """The number in the card's object; fails where the file is not a whole card."""
    memory = storage.read(path.read_bytes())
    content = memory.objects.get(0x5FC10A, bytes(2000))
    assert content == content[:4] * 500
    return int.from_bytes(content[:4], "big")


def test_killed_at_any_moment(tmp_path: Path) -> None:
    path = tmp_path / "killed.card"
    CardFile.create(path, SimulatedCard.new())
    chance, rounds, number = random.Random(1), 0, 0
    end = time.monotonic() + SECONDS
    while rounds < 4 or time.monotonic() < end:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", WRITER, str(path), str(number)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as writer:
            assert writer.stdout is not None
            acknowledged = int(writer.stdout.readline())
            time.sleep(chance.random() * 0.02)
            writer.kill()
            rest = writer.stdout.read().splitlines()
        # a line cut off by the kill acknowledges nothing
        whole = [int(line) for line in rest if line and int(line) > acknowledged]
        acknowledged = max([acknowledged, *whole])
        number = stored(path)
        # what was answered is kept; of the command under way either nothing or all
        assert number in (acknowledged, acknowledged + 1)
        assert set(os.listdir(tmp_path)) <= {path.name, f".{path.name}.new"}
        rounds += 1
    with CardFile(path, wait=0.0).open() as card:
        terminal = Terminal(card)
        terminal.select()
        assert terminal.tries() == 0x63C3
        terminal.manage()
        terminal.put(0x5FC10A, b"x")
    assert os.listdir(tmp_path) == [path.name]
    assert json.loads(path.read_bytes())["card"]["objects"]["5FC10A"] == "eA=="


def test_killed_while_it_is_made(tmp_path: Path) -> None:
    path = tmp_path / "new.card"
    maker = (
        "import sys; from ecard.simulator import CardFile, SimulatedCard\n"
        "card = SimulatedCard.new(); print(flush=True); CardFile.create(sys.argv[1], card)"
    )
    chance = random.Random(2)
    for _ in range(5):
        command = [sys.executable, "-c", maker, str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)}) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(chance.random() * 0.003)
            process.kill()
        if path.exists():
            stored(path)
            path.unlink()
    CardFile.create(path, SimulatedCard.new())
    assert os.listdir(tmp_path) == [path.name]
