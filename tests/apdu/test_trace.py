"""Traces: written, read, explained and played back as a card."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecard.apdu.cardholder import CardKeyHolder
from ecard.apdu.command import Command
from ecard.apdu.explain import explain_exchange, explain_trace
from ecard.apdu.piv import PivSession
from ecard.apdu.replay import ReplayReader, ReplayTransport
from ecard.apdu.session import Session
from ecard.apdu.trace import Exchange, Trace, TracedReader, TraceWriter, parse_trace, read_trace, unmask
from ecard.apdu.words import Ins, Slot
from ecard.errors import CardConnectionError, CardProtocolError, InvalidInputError
from ecard.pin import Pin
from ecard.simulator import CardFile, InProcess, SimulatedCard
from tests.apdu.making import PIN, with_key
from tests.apdu.scripted import Scripted

MESSAGE = b"a document"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "card.trace"


def sign(reader: object) -> None:
    with Session(reader) as session:  # type: ignore[arg-type]
        CardKeyHolder(PivSession(session), pin=Pin(PIN)).sign(MESSAGE)


def test_a_trace_plays_back_as_the_card_and_its_signature_verifies(path: Path) -> None:
    connector = InProcess(SimulatedCard.new(seed=1))
    with_key(connector)
    sign(TracedReader(connector, path))
    replay = ReplayReader(path)
    assert (replay.name, replay.atr) == (connector.name, connector.atr)
    with Session(replay) as session:
        holder = CardKeyHolder(PivSession(session), pin=Pin("739205"))
        holder.certificate.public_key.verify(holder.sign(MESSAGE), MESSAGE)
        with pytest.raises(CardConnectionError, match="at its end"):
            holder.sign(MESSAGE)
    with Session(replay) as session, pytest.raises(CardProtocolError, match="another command at number 1"):
        session.exchange(Command(Ins.GET_VERSION))


def test_a_trace_is_private_and_explained_in_words(path: Path) -> None:
    connector = InProcess(SimulatedCard.new(seed=1))
    with_key(connector)
    sign(TracedReader(connector, path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    lines = list(explain_trace(read_trace(path)))
    size = lines[1].rsplit(" ", 2)[1]
    assert [line.split("bytes")[0].rstrip("0123456789 ") for line in lines] == [
        "1. select the PIV application:",
        "2. read the certificate of slot 9C:",
        "3. ask for the state of the PIN: not verified, 3 tries left",
        "4. verify the PIN: done",
        "5. sign or decrypt with the key in slot 9C (P-256):",
    ]
    assert int(size) > 250


@pytest.mark.parametrize(
    "command",
    [
        *("", "00", "00CB3FFF015C", "00CB3FFF025C05", "00CB3FFF025CFF", "00DB3FFF015C", "00DB3FFF025CFF", "00470000"),
        *("**", "00879C11017C", "00879C11037C8201", "00A40400", "00FE0700027C", "10870700017C", "00F6FF9A"),
    ],
)
def test_a_command_that_is_cut_off_is_explained_as_far_as_it_goes(command: str) -> None:
    for status in (0x9000, 0x6300, 0x63C0, 0x6C00, None):
        assert explain_exchange(Exchange(command, "", status)).isprintable()


_PAIRS = st.lists(st.sampled_from([*(f"{number:02X}" for number in range(256)), "**"]), max_size=20).map("".join)


@given(st.lists(st.tuples(st.sampled_from(list(Ins)), _PAIRS, _PAIRS, st.integers(0, 0xFFFF)), max_size=5))
def test_no_trace_is_too_odd_to_be_explained(exchanges: list[tuple[Ins, str, str, int]]) -> None:
    lines = [
        f"> 00{ins:02X}{body}\n< {data + ' ' if data else ''}{status:04X}" for ins, body, data, status in exchanges
    ]
    shown = list(explain_trace(parse_trace("\n".join(["# ecard trace 1", *lines]))))
    assert len(shown) == len(exchanges)
    assert all(line.isprintable() for line in shown)


@pytest.mark.parametrize(
    "body", ["> " + "00" * 70_000 + "\n< 9000", "> 00\n< " + "00" * 70_000 + " 9000", "> 00\n< 9000\n" * 200_002]
)
def test_a_trace_that_is_out_of_all_proportion_is_none(body: str) -> None:
    with pytest.raises(InvalidInputError, match="too long, or one of too many"):
        parse_trace(f"# ecard trace 1\n{body}")


def test_a_trace_that_cannot_be_written_says_so() -> None:
    connector = InProcess(SimulatedCard.new(seed=1))
    with pytest.raises(InvalidInputError, match="trace cannot be written: No space"):
        Session(TracedReader(connector, Path("/dev/full"))).__enter__()
    with Session(connector) as session:
        PivSession(session)


def test_a_name_of_two_lines_adds_none_to_the_trace(path: Path) -> None:
    card = Scripted([(b"", 0x9000)])
    card.name = "reader\n> 00FB0000\n< 9000\x1b[2J读卡器"
    with Session(TracedReader(card, path)) as session:
        PivSession(session)
    trace = read_trace(path)
    assert len(trace.exchanges) == 1
    assert trace.reader == "reader?> 00FB0000?< 9000?[2J\\u8bfb\\u5361\\u5668"


def test_several_sessions_are_written_one_after_the_other(path: Path) -> None:
    connector = InProcess(SimulatedCard.new(seed=1))
    for _ in range(2):
        with Session(TracedReader(connector, path)) as session:
            PivSession(session)
    assert len(read_trace(path).exchanges) == 2


def test_a_failed_connection_is_in_the_trace(path: Path) -> None:
    def fail(command: bytes) -> tuple[bytes, int]:
        raise CardConnectionError("the card was removed")

    with pytest.raises(CardConnectionError), Session(TracedReader(Scripted(fail), path)) as session:
        PivSession(session)
    assert path.read_text().splitlines()[-1] == "! CardConnectionError"
    (exchange,) = read_trace(path).exchanges
    assert exchange.status is None
    assert explain_exchange(exchange).endswith("the connection failed")
    with pytest.raises(CardConnectionError, match="when the trace was made"), Session(ReplayReader(path)) as session:
        PivSession(session)


@pytest.mark.parametrize(
    ("command", "data", "status", "words"),
    [
        ("00A4040005A000000308", "", 0x6A82, "select the PIV application: application or object not found (6A82)"),
        ("00A4040005D27600008500", "", 0x6A82, "select application D276000085: application or object"),
        ("002000800831", "", 0x9000, "a command that cannot be read: done"),
        ("0020008008****************", "", 0x9000, "verify the PIN: done"),
        ("0020008008****************", "", 0x6983, "verify the PIN: blocked, no tries left"),
        ("00200080", "", 0x9000, "ask for the state of the PIN: done"),
        ("0020FF80", "", 0x9000, "forget that the PIN was verified: done"),
        ("0024008110" + "**" * 16, "", 0x63C1, "change the PUK: wrong, 1 try left"),
        ("002C008010" + "**" * 16, "", 0x9000, "unblock the PIN with the PUK: done"),
        ("0047009C05AC03800111", "7F49", 0x9000, "generate the key in slot 9C (P-256): 2 bytes"),
        ("0047009C05AC03800154", "7F49", 0x9000, "generate the key in slot 9C (algorithm 54): 2 bytes"),
        ("0087039B047C028000", "**" * 12, 0x9000, "authenticate with the management key (TDES): 12 bytes"),
        ("0087119D067C0482008500", "****", 0x9000, "agree on a key with the key in slot 9D (P-256): 2 bytes"),
        ("1087079C037C8201", "", 0x9000, "sign or decrypt with the key in slot 9C (RSA-2048), a part of it: done"),
        ("00C0000000", "01", 0x61FF, "fetch the rest of the answer: 1 bytes, 255 more bytes to fetch (61FF)"),
        ("00CB3FFF035C017E", "", 0x6D00, "read the discovery object: command not supported (6D00)"),
        ("00CB3FFF055C035FC105", "", 0x9000, "read the certificate of slot 9A: done"),
        ("00CB3FFF055C035FFFFF", "", 0x9000, "read object 5FFFFF: done"),
        ("00DB3FFF075C035FC1055300", "", 0x9000, "write the certificate of slot 9A: done"),
        ("10DB3FFF0101", "", 0x9000, "write an object, a part of it: done"),
        ("00F6829D", "", 0x9000, "move the key in slot 9D to slot 82: done"),
        ("00F6FF9D", "", 0x9000, "delete the key in slot 9D: done"),
        ("00F7009C", "01", 0x9000, "read the metadata of the key in slot 9C: 1 bytes"),
        ("00F70081", "01", 0x9000, "read the metadata of the PUK: 1 bytes"),
        ("00F8000000", "01", 0x9000, "read the serial number: 1 bytes"),
        ("00F99A0000", "01", 0x9000, "attest the key in slot 9A: 1 bytes"),
        ("00FA0504", "", 0x9000, "set the tries of the PIN to 5 and of the PUK to 4: done"),
        ("00FB0000", "", 0x6985, "reset the application: conditions of use not satisfied (6985)"),
        ("00FD000000", "050701", 0x9000, "read the version: 3 bytes"),
        ("00FE119C02****", "", 0x9000, "import the key in slot 9C (P-256): done"),
        ("00FFFFFF02****", "", 0x9000, "set a new management key: done"),
        ("00EE0100", "", 0x6982, "read the card's algorithm numbers: the PIN or the management key"),
        ("00AB0102", "", 0x6F42, "instruction AB with 01 02: a status word of unknown meaning (6F42)"),
    ],
)
def test_each_command_is_explained(command: str, data: str, status: int, words: str) -> None:
    assert explain_exchange(Exchange(command, data, status)).startswith(words)


@given(st.text(alphabet="0123456789ABCDEF*", max_size=60), st.integers(0, 0xFFFF))
def test_anything_is_explained(command: str, status: int) -> None:
    assert explain_exchange(Exchange(command, "", status))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is no trace"),
        ("> 00", "is no trace"),
        ("# ecard trace 1\nnonsense", "line 2"),
        ("# ecard trace 1\n# atr: zz", "line 2"),
        ("# ecard trace 1\n> 00A4\n> 00A4", "line 3"),
        ("# ecard trace 1\n> 00A4\n< 90", "line 3"),
        ("# ecard trace 1\n> 0*", "line 2"),
        ("# ecard trace 1\n< 9000", "line 2"),
    ],
)
def test_what_is_no_trace_is_refused_with_its_line(text: str, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        parse_trace(text)


def test_files_that_cannot_be_read_or_written_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="cannot be read"):
        read_trace(tmp_path / "none")
    with pytest.raises(InvalidInputError, match="cannot be read: embedded null byte"):
        read_trace(Path("a\0b"))
    for place in (tmp_path, Path("a\0b")):
        with pytest.raises(InvalidInputError, match="cannot be written"), TracedReader(Scripted([]), place).open():
            pass


def test_a_trace_is_not_added_to_the_card_itself_nor_to_another_file(tmp_path: Path) -> None:
    card = CardFile.create(tmp_path / "a.card", SimulatedCard.new())
    (tmp_path / "contract.txt").write_text("one hundred boxes of tea\n")
    for other in (card.path, tmp_path / "contract.txt"):
        before = other.read_bytes()
        with pytest.raises(InvalidInputError, match="is another file than a trace"), TracedReader(card, other).open():
            pass
        assert other.read_bytes() == before
    (tmp_path / "empty").touch()
    with TracedReader(card, tmp_path / "empty").open():
        pass
    assert read_trace(tmp_path / "empty").reader


def test_a_huge_file_is_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ecard.apdu.trace.MAX_SIZE", 10)
    (tmp_path / "big").write_text("# ecard trace 1\n")
    with pytest.raises(InvalidInputError, match="more than 10 bytes"):
        read_trace(tmp_path / "big")


def test_secret_bytes_fit_any_and_are_played_as_zero() -> None:
    trace = Trace("r", b"", (Exchange("0020008002****", "**01", 0x9000),))
    transport = ReplayTransport(trace)
    with pytest.raises(CardProtocolError):
        transport.transmit(bytes.fromhex("002000800231"))
    assert transport.remaining == 1
    assert transport.transmit(bytes.fromhex("00200080023132")) == (b"\0\1", 0x9000)
    assert unmask("**41") == b"\0A"


@given(st.lists(st.tuples(st.binary(min_size=4, max_size=20), st.binary(max_size=20), st.integers(0, 0xFFFF))))
def test_what_is_written_is_read(exchanges: list[tuple[bytes, bytes, int]]) -> None:
    import io

    file = io.StringIO("# ecard trace 1\n")
    file.seek(0, io.SEEK_END)
    writer = TraceWriter(Scripted([(data, status) for _, data, status in exchanges]), file)
    for command, _, _ in exchanges:
        writer.transmit(command)
    read = parse_trace(file.getvalue()).exchanges
    assert [(len(e.command), len(e.data), e.status) for e in read] == [
        (2 * len(c), 2 * len(d), s) for c, d, s in exchanges
    ]


def test_slots_have_names() -> None:
    assert explain_exchange(Exchange("00CB3FFF055C035FC10A", "", 0x9000)).endswith(f"{Slot.SIGNATURE:02X}: done")
