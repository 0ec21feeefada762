"""``ecard completion``: what a shell needs to complete ecard's commands and options."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated, Final

import typer
from typer.completion import get_completion_script  # type: ignore[attr-defined]

COMPLETE_VARIABLE: Final = "_ECARD_COMPLETE"
"""Under which a shell asks for completions; typer derives it from the program's name."""


class Shell(StrEnum):
    """A shell that can complete."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(shell: Annotated[Shell, typer.Argument(help="bash, zsh or fish.")]) -> None:
    """Print the script with which a shell completes ecard's commands and options (Tab key). It changes nothing itself.

    bash: add to ~/.bashrc the line: eval "$(ecard completion bash)"

    zsh: add to ~/.zshrc, after compinit, the line: eval "$(ecard completion zsh)"

    fish: ecard completion fish > ~/.config/fish/completions/ecard.fish

    Example: ecard completion bash
    """
    script = get_completion_script(prog_name="ecard", complete_var=COMPLETE_VARIABLE, shell=shell.value)
    sys.stdout.write(script + "\n")
