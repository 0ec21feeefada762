"""The PIN of a token: asked for, sent once, and in no error, with SoftHSM2 as the token."""

from __future__ import annotations

import traceback
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from ecard.errors import (
    EcardError,
    LastPinTryError,
    NoPinError,
    PinBlockedError,
    PinError,
    WrongPinError,
)
from ecard.pin import PinRequest
from ecard.pkcs11 import Pkcs11Key
from tests.pkcs11.softhsm import MODULE, PIN, WRONG_PIN, Asked, open_token


def test_a_wrong_pin_is_sent_once(keys: None) -> None:
    asked = Asked(WRONG_PIN)
    with pytest.raises(WrongPinError) as caught, open_token("wrong", asked):
        pass
    assert (len(asked.requests), caught.value.tries_left) == (1, None)
    with open_token("wrong"):
        pass


def test_a_supplier_without_a_pin(keys: None) -> None:
    def none(request: PinRequest) -> Any:
        raise NoPinError("no PIN here")

    with pytest.raises(NoPinError), open_token("wrong", none):
        pass


def test_the_pin_is_in_no_error(keys: None) -> None:
    with pytest.raises(WrongPinError) as caught, open_token("wrong", Asked(WRONG_PIN)):
        pass
    error: BaseException | None = caught.value
    while error is not None:
        for frame, _ in traceback.walk_tb(error.__traceback__):
            if "ecard/pkcs11" in frame.f_code.co_filename:
                assert WRONG_PIN not in repr(frame.f_locals), frame
        assert WRONG_PIN not in repr(error)
        error = error.__context__


class PretendedToken:
    """A token of python-pkcs11 that claims other flags, and counts the logins that are tried."""

    def __init__(self, token: Any, state: SimpleNamespace) -> None:
        self._token, self._state = token, state
        self.label = token.label
        self.slot = SimpleNamespace(get_token=lambda: PretendedToken(token, state), slot_description="a slot ")

    @property
    def flags(self) -> Any:
        return self._token.flags | self._state.flags

    def open(self, user_pin: str) -> Any:
        self._state.logins += 1
        self._state.flags = self._state.afterwards
        return self._token.open(user_pin=user_pin)


@pytest.fixture
def state(hsm: None, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What the token claims of its PIN: now, and after the next login."""
    import pkcs11

    found = SimpleNamespace(flags=0, afterwards=0, logins=0)

    def slots(**_: Any) -> list[Any]:
        every = [slot.get_token() for slot in pkcs11.lib(MODULE).get_slots()]
        return [SimpleNamespace(get_token=lambda token=token: PretendedToken(token, found)) for token in every]

    class Library(ModuleType):
        def __getattr__(self, name: str) -> Any:
            return getattr(pkcs11, name)

    library_ = Library("pretended")
    library_.lib = lambda path: SimpleNamespace(get_slots=slots)
    monkeypatch.setattr("ecard.pkcs11.token.library", lambda: library_)
    return found


FINAL_TRY, LOCKED = 0x20000, 0x40000


def test_a_blocked_pin_is_not_asked_for(state: SimpleNamespace) -> None:
    state.flags = LOCKED
    asked = Asked()
    with pytest.raises(PinBlockedError), open_token("empty", asked, use_last_try=True):
        pass
    assert (asked.requests, state.logins) == ([], 0)


def test_the_last_try_is_spent_only_by_who_insists(state: SimpleNamespace) -> None:
    state.flags = FINAL_TRY
    asked = Asked()
    with pytest.raises(LastPinTryError, match="one try is left"), open_token("empty", asked):
        pass
    assert (asked.requests, state.logins) == ([], 0)
    with open_token("empty", asked, use_last_try=True):
        pass
    assert asked.requests == [PinRequest("the token in a slot", "sign", 1)]


@pytest.mark.parametrize(("afterwards", "error", "left"), [(FINAL_TRY, WrongPinError, 1), (LOCKED, PinBlockedError, 0)])
def test_what_a_wrong_pin_leaves(state: SimpleNamespace, afterwards: int, error: type[EcardError], left: int) -> None:
    state.afterwards = afterwards
    with pytest.raises(error) as caught, open_token("empty", Asked(WRONG_PIN)):
        pass
    assert getattr(caught.value, "tries_left", 0) == left
    assert state.logins == 1


class AlwaysAsks:
    """A private key of python-pkcs11 that wants the PIN at every signature, and takes one."""

    def __init__(self, private: Any) -> None:
        self._private, self.given = private, []  # type: ignore[var-annotated]

    def __getitem__(self, attribute: Any) -> Any:
        import pkcs11

        return True if attribute == pkcs11.Attribute.ALWAYS_AUTHENTICATE else self._private[attribute]

    def sign(self, data: bytes, mechanism: Any, pin: str | None = None) -> bytes:
        import pkcs11

        self.given.append(pin)
        if pin != PIN:
            raise pkcs11.PinIncorrect
        return bytes(self._private.sign(data, mechanism=mechanism))


def test_a_key_that_always_wants_the_pin_gets_it_until_it_was_wrong(keys: None) -> None:
    asked = Asked()
    with open_token("operator", asked) as token:
        plain = token.key(label="p256")
        private = AlwaysAsks(plain._private)
        key = Pkcs11Key(token, private, plain.public_key)
        for _ in range(2):
            key.public_key.verify(key.sign(b"message"), b"message")
        assert len(asked.requests) == 3
        asked.pin = WRONG_PIN
        with pytest.raises(WrongPinError):
            key.sign(b"message")
        with pytest.raises(PinError, match="refused a PIN in this session"):
            key.sign(b"message")
        plain.sign(b"a key that does not ask still signs")
    assert private.given == [PIN, PIN, WRONG_PIN]
