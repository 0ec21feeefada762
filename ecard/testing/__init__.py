"""Simulated cards, a small centre and faults for tests: as pytest fixtures (``ecard.testing.plugin``) and as classes.

Nothing here is loaded before it is used, because pytest loads the plugin for suites that have nothing to do with cards.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ecard.testing.card import ReadyCard
    from ecard.testing.centre import Centre
    from ecard.testing.clock import Clock
    from ecard.testing.faults import Faults
    from ecard.testing.virtual_reader import VirtualReader

__all__ = ["Centre", "Clock", "Faults", "ReadyCard", "VirtualReader"]

_HOMES = {
    "Centre": "centre",
    "Clock": "clock",
    "Faults": "faults",
    "ReadyCard": "card",
    "VirtualReader": "virtual_reader",
}

if not TYPE_CHECKING:  # to type checkers a name that is not imported above does not exist

    def __getattr__(name: str) -> Any:
        """Load the class ``name`` when it is first asked for (PEP 562)."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
