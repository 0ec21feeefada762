"""The example of the whole procedure runs, and the cards offer what they may do and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import ecard
from ecard.roles.management import Management

ROOT = Path(__file__).resolve().parents[2]


def test_the_whole_procedure_runs_as_one_example() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "whole_procedure.py")], capture_output=True, text=True, check=True
    )
    before, frozen, after, whole = done.stdout.splitlines()
    assert before == "signed before: accepted"
    assert "on hold since" in frozen
    assert after == "signed after: accepted"
    assert whole == "the register is whole: 25 entries"


def test_r1_r4_an_operator_card_has_no_method_for_what_it_may_not_do() -> None:
    acts = {"register_operator", "report_loss", "freeze", "unfreeze", "file_business", "register_channel"}
    assert {name for name in vars(Management) if not name.startswith("_")} - {"identity"} == acts
    assert issubclass(ecard.LegalPersonCard, Management)
    assert not issubclass(ecard.OperatorCard, Management)
    assert not acts & set(dir(ecard.OperatorCard))
    assert not {"void", "replace", "renew", "unlock"} & set(dir(ecard.LegalPersonCard))
