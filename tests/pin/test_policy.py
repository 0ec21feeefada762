"""Each rule on and off, settings, rules of one's own, generation, and what a policy refuses to do."""

import traceback
from datetime import date, datetime

import pytest

from ecard.errors import InvalidInputError, PinError, PinFormatError, WeakPinError
from ecard.pin import Characters, HolderFacts, Pin, PinPolicy, PolicyReason, Reason, Settings
from ecard.pin.settings import LAST_DAY

from .sample import BIRTH, CREDIT, FACTS, IDENTITY, POLICY, codes

EVERYTHING = HolderFacts(
    telephones=["138 0013 8000"],
    birth_dates=[BIRTH],
    identity_numbers=[IDENTITY],
    organisation_codes=[CREDIT],
    card_numbers=["03-JJ0A900000001"],
    certificate_numbers=["5F27A90461"],
    postal_codes=["361094"],
).remember("739205").with_puk("57302948")  # fmt: skip

EACH_RULE = [
    ("too-short", "48291", Reason.TOO_SHORT),
    ("too-long", "482917563", Reason.TOO_LONG),
    ("characters", "48a917", Reason.WRONG_CHARACTERS),
    ("telephone", "80013800", Reason.TELEPHONE_NUMBER),
    ("birth-date", "10408891", Reason.BIRTH_DATE),
    ("calendar-date", "19750922", Reason.CALENDAR_DATE),
    ("identity-number", "350203", Reason.IDENTITY_NUMBER),
    ("organisation-code", "350211", Reason.ORGANISATION_CODE),
    ("card-number", "900000", Reason.CARD_NUMBER),
    ("certificate-number", "408687", Reason.CERTIFICATE_NUMBER),
    ("postal-code", "490163", Reason.POSTAL_CODE),
    ("combined-facts", "80001988", Reason.COMBINED_FACTS),
    ("repeats", "484848", Reason.REPEATED),
    ("runs", "345678", Reason.RUN),
    ("keypad-walk", "147258", Reason.KEYPAD_WALK),
    ("factory-pin", "648219", Reason.FACTORY_PIN),
    ("common-pin", "520131", Reason.COMMON_PIN),
    ("puk", "57302948", Reason.EQUAL_TO_PUK),
    ("used-before", "739205", Reason.USED_BEFORE),
]


def test_every_rule_and_every_reason_is_tried_here():
    assert [rule for rule, _, _ in EACH_RULE] == list(POLICY.rule_names)
    assert {reason for _, _, reason in EACH_RULE} == set(Reason)


@pytest.mark.parametrize(("rule", "pin", "reason"), EACH_RULE)
def test_a_rule_on_and_off(rule, pin, reason):
    alone = POLICY.without(*(name for name in POLICY.rule_names if name != rule))
    assert alone.violations(pin, EVERYTHING) == (reason,)
    assert reason not in POLICY.without(rule).violations(pin, EVERYTHING)
    assert POLICY.rule_names.count(rule) == 1


def test_facts_rules_say_nothing_without_facts():
    for rule, pin, reason in EACH_RULE:
        if rule in {
            "telephone",
            "birth-date",
            "identity-number",
            "postal-code",
            "combined-facts",
            "puk",
            "used-before",
        }:
            assert reason not in POLICY.violations(pin)


def test_check_names_every_reason_in_one_error():
    with pytest.raises(WeakPinError) as caught:
        POLICY.check(Pin("880401"), FACTS)
    assert caught.value.reasons == (Reason.BIRTH_DATE, Reason.CALENDAR_DATE, Reason.IDENTITY_NUMBER)
    assert str(caught.value) == (
        "the PIN is weak (the PIN is made from a birth date; the PIN is a date of the calendar; "
        "the PIN is made from an identity number): choose another one"
    )


def test_a_weak_pin_is_in_no_local_variable_of_ecard():
    with pytest.raises(WeakPinError) as caught:
        POLICY.check("19880401", FACTS)
    told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    inside = [frame for frame in told.stack if "/ecard/pin/" in frame.filename]
    assert inside
    assert "1988" not in "".join(str(frame.locals) for frame in inside)


