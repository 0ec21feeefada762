"""The openssl program as an independent judge of SM2."""

from __future__ import annotations

import functools
import shutil
import subprocess
from pathlib import Path

import pytest


@functools.cache
def _available() -> bool:
    if shutil.which("openssl") is None:
        return False
    listed = subprocess.run(["openssl", "ecparam", "-list_curves"], capture_output=True, check=False)
    return b"SM2" in listed.stdout


needs_openssl = pytest.mark.skipif(not _available(), reason="needs an openssl program with SM2")


def run(*arguments: str | Path, data: bytes = b"") -> bytes:
    """The standard output of openssl with these arguments; fails the test where openssl fails."""
    done = subprocess.run(["openssl", *map(str, arguments)], input=data, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def accepts(*arguments: str | Path) -> bool:
    """Whether openssl succeeds with these arguments."""
    return subprocess.run(["openssl", *map(str, arguments)], capture_output=True, check=False).returncode == 0


def user_id(value: bytes) -> list[str]:
    """The options that give pkeyutl a user id of any bytes."""
    return ["-pkeyopt", f"hexdistid:{value.hex()}" if value else "distid:"]
