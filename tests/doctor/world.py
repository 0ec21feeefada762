"""An invented centre, a moment, and the doctor called on what a test made of them."""

from __future__ import annotations

from pathlib import Path

from ecard.doctor import Examination, Level, Line, State, examine
from ecard.testing import Centre, Clock, Faults, ReadyCard


class World:
    """A centre whose cards and publications are files that the doctor can be pointed at."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.clock = Clock()
        self.faults = Faults(lambda _: None)
        self.centre = Centre(clock=self.clock, faults=self.faults)
        self.saved = 0

    def save(self, card: ReadyCard) -> str:
        self.saved += 1
        return card.save(self.place / f"{self.saved}.card")

    def trust(self) -> Path:
        """A directory with certificates alone."""
        directory = self.centre.publish(self.place / "published")
        roots = self.place / "roots"
        roots.mkdir(exist_ok=True)
        for path in directory.glob("*.pem"):
            (roots / path.name).write_bytes(path.read_bytes())
        return roots

    def crls(self) -> Path:
        """A directory with the CRLs of now."""
        return self.centre.publish(self.place / "published")

    def examine(self, card: ReadyCard, *, trust: bool = False, crls: bool = False) -> Examination:
        """The doctor's finding at the clock's moment."""
        return examine(
            self.save(card),
            now=self.clock(),
            trust=[self.trust()] if trust else [],
            evidence=[self.crls()] if crls else [],
        )


def states(found: Examination) -> list[State]:
    return [line.state for line in found.lines]


def line(found: Examination, subject: str) -> Line:
    """The only line about a subject."""
    lines = [line for line in found.lines if line.subject == subject]
    assert len(lines) == 1, found.lines
    return lines[0]


def worst(found: Examination, level: Level) -> set[State]:
    """The states of a level."""
    return {line.state for line in found.lines if line.level is level}
