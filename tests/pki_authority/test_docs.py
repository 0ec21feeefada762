"""The examples of docs/authority.md run as they stand; that of a PKCS#11 token runs in tests/pkcs11."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "authority.md").read_text(encoding="utf-8")


def test_the_examples_run_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert len(blocks) == 2
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, "docs/authority.md", "exec"), names)
    assert capsys.readouterr().out == "1\n"
    names["certificate"].verify_issued_by(names["issuing"].certificate)
    history = [event.act.value for event in names["authority"].record.journal]
    assert history == ["hold", "release"]
