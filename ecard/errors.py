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

Every message says what was wrong and, where there is something to be done in the very case, what to do;
``what_to_do`` always says it. No message contains a PIN, a key, or a personal datum.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from ecard.documents.report import Report


class EcardError(Exception):
    """The base of every exception of ecard.

    ``what`` is one sentence without a full stop; ``remedy`` says what to do about it where that is known for the
    very case. ``usual_remedy`` says what to do about errors of the class, and ``what_to_do`` the best of the two.
    """

    usual_remedy: ClassVar[str] = "correct what the message names"

    def __init_subclass__(cls, *, usual_remedy: str | None = None) -> None:
        super().__init_subclass__()
        if usual_remedy is not None:
            cls.usual_remedy = usual_remedy

    def __init__(self, what: str, *, remedy: str | None = None) -> None:
        super().__init__(what if remedy is None else f"{what}: {remedy}")
        self.what = what
        self.remedy = remedy

    @property
    def what_to_do(self) -> str:
        """The remedy of this very case, or else the usual one."""
        return self.remedy or self.usual_remedy


class InvalidInputError(EcardError, usual_remedy="give what the message asks for"):
    """An argument, an option or a file given by the caller is wrong."""


class InvalidCodeError(InvalidInputError, usual_remedy="compare the number with the document on which it stands"):
    """An organisation code, credit code, identity number or card number is wrong."""


class EncodingError(InvalidInputError, usual_remedy="get the file again from whoever made it, unchanged"):
    """Bytes that are not the encoding they should be."""


class XmlError(InvalidInputError, usual_remedy="have the document made again, without what the message names"):
    """XML that is not well-formed, or that is refused before any expensive work because it could be an attack."""


class MessageError(InvalidInputError, usual_remedy="correct the message where it says, and sign it again"):
    """A customs message, envelope or payment text that cannot be signed or read as it is; ``reason`` says why."""

    def __init__(self, what: str, *, reason: Enum, remedy: str | None = None) -> None:
        super().__init__(what, remedy=remedy)
        self.reason = reason


class MissingDependencyError(EcardError, usual_remedy="install the extra that the message names"):
    """An optional package is not installed; the remedy names the extra that brings it."""


class UnsupportedAlgorithmError(
    EcardError, usual_remedy="use RSA from 2048 bits, P-256, P-384 or SM2, or name the legacy policy for old cards"
):
    """An algorithm that ecard does not know, or does not allow for this use."""


class InvalidKeyError(EcardError, usual_remedy="get the key again from whoever made it"):
    """A key that is no valid key of its kind."""


class InvalidSignatureError(EcardError, usual_remedy="do not use what was signed; have it signed again"):
    """A signature value that does not verify; ``remedy`` names the usual mistake that explains it, where one does."""


class DecryptionError(EcardError, usual_remedy="use the key for which it was encrypted, or have it encrypted again"):
    """A ciphertext that the key does not open: it is damaged, or meant for another key."""


class PinError(EcardError, usual_remedy="ask the card how many tries are left before another PIN is sent"):
    """The base of everything that can be wrong with a PIN or PUK; ``reference`` says which of the two it is about."""

    def __init__(self, what: str, *, remedy: str | None = None, reference: str = "PIN") -> None:
        super().__init__(what, remedy=remedy)
        self.reference = reference

    @property
    def what_to_do(self) -> str:
        """The remedy of this very case, or else the usual one, about the PUK where it is about that."""
        return self.remedy or self.usual_remedy.replace("PIN", self.reference)


class PinFormatError(PinError, usual_remedy="enter a PIN of 6 to 8 characters"):
    """Not a PIN that this card can take: its length or its characters are wrong."""


class NoPinError(PinError, usual_remedy="give a PIN, or a supplier that has one"):
    """A PIN is needed, and the supplier gave none."""


class WrongPinError(PinError, usual_remedy="enter the right PIN, and stop while tries are left"):
    """The card refused the PIN; ``tries_left`` tries are left, None where it does not say how many."""

    def __init__(self, what: str, *, tries_left: int | None, remedy: str | None = None, reference: str = "PIN") -> None:
        super().__init__(what, remedy=remedy, reference=reference)
        self.tries_left = tries_left


class LastPinTryError(PinError, usual_remedy="be sure of the PIN, and insist with use_last_try"):
    """One try is left, and the caller did not insist on using it. Nothing was sent to the card."""


class PinBlockedError(PinError, usual_remedy="set a new PIN with the PUK, or go to the data centre with the card"):
    """No try is left."""


class ConsentExceededError(PinError, usual_remedy="ask the holder for a new consent"):
    """More signatures, or a later one, than the holder consented to. Nothing was signed beyond the consent."""


class WeakPinError(PinError, usual_remedy="choose another PIN, or let one be generated"):
    """A PIN that the policy refuses; ``reasons`` lists every reason, never the PIN."""

    def __init__(
        self, what: str, *, reasons: Sequence[Enum], remedy: str | None = None, reference: str = "PIN"
    ) -> None:
        super().__init__(what, remedy=remedy, reference=reference)
        self.reasons = tuple(reasons)


class CardError(EcardError, usual_remedy="look at reader and card with ecard doctor"):
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


