"""Where the reference material (vectors, schemas, samples) is, and the mark for tests that need it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("ECARD_SHARED", Path(__file__).resolve().parents[2] / "shared"))

needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(), reason=f"reference material not found at {SHARED}; set ECARD_SHARED to its directory"
)
