"""Numbers of China's registers: check characters by an independent reckoning, and each way of being wrong."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecard import codes
from ecard.errors import InvalidCodeError

ORGANISATION = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CREDIT = "0123456789ABCDEFGHJKLMNPQRTUWXY"

organisation_bodies = st.text(ORGANISATION, min_size=8, max_size=8)
credit_fronts = st.text(CREDIT, min_size=8, max_size=8)


def organisation_code(body: str) -> str:
    return body + codes.organisation_check_character(body)


@given(organisation_bodies)
def test_organisation_check_character(body: str) -> None:
    # GB 11714: C9 = 11 - sum(W * C) mod 11, 10 written X, 11 written 0: the weighted sum with it is 0 modulo 11
    code = organisation_code(body)
    last = 10 if code[8] == "X" else int(code[8])
    values = [*map(ORGANISATION.index, body), last]
    assert sum(w * v for w, v in zip((3, 7, 9, 10, 5, 8, 4, 2, 1), values, strict=True)) % 11 == 0
    assert codes.check_organisation_code(code) == codes.organisation_code_of(code) == code


@given(organisation_bodies, st.sampled_from("0123456789X"))
def test_a_wrong_organisation_check_character(body: str, last: str) -> None:
    if last != organisation_code(body)[8]:
        with pytest.raises(InvalidCodeError, match="character 9 "):
            codes.check_organisation_code(body + last)


def test_an_invented_credit_code() -> None:
    assert codes.credit_check_character("91350100M000100Y4") == "3"
    with pytest.raises(InvalidCodeError, match="15 characters instead of 17"):
        codes.credit_check_character("91350100M000100")


@given(credit_fronts, st.text(CREDIT, min_size=8, max_size=8).map(organisation_code))
def test_credit_check_character(front: str, organisation: str) -> None:
    body = front + organisation
    code = body + codes.credit_check_character(body)
    # GB 32100: the weights are the powers of 3 modulo 31, and with the check character the sum is 0 modulo 31
    assert sum(pow(3, i, 31) * CREDIT.index(c) for i, c in enumerate(body)) % 31 == -CREDIT.index(code[17]) % 31
    assert codes.check_credit_code(code) == code
    assert codes.organisation_code_of(code) == organisation
    wrong = CREDIT[(CREDIT.index(code[17]) + 1) % 31]
    with pytest.raises(InvalidCodeError, match="character 18 "):
        codes.check_credit_code(body + wrong)


def test_a_wrong_organisation_code_inside_a_credit_code() -> None:
    body = "91350100M000100Y5"
    with pytest.raises(InvalidCodeError, match=r"character 17 .* characters 9 to 16"):
        codes.check_credit_code(body + codes.credit_check_character(body))


@given(
    st.integers(0, 999_999).map("{:06}".format),
    st.dates(date(1900, 1, 1), date(2099, 12, 31)),
    st.integers(0, 999).map("{:03}".format),
)
def test_identity_numbers(region: str, born: date, order: str) -> None:
    body = f"{region}{born:%Y%m%d}{order}"
    number = body + codes.identity_check_character(body)
    # ISO 7064, MOD 11-2, as GB 11643 says: read in base 2 with X for 10, the number is 1 modulo 11
    value = 0
    for character in number:
        value = (2 * value + (10 if character == "X" else int(character))) % 11
    assert value == 1
    assert codes.check_identity_number(number) == number
    assert codes.identity_birth_date(number) == born
    wrong = "10X98765432"[("10X98765432".index(number[17]) + 3) % 11]
    with pytest.raises(InvalidCodeError, match="character 18") as caught:
        codes.check_identity_number(body + wrong)
    assert body not in str(caught.value)


def test_birth_dates_in_the_old_form() -> None:
    assert codes.identity_birth_date("110101900307889") == date(1990, 3, 7)
    with pytest.raises(InvalidCodeError, match="characters 7 to 12"):
        codes.identity_birth_date("110101901307889")
    with pytest.raises(InvalidCodeError, match="characters 7 to 14"):
        codes.identity_birth_date("11010119900230889X")
    for none in ("", "1" * 17, "x" * 18, "１" * 18):
        with pytest.raises(InvalidCodeError, match="no birth date"):
            codes.identity_birth_date(none)


@pytest.mark.parametrize(
    ("check", "code", "words"),
    [
        (codes.check_organisation_code, "", "0 characters"),
        (codes.check_organisation_code, "M000100Y", "8 characters instead of 9"),
        (codes.check_organisation_code, "M000100Y44", "10 characters instead of 9"),
        (codes.check_organisation_code, "m000100Y4", "character 1 "),
        (codes.check_organisation_code, "M00010-Y4", "character 7 "),
        (codes.check_organisation_code, "M000１00Y4", "character 5 "),
        (codes.check_credit_code, "91350100M000100Y4", "17 characters instead of 18"),
        (codes.check_credit_code, "91350100M000I00Y43", "character 13 "),
        (codes.check_credit_code, "9135010OM000100Y43", "character 8 "),
        (codes.check_identity_number, "1101011990030788", "16 characters"),
        (codes.check_identity_number, "11010119900307889x", "character 18 "),
        (codes.check_identity_number, "1101011990030788AX", "character 17 "),
        (codes.organisation_code_of, "M000", "not 4"),
        (codes.organisation_code_of, "M000100Y5", "character 9 "),
    ],
)
def test_what_is_wrong_and_where(check: object, code: str, words: str) -> None:
    with pytest.raises(InvalidCodeError, match=words) as caught:
        check(code)  # type: ignore[operator]
    assert len(code) < 9 or code not in str(caught.value), "the number itself is not shown"


@pytest.mark.parametrize("number", ["JJ0A900000001", "03-JJ0A900000001", "0000000000000"])
def test_card_numbers(number: str) -> None:
    assert codes.check_card_number(number) == number


@pytest.mark.parametrize(
    "number",
    ["", "JJ0A90000001", "JJ0A9000000012", "04-JJ0A900000001", "jj0a900000001", "JJ0A９00000001", "JJ0A90000000\n1"],
)
def test_what_is_no_card_number(number: str) -> None:
    with pytest.raises(InvalidCodeError, match="shape"):
        codes.check_card_number(number)
    with pytest.raises(InvalidCodeError, match="shape"):
        codes.check_card_number("JJ0A900000001\n")