def test_reasons_read_in_two_languages():
    for reason in Reason:
        assert reason.english == str(reason)
        assert reason.english.startswith("the PIN ")
        assert any("\u4e00" <= c <= "\u9fff" for c in reason.chinese)
        assert not any(c.isdecimal() for c in reason.english + reason.chinese + repr(reason))


class TestSettings:
    def test_lengths_and_characters(self):
        policy = POLICY.with_settings(minimum_length=4, maximum_length=12, characters=Characters.PRINTABLE)
        assert policy.violations("0590") == ()
        assert policy.violations("mK7#wq!Lz04x") == ()
        assert codes("has a space", HolderFacts(), policy) == {"wrong-characters"}
        assert codes("mK7wq#", HolderFacts(), POLICY.with_settings(characters=Characters.LETTERS_AND_DIGITS)) == {
            "wrong-characters"
        }

    @pytest.mark.parametrize(
        "pin", ["8000", "0013", "1380", "0831", "88-04-01", "1988/04/01", "x880401y", "li19880401"]
    )
    def test_numbers_are_found_in_short_and_in_mixed_pins(self, pin):
        policy = POLICY.with_settings(minimum_length=4, maximum_length=12, characters=Characters.PRINTABLE)
        assert codes(pin, FACTS, policy) & {"telephone-number", "birth-date"}

    @pytest.mark.parametrize("pin", ["abcdef", "fedcba", "aaaaaa", "abcabc"])
    def test_patterns_of_letters_are_found(self, pin):
        policy = POLICY.with_settings(characters=Characters.PRINTABLE)
        assert codes(pin, HolderFacts(), policy) & {"run", "repeated"}

    @pytest.mark.parametrize("pin", ["kT8w88Qz", "correct", "n4y0b1v8"])
    def test_few_digits_among_letters_are_not_a_date(self, pin):
        assert codes(pin, FACTS, POLICY.with_settings(characters=Characters.PRINTABLE)) == set()

    def test_part_length(self):
        assert "telephone-number" in codes("99180013", FACTS, POLICY.with_settings(part_length=4))
        assert "telephone-number" not in codes("99180013", FACTS)
        longer = POLICY.with_settings(part_length=8)
        assert "telephone-number" not in codes("93800139", FACTS, longer)
        assert "telephone-number" in codes("93800139", FACTS)
        assert "telephone-number" in codes("572640", HolderFacts(telephones=["13957264083"]), longer)

    def test_padding(self):
        policy = POLICY.with_settings(padding=0)
        assert "telephone-number" in codes("820395", FACTS)
        assert codes("820395", FACTS, policy) == set()
        assert codes("123408", FACTS, policy) == set()
        assert "birth-date" in codes("000401", FACTS)
        assert "birth-date" not in codes("000401", FACTS, policy)

    def test_different_characters(self):
        assert codes("748274", HolderFacts(), POLICY.with_settings(different_characters=5)) == {"repeated"}
        assert codes("748274", HolderFacts()) == set()

    def test_days(self):
        pin = "20300615"
        assert codes(pin, HolderFacts()) == set()
        assert codes(pin, HolderFacts(), POLICY.with_settings(today=date(2030, 6, 15))) == {"calendar-date"}
        assert codes("19290615", HolderFacts(), POLICY.with_settings(earliest_year=1930)) == set()
        assert PinPolicy.default().settings.today == LAST_DAY

    def test_more_pins(self):
        assert codes("481593", HolderFacts(), POLICY.refusing("481593", "905316")) == {"common-pin"}
        assert codes("481593", HolderFacts(), POLICY.with_settings(factory={"481593"})) == {"factory-pin"}
        assert codes("905316", HolderFacts(), POLICY.refusing("905316").refusing("481593")) == {"common-pin"}

    @pytest.mark.parametrize(
        "wrong",
        [
            {"minimum_length": 0}, {"minimum_length": 9}, {"maximum_length": 65},
            {"maximum_length": "8"}, {"padding": 5},
            {"padding": True}, {"part_length": 3}, {"different_characters": 11}, {"earliest_year": 0},
            {"minimum": 4},
            {"characters": "digits"}, {"today": "2026-07-01"}, {"today": datetime(2026, 7, 1)},
            {"common": "481593"},
            {"common": [481593]}, {"factory": [""]}, {"factory": ["１２３４５６"]},
            {"common": ["1"] * 100_001},
        ],
    )  # fmt: skip
    def test_wrong_settings(self, wrong):
        with pytest.raises(InvalidInputError) as caught:
            POLICY.with_settings(**wrong)
        assert next(iter(wrong)).split("_")[0] in str(caught.value)
        assert "4815" not in str(caught.value)

    def test_they_show_no_pin(self):
        assert repr(Settings(common=frozenset({"481593"}))) == "Settings(6 to 8 digits)"


