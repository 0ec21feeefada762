"""The supplier that asks the holder at the terminal, without showing what is typed."""

from __future__ import annotations

import getpass
import warnings

from ecard.errors import NoPinError, PinFormatError
from ecard.pin.masked import Pin, pin_from
from ecard.pin.request import PinRequest
from ecard.pin.silent_terminal import kept_silent

_REMEDY = "run it in a terminal, or take the PIN from an environment variable, a file descriptor or a callback"


def prompt(request: PinRequest) -> Pin:
    """Ask the holder at the terminal; what is typed is not echoed.

    Raises NoPinError where there is no terminal to ask at (nothing is read then), or where nothing is
    typed; PinFormatError where what is typed is no PIN of any card.
    """
    typed = _typed_without_echo(request)
    if not typed[0]:
        raise NoPinError(f"no {request.reference.value} was typed at the prompt", reference=request.reference.value)
    return pin_from(typed)


def _typed_without_echo(request: PinRequest) -> list[str]:
    """What was typed, in a list of one, so that it can be taken away again."""
    with warnings.catch_warnings():
        # getpass would read with echo where it finds no terminal; it warns before it does.
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            with kept_silent(request.question()):
                return [getpass.getpass(request.question())]
        except EOFError:
            return [""]
        except UnicodeDecodeError:
            # it holds what was typed, so it is forgotten before another is raised
            undecoded = True
        except (getpass.GetPassWarning, OSError):
            undecoded = False
    secret = request.reference.value
    if undecoded:
        raise PinFormatError(
            f"the {secret} has characters that are not ASCII, in another encoding than the terminal's",
            remedy="type it with the input method switched to half-width (半角)",
            reference=secret,
        )
    raise NoPinError(f"the prompt has no terminal to ask for the {secret} at", remedy=_REMEDY, reference=secret)
