"""The wheel alone: no extra, no compiler, no service."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.packaging.fresh import ROOT, Environment, Workshop

USES = {
    "pcsc": "import ecard\nwith ecard.connect('pcsc'): pass",
    "pkcs11": "from ecard.pkcs11 import Pkcs11Token\nwith Pkcs11Token('/none.so', 'a token', pin=print): pass",
    "postgresql": "from ecard.roles.register import Register\nRegister.create('postgresql://127.0.0.1:1/register')",
    "serve": "from ecard.cli.web_server import run\nrun(None, host='nowhere.invalid', port=1, on_start=print)",
}
"""What needs an extra, as a program would use it, without a reader, a token, a database or a usable address."""
_ALL_USES = f"""
from ecard.errors import EcardError
for extra, use in {USES!r}.items():
    try:
        exec(use)
    except EcardError as error:
        print(extra, type(error).__name__, error)
"""


def answers(environment: Environment, place: Path) -> dict[str, str]:
    """What each use comes to in an environment."""
    nobody = {"PCSCLITE_CSOCK_NAME": str(place / "nowhere")}
    done = environment.run("python", "-I", "-c", _ALL_USES, cwd=place, more=nobody)
    assert (done.status, done.err) == (0, "")
    return {extra: rest for extra, _, rest in (line.partition(" ") for line in done.out.splitlines())}


REGISTER = """
import sys
from ecard.roles.register import Register
Register.create(sys.argv[0] + "register").close()
with Register.open(sys.argv[0] + "register") as register:
    print("register", register.engine.url.get_backend_name())
"""
DOCTOR = """
from datetime import UTC, datetime
from ecard.doctor import examine
for line in examine(now=datetime.now(UTC)).lines:
    print(line.level.value, line.subject, line.message, line.remedy)
"""


@pytest.fixture(scope="module")
def core(workshop: Workshop) -> Environment:
    return workshop.core()


def test_nothing_of_the_extras_is_there(core: Environment) -> None:
    installed = {path.name for path in core.packages.iterdir()}
    assert "ecard" in installed
    assert not installed & {"smartcard", "pkcs11", "psycopg", "waitress", "typer", "rich", "pytest", "pip"}


def test_it_is_the_wheel_that_is_imported(core: Environment, tmp_path: Path) -> None:
    place = Path(core.script("import ecard; print(ecard.__file__)", cwd=tmp_path).out.strip())
    assert place.is_relative_to(core.place)


def test_a_simulated_card_signs_and_the_signature_is_accepted(core: Environment, tmp_path: Path) -> None:
    done = core.run("python", ROOT / "examples" / "sign_without_hardware.py", cwd=tmp_path)
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("ACCEPTED")


def test_every_module_can_be_imported(core: Environment, tmp_path: Path) -> None:
    modules = [
        path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")
        for path in (ROOT / "ecard").rglob("*.py")
        if path.parts[len(ROOT.parts) + 1] != "cli"
        and "migrations" not in path.parts
        and path.name not in {"plugin.py", "__main__.py"}
    ]
    assert len(modules) > 200
    done = core.script(f"import importlib\nfor name in {modules!r}: importlib.import_module(name)", cwd=tmp_path)
    assert (done.status, done.err) == (0, "")


def test_a_register_is_made_by_the_migrations_in_the_wheel(core: Environment, tmp_path: Path) -> None:
    done = core.script(REGISTER, cwd=tmp_path)
    assert (done.out, done.status) == ("register sqlite\n", 0), done.err


def test_what_needs_an_extra_names_it(core: Environment, tmp_path: Path) -> None:
    told = answers(core, tmp_path)
    assert set(told) == set(USES)
    for extra, words in told.items():
        assert words.startswith("MissingDependencyError "), words
        assert f'pip install "ecard[{extra}]"' in words


def test_the_command_says_in_one_line_what_is_missing(core: Environment, tmp_path: Path) -> None:
    expected = 'ecard: the command line is not installed: run pip install "ecard[cli]"\n'
    for call in (["ecard"], ["ecard", "demo"], ["python", "-I", "-m", "ecard", "--help"]):
        done = core.run(*call, cwd=tmp_path)
        assert (done.status, done.out, done.err) == (2, "", expected)


def test_the_doctor_works_as_a_library(core: Environment, tmp_path: Path) -> None:
    done = core.script(DOCTOR, cwd=tmp_path)
    assert (done.status, done.err) == (0, "")
    assert "without the extras cli, pcsc, pkcs11, postgresql, serve" in done.out
    assert "bad PC/SC service" in done.out
    assert 'pip install "ecard[pcsc]"' in done.out
