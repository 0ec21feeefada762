"""The examples of docs/cms.md run as they stand, and its table of reasons names reasons that exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ecard.documents import bounds
from ecard.documents.report import Report
from ecard.findings import FindingCode

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "cms.md").read_text(encoding="utf-8")


def test_the_examples_run_in_order() -> None:
    blocks = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert len(blocks) == 4
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, "docs/cms.md", "exec"), names)
    report = names["report"]
    assert isinstance(report, Report)
    assert report.accepted


def test_every_reason_named_exists() -> None:
    table = TEXT[TEXT.index("| | check |") : TEXT.index("A failed check does not stop")]
    last_cells = [row.split("|")[-2] for row in table.splitlines() if row.startswith("|")]
    named = {label for cell in last_cells for label in re.findall(r"`([a-z-]{4,})`", cell)}
    assert len(named) > 10
    assert named <= {code.label for code in FindingCode}


def test_the_limits_are_those_of_the_code() -> None:
    limits = TEXT[TEXT.index("### Limits") :]
    assert f"{bounds.MAX_SIGNATURE_SIZE >> 20} MiB, {bounds.MAX_CERTIFICATES} certificates" in limits
    assert f"{bounds.MAX_ATTRIBUTES} signed attributes" in limits
    assert f"{bounds.MAX_DEPTH} levels and {bounds.MAX_ELEMENTS:,} elements" in TEXT.replace("\n  ", " ")
