"""Each supplier gives a fresh Pin, says why it has none, and keeps what it read to itself."""

import os
import pty
import sys
import traceback

import pytest

from ecard.errors import InvalidInputError, NoPinError, PinError, PinFormatError
from ecard.pin import (
    HolderFacts,
    Pin,
    PinPolicy,
    PinReference,
    PinRequest,
    as_supplier,
    callback,
    environment,
    file_descriptor,
    prompt,
    value,
)

REQUEST = PinRequest("operator card", "sign", 3)
SECRET = "739205"


def pipe(content):
    """The reading end of a pipe that holds ``content``."""
    reader, writer = os.pipe()
    os.write(writer, content)
    os.close(writer)
    return reader


class TestRequest:
    def test_it_asks_in_one_line(self):
        assert REQUEST.question() == "PIN of operator card, to sign (3 tries left): "
        assert PinRequest("card", "unblock", 1, PinReference.PUK).question() == (
            "PUK of card, to unblock (the last try before it blocks): "
        )
        assert PinRequest("card", "sign").question() == "PIN of card, to sign: "

    def test_a_label_cannot_steer_the_terminal(self):
        request = PinRequest("\x1b[2J\r\nGood card", "sign\u202e", 3)
        assert request.card == "?[2J??Good card"
        assert request.act == "sign?"
        assert len(PinRequest("x" * 10_000, "sign").question()) < 300

    def test_it_is_made_of_words(self):
        with pytest.raises(InvalidInputError):
            PinRequest(None, "sign")


class TestValue:
    def test_it_gives_a_fresh_pin_each_time(self):
        supplier = value(Pin(SECRET))
        with supplier(REQUEST) as first:
            assert first == Pin(SECRET)
        assert supplier(REQUEST) == Pin(SECRET)

    def test_closing_the_original_ends_it(self):
        pin = Pin(SECRET)
        supplier = value(pin)
        pin.close()
        with pytest.raises(PinError):
            supplier(REQUEST)


class TestEnvironment:
    def test_it_reads_the_variable_when_asked(self, monkeypatch):
        supplier = environment("CARD_PIN")
        monkeypatch.setenv("CARD_PIN", SECRET)
        assert supplier(REQUEST) == Pin(SECRET)

    @pytest.mark.parametrize("content", [None, ""])
    def test_nothing_there_names_the_variable(self, monkeypatch, content):
        monkeypatch.delenv("CARD_PIN", raising=False)
        if content is not None:
            monkeypatch.setenv("CARD_PIN", content)
        with pytest.raises(NoPinError, match="CARD_PIN"):
            environment("CARD_PIN")(REQUEST)

    @pytest.mark.parametrize("name", ["", "A=B", "A\0"])
    def test_a_name_that_is_none(self, name):
        with pytest.raises(InvalidInputError):
            environment(name)


class TestFileDescriptor:
    @pytest.mark.parametrize("content", [b"739205\n", b"739205\r\n", b"739205"])
    def test_it_reads_one_line(self, content):
        assert file_descriptor(pipe(content))(REQUEST) == Pin(SECRET)

    def test_the_rest_stays_for_the_next(self):
        reader = pipe(b"739205\n482917\nrest")
        supplier = file_descriptor(reader)
        assert [supplier(REQUEST).reveal(), supplier(REQUEST).reveal()] == [b"739205", b"482917"]
        assert os.read(reader, 10) == b"rest"

    @pytest.mark.parametrize("content", [b"", b"\n", b"\r\n"])
    def test_nothing_there_names_the_descriptor(self, content):
        reader = pipe(content)
        with pytest.raises(NoPinError, match=f"file descriptor {reader} "):
            file_descriptor(reader)(REQUEST)

    def test_a_closed_descriptor(self):
        reader = pipe(b"")
        os.close(reader)
        with pytest.raises(NoPinError, match="cannot be read"):
            file_descriptor(reader)(REQUEST)

    def test_a_long_line_is_not_read_to_its_end(self):
        reader = pipe(b"7392051" * 9000)
        with pytest.raises(PinFormatError, match="longer") as caught:
            file_descriptor(reader)(REQUEST)
        assert len(os.read(reader, 100_000)) > 62_000
        assert "7392" not in _with_locals(caught.value)

    def test_the_longest_line(self):
        assert len(file_descriptor(pipe(b"1" * 64 + b"\r\n"))(REQUEST)) == 64

    @pytest.mark.parametrize("fd", [-1, True, "0", None])
    def test_what_is_no_descriptor(self, fd):
        with pytest.raises(InvalidInputError):
            file_descriptor(fd)


class TestCallback:
    @pytest.mark.parametrize("answer", [SECRET, Pin(SECRET)])
    def test_it_is_told_why_and_gives_a_pin(self, answer):
        asked = []
        supplier = callback(lambda request: asked.append(request) or answer)
        assert supplier(REQUEST) == Pin(SECRET)
        assert asked == [REQUEST]

    @pytest.mark.parametrize("answer", [None, ""])
    def test_nothing(self, answer):
        with pytest.raises(NoPinError, match="callback"):
            callback(lambda request: answer)(REQUEST)

    @pytest.mark.parametrize("answer", [b"739205", 739205, ["739205"]])
    def test_something_else(self, answer):
        with pytest.raises(InvalidInputError) as caught:
            callback(lambda request: answer)(REQUEST)
        assert "7392" not in str(caught.value)

    def test_its_own_error_passes_through(self):
        with pytest.raises(ZeroDivisionError):
            callback(lambda request: 1 / 0)(REQUEST)

    def test_no_function(self):
        with pytest.raises(InvalidInputError):
            callback(SECRET)


