"""Where a card is lost midway, nothing is: the letter with its PIN stays unless the card certainly has another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ecard.apdu.command import Command
from ecard.apdu.piv import PivSession
from ecard.apdu.transport import Connector
from ecard.apdu.words import Ins, Reference
from ecard.cli import card_options
from ecard.cli.app import run
from ecard.cli.error_words import in_one_line
from ecard.cli.register_place import kept_secrets
from ecard.connection import connect, connector
from ecard.errors import CardError, OrderRefusedError, PinError, RegisterStateError
from ecard.pin import Pin
from ecard.roles.register_writer import RegisterWriter
from ecard.simulator import CardFile, Fault, FaultyReader, Rule
from tests.roles import postgres
from tests.roles.test_commands import Desk, _one_operator, _signs
from tests.roles.world import CODE, number

DOUBT = "and whether the card has its new PIN is not known: "


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(tmp_path, monkeypatch)


def founding(desk: Desk) -> list[str]:
    blank = f"sim:{desk.directory / 'officer.card'}"
    place = str(desk.directory / "centre")
    return ["init", place, "--officer", blank, "--person", desk.person, *desk.letter("officer")]


def failing(monkeypatch: pytest.MonkeyPatch, card: Path, rule: Rule) -> None:
    """Let the card in this file fail as ``rule`` says, and all others work."""

    def found(address: str) -> Connector:
        return FaultyReader(CardFile(card), [rule]) if address == f"sim:{card}" else connector(address)

    monkeypatch.setattr(card_options, "connector", found)


def of_pin(command: Command) -> bool:
    return command.p2 == Reference.PIN


def interrupts(command: Command) -> bool:
    if command.ins == Ins.CHANGE_REFERENCE_DATA and of_pin(command):
        raise KeyboardInterrupt
    return False


def opens(card: Path, pin: str) -> bool:
    with connect(f"sim:{card}") as session:
        try:
            PivSession(session).verify(Pin(pin), use_last_try=True)
        except PinError:
            return False
        return True


def broken(call: Callable[[], object]) -> str:
    with pytest.raises(CardError) as caught:
        call()
    return in_one_line(caught.value)


@pytest.mark.parametrize("fault", [Fault.REMOVAL, Fault.NO_ANSWER, Fault.GARBAGE])
@pytest.mark.parametrize("executed", [True, False])
def test_a_card_lost_while_it_gets_its_pin(
    fault: Fault, executed: bool, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.blank("officer")
    card, letter = desk.directory / "officer.card", desk.directory / "officer.pin"
    rule = Rule(fault, ins=Ins.CHANGE_REFERENCE_DATA, when=of_pin, executed=executed)
    failing(monkeypatch, card, rule)
    told = broken(lambda: desk.run(*founding(desk)))
    assert f"{DOUBT}{letter} is kept, try the PIN in it" in told
    assert f"{desk.directory / 'centre'} is kept, for it keeps the card's PUK and management key" in told
    assert letter.stat().st_mode & 0o077 == 0
    assert opens(card, letter.read_text().strip() if executed else "123456")
    with connect(f"sim:{card}") as session:
        PivSession(session).authenticate_management_key(
            kept_secrets(desk.directory / "centre", number(2)).management_key
        )


def test_an_interruption_says_that_the_letter_is_kept(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.blank("officer")
    failing(monkeypatch, desk.directory / "officer.card", Rule(Fault.NO_ANSWER, when=interrupts))
    assert run(["centre", *founding(desk)]) == 2
    assert capsys.readouterr().err.startswith(f"ecard: interrupted, {DOUBT}")
    assert (desk.directory / "officer.pin").exists()


@pytest.mark.parametrize("ins", [Ins.GENERATE_KEY, Ins.GENERAL_AUTHENTICATE, Ins.VERIFY])
def test_a_card_lost_before_anything_was_ordered_leaves_nothing(
    ins: Ins, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.blank("officer")
    failing(monkeypatch, desk.directory / "officer.card", Rule(Fault.REMOVAL, ins=ins))
    assert "not known" not in broken(lambda: desk.run(*founding(desk)))
    assert sorted(path.name for path in desk.directory.iterdir()) == ["officer.card", "person.json"]


@pytest.mark.parametrize(("status", "kept"), [(0x6985, False), (0x6D00, False), (0x6581, True), (0x6F00, True)])
def test_a_refusal_is_certain_unless_the_card_says_that_its_memory_changed(
    status: int, kept: bool, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.blank("officer")
    rule = Rule(Fault.WRONG_STATUS, ins=Ins.CHANGE_REFERENCE_DATA, when=of_pin, status=status, executed=False)
    failing(monkeypatch, desk.directory / "officer.card", rule)
    told = broken(lambda: desk.run(*founding(desk)))
    assert f"{status:04X}" in told
    assert (DOUBT in told) is kept
    assert (desk.directory / "officer.pin").exists() is kept


@pytest.mark.parametrize("executed", [True, False])
def test_a_card_lost_while_it_is_unlocked(executed: bool, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.blank("officer")
    desk.run(*founding(desk))
    address = _one_operator(desk)
    card, letter = Path(address.removeprefix("sim:")), desk.directory / "unlocked.pin"
    call = ["unlock", number(201), "--holder-card", address, *desk.letter("unlocked")]
    failing(monkeypatch, card, Rule(Fault.REMOVAL, when=lambda c: c.ins == Ins.GET_METADATA))
    assert "not known" not in broken(lambda: desk.run(*call, by="officer"))
    assert not letter.exists()
    failing(monkeypatch, card, Rule(Fault.REMOVAL, ins=Ins.RESET_RETRY_COUNTER, executed=executed))
    told = broken(lambda: desk.run(*call, by="officer"))
    assert f"{DOUBT}{letter} is kept" in told
    assert "ecard centre replace" in told
    assert opens(card, letter.read_text().strip()) is executed


def test_a_renewal_that_broke_off_is_done_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the database failed after the keys were made, or the card before it had their certificates."""
    desk.blank("officer")
    desk.run(*founding(desk))
    address, pin = _one_operator(desk), (desk.directory / "operator.pin").read_text().strip()
    monkeypatch.setenv("ECARD_HOLDER_PIN", pin)
    call = ["renew", number(201), "--holder-card", address]
    told = "the card has new keys without their certificates: renew it again; if that fails, replace the card"
    with monkeypatch.context() as patch:
        patch.setattr(RegisterWriter, "append", _disk_full)
        with pytest.raises(RegisterStateError, match=f"no more room, and {told}"):
            desk.run(*call, by="officer")
    with monkeypatch.context() as patch:
        failing(patch, Path(address.removeprefix("sim:")), Rule(Fault.REMOVAL, ins=Ins.PUT_DATA))
        assert told in broken(lambda: desk.run(*call, by="officer"))
    desk.run(*call, by="officer")
    assert _signs(address, pin)
    desk.run("audit")


