"""What card is this, and do its PIN and PUK still have tries? Spends none of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from ecard.apdu.info import CardInfo, card_info
from ecard.apdu.piv import PivSession
from ecard.apdu.session import Session
from ecard.apdu.transport import Connector
from ecard.apdu.words import Slot
from ecard.certificate import Certificate
from ecard.doctor.states import Line, State
from ecard.errors import (
    CardBusyError,
    CardError,
    CardFileError,
    CardProtocolError,
    CardStatusError,
    EcardError,
    NoCardError,
    NoCardReason,
    NotSupportedByCardError,
)
from ecard.lines import one_line
from ecard.pki.identity import CardIdentity

_CARD: Final = "card"
_ABSENT: Final = {NoCardReason.UNSUPPORTED_CARD: State.UNSUPPORTED_CARD, NoCardReason.NO_CARD: State.NO_CARD}
_ROLES: Final = {
    "legal-person": (State.LEGAL_PERSON_CARD, "legal-person card"),
    "operator": (State.OPERATOR_CARD, "operator card"),
}


@dataclass(frozen=True, slots=True)
class CardSeen:
    """What was read from the card."""

    info: CardInfo
    issuers: Sequence[Certificate]
    """The certificates of issuers that it carries."""

    @property
    def certificates(self) -> list[Certificate]:
        """The certificates of its slots."""
        return [slot.certificate for slot in self.info.slots if slot.certificate]

    @property
    def is_blank(self) -> bool:
        """Whether there is neither a key nor a certificate in its main slots."""
        return not self.info.slots


def look_at(connector: Connector) -> CardSeen | Line:
    """Read the card, or say why that is not possible."""
    try:
        with Session(connector) as session:
            piv = PivSession(session)
            issuers: Sequence[Certificate] = ()
            with suppress(CardProtocolError, CardStatusError, NotSupportedByCardError):
                issuers = piv.read_issuers()
            return CardSeen(card_info(piv), issuers)
    except CardError as error:
        advice = error.remedy if isinstance(error, CardFileError) else None
        return Line(_CARD, _state_of(error), error.what, advice)


def _state_of(error: CardError) -> State:
    if isinstance(error, NoCardError):
        return _ABSENT.get(error.reason, State.CARD_FAILS)
    if isinstance(error, CardBusyError):
        return State.CARD_BUSY
    return State.CARD_FILE_UNUSABLE if isinstance(error, CardFileError) else State.CARD_FAILS


def check_card(seen: CardSeen) -> Iterator[Line]:
    """What card it is."""
    info = seen.info
    facts = [one_line(info.reader)]
    facts += [f"version {info.version}"] if info.version else []
    facts += [f"serial number {info.serial}"] if info.serial is not None else []
    state, words = _kind_of(seen)
    yield Line(_CARD, state, f"{words} ({', '.join(facts)})")


def _kind_of(seen: CardSeen) -> tuple[State, str]:
    if seen.is_blank:
        return State.BLANK_CARD, "a card without a certificate, and without a key that it tells of"
    signing = next((s.certificate for s in seen.info.slots if s.slot is Slot.SIGNATURE), None)
    with suppress(EcardError):
        identity = CardIdentity.from_certificate(signing) if signing else None
        if identity and identity.role in _ROLES:
            state, words = _ROLES[identity.role]
            return state, f"{words} of {one_line(identity.enterprise_name or 'an enterprise without a name')}"
    return State.OTHER_PIV_CARD, "a PIV card, not one of the Electronic Port"


def check_secrets(seen: CardSeen) -> Iterator[Line]:
    """The tries that PIN and PUK have left, and which secrets are still those of the factory."""
    info = seen.info
    if info.pin_tries == 0 and info.puk_tries == 0:
        yield Line("PIN", State.CARD_LOCKED, "no try is left, and none of the PUK")
        return
    if info.pin_tries is None:
        yield Line("PIN", State.PIN_UNTOLD, "the card does not tell how many tries are left")
    else:
        state = {0: State.PIN_BLOCKED, 1: State.PIN_LAST_TRY}.get(info.pin_tries, State.PIN_READY)
        yield Line("PIN", state, _tries(info.pin_tries))
    if info.puk_tries is not None:
        state = {0: State.PUK_BLOCKED, 1: State.PUK_LAST_TRY}.get(info.puk_tries, State.PUK_READY)
        yield Line("PUK", state, _tries(info.puk_tries))
    if not seen.is_blank:
        yield from _factory_secrets(info)


def _factory_secrets(info: CardInfo) -> Iterator[Line]:
    if info.pin and info.pin.is_default:
        yield Line("PIN", State.PIN_OF_FACTORY, "it is still the one that every card leaves its factory with")
    if info.puk and info.puk.is_default:
        yield Line("PUK", State.PUK_OF_FACTORY, "it is still the one that every card leaves its factory with")
    if info.management_key and info.management_key.is_default:
        words = "it is still the one that every card leaves its factory with"
        yield Line("management key", State.MANAGEMENT_KEY_OF_FACTORY, words)


def _tries(left: int) -> str:
    return {0: "no try is left", 1: "1 try is left"}.get(left, f"{left} tries are left")
