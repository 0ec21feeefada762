"""A root, and another that gives evidence, with a card of its."""

from __future__ import annotations

import pytest

from ecard.certificate import Certificate
from tests.pki_validation.chains import Issuer, root


@pytest.fixture(scope="module")
def top() -> Issuer:
    return root("Top")


@pytest.fixture(scope="module")
def ca() -> Issuer:
    return root("Evidence root")


@pytest.fixture(scope="module")
def card(ca: Issuer) -> Certificate:
    return ca.issue("evidence holder")
