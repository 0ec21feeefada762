"""What the tests of the rows of docs/life-cycle.md share."""

from __future__ import annotations

from typing import Any

import pytest

from ecard.errors import OrderRefusedError
from ecard.roles.acts import Refusal


def refused(reason: Refusal) -> Any:
    return pytest.raises(OrderRefusedError, check=lambda error: error.reason is reason)
