"""The page on YubiKey and CanoKey, through a real PC/SC service with cards of both profiles."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ecard.cli.app import run
from ecard.simulator import SimulatedCard
from tests.howto.pages import run_page
from tests.pcsc_service import PcscService, needs_pcsc, running

pytestmark = needs_pcsc
PAGE = "sign-with-a-yubikey.md"
AES = ", algorithm=ManagementAlgorithm.AES192"


@pytest.fixture(scope="module")
def service() -> Iterator[PcscService]:
    pytest.importorskip("smartcard")
    with running() as found:
        yield found


@pytest.mark.parametrize("profile", ["yubikey", "canokey"])
@pytest.mark.parametrize("card", ["yubikey.card", "card.card"])
def test_the_page_runs_through_pcsc(
    card: str,
    profile: str,
    service: PcscService,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    place = tmp_path / "place"
    place.mkdir()
    monkeypatch.chdir(place)
    assert run(["demo", "--out", "demo"]) == 0
    address = f"pcsc:{service.reader()}"

    def changed(text: str) -> str:
        """The card of the commands, or that of the Python examples, is the one in the reader."""
        if profile == "canokey":
            # what the page tells its owner to do; and what that card says of itself
            text = text.replace("--profile yubikey", "--profile canokey").replace('new("yubikey")', 'new("canokey")')
            text = text.replace(AES, "").replace("AES192", "TDES")
        return text.replace(f'"sim:{card}"', f'"{address}"').replace(f"sim:{card}", f"'{address}'")

    capsys.readouterr()
    with service.inserted(SimulatedCard.new(profile)):
        run_page(PAGE, place, changed=changed)
    assert capsys.readouterr().out.startswith("ACCEPTED")
    assert (place / "contract.p7s").stat().st_size > 0
