"""SoftHSM2 with tokens of its own, for all tests of this directory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ecard.pkcs11 import Pkcs11Token
from tests.pkcs11 import softhsm
from tests.pkcs11.softhsm import ID, KINDS


@pytest.fixture(scope="session")
def hsm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The tokens; skips where SoftHSM2 is not installed."""
    reason = softhsm.why_not()
    if reason is not None:
        pytest.skip(reason)
    with softhsm.tokens(tmp_path_factory.mktemp("softhsm")):
        yield


@pytest.fixture(scope="session")
def keys(hsm: None) -> None:
    for kind in KINDS:
        softhsm.generate("operator", kind, kind.value, ID[kind])


@pytest.fixture
def token(keys: None) -> Iterator[Pkcs11Token]:
    with softhsm.open_token("operator") as opened:
        yield opened
