"""What a page's examples find around them: an empty directory with a demonstration, a card in the reader, a PIN."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import ecard
from ecard.apdu import pcsc, watching
from ecard.apdu.words import FACTORY_PIN
from ecard.pki.profile import Usage
from ecard.simulator import CardFile, InProcess, Profile, SimulatedCard
from tests.cli.conftest import Demo


class Stage:
    """The world in which the blocks of one page run, one after the other, with one namespace."""

    def __init__(self, place: Path, patch: pytest.MonkeyPatch) -> None:
        self.names: dict[str, Any] = {"__name__": "page"}
        self._patch = patch
        self._demo = Demo(place / "demo")
        self._really_connect = ecard.connect
        self.insert(CardFile(place / "demo" / "cards" / "operator-1.card"), self._demo.pin("operator-1"))
        patch.chdir(place)
        patch.setattr(ecard, "connect", self._connect)
        patch.setattr(ecard.pin, "prompt", lambda _request: ecard.Pin(self._pin))
        patch.setattr(pcsc, "PcscReader", lambda *_name, **_options: self._card)

    def insert(self, card: CardFile | InProcess, pin: str) -> None:
        """Put another card into the reader."""
        self._card, self._pin = card, pin

    def _connect(self, address: str = "pcsc", *, wait: float = 10.0) -> ecard.Session:
        if address.startswith("pcsc"):
            return ecard.Session(self._card)
        return self._really_connect(address, wait=wait)

    def run(self, text: str, where: str) -> None:
        """Run a block."""
        exec(compile(text, where, "exec"), self.names)


def _cards(stage: Stage, block: str, patch: pytest.MonkeyPatch) -> None:
    """A reader with a card; then, where a card is made ready, one fresh from the factory."""
    reader = pcsc.ReaderInfo("Yubikey 00 00", b"\x3b\x00", None)
    patch.setattr(pcsc, "list_readers", lambda: [reader])
    event = watching.CardEvent("Yubikey 00 00", watching.Change.CARD_INSERTED, reader.atr)
    patch.setattr(watching, "watch", lambda **_options: iter([event]))
    if "FACTORY_MANAGEMENT_KEY)" in block:
        card = SimulatedCard.new(profile=Profile.named("yubikey"))
        stage.insert(InProcess(card), FACTORY_PIN.decode())


def _validation(stage: Stage, _block: str, _patch: pytest.MonkeyPatch) -> None:
    """A certificate, a directory with its root, and a list of the day."""
    founded, asked = datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
    root = ecard.CertificateAuthority.create_root("示例根", at=founded)
    subject = ecard.CertificateSubject(
        holder_name="甲某",
        enterprise_name="示例进出口有限公司",
        organisation_code="M000100Y4",
        card_number="03-JJ0A900000002",
        card_type=ecard.CardType.OPERATOR,
    )
    key = ecard.SoftwareKey.generate(ecard.KeyKind.P256).public_key
    stage.names["certificate"] = root.issue_for_key(key, subject, at=founded, usage=Usage.SIGNING)
    Path("trust").mkdir()
    Path("trust/root.pem").write_bytes(root.certificate.pem().encode())
    Path("today.crl").write_bytes(root.crl(at=asked, next_update=asked + timedelta(days=1)))


PREPARED: dict[str, Callable[[Stage, str, pytest.MonkeyPatch], None]] = {
    "docs/cards.md": _cards,
    "docs/validation.md": _validation,
}
"""What is arranged before each block of a page whose reader has more than a demonstration."""
