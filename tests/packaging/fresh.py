"""Fresh environments with the built wheel, as a user's ``pip install`` makes them: made once for the whole run.

The environment of an extra is the core's with what the extra adds: it sees the core's packages through a .pth file, so
that only what is new has to be installed.
"""

from __future__ import annotations

import fcntl
import os
import re
import subprocess
import sys
import venv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_FORGOTTEN = (
    "PYTHONPATH",
    "PYTHONHOME",
    "VIRTUAL_ENV",
    "COVERAGE_PROCESS_START",
    "PYTHONDONTWRITEBYTECODE",
    "ECARD_PIN",
)
_UNREACHABLE = re.compile(
    r"Failed to establish|Temporary failure in name|Connection (?:refused|broken|reset)|timed out"
)


@dataclass(frozen=True)
class Outcome:
    """What a program left behind."""

    status: int
    out: str
    err: str


@dataclass(frozen=True)
class Environment:
    """A virtual environment, and how to run programs in it as if nothing else were on the machine's path."""

    place: Path

    @property
    def python(self) -> Path:
        return self.place / "bin" / "python"

    @property
    def packages(self) -> Path:
        return next((self.place / "lib").glob("python*")) / "site-packages"

    def run(
        self,
        *command: str | Path,
        cwd: Path,
        more: Mapping[str, str] | None = None,
        given: str = "",
    ) -> Outcome:
        """Run a program of the environment; ``given`` is its standard input, ``more`` goes to its environment."""
        program, *arguments = map(str, command)
        kept = {name: value for name, value in os.environ.items() if name not in _FORGOTTEN}
        own = {"PATH": f"{self.place / 'bin'}:/usr/bin:/bin", **(more or {})}
        done = subprocess.run(
            [str(self.place / "bin" / program), *arguments],
            cwd=cwd,
            env={**kept, **own},
            input=given,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    def script(self, text: str, *, cwd: Path, more: Mapping[str, str] | None = None) -> Outcome:
        """Run Python text, without the current directory on its path."""
        return self.run("python", "-I", "-c", text, cwd=cwd, more=more)

    def has(self, module: str) -> bool:
        """Whether a module can be imported."""
        return self.script(f"import {module}", cwd=self.place).status == 0


class Workshop:
    """Builds ecard and makes environments in ``place``, each thing once, whichever process asks for it first."""

    def __init__(self, place: Path) -> None:
        self.place = place

    @property
    def wheel(self) -> Path:
        """The wheel, built from the source distribution."""
        return next(self._once("dist", self._build).glob("*.whl"))

    @property
    def sdist(self) -> Path:
        """The source distribution."""
        return next(self._once("dist", self._build).glob("*.tar.gz"))

    def core(self) -> Environment:
        """With the wheel alone: no extras, no compiler, nothing that would have to be compiled."""
        return Environment(self._once("core", self._make_core))

    def with_extra(self, name: str, *, beside: Sequence[str] = (), may_compile: bool = False) -> Environment:
        """The core with an extra, and with other packages ``beside`` it."""
        label = "-".join(("with", name, *beside))

        def make(place: Path) -> None:
            made = _bare(place)
            (made.packages / "core.pth").write_text(f"{self.core().packages}\n")
            extra = f"ecard[{name}] @ {self.wheel.as_uri()}"
            _install(made, extra, *beside, compiler=may_compile)
            _install(made, "--no-deps", "--ignore-installed", str(self.wheel))

        return Environment(self._once(label, make))

    def _make_core(self, place: Path) -> None:
        _install(_bare(place), str(self.wheel))

    def _build(self, place: Path) -> None:
        done = _python("-m", "build", "--outdir", str(place), str(ROOT))
        assert done.returncode == 0, done.stdout + done.stderr

    def _once(self, name: str, make: object) -> Path:
        assert callable(make)
        place, finished = self.place / name, self.place / f"{name}.finished"
        with (self.place / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not finished.exists():
                make(place)
                finished.touch()
        return place


def _bare(place: Path) -> Environment:
    venv.create(place, symlinks=True, clear=True)
    return Environment(place)


def _install(environment: Environment, *what: str, compiler: bool = False) -> None:
    how = () if compiler else ("--only-binary", ":all:")
    done = _python("-m", "pip", "--python", str(environment.python), "install", "--no-compile", "--quiet", *how, *what)
    if done.returncode and _UNREACHABLE.search(done.stderr):
        pytest.skip("no package index can be reached")
    assert done.returncode == 0, done.stderr


def _python(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in _FORGOTTEN}
    call = [sys.executable, *arguments]
    return subprocess.run(call, env=environment, capture_output=True, text=True, check=False, timeout=600)