def _disk_full(*_: object) -> None:
    raise RegisterStateError("there is no more room")


def test_what_to_do_about_a_card_that_broke_off_can_be_done(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The application is for one card: another cannot be made, but replaces it."""
    desk.blank("officer")
    desk.run(*founding(desk))
    _one_operator(desk)
    desk.run("register-operator", f"{CODE}/2", "--person", desk.person, by="seal")
    desk.run("approve", f"operator/{CODE}/2", by="officer")
    new = ["--new-card", desk.blank("second"), *desk.letter("second")]
    with monkeypatch.context() as patch:
        refused = Rule(Fault.WRONG_STATUS, ins=Ins.CHANGE_REFERENCE_DATA, when=of_pin, status=0x6985, executed=False)
        failing(patch, desk.directory / "second.card", refused)
        told = broken(lambda: desk.run("make-card", number(202), "--operator", f"{CODE}/2", *new, by="officer"))
    assert f"after card {number(202)} came into the register (entry " in told
    assert told.endswith(f": replace the card: ecard centre replace {number(202)}")
    new = ["--new-card", desk.blank("third"), *desk.letter("third")]
    desk.run("replace", number(202), number(203), "--ground", "replaced", *new, by="officer")
    assert desk.run("status", number(203)) == "transport\n"


def test_nothing_is_ordered_where_the_secrets_of_the_card_cannot_be_kept(desk: Desk) -> None:
    desk.blank("officer")
    desk.run(*founding(desk))
    kept = desk.directory / "centre" / "cards"
    kept.rename(desk.directory / "away")
    kept.touch()
    new = ["--new-card", desk.blank("tax"), *desk.letter("tax"), "--person", desk.person]
    tax = ["appoint", number(3), "--office", "tax", "--organisation", "示例税务局", "--code", "E00000002", *new]
    with pytest.raises(OSError, match="cards"):
        desk.run(*tax, by="officer")
    assert not (desk.directory / "tax.pin").exists()
    kept.unlink()
    (desk.directory / "away").rename(kept)
    desk.run(*tax, by="officer")
    assert sorted(file.name for file in kept.iterdir()) == [f"{number(2)}.sealed", f"{number(3)}.sealed"]


def test_a_founding_that_failed_is_taken_back_from_a_server_too(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, postgres_server: str
) -> None:
    """Else the register would be founded by a seal whose key is gone, and nobody could found it again."""
    database = ["--database", postgres.create_database(postgres_server, "founded")]
    desk.blank("officer")
    with monkeypatch.context() as patch:
        failing(patch, desk.directory / "officer.card", Rule(Fault.REMOVAL, ins=Ins.GENERATE_KEY))
        broken(lambda: desk.run(*founding(desk), *database))
    desk.run(*founding(desk), *database)
    with pytest.raises(OrderRefusedError, match="founded once"):
        desk.run("init", str(desk.directory / "another"), *founding(desk)[2:-2], *desk.letter("another"), *database)
    desk.run("audit")
