"""A card behind OpenSC's PKCS#11 module: a real PIN counter, and a key that wants the PIN before every signature."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from ecard.algorithms import KeyKind
from ecard.apdu.piv import PivSession
from ecard.apdu.session import Session
from ecard.apdu.words import FACTORY_MANAGEMENT_KEY, FACTORY_PIN, PinUse, Slot
from ecard.errors import CardConnectionError, LastPinTryError, NoCardError, PinBlockedError, TokenError, WrongPinError
from ecard.keyholder import KeyHolder
from ecard.pin import Pin
from ecard.pkcs11 import Pkcs11KeyHolder, Pkcs11Token
from ecard.pki.authority import CertificateAuthority
from ecard.pki.profile import Usage
from ecard.simulator import InProcess, SimulatedCard
from tests.pcsc_service import needs_pcsc, running
from tests.pkcs11.softhsm import Asked
from tests.pki_authority.centre import AT, subject

MODULE = next((str(path) for path in Path("/usr/lib").glob("*/opensc-pkcs11.so")), "")
HOLDER = subject().holder_name
pytestmark = [
    needs_pcsc,
    pytest.mark.skipif(not MODULE, reason="OpenSC is not installed (apt-get install opensc-pkcs11)"),
    pytest.mark.skipif(find_spec("pkcs11") is None, reason="python-pkcs11 is not installed (extra pkcs11)"),
]


@dataclass
class Bench:
    card: SimulatedCard
    authority: CertificateAuthority
    in_reader: threading.Event
    """Cleared, it takes the card out."""

    @property
    def tries(self) -> int:
        """How many wrong PINs the card still takes."""
        return self.card.memory.pin.left


@pytest.fixture
def bench() -> Iterator[Bench]:
    """A served card with a signing key in 9C and a login key in 9A. Its label is its holder's name."""
    import pkcs11

    card, authority = SimulatedCard.new(), CertificateAuthority.create_root("示例根", at=AT)
    with Session(InProcess(card)) as session:
        piv = PivSession(session)
        piv.authenticate_management_key(FACTORY_MANAGEMENT_KEY)
        for slot, kind, usage, pin_use in (
            (Slot.SIGNATURE, KeyKind.P256, Usage.SIGNING, PinUse.ALWAYS),
            (Slot.AUTHENTICATION, KeyKind.RSA2048, Usage.LOGIN, PinUse.ONCE),
        ):
            public = piv.generate_key(slot, kind, pin_use=pin_use)
            piv.write_certificate(slot, authority.issue_for_key(public, subject(), at=AT, usage=usage))
    with running() as service:
        try:
            with service.inserted(card) as in_reader:
                yield Bench(card, authority, in_reader)
        finally:
            pkcs11.unload(MODULE)


def test_both_keys_sign_and_the_signing_key_asks_each_time(bench: Bench) -> None:
    asked = Asked(FACTORY_PIN)
    with Pkcs11Token(MODULE, HOLDER, pin=asked) as token:
        for id, usage, asks in ((b"\x02", b"\x06\xc0", 3), (b"\x01", b"\x07\x80", 3)):
            holder = Pkcs11KeyHolder(token.key(id=id))
            assert usage in holder.certificate.der
            holder.certificate.verify_issued_by(bench.authority.certificate)
            for message in (b"one", b"two"):
                holder.certificate.public_key.verify(holder.sign(message), message)
            assert len(asked.requests) == asks
    assert "reader" in asked.requests[0].card
    assert all(HOLDER not in request.question() for request in asked.requests)


def test_the_counter_is_respected(bench: Bench) -> None:
    for left in (2, 1):
        with pytest.raises(WrongPinError) as caught, Pkcs11Token(MODULE, HOLDER, pin=Pin("999999")):
            pass
        assert (bench.tries, caught.value.tries_left) == (left, 1 if left == 1 else None)
        assert HOLDER not in str(caught.value)
    asked = Asked("999999")
    with pytest.raises(LastPinTryError), Pkcs11Token(MODULE, HOLDER, pin=asked):
        pass
    assert (bench.tries, asked.requests) == (1, [])
    with pytest.raises(PinBlockedError), Pkcs11Token(MODULE, HOLDER, pin=asked, use_last_try=True):
        pass
    assert bench.tries == 0
    with pytest.raises(PinBlockedError), Pkcs11Token(MODULE, HOLDER, pin=asked, use_last_try=True):
        pass
    assert len(asked.requests) == 1


def test_a_card_that_is_taken_out(bench: Bench) -> None:
    with Pkcs11Token(MODULE, HOLDER, pin=Pin(FACTORY_PIN)) as token:
        holder = Pkcs11KeyHolder(token.key(id=b"\x01"))
        bench.in_reader.clear()
        with pytest.raises(CardConnectionError):
            sign_until_it_is_noticed(holder)
    with pytest.raises(NoCardError), Pkcs11Token(MODULE, HOLDER, pin=Pin(FACTORY_PIN)):
        pass


def sign_until_it_is_noticed(holder: KeyHolder) -> None:
    """The service needs a moment to notice; until then OpenSC signs, or calls the failure a general error."""
    give_up = time.monotonic() + 20
    while time.monotonic() < give_up:
        with suppress(TokenError):
            holder.sign(b"message")
        time.sleep(0.05)