class NoCardError(CardError, usual_remedy="connect a reader and insert a card; ecard doctor finds out what is missing"):
    """There is no usable card; ``reason`` says why."""

    def __init__(self, what: str, *, reason: NoCardReason, remedy: str | None = None) -> None:
        super().__init__(what, remedy=remedy)
        self.reason = reason


class CardBusyError(CardError, usual_remedy="end the other program, or wait until it is done"):
    """Another program holds the card longer than the caller was ready to wait."""


class CardConnectionError(CardError, usual_remedy="begin a new session"):
    """The card was removed or reset, or the reader or its service failed. A new session may work."""


class CardRemovedError(CardConnectionError, usual_remedy="insert the card and begin a new session"):
    """The card was taken out of the reader. A new session works as soon as it is back."""


class CardResetError(CardConnectionError, usual_remedy="begin a new session"):
    """Another program reset the card, so that what was verified is so no more. A new session works at once."""


class ReaderLostError(CardConnectionError, usual_remedy="plug the reader in and begin a new session"):
    """The reader was unplugged. A new session works as soon as it is back."""


class ServiceLostError(CardConnectionError, usual_remedy="start the PC/SC service and begin a new session"):
    """The PC/SC service ended or was restarted. A new session works as soon as it runs."""


class CardProtocolError(
    CardError, usual_remedy="take the card out and insert it again; if it stays so, record a trace"
):
    """The card answered something that makes no sense. Nothing of the answer was used."""


class CardStatusError(CardError, usual_remedy="look the status word up in a trace (ecard trace show)"):
    """The card refused a command with a status word (ISO/IEC 7816-4, section 5.6)."""

    def __init__(self, what: str, *, status: int, remedy: str | None = None) -> None:
        super().__init__(what, remedy=remedy)
        self.status = status


class NotSupportedByCardError(CardError, usual_remedy="use a card that has the function"):
    """The card lacks the function."""


class ManagementKeyError(CardError, usual_remedy="give the management key that the card was made with"):
    """The card refused the management key, or did not prove that it has the same one."""


class ObjectNotFoundError(CardError, usual_remedy="name another slot, or write to this one first"):
    """The slot has no key, or the object has no content."""


class WrongCardError(CardError, usual_remedy="insert the card that is asked for"):
    """A card of another kind, role or key than the caller asked for."""


class TokenError(CardError, usual_remedy="look at the token with its vendor's program"):
    """A PKCS#11 token, or the library behind which it is, refused something."""


class CardFileError(CardError, usual_remedy="name another file, or make a new card with ecard simulator new"):
    """The file of a simulated card is missing, damaged, in use, or cannot be written."""


class PkiError(EcardError, usual_remedy="look at the certificates and the authority that the message names"):
    """The base of everything about issuing and judging certificates."""


class ProfileError(PkiError, usual_remedy="correct the subject or the request as the message says"):
    """A certificate that the profile does not allow to issue."""


class RequestError(PkiError, usual_remedy="make a new request with the key that is to be certified"):
    """A certificate request that cannot be granted."""


class WithdrawalError(PkiError, usual_remedy="look at the certificate's state first, and choose an act that it allows"):
    """A revocation, a hold or a release that cannot be done."""


class AuthorityStateError(PkiError, usual_remedy="load the authority again, or restore its directory from a copy"):
    """The files of an authority are missing, damaged, changed by someone else, or cannot be read or written."""


class FetchError(PkiError, usual_remedy="try again later, or fetch it by other means and give it as a file"):
    """A CRL, OCSP response or certificate that could not be fetched, was too large, or came too late."""


class ValidationError(
    PkiError, usual_remedy="do not rely on the certificate at that moment; the findings say what is missing or wrong"
):
    """A certificate that is not good at the moment asked for; ``findings`` lists every reason."""

    def __init__(self, what: str, *, findings: Sequence[object] = (), remedy: str | None = None) -> None:
        super().__init__(what, remedy=remedy)
        self.findings = tuple(findings)


class VerificationError(
    EcardError, usual_remedy="do not rely on the document; the report says what is missing or wrong"
):
    """A signed document that is not accepted; ``report`` says why, with everything that was found."""

    def __init__(self, what: str, *, report: Report, remedy: str | None = None) -> None:
        super().__init__(what, remedy=remedy)
        self.report = report


class RegisterError(EcardError, usual_remedy="look at the register's state with an audit"):
    """The base of everything about the data centre's register and its orders."""


class OrderRefusedError(RegisterError, usual_remedy="do what the reason asks for, and give a new order"):
    """An order that the data centre does not carry out; ``reason`` says why. Nothing was changed."""

    def __init__(self, what: str, *, reason: Enum, remedy: str | None = None) -> None:
        super().__init__(what, remedy=remedy)
        self.reason = reason


class RegisterStateError(RegisterError, usual_remedy="bring the database back from a copy, or ask who runs it"):
    """The register's database cannot be reached, is of another version, or is damaged."""


class VaultError(RegisterError, usual_remedy="open the vault with the key that it was made with"):
    """Personal data that cannot be opened: a wrong key, a damaged record, or a person who was erased."""


class LoginError(
    RegisterError, usual_remedy="ask the server for a new challenge, and answer it at once with the right card"
):
    """A login that is not accepted; ``reason`` says why."""

    def __init__(self, what: str, *, reason: Enum, remedy: str | None = None) -> None:
        super().__init__(what, remedy=remedy)
        self.reason = reason
