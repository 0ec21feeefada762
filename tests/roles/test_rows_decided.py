"""One test for each row of docs/life-cycle.md that is decided there; its number is in the name of the test."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from ecard.documents import cms
from ecard.documents.signers import AnyOperator
from ecard.errors import OrderRefusedError, VerificationError
from ecard.findings import FindingCode
from ecard.keyholder import KeyHolder
from ecard.pki.crl import Crl
from ecard.pki.evidence import Evidence
from ecard.pki.trust import Trust
from ecard.pki.withdrawal import State
from ecard.roles.acts import Act, CardKind, Office, Refusal
from ecard.roles.lifecycle import TABLE, Guard, Who, rows_of
from tests.roles.rows import refused
from tests.roles.world import CODE, LEGAL_PERSON, ONLINE, World, number

pytestmark = [pytest.mark.exhaustive, pytest.mark.usefixtures("audited")]


def test_d1_unfreezing_is_online_at_once(world: World) -> None:
    seal = world.enterprise()
    world.operator(seal)
    with refused(Refusal.STATE):
        world.on_card(Act.UNFREEZE, 201, seal, "unfreeze", channel=ONLINE)
    world.on_card(Act.FREEZE, 201, seal, "freeze", channel=ONLINE)
    with refused(Refusal.STATE):
        world.on_card(Act.UNFREEZE, 201, Office.CENTRE, "unfreeze")
    world.on_card(Act.UNFREEZE, 201, seal, "unfreeze", channel=ONLINE)
    assert world.state(201) == "active"


def test_d2_a_lost_card_is_found_at_the_centre_and_is_what_it_was(world: World) -> None:
    seal = world.enterprise()
    world.operator(seal)
    world.on_card(Act.FREEZE, 201, seal, "freeze", channel=ONLINE)
    world.on_card(Act.REPORT_LOSS, 201, seal, "loss", channel=ONLINE)
    with refused(Refusal.NOT_ALLOWED):
        world.on_card(Act.REPORT_FOUND, 201, seal, "found", channel=ONLINE)
    world.on_card(Act.REPORT_FOUND, 201, Office.CENTRE, "found")
    assert world.state(201) == "frozen"
    world.on_card(Act.REPORT_LOSS, 101, Office.CENTRE, "loss")
    with refused(Refusal.PAPERS):
        world.on_card(Act.REPORT_FOUND, 101, Office.CENTRE, "found")
    world.on_card(Act.REPORT_FOUND, 101, Office.CENTRE, "found", pin_changed=True)
    assert world.state(101) == "active"


def test_d3_a_replacement_is_a_new_card_and_voids_the_old_one(world: World) -> None:
    seal = world.enterprise()
    old = world.operator(seal)
    world.on_card(Act.REPORT_LOSS, 201, seal, "loss", channel=ONLINE)
    world.on_card(Act.REPLACE, 201, Office.CENTRE, "lost-for-good", card=number(202), makes=True)
    assert (world.state(201), world.state(202)) == ("void", "transport")
    new = world.holders[number(202)]
    assert new.certificate.public_key.key_bits != old.certificate.public_key.key_bits
    world.collect(202, "holder")
    world.on_card(Act.REPLACE, 101, Office.CENTRE, "replaced", card=number(102), makes=True)
    world.collect(102, "legal-person")
    world.register_operator(world.holders[number(102)])
    with refused(Refusal.SIGNER_STATE):
        world.register_operator(seal, "2")


def test_d4_nothing_leads_out_of_void(sqlite_world: World) -> None:
    seal = sqlite_world.enterprise()
    sqlite_world.operator(seal)
    sqlite_world.on_card(Act.VOID, 201, Office.CENTRE, "misuse")
    for row in TABLE:
        if row.card is CardKind.OPERATOR:
            ground = min(row.grounds, key=lambda g: g.value).value if row.grounds else None
            by = seal if row.who is Who.LEGAL_PERSON else Office.CENTRE
            with pytest.raises(OrderRefusedError):
                sqlite_world.on_card(row.act, 201, by, ground, channel=row.channel, kind="operator", card=number(300))
    assert sqlite_world.state(201) == "void"


@pytest.mark.parametrize(("act", "ground"), [(Act.REPORT_LOSS, "loss"), (Act.VOID, "abnormality")])
def test_d5_without_a_legal_person_card_the_centre_acts_for_the_enterprise(world: World, act: Act, ground: str) -> None:
    seal = world.enterprise()
    world.operator(seal)
    for row in TABLE:
        if row.guard is Guard.NO_ACTIVE_SEAL and row.act is Act.FREEZE:
            with refused(Refusal.STATE):
                world.on_card(Act.FREEZE, 201, Office.CENTRE, "freeze")
    world.on_card(act, 101, Office.CENTRE, ground)
    with refused(Refusal.SIGNER_STATE):
        world.on_card(Act.FREEZE, 201, seal, "freeze", channel=ONLINE)
    assert world.state(201) == "active"
    world.on_card(Act.FREEZE, 201, Office.CENTRE, "freeze")
    world.on_card(Act.UNFREEZE, 201, Office.CENTRE, "unfreeze")
    world.on_card(Act.REPORT_LOSS, 201, Office.CENTRE, "loss")


def test_d6_a_legal_person_card_is_voided_at_the_centre_and_never_frozen(sqlite_world: World) -> None:
    seal = sqlite_world.enterprise()
    assert rows_of(Act.FREEZE, CardKind.LEGAL_PERSON) == ()
    with refused(Refusal.NOT_ALLOWED):
        sqlite_world.on_card(Act.VOID, 101, seal, "misuse", channel=ONLINE)
    sqlite_world.on_card(Act.VOID, 101, Office.CENTRE, "enterprise-ceased")
    assert sqlite_world.state(101) == "void"


def _crls(world: World) -> list[Crl]:
    """What centre and root publish now, good for three days."""
    until = world.now + timedelta(days=3)
    return [Crl(authority.crl(at=world.now, next_update=until)) for authority in (world.centre, world.root)]


def _verify(world: World, signature: bytes, at: datetime, crls: list[Crl]) -> None:
    trust = Trust([world.root.certificate], [world.authority.certificate])
    evidence = Evidence(crls=crls) + world.centre.evidence()
    cms.verify(b"text", signature, trust=trust, signer=AnyOperator(of=CODE), at=at, evidence=evidence)


def _frozen_for_a_while(world: World) -> tuple[KeyHolder, list[Crl], dict[str, datetime]]:
    seal = world.enterprise()
    operator = world.operator(seal)
    moments = {"before": world.later(hours=1)}
    crls = _crls(world)
    world.later(hours=1)
    world.on_card(Act.FREEZE, 201, seal, "freeze", channel=ONLINE)
    moments["frozen"] = world.later(hours=1)
    world.on_card(Act.UNFREEZE, 201, seal, "unfreeze", channel=ONLINE)
    moments["after"] = world.later(hours=1)
    return operator, crls, moments


@pytest.mark.parametrize(("act", "ground"), [(Act.REPORT_LOSS, "loss"), (Act.FREEZE, "freeze")])
def test_d7_a_signature_proved_earlier_than_the_withdrawal_stays_good(world: World, act: Act, ground: str) -> None:
    seal = world.enterprise()
    operator = world.operator(seal)
    signed_at = world.later(hours=1)
    signature, crls = cms.sign(b"text", operator, at=signed_at), _crls(world)
    world.later(hours=1)
    world.on_card(act, 201, seal, ground, channel=ONLINE)
    crls += _crls(world)
    _verify(world, signature, signed_at, crls)
    with pytest.raises(VerificationError) as caught:
        _verify(world, signature, world.now, crls)
    assert {f.code for f in caught.value.report.reasons} == {FindingCode.ON_HOLD}


def test_d8_a_signature_made_while_frozen_is_refused_for_ever(world: World) -> None:
    operator, crls, when = _frozen_for_a_while(world)
    world.later(days=30)
    for name, good in (("before", True), ("frozen", False), ("after", True)):
        signature = cms.sign(b"text", operator, at=when[name])
        if good:
            _verify(world, signature, when[name], crls)
        else:
            with pytest.raises(VerificationError):
                _verify(world, signature, when[name], crls)


def test_d9_renewal_brings_a_new_key_and_the_old_signatures_stay(world: World) -> None:
    seal = world.enterprise()
    old = world.operator(seal)
    signed_at = world.later(hours=1)
    signature, crls = cms.sign(b"text", old, at=signed_at), _crls(world)
    world.later(hours=1)
    world.on_card(Act.RENEW, 201, Office.CENTRE, "replaced", makes=True)
    new = world.holders[number(201)]
    assert new.certificate.public_key.key_bits != old.certificate.public_key.key_bits
    status = world.centre.mirror.status(old.certificate.serial_number, at=world.now)
    assert status is not None
    assert status.state is State.REVOKED
    crls += _crls(world)
    _verify(world, signature, signed_at, crls)
    _verify(world, cms.sign(b"text", new, at=world.now), world.now, crls)


def test_d10_an_unlocked_card_does_nothing_until_its_pin_was_changed(world: World) -> None:
    seal = world.enterprise()
    world.on_card(Act.UNLOCK, 101, Office.CENTRE)
    with refused(Refusal.SIGNER_STATE):
        world.register_operator(seal)
    world.on_card(Act.CHANGE_PIN, 101, Office.CENTRE)
    world.register_operator(seal)


def test_d11_an_order_is_in_effect_when_the_centre_receives_it(world: World) -> None:
    seal = world.enterprise()
    world.operator(seal)
    signed = world.signed(Act.FREEZE, 201, seal, details={"ground": "freeze"})
    received = world.now + timedelta(minutes=40)
    accepted = world.centre.give(signed, at=received)
    assert accepted.moment == received
    assert world.state(201, received - timedelta(seconds=1)) == "active"
    assert world.state(201, received) == "frozen"


def test_d12_an_enterprise_has_one_legal_person_card(world: World) -> None:
    world.enterprise()
    with refused(Refusal.EXISTS):
        world.make_seal(102)
    world.on_card(Act.REPORT_LOSS, 101, Office.CENTRE, "loss")
    with refused(Refusal.EXISTS):
        world.make_seal(102)
    world.on_card(Act.VOID, 101, Office.CENTRE, "lost-for-good")
    world.make_seal(102)


def test_d13_officers_are_appointed_and_dismissed(world: World) -> None:
    place = 50
    with refused(Refusal.NOT_ALLOWED):
        world.give(
            Act.APPOINT,
            f"card/{number(place)}",
            Office.TAX,
            people={"person": LEGAL_PERSON},
            makes=True,
            office="centre",
            organisation_code=CODE,
            organisation="示例",
        )
    officer = world.appoint(Office.CENTRE, place)
    world.on_card(Act.DISMISS, place, Office.CENTRE, "holder-left")
    world.officers[Office.CENTRE] = officer
    with refused(Refusal.SIGNER_STATE):
        world.apply()


def test_d13_an_officers_organisation_is_named_by_either_of_its_codes(sqlite_world: World) -> None:
    details = {"office": "tax", "organisation": "示例税务局"}
    people = {"person": LEGAL_PERSON}
    card = f"card/{number(50)}"
    sqlite_world.give(
        Act.APPOINT, card, Office.CENTRE, people=people, makes=True, organisation_code="91350100M000100Y43", **details
    )
    fact = sqlite_world.register.get(card)
    assert fact is not None
    assert fact.value["enterprise"] == CODE
    with refused(Refusal.DETAILS):
        sqlite_world.give(
            Act.APPOINT,
            f"card/{number(51)}",
            Office.CENTRE,
            people=people,
            makes=True,
            organisation_code="M000100Y5",
            **details,
        )


@pytest.mark.parametrize("act", [Act.APPOINT, Act.MAKE])
@pytest.mark.parametrize("subject", ["centre", f"enterprise/{CODE}", f"operator/{CODE}/1"])
def test_a_card_is_not_made_of_something_else(sqlite_world: World, act: Act, subject: str) -> None:
    sqlite_world.register_operator(sqlite_world.enterprise())
    with refused(Refusal.DETAILS):
        sqlite_world.give(act, subject, Office.CENTRE, makes=True, kind="operator", application=f"{CODE}/1")


def test_d14_a_card_does_nothing_before_it_is_collected(world: World) -> None:
    seal = world.enterprise()
    operator = world.operator(seal, collected=False)
    crls = _crls(world)
    signed_at = world.later()
    signature = cms.sign(b"text", operator, at=signed_at)
    with pytest.raises(VerificationError, match="on hold"):
        _verify(world, signature, signed_at, crls)
    world.later()
    world.collect(201, "holder")
    with pytest.raises(VerificationError, match="on hold"):
        _verify(world, signature, signed_at, crls)
    collected_at = world.later()
    _verify(world, cms.sign(b"text", operator, at=collected_at), collected_at, crls)
