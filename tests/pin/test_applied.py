"""Where a PIN is set, the policy is applied before the card hears of it, and what is raised shows no PIN."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import ecard
from ecard.apdu.words import FACTORY_MANAGEMENT_KEY, FACTORY_PIN, FACTORY_PUK
from ecard.errors import EcardError, WeakPinError, WrongPinError
from ecard.pin import UNSAFE_NO_POLICY, HolderFacts, Pin, PinPolicy, Reason
from ecard.simulator import Behaviour, InProcess, SimulatedCard

from .sample import FACTS

NOW = datetime(2026, 5, 4, 8, 30, tzinfo=UTC)
SUBJECT = ecard.CertificateSubject(
    holder_name="甲某",
    enterprise_name="示例进出口有限公司",
    organisation_code="M000100Y4",
    card_number="03-JJ0A900000001",
    card_type=ecard.CardType.OPERATOR,
)
OLD, OLD_PUK, WRONG, WRONG_PUK, GOOD, WEAK = FACTORY_PIN, FACTORY_PUK, b"481593", b"48159377", b"739205", b"880401"
PACKAGE = Path(ecard.__file__).parent


def supplier(secret: bytes) -> Callable[[object], Pin]:
    return lambda request: Pin(secret)


def shown(error: BaseException | None) -> Iterator[str]:
    """What a traceback with local variables shows of ecard's frames, of ``error`` and what led to it."""
    while error is not None:
        yield repr(error)
        trace = error.__traceback__
        while trace is not None:
            if Path(trace.tb_frame.f_code.co_filename).is_relative_to(PACKAGE):
                yield from (repr(local) for local in trace.tb_frame.f_locals.values())
            trace = trace.tb_next
        error = error.__cause__ or error.__context__


@pytest.mark.parametrize(
    ("act", "secrets", "raised"),
    [
        (lambda piv, old, new: piv.change_pin(old, new), (OLD, WEAK), WeakPinError),
        (lambda piv, old, new: piv.change_pin(old, new), (WRONG, GOOD), WrongPinError),
        (lambda piv, old, new: piv.change_pin(old, new, policy=UNSAFE_NO_POLICY), (OLD, b"222222"), EcardError),
        (lambda piv, old, new: piv.unblock_pin(old, new), (OLD_PUK, WEAK), WeakPinError),
        (lambda piv, old, new: piv.unblock_pin(old, new), (WRONG_PUK, GOOD), WrongPinError),
        (lambda piv, old, new: piv.change_puk(old, new), (WRONG_PUK, b"60482957"), WrongPinError),
        (lambda piv, old, new: piv.verify(old), (WRONG, GOOD), WrongPinError),
    ],
)
def test_no_local_variable_of_a_traceback_shows_a_pin(act, secrets, raised) -> None:
    weak_refused = InProcess(SimulatedCard.new(behaviours=[Behaviour.WEAK_PIN_REFUSED]))
    with ecard.Session(weak_refused) as session, pytest.raises(raised) as caught:
        act(ecard.PivSession(session), *map(supplier, secrets))
    seen = "\n".join(shown(caught.value))
    assert [secret for secret in secrets if secret.decode() in seen or secret.hex() in seen.lower()] == []


def make(card: InProcess, pin: bytes, puk: bytes = b"90817263", **options: object) -> ecard.Certificate:
    authority = ecard.CertificateAuthority.create_root("Root", at=NOW)
    own = ecard.CardSecrets(Pin(pin), Pin(puk), b"management key, 24 bytes")
    with ecard.Session(card) as session:
        return ecard.make_card(
            session, authority=authority, subject=SUBJECT, kind=ecard.KeyKind.P256, secrets=own, at=NOW, **options
        )


@pytest.mark.parametrize(
    ("pin", "options", "reason"),
    [
        (b"888888", {}, Reason.REPEATED),
        (b"00138000", {"facts": FACTS}, Reason.TELEPHONE_NUMBER),
        (b"123456", {"policy": UNSAFE_NO_POLICY}, Reason.FACTORY_PIN),
        (b"604829", {"policy": PinPolicy.default().refusing("604829")}, Reason.COMMON_PIN),
        (b"90817263", {}, Reason.EQUAL_TO_PUK),
        (FACTORY_PIN, {}, Reason.USED_BEFORE),
    ],
)
def test_a_card_with_a_weak_pin_is_not_even_begun(pin, options, reason) -> None:
    card = InProcess(SimulatedCard.new())
    with pytest.raises(WeakPinError) as caught:
        make(card, pin, **options)
    assert reason in caught.value.reasons
    with ecard.Session(card) as session:
        piv = ecard.PivSession(session)
        piv.authenticate_management_key(FACTORY_MANAGEMENT_KEY)
        piv.verify(Pin(FACTORY_PIN))
        assert piv.puk_tries() == 3
    assert make(card, GOOD, facts=HolderFacts()).public_key
