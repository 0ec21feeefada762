"""How the tests of this directory load the plugin: through its entry point where it is installed, else by name."""

from __future__ import annotations

from importlib.metadata import entry_points

_MODULE = "ecard.testing.plugin"
IS_INSTALLED = any(entry.value == _MODULE for entry in entry_points(group="pytest11"))
LOADING = () if IS_INSTALLED else ("-p", _MODULE)
"""The arguments with which pytest has the plugin: loading it twice is refused."""
