"""``ecard demo``: the whole story in one command, with files to play with afterwards."""

from __future__ import annotations

import os
import secrets
import shlex
import shutil
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from ecard.algorithms import KeyKind
from ecard.cli.demo_story import README, Attempt, Story
from ecard.cli.key_algorithm import KeyAlgorithm
from ecard.cli.language import translate
from ecard.cli.options import AsJson, print_json
from ecard.cli.progress import print_table, steps
from ecard.cli.report_words import why
from ecard.errors import InvalidInputError

_OPENSSL_VERIFIES: Final = frozenset(KeyAlgorithm) - {KeyAlgorithm.SM2}
"""``openssl cms`` has no option for the user id under which SM2 signs."""


def demo(
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="The directory to make; one made by an earlier demo is replaced.")
    ] = Path("demo"),
    algorithm: Annotated[KeyAlgorithm, typer.Option(help="What cards and authorities sign with.")] = KeyAlgorithm.P256,
    as_json: AsJson = False,
) -> int:
    """Found a data centre, make three simulated cards, sign, verify, and see four refusals.

    Exit status: 0 when everything came out as it should, 1 when not, 2 when it could not run.

    Example: ecard demo --out demo
    """
    _require_replaceable(out)
    # named before it is made: an interruption at any moment finds it, and leaves nothing behind
    workplace = out.absolute().parent / f".{out.name}.{secrets.token_hex(8)}"
    try:
        _make(workplace, out)
        story = Story(workplace, KeyKind(algorithm.value))
        with steps(Story.LENGTH) as begin:
            attempts = story.tell(begin)
        if out.exists():
            shutil.rmtree(out)
        workplace.chmod(0o755)
        workplace.rename(out)
    finally:
        shutil.rmtree(workplace, ignore_errors=True)
    if as_json:
        print_json({"directory": str(out), "attempts": [attempt.as_dict() for attempt in attempts]})
    else:
        _tell(attempts)
        sys.stdout.write(_what_next(out, story.organisation_code))
        if algorithm in _OPENSSL_VERIFIES:
            sys.stdout.write(_with_openssl(shlex.quote(str(out))))
    return 0 if all(attempt.as_expected for attempt in attempts) else 1


def _make(workplace: Path, out: Path) -> None:
    try:
        workplace.mkdir(mode=0o700)
    except OSError as error:
        raise InvalidInputError(f"{out}: cannot be made: {error.strerror}") from None


def _require_replaceable(out: Path) -> None:
    made_by_demo = (out / README).is_file() and (out / "cards").is_dir() and (out / "trust").is_dir()
    if out.exists() and not made_by_demo and (not out.is_dir() or any(out.iterdir())):
        raise InvalidInputError(f"{out} exists and was not made by a demo", remedy="name another directory with --out")


def _tell(attempts: list[Attempt]) -> None:
    outcomes = {True: translate("accepted"), False: translate("refused")}
    rows = [(translate(a.tried), outcomes[a.report.accepted], why(a.report)) for a in attempts]
    headings = [translate(word) for word in ("tried", "outcome", "why")]
    print_table(translate("What was tried, and what came out"), headings, rows)


def _what_next(out: Path, organisation_code: str) -> str:
    place, ecard = shlex.quote(str(out)), _own_name()
    head = translate("Try next (the PINs are in {file}):", file=f"{place}/{README}")
    return f"""
{head}
  {ecard} verify {place}/contract.txt {place}/contract.txt.operator.p7s --trust {place}/trust/root.pem \\
        --crl {place}/trust --role operator --enterprise {organisation_code}
  {ecard} sign {place}/contract.txt --card sim:{place}/cards/operator-1.card
  {ecard} verify {place}/contract.txt {place}/contract.txt.p7s --trust {place}/trust/root.pem \\
        --crl {place}/trust --anyone --json
"""


def _with_openssl(place: str) -> str:
    return f"""\
  openssl cms -verify -binary -inform DER -in {place}/contract.txt.operator.p7s -content {place}/contract.txt \\
        -CAfile {place}/trust/root.pem -purpose any -out /dev/null
"""


def _own_name() -> str:
    """How this command is called: ``ecard`` where the shell finds it, otherwise by its path."""
    called = Path(sys.argv[0])
    if called.name != "ecard" or shutil.which("ecard") is not None:
        return "ecard"
    return shlex.quote(os.path.relpath(called))
