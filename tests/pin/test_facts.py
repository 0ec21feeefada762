"""Facts in any writing, wrong facts, PINs used before, and what the facts show of themselves."""

import pickle
import time
from datetime import date, datetime

import pytest

from ecard.errors import EcardError, InvalidCodeError, InvalidInputError
from ecard.pin import HolderFacts, Pin, Reason, RememberedPin

from .sample import BIRTH, CREDIT, FACTS, IDENTITY, POLICY, codes


@pytest.mark.parametrize(
    ("facts", "pins", "reason"),
    [
        ({"identity_numbers": [IDENTITY.translate(str.maketrans("0123456789X", "０１２３４５６７８９ｘ"))]},
        "350203", "identity-number"),
        ({"identity_numbers": [f"{IDENTITY[:6]} {IDENTITY[6:14]} {IDENTITY[14:]}".lower()]},
        "350203 401001", "identity-number"),
        ({"identity_numbers": ["35020319880401005X"]}, "010050 010059 001005 005005 0050050 00500050 0051005",
        "identity-number"),
        ({"identity_numbers": [IDENTITY]}, "203880 302053 350203", "identity-number"),
        ({"organisation_codes": [CREDIT]}, "913502 350211 112053 110001", "organisation-code"),
        ({"organisation_codes": ["M000100Y4"]}, "000100 000104 001000", "organisation-code"),
        ({"card_numbers": ["03-JJ0A900000001"]}, "900000 000009 030001 100030", "card-number"),
        ({"card_numbers": ["4821"]}, "482182 048210 128400", "card-number"),
        ({"certificate_numbers": ["5F27A90461"]}, "408687 687281 942182 5279046 164097",
        "certificate-number"),
        ({"certificate_numbers": ["0x01a2:b3c4"]}, "274400 860044", "certificate-number"),
        ({"postal_codes": ["361 094"]}, "361094 490163 36109400 094361", "postal-code"),
        ({"telephones": ["8203"]}, "820382 008203 302830", "telephone-number"),
        ({"telephones": ["0592-5601234/5609876"]}, "560987 5609876 678906 560123 059256 865925",
        "telephone-number"),
        ({"telephones": ["0592-5601234,15"]}, "601234 123415", "telephone-number"),
        ({"telephones": ["+44 (0)20 7946 0958"]}, "442079 442079 020794 004420 702440", "telephone-number"),
        ({"telephones": ["95588"]}, "955880 885590 955889", "telephone-number"),
        ({"telephones": ["FAX 010-65195114"]}, "861065 086106", "telephone-number"),
        ({"birth_dates": [date(1905, 12, 31)]}, "19051231 051231 13215091 311205", "birth-date"),
        ({"birth_dates": [date(2011, 11, 5)]}, "1001105 0511100 111105 100115", "birth-date"),
    ],
)  # fmt: skip
def test_facts_in_any_writing(facts, pins, reason):
    policy = POLICY.without("calendar-date")
    assert [pin for pin in pins.split() if reason not in codes(pin, HolderFacts(**facts), policy)] == []


@pytest.mark.parametrize(
    ("facts", "error", "why"),
    [
        ({"telephones": "13800138000"}, InvalidInputError, "not a list"),
        ({"telephones": [13800138000]}, InvalidInputError, "int"),
        ({"telephones": ["1" * 65]}, InvalidInputError, "64 characters"),
        ({"telephones": ["12"]}, InvalidInputError, "3 digits"),
        ({"telephones": ["no number"]}, InvalidInputError, "3 digits"),
        ({"telephones": ["13800138000"] * 65}, InvalidInputError, "at most 64"),
        ({"telephones": {"13800138000"}}, InvalidInputError, "not a list"),
        ({"birth_dates": ["1988-04-01"]}, InvalidInputError, "datetime.date"),
        ({"birth_dates": [datetime(1988, 4, 1)]}, InvalidInputError, "datetime.date"),
        ({"birth_dates": BIRTH}, InvalidInputError, "not a list"),
        ({"birth_dates": [BIRTH] * 65}, InvalidInputError, "at most 64"),
        ({"identity_numbers": ["350203198804010018"]}, InvalidCodeError, "check character"),
        ({"identity_numbers": ["350203198813010017"]}, InvalidCodeError, "calendar"),
        ({"identity_numbers": ["350203881301001"]}, InvalidCodeError, "calendar"),
        ({"identity_numbers": ["35020388040100A"]}, InvalidCodeError, "15 characters"),
        ({"identity_numbers": ["3502031988"]}, InvalidCodeError, "18 or 15"),
        ({"identity_numbers": [350203198804010017]}, InvalidInputError, "int"),
        ({"organisation_codes": [CREDIT[:-1] + "0"]}, InvalidCodeError, "check character"),
        ({"organisation_codes": ["M000100Y5"]}, InvalidCodeError, "check character"),
        ({"organisation_codes": ["M0001"]}, InvalidCodeError, "9"),
        ({"card_numbers": ["A-1"]}, InvalidInputError, "card number has at least 4"),
        ({"card_numbers": ["卡号"]}, InvalidInputError, "card number has at least 4"),
        ({"certificate_numbers": [12345]}, InvalidInputError, "int"),
        ({"postal_codes": [""]}, InvalidInputError, "postal code has at least 4"),
        ({"used": ["739205"]}, InvalidInputError, "remember"),
        ({"puk": "57302948"}, InvalidInputError, "with_puk"),
    ],
)  # fmt: skip
def test_wrong_facts_are_refused_without_being_shown(facts, error, why):
    with pytest.raises(error, match=why) as caught:
        HolderFacts(**facts)
    for datum in ("1380", "1988", "3502", "M000", "7392", "5730"):
        assert datum not in str(caught.value)


