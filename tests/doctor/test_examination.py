"""Each state in which a card, its certificates or the clock can be, and the remedy that the doctor names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ecard import der
from ecard.apdu import certobject
from ecard.apdu.piv import PivSession
from ecard.apdu.words import Ins, Object, Slot
from ecard.connection import connect
from ecard.doctor import Level, State, examine
from ecard.doctor.card_checks import look_at
from ecard.doctor.clock_checks import Witness, check_clock, installation
from ecard.doctor.states import Line
from ecard.errors import InvalidInputError
from ecard.pki.issuing import CertificateBody, sign_certificate
from ecard.pki.profile_extensions import extension
from ecard.simulator import Behaviour, Fault, Rule
from ecard.testing import ReadyCard
from tests.doctor.world import World, line, states, worst


def spend(card: ReadyCard, *, pin: int | None = None, puk: int | None = None) -> None:
    """Leave so many tries."""
    memory = card.simulated.memory
    memory.pin.left = memory.pin.left if pin is None else pin
    memory.puk.left = memory.puk.left if puk is None else puk


def test_a_healthy_operator_card(world: World) -> None:
    card = world.centre.make_operator_card()
    found = world.examine(card, trust=True, crls=True)
    assert found.verdict is Level.GOOD, found.lines
    assert [x.subject for x in found.lines] == [
        *("libraries", "card", "PIN", "PUK", "certificate 9A", "certificate 9C"),
        *("clock", "trust", "evidence", "evidence"),
    ]
    assert line(found, "card").state is State.OPERATOR_CARD
    assert "operator card of 示例进出口有限公司" in line(found, "card").message
    assert f"serial number {card.serial}" in line(found, "card").message
    assert line(found, "PIN").message == "3 tries are left"
    assert "good until 2036-03-02, 3653 days left" in line(found, "certificate 9C").message
    assert all(x.remedy is None for x in found.lines)


def test_a_healthy_legal_person_card(world: World) -> None:
    found = world.examine(world.centre.make_legal_person_card(), trust=True, crls=True)
    assert line(found, "card").state is State.LEGAL_PERSON_CARD
    assert found.verdict is Level.GOOD


def test_no_name_of_a_holder_is_shown(world: World) -> None:
    card = world.centre.make_operator_card(holder_name="某某某")
    (world.trust() / "card.pem").write_text(card.certificate.pem())
    found = examine(world.save(card), now=world.clock(), trust=[world.trust()], evidence=[world.crls()])
    assert "某某某" not in str(found)


def test_a_blank_card(world: World) -> None:
    found = world.examine(world.centre.blank_card())
    assert line(found, "card").state is State.BLANK_CARD
    assert "the data centre has made" in (line(found, "card").remedy or "")
    assert found.verdict is Level.WARNING
    # what is as it should be on a blank card is not complained about
    assert not {State.PIN_OF_FACTORY, State.PUK_OF_FACTORY, State.MANAGEMENT_KEY_OF_FACTORY} & set(states(found))


def test_a_card_of_nobody_in_particular(world: World) -> None:
    card = world.centre.make_operator_card()
    del card.simulated.memory.objects[Slot.SIGNATURE.certificate_object]
    del card.simulated.memory.keys[Slot.SIGNATURE]
    assert line(world.examine(card), "card").state is State.OTHER_PIV_CARD


def test_a_card_with_the_secrets_of_the_factory(world: World) -> None:
    card = world.centre.blank_card()
    card.simulated.memory.keys.update(world.centre.make_operator_card().simulated.memory.keys)
    assert worst(world.examine(card), Level.WARNING) >= {
        *(State.PIN_OF_FACTORY, State.PUK_OF_FACTORY, State.MANAGEMENT_KEY_OF_FACTORY, State.CERTIFICATE_MISSING),
    }


@pytest.mark.parametrize(
    ("pin", "puk", "expected", "level", "remedy"),
    [
        (2, 3, [State.PIN_READY, State.PUK_READY], Level.GOOD, ""),
        (1, 3, [State.PIN_LAST_TRY, State.PUK_READY], Level.WARNING, "one more wrong one blocks the card"),
        (0, 3, [State.PIN_BLOCKED, State.PUK_READY], Level.BAD, "ecard card pin unblock"),
        (3, 1, [State.PIN_READY, State.PUK_LAST_TRY], Level.WARNING, "be sure of the PUK"),
        (3, 0, [State.PIN_READY, State.PUK_BLOCKED], Level.WARNING, "cannot be unblocked"),
        (0, 1, [State.PIN_BLOCKED, State.PUK_LAST_TRY], Level.BAD, "PUK"),
        (0, 0, [State.CARD_LOCKED], Level.BAD, "new card"),
    ],
)
def test_tries(world: World, pin: int, puk: int, expected: list[State], level: Level, remedy: str) -> None:
    card = world.centre.make_operator_card()
    spend(card, pin=pin, puk=puk)
    found = world.examine(card, trust=True, crls=True)
    secrets = [x for x in found.lines if x.subject in {"PIN", "PUK"}]
    assert [x.state for x in secrets] == expected
    assert found.verdict is level
    assert any(remedy in (x.remedy or "") for x in secrets)


def test_looking_spends_no_try(world: World) -> None:
    card = world.centre.make_operator_card()
    spend(card, pin=1, puk=1)
    address = world.save(card)
    for _ in range(3):
        examine(address, now=world.clock())
    with connect(address) as session:
        piv = PivSession(session)
        assert (piv.pin_tries(), piv.puk_tries()) == (1, 1)


def test_a_card_that_does_not_tell_its_tries(world: World) -> None:
    card = world.centre.make_operator_card()
    memory = card.simulated.memory
    memory.profile = memory.profile.but(Behaviour.COUNTER_QUERY_REFUSED, Behaviour.NO_METADATA)
    found = world.examine(card)
    assert line(found, "PIN").state is State.PIN_UNTOLD
    assert found.verdict is Level.WARNING


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (timedelta(days=31), State.CERTIFICATE_GOOD),
        (timedelta(days=30, seconds=1), State.CERTIFICATE_GOOD),
        (timedelta(days=30), State.CERTIFICATE_ENDS_SOON),
        (timedelta(0), State.CERTIFICATE_ENDS_SOON),
        (timedelta(seconds=-1), State.CERTIFICATE_EXPIRED),
    ],
)
def test_the_end_of_a_certificate(world: World, left: timedelta, expected: State) -> None:
    card = world.centre.make_operator_card()
    world.clock.advance(seconds=(card.certificate.not_after - left - world.clock()).total_seconds())
    found = line(world.examine(card, trust=True, crls=True), "certificate 9C")
    assert found.state is expected
    if expected is State.CERTIFICATE_ENDS_SOON:
        assert f"{left.days} days left" in found.message
        assert "renewal" in (found.remedy or "")


def test_a_certificate_that_has_not_begun(world: World) -> None:
    card = world.centre.make_operator_card()
    found = examine(world.save(card), now=world.clock() - timedelta(minutes=1))
    assert line(found, "certificate 9C").state is State.CERTIFICATE_NOT_YET_VALID
    # a minute is what clocks differ by
    assert line(found, "clock").state is State.CLOCK_PLAUSIBLE


def test_a_damaged_certificate(world: World) -> None:
    card = world.centre.make_operator_card()
    objects = card.simulated.memory.objects
    objects[Slot.SIGNATURE.certificate_object] = objects[Slot.SIGNATURE.certificate_object][:100]
    assert State.CERTIFICATE_DAMAGED in worst(world.examine(card), Level.BAD)


def test_a_certificate_of_another_key(world: World) -> None:
    card, other = world.centre.make_operator_card(), world.centre.make_operator_card()
    card.simulated.memory.keys[Slot.SIGNATURE] = other.simulated.memory.keys[Slot.SIGNATURE]
    assert line(world.examine(card), "certificate 9C").state is State.CERTIFICATE_OF_OTHER_KEY


def test_withdrawn_certificates(world: World) -> None:
    card = world.centre.make_operator_card()
    world.centre.freeze(card)
    frozen = line(world.examine(card, trust=True, crls=True), "certificate 9C")
    assert frozen.state is State.CERTIFICATE_ON_HOLD
    assert "unfreezes" in (frozen.remedy or "")
    world.centre.void(card)
    assert line(world.examine(card, trust=True, crls=True), "certificate 9C").state is State.CERTIFICATE_REVOKED


def test_nobody_knows_whether_it_was_withdrawn(world: World) -> None:
    found = world.examine(world.centre.make_operator_card(), trust=True)
    assert line(found, "certificate 9C").state is State.CERTIFICATE_UNCERTAIN
    assert line(found, "evidence").state is State.EVIDENCE_NOT_GIVEN
    assert found.verdict is Level.WARNING


def test_a_card_of_another_centre(world: World, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    stranger = World(tmp_path / "other")
    stranger.centre = type(stranger.centre)(clock=stranger.clock, faults=stranger.faults, seed=99)
    found = examine(world.save(world.centre.make_operator_card()), now=world.clock(), trust=[stranger.crls()])
    assert line(found, "certificate 9C").state is State.CERTIFICATE_UNTRUSTED
    assert "--trust" in (line(found, "certificate 9C").remedy or "")


def test_a_certificate_that_is_refused_for_something_else(world: World) -> None:
    card, issuing = world.centre.make_operator_card(), world.centre.issuing
    body = CertificateBody(
        serial=0x0300000000004711,
        not_before=world.clock(),
        not_after=world.clock() + timedelta(days=365),
        subject=card.certificate.subject,
        public_key=card.certificate.public_key,
        extensions=(extension("1.3.6.1.4.1.99999.1", der.null(), critical=True),),
    )
    holder = issuing.holder
    odd = sign_certificate(body, issuer=issuing.certificate.subject, algorithm=holder.algorithm, sign=holder.sign)
    card.simulated.memory.objects[Slot.SIGNATURE.certificate_object] = certobject.write(odd, compress=False)
    found = line(world.examine(card, trust=True, crls=True), "certificate 9C")
    assert found.state is State.CERTIFICATE_REFUSED
    assert "1.3.6.1.4.1.99999.1" in found.message
    # that nothing is known of revocation is the smaller trouble
    assert line(world.examine(card, trust=True), "certificate 9C").state is State.CERTIFICATE_REFUSED


def test_a_slow_clock_against_the_card(world: World) -> None:
    card = world.centre.make_operator_card()
    found = examine(world.save(card), now=world.clock() - timedelta(days=90))
    slow = line(found, "clock")
    assert slow.state is State.CLOCK_SLOW
    assert "2025-12-02" in slow.message
    assert "a certificate on the card began on 2026-03-02" in slow.message
    assert "set the clock" in (slow.remedy or "")
    assert found.verdict is Level.BAD


def test_a_slow_clock_against_a_crl(world: World) -> None:
    card = world.centre.make_operator_card()
    address, trust = world.save(card), world.trust()
    before = world.clock()
    world.clock.advance(days=5)
    found = examine(address, now=before, trust=[trust], evidence=[world.crls()])
    assert line(found, "clock").state is State.CLOCK_SLOW
    assert "a CRL was made on 2026-03-07" in line(found, "clock").message
    assert State.EVIDENCE_OF_LATER in worst(found, Level.BAD)


def test_a_slow_clock_against_the_installation() -> None:
    witness = installation()
    assert witness
    written = datetime.fromtimestamp(Path(examine.__code__.co_filename).stat().st_mtime, UTC)
    assert abs(witness.begin - written) < timedelta(days=370)
    (slow,) = check_clock([witness], now=witness.begin - timedelta(hours=1))
    assert slow.state is State.CLOCK_SLOW
    assert "ecard was installed" in slow.message
    (good,) = check_clock([witness], now=witness.begin)
    assert good.state is State.CLOCK_PLAUSIBLE


def test_the_clock_is_right_now() -> None:
    (found,) = check_clock(filter(None, [installation()]), now=datetime.now(UTC))
    assert found.state is State.CLOCK_PLAUSIBLE


def test_a_clock_that_is_perhaps_fast(world: World) -> None:
    card = world.centre.make_operator_card()
    address, trust, crls = world.save(card), world.trust(), world.crls()
    found = examine(address, now=world.clock() + timedelta(days=365 * 40), trust=[trust], evidence=[crls])
    assert line(found, "clock").state is State.CLOCK_PERHAPS_FAST
    only_crls = examine(address, now=world.clock() + timedelta(days=365), trust=[trust], evidence=[crls])
    assert line(only_crls, "clock").state is State.CLOCK_PLAUSIBLE


def test_one_thing_that_ended_says_nothing_of_the_clock() -> None:
    now = datetime(2026, 3, 2, tzinfo=UTC)
    witness = Witness("it began", now - timedelta(days=9), now - timedelta(days=1))
    assert [x.state for x in check_clock([witness], now=now)] == [State.CLOCK_PLAUSIBLE]
    assert [x.state for x in check_clock([witness] * 2, now=now)] == [State.CLOCK_PERHAPS_FAST]
    assert [x.state for x in check_clock([], now=now)] == [State.CLOCK_PLAUSIBLE]


@pytest.mark.parametrize(("content", "words"), [(None, "no simulated card"), ("", ""), ("{}", ""), ("rubbish", "")])
def test_a_file_that_is_no_card(world: World, tmp_path: Path, content: str | None, words: str) -> None:
    path = tmp_path / "some.card"
    if content is not None:
        path.write_text(content)
    found = examine(f"sim:{path}", now=world.clock())
    assert line(found, "card").state is State.CARD_FILE_UNUSABLE
    assert words in line(found, "card").message or content is None
    assert path.exists() is (content is not None)


def test_a_card_that_another_program_uses(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ecard.doctor.examination._WAIT", 0.1)
    address = world.save(world.centre.make_operator_card())
    with connect(address):
        found = examine(address, now=world.clock())
    assert line(found, "card").state is State.CARD_BUSY
    assert "end the other program" in (line(found, "card").remedy or "")


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Rule(Fault.REMOVAL, at=4), State.CARD_FAILS),
        (Rule(Fault.NO_ANSWER, ins=Ins.GET_DATA), State.CARD_FAILS),
        (Rule(Fault.WRONG_STATUS, ins=Ins.SELECT, times=0, status=0x6A82), State.UNSUPPORTED_CARD),
    ],
)
def test_a_card_that_fails(world: World, fault: Rule, expected: State) -> None:
    card = world.centre.make_operator_card()
    world.faults.inject(fault)
    found = look_at(card.reader)
    assert isinstance(found, Line)
    assert found.state is expected


def test_issuers_that_cannot_be_read_do_not_matter(world: World) -> None:
    card = world.centre.make_operator_card()
    card.simulated.memory.objects[Object.ISSUERS] = b"\x30\x03\x02\x01\x05"
    found = world.examine(card, trust=True, crls=True)
    assert found.verdict is Level.GOOD


@pytest.mark.parametrize("address", ["", "usb:1", "sim:", "operator.card"])
def test_an_address_that_is_none(world: World, address: str) -> None:
    with pytest.raises(InvalidInputError, match="not the address of a card"):
        examine(address, now=world.clock())


def test_a_moment_without_a_time_zone() -> None:
    with pytest.raises(InvalidInputError, match="time zone"):
        examine("sim:x", now=datetime(2026, 3, 2))


def test_for_programs(world: World) -> None:
    found = world.examine(world.centre.blank_card())
    told = found.as_dict()
    assert (told["verdict"], told["at"]) == ("warning", "2026-03-02T08:30:00Z")
    assert len(told["lines"]) == len(found.lines) == sum(found.count(level) for level in Level)
    card = next(x for x in told["lines"] if x["subject"] == "card")
    assert (card["state"], card["level"]) == ("blank-card", "warning")
    assert set(card) == {"subject", "state", "level", "message", "remedy"}
