"""The password of a centre's keys: from the environment, or typed, in whatever encoding."""

from __future__ import annotations

import os
import sys

import pytest

from ecard.cli.register_place import authorities_password
from ecard.errors import InvalidInputError


def test_a_variable_that_is_not_utf_8_is_taken_byte_for_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        os.environ, "ECARD_CA_PASSWORD", b"\xc3\xdc\xc2\xeb a password".decode(errors="surrogateescape")
    )
    assert authorities_password(is_new=True) == b"\xc3\xdc\xc2\xeb a password"


@pytest.mark.parametrize("is_new", [True, False])
def test_what_is_typed_in_another_encoding_is_refused_and_not_in_the_error(
    is_new: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ECARD_CA_PASSWORD", raising=False)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr("getpass.getpass", lambda question: b"\xc3\xdc\xc2\xeb a password".decode())
    with pytest.raises(InvalidInputError, match="another encoding than the terminal's") as caught:
        authorities_password(is_new=is_new)
    assert caught.value.__context__ is None
