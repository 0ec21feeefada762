"""The client's side of a login with a card: fetch a challenge, let the card's login key answer it, send the answer."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any, Protocol

import ecard
from ecard.roles.login import answer


class Http(Protocol):
    """What is needed of an HTTP client; httpx has it, and so have the test clients of FastAPI and Django."""

    def get(self, url: str) -> Any:
        """Fetch a page."""

    def post(self, url: str, *, json: Any) -> Any:
        """Send a JSON object."""


def log_in(http: Http, card: ecard.Session, server: str, pin: ecard.Pin | ecard.pin.PinSupplier) -> Any:
    """Log in to ``server``, and return what it answers.

    ``server`` is the name that the program knows by itself, from its settings: the name that a server gives is not
    asked for, because a server in the middle would give another one's.
    """
    challenge = b64decode(http.get("/login/challenge").json()["challenge"], validate=True)
    key = ecard.CardKeyHolder(ecard.PivSession(card), ecard.Slot.AUTHENTICATION, pin=pin, act=f"log in to {server}")
    return http.post(
        "/login",
        json={
            "challenge": b64encode(challenge).decode(),
            "certificate": b64encode(key.certificate.der).decode(),
            "signature": b64encode(answer(challenge, server, key)).decode(),
        },
    )
