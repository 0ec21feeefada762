"""The data centre on the command line: the whole procedure with simulated cards."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ecard.apdu.piv import PivSession
from ecard.apdu.words import Slot
from ecard.certificate import Certificate
from ecard.cli.register_commands import app
from ecard.cli.register_place import register_in
from ecard.connection import connect
from ecard.errors import (
    InvalidInputError,
    InvalidKeyError,
    OrderRefusedError,
    PinError,
    WrongCardError,
    WrongPinError,
)
from ecard.pin import Pin
from ecard.roles.cards import OperatorCard
from ecard.roles.papers import EnterpriseKind, required_papers
from ecard.simulator import CardFile, SimulatedCard
from tests.roles.world import CODE, number

IDENTITY = "110101199003070070"


class Desk:
    """Runs commands in a directory; ``pins`` come from the PIN letters."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.directory = directory
        self.patch = monkeypatch
        monkeypatch.setenv("ECARD_CA_PASSWORD", "a long password")
        (directory / "person.json").write_text(json.dumps({"name": "乙某", "identity_number": IDENTITY}))
        self.person = str(directory / "person.json")

    def blank(self, name: str) -> str:
        CardFile.create(self.directory / f"{name}.card", SimulatedCard.new())
        return f"sim:{self.directory / f'{name}.card'}"

    def run(self, *arguments: str, by: str | None = None, status: int = 0) -> str:
        more = [] if arguments[0] == "init" else ["--centre", str(self.directory / "centre")]
        if by is not None:
            self.patch.setenv("ECARD_PIN", (self.directory / f"{by}.pin").read_text().strip())
            more += ["--card", f"sim:{self.directory / f'{by}.card'}"]
        result = CliRunner().invoke(app, [*arguments, *more], standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        assert (result.return_value or 0) == status
        return result.output

    def letter(self, name: str) -> list[str]:
        return ["--pin-letter", str(self.directory / f"{name}.pin")]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    found = Desk(tmp_path, monkeypatch)
    place = str(tmp_path / "centre")
    found.run("init", place, "--officer", found.blank("officer"), "--person", found.person, *found.letter("officer"))
    return found


def _enter(desk: Desk) -> None:
    office_cards = ("technical-supervision", "industry-and-commerce", "tax")
    for place, office in enumerate(office_cards, start=3):
        card = ["--new-card", desk.blank(office), *desk.letter(office), "--person", desk.person]
        organisation = ["--organisation", "示例机关", "--code", "E00000002"]
        desk.run("appoint", number(place), "--office", office, *organisation, *card, by="officer")
    people = ["--legal-person", desk.person, "--custodian", desk.person]
    desk.run("apply", CODE, "--name", "示例进出口有限公司", *people, "--signed-and-sealed", by="officer")
    papers = [min(p.value for p in group) for group in required_papers(EnterpriseKind.IMPORT_EXPORT)]
    brought = [part for paper in papers for part in ("--paper", paper)]
    desk.run("file", CODE, *brought, "--originals-and-copies", by="officer")
    for office in office_cards:
        desk.run("approve", f"enterprise/{CODE}", "--office", office, by=office)


def _collect(desk: Desk, card: str, by: str) -> None:
    brought = ["--letter", "--identity-document", "--fee-paid", "--pin-changed"]
    desk.run("collect", card, "--by", by, "--person", desk.person, *brought, by="officer")


def test_the_whole_procedure_on_the_command_line(desk: Desk) -> None:
    _enter(desk)
    new = ["--new-card", desk.blank("seal"), *desk.letter("seal")]
    desk.run("make-card", number(101), "--enterprise", CODE, *new, by="officer")
    _collect(desk, number(101), "legal-person")
    desk.run("register-operator", f"{CODE}/1", "--person", desk.person, by="seal")
    desk.run("approve", f"operator/{CODE}/1", by="officer")
    (desk.directory / "list.csv").write_text(
        f"name,identity_number,telephone\n丙某,{IDENTITY},\n甲某,11010119900307889X,\n"
    )
    desk.run("register-operators", CODE, str(desk.directory / "list.csv"), by="seal")
    desk.run("approve", f"operator/{CODE}/1-2", "--refuse", "photograph missing", by="officer")
    new = ["--new-card", desk.blank("operator"), *desk.letter("operator")]
    desk.run("make-card", number(201), "--operator", f"{CODE}/1", *new, by="officer")
    _collect(desk, number(201), "holder")
    desk.run("freeze", number(201), by="seal")
    assert desk.run("status", number(201)) == "frozen\n"
    assert desk.run("status", number(201), "--at", "2020-01-01T00:00:00Z", status=1) == "no such card\n"
    desk.run("unfreeze", number(201), by="seal")
    desk.run("report-loss", number(201), by="seal")
    with pytest.raises(OrderRefusedError):
        desk.run("void", number(201), "--ground", "holder-left", by="seal")
    new = ["--new-card", desk.blank("second"), *desk.letter("second"), "--ground", "lost-for-good"]
    desk.run("replace", number(201), number(202), *new, by="officer")
    desk.run("void", number(202), "--ground", "holder-left", by="officer")
    assert "whole" in desk.run("audit")
    lines = [json.loads(line) for line in desk.run("log").splitlines()]
    assert [line["entry"] for line in lines] == list(range(1, len(lines) + 1))
    assert IDENTITY not in desk.run("log")


def test_a_list_that_broke_off_goes_on_where_it_did(desk: Desk) -> None:
    _enter(desk)
    desk.run(
        *("make-card", number(101), "--enterprise", CODE),
        *("--new-card", desk.blank("seal"), *desk.letter("seal")),
        by="officer",
    )
    _collect(desk, number(101), "legal-person")
    people = [f"丙某,{IDENTITY},", "甲某,11010119900307889X,13800000000"]
    order = ["register-operators", CODE, str(desk.directory / "list.csv"), "--json"]

    def give(*lines: str) -> int:
        (desk.directory / "list.csv").write_text("\n".join(["name,identity_number,telephone", *lines]))
        return len(json.loads(desk.run(*order, by="seal"))["orders"])

    assert (give(people[0]), give(*people), give(*people)) == (1, 1, 0)
    with pytest.raises(
        InvalidInputError, match=f"the application {CODE}/1-1 is there already, for somebody else"
    ) as told:
        give(people[1])
    assert told.value.what_to_do == "name another --prefix"
    desk.run("approve", f"operator/{CODE}/1-2", "--refuse", "photograph missing", by="officer")
    assert give(*people) == 1


def _one_operator(desk: Desk) -> str:
    """An operator's card that may sign, and its number."""
    _enter(desk)
    desk.run(
        "make-card",
        number(101),
        "--enterprise",
        CODE,
        "--new-card",
        desk.blank("seal"),
        *desk.letter("seal"),
        by="officer",
    )
    _collect(desk, number(101), "legal-person")
    desk.run("register-operator", f"{CODE}/1", "--person", desk.person, by="seal")
    desk.run("approve", f"operator/{CODE}/1", by="officer")
    new = ["--new-card", desk.blank("operator"), *desk.letter("operator")]
    desk.run("make-card", number(201), "--operator", f"{CODE}/1", *new, by="officer")
    _collect(desk, number(201), "holder")
    return f"sim:{desk.directory / 'operator.card'}"


def _certificate(card: str) -> Certificate:
    with connect(card) as session:
        return PivSession(session).read_certificate(Slot.SIGNATURE)


def _signs(card: str, pin: str) -> bool:
    with connect(card) as session:
        holder = OperatorCard(session, pin=Pin(pin))
        holder.certificate.public_key.verify(holder.sign(b"x"), b"x")
        return True


def test_found_renewed_and_unlocked(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    card = _one_operator(desk)
    pin = (desk.directory / "operator.pin").read_text().strip()
    desk.run("report-loss", number(201), by="seal")
    desk.run("report-found", number(201), by="officer")
    assert desk.run("status", number(201)) == "active\n"

    before = _certificate(card)
    monkeypatch.setenv("ECARD_HOLDER_PIN", "90817263")
    with pytest.raises(WrongPinError):
        desk.run("renew", number(201), "--holder-card", card, by="officer")
    monkeypatch.setenv("ECARD_HOLDER_PIN", pin)
    with pytest.raises(WrongCardError):
        desk.run("renew", number(201), "--holder-card", f"sim:{desk.directory / 'tax.card'}", by="officer")
    with pytest.raises(OrderRefusedError):
        desk.run("renew", number(201), "--holder-card", card, by="seal")
    assert _certificate(card) == before
    assert _signs(card, pin), "the old keys stay where the centre does not agree"
    told = json.loads(desk.run("renew", number(201), "--holder-card", card, "--json", by="officer"))
    assert told["act"] == "renew"
    assert _certificate(card).public_key.spki != before.public_key.spki
    assert _signs(card, pin)

    for _ in range(3):
        with connect(card) as session, pytest.raises(PinError):
            PivSession(session).verify(Pin("90817263"), use_last_try=True)
    holder = ["--holder-card", card, *desk.letter("unlocked")]
    with pytest.raises(OrderRefusedError):
        desk.run("unlock", number(201), *holder, by="seal")
    assert not (desk.directory / "unlocked.pin").exists()
    desk.run("unlock", number(201), *holder, by="officer")
    assert desk.run("status", number(201)) == "transport\n"
    assert _signs(card, (desk.directory / "unlocked.pin").read_text().strip())
    desk.run("change-pin", number(201), by="officer")
    assert desk.run("status", number(201)) == "active\n"


def test_business_and_the_access_channel(desk: Desk) -> None:
    _one_operator(desk)
    desk.run("file-business", CODE, "customs", "--paper", "customs-registration", by="seal")
    with pytest.raises(OrderRefusedError, match="no competent department"):
        desk.run("register-channel", CODE, by="seal")
    new = ["--new-card", desk.blank("customs"), *desk.letter("customs"), "--person", desk.person]
    organisation = ["--office", "customs", "--organisation", "示例海关", "--code", "E00000002"]
    desk.run("appoint", number(9), *organisation, *new, by="officer")
    with pytest.raises(OrderRefusedError, match="only an officer of customs"):
        desk.run("approve", f"business/{CODE}/customs", by="officer")
    desk.run("approve", f"business/{CODE}/customs", by="customs")
    with pytest.raises(OrderRefusedError, match="only a legal-person card"):
        desk.run("register-channel", CODE, by="officer")
    told = json.loads(desk.run("register-channel", CODE, "--json", by="seal"))
    assert told["act"] == "register-channel"
    with pytest.raises(OrderRefusedError, match="is approved"):
        desk.run("file-business", CODE, "customs", by="seal")
    desk.run("withdraw-business", CODE, "customs", "--reason", "资格注销", by="customs")
    desk.run("file-business", CODE, "customs", by="seal")
    with pytest.raises(InvalidInputError, match="tax is no competent department: name one of customs"):
        desk.run("file-business", CODE, "tax", by="seal")
    assert "whole" in desk.run("audit")


def test_who_leaves_and_who_is_forgotten(desk: Desk) -> None:
    _one_operator(desk)
    with pytest.raises(OrderRefusedError, match="not void"):
        desk.run("erase-person", number(201), by="officer")
    desk.run("void", number(201), "--ground", "holder-left", by="officer")
    with register_in(desk.directory / "centre") as register:
        fact = register.get(f"card/{number(201)}")
    assert fact is not None
    with pytest.raises(OrderRefusedError, match="only an officer of centre"):
        desk.run("erase-person", number(201), by="seal")
    desk.run("erase-person", number(201), by="officer")
    with pytest.raises(OrderRefusedError, match="erased already"):
        desk.run("erase-person", fact.value["person"], by="officer")
    for nobody in (number(999), "somebody", "0" * 31):
        with pytest.raises(InvalidInputError, match="knows nobody who holds"):
            desk.run("erase-person", nobody, by="officer")
    with pytest.raises(OrderRefusedError):
        desk.run("erase-person", "0" * 32, by="officer")
    with pytest.raises(OrderRefusedError):
        desk.run("dismiss", number(201), "--ground", "holder-left", by="officer")
    desk.run("dismiss", number(5), "--ground", "holder-left", by="officer")
    assert desk.run("status", number(5)) == "void\n"
    with pytest.raises(OrderRefusedError):
        desk.run("approve", f"enterprise/{CODE}", "--office", "tax", by="tax")
    assert "whole" in desk.run("audit")


def test_a_refused_card_leaves_the_secrets_of_another_alone(desk: Desk) -> None:
    kept = desk.directory / "centre" / "cards" / f"{number(2)}.sealed"
    before = kept.read_bytes()
    new = ["--new-card", desk.blank("second"), *desk.letter("second"), "--person", desk.person]
    organisation = ["--office", "centre", "--organisation", "示例机关", "--code", "E00000002"]
    with pytest.raises(OrderRefusedError):
        desk.run("appoint", number(2), *organisation, *new, by="officer")
    assert kept.read_bytes() == before
    assert not (desk.directory / "second.pin").exists()


def test_a_card_that_is_not_blank_is_made_into_no_other(desk: Desk) -> None:
    organisation = ["--office", "tax", "--organisation", "示例税务局", "--code", "E00000002", "--person", desk.person]
    card = ["--new-card", desk.blank("tax")]
    desk.run("appoint", number(7), *organisation, *card, *desk.letter("tax"), by="officer")
    before = desk.run("log")
    with pytest.raises(WrongCardError, match="not blank"):
        desk.run("appoint", number(8), *organisation, *card, *desk.letter("second"), by="officer")
    assert desk.run("log") == before
    assert not (desk.directory / "second.pin").exists()


def test_publication_addresses_are_written_into_certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(tmp_path, monkeypatch)
    made = ["--officer", desk.blank("officer"), "--person", desk.person, *desk.letter("officer")]
    with pytest.raises(InvalidInputError):
        desk.run("init", str(tmp_path / "centre"), *made, "--publish-at", "nowhere")
    assert not (tmp_path / "centre").exists()
    desk.run("init", str(tmp_path / "centre"), *made, "--publish-at", "http://127.0.0.1:8470")
    text = _certificate(f"sim:{tmp_path / 'officer.card'}").der
    for address in (b"http://127.0.0.1:8470/issuing/ocsp", b"http://127.0.0.1:8470/issuing/issuer.crt"):
        assert address in text
    assert b"delta" not in text


def test_a_wrong_password_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECARD_CA_PASSWORD", "another password")
    with pytest.raises(InvalidKeyError):
        desk.run("void", number(2), "--ground", "misuse", by="officer")


def test_the_private_files_are_private(desk: Desk) -> None:
    centre = desk.directory / "centre"
    for name in ("seal.key", "vault.key", "centre.json"):
        assert (centre / name).stat().st_mode & 0o077 == 0
    assert (desk.directory / "officer.pin").stat().st_mode & 0o077 == 0
    for path in (centre / "cards").iterdir():
        assert b"puk" not in path.read_bytes()


def test_a_damaged_register_is_told_of_line_by_line(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(sqlite3.connect(desk.directory / "centre" / "register.db")) as database, database:
        for (trigger,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {trigger}")
        database.execute("UPDATE log SET hash = zeroblob(32) WHERE seq = 2")
    assert "entry 2: its hash does not fit its content\n" in desk.run("audit", "--no-signatures", status=1)
    damages = json.loads(desk.run("audit", "--no-signatures", "--json", status=1))["damages"]
    monkeypatch.setenv("ECARD_LANGUAGE", "zh")
    assert "第 2 条：its hash does not fit its content\n" in desk.run("audit", "--no-signatures", status=1)
    assert json.loads(desk.run("audit", "--no-signatures", "--json", status=1))["damages"] == damages
