"""Bounds on how long something takes, for tests on machines that are busy, slow, or watched line by line.

The clock alone would judge the machine. So a yardstick, which reads a small structure over and over with ecard's own
code, is timed right before and after. Where it takes longer than on a machine of today that does nothing else, the
bound grows alike.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from ecard import der

_STRUCTURE: Final = der.sequence(*(der.sequence(der.integer(n), der.octet_string(bytes(n))) for n in range(20)))
_TURNS: Final = 40
_USUAL: Final = 0.003
"""Processor seconds of the yardstick on a machine that does nothing else."""


def _yardstick() -> float:
    begin = time.process_time()
    for _ in range(_TURNS):
        for inner in der.parse(_STRUCTURE):
            assert [value.content for value in inner]
    return time.process_time() - begin


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """The block takes at most ``seconds`` of processor time on a machine that does nothing else."""
    before = _yardstick()
    begin = time.process_time()
    yield
    spent = time.process_time() - begin
    slowness = max(1.0, before / _USUAL, _yardstick() / _USUAL)
    assert spent < seconds * slowness, f"{spent:.3f} s, by which the machine is {slowness:.1f} times slower than usual"
