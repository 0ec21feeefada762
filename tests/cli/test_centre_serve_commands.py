"""``ecard centre new`` and ``serve`` as commands: what they make, and what cannot run."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import urllib.request
from importlib.util import find_spec
from pathlib import Path

import pytest

from ecard.algorithms import KeyKind
from ecard.certificate import Certificate
from ecard.cli import centre_commands, web_server
from ecard.errors import InvalidInputError, MissingDependencyError
from ecard.pki.authority_store import AuthorityStore
from tests.cli.conftest import Ecard
from tests.cli.serving import ENVIRONMENT, PASSWORD, command, make_authorities
from tests.pki_authority.centre import needs_openssl

SECRETS = re.compile(r"Traceback|/tmp|authority\.|BEGIN|ecard|waitress|python", re.IGNORECASE)
pytestmark = [
    needs_openssl,
    pytest.mark.skipif(find_spec("waitress") is None, reason="waitress is not installed (extra serve)"),
]


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a root and an issuing authority."""
    return make_authorities(tmp_path_factory.mktemp("made") / "authorities")


def test_what_new_makes(tmp_path: Path, ecard: Ecard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECARD_CA_PASSWORD", PASSWORD)
    made = ecard("centre", "new", tmp_path / "centre", "--name", "示例中心", "--algorithm", "sm2")
    assert (made.status, made.out) == (0, "")
    for name in ("root", "issuing"):
        assert stat.S_IMODE((tmp_path / "centre" / name / "authority.key").stat().st_mode) == 0o600
    (root,) = [Certificate.from_pem((tmp_path / "centre" / "root.pem").read_bytes())]
    assert root.public_key.kind is KeyKind.SM2
    again = ecard("centre", "new", tmp_path / "centre")
    assert (again.status, "exists already" in again.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "password", "words"),
    [
        (("new", "{0}/x"), "short", "at least 8 characters"),
        (("new", "{0}/x"), None, "ECARD_CA_PASSWORD"),
        (("new", "{0}/x", "--address", "ftp://x"), PASSWORD, "http"),
        (("new", "{0}/x", "--partitions", "0"), PASSWORD, "partitions"),
        (("serve", "{0}"), PASSWORD, "holds no authority"),
        (("serve", "{0}/nowhere"), PASSWORD, "holds no authority"),
        (("serve", "{made}"), "a wrong password", "password"),
        (("serve", "{made}"), None, "ECARD_CA_PASSWORD"),
        (("serve", "{made}", "--port", "70000"), PASSWORD, "65535"),
        (("serve", "{made}", "--host", "192.0.2.1"), PASSWORD, "cannot be served"),
        (("serve", "{made}", "--policy", "x"), PASSWORD, "object identifier"),
    ],
)
def test_what_cannot_run(
    arguments: tuple[str, ...],
    password: str | None,
    words: str,
    tmp_path: Path,
    authorities: Path,
    ecard: Ecard,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if password is None:
        monkeypatch.delenv("ECARD_CA_PASSWORD", raising=False)
    else:
        monkeypatch.setenv("ECARD_CA_PASSWORD", password)
    done = ecard("centre", *(argument.format(tmp_path, made=authorities) for argument in arguments))
    assert done.status == 2
    assert words in done.err
    assert "Traceback" not in done.err
    assert len(done.err.splitlines()) == 1
    assert not password or password not in done.err
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(("typed", "status"), [((PASSWORD, PASSWORD), 0), ((PASSWORD, PASSWORD + "?"), 2)])
def test_a_password_that_is_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: tuple[str, str], status: int
) -> None:
    answers = iter(typed)
    monkeypatch.delenv("ECARD_CA_PASSWORD", raising=False)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("getpass.getpass", lambda _: next(answers))
    if status:
        with pytest.raises(InvalidInputError, match="differ"):
            centre_commands.new(tmp_path / "centre")
        assert not (tmp_path / "centre").exists()
    else:
        centre_commands.new(tmp_path / "centre")
        assert AuthorityStore(tmp_path / "centre" / "root", password=PASSWORD.encode()).certificate.is_self_issued


def test_without_waitress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "waitress.server", None)
    with pytest.raises(MissingDependencyError, match=r"ecard\[serve\]"):
        web_server.run(lambda environ, start: [], host="127.0.0.1", port=0, on_start=print)


def test_a_name_with_several_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve, said = socket.getaddrinfo, []

    def both(host: str, *rest: object, **options: object) -> list[object]:
        return [*resolve("127.0.0.1", *rest, **options), *resolve("127.0.0.2", *rest, **options)]  # type: ignore[arg-type]

    def started(address: str) -> None:
        said.append(address)
        with socket.create_connection((address[len("http://") :].rpartition(":")[0], int(address.rpartition(":")[2]))):
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", both)
        server = web_server.create(lambda environ, start: [], host="localhost", port=0)
    monkeypatch.setattr(web_server, "create", lambda *_, **__: server)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    web_server.run(lambda environ, start: [], host="localhost", port=0, on_start=started)
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", said[0])


def test_one_authority_alone_is_served_too(tmp_path: Path, authorities: Path) -> None:
    alone = shutil.copytree(authorities / "issuing", tmp_path / "alone")
    with subprocess.Popen(
        command("serve", alone, "--port", 0), env=ENVIRONMENT, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        match = re.fullmatch(
            r"serving authority at (http://127.0.0.1:\d+); Ctrl-C ends it\n", process.stderr.readline()
        )
        assert match
        with urllib.request.urlopen(f"{match[1]}/issuing/issuer.crt", timeout=10) as answer:
            assert Certificate(answer.read()).subject
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
