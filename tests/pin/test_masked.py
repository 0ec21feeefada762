"""A Pin shows itself nowhere, compares as it should, and is gone after close."""

import copy
import dataclasses
import io
import json
import logging
import pickle
import pprint
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecard.errors import PinError, PinFormatError
from ecard.pin import Pin

SECRET = "739205"


def test_it_reveals_what_it_was_made_of():
    assert (
        Pin(SECRET).reveal() == Pin(SECRET.encode()).reveal() == Pin(bytearray(SECRET, "ascii")).reveal() == b"739205"
    )
    assert type(Pin(bytearray(b"1234")).reveal()) is bytes
    assert len(Pin(SECRET)) == 6


def test_it_keeps_a_buffer_of_its_own():
    source = bytearray(SECRET, "ascii")
    pin = Pin(source)
    source[:] = bytes(6)
    assert pin.reveal() == b"739205"


@dataclasses.dataclass
class Holder:
    name: str
    pin: Pin


@pytest.mark.parametrize(
    "show",
    [
        repr, str, "{}".format, "{!r}".format, "{!s:>20}".format, "{:_^30}".format,
        lambda pin: f"{pin}", lambda pin: f"{pin=}",
        lambda pin: " ".join(map(str, [pin, [pin]])), lambda pin: repr([pin]),
        lambda pin: pprint.pformat({"pin": pin}),
        lambda pin: repr(Holder("holder", pin)), lambda pin: str(ValueError(pin)),
        lambda pin: json.dumps({"p": pin}, default=repr),
        lambda pin: repr(dataclasses.replace(Holder("holder", pin), name="other")),
    ],
)  # fmt: skip
def test_whatever_shows_it_shows_a_mask(show):
    shown = show(Pin(SECRET))
    assert "Pin(****)" in shown
    assert SECRET not in shown


def test_logging_shows_a_mask():
    stream = io.StringIO()
    logger = logging.Logger("pin")
    logger.addHandler(logging.StreamHandler(stream))
    pin = Pin(SECRET)
    logger.warning("%s and %r", pin, pin)
    logger.warning(pin)
    assert SECRET not in stream.getvalue()
    assert stream.getvalue().count("Pin(****)") == 3


def test_a_traceback_with_local_variables_shows_a_mask():
    pin = Pin(SECRET)
    try:
        raise RuntimeError("boom")
    except RuntimeError as error:
        shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert "Pin(****)" in shown
    assert "pin = " in shown
    assert pin.reveal().decode() not in shown.replace('SECRET = "739205"', "")


@pytest.mark.parametrize("bad", ["７３９２０５", "7392\n", "739205" * 20, "7392\x00", "7392é", b"7392\xff"])
def test_a_value_that_is_refused_is_not_in_the_error(bad):
    with pytest.raises(PinFormatError) as caught:
        Pin(bad)
    lines = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    inside = "".join(str(f.locals) for f in lines.stack if "/ecard/pin/" in f.filename)
    assert inside
    assert caught.value.__context__ is None
    assert "7392" not in str(caught.value) + repr(caught.value) + inside
    assert "７３９２" not in str(caught.value) + inside


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_it_is_not_pickled(protocol):
    with pytest.raises(PinError, match="not pickled"):
        pickle.dumps({"pin": Pin(SECRET)}, protocol)


@pytest.mark.parametrize("leak", [copy.copy, copy.deepcopy, lambda pin: dataclasses.asdict(Holder("holder", pin))])
def test_it_is_not_copied(leak):
    with pytest.raises(PinError, match="not copied") as caught:
        leak(Pin(SECRET))
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "take", [hash, bytes, list, vars, int, bool, lambda pin: pin[0], lambda pin: {pin: 1}, json.dumps]
)
def test_nothing_else_gets_at_the_content(take):
    if take is bool:
        assert take(Pin(SECRET)) is True
        return
    with pytest.raises((TypeError, AttributeError)) as caught:
        take(Pin(SECRET))
    assert SECRET not in str(caught.value)


def test_equality_is_by_content():
    assert Pin(SECRET) == Pin(SECRET.encode())
    assert Pin(SECRET) != Pin("739206")
    assert Pin(SECRET) != Pin("7392055")
    assert Pin(SECRET) != SECRET
    assert Pin(SECRET) != SECRET.encode()


def test_close_overwrites_the_buffer():
    pin = Pin(SECRET)
    buffer = pin._buffer
    pin.close()
    assert buffer == bytearray(6)
    pin.close()


def test_leaving_the_block_closes_it():
    with pytest.raises(RuntimeError), Pin(SECRET) as pin:
        raise RuntimeError
    with pytest.raises(PinError, match="closed"):
        pin.reveal()


@pytest.mark.parametrize(
    "use", [Pin.reveal, len, lambda pin: pin == Pin(SECRET), lambda pin: Pin(SECRET) == pin, Pin.__enter__]
)
def test_a_closed_pin_is_of_no_use(use):
    pin = Pin(SECRET)
    pin.close()
    assert repr(pin) == "Pin(****)"
    with pytest.raises(PinError, match="closed"):
        use(pin)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ("", "empty"), (b"", "empty"), ("1" * 65, "longer"), (b"1" * 65, "longer"), ("１２３４５６",
        "full-width"),
        ("12345٦", "not ASCII"), ("пин-код", "not ASCII"), (b"\xff\xff\xff\xff", "not ASCII"),
        ("123456\n", "end of a line"),
        (b"123456\r\n", "end of a line"), ("1234\x1b", "control"), (b"1234\x7f", "control"),
        (123456, "int"), (None, "NoneType"),
        (["1", "2"], "list"),
    ],
)  # fmt: skip
def test_what_no_card_takes_is_refused(bad, why):
    with pytest.raises(PinFormatError, match=why):
        Pin(bad)


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=64))
def test_every_printable_ascii_text_is_a_pin(text):
    assert Pin(text).reveal().decode() == text


def test_the_state_of_a_pin_is_not_given_away():
    with pytest.raises(PinError):
        Pin("739205").__getstate__()
