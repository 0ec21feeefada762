"""What a card says of itself, from cards that say much and cards that say little."""

from __future__ import annotations

import pytest

from ecard.algorithms import KeyKind
from ecard.apdu.info import card_info
from ecard.apdu.piv import PivSession
from ecard.apdu.session import Session
from ecard.apdu.words import Slot
from ecard.errors import CardConnectionError
from ecard.simulator import PROFILES, Behaviour, Fault, FaultyReader, InProcess, Rule, SimulatedCard
from tests.apdu.making import administered, with_key
from tests.apdu.scripted import Scripted


def test_a_card_that_tells_everything() -> None:
    connector = InProcess(SimulatedCard.new(seed=1, serial=4711))
    made = with_key(connector)
    with administered(connector) as piv:
        piv.generate_key(Slot.AUTHENTICATION, KeyKind.SM2)
        piv.put_object(Slot.KEY_MANAGEMENT.certificate_object, b"\x70\x02ab")
    with Session(connector) as session:
        info = card_info(PivSession(session))
    assert (info.serial, info.version, info.reader) == (4711, (5, 7, 1), connector.name)
    assert (info.pin_tries, info.puk_tries) == (3, 3)
    assert info.pin is not None
    assert info.pin.is_default
    assert info.management_key is not None
    assert [s.slot for s in info.slots] == [Slot.AUTHENTICATION, Slot.SIGNATURE, Slot.KEY_MANAGEMENT]
    login, signature, broken = info.slots
    assert login.key is not None
    assert login.key.kind is KeyKind.SM2
    assert signature.certificate == made
    assert (broken.certificate, broken.damaged) == (None, True)


def test_a_card_that_tells_little() -> None:
    lacking = [b for b in Behaviour if b.name.startswith("NO_")]
    with Session(InProcess(SimulatedCard.new(seed=1, behaviours=lacking))) as session:
        info = card_info(PivSession(session))
    assert (info.version, info.serial, info.pin, info.management_key, info.slots) == (None, None, None, None, ())
    assert (info.pin_tries, info.puk_tries) == (3, None)


@pytest.mark.parametrize("status", [0x6982, 0x6A86, 0x6F00, 0x9000])
def test_a_card_that_refuses_or_talks_nonsense_is_still_a_card(status: int) -> None:
    """Everything but SELECT and the state of the PIN is refused, or answered with a point off the curve."""
    nonsense = bytes.fromhex("010111 0443 8641 04") + b"\1" * 64
    card = Scripted(lambda c: (b"", 0x9000) if c[1] == 0xA4 else (nonsense if status == 0x9000 else b"", status))
    with Session(card) as session:
        info = card_info(PivSession(session))
    assert (info.version, info.serial, info.guid, info.pin, info.puk_tries) == (None,) * 5
    assert all(slot.key is None and slot.certificate is None for slot in info.slots)
    assert [slot.damaged for slot in info.slots] == ([True] * 4 if status == 0x9000 else [])


def test_a_card_that_goes_away_is_no_card() -> None:
    connector = FaultyReader(InProcess(SimulatedCard.new(seed=1)), [Rule(Fault.REMOVAL, at=4)])
    with Session(connector) as session, pytest.raises(CardConnectionError):
        card_info(PivSession(session))


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_and_every_slot(profile: str) -> None:
    card = SimulatedCard.new(profile, seed=1)
    with Session(InProcess(card)) as session:
        info = card_info(PivSession(session), slots=Slot)
    assert info.atr == card.atr
    assert card.memory.pin.left == card.memory.puk.left == 3
