"""``ecard simulator``: make a simulated card, and put it into a real PC/SC service."""

from __future__ import annotations

import signal
import sys
import threading
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from ecard.cli.language import translate
from ecard.simulator import CardFile, SimulatedCard
from ecard.simulator.vpcd import DEFAULT_PORT, ReaderState
from ecard.simulator.vpcd import serve as serve_card

_WAIT: Final = 2.0
"""Seconds for a card file that is in use: as long as the end of the program that used it may take."""

app: Final = typer.Typer(help="Make and serve simulated cards.", no_args_is_help=True)


class CardProfile(StrEnum):
    """Which card is simulated."""

    FACTORY = "factory"
    YUBIKEY = "yubikey"
    CANOKEY = "canokey"
    MINIMAL = "minimal"


@app.command()
def new(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to make.")],
    profile: Annotated[CardProfile, typer.Option(help="Which card to simulate.")] = CardProfile.FACTORY,
    serial: Annotated[int | None, typer.Option(help="The serial number; drawn if not given.")] = None,
) -> None:
    """Make a simulated card as it leaves the factory: PIN 123456, PUK 12345678, management key 0102..08 thrice.

    Example: ecard simulator new play.card --profile yubikey
    """
    CardFile.create(file, SimulatedCard.new(profile.value, serial=serial))
    sys.stderr.write(translate("made: {file}", file=file) + "\n")


@app.command()
def serve(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The card's file.")],
    host: Annotated[str, typer.Option(help="Where vpcd listens.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port on which vpcd listens.")] = DEFAULT_PORT,
) -> None:
    """Put the card into a real PC/SC service through vpcd (Debian: vsmartcard-vpcd), until interrupted.

    Every program on this machine then sees it in a reader called Virtual PCD. Ctrl-C takes it out again.

    Example: ecard simulator serve play.card
    """
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        serve_card(CardFile(file, wait=_WAIT), host=host, port=port, stop=stop, on_state=_say)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    sys.stderr.write(translate("taken out") + "\n")


def _say(state: ReaderState) -> None:
    waiting = "waiting for the PC/SC service, or for its reader to be empty"
    sys.stderr.write(translate("in the reader" if state is ReaderState.INSERTED else waiting) + "\n")
    sys.stderr.flush()
