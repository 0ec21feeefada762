"""What the doctor says of roots, CRLs and OCSP responses."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from ecard.doctor import Examination, Level, State, examine
from ecard.doctor.trust_checks import Given, check_evidence
from ecard.pki.crl import Crl
from ecard.pki.evidence import Evidence
from ecard.pki.ocsp import OcspResponder
from ecard.testing import Centre
from tests.doctor.world import World, line, states, worst


def examined(world: World, trust: list[Path], evidence: list[Path], days: float = 0) -> Examination:
    """With a card that does not exist: only trust, evidence and clock matter here."""
    now = world.clock() + timedelta(days=days)
    return examine(f"sim:{world.place}/none.card", now=now, trust=trust, evidence=evidence)


def test_nothing_is_given(world: World) -> None:
    found = examined(world, [], [])
    assert line(found, "trust").state is State.TRUST_NOT_GIVEN
    assert line(found, "evidence").state is State.EVIDENCE_NOT_GIVEN


def test_all_is_well(world: World) -> None:
    found = examined(world, [world.trust()], [world.crls()])
    assert worst(found, Level.BAD) == {State.CARD_FILE_UNUSABLE}
    assert "test root" in line(found, "trust").message
    assert states(found).count(State.EVIDENCE_FRESH) == 2


def test_evidence_that_lies_with_the_trust(world: World) -> None:
    assert states(examined(world, [world.crls()], [])).count(State.EVIDENCE_FRESH) == 2


@pytest.mark.parametrize(("content", "words"), [(None, "cannot be read"), (b"rubbish", ""), (b"", "is empty")])
def test_a_root_that_is_none(world: World, content: bytes | None, words: str) -> None:
    path = world.place / "root.pem"
    if content is not None:
        path.write_bytes(content)
    found = line(examined(world, [path], []), "trust")
    assert found.state is State.TRUST_UNUSABLE
    assert words in found.message
    assert "PEM or DER" in (found.remedy or "")


def test_a_trust_without_a_root(world: World) -> None:
    path = world.place / "issuing.pem"
    path.write_text(world.centre.issuing.certificate.pem())
    assert line(examined(world, [path], []), "trust").state is State.TRUST_UNUSABLE


@pytest.mark.parametrize(
    ("years_and_days", "state"),
    [((20, -60), None), ((20, -29), State.TRUST_ENDS_SOON), ((20, 1), State.TRUST_EXPIRED)],
)
def test_the_end_of_an_authority(world: World, years_and_days: tuple[int, int], state: State | None) -> None:
    end = world.centre.issuing.certificate.not_after
    days = (end - world.clock()).days + years_and_days[1]
    found = examined(world, [world.trust()], [], days)
    about = [x for x in found.lines if x.subject == "trust" and x.state is not State.TRUST_FITS]
    assert [x.state for x in about] == ([] if state is None else [state])
    assert all("test issuing" in x.message for x in about)


@pytest.mark.parametrize(
    ("days", "state"),
    [
        (0, State.EVIDENCE_FRESH),
        (28.9, State.EVIDENCE_FRESH),
        (29, State.EVIDENCE_ENDS_SOON),
        (30, State.EVIDENCE_ENDS_SOON),
        (30.1, State.EVIDENCE_STALE),
        (-1, State.EVIDENCE_OF_LATER),
        (-0.001, State.EVIDENCE_FRESH),
    ],
)
def test_how_fresh_a_crl_is(world: World, days: float, state: State) -> None:
    found = examined(world, [world.trust()], [world.crls()], days)
    about = [x.state for x in found.lines if x.subject == "evidence"]
    assert about == [state, state]


def test_a_crl_that_promises_nothing(world: World) -> None:
    published = world.crls() / "issuing.crl"
    lasting = Crl(published.read_bytes())
    lasting.next_update = None
    (found,) = check_evidence(Given(None, Evidence([lasting]), ()), now=world.clock())
    assert found.state is State.EVIDENCE_ENDS_SOON
    assert "does not say until when" in found.message


def test_a_crl_of_a_stranger(world: World) -> None:
    stranger = Centre(clock=world.clock, faults=world.faults, seed=5)
    crls = stranger.publish(world.place / "strange")
    found = [x for x in examined(world, [world.trust()], [crls]).lines if x.subject == "evidence"]
    # it has the right name, and another key has signed it
    assert [x.state for x in found] == [State.EVIDENCE_FOREIGN] * 2
    assert "--trust" in (found[0].remedy or "")


def test_a_crl_whose_issuer_is_known_from_the_card_alone(world: World) -> None:
    address, crls = world.save(world.centre.make_operator_card()), world.crls()
    root = world.place / "root.pem"
    root.write_text(world.centre.root.certificate.pem())
    found = examine(address, now=world.clock(), trust=[root], evidence=[crls])
    assert found.verdict is Level.GOOD, found.lines
    without_card = examined(world, [root], [crls])
    assert states(without_card).count(State.EVIDENCE_FOREIGN) == 1


@pytest.mark.parametrize(("name", "content"), [("none.crl", None), ("a.crl", b"rubbish"), ("a.crl", b"")])
def test_a_crl_that_is_none(world: World, name: str, content: bytes | None) -> None:
    path = world.place / name
    if content is not None:
        path.write_bytes(content)
    found = line(examined(world, [], [path]), "evidence")
    assert found.state is State.EVIDENCE_UNUSABLE
    assert name in found.message or "CRL" in found.message


def test_a_directory_without_crls(world: World) -> None:
    found = line(examined(world, [], [world.trust()]), "evidence")
    assert found.state is State.EVIDENCE_UNUSABLE
    assert "ends in .crl" in found.message


def test_one_bad_file_does_not_hide_the_good_ones(world: World) -> None:
    bad = world.place / "bad.crl"
    bad.write_bytes(b"rubbish")
    found = states(examined(world, [world.trust()], [bad, world.crls()]))
    assert found.count(State.EVIDENCE_UNUSABLE) == 1
    assert found.count(State.EVIDENCE_FRESH) == 2


@pytest.mark.parametrize(("days", "state"), [(0, State.EVIDENCE_FRESH), (40, State.EVIDENCE_STALE)])
def test_an_ocsp_response(world: World, days: float, state: State) -> None:
    card, issuing = world.centre.make_operator_card(), world.centre.issuing
    responder = OcspResponder(
        holder=issuing.holder, issuer=issuing.certificate, source=issuing, validity=timedelta(days=30)
    )
    serial = card.certificate.serial_number
    assert card.certificate.serial_digits.startswith("0")
    path = world.place / "response.ors"
    path.write_bytes(responder.produce([serial], at=world.clock()))
    found = line(examined(world, [], [path], days), "evidence")
    assert found.state is state
    assert card.certificate.serial_digits in found.message
