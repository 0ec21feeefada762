"""SoftHSM2 with tokens of its own, for all tests of this directory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.pkcs11 import softhsm


@pytest.fixture(scope="session")
def hsm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The tokens; skips where SoftHSM2 is not installed."""
    reason = softhsm.why_not()
    if reason is not None:
        pytest.skip(reason)
    with softhsm.tokens(tmp_path_factory.mktemp("softhsm")):
        yield
