"""``ecard ceb`` as a person uses it: a message, a directory, a rejection explained."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest

from ecard.apdu.command import Command
from ecard.apdu.words import Ins
from ecard.cli import card_options
from ecard.cli.app import run
from ecard.connection import connector
from ecard.simulator.faults import Fault, FaultyReader, Rule
from tests.cli.conftest import Demo, Ecard, Outcome
from tests.shared_material import SHARED, needs_shared

pytestmark = needs_shared
SAMPLES = SHARED / "ceb" / "samples"
SCHEMAS = SHARED / "ceb" / "xsd"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    place = tmp_path_factory.mktemp("customs") / "demo"
    assert run(["demo", "--out", str(place), "--algorithm", "sm2"]) == 0
    return Demo(place)


@pytest.fixture
def customs(original: Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Demo:
    demo = Demo(Path(shutil.copytree(original.place, tmp_path / "demo")))
    monkeypatch.setenv("ECARD_PIN", demo.pin("operator-1"))
    return demo


def sign(ecard: Ecard, demo: Demo, source: Path, *options: object) -> Outcome:
    return ecard("ceb", "sign", source, "--card", demo.card("operator-1"), "--xsd", SCHEMAS, *options)


def test_sign_verify_and_change(customs: Demo, ecard: Ecard, tmp_path: Path) -> None:
    message = tmp_path / "清单.xml"
    shutil.copy(SAMPLES / "CEB621Message.xml", message)
    assert "signature already" in sign(ecard, customs, message).err
    assert sign(ecard, customs, message, "--replace").status == 0
    signed = Path(f"{message}.signed.xml")
    verify = ["ceb", "verify", signed, "--trust", customs.crls, "--role", "operator"]
    accepted = ecard(*verify, "--json")
    assert accepted.status == 0, accepted
    assert ecard(*verify, "--html", tmp_path / "report.html").status == 0
    assert "Accepted" in (tmp_path / "report.html").read_text(encoding="utf-8")
    report = json.loads(accepted.out)
    assert report["profile"] == "sm2-sm3"
    assert report["message_type"] == "CEB621Message"
    explained = ecard("ceb", "explain", signed)
    assert explained.status == 0
    assert explained.out.startswith("NOT ACCEPTED (INDETERMINATE)\n  - it was not said whom to trust")
    assert "failed" not in explained.out
    signed.write_bytes(signed.read_bytes().replace(b"<ds:Signature", b"\n<ds:Signature", 1))
    refused = ecard(*verify)
    assert refused.status == 1
    assert "mistake:" in refused.out
    assert ecard("ceb", "explain", signed).status == 1
    assert ecard(*verify[:-2], "--role", "legal-person").status == 1


def test_a_directory_is_signed_once_and_failures_are_listed(customs: Demo, ecard: Ecard, tmp_path: Path) -> None:
    outbox, signed = tmp_path / "outbox", tmp_path / "signed"
    outbox.mkdir()
    for number in range(3):
        shutil.copy(SAMPLES / "CEB621Message.xml", outbox / f"{number}.xml")
    shutil.copy(SAMPLES / "CEB312Message.xml", outbox / "receipt.xml")
    (outbox / "broken.xml").write_text("<ceb:")
    first = sign(ecard, customs, outbox, "-o", signed, "--replace")
    assert first.status == 1
    assert first.out.startswith("signed 3, signed before 0, failed 2\n")
    assert "broken.xml" in first.out
    assert "receipt.xml" in first.out
    again = sign(ecard, customs, outbox, "-o", signed, "--replace")
    assert again.out.startswith("signed 0, signed before 3, failed 2\n")
    assert sorted(path.name for path in signed.iterdir()) == ["0.xml", "1.xml", "2.xml"]


def test_a_directory_does_not_go_to_standard_output(
    customs: Demo, ecard: Ecard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A directory of the name - was made."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "outbox").mkdir()
    before = sorted(tmp_path.iterdir())
    for options in ((), ("-o", "-")):
        refused = sign(ecard, customs, tmp_path / "outbox", *options)
        assert refused.status == 2
        assert "name a directory with -o" in refused.err
    assert sorted(tmp_path.iterdir()) == before


def test_a_wrong_pin_ends_a_batch_after_one_try(
    customs: Demo, ecard: Ecard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox = tmp_path / "outbox"
    outbox.mkdir()
    for number in range(3):
        shutil.copy(SAMPLES / "CEB621Message.xml", outbox / f"{number}.xml")
    monkeypatch.setenv("ECARD_PIN", "90817263")
    outcome = sign(ecard, customs, outbox, "-o", tmp_path / "signed", "--replace")
    assert outcome.status == 2
    assert "2 tries left" in outcome.err
    assert list((tmp_path / "signed").iterdir()) == []


@pytest.mark.parametrize("fault", [f for f in Fault if f is not Fault.SLOW], ids=lambda fault: fault.value)
def test_a_card_that_fails_in_the_middle_leaves_whole_files_and_a_list(
    customs: Demo, ecard: Ecard, tmp_path: Path, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox, signed = tmp_path / "outbox", tmp_path / "signed"
    outbox.mkdir()
    for number in range(4):
        shutil.copy(SAMPLES / "CEB621Message.xml", outbox / f"{number}.xml")
    signatures: list[Command] = []

    def third(command: Command) -> bool:
        signatures.extend([command] * (command.ins == Ins.GENERAL_AUTHENTICATE))
        return len(signatures) == 3

    with monkeypatch.context() as patch:
        faulty = [Rule(fault, ins=Ins.GENERAL_AUTHENTICATE, when=third)]
        patch.setattr(card_options, "connector", lambda _: FaultyReader(connector(customs.card("operator-1")), faulty))
        first = sign(ecard, customs, outbox, "-o", signed, "--replace")
    assert first.status == 2, first
    assert first.out == "signed 2, signed before 0, failed 0\n  stopped with 2 left; run it again to go on\n"
    assert first.err.count("\n") == 1
    assert sorted(path.name for path in signed.iterdir()) == ["0.xml", "1.xml"]
    again = sign(ecard, customs, outbox, "-o", signed, "--replace")
    assert (again.status, again.out) == (0, "signed 2, signed before 2, failed 0\n")


@pytest.mark.parametrize("json_wanted", [False, True])
def test_names_of_files_cannot_speak_to_the_terminal(
    customs: Demo, ecard: Ecard, tmp_path: Path, json_wanted: bool
) -> None:
    outbox, signed = tmp_path / "outbox", tmp_path / "signed"
    outbox.mkdir()
    for name in (b"[red]\x1b[31m\n.xml", b"\xff.xml", b"[bold].xml"):
        (outbox / os.fsdecode(name)).write_text("<ceb:")
        shutil.copy(SAMPLES / "CEB621Message.xml", outbox / os.fsdecode(b"good" + name))
    outcome = sign(ecard, customs, outbox, "-o", signed, "--replace", *(["--json"] if json_wanted else []))
    assert outcome.status == 1
    assert "\x1b" not in outcome.out
    assert sorted(os.fsencode(path.name) for path in signed.iterdir()) == sorted(
        [b"good[red]\x1b[31m\n.xml", b"good\xff.xml", b"good[bold].xml"]
    )
    if json_wanted:
        told = json.loads(outcome.out)
        assert str(signed / "good\udcff.xml") in told["signed"]
        assert {failure["file"] for failure in told["failures"]} == {
            str(outbox / name) for name in ("[red]\x1b[31m\n.xml", "\udcff.xml", "[bold].xml")
        }
    else:
        assert outcome.out.count("\n") == 4


def test_a_receipt_that_says_two_things_is_refused(ecard: Ecard, tmp_path: Path) -> None:
    receipt = tmp_path / "receipt.xml"
    text = (SAMPLES / "CEB312Message.xml").read_text(encoding="utf-8-sig")
    receipt.write_text(re.sub("<returnStatus>[0-9]+</returnStatus>", r"\g<0>\g<0>", text), encoding="utf-8")
    outcome = ecard("ceb", "explain", receipt)
    assert outcome.status == 2
    assert "returnStatus twice" in outcome.err


def test_a_receipt_is_explained(ecard: Ecard) -> None:
    outcome = ecard("ceb", "explain", SAMPLES / "CEB312Message.xml")
    assert outcome.status == 0
    assert "declared" in outcome.out


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("2", "2：电子口岸申报中"),
        ("1001", "1001：签名无效；请用 ecard ceb explain 检查所发的报文，它会指出错误"),
        ("-999999", "-999999：处理异常；请看回执文字"),
        ("x", "OrderReturn：未读到状态"),
    ],
)
def test_a_receipt_is_explained_in_chinese(
    status: str, told: str, ecard: Ecard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (SAMPLES / "CEB312Message.xml").read_text(encoding="utf-8-sig")
    text = re.sub("<returnStatus>[0-9]+</returnStatus>", f"<returnStatus>{status}</returnStatus>", text)
    text = re.sub("<returnInfo>.*?</returnInfo>", "<returnInfo>.</returnInfo>", text, flags=re.S)
    (tmp_path / "receipt.xml").write_text(text, encoding="utf-8")
    in_english = ecard("ceb", "explain", tmp_path / "receipt.xml", "--json").out
    monkeypatch.setenv("ECARD_LANGUAGE", "zh")
    assert ecard("ceb", "explain", tmp_path / "receipt.xml").out.splitlines()[:1] == [told]
    assert ecard("ceb", "explain", tmp_path / "receipt.xml", "--json").out == in_english


@pytest.mark.parametrize(
    "arguments",
    [
        ["ceb", "explain", "/no/such.xml"],
        ["ceb", "sign", "/no/such.xml", "--card", "sim:/no/such.card"],
        ["ceb", "verify", SAMPLES / "CEB621Message.xml", "--trust", SAMPLES / "CEB621Message.xml", "--anyone"],
        ["ceb", "verify", SAMPLES / "CEB621Message.xml"],
    ],
)
def test_refusals_are_one_line(ecard: Ecard, arguments: list[object]) -> None:
    outcome = ecard(*arguments)
    assert outcome.status == 2
    assert outcome.err.count("\n") == 1
