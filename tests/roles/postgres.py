"""A real PostgreSQL server in a temporary directory on a free port, for as long as the tests run."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def programs() -> Path | None:
    """Where initdb and postgres are; None where PostgreSQL is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    which = shutil.which("initdb")
    return Path(which).parent if which else None


@contextmanager
def server() -> Iterator[str]:
    """The URL of the server, without a database's name. initdb refuses root: then the user postgres runs it."""
    bin_directory = programs()
    assert bin_directory is not None
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    directory = Path(tempfile.mkdtemp(prefix="ecard-postgres-", dir="/tmp"))
    if as_user:
        shutil.chown(directory, "postgres")
    data = directory / "data"
    _run(*as_user, bin_directory / "initdb", "-D", data, "-U", "ecard", "-A", "trust", "--no-sync", "-E", "UTF8")
    port = _free_port()
    options = (
        f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={directory} -c max_connections=60"
    )
    _run(*as_user, bin_directory / "pg_ctl", "-D", data, "-w", "-l", directory / "log", "-o", options, "start")
    try:
        yield f"postgresql://ecard@127.0.0.1:{port}"
    finally:
        _run(*as_user, bin_directory / "pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(directory, ignore_errors=True)


def create_database(server_url: str, name: str) -> str:
    """A new database; its URL."""
    import psycopg

    with psycopg.connect(f"{server_url}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return f"{server_url}/{name}"


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _run(*arguments: str | Path) -> None:
    subprocess.run(
        [str(a) for a in arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/"
    )
