"""The cards of these tests, made when a test asks for one: keys take time."""

from __future__ import annotations

import pytest

from tests.ceb.centre import Card, card_named


@pytest.fixture
def signer(request: pytest.FixtureRequest) -> Card | None:
    """The card whose name is the parameter; None for the parameter None."""
    return None if request.param is None else card_named(request.param)
