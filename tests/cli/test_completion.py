"""Shell completion, tried in a real bash, and in zsh and fish where they are installed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Ecard


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_one_of_the_shell(shell: str, ecard: Ecard, tmp_path: Path) -> None:
    outcome = ecard("completion", shell)
    assert (outcome.status, outcome.err) == (0, "")
    assert "ecard" in outcome.out
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    (tmp_path / "script").write_text(outcome.out)
    subprocess.run([program, "-n", tmp_path / "script"], check=True)


@pytest.mark.parametrize(
    ("line", "expected"),
    [("ecard cen", "centre"), ("ecard card pin un", "unblock"), ("ecard sign --use", "--use-last-try")],
)
def test_bash_completes(line: str, expected: str, tmp_path: Path, ecard: Ecard) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("bash is not installed")
    program = tmp_path / "ecard"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m ecard "$@"\n')
    program.chmod(0o755)
    words = " ".join(f"'{word}'" for word in line.split())
    script = f"""
        PATH={tmp_path}:$PATH
        {ecard("completion", "bash").out}
        COMP_WORDS=({words}); COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
        $(complete -p ecard | sed 's/.*-F \\([^ ]*\\).*/\\1/') ecard
        echo "${{COMPREPLY[@]}}"
    """
    done = subprocess.run([bash, "-c", script], capture_output=True, text=True, check=True, timeout=120)
    assert expected in done.stdout.split(), done
