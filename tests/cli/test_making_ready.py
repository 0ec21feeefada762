"""A fresh card made ready on the command line: PUK, management key, request, certificate; and each way to be wrong."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ecard.algorithms import KeyKind
from ecard.apdu.piv import PivSession
from ecard.apdu.session import Session
from ecard.apdu.words import FACTORY_MANAGEMENT_KEY, Ins, Slot
from ecard.certificate import Certificate, load_pem_certificates
from ecard.cli import card_options
from ecard.keys import SoftwareKey
from ecard.pki.profile import Usage
from ecard.pki.requests import read_request
from ecard.simulator import CardFile, Fault, FaultyReader, Rule, SimulatedCard
from tests.cli.conftest import Ecard, Outcome
from tests.pki_authority.centre import AT, root, subject

OTHER_KEY = "11" * 24


@pytest.fixture(autouse=True)
def _secrets_of_the_factory(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ECARD_MANAGEMENT_KEY", "ECARD_NEW_MANAGEMENT_KEY", "ECARD_NEW_PUK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ECARD_PIN", "123456")
    monkeypatch.setenv("ECARD_PUK", "12345678")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def fresh(profile: str = "yubikey") -> str:
    CardFile.create(Path("new.card"), SimulatedCard.new(profile, seed=1))
    return "sim:new.card"


@contextmanager
def opened() -> Iterator[PivSession]:
    """The card that ``fresh`` made, without the command line."""
    with Session(CardFile(Path("new.card"))) as session:
        yield PivSession(session)


def refused(outcome: Outcome, *words: str) -> None:
    assert outcome.status == 2, outcome
    assert outcome.out == ""
    assert outcome.err.startswith("ecard: "), outcome.err
    assert outcome.err.count("\n") == 1, outcome.err
    for word in words:
        assert word in outcome.err, outcome.err


def unchanged_by(outcome: Callable[[], Outcome], *words: str) -> None:
    """A refusal after which the card is what it was, and no file is left."""
    card, files = Path("new.card").read_bytes(), sorted(Path().iterdir())
    refused(outcome(), *words)
    assert Path("new.card").read_bytes() == card
    assert sorted(Path().iterdir()) == files


def certified(request: str, *, chain: bool = False) -> list[Certificate]:
    """What an authority, one step below its root, makes of a request; its own certificates behind it."""
    top = root()
    issuing = top.create_subordinate("示例签发", at=AT)
    made = issuing.issue(Path(request).read_bytes(), subject(), at=AT, usage=Usage.SIGNING)
    return [made, *((issuing.certificate, top.certificate) if chain else ())]


def write(name: str, *certificates: Certificate) -> str:
    Path(name).write_text("".join(c.pem() for c in certificates))
    return name


@pytest.mark.parametrize("profile", ["yubikey", "canokey", "factory"])
def test_from_a_fresh_card_to_a_signature(
    profile: str, place: Path, ecard: Ecard, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = ["--card", fresh(profile)]
    monkeypatch.setenv("ECARD_NEW_PIN", "730185")
    assert ecard("card", "pin", "change", *card).status == 0
    monkeypatch.setenv("ECARD_PIN", "730185")
    monkeypatch.setenv("ECARD_NEW_PUK", "73519468")
    assert ecard("card", "puk", "change", *card) == Outcome(0, "", "the PUK is changed\n")
    changed = ecard("card", "management-key", "change", *card, "-o", "management.key")
    assert changed == Outcome(0, "", "the management key is changed\n")
    refused(ecard("card", "key", "generate", *card), "refused the management key")
    monkeypatch.setenv("ECARD_MANAGEMENT_KEY", Path("management.key").read_text())
    assert ecard("card", "key", "generate", *card, "-o", "key.pem").status == 0
    assert ecard("card", "certificate", "request", *card, "--name", "甲某", "-o", "request.pem").status == 0
    write("card.pem", *certified("request.pem", chain=True))
    assert ecard("card", "certificate", "import", "card.pem", *card).status == 0
    facts = json.loads(ecard("card", "info", *card, "--json").out)
    assert [facts[f"{name}_is_default"] for name in ("pin", "puk", "management_key")] == [False] * 3
    Path("contract.txt").write_text("a contract")
    assert ecard("sign", "contract.txt", *card).status == 0
    leaf, issuer = load_pem_certificates(ecard("card", "certificate", "export", *card, "--chain").out)
    leaf.verify_issued_by(issuer)


def test_openssl_accepts_the_request(place: Path, ecard: Ecard) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    card = ["--card", fresh()]
    ecard("card", "key", "generate", *card, "--algorithm", "rsa2048")
    made = ecard("card", "certificate", "request", *card, "--name", "Example Trading Co.")
    assert made.out.startswith("-----BEGIN CERTIFICATE REQUEST-----\n")
    call = [openssl, "req", "-verify", "-noout", "-subject"]
    done = subprocess.run(call, input=made.out, capture_output=True, text=True, check=True)
    assert "verify OK" in done.stdout + done.stderr
    assert "Example Trading Co." in done.stdout


def test_what_a_request_needs(place: Path, ecard: Ecard, monkeypatch: pytest.MonkeyPatch) -> None:
    card = ["--card", fresh()]
    call = ["card", "certificate", "request", *card, "--name"]
    unchanged_by(lambda: ecard(*call, "x", "-o", "r.pem"), "slot 9C of the card holds no key", "key generate")
    ecard("card", "key", "generate", *card, "-o", "key.pem")
    for name in ("", "a\tb", "x" * 65):
        unchanged_by(lambda name=name: ecard(*call, name, "-o", "r.pem"), "1 to 64 characters")  # type: ignore[misc]
    unchanged_by(lambda: ecard(*call, "x", "--slot", "F9"), "the card's maker")
    unchanged_by(lambda: ecard(*call, "x", "-o", "none/r.pem"), "cannot be written")
    monkeypatch.setenv("ECARD_PIN", "999111")
    refused(ecard(*call, "x", "-o", "r.pem"), "wrong PIN, 2 tries left")
    refused(ecard(*call, "x", "-o", "r.pem"), "wrong PIN, 1 try left")
    unchanged_by(lambda: ecard(*call, "x", "-o", "r.pem"), "one try is left", "--use-last-try")
    refused(ecard(*call, "x", "-o", "r.pem", "--use-last-try"), "it is blocked now")
    unchanged_by(lambda: ecard(*call, "x", "-o", "r.pem"), "the PIN is blocked")


def test_a_card_that_does_not_tell_its_key_needs_the_file(place: Path, ecard: Ecard) -> None:
    card = ["--card", fresh("minimal")]
    call = ["card", "certificate", "request", *card, "--name", "x"]
    ecard("card", "key", "generate", *card, "-o", "key.pem")
    unchanged_by(lambda: ecard(*call), "does not tell which key", "--public-key")
    made = ecard(*call, "--public-key", "key.pem")
    assert read_request(made.out.encode()).common_name == "x"
    Path("text").write_text("-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n")
    unchanged_by(lambda: ecard(*call, "--public-key", "text"), "text: is no public key")
    unchanged_by(lambda: ecard(*call, "--public-key", "none"), "no such file")
    Path("other.pem").write_text(Path("key.pem").read_text())
    ecard("card", "key", "generate", *card)
    refused(ecard(*call, "--public-key", "other.pem"), "not signed by the key")
    Path("request.pem").write_text(made.out)
    write("card.pem", *certified("request.pem"))
    told = ecard("card", "certificate", "import", "card.pem", *card)
    assert told.status == 0
    assert "it was not checked that the certificate is its own" in told.err


def ready(ecard: Ecard) -> list[str]:
    """A card with a key, and card.pem, issuing.pem and root.pem for it."""
    card = ["--card", fresh()]
    ecard("card", "key", "generate", *card)
    ecard("card", "certificate", "request", *card, "--name", "x", "-o", "request.pem")
    for name, made in zip(("card.pem", "issuing.pem", "root.pem"), certified("request.pem", chain=True), strict=True):
        write(name, made)
    return card


def test_importing_der_and_issuers(place: Path, ecard: Ecard) -> None:
    card = ready(ecard)
    leaf, issuing = (Certificate.from_pem(Path(name).read_text()) for name in ("card.pem", "issuing.pem"))
    Path("card.der").write_bytes(leaf.der)
    call = ["card", "certificate", "import", "card.der", *card]
    outcome = ecard(*call)
    assert outcome == Outcome(0, "", f"certificate {leaf.serial_digits} is in slot 9C\n")
    exported = ["card", "certificate", "export", *card, "--chain"]
    assert load_pem_certificates(ecard(*exported).out) == [leaf]
    assert ecard(*call, "--issuer", "root.pem", "--issuer", "issuing.pem").status == 0
    assert load_pem_certificates(ecard(*exported).out) == [leaf, issuing], "and the root is left out"
    assert ecard(*call).status == 0
    assert load_pem_certificates(ecard(*exported).out) == [leaf, issuing], "issuers stay where none are given"


def test_what_is_not_imported(place: Path, ecard: Ecard, monkeypatch: pytest.MonkeyPatch) -> None:
    card = ready(ecard)
    call = ["card", "certificate", "import"]
    Path("text").write_text("hello")
    other = root().issue_for_key(SoftwareKey.generate(KeyKind.P256).public_key, subject(), at=AT, usage=Usage.SIGNING)
    write("other.pem", other)
    for file, words in {
        "none.pem": "none.pem: no such file",
        ".": "is a directory",
        "text": "text: no certificate found",
        "request.pem": "request.pem: no certificate found",
        "other.pem": f"certificate {other.serial_digits} is not for the key in slot 9C",
        "root.pem": "is not for the key in slot 9C",
    }.items():
        unchanged_by(lambda file=file: ecard(*call, file, *card), words)  # type: ignore[misc]
    both = write("both.pem", *(Certificate.from_pem(Path(n).read_text()) for n in ("issuing.pem", "card.pem")))
    unchanged_by(lambda: ecard(*call, both, *card), "issued none of those", "the certificate first")
    unchanged_by(lambda: ecard(*call, "card.pem", *card, "--issuer", "other.pem"), "issued none of those")
    unchanged_by(lambda: ecard(*call, "card.pem", *card, "--issuer", "text"), "text: no certificate found")
    unchanged_by(lambda: ecard(*call, "card.pem", *card, "--slot", "9D"), "slot 9D of the card holds no key")
    unchanged_by(lambda: ecard(*call, "card.pem", *card, "--slot", "F9"), "the card's maker")
    for key, words in {"zz": "not hexadecimal", "0102": "holds 2 bytes", OTHER_KEY: "refused the management"}.items():
        monkeypatch.setenv("ECARD_MANAGEMENT_KEY", key)
        unchanged_by(lambda: ecard(*call, "card.pem", *card), words, "ECARD_MANAGEMENT_KEY")


def test_deleting_a_certificate(place: Path, ecard: Ecard, monkeypatch: pytest.MonkeyPatch) -> None:
    card = ready(ecard)
    call = ["card", "certificate", "delete", *card, "--slot", "9C"]
    unchanged_by(lambda: ecard(*call), "slot 9C of the card holds no certificate")
    ecard("card", "certificate", "import", "card.pem", *card)
    with monkeypatch.context() as wrong:
        wrong.setenv("ECARD_MANAGEMENT_KEY", OTHER_KEY)
        unchanged_by(lambda: ecard(*call), "refused the management key")
    assert ecard(*call) == Outcome(0, "", "the certificate in slot 9C is deleted\n")
    slot = json.loads(ecard("card", "info", *card, "--json").out)["slots"]["9C"]
    assert slot["key"] == "p256"
    assert "certificate_number" not in slot


def test_a_damaged_certificate_is_deleted_too(place: Path, ecard: Ecard) -> None:
    card = ready(ecard)
    with opened() as piv:
        piv.authenticate_management_key(FACTORY_MANAGEMENT_KEY)
        piv.put_object(Slot.SIGNATURE.certificate_object, b"\x70\x02ab")
    assert ecard("card", "certificate", "delete", *card, "--slot", "9C").status == 0
    assert "damaged" not in ecard("card", "info", *card).out


def test_the_puk(place: Path, ecard: Ecard, monkeypatch: pytest.MonkeyPatch) -> None:
    call = ["card", "puk", "change", "--card", fresh()]
    for weak in ("12345678", "1234", "11111111"):
        monkeypatch.setenv("ECARD_NEW_PUK", weak)
        unchanged_by(lambda: ecard(*call), "the new PUK is weak")
        assert weak not in ecard(*call).err
    monkeypatch.setenv("ECARD_NEW_PUK", "73519468")
    assert ecard(*call).status == 0
    refused(ecard(*call), "wrong PUK, 2 tries left")
    refused(ecard(*call), "wrong PUK, 1 try left")
    unchanged_by(lambda: ecard(*call), "one try is left before the PUK is blocked", "--use-last-try")
    refused(ecard(*call, "--use-last-try"), "it is blocked now")
    monkeypatch.setenv("ECARD_PUK", "73519468")
    unchanged_by(lambda: ecard(*call), "the PUK is blocked", "only the card's issuer can help")


@pytest.mark.parametrize("missing", ["ECARD_PUK", "ECARD_NEW_PUK"])
def test_without_a_terminal_the_variable_is_named(
    missing: str, place: Path, ecard: Ecard, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_terminal(question: str) -> str:
        raise OSError(question)

    monkeypatch.setattr("getpass.getpass", no_terminal)
    monkeypatch.setenv("ECARD_NEW_PUK", "73519468")
    monkeypatch.delenv(missing)
    card = fresh()
    unchanged_by(lambda: ecard("card", "puk", "change", "--card", card), "ask for the PUK at", missing)


def test_two_puks_that_differ(place: Path, ecard: Ecard, monkeypatch: pytest.MonkeyPatch) -> None:
    typed = iter(["73519468", "73519469"])
    monkeypatch.setattr("getpass.getpass", lambda _question: next(typed))
    card = fresh()
    unchanged_by(lambda: ecard("card", "puk", "change", "--card", card), "the two new PUKs differ")


def test_a_drawn_management_key_is_in_a_file_for_its_owner_alone(place: Path, ecard: Ecard) -> None:
    call = ["card", "management-key", "change", "--card", fresh()]
    outcome = ecard(*call, "-o", "management.key", "--trace", "trace")
    key = Path("management.key").read_text().strip()
    assert stat.S_IMODE(Path("management.key").stat().st_mode) == 0o600
    assert len(bytes.fromhex(key)) == 24
    assert key not in (outcome.out + outcome.err + Path("trace").read_text()).lower()
    with opened() as piv:
        piv.authenticate_management_key(bytes.fromhex(key))


@pytest.mark.parametrize(("algorithm", "size"), [("tdes", 24), ("aes128", 16), ("aes192", 24), ("aes256", 32)])
def test_a_management_key_of_each_kind(algorithm: str, size: int, place: Path, ecard: Ecard) -> None:
    card = ["--card", fresh()]
    assert ecard("card", "management-key", "change", *card, "-o", "key", "--algorithm", algorithm).status == 0
    assert len(bytes.fromhex(Path("key").read_text())) == size
    assert json.loads(ecard("card", "info", *card, "--json").out)["management_key"].lower() == algorithm


def test_a_management_key_of_ones_own(place: Path, ecard: Ecard, monkeypatch: pytest.MonkeyPatch) -> None:
    call = ["card", "management-key", "change", "--card", fresh()]
    unchanged_by(lambda: ecard(*call), "-o", "ECARD_NEW_MANAGEMENT_KEY")
    unchanged_by(lambda: ecard(*call, "-o", "-"), "not printed")
    for given, words in {
        "zz": "ECARD_NEW_MANAGEMENT_KEY is not hexadecimal",
        "": "ECARD_NEW_MANAGEMENT_KEY holds 0 bytes",
        "12" * 16: "for AES192 has 24 bytes, this one has 16",
        "0102030405060708" * 3: "the factory's, which everybody knows",
    }.items():
        monkeypatch.setenv("ECARD_NEW_MANAGEMENT_KEY", given)
        unchanged_by(lambda: ecard(*call), words)
    monkeypatch.setenv("ECARD_NEW_MANAGEMENT_KEY", "12" * 24)
    unchanged_by(lambda: ecard(*call, "-o", "key"), "-o contradicts ECARD_NEW_MANAGEMENT_KEY")
    assert ecard(*call).status == 0
    refused(ecard(*call), "refused the management key")


def test_no_file_is_left_where_the_card_keeps_its_key(
    place: Path, ecard: Ecard, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = ["card", "management-key", "change", "--card", fresh("canokey")]
    unchanged_by(lambda: ecard(*call, "-o", "key", "--algorithm", "aes192"), "setting a management key for AES192")
    unchanged_by(lambda: ecard(*call, "-o", "none/key"), "cannot be written")
    Path("key").write_text("precious")
    unchanged_by(lambda: ecard(*call, "-o", "key"), "key exists already")
    assert Path("key").read_text() == "precious"
    monkeypatch.setenv("ECARD_MANAGEMENT_KEY", OTHER_KEY)
    unchanged_by(lambda: ecard(*call, "-o", "other"), "refused the management key")


@pytest.mark.parametrize("fault", [Fault.REMOVAL, Fault.NO_ANSWER])
@pytest.mark.parametrize("executed", [True, False])
def test_the_file_stays_where_nobody_knows_which_key_the_card_has(
    fault: Fault, executed: bool, place: Path, ecard: Ecard, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = fresh()
    rule = Rule(fault, ins=Ins.SET_MANAGEMENT_KEY, executed=executed)
    monkeypatch.setattr(card_options, "connector", lambda _address: FaultyReader(CardFile(Path("new.card")), [rule]))
    refused(
        ecard("card", "management-key", "change", "--card", address, "-o", "management.key"),
        "whether the card has its new management key is not known",
        "keep the one in management.key",
    )
    key = bytes.fromhex(Path("management.key").read_text()) if executed else FACTORY_MANAGEMENT_KEY
    with opened() as piv:
        piv.authenticate_management_key(key)


def test_attesting_moving_and_deleting_a_key(place: Path, ecard: Ecard) -> None:
    card = ["--card", fresh()]
    for verb in (["attest"], ["move", "--slot", "9C", "--to", "82"], ["delete", "--slot", "9C"]):
        unchanged_by(lambda verb=verb: ecard("card", "key", *verb, *card), "slot 9C of the card holds no key")  # type: ignore[misc]
    ecard("card", "key", "generate", *card)
    attested = Certificate.from_pem(ecard("card", "key", "attest", *card).out)
    exported = ecard("card", "certificate", "export", *card, "--slot", "F9").out
    attested.verify_issued_by(Certificate.from_pem(exported))
    ecard("card", "key", "generate", *card, "--slot", "82")
    move = ["card", "key", "move", *card, "--slot", "9C", "--to"]
    unchanged_by(lambda: ecard(*move, "82"), "slot 82 holds a key already")
    unchanged_by(lambda: ecard(*move, "9C"), "9C")
    unchanged_by(lambda: ecard(*move, "F9"), "the card's maker")
    assert ecard(*move, "83") == Outcome(0, "", "the key in slot 9C is now in slot 83\n")
    assert ecard("card", "key", "delete", *card, "--slot", "83").err == "the key in slot 83 is deleted\n"
    unchanged_by(lambda: ecard("card", "key", "delete", *card, "--slot", "F9"), "the card's maker")
    unchanged_by(lambda: ecard("card", "key", "generate", *card, "--slot", "F9"), "the card's maker")
    assert json.loads(ecard("card", "info", *card, "--json").out)["slots"] == {}
    assert ecard("card", "key", "attest", *card, "--slot", "82").status == 0


@pytest.mark.parametrize("verb", [["attest"], ["move", "--slot", "9C", "--to", "82"], ["delete", "--slot", "9C"]])
def test_a_card_that_cannot(verb: list[str], place: Path, ecard: Ecard) -> None:
    card = ["--card", fresh("canokey")]
    ecard("card", "key", "generate", *card)
    unchanged_by(lambda: ecard("card", "key", *verb, *card), "command not supported")
