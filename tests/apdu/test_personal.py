"""An identity number in a certificate stays out of traces and logs, however the certificate is cut into pieces."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecard.algorithms import KeyKind
from ecard.apdu.command import Command
from ecard.apdu.masking import MASK, Masker
from ecard.apdu.personal import IdentityNumbers
from ecard.apdu.piv import PivSession
from ecard.apdu.session import Session
from ecard.apdu.trace import TracedReader
from ecard.apdu.traffic import TRAFFIC
from ecard.apdu.words import Ins, Slot
from ecard.keys import SoftwareKey
from ecard.simulator import InProcess, SimulatedCard
from tests.apdu.making import authenticate, certificate

NUMBER = b"11010519491231002X"
"""The example of GB 11643-1999: nobody's."""
PUBLIC = SoftwareKey.generate(KeyKind.P256).public_key
OLD_NUMBER = b"110105491231002"


@pytest.mark.parametrize("number", [NUMBER, OLD_NUMBER, NUMBER.lower(), NUMBER.replace(b"X", b"7")])
def test_a_number_is_masked_wherever_it_stands(number: bytes) -> None:
    around = b"\x0c\x12" + number + b"\xa3\x82"
    get = Command(Ins.GET_DATA, 0x3F, 0xFF, bytes.fromhex("5C035FC10A")).short()
    assert Masker().mask(get, around)[1] == "0C12" + MASK * len(number) + "A382"
    put = Command(Ins.PUT_DATA, 0x3F, 0xFF, bytes.fromhex("5C035FC10A") + around)
    assert Masker().mask(put.short(), b"")[0][20:] == "0C12" + MASK * len(number) + "A38200"
    assert Masker().mask(put.extended(), b"")[0][24:] == "0C12" + MASK * len(number) + "A3820000"


@pytest.mark.parametrize("other", [b"20440101000000Z", b"240101000000Z", b"91350211M000100Y43", b"MA2XQ1234", b"1234"])
def test_dates_and_codes_are_left(other: bytes) -> None:
    assert IdentityNumbers().find(b"\x0c\x0f" + other + b"\xa3") == []


@pytest.mark.parametrize("date", [b"\x17\x0d240101000000Z", b"\x18\x0f20440101000000Z"])
def test_a_date_cut_in_two_is_left(date: bytes) -> None:
    for cut in range(len(date)):
        numbers = IdentityNumbers()
        spans = numbers.find(date[:cut]), numbers.find(date[cut:])
        assert spans == ([], [])


@given(st.binary(max_size=40), st.binary(max_size=40), st.lists(st.integers(1, 97), max_size=4))
def test_a_number_cut_in_pieces_is_masked_in_all(before: bytes, after: bytes, cuts: list[int]) -> None:
    whole = before + b"\x12" + NUMBER + b"\x30" + after
    places = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
    masker, shown = Masker(), ""
    pieces = [whole[begin:end] for begin, end in pairwise(places)]
    for index, piece in enumerate(pieces):
        last = index == len(pieces) - 1
        command = Command(Ins.PUT_DATA, 0x3F, 0xFF, piece, 0 if last else None, 0 if last else 0x10)
        text = masker.mask(command.short(), b"")[0][10:]
        shown += text[: 2 * len(piece)]
    masked = shown[2 * (len(before) + 1) : 2 * (len(before) + 1 + len(NUMBER))]
    left = [masked[i : i + 2] for i in range(0, len(masked), 2) if masked[i : i + 2] != MASK]
    assert len(left) <= 3 * len(pieces), "no more than three digits of a piece are left"
    if len(pieces) == 1:
        assert not left


@pytest.mark.parametrize("extended", [None, False], ids=["as-the-card-says", "short"])
@pytest.mark.parametrize("length", range(0, 40, 3))
def test_no_trace_and_no_log_of_a_certificate_has_the_number(
    extended: bool | None, length: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """At every place where a command or an answer can be cut."""
    made = certificate(PUBLIC, extra=b"\xee" * (60 + length) + NUMBER + b"\xee" * 300)
    reader = TracedReader(InProcess(SimulatedCard.new(seed=1)), tmp_path / "trace")
    with caplog.at_level(TRAFFIC), Session(reader, extended=extended) as session:
        piv = PivSession(session)
        authenticate(piv)
        piv.write_certificate(Slot.SIGNATURE, made)
        assert piv.read_certificate(Slot.SIGNATURE) == made
    text = (tmp_path / "trace").read_text() + "\n".join(record.getMessage() for record in caplog.records)
    assert text.count("\n> ") > 6
    for part in (NUMBER[:8], NUMBER[5:13], NUMBER[-8:]):
        assert part.hex().upper() not in text
