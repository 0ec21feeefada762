"""What must hold of a policy for any holder and any PIN."""

from datetime import date

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ecard.codes import identity_check_character
from ecard.errors import WeakPinError
from ecard.pin import HolderFacts, Pin, PinPolicy, Reason

from .sample import TODAY

pytestmark = pytest.mark.exhaustive

POLICY = PinPolicy.default(today=TODAY)
FULL_WIDTH = str.maketrans("0123456789+-() ", "０１２３４５６７８９＋－（）　")

digits = st.text("0123456789", min_size=1, max_size=64)
days = st.dates(date(1900, 1, 1), TODAY)


def numerals(size):
    return st.text("0123456789", min_size=size, max_size=size)


@st.composite
def mobiles(draw):
    """A Chinese mobile number in all its writings."""
    n = "1" + draw(st.sampled_from("3456789")) + draw(numerals(9))
    return [
        n, f"{n[:3]} {n[3:7]} {n[7:]}", f"{n[:3]}-{n[3:7]}-{n[7:]}", f"{n[:4]} {n[4:8]} {n[8:]}", f"+86{n}",
        f"+86 {n[:3]} {n[3:7]} {n[7:]}", f"0086 {n}", f"0086-{n[:3]}-{n[3:]}", f"86{n}", f"(+86){n}", f"0{n}",
        f"tel:+86-{n}", n.translate(FULL_WIDTH), f"+86 {n}".translate(FULL_WIDTH), f"手机：{n}",
    ]  # fmt: skip


@st.composite
def landlines(draw):
    """A Chinese landline number with an extension in all its writings."""
    area = draw(st.sampled_from(["10", "21", "25", "592", "755", "371"]))
    local = draw(st.sampled_from("23456789")) + draw(numerals(draw(st.sampled_from([7] if len(area) == 2 else [6, 7]))))
    ext = draw(st.text("123456789", min_size=1, max_size=1)) + draw(numerals(3))
    half = f"{local[:-4]} {local[-4:]}"
    return [
        f"0{area}-{local}-{ext}", f"(0{area}){local}-{ext}", f"0{area} {half} ext. {ext}", f"0{area}{local}转{ext}",
        f"+86 {area} {half} x{ext}", f"+86 (0){area} {local} ext {ext}", f"0086{area}{local}#{ext}",
        f"+86(0{area}){local} 分机 {ext}", f"86-{area}-{local}-{ext}", f"FAX: 0{area}-{local} EXT{ext}",
        f"（0{area}）{local}－{ext}".translate(FULL_WIDTH), f"tel:+86-{area}-{local};ext={ext}",
    ]  # fmt: skip


@st.composite
def foreign(draw):
    """A number of another country in its writings."""
    country = draw(st.sampled_from(["1", "44", "852", "886"]))
    n = draw(st.sampled_from("23456789")) + draw(numerals(8))
    return [f"+{country} {n}", f"00{country}{n}", f"+{country} {n[:3]}-{n[3:]}", f"+{country} (0){n}", f"0{n}"]


def plain(text):
    return "".join(str(int(c)) for c in text if c.isdecimal())


@given(data=st.data(), writings=mobiles() | landlines())
def test_any_run_of_any_writing_is_refused_whatever_writing_is_known(data, writings):
    known, dialled = data.draw(st.sampled_from(writings)), plain(data.draw(st.sampled_from(writings)))
    _assert_runs_are_refused(data, known, dialled)


@given(data=st.data(), writings=foreign())
def test_any_run_of_a_foreign_number_is_refused(data, writings):
    dialled = plain(
        data.draw(st.sampled_from(writings)).replace("(0)", "") if data.draw(st.booleans()) else writings[-1]
    )
    _assert_runs_are_refused(data, data.draw(st.sampled_from(writings[:-1])), dialled)


def _assert_runs_are_refused(data, known, dialled):
    size = data.draw(st.integers(6, 8))
    start = data.draw(st.integers(0, len(dialled) - size))
    run = dialled[start : start + size]
    facts = HolderFacts(telephones=[known])
    padding = data.draw(numerals(8 - size))
    for pin in (run, run[::-1], run + padding, padding + run[::-1]):
        assert Reason.TELEPHONE_NUMBER in POLICY.violations(pin, facts)


def usual_writings(day):
    """Written out by hand, apart from the code under test."""
    y, m, d, republic = day.year, day.month, day.day, day.year - 1911
    found = [
        f"{y:04}{m:02}{d:02}", f"{y % 100:02}{m:02}{d:02}", f"{d:02}{m:02}{y:04}", f"{d:02}{m:02}{y % 100:02}",
        f"{m:02}{d:02}{y:04}", f"{m:02}{d:02}{y % 100:02}", f"{y}{m}{d}", f"{d}{m}{y}", f"{m}{d}{y}",
        f"{y % 100:02}{m}{d}", f"{d}{m}{y % 100:02}", f"{m}{d}{y % 100:02}", f"{y}{m}{d:02}", f"{y}{m:02}{d}",
    ]  # fmt: skip
    if republic > 0:
        found += [f"{republic:03}{m:02}{d:02}", f"{republic}{m}{d}"]
        found += [f"{republic:02}{m:02}{d:02}"] if republic < 100 else []
    return found


