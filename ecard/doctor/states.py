"""Everything that the doctor can find, as a table: a code for programs, how bad it is, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from ecard.lines import one_line

_LONGEST: Final = 400
"""Characters of a message; names of files and authorities stand in it."""


class Level(Enum):
    """How bad a finding is."""

    GOOD = "good"
    WARNING = "warning"
    """Works, and will not for long; or could not be looked at."""
    BAD = "bad"
    """Does not work."""


_SET_THE_CLOCK = "set the clock of this computer, and let it follow a time server"
_NEW_CARD = "ask the data centre for a new card"
_NEW_CRLS = "fetch the CRLs of today and give them with --crl"


class State(Enum):
    """One finding: (code for programs, level, what to do)."""

    LIBRARIES_FIT = ("libraries-fit", Level.GOOD, None)
    LIBRARY_MISSING = ("library-missing", Level.BAD, "install ecard again with pip")
    LIBRARY_UNFIT = ("library-unfit", Level.BAD, "install the version that is asked for with pip")

    SERVICE_RUNS = ("service-runs", Level.GOOD, None)
    SERVICE_NOT_INSTALLED = ("service-not-installed", Level.BAD, 'pip install "ecard[pcsc]"')
    SERVICE_NOT_RUNNING = (
        "service-not-running",
        Level.BAD,
        'start it: on Linux "systemctl start pcscd.socket" (apt install pcscd), on Windows the service "Smart Card"',
    )

    READER_FOUND = ("reader-found", Level.GOOD, None)
    NO_READER = (
        "no-reader",
        Level.BAD,
        "plug one in, directly and not through a hub: its lamp is lit when it is connected; old models need a driver",
    )
    UNKNOWN_READER = ("unknown-reader", Level.BAD, "give a part of the name of one of these readers")
    CARD_MUTE = ("card-mute", Level.WARNING, "take the card out and put it in again, the chip first and upwards")

    LEGAL_PERSON_CARD = ("legal-person-card", Level.GOOD, None)
    OPERATOR_CARD = ("operator-card", Level.GOOD, None)
    OTHER_PIV_CARD = ("other-piv-card", Level.GOOD, None)
    BLANK_CARD = (
        "blank-card",
        Level.WARNING,
        "insert the card that the data centre has made; this one has no key yet (ecard card key generate makes one)",
    )
    NO_CARD = ("no-card", Level.BAD, "insert a card, the chip first and upwards")
    UNSUPPORTED_CARD = ("unsupported-card", Level.BAD, "use a card with a PIV application, the right way round")
    CARD_BUSY = ("card-busy", Level.BAD, "end the other program, or wait until it is done")
    CARD_FILE_UNUSABLE = ("card-file-unusable", Level.BAD, "name the file of a simulated card")
    CARD_FAILS = ("card-fails", Level.BAD, "take the card out and put it in again; try it in another reader")

    PIN_READY = ("pin-ready", Level.GOOD, None)
    PIN_UNTOLD = ("pin-untold", Level.WARNING, "be careful: nobody can say which wrong PIN blocks this card")
    PIN_LAST_TRY = ("pin-last-try", Level.WARNING, "be sure of the PIN: one more wrong one blocks the card")
    PIN_BLOCKED = (
        "pin-blocked",
        Level.BAD,
        "set a new PIN with the PUK (ecard card pin unblock), or go to the data centre with the card",
    )
    PIN_OF_FACTORY = ("pin-of-factory", Level.WARNING, "change it: ecard card pin change")
    PUK_READY = ("puk-ready", Level.GOOD, None)
    PUK_LAST_TRY = ("puk-last-try", Level.WARNING, "be sure of the PUK: one more wrong one, and it never works again")
    PUK_BLOCKED = ("puk-blocked", Level.WARNING, "take care of the PIN: a blocked one cannot be unblocked any more")
    PUK_OF_FACTORY = ("puk-of-factory", Level.WARNING, "change it, everybody knows it: ecard card puk change")
    CARD_LOCKED = ("card-locked", Level.BAD, "PIN and PUK are both blocked: " + _NEW_CARD)
    MANAGEMENT_KEY_OF_FACTORY = (
        "management-key-of-factory",
        Level.WARNING,
        "change it, or whoever has the card for a moment can replace its keys: ecard card management-key change",
    )

    CERTIFICATE_GOOD = ("certificate-good", Level.GOOD, None)
    CERTIFICATE_ENDS_SOON = ("certificate-ends-soon", Level.WARNING, "apply for its renewal at the data centre now")
    CERTIFICATE_EXPIRED = ("certificate-expired", Level.BAD, _NEW_CARD)
    CERTIFICATE_NOT_YET_VALID = ("certificate-not-yet-valid", Level.BAD, "if the clock is right, wait until then")
    CERTIFICATE_MISSING = (
        "certificate-missing",
        Level.WARNING,
        "have its authority certify the key, and write the certificate to the card",
    )
    CERTIFICATE_DAMAGED = ("certificate-damaged", Level.BAD, "write it to the card again")
    CERTIFICATE_OF_OTHER_KEY = ("certificate-of-other-key", Level.BAD, "write the certificate of this key to the card")
    CERTIFICATE_REVOKED = ("certificate-revoked", Level.BAD, _NEW_CARD)
    CERTIFICATE_ON_HOLD = (
        "certificate-on-hold",
        Level.BAD,
        "the card is frozen or reported lost: the legal person unfreezes it, the data centre takes the loss back",
    )
    CERTIFICATE_UNTRUSTED = ("certificate-untrusted", Level.BAD, "give the root of the card's authority with --trust")
    CERTIFICATE_UNCERTAIN = ("certificate-uncertain", Level.WARNING, _NEW_CRLS)
    CERTIFICATE_REFUSED = ("certificate-refused", Level.BAD, _NEW_CARD)

    CLOCK_PLAUSIBLE = ("clock-plausible", Level.GOOD, None)
    CLOCK_SLOW = ("clock-slow", Level.BAD, _SET_THE_CLOCK)
    CLOCK_PERHAPS_FAST = ("clock-perhaps-fast", Level.WARNING, "compare the clock with another one")

    TRUST_FITS = ("trust-fits", Level.GOOD, None)
    TRUST_NOT_GIVEN = ("trust-not-given", Level.WARNING, "give the root that verifiers trust with --trust")
    TRUST_UNUSABLE = ("trust-unusable", Level.BAD, "give the certificate of a root, in PEM or DER")
    TRUST_ENDS_SOON = ("trust-ends-soon", Level.WARNING, "get the authority's next certificate")
    TRUST_EXPIRED = ("trust-expired", Level.BAD, "get the authority's present certificate")

    EVIDENCE_FRESH = ("evidence-fresh", Level.GOOD, None)
    EVIDENCE_NOT_GIVEN = ("evidence-not-given", Level.WARNING, _NEW_CRLS)
    EVIDENCE_UNUSABLE = ("evidence-unusable", Level.BAD, _NEW_CRLS)
    EVIDENCE_ENDS_SOON = ("evidence-ends-soon", Level.WARNING, _NEW_CRLS)
    EVIDENCE_STALE = ("evidence-stale", Level.BAD, _NEW_CRLS)
    EVIDENCE_OF_LATER = ("evidence-of-later", Level.BAD, _SET_THE_CLOCK)
    EVIDENCE_FOREIGN = ("evidence-foreign", Level.WARNING, "give the certificate of its issuer with --trust")

    def __init__(self, code: str, level: Level, remedy: str | None) -> None:
        self.code = code
        self.level = level
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Line:
    """One finding about one thing."""

    subject: str
    """What was looked at, in a few words."""
    state: State
    message: str
    """What was found, in one sentence without personal data, fit for a terminal."""
    advice: str | None = None
    """What to do, where that is known better than the state alone tells."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "message", one_line(self.message, _LONGEST))

    @property
    def level(self) -> Level:
        """How bad it is."""
        return self.state.level

    @property
    def remedy(self) -> str | None:
        """What to do; None where nothing is to be done."""
        return self.advice or self.state.remedy

    def as_dict(self) -> dict[str, str | None]:
        """For programs: subject, state (a code), level, message, remedy."""
        return {
            "subject": self.subject,
            "state": self.state.code,
            "level": self.level.value,
            "message": self.message,
            "remedy": self.remedy,
        }
