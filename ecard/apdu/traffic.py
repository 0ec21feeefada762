"""Every exchange in the log, at a level below DEBUG, with secrets masked."""

from __future__ import annotations

import logging
from typing import Final

from ecard.apdu.exchange import Observer
from ecard.apdu.masking import Masker

TRAFFIC: Final = 5
"""The level of the messages, below ``logging.DEBUG``."""
logger: Final = logging.getLogger("ecard.apdu.traffic")


def observer() -> Observer | None:
    """An observer that logs what it is told of; None where nobody listens.

    A log can be switched on before a session, not within one: the masker has to see a chain from its beginning.
    """
    if not logger.isEnabledFor(TRAFFIC):
        return None
    masker = Masker()

    def log(encoded: bytes, answer: bytes, status: int) -> None:
        command, data = masker.mask(encoded, answer)
        logger.log(TRAFFIC, "> %s", command)
        logger.log(TRAFFIC, "< %s %04X", data, status)

    return log