def test_the_largest_facts_are_taken_in_bounded_time():
    start = time.perf_counter()
    facts = HolderFacts(
        telephones=[f"+{n:02}" + "7392051846" * 6 for n in range(64)],
        birth_dates=[date(1950 + n, 7, 3) for n in range(64)],
        card_numbers=[f"{n:02}" + "8264019375" * 6 for n in range(64)],
        certificate_numbers=[f"{n:02}" + "5D27A90461" * 6 for n in range(64)],
    )
    POLICY.with_settings(maximum_length=64).violations("4829176530" * 6, facts)
    assert time.perf_counter() - start < 10


def test_they_show_counts_only():
    facts = FACTS.remember("739205").with_puk("57302948")
    assert (
        repr(facts)
        == str(facts)
        == ("HolderFacts(telephones: 2, birth_dates: 1, identity_numbers: 1, used: 1, puk: 1)")
    )
    assert repr(HolderFacts()) == "HolderFacts()"


def test_they_can_be_sent_to_another_process():
    again = pickle.loads(pickle.dumps(FACTS))
    assert codes("80013800", again) == codes("80013800") == {"telephone-number"}


class TestUsedPins:
    def test_used_pins_and_the_puk_are_refused_for_their_reasons(self):
        facts = HolderFacts().remember(Pin("739205")).remember("482917").with_puk(Pin("57302948"))
        assert POLICY.violations("739205", facts) == POLICY.violations("482917", facts) == (Reason.USED_BEFORE,)
        assert POLICY.violations("57302948", facts) == (Reason.EQUAL_TO_PUK,)
        assert POLICY.violations("482918", facts) == ()

    def test_the_facts_before_do_not_change(self):
        FACTS.remember("739205")
        assert codes("739205") == set()

    def test_one_salt_for_one_holder_and_another_for_the_next(self):
        facts = HolderFacts().with_puk("57302948").remember("739205").remember("482917")
        assert len({facts.puk.salt, *(one.salt for one in facts.used)}) == 1
        assert HolderFacts().remember("739205").used != HolderFacts().remember("739205").used

    def test_the_oldest_go(self):
        facts = HolderFacts()
        for number in range(4):
            facts = facts.remember(f"73920{number}", keep=3)
        assert len(facts.used) == 3
        assert codes("739200", facts) == set()
        assert codes("739201", facts) == {"used-before"}

    @pytest.mark.parametrize("keep", [0, 65, "3"])
    def test_how_many_are_kept(self, keep):
        with pytest.raises(InvalidInputError):
            HolderFacts().remember("739205", keep=keep)

    def test_they_are_kept_as_hashes(self):
        facts = HolderFacts().remember("739205")
        text = facts.used[0].to_text()
        assert repr(facts.used[0]) == "RememberedPin(****)"
        assert text.startswith("pbkdf2-sha256:500:")
        again = HolderFacts(used=[RememberedPin.from_text(text)])
        assert codes("739205", again) == {"used-before"}
        assert b"739205" not in pickle.dumps(facts)

    @pytest.mark.parametrize(
        "text",
        ["", "739205", "pbkdf2-sha256:500:AAAA:AAAA", "pbkdf2-sha256:0:{salt}:{hash}",
        "pbkdf2-sha256:900000:{salt}:{hash}",
         "pbkdf2-sha256:500:{salt}:{hash}\n", "md5:500:{salt}:{hash}",
         "pbkdf2-sha256:500:====================AAAA:{hash}",
         "pbkdf2-sha256:500:" + "A" * 24 + ":{hash}", None],
    )  # fmt: skip
    def test_a_hash_that_is_none(self, text):
        _, _, salt, digest = HolderFacts().remember("739205").used[0].to_text().split(":")
        with pytest.raises(EcardError):
            RememberedPin.from_text(text.format(salt=salt, hash=digest) if text else text)

    @pytest.mark.parametrize(
        "parts",
        [(b"short", 500, bytes(32)), (bytes(16), 500, b""), ("x" * 16, 500, bytes(32)), (bytes(16), "1", bytes(32))],
    )
    def test_parts_that_are_none(self, parts):
        with pytest.raises(InvalidInputError):
            RememberedPin(*parts)

    @pytest.mark.parametrize("iterations", [0, -1, 100_001, 10**12, 10**30, 1.5, None, "500"])
    def test_iterations_out_of_range_are_refused_before_they_are_done(self, iterations):
        for remember in (HolderFacts().remember, HolderFacts().with_puk):
            with pytest.raises(InvalidInputError, match="1 to 100_000"):
                remember("739205", iterations=iterations)
