"""Keys and helpers that the tests of SM2 share."""

from __future__ import annotations

import pytest

from ecard import sm2


@pytest.fixture(scope="session")
def key() -> sm2.PrivateKey:
    return sm2.PrivateKey.generate()


@pytest.fixture(scope="session")
def other_key() -> sm2.PrivateKey:
    return sm2.PrivateKey.generate()