@given(day=days)
def test_any_date_in_any_usual_writing_is_refused_without_facts(day):
    for pin in usual_writings(day):
        if len(pin) >= 6:
            assert Reason.CALENDAR_DATE in POLICY.violations(pin), len(pin)


@given(day=days, before=st.text("0123456789", max_size=2), after=st.text("0123456789", max_size=2))
def test_a_birth_date_is_refused_padded_and_backwards(day, before, after):
    facts = HolderFacts(birth_dates=[day])
    for writing in usual_writings(day):
        pin = before + writing + after
        if len(writing) >= 4:
            assert Reason.BIRTH_DATE in POLICY.violations(pin, facts)
            assert Reason.BIRTH_DATE in POLICY.violations(pin[::-1], facts)


@st.composite
def fact_lists(draw):
    """The arguments of HolderFacts, few of each."""
    birth = draw(days)
    body = draw(numerals(6)) + f"{birth:%Y%m%d}" + draw(numerals(3))
    return {
        "telephones": draw(st.lists((mobiles() | landlines() | foreign()).flatmap(st.sampled_from), max_size=2)),
        "birth_dates": draw(st.lists(days, max_size=2)),
        "identity_numbers": draw(st.sampled_from([[], [body + identity_check_character(body)]])),
        "card_numbers": draw(st.lists(st.text("0123456789AJ", min_size=4, max_size=13), max_size=1)),
        "certificate_numbers": draw(st.lists(st.text("0123456789ABCDEF", min_size=4, max_size=20), max_size=1)),
        "postal_codes": draw(st.lists(numerals(6), max_size=1)),
    }


@st.composite
def pins_near(draw, lists):
    """A random PIN, or one cut together from what the lists hold, so that rules find something in it."""
    known = [plain(text) for name, texts in lists.items() if name != "birth_dates" for text in texts]
    known += [writing for day in lists["birth_dates"] for writing in usual_writings(day)]
    known = [text for text in known if text] or ["0"]
    parts = draw(st.lists(st.sampled_from(known).flatmap(cuts) | digits, min_size=1, max_size=3))
    return ("".join(parts) or "0")[: draw(st.integers(4, 9))]


def cuts(text):
    return st.tuples(st.integers(0, len(text)), st.integers(2, 8)).map(lambda cut: text[cut[0] : sum(cut)])


@given(data=st.data(), some=fact_lists(), more=fact_lists())
def test_more_facts_never_take_a_reason_away(data, some, more):
    both = {name: some[name] + more[name] for name in some}
    pin = data.draw(pins_near(some))
    few, many = HolderFacts(**some), HolderFacts(**both)
    assert set(POLICY.violations(pin, few)) <= set(POLICY.violations(pin, many))
    assert set(POLICY.violations(pin, many)) <= set(POLICY.violations(pin, many.remember(pin)))


@given(data=st.data(), lists=fact_lists(), names=st.sets(st.sampled_from(POLICY.rule_names)))
def test_more_rules_never_take_a_reason_away(data, lists, names):
    pin, facts = data.draw(pins_near(lists)), HolderFacts(**lists)
    fewer = POLICY.without(*names)
    assert set(fewer.violations(pin, facts)) <= set(POLICY.violations(pin, facts))
    more = fewer.with_rule("all", lambda candidate, facts, settings: Reason.COMMON_PIN)
    assert set(fewer.violations(pin, facts)) <= set(more.violations(pin, facts))


@settings(max_examples=40)
@given(lists=fact_lists(), length=st.integers(6, 8))
def test_a_generated_pin_passes(lists, length):
    facts = HolderFacts(**lists)
    with POLICY.generate(facts, length) as pin:
        assert len(pin) == length
        assert POLICY.violations(pin, facts) == ()
        POLICY.check(pin, facts)


@given(data=st.data(), lists=fact_lists())
def test_nothing_said_about_a_pin_has_four_of_its_digits_in_a_row(data, lists):
    pin, facts = data.draw(pins_near(lists)), HolderFacts(**lists).remember("739205").with_puk("57302948")
    said = _said(Pin(pin), facts)
    assert not any(pin[i : i + 4] in said for i in range(len(pin) - 3))


def _said(pin, facts):
    reasons = POLICY.violations(pin, facts)
    assume(reasons)
    with pytest.raises(WeakPinError) as caught:
        POLICY.check(pin, facts)
    texts = [
        repr(pin),
        str(pin),
        repr(facts),
        repr(POLICY),
        repr(POLICY.settings),
        repr(POLICY.rules),
        repr(facts.used),
    ]
    texts += [text for reason in reasons for text in (repr(reason), reason.english, reason.chinese, reason.value)]
    return " ".join([*texts, str(caught.value), repr(caught.value)])


@given(day=st.dates(date(1, 1, 1), date(9999, 12, 31)))
def test_every_date_of_python_can_be_a_fact(day):
    assert Reason.BIRTH_DATE in POLICY.violations(f"{day:%d%m}{day.year:04}", HolderFacts(birth_dates=[day]))