class HouseReason(PolicyReason):
    DOOR = "door", "the PIN opens the door", "PIN 与门禁密码相同"


class TestRulesOfOnesOwn:
    def test_it_is_asked_last(self):
        policy = POLICY.with_rule("door", lambda candidate, facts, settings: HouseReason.DOOR)
        assert policy.violations("739205") == (HouseReason.DOOR,)
        assert policy.violations("888888")[-1] is HouseReason.DOOR
        assert policy.without("door").violations("739205") == ()

    def test_it_sees_a_masked_candidate(self):
        seen = []
        POLICY.with_rule("look", lambda *asked: seen.extend(asked)).violations("739205", FACTS)
        assert seen[0].text == "739205"
        assert "7392" not in repr(seen[0])
        assert seen[1:] == [FACTS, POLICY.settings]

    @pytest.mark.parametrize(("name", "function"), [("runs", lambda *asked: None), ("new", "function")])
    def test_a_taken_name_and_no_function(self, name, function):
        with pytest.raises(InvalidInputError, match=name):
            POLICY.with_rule(name, function)

    @pytest.mark.parametrize("answer", [True, "door", 0])
    def test_an_answer_that_is_no_reason(self, answer):
        with pytest.raises(InvalidInputError, match="door"):
            POLICY.with_rule("door", lambda *asked: answer).violations("739205")


class TestGenerate:
    @pytest.mark.parametrize("length", [6, 7, 8])
    def test_every_length_that_is_allowed(self, length):
        assert len(POLICY.generate(FACTS, length=length)) == length

    @pytest.mark.parametrize("length", [5, 9, "6", None])
    def test_a_length_that_is_not(self, length):
        with pytest.raises(PinFormatError, match="6 to 8"):
            POLICY.generate(FACTS, length=length)

    def test_every_digit_comes_at_every_place(self):
        pins = [POLICY.without(*POLICY.rule_names).generate().reveal().decode() for _ in range(400)]
        assert all({pin[place] for pin in pins} == set("0123456789") for place in range(6))

    def test_letters_where_they_are_allowed(self):
        policy = POLICY.with_settings(characters=Characters.PRINTABLE)
        text = "".join(policy.generate(length=8).reveal().decode() for _ in range(40))
        assert any(c.isalpha() for c in text)
        assert any(not c.isalnum() for c in text)

    @pytest.mark.exhaustive
    def test_nothing_left(self):
        with pytest.raises(PinError, match="leaves no PIN"):
            POLICY.with_rule("all", lambda *asked: HouseReason.DOOR).generate()


def test_an_unknown_rule_is_not_ignored():
    with pytest.raises(InvalidInputError, match=r"'birthdate'.*birth-date"):
        POLICY.without("birthdate")


def test_facts_of_another_kind():
    with pytest.raises(InvalidInputError, match="dict"):
        POLICY.violations("739205", {"telephones": ["13800138000"]})


@pytest.mark.parametrize("pin", ["", "７３９２０５", "1" * 65])
def test_what_is_no_pin_at_all(pin):
    with pytest.raises(PinFormatError):
        POLICY.violations(pin)


def test_a_closed_pin():
    pin = Pin("739205")
    pin.close()
    with pytest.raises(PinError, match="closed"):
        POLICY.violations(pin)


def test_a_policy_does_not_close_the_pin():
    pin = Pin("739205")
    POLICY.check(pin, FACTS)
    assert pin.reveal() == b"739205"


def test_a_policy_shows_its_size_only():
    assert repr(POLICY) == "PinPolicy(19 rules)"
    assert repr(POLICY.rules[0]) == "Rule('too-short')"
