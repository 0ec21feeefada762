"""The examples of docs/sm2.md run as they stand."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "sm2.md").read_text(encoding="utf-8")


def test_the_examples_run_in_order() -> None:
    blocks = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert len(blocks) >= 5
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, "docs/sm2.md", "exec"), names)
    assert names["opened"].public_key == names["encryption_key"].public_key
    assert len(names["signature"].raw(32)) == 64
