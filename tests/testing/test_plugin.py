"""The plugin as pytest sees it: fixtures, options, the marker for hardware, and what it costs those who need it not."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import ecard.testing.plugin
from tests.testing.loading import LOADING

pytest_plugins = ["pytester"]
HERE = Path(ecard.testing.plugin.__file__).parent


def run(pytester: pytest.Pytester, source: str, *arguments: str) -> pytest.RunResult:
    pytester.makepyfile(source)
    return pytester.runpytest_inprocess(*LOADING, "-p", "no:cacheprovider", *arguments)


def test_all_fixtures_are_told_with_their_first_line(pytester: pytest.Pytester) -> None:
    shown = run(pytester, "", "--fixtures").stdout.str()
    for name in (
        *("ecard_card", "ecard_legal_person_card", "ecard_operator_card", "ecard_centre", "ecard_trust"),
        *("ecard_reader", "ecard_faults", "ecard_clock", "ecard_seed", "ecard_key_kind", "ecard_hardware"),
    ):
        assert f"\n{name} -- " in shown
    assert "no docstring available" not in shown[shown.index("ecard_seed") : shown.index("ecard_hardware")]


def test_the_marker_is_known(pytester: pytest.Pytester) -> None:
    shown = run(pytester, "", "--markers").stdout.str()
    assert "@pytest.mark.ecard_hardware(serial): " in shown
    run(
        pytester,
        "import pytest\n@pytest.mark.ecard_hardware(serial=1)\ndef test_it(): ...",
        "--strict-markers",
    ).assert_outcomes(skipped=1)


SEEDS = """
def test_seed(ecard_seed, ecard_card, ecard_operator_card):
    print("seen:", ecard_seed, ecard_card.serial, f"{ecard_operator_card.certificate.serial_number:x}")
"""


def seen(result: pytest.RunResult) -> str:
    result.assert_outcomes(passed=1)
    return next(line for line in result.stdout.lines if "seen:" in line).partition("seen: ")[2]


def test_the_seed_comes_from_option_setting_or_zero(pytester: pytest.Pytester) -> None:
    zero = seen(run(pytester, SEEDS, "-s"))
    assert zero.startswith("0 ")
    assert seen(run(pytester, SEEDS, "-s")) == zero
    seven = seen(run(pytester, SEEDS, "-s", "--ecard-seed=7"))
    assert seven.startswith("7 ")
    assert not set(seven.split()) & set(zero.split())
    pytester.makeini("[pytest]\necard_seed = 7")
    assert seen(run(pytester, SEEDS, "-s")) == seven
    assert seen(run(pytester, SEEDS, "-s", "--ecard-seed=0")) == zero


@pytest.mark.parametrize(("setting", "fixture"), [("ecard_seed", "ecard_card"), ("ecard_vpcd_port", "ecard_reader")])
def test_a_setting_that_is_no_number_is_named(pytester: pytest.Pytester, setting: str, fixture: str) -> None:
    pytester.makeini(f"[pytest]\n{setting} = seven")
    result = run(pytester, f"def test_it({fixture}): ...")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*the setting {setting} is 'seven': write a whole number*"])


def test_a_seed_and_a_kind_of_key_of_ones_own(pytester: pytest.Pytester) -> None:
    run(
        pytester,
        """
import pytest
from ecard import KeyKind

@pytest.fixture
def ecard_seed():
    return 41

@pytest.mark.parametrize("ecard_key_kind", [KeyKind.SM2, KeyKind.P384])
def test_it(ecard_seed, ecard_key_kind, ecard_operator_card):
    assert ecard_seed == 41
    assert ecard_operator_card.certificate.public_key.kind is ecard_key_kind
""",
    ).assert_outcomes(passed=2)


def test_what_one_test_does_the_next_does_not_see(pytester: pytest.Pytester) -> None:
    run(
        pytester,
        """
import pytest
from ecard.apdu.piv import PivSession
from ecard.simulator import Fault

@pytest.mark.parametrize("time", [1, 2])
def test_it(time, ecard_card, ecard_operator_card, ecard_centre, ecard_clock, ecard_faults):
    start = ecard_clock()
    assert start.isoformat() == "2026-03-02T08:30:00+00:00"
    with ecard_operator_card.connect() as session:
        piv = PivSession(session)
        assert piv.pin_tries() == 3
        with pytest.raises(Exception):
            piv.verify(ecard_card.pin)
    ecard_centre.freeze(ecard_operator_card)
    ecard_clock.advance(days=1)
    ecard_faults.inject(Fault.REMOVAL)
""",
    ).assert_outcomes(passed=2)


def test_a_slow_card_moves_the_clock(pytester: pytest.Pytester) -> None:
    run(
        pytester,
        """
from ecard.simulator import Fault, Rule
from ecard.testing.clock import START

def test_it(ecard_card, ecard_clock, ecard_faults):
    ecard_faults.inject(Rule(Fault.SLOW, delay=90.0))
    from ecard.apdu.piv import PivSession
    with ecard_card.connect() as session:
        PivSession(session)
    assert (ecard_clock() - START).total_seconds() == 90
""",
    ).assert_outcomes(passed=1)


HARDWARE = """
import pytest

@pytest.mark.ecard_hardware(serial=4711)
def test_real(ecard_hardware):
    raise AssertionError("it ran")
"""


def test_hardware_is_skipped_unless_asked_for(pytester: pytest.Pytester) -> None:
    result = run(pytester, HARDWARE, "-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*run with --ecard-hardware*"])


@pytest.mark.parametrize("arguments", ["", "()", "(4711)", "(serial='4711')", "(serial=1, other=2)"])
def test_hardware_without_a_serial_number_does_not_run(pytester: pytest.Pytester, arguments: str) -> None:
    result = run(pytester, HARDWARE.replace("(serial=4711)", arguments), "--ecard-hardware")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*needs the serial number of the card*"])
    assert "it ran" not in result.stdout.str()


def test_the_address_needs_the_marker(pytester: pytest.Pytester) -> None:
    result = run(pytester, "def test_it(ecard_hardware): ...")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*needs the marker ecard_hardware(serial=...)*"])


def test_without_pyscard_the_reader_and_the_hardware_are_skipped(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "smartcard.scard", None)
    result = run(pytester, HARDWARE + "\ndef test_virtual(ecard_reader): ...", "--ecard-hardware", "-rs")
    result.assert_outcomes(skipped=2)
    assert result.stdout.str().count("need the package pyscard") == 2


@pytest.mark.parametrize("file", ["plugin.py", "__init__.py"])
def test_nothing_of_ecard_is_imported_before_a_fixture_is_used(file: str) -> None:
    tree = ast.parse((HERE / file).read_text(encoding="utf-8"))
    at_once = [ast.unparse(node) for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert at_once
    assert not [line for line in at_once if "ecard" in line]


def test_a_suite_without_cards_loads_no_cryptography() -> None:
    def loaded(module: str) -> bool:
        code = f"import {module}, sys; sys.exit('cryptography' in sys.modules)"
        return bool(subprocess.run([sys.executable, "-c", code], check=False).returncode)

    if loaded("ecard"):
        pytest.skip("the package itself loads everything at once")
    assert not loaded("ecard.testing.plugin")
