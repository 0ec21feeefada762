"""Every exception that ecard raises, and nothing else::

    EcardError
    ├── InvalidInputError          an argument, option or file of the caller is wrong
    │   ├── InvalidCodeError       an organisation, credit, identity or card number is wrong
    │   ├── EncodingError          bytes that are not the DER, BER or PEM they should be
    │   ├── XmlError               XML that is not well-formed, or refused before it is read
    │   └── MessageError           a customs message or payment text that cannot be signed or read (reason)
    ├── MissingDependencyError     an optional package is not installed
    ├── UnsupportedAlgorithmError  an algorithm that ecard does not know or does not allow here
    ├── InvalidKeyError            a key that is not a valid key of its kind
    ├── InvalidSignatureError      a signature value that does not verify
    ├── DecryptionError            a ciphertext that the key does not open
    ├── PinError
    │   ├── PinFormatError         not a PIN that this card can take
    │   ├── NoPinError             a PIN is needed and the supplier gave none
    │   ├── WrongPinError          the card refused the PIN (tries_left)
    │   ├── LastPinTryError        one try is left and the caller did not insist
    │   ├── PinBlockedError        no try is left
    │   ├── ConsentExceededError   more signatures, or later, than the holder consented to
    │   └── WeakPinError           a PIN that the policy refuses (reasons)
    ├── CardError
    │   ├── NoCardError            no service, reader or usable card (reason)
    │   ├── CardBusyError          another program holds the card
    │   ├── CardConnectionError    the card went away or the reader failed
    │   │   ├── CardRemovedError       the card was taken out
    │   │   ├── CardResetError         another program reset the card
    │   │   ├── ReaderLostError        the reader was unplugged
    │   │   └── ServiceLostError       the PC/SC service ended or was restarted
    │   ├── CardProtocolError      the card answered something that makes no sense
    │   ├── CardStatusError        the card refused a command (status word)
    │   ├── NotSupportedByCardError  the card lacks the function
    │   ├── ManagementKeyError     the card refused the management key, or does not have it
    │   ├── ObjectNotFoundError    the slot or object holds nothing
    │   ├── WrongCardError         a card of another kind, role or key than was asked for
    │   ├── TokenError             a PKCS#11 token or its library refused something
    │   └── CardFileError          the file of a simulated card cannot be used
    ├── PkiError
    │   ├── ProfileError           a certificate that the profile does not allow to issue
    │   ├── RequestError           a certificate request that cannot be granted
    │   ├── WithdrawalError        a revocation, hold or release that cannot be done
    │   ├── AuthorityStateError    the files of an authority cannot be used
    │   ├── FetchError             evidence or a certificate that could not be fetched
    │   └── ValidationError        a certificate that is not good at the moment (findings)
    ├── VerificationError          a signed document that is not accepted (report)
    └── RegisterError
        ├── OrderRefusedError      an order that the data centre does not carry out (reason)
        ├── RegisterStateError     a register that cannot be used, or is damaged
        ├── VaultError             personal data that cannot be opened, or were erased
        └── LoginError             a login that is not accepted (reason)

Every message says what was wrong and, where there is something to be done, what to do. No message
contains a PIN, a key, or a personal datum.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ecard.documents.report import Report


class EcardError(Exception):
    """The base of every exception of ecard.

    ``what`` is one sentence without a full stop; ``remedy`` says what to do about it, if anything.
    """

    def __init__(self, what: str, *, remedy: str | None = None) -> None:
        super().__init__(what if remedy is None else f"{what}: {remedy}")
        self.what = what
        self.remedy = remedy


class InvalidInputError(EcardError):
    """An argument, an option or a file given by the caller is wrong."""


class InvalidCodeError(InvalidInputError):
    """An organisation code, credit code, identity number or card number is wrong."""


class EncodingError(InvalidInputError):
    """Bytes that are not the encoding they should be."""


class XmlError(InvalidInputError):
    """XML that is not well-formed, or that is refused before any expensive work because it could be an attack."""


class MessageError(InvalidInputError):
    """A customs message, envelope or payment text that cannot be signed or read as it is; ``reason`` says why."""

    def __init__(self, what: str, *, reason: Enum, remedy: str | None = None) -> None:
        super().__init__(what, remedy=remedy)
        self.reason = reason


class MissingDependencyError(EcardError):
    """An optional package is not installed; the remedy names the extra that brings it."""


class UnsupportedAlgorithmError(EcardError):
    """An algorithm that ecard does not know, or does not allow for this use."""


class InvalidKeyError(EcardError):
    """A key that is no valid key of its kind."""


class InvalidSignatureError(EcardError):
    """A signature value that does not verify; ``remedy`` names the usual mistake that explains it, where one does."""


class DecryptionError(EcardError):
    """A ciphertext that the key does not open: it is damaged, or meant for another key."""


class PinError(EcardError):
    """The base of everything that can be wrong with a PIN or PUK."""


class PinFormatError(PinError):
    """Not a PIN that this card can take: its length or its characters are wrong."""


class NoPinError(PinError):
    """A PIN is needed, and the supplier gave none."""


class WrongPinError(PinError):
    """The card refused the PIN; ``tries_left`` tries are left, None where it does not say how many."""

    def __init__(self, what: str, *, tries_left: int | None, remedy: str | None = None) -> None:
        super().__init__(what, remedy=remedy)
        self.tries_left = tries_left


class LastPinTryError(PinError):
    """One try is left, and the caller did not insist on using it. Nothing was sent to the card."""


class PinBlockedError(PinError):
    """No try is left."""


class ConsentExceededError(PinError):
    """More signatures, or a later one, than the holder consented to. Nothing was signed beyond the consent."""


class WeakPinError(PinError):
    """A PIN that the policy refuses; ``reasons`` lists every reason, never the PIN."""

    def __init__(self, what: str, *, reasons: Sequence[Enum], remedy: str | None = None) -> None:
        super().__init__(what, remedy=remedy)
        self.reasons = tuple(reasons)


class CardError(EcardError):
    """The base of everything that can go wrong between a program and a card."""


class NoCardReason(Enum):
    """Why there is no card to talk to."""

    SERVICE_NOT_RUNNING = "service-not-running"
    """The PC/SC service does not answer."""
    NO_READER = "no-reader"
    """The service runs and knows no reader."""
    UNKNOWN_READER = "unknown-reader"
    """The service knows no reader of that name."""
    NO_CARD = "no-card"
    """The reader is empty."""
    UNSUPPORTED_CARD = "unsupported-card"
    """The card is mute, or has no PIV application."""


class NoCardError(CardError):
    """There is no usable card; ``reason`` says why."""

    def __init__(self, what: str, *, reason: NoCardReason, remedy: str | None = None) -> None:
        super().__init__(what, remedy=remedy)
        self.reason = reason


class CardBusyError(CardError):
    """Another program holds the card longer than the caller was ready to wait."""


class CardConnectionError(CardError):
    """The card was removed or reset, or the reader or its service failed. A new session may work."""


class CardRemovedError(CardConnectionError):
    """The card was taken out of the reader. A new session works as soon as it is back."""


class CardResetError(CardConnectionError):
    """Another program reset the card, so that what was verified is so no more. A new session works at once."""


class ReaderLostError(CardConnectionError):
    """The reader was unplugged. A new session works as soon as it is back."""


class ServiceLostError(CardConnectionError):
    """The PC/SC service ended or was restarted. A new session works as soon as it runs."""


class CardProtocolError(CardError):
    """The card answered something that makes no sense. Nothing of the answer was used."""


class CardStatusError(CardError):
    """The card refused a command with a status word (ISO/IEC 7816-4, section 5.6)."""

    def __init__(self, what: str, *, status: int, remedy: str | None = None) -> None:
        super().__init__(what, remedy=remedy)
        self.status = status


class NotSupportedByCardError(CardError):
    """The card lacks the function."""


class ManagementKeyError(CardError):
    """The card refused the management key, or did not prove that it has the same one."""


class ObjectNotFoundError(CardError):
    """The slot has no key, or the object has no content."""


class WrongCardError(CardError):
    """A card of another kind, role or key than the caller asked for."""


class TokenError(CardError):
    """A PKCS#11 token, or the library behind which it is, refused something."""


