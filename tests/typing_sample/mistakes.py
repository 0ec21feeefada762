"""What a user gets wrong: type checkers must report every line that is marked, and no other. It is never run."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import ecard
from ecard.apdu.transport import Connector
from ecard.pin import PinSupplier


class Silent:
    """Not a connector: what it opens cannot transmit."""

    name = "silent"
    atr = b""

    def open(self) -> Silent:
        return self


class Unfinished(ecard.KeyHolder):
    """A key holder that cannot sign."""

    @property
    def certificate(self) -> ecard.Certificate:
        raise NotImplementedError


def make_mistakes(session: ecard.Session, trust: ecard.Trust) -> None:
    now = datetime.now(UTC)
    anyone = ecard.UnsafeAnyone()
    ecard.OperatorCard(session)  # MISTAKE: no PIN
    ecard.OperatorCard(session, pin="481527")  # MISTAKE: a PIN is no string
    operator = ecard.OperatorCard(session, pin=ecard.Pin("481527"))
    text: str = ecard.cms.sign(b"a note", operator)  # MISTAKE: a signature is bytes
    ecard.cms.sign(7, operator)  # MISTAKE: a number is no document
    ecard.cms.verify(b"a note", b"", signer=anyone, at=now)  # MISTAKE: no trust
    ecard.cms.verify(b"a note", b"", trust=trust, at=now)  # MISTAKE: it was not said who may have signed
    ecard.cms.verify(b"a note", b"", trust=Path("trust"), signer=anyone, at=now)  # MISTAKE: a path is no trust
    ecard.cms.verify(b"a note", b"", trust=trust, signer=anyone, at="today")  # MISTAKE: a moment is a datetime
    ecard.AnyOperator()  # MISTAKE: of which enterprise?
    connector: Connector = Silent()  # MISTAKE: it cannot be opened in a with block
    supplier: PinSupplier = input  # MISTAKE: it gives a string
    Unfinished()  # MISTAKE: it cannot sign
    ecard.connect(wait="3")  # MISTAKE: seconds are a number
    ecard.sing(b"a note", operator)  # MISTAKE: there is no such name
    tries: int = ecard.PivSession(session).pin_tries()  # MISTAKE: some cards do not tell
    print(text, connector, supplier, tries)
