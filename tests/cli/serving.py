"""Authorities in a directory, and a running ``ecard centre serve`` for the tests of it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

from ecard.certificate import Certificate
from ecard.cli.app import run
from ecard.pki.authority_store import AuthorityStore
from tests.pki_authority.centre import pem

PASSWORD = "a long password"
ENVIRONMENT = {**os.environ, "ECARD_CA_PASSWORD": PASSWORD, "NO_PROXY": "*"}


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "ecard", "centre", *map(str, arguments)]


def make_authorities(directory: Path, *options: object) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ECARD_CA_PASSWORD", PASSWORD)
        assert run(["centre", "new", str(directory), *map(str, options)]) == 0
    return directory


@dataclass
class Server:
    """A running ``ecard centre serve``, with a card in it that is good and one that is on hold."""

    directory: Path
    address: str
    process: subprocess.Popen[str]
    good: Certificate
    held: Certificate

    @property
    def port(self) -> int:
        return int(self.address.rsplit(":", 1)[1])

    def store(self, name: str = "issuing") -> AuthorityStore:
        return AuthorityStore(self.directory / name, password=PASSWORD.encode())

    def fetch(self, path: str) -> bytes:
        with urllib.request.urlopen(f"{self.address}{path}", timeout=10) as answer:
            found: bytes = answer.read()
        return found

    def write(self, directory: Path) -> None:
        """The certificates as files: root.pem, issuing.pem, good.pem, held.pem."""
        for name, certificate in (
            ("root", self.store("root").certificate),
            ("issuing", self.store().certificate),
            ("good", self.good),
            ("held", self.held),
        ):
            (directory / f"{name}.pem").write_text(pem(certificate))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
