"""Policies from TOML, and the examples of the document."""

import re
from datetime import date
from pathlib import Path

import pytest

from ecard.errors import InvalidInputError
from ecard.pin import Characters, HolderFacts, PinPolicy
from ecard.pin.settings import Settings

from .sample import FACTS, TODAY, codes

pytestmark = pytest.mark.exhaustive

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "pin-policy.md"


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)


class TestToml:
    def test_the_example_of_the_document(self):
        (text,) = blocks("toml")
        policy = PinPolicy.from_toml(text, today=TODAY)
        assert set(PinPolicy.default().rule_names) - set(policy.rule_names) == {"keypad-walk", "postal-code"}
        assert policy.settings == Settings(
            minimum_length=8, maximum_length=12, part_length=5, padding=3,
            common=frozenset({"31415926", "20242024"}), today=TODAY
        )  # fmt: skip
        assert codes("31415926", FACTS, policy) == {"common-pin"}
        assert codes("739205", FACTS, policy) == {"too-short"}

    def test_nothing_changes_nothing(self):
        assert PinPolicy.from_toml("") == PinPolicy.default()

    def test_a_file(self, tmp_path):
        path = tmp_path / "policy.toml"
        path.write_text('switched_off = ["runs"]\n[settings]\ncharacters = "printable"\ntoday = 2026-07-01\n')
        policy = PinPolicy.from_toml(path)
        assert "runs" not in policy.rule_names
        assert policy.settings.characters is Characters.PRINTABLE
        assert policy.settings.today == date(2026, 7, 1)

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("minimum_length = 8", "unknown key 'minimum_length'"), ("[settings]\nminimal = 8",
            "unknown setting 'minimal'"),
            ('switched_off = ["run"]', "no rule 'run'"), ('switched_off = "runs"', "not a list"),
            ("switched_off = [1]", "not a list"),
            ("settings = 1", "not a table"), ("[settings]\npadding = 9", "padding"),
            ("[settings]\npadding = '1'", "padding"),
            ("[settings]\ncharacters = 'hex'", "'digits', 'letters-and-digits', 'printable'"),
            ("[settings]\ncharacters = []", "'digits'"), ("[settings]\ntoday = 2026-07-01T00:00:00Z",
            "date without a time"),
            ("[settings]\ncommon = [1]", "common"), ("[settings]\ncommon = '123'", "common"),
            ("policy.toml", "pathlib.Path"),
            ("a = " + "[" * 100_000, "TOML"), ("#" * 1_000_001, "larger"), ("\udcff = 1", "TOML"),
        ],
    )  # fmt: skip
    def test_what_is_wrong_is_not_ignored(self, text, why):
        with pytest.raises(InvalidInputError, match=re.escape(why)):
            PinPolicy.from_toml(text)

    def test_a_syntax_error_does_not_show_the_pins_around_it(self):
        with pytest.raises(InvalidInputError) as caught:
            PinPolicy.from_toml('[settings]\ncommon = ["481593" "905316"]')
        assert "4815" not in str(caught.value)
        assert caught.value.__context__ is None

    def test_a_file_that_is_not_there(self, tmp_path):
        with pytest.raises(InvalidInputError, match="cannot be read"):
            PinPolicy.from_toml(tmp_path / "none.toml")

    def test_a_file_that_is_too_large_is_not_read_to_its_end(self, tmp_path):
        path = tmp_path / "policy.toml"
        path.write_bytes(b"#" * 1_000_001)
        with pytest.raises(InvalidInputError, match="larger"):
            PinPolicy.from_toml(path)


class TestDocument:
    def test_its_python_runs(self, monkeypatch):
        names = {}
        for block in blocks("python"):
            exec(block, names)
        assert {reason.value for reason in names["policy"].violations("880401", names["facts"])} == {
            "birth-date", "calendar-date",
        }  # fmt: skip
        assert names["policy"].violations(names["new_pin"], names["facts"]) == ()

    def test_its_table_has_every_rule_and_every_example_is_refused(self):
        rows = re.findall(
            r"^\| (`[a-z-]+`.*?) \|.*\|(.*)\|$", DOCUMENT.read_text("utf-8").split("## How much")[0], re.MULTILINE
        )
        named = [name for left, _ in rows for name in re.findall(r"`([a-z-]+)`", left)]
        assert named == list(PinPolicy.default().rule_names)
        for left, right in rows:
            examples = re.findall(r"`([0-9a-z]+)`", right)
            reasons = {str(codes(example, FACTS)) for example in examples}
            assert "set()" not in reasons, left

    def test_its_table_has_every_setting_with_its_default(self):
        text = DOCUMENT.read_text("utf-8")
        named = re.findall(
            r"`([a-z_]+)`",
            "".join(re.findall(r"^\| (`[a-z_]+`(?:, `[a-z_]+`)?) \|", text.split("## Changing")[1], re.M)),
        )
        assert set(Settings.__dataclass_fields__) <= set(named)

    def test_the_share_that_it_states_fits_a_sample_and_the_goal(self):
        stated = int(
            re.search(r"leaves \*\*([\d,]+) of the 1,000,000", DOCUMENT.read_text("utf-8")).group(1).replace(",", "")
        )
        assert stated >= 850_000
        policy, facts = PinPolicy.default(), HolderFacts()
        step = 7919  # a prime, so that the sample goes evenly over the whole space
        sample = [f"{number * step % 10**6:06}" for number in range(20_000)]
        left = sum(not policy.violations(pin, facts) for pin in sample)
        assert abs(left / len(sample) - stated / 10**6) < 0.005


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    path = tmp_path / "house.toml"
    path.write_text("[settings")
    with pytest.raises(InvalidInputError, match=r"house\.toml is not well-formed TOML") as raised:
        PinPolicy.from_toml(path)
    assert "pathlib" not in str(raised.value)
