"""PINs made from one holder's numbers, each refused for the right reason; ordinary ones pass."""

import random

import pytest

from ecard.pin import HolderFacts, PinPolicy

from .sample import FACTS, POLICY, codes

pytestmark = pytest.mark.exhaustive

BIRTH_DATES = """
    19880401 880401 010488 04011988 198841 88040100 10408891 040188 01041988 411988 141988 1988401 1988041 4011988
    104198 880104 108840 104088 884010 88910401 99880401 8804019 77040100 770401 0770401 7704010 010477 040177 0401077
    007741 774100 88018804 880188 198804 041988 198801 881988 19881988 04010401 01040401 000401 040100 198812 001988
    401401 104104 008841 884100 418800 001488 12884100 12418800 88041 198840 104077 1040770 104041
    010774 477010 040771 177040 1198804
"""
TELEPHONES = """
    13800138 00138000 80013800 38001380 138001 380013 800138 001380 013800 138000 000831 00083100 83100831 138138
    381381 80008000 00130013 80000013 80001380 13808000 1388000 8000138 138013800 86138001 861380 086138 008613
    01380013 0138001 65195114 01065195 651951 195114 411591 41159156 5114651 51146519 010651 106519 861065 086106
    008610 860106 8601065 511482 148203 51148203 0108203 010820 8203010 82038203 820382 038203 203820 382038 30283028
    82033028 008203 820300 082030 820345 138010 010138 0105114 655114 80008203 65198203 8203138 13813800 114114
    800012 128000 3800013 9511465 3100083
"""
COMBINED = """
    19888203 82031988 82030401 04018203 1380401 0401138 80001988 80000401 51141988 65191988 8000401 1388804 138088
    138401 041138
"""
IDENTITIES = "350203 302053 50203198 031988 319880 401001 040100 880401001 001001 001350"

ORDINARY = """
    739205 482917 905316 518204 627340 294175 863917 708463 493716 957284 386259 645927 570839 264897 819365 473092
    396048 759481 946370 685023 327964 537186 60482957 73920518 48291760 90531627 29417583 6273408 8639174 49371652
    95728436 5708392 26489731 81936547 47309285 39604817 75948136 94637082 68502379
"""


@pytest.mark.parametrize(
    ("reason", "pins"),
    [
        ("birth-date", BIRTH_DATES),
        ("telephone-number", TELEPHONES),
        ("combined-facts", COMBINED),
        ("identity-number", IDENTITIES),
    ],
)
def test_pins_made_from_the_holders_numbers_are_refused_for_that_reason(reason, pins):
    assert [pin for pin in pins.split() if reason not in codes(pin)] == []


@pytest.mark.parametrize("pin", ORDINARY.split())
def test_ordinary_pins_pass(pin):
    assert codes(pin) == set()


def test_the_facts_take_away_less_than_one_pin_in_a_hundred():
    source = random.Random(20)
    pins = [f"{source.randrange(10**6):06}" for _ in range(5000)]
    with_facts = sum(bool(codes(pin)) for pin in pins)
    without = sum(bool(codes(pin, HolderFacts())) for pin in pins)
    assert with_facts - without < 50


def test_facts_of_nobody_say_nothing_about_numbers():
    for pin in (BIRTH_DATES + TELEPHONES).split():
        assert codes(pin, HolderFacts()) <= {
            "calendar-date", "repeated", "run", "keypad-walk", "common-pin", "too-short", "too-long",
        }  # fmt: skip


def test_a_birth_date_is_taken_from_identity_numbers_of_both_lengths():
    long = HolderFacts(identity_numbers=FACTS.identity_numbers)
    short = HolderFacts(identity_numbers=["350203880401001"])
    policy = POLICY.without("calendar-date", "identity-number")
    for facts in (long, short):
        for pin in ("19880401", "770401", "10408891", "198841"):
            assert codes(pin, facts, policy) == {"birth-date"}


@pytest.mark.parametrize(
    ("pin", "reason"),
    [
        ("888888", "repeated"), ("121212", "repeated"), ("112233", "repeated"), ("1231231", "repeated"),
        ("800000", "repeated"), ("480000", "repeated"), ("121122", "repeated"),
        ("974479", "repeated"), ("82038203", "repeated"),
        ("123456", "run"), ("987654", "run"), ("890123", "run"), ("210987", "run"), ("246802", "run"),
        ("741852", "run"),
        ("123400", "run"), ("012349", "run"), ("123789", "run"), ("142536", "run"), ("102030", "run"),
        ("12345690", "run"),
        ("147258", "keypad-walk"), ("159753", "keypad-walk"), ("147896", "keypad-walk"), ("258456",
        "keypad-walk"),
        ("14789632", "keypad-walk"), ("14725836", "keypad-walk"), ("1472580", "keypad-walk"), ("014789",
        "keypad-walk"),
        ("0852963", "keypad-walk"), ("302569", "keypad-walk"), ("708569", "keypad-walk"),
        ("137913", None), ("139713", "keypad-walk"), ("14725899",
        "keypad-walk"),
        ("88888888", "factory-pin"), ("00000000", "factory-pin"), ("123456", "factory-pin"),
        ("12345678", "factory-pin"),
        ("648219", "factory-pin"), ("520131", "common-pin"), ("1314520", "common-pin"), ("168520",
        "common-pin"),
        ("20260630", "calendar-date"), ("31121999", "calendar-date"), ("12311999", "calendar-date"),
        ("229004", None), ("290200", "calendar-date"), ("310499", None), ("1150630", "calendar-date"),
        ("0770401", "calendar-date"), ("114512", "calendar-date"), ("201512", "calendar-date"),
        ("12345", "too-short"), ("739205184", "too-long"), ("48a917", "wrong-characters"), ("4829 17",
        "wrong-characters"),
    ],
)  # fmt: skip
def test_pins_that_are_weak_for_anybody(pin, reason):
    found = codes(pin, HolderFacts())
    assert found == set() if reason is None else reason in found


@pytest.mark.parametrize("pin", ["20260702", "19991301", "18991231", "20230229"])
def test_what_is_no_date_up_to_today_is_no_calendar_date(pin):
    assert "calendar-date" not in codes(pin, HolderFacts())


def test_without_a_day_dates_of_the_future_are_refused_too():
    assert codes("20301231", HolderFacts(), PinPolicy.default()) == {"calendar-date"}
    assert codes("20500101", HolderFacts(), PinPolicy.default()) == set()
