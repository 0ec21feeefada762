"""``ecard card``, ``ecard simulator`` and ``ecard trace`` as a person uses them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ecard.algorithms import KeyKind
from ecard.apdu import pcsc
from ecard.apdu.words import Object, PinUse, Slot, TouchUse
from ecard.certificate import load_pem_certificates
from ecard.simulator import CardFile, InProcess, Profile, SimulatedCard
from tests.apdu.fake_scard import FakeScard
from tests.apdu.making import administered, certificate
from tests.cli.conftest import Demo, Ecard


@pytest.mark.parametrize("profile", ["factory", "yubikey", "canokey", "minimal"])
def test_a_new_card_of_each_profile_tells_what_it_is(tmp_path: Path, ecard: Ecard, profile: str) -> None:
    file = tmp_path / "a.card"
    assert ecard("simulator", "new", file, "--profile", profile, "--serial", "4711").status == 0
    outcome = ecard("card", "info", "--card", f"sim:{file}", "--json")
    assert outcome.status == 0, outcome
    facts = json.loads(outcome.out)
    assert facts["pin_tries"] == 3
    assert facts["serial"] in {4711, None}
    assert ecard("card", "info", "--card", f"sim:{file}").out.startswith("card: ")


def test_what_is_still_from_the_factory_is_said(tmp_path: Path, ecard: Ecard, monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"sim:{tmp_path / 'a.card'}"
    ecard("simulator", "new", tmp_path / "a.card")
    facts = json.loads(ecard("card", "info", "--card", address, "--json").out)
    assert [facts[f"{name}_is_default"] for name in ("pin", "puk", "management_key")] == [True] * 3
    assert ecard("card", "info", "--card", address).out.count("still the one from the factory") == 3
    monkeypatch.setenv("ECARD_PIN", "123456")
    monkeypatch.setenv("ECARD_NEW_PIN", "739205")
    assert ecard("card", "pin", "change", "--card", address).status == 0
    facts = json.loads(ecard("card", "info", "--card", address, "--json").out)
    assert [facts[f"{name}_is_default"] for name in ("pin", "puk", "management_key")] == [False, True, True]
    shown = ecard("card", "info", "--card", address).out
    assert "pin tries: 3\n" in shown
    assert "739205" not in shown + json.dumps(facts)


def test_slots_82_to_95_are_shown_where_all_is_asked_for(tmp_path: Path, ecard: Ecard) -> None:
    card = SimulatedCard.new(seed=1)
    with administered(InProcess(card)) as piv:
        public = piv.generate_key(Slot.RETIRED_1, KeyKind.P256)
        piv.write_certificate(Slot.RETIRED_20, certificate(public))
        piv.put_object(Slot.RETIRED_3.certificate_object, b"\x70\x02ab")
    CardFile.create(tmp_path / "a.card", card)
    call = ["card", "info", "--card", f"sim:{tmp_path / 'a.card'}", "--trace"]
    assert json.loads(ecard(*call, tmp_path / "few", "--json").out)["slots"] == {}
    slots = json.loads(ecard(*call, tmp_path / "all", "--all", "--json").out)["slots"]
    assert list(slots) == ["82", "84", "95"]
    assert slots["82"]["key"] == "p256"
    assert slots["84"] == {"certificate_is_damaged": True}
    assert "certificate_number" in slots["95"]
    lines = ecard(*call, tmp_path / "again", "--all").out.splitlines()
    assert [line.split(":")[0] for line in lines if line.startswith("slot")] == ["slot 82", "slot 84", "slot 95"]
    asked = {name: (tmp_path / name).read_text().count("00CB") for name in ("few", "all")}
    assert asked["all"] - asked["few"] == 20


def test_what_is_in_the_slots_is_said(tmp_path: Path, ecard: Ecard) -> None:
    card = SimulatedCard.new(seed=1)
    with administered(InProcess(card)) as piv:
        public = piv.generate_key(Slot.SIGNATURE, KeyKind.P256, touch_use=TouchUse.CACHED)
        piv.write_certificate(Slot.SIGNATURE, certificate(public))
        piv.put_object(Slot.AUTHENTICATION.certificate_object, b"\x70\x02ab")
        piv.generate_key(Slot.CARD_AUTHENTICATION, KeyKind.SM2, pin_use=PinUse.ONCE)
        piv.put_object(Object.CHUID, b"\x34\x10short")
    CardFile.create(tmp_path / "a.card", card)
    facts = json.loads(ecard("card", "info", "--card", f"sim:{tmp_path / 'a.card'}", "--json").out)
    assert facts["guid"] is None
    assert facts["slots"] == {
        "9A": {"certificate_is_damaged": True},
        "9C": {
            **{"key": "p256", "pin": "always", "touch": "cached", "origin": "generated"},
            **{"certificate_number": "0000004d", "not_after": "2044-01-01T00:00:00Z", "role": None, "enterprise": None},
        },
        "9E": {"key": "sm2", "pin": "once", "touch": "never", "origin": "generated"},
    }
    lines = ecard("card", "info", "--card", f"sim:{tmp_path / 'a.card'}").out.splitlines()
    assert "slot 9A: unknown kind of key, certificate damaged" in lines
    assert "slot 9C: p256 key, pin always, touch cached, generated, certificate 0000004d until 2044-01-01" in lines
    assert "slot 9E: sm2 key, pin once, touch never, generated, no certificate" in lines


def test_a_text_on_the_card_does_not_move_the_cursor(tmp_path: Path, ecard: Ecard) -> None:
    kind = Profile.named("factory").but(label="\x1b[2J\u202ecard")
    CardFile.create(tmp_path / "a.card", SimulatedCard.new(kind, seed=1))
    shown = ecard("card", "info", "--card", f"sim:{tmp_path / 'a.card'}").out
    assert all(line.isprintable() for line in shown.splitlines())


def test_no_key_is_replaced_where_its_public_half_cannot_be_written(tmp_path: Path, ecard: Ecard) -> None:
    address = f"sim:{tmp_path / 'a.card'}"
    ecard("simulator", "new", tmp_path / "a.card")
    assert ecard("card", "key", "generate", "--card", address).status == 0
    before = (tmp_path / "a.card").read_bytes()
    for target in (tmp_path / "none" / "key.pem", tmp_path):
        outcome = ecard("card", "key", "generate", "--card", address, "-o", target)
        assert outcome.status == 2
        assert "cannot be written" in outcome.err
    assert ecard("card", "key", "generate", "--card", address, "--slot", "99").status == 2
    assert (tmp_path / "a.card").read_bytes() == before


def test_a_card_file_is_not_overwritten(tmp_path: Path, ecard: Ecard) -> None:
    file = tmp_path / "a.card"
    file.write_text("precious")
    outcome = ecard("simulator", "new", file)
    assert outcome.status == 2
    assert "exists already" in outcome.err
    assert file.read_text() == "precious"


@pytest.mark.parametrize("serial", ["-1", "4294967296", "many"])
def test_serial_numbers_that_are_none(tmp_path: Path, ecard: Ecard, serial: str) -> None:
    assert ecard("simulator", "new", tmp_path / "a.card", "--serial", serial).status == 2
    assert not (tmp_path / "a.card").exists()


@pytest.mark.parametrize("algorithm", ["p256", "p384", "rsa2048", "sm2"])
def test_generating_a_key(tmp_path: Path, ecard: Ecard, algorithm: str) -> None:
    file = tmp_path / "a.card"
    assert ecard("simulator", "new", file).status == 0
    call = ["card", "key", "generate", "--card", f"sim:{file}", "--slot", "9A", "--algorithm", algorithm]
    outcome = ecard(*call, "-o", tmp_path / "key.pem")
    assert outcome.status == 0, outcome
    lines = (tmp_path / "key.pem").read_text().splitlines()
    assert (lines[0], lines[-1]) == ("-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----")
    assert max(map(len, lines[1:-1])) == 64
    slots = json.loads(ecard("card", "info", "--card", f"sim:{file}", "--json").out)["slots"]
    assert slots["9A"]["key"] == algorithm


def test_a_key_needs_the_management_key(demo: Demo, ecard: Ecard, monkeypatch: pytest.MonkeyPatch) -> None:
    call = ["card", "key", "generate", "--card", demo.card("operator-1")]
    outcome = ecard(*call)
    assert outcome.status == 2
    assert "ECARD_MANAGEMENT_KEY" in outcome.err
    monkeypatch.setenv("ECARD_MANAGEMENT_KEY", "not hex")
    assert "hexadecimal" in ecard(*call).err


def test_exporting_certificates(demo: Demo, ecard: Ecard, tmp_path: Path) -> None:
    outcome = ecard("card", "certificate", "export", "--card", demo.card("operator-1"), "--chain")
    leaf, issuer = load_pem_certificates(outcome.out)
    leaf.verify_issued_by(issuer)
    alone = ecard("card", "certificate", "export", "--card", demo.card("operator-1"), "-o", tmp_path / "c.pem")
    assert alone.status == 0
    assert load_pem_certificates((tmp_path / "c.pem").read_bytes()) == [leaf]
    empty = ecard("card", "certificate", "export", "--card", demo.card("operator-1"), "--slot", "9A")
    assert empty.status == 2
    assert empty.err.count("\n") == 1


def test_a_trace_is_written_and_explained_without_secrets(
    demo: Demo, ecard: Ecard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = tmp_path / "trace.txt"
    monkeypatch.setenv("ECARD_PIN", demo.pin("operator-1"))
    signing = ["sign", demo.contract, "--card", demo.card("operator-1"), "--trace", trace]
    assert ecard(*signing).status == 0
    written = trace.read_bytes()
    pin = demo.pin("operator-1").encode()
    assert pin not in written
    assert pin.hex().upper().encode() not in written.upper()
    shown = ecard("trace", "show", trace)
    assert shown.status == 0
    lines = shown.out.splitlines()
    assert len(lines) == written.count(b"\n> ") + written.startswith(b"> ")
    assert any("verify the PIN" in line for line in lines)
    with trace.open(encoding="ascii") as standard_input:
        monkeypatch.setattr("sys.stdin", standard_input)
        assert ecard("trace", "show", "-").out == shown.out


@pytest.mark.parametrize("content", [b"", b"hello", b"\xff" * 100])
def test_a_file_that_is_no_trace(tmp_path: Path, ecard: Ecard, content: bytes) -> None:
    (tmp_path / "t").write_bytes(content)
    outcome = ecard("trace", "show", tmp_path / "t")
    assert outcome.status == 2
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize("group", ["card", "card pin", "card key", "card certificate", "pin", "simulator", "trace"])
def test_every_group_has_help(ecard: Ecard, group: str) -> None:
    assert ecard(*group.split(), "--help").status == 0
    assert "Commands" in ecard(*group.split(), "-h").out


def test_the_pin_is_entered_at_the_reader_where_it_has_keys(
    ecard: Ecard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    card = SimulatedCard.new(seed=1)
    with administered(InProcess(card)) as piv:
        piv.write_certificate(Slot.SIGNATURE, certificate(piv.generate_key(Slot.SIGNATURE, KeyKind.P256)))
    reader = FakeScard(card)
    monkeypatch.setattr(pcsc, "library", lambda: reader)
    monkeypatch.delenv("ECARD_PIN", raising=False)
    (tmp_path / "document").write_bytes(b"a document")
    outcome = ecard("sign", tmp_path / "document", "--card", "pcsc")
    assert outcome.status == 0, outcome
    assert "PIN of Pad Reader 00, to sign (3 tries left): please enter it at the reader" in outcome.err
    assert len(reader.controls) == 1