class CardFileError(CardError):
    """The file of a simulated card is missing, damaged, in use, or cannot be written."""


class PkiError(EcardError):
    """The base of everything about issuing and judging certificates."""


class ProfileError(PkiError):
    """A certificate that the profile does not allow to issue."""


class RequestError(PkiError):
    """A certificate request that cannot be granted."""


class WithdrawalError(PkiError):
    """A revocation, a hold or a release that cannot be done."""


class AuthorityStateError(PkiError):
    """The files of an authority are missing, damaged, changed by someone else, or cannot be read or written."""


class FetchError(PkiError):
    """A CRL, OCSP response or certificate that could not be fetched, was too large, or came too late."""


class ValidationError(PkiError):
    """A certificate that is not good at the moment asked for; ``findings`` lists every reason."""

    def __init__(self, what: str, *, findings: Sequence[object] = (), remedy: str | None = None) -> None:
        super().__init__(what, remedy=remedy)
        self.findings = tuple(findings)


class VerificationError(EcardError):
    """A signed document that is not accepted; ``report`` says why, with everything that was found."""

    def __init__(self, what: str, *, report: Report, remedy: str | None = None) -> None:
        super().__init__(what, remedy=remedy)
        self.report = report


class RegisterError(EcardError):
    """The base of everything about the data centre's register and its orders."""


class OrderRefusedError(RegisterError):
    """An order that the data centre does not carry out; ``reason`` says why. Nothing was changed."""

    def __init__(self, what: str, *, reason: Enum, remedy: str | None = None) -> None:
        super().__init__(what, remedy=remedy)
        self.reason = reason


class RegisterStateError(RegisterError):
    """The register's database cannot be reached, is of another version, or is damaged."""


class VaultError(RegisterError):
    """Personal data that cannot be opened: a wrong key, a damaged record, or a person who was erased."""


class LoginError(RegisterError):
    """A login that is not accepted; ``reason`` says why."""

    def __init__(self, what: str, *, reason: Enum, remedy: str | None = None) -> None:
        super().__init__(what, remedy=remedy)
        self.reason = reason
