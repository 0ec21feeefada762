"""The pytest plugin of ecard: simulated cards, a small centre, faults and a clock as fixtures.

It imports nothing of ecard before a fixture is used: pytest loads it for every suite on the machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ecard.algorithms import KeyKind
    from ecard.pki.trust import Trust
    from ecard.testing import Centre, Clock, Faults, ReadyCard, VirtualReader

_HARDWARE = "ecard_hardware"
_ADDRESS = pytest.StashKey[str]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options and settings of ecard."""
    group = parser.getgroup("ecard", "cards of ecard")
    group.addoption(
        "--ecard-seed", type=int, default=None, metavar="N", help="what cards, keys and certificates are drawn from"
    )
    group.addoption(
        "--ecard-hardware", action="store_true", help="run the tests marked ecard_hardware, which use real cards"
    )
    parser.addini("ecard_seed", "what cards, keys and certificates are drawn from (--ecard-seed)", default="0")
    parser.addini("ecard_vpcd_reader", "the name of the virtual PC/SC reader", default="Virtual PCD 00 00")
    parser.addini("ecard_vpcd_port", "the TCP port of the virtual PC/SC reader", default="35963")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        f"{_HARDWARE}(serial): uses the real card with this serial number; skipped without --ecard-hardware",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Keep a test for hardware from running, unless it was asked for and the card that it names is there."""
    marker = item.get_closest_marker(_HARDWARE)
    if marker is None:
        return
    serial = marker.kwargs.get("serial")
    if not isinstance(serial, int) or marker.args or len(marker.kwargs) != 1:
        pytest.fail(f"{_HARDWARE} needs the serial number of the card: {_HARDWARE}(serial=12345678)", pytrace=False)
    if not item.config.getoption("--ecard-hardware"):
        pytest.skip("needs a real card: run with --ecard-hardware")
    item.stash[_ADDRESS] = _address_or_skip(serial)


def _address_or_skip(serial: int) -> str:
    from ecard.errors import EcardError
    from ecard.testing.hardware import address_of

    try:
        return address_of(serial)
    except EcardError as error:
        pytest.skip(str(error))


@pytest.fixture
def ecard_seed(request: pytest.FixtureRequest) -> int:
    """What everything is drawn from: --ecard-seed, the setting ecard_seed, or 0. Override it for a seed of your own."""
    option: int | None = request.config.getoption("--ecard-seed")
    return _number(request, "ecard_seed") if option is None else option


def _number(request: pytest.FixtureRequest, setting: str) -> int:
    text = request.config.getini(setting)
    try:
        return int(text)
    except ValueError:
        pytest.fail(f"the setting {setting} is {text!r}: write a whole number", pytrace=False)


@pytest.fixture
def ecard_key_kind() -> KeyKind:
    """The kind of all keys of the centre and of its cards: P-256. Override or parametrize it for another one."""
    from ecard.algorithms import KeyKind

    return KeyKind.P256


@pytest.fixture
def ecard_clock() -> Clock:
    """A clock that stands at 2026-03-02 08:30 UTC until the test advances it."""
    from ecard.testing import Clock

    return Clock()


@pytest.fixture
def ecard_faults(ecard_clock: Clock) -> Faults:
    """What goes wrong between program and card: nothing, until the test injects it. Slowness takes no real time."""
    from ecard.testing import Faults

    return Faults(lambda seconds: _pass(ecard_clock, seconds))


def _pass(clock: Clock, seconds: float) -> None:
    clock.advance(seconds=seconds)


@pytest.fixture
def ecard_card(ecard_seed: int, ecard_clock: Clock, ecard_faults: Faults) -> ReadyCard:
    """A simulated card as it leaves the factory: no keys, and the secrets that everybody knows."""
    from ecard.testing import ReadyCard

    return ReadyCard.factory("factory", seed=b"%d blank card" % ecard_seed, clock=ecard_clock, faults=ecard_faults)


@pytest.fixture
def ecard_centre(ecard_seed: int, ecard_key_kind: KeyKind, ecard_clock: Clock, ecard_faults: Faults) -> Centre:
    """A small data centre: a root and an issuing authority that make, freeze and void cards."""
    from ecard.testing import Centre

    return Centre(clock=ecard_clock, faults=ecard_faults, seed=ecard_seed, kind=ecard_key_kind)


@pytest.fixture
def ecard_trust(ecard_centre: Centre) -> Trust:
    """What a verifier trusts and knows as the test begins; after a withdrawal ``ecard_centre.trust()`` knows more."""
    return ecard_centre.trust()


@pytest.fixture
def ecard_legal_person_card(ecard_centre: Centre) -> ReadyCard:
    """A simulated legal-person card (法人卡) of the centre's enterprise."""
    return ecard_centre.make_legal_person_card()


@pytest.fixture
def ecard_operator_card(ecard_centre: Centre) -> ReadyCard:
    """A simulated operator card (操作员卡) of the centre's enterprise."""
    return ecard_centre.make_operator_card()


@pytest.fixture
def ecard_reader(request: pytest.FixtureRequest) -> Iterator[VirtualReader]:
    """An empty reader of a real PC/SC service, for simulated cards; the test is skipped where there is none."""
    from ecard.errors import MissingDependencyError
    from ecard.testing import VirtualReader
    from ecard.testing.virtual_reader import why_not

    reader = VirtualReader(request.config.getini("ecard_vpcd_reader"), _number(request, "ecard_vpcd_port"))
    with reader.reserved():
        try:
            reason = why_not(reader)
        except MissingDependencyError as error:
            reason = str(error)
        if reason:
            pytest.skip(f"no virtual PC/SC reader: {reason}")
        yield reader


@pytest.fixture
def ecard_hardware(request: pytest.FixtureRequest) -> str:
    """The address of the real card that the test's marker ``ecard_hardware(serial=...)`` names."""
    address = request.node.stash.get(_ADDRESS, None)
    if address is None:
        pytest.fail(f"the fixture needs the marker {_HARDWARE}(serial=...)", pytrace=False)
    return str(address)