class TestPrompt:
    def test_what_is_typed_is_not_echoed(self):
        assert _at_a_terminal(b"739205\n") == ("Pin of 6", "PIN of operator card, to sign (3 tries left): ")

    def test_typing_nothing(self):
        assert _at_a_terminal(b"\n")[0] == "no PIN was typed at the prompt"

    def test_ending_the_input(self):
        assert _at_a_terminal(b"\x04")[0] == "no PIN was typed at the prompt"

    def test_it_refuses_what_another_encoding_makes_of_full_width_digits(self):
        told, shown = _at_a_terminal("7392０５\n".encode("gbk"))
        assert told.startswith("the PIN has characters that are not ASCII, in another encoding than the terminal's")
        assert "7392" not in told + shown

    def test_what_cannot_be_decoded_is_not_in_the_error(self, monkeypatch):
        monkeypatch.setattr("getpass.getpass", lambda question: b"7392\xa3\xb0".decode())
        with pytest.raises(PinFormatError) as caught:
            prompt(REQUEST)
        assert caught.value.__context__ is None
        assert "7392" not in _with_locals(caught.value)

    def test_without_a_terminal_nothing_is_read(self):
        outcome, shown = _run(_ask_without_a_terminal)
        assert outcome.startswith("the prompt has no terminal")
        assert outcome.endswith("739205 is still there")
        assert shown == ""


class TestAsSupplier:
    def test_a_pin_and_a_supplier(self):
        assert as_supplier(Pin(SECRET))(REQUEST) == Pin(SECRET)
        assert as_supplier(prompt) is prompt

    @pytest.mark.parametrize("bad", [SECRET, b"739205", 739205, None])
    def test_anything_else(self, bad):
        with pytest.raises(InvalidInputError) as caught:
            as_supplier(bad)
        assert "7392" not in str(caught.value)


@pytest.mark.parametrize(
    "supplier",
    [value(Pin(SECRET)), environment("CARD_PIN"), file_descriptor(3), callback(lambda request: SECRET), prompt],
)
def test_a_supplier_shows_no_pin(supplier):
    assert SECRET not in repr(supplier) + str(supplier)


@pytest.mark.parametrize("typed", ["73920５", "739205\n", "739205" * 11])
def test_a_wrong_pin_is_in_no_local_variable_of_ecard(monkeypatch, typed):
    monkeypatch.setattr("getpass.getpass", lambda question: typed)
    monkeypatch.setenv("CARD_PIN", typed)
    for supplier in (callback(lambda request: typed), environment("CARD_PIN"), prompt):
        with pytest.raises(PinFormatError) as caught:
            supplier(REQUEST)
        assert "7392" not in _with_locals(caught.value)


@pytest.mark.parametrize(
    "give",
    [
        value,
        HolderFacts().remember,
        HolderFacts().with_puk,
        PinPolicy.default().violations,
        PinPolicy.default().check,
    ],
)
def test_a_text_in_place_of_a_pin_is_in_no_local_variable_when_it_is_refused(give):
    with pytest.raises(PinFormatError) as caught:
        give("7392\u5929")
    assert "7392" not in _with_locals(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "give",
    [
        lambda text: HolderFacts().remember(text, keep=0),
        lambda text: HolderFacts().remember(text, iterations=0),
        lambda text: HolderFacts().with_puk(text, iterations=-1),
        lambda text: PinPolicy.default().check(text, facts=None),
    ],
)
def test_a_good_text_is_in_no_local_variable_when_something_else_is_refused(give):
    with pytest.raises(InvalidInputError) as caught:
        give("739205")
    assert "7392" not in _with_locals(caught.value)


def _with_locals(error):
    """The message, and the local variables of every frame of ecard that the error passed."""
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    return str(error) + "".join(str(frame.locals) for frame in told.stack if "/ecard/pin/" in frame.filename)


def _outcome():
    try:
        with prompt(REQUEST) as pin:
            return f"Pin of {len(pin)}"
    except (NoPinError, PinFormatError) as error:
        return str(error)


def _ask_without_a_terminal():
    os.setsid()
    os.dup2(pipe(b"739205"), 0)
    sys.stdin = os.fdopen(0)
    told = _outcome()
    return f"{told}; {os.read(0, 100).decode()} is still there"


def _run(work):
    """The answer of ``work`` in a child process, and what it wrote to its standard output and error."""
    answers, answer = os.pipe()
    shown, show = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(show, 1)
        os.dup2(show, 2)
        os.write(answer, work().encode())
        os._exit(0)
    os.close(answer)
    os.close(show)
    os.waitpid(child, 0)
    return os.read(answers, 1000).decode(), os.read(shown, 1000).decode()


def _at_a_terminal(typed):
    """The outcome of the prompt in a child with a terminal of its own, and what that terminal showed."""
    answers, answer = os.pipe()
    child, terminal = pty.fork()
    if child == 0:
        os.write(answer, _outcome().encode())
        os._exit(0)
    os.close(answer)
    shown = b""
    while not shown.endswith(b"): "):
        shown += os.read(terminal, 1000)
    os.write(terminal, typed)
    outcome = os.read(answers, 1000).decode()
    while chunk := _read_or_end(terminal):
        shown += chunk
    os.waitpid(child, 0)
    return outcome, shown.decode().strip("\r\n")


def _read_or_end(terminal):
    try:
        return os.read(terminal, 1000)
    except OSError:
        return b""
