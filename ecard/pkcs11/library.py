"""The one file that imports python-pkcs11, and only when it is used; its errors become ecard's here."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, TypeVar

from ecard.errors import (
    CardBusyError,
    CardConnectionError,
    CardRemovedError,
    EcardError,
    MissingDependencyError,
    NotSupportedByCardError,
    PinBlockedError,
    PinError,
    PinFormatError,
    TokenError,
    WrongPinError,
)

T = TypeVar("T")


def library() -> ModuleType:
    """python-pkcs11. Raises MissingDependencyError where it is not installed."""
    try:
        import pkcs11
    except ImportError as error:
        raise MissingDependencyError(
            f"PKCS#11 tokens need the package python-pkcs11 ({error})", remedy='pip install "ecard[pkcs11]"'
        ) from None
    return pkcs11


def call(what: str, function: Callable[[], T]) -> T:
    """What ``function`` gives. Raises CardError or PinError where the token refuses to do ``what`` in words."""
    lib = library()
    try:
        return function()
    except lib.PKCS11Error as error:
        translated = _translated(lib, error, what)
    except UnicodeDecodeError:
        translated = TokenError(f"the token gave texts that are not UTF-8 when asked to {what}")
    # outside the except block, so that no frame that knew the PIN stays tied to the error
    raise translated


def read(object_: Any, attribute: Any, default: T | None = None) -> Any:
    """An attribute of an object on the token; ``default`` where the token does not tell it, or TokenError."""
    lib = library()

    def value() -> Any:
        try:
            return object_[attribute]
        except (lib.AttributeTypeInvalid, lib.AttributeSensitive, lib.AttributeValueInvalid):
            if default is None:
                raise
            return default

    return call("tell about an object", value)


def _translated(lib: ModuleType, error: Exception, what: str) -> EcardError:
    # the name of the error alone: its text may repeat what was given
    said = f"the token refused to {what}: {type(error).__name__}"
    rows: tuple[tuple[tuple[type[Exception], ...], Callable[[], EcardError]], ...] = (
        ((lib.PinIncorrect,), lambda: WrongPinError("wrong PIN for the token", tries_left=None)),
        ((lib.PinLocked,), blocked),
        (
            (lib.PinLenRange, lib.PinInvalid),
            lambda: PinFormatError("the token takes no PIN of this length or with these characters"),
        ),
        (
            (lib.PinExpired, lib.UserPinNotInitialized),
            lambda: PinError(said, remedy="set a new PIN with the vendor's tool"),
        ),
        ((lib.DeviceRemoved, lib.TokenNotPresent), lambda: CardRemovedError("the token was taken out")),
        (
            (lib.SessionHandleInvalid, lib.SessionClosed, lib.UserNotLoggedIn, lib.DeviceError),
            lambda: CardConnectionError(said, remedy="open a new session with the token"),
        ),
        (
            (lib.UserAlreadyLoggedIn, lib.SessionCount, lib.SessionExists),
            lambda: CardBusyError("this process has a session with the token already", remedy="end it first"),
        ),
        (
            (lib.MechanismInvalid, lib.FunctionNotSupported, lib.KeyTypeInconsistent),
            lambda: NotSupportedByCardError(said),
        ),
    )
    return next((make() for kinds, make in rows if isinstance(error, kinds)), TokenError(said))


def blocked() -> PinBlockedError:
    """The error for a token whose PIN is blocked."""
    return PinBlockedError("the PIN of the token is blocked", remedy="unblock it with the vendor's tool")
