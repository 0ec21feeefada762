"""How a command handler of the simulated card says no."""

from __future__ import annotations


class Refusal(Exception):  # noqa: N818 - a status word, not an error of the program
    """Ends a command with a status word. Never leaves the simulated card."""

    def __init__(self, status: int) -> None:
        super().__init__(f"{status:04X}")
        self.status = int(status)


def require(condition: bool, status: int) -> None:
    """Refuse with ``status`` unless ``condition`` holds."""
    if not condition:
        raise Refusal(status)
