"""One test for each row of docs/life-cycle.md; the row's number is in the test's name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ecard.apdu.newpin import DEFAULT_POLICY
from ecard.errors import InvalidCodeError, OrderRefusedError, WeakPinError
from ecard.pin import HolderFacts
from ecard.roles.acts import Act, CardKind, Office, Refusal
from ecard.roles.lifecycle import TABLE
from ecard.roles.papers import BUREAU_PAPERS, EnterpriseKind, Paper, missing_papers, required_papers
from ecard.roles.people import Person
from tests.roles.rows import refused
from tests.roles.world import CODE, COUNTER, LEGAL_PERSON, ONLINE, OTHER, World, number

pytestmark = [pytest.mark.exhaustive, pytest.mark.usefixtures("audited")]


# G.1: the procedure


def test_p1_application_keeps_the_forms_and_the_people(sqlite_world: World) -> None:
    sqlite_world.apply()
    fact = sqlite_world.register.get(f"enterprise/{CODE}")
    assert fact is not None
    assert (fact.value["stage"], fact.value["operators_named"]) == ("applied", 1)
    assert sqlite_world.centre.person(fact.value["legal_person"]) == LEGAL_PERSON


@pytest.mark.parametrize("missing", ["signed", "sealed"])
def test_p1_forms_are_signed_and_sealed(sqlite_world: World, missing: str) -> None:
    with refused(Refusal.PAPERS):
        changes: dict[str, Any] = {missing: False}
        sqlite_world.apply(**changes)


@pytest.mark.parametrize("name", ["司" * 65, " 示例", "示例 "])
def test_p1_a_name_that_no_certificate_can_have_is_refused_at_once(sqlite_world: World, name: str) -> None:
    with refused(Refusal.DETAILS):
        sqlite_world.apply(name=name)


def test_p1_wrong_codes_are_refused_saying_which_character(sqlite_world: World) -> None:
    with pytest.raises(OrderRefusedError, match="character 9 of the organisation code"):
        sqlite_world.apply("M000100Y5")
    with pytest.raises(InvalidCodeError, match="character 18 of the identity number"):
        Person("甲某", "110101199003078891")


@pytest.mark.parametrize("forms", [[], ["operator"], ["legal-person", "legal-person"], ["legal-person", "both"]])
def test_p1a_one_form_for_each_card(sqlite_world: World, forms: list[str]) -> None:
    with refused(Refusal.PAPERS):
        sqlite_world.apply(card_forms=forms)


def test_p1a_as_many_operators_as_the_enterprise_names(sqlite_world: World) -> None:
    sqlite_world.apply(card_forms=["legal-person", *["operator"] * 7])
    fact = sqlite_world.register.get(f"enterprise/{CODE}")
    assert fact is not None
    assert fact.value["operators_named"] == 7


def test_p2_filing_opens_the_review_record(sqlite_world: World) -> None:
    sqlite_world.apply()
    accepted = sqlite_world.file()
    fact = sqlite_world.register.get(f"enterprise/{CODE}")
    assert fact is not None
    assert fact.value["stage"] == "filed"
    entry = sqlite_world.register.entry_of(fact.value["record"])
    assert entry is not None
    assert entry.sequence == accepted.sequence


def test_p2_filing_without_a_paper_names_it(sqlite_world: World) -> None:
    sqlite_world.apply()
    with pytest.raises(OrderRefusedError, match=r"missing: .*tax-certificate"):
        sqlite_world.file(papers=["business-licence"])
    with refused(Refusal.PAPERS):
        sqlite_world.file(originals_and_copies=False)


@pytest.mark.parametrize("last", list(BUREAU_PAPERS))
def test_p3_three_approvals_in_any_order(sqlite_world: World, last: Office) -> None:
    sqlite_world.apply()
    sqlite_world.file()
    for office in [*(o for o in BUREAU_PAPERS if o is not last)]:
        sqlite_world.approve_entry(office)
        with refused(Refusal.STATE):
            sqlite_world.make_seal()
    wrong = Paper.CARD_FORM.value
    with pytest.raises(OrderRefusedError, match="decides on"):
        sqlite_world.give(Act.APPROVE_ENTRY, f"enterprise/{CODE}", last, paper=wrong)
    sqlite_world.approve_entry(last)
    sqlite_world.make_seal()


def test_p3_a_bureau_refuses_with_a_reason_and_the_enterprise_files_again(sqlite_world: World) -> None:
    sqlite_world.apply()
    sqlite_world.file()
    sqlite_world.approve_entry(Office.TAX)
    subject = f"enterprise/{CODE}"
    paper = BUREAU_PAPERS[Office.INDUSTRY_AND_COMMERCE].value
    with refused(Refusal.DETAILS):
        sqlite_world.give(Act.REFUSE_ENTRY, subject, Office.INDUSTRY_AND_COMMERCE, paper=paper)
    sqlite_world.give(Act.REFUSE_ENTRY, subject, Office.INDUSTRY_AND_COMMERCE, paper=paper, reason="licence expired")
    with refused(Refusal.STATE):
        sqlite_world.approve_entry(Office.TECHNICAL_SUPERVISION)
    sqlite_world.file()
    sqlite_world.approve_entry()
    sqlite_world.make_seal()


@pytest.mark.parametrize("office", [Office.CENTRE, Office.CUSTOMS, Office.FOREIGN_TRADE])
def test_p3_nobody_but_the_bureaus_decides(sqlite_world: World, office: Office) -> None:
    sqlite_world.apply()
    sqlite_world.file()
    with refused(Refusal.NOT_ALLOWED):
        sqlite_world.give(Act.APPROVE_ENTRY, f"enterprise/{CODE}", office, paper="tax-certificate")


def test_p4_t1_r5_the_legal_person_card_is_made_after_three_approvals(world: World) -> None:
    world.apply()
    with refused(Refusal.STATE):
        world.make_seal()
    world.file()
    world.approve_entry()
    world.make_seal()
    assert world.state(101) == "transport"


def test_p5_t2_r6_the_legal_person_card_registers_operators_online(world: World) -> None:
    seal = world.enterprise()
    world.register_operator(seal)
    fact = world.register.get(f"operator/{CODE}/1")
    assert fact is not None
    assert fact.value["state"] == "submitted"
    with refused(Refusal.EXISTS):
        world.register_operator(seal)
    for who in (world.officers[Office.CENTRE], world.operator(seal)):
        with refused(Refusal.NOT_ALLOWED):
            world.register_operator(who, "2")


def test_p6_t3_an_operator_card_is_made_only_after_the_centre_approved(world: World) -> None:
    seal = world.enterprise()
    world.register_operator(seal)
    subject, card = f"operator/{CODE}/1", f"card/{number(201)}"
    making: dict[str, Any] = {"makes": True, "kind": "operator", "application": f"{CODE}/1"}
    with refused(Refusal.STATE):
        world.give(Act.MAKE, card, Office.CENTRE, **making)
    for who in (seal, Office.TAX):
        with refused(Refusal.NOT_ALLOWED):
            world.give(Act.APPROVE_OPERATOR, subject, who, channel=ONLINE)
    world.give(Act.APPROVE_OPERATOR, subject, Office.CENTRE, channel=ONLINE)
    world.give(Act.MAKE, card, Office.CENTRE, **making)
    assert world.state(201) == "transport"
    with refused(Refusal.STATE):
        world.give(Act.MAKE, f"card/{number(202)}", Office.CENTRE, **making)


def test_p6_a_refused_operator_is_registered_again(sqlite_world: World) -> None:
    seal = sqlite_world.enterprise()
    sqlite_world.register_operator(seal)
    subject = f"operator/{CODE}/1"
    sqlite_world.give(Act.REFUSE_OPERATOR, subject, Office.CENTRE, reason="photograph missing")
    with refused(Refusal.STATE):
        sqlite_world.give(Act.APPROVE_OPERATOR, subject, Office.CENTRE)
    sqlite_world.register_operator(seal)
    sqlite_world.give(Act.APPROVE_OPERATOR, subject, Office.CENTRE)


def test_p7_each_department_approves_its_own_business(sqlite_world: World) -> None:
    seal = sqlite_world.enterprise()
    for department in (Office.CUSTOMS, Office.FOREIGN_EXCHANGE, Office.FOREIGN_TRADE):
        subject = f"business/{CODE}/{department.value}"
        with refused(Refusal.STATE):
            sqlite_world.give(Act.APPROVE_BUSINESS, subject, department)
        sqlite_world.give(Act.FILE_BUSINESS, subject, seal, channel=ONLINE, papers=["customs-registration"])
        for office in set(Office) - {department}:
            with refused(Refusal.NOT_ALLOWED):
                sqlite_world.give(Act.APPROVE_BUSINESS, subject, office)
        sqlite_world.give(Act.APPROVE_BUSINESS, subject, department)
    subject = f"business/{CODE}/customs"
    sqlite_world.give(Act.WITHDRAW_BUSINESS, subject, Office.CUSTOMS, reason="registration ended")
    sqlite_world.give(Act.FILE_BUSINESS, subject, seal, channel=ONLINE)
    sqlite_world.give(Act.REFUSE_BUSINESS, subject, Office.CUSTOMS, reason="no registration")


@pytest.mark.parametrize("missing", ["letter", "identity_document", "fee_paid", "pin_changed"])
def test_p8_collection_needs_letter_identity_fee_and_a_new_pin(sqlite_world: World, missing: str) -> None:
    sqlite_world.apply()
    sqlite_world.file()
    sqlite_world.approve_entry()
    seal = sqlite_world.make_seal()
    with refused(Refusal.PAPERS):
        sqlite_world.collect(101, "legal-person", **{missing: False})
    with refused(Refusal.SIGNER_STATE):
        sqlite_world.register_operator(seal)
    sqlite_world.collect(101, "legal-person")
    sqlite_world.register_operator(seal)
    with refused(Refusal.STATE):
        sqlite_world.collect(101, "legal-person")


def test_p9_the_access_channel_after_a_department_approved(sqlite_world: World) -> None:
    seal = sqlite_world.enterprise()
    enterprise, customs = f"enterprise/{CODE}", f"business/{CODE}/customs"
    with refused(Refusal.STATE):
        sqlite_world.give(Act.REGISTER_CHANNEL, enterprise, seal, channel=ONLINE)
    sqlite_world.give(Act.FILE_BUSINESS, customs, seal, channel=ONLINE)
    sqlite_world.give(Act.APPROVE_BUSINESS, customs, Office.CUSTOMS)
    sqlite_world.give(Act.REGISTER_CHANNEL, enterprise, seal, channel=ONLINE)
    fact = sqlite_world.register.get(enterprise)
    assert fact is not None
    assert fact.value["channel"] is True


# G.2: the papers


@pytest.mark.parametrize("kind", list(EnterpriseKind))
def test_g2_papers_that_everybody_brings(kind: EnterpriseKind) -> None:
    required = required_papers(kind)
    always = {"business-licence", "tax-certificate", "organisation-code-certificate", "organisation-code-ic-copy"}
    assert {paper.value for group in required for paper in group} >= always | {"enterprise-form", "card-form"}


@pytest.mark.parametrize(
    ("kind", "deals_with", "declarants", "more"),
    [
        (EnterpriseKind.IMPORT_EXPORT, (), False, ["customs-registration"]),
        (EnterpriseKind.IMPORT_EXPORT, (), True, ["customs-registration", "declarant-certificate"]),
        (EnterpriseKind.PROCESSING, (), True, []),
        (EnterpriseKind.PROCESSING, (Office.CUSTOMS,), False, ["customs-registration"]),
        (
            EnterpriseKind.PROCESSING,
            (Office.FOREIGN_TRADE,),
            False,
            ["approval-certificate or foreign-trade-registration or qualification-certificate"],
        ),
        (
            EnterpriseKind.PROCESSING,
            (Office.FOREIGN_EXCHANGE,),
            False,
            [
                "approval-certificate or foreign-trade-registration or qualification-certificate",
                "exchange-verification",
            ],
        ),
    ],
)
def test_g2_papers_by_kind_and_department(
    kind: EnterpriseKind, deals_with: tuple[Office, ...], declarants: bool, more: list[str]
) -> None:
    always = [paper for group in required_papers(EnterpriseKind.PROCESSING) for paper in group]
    required = required_papers(kind, deals_with=deals_with, has_declarants=declarants)
    assert missing_papers(required, always) == more


# G.3: the rules on the cards


def test_r2_a_legal_person_card_goes_to_the_legal_person_or_his_representative(sqlite_world: World) -> None:
    sqlite_world.apply()
    sqlite_world.file()
    sqlite_world.approve_entry()
    sqlite_world.make_seal()
    with refused(Refusal.PAPERS):
        sqlite_world.collect(101, "collector")
    sqlite_world.collect(101, "designated-representative")
    assert sqlite_world.state(101) == "active"


def test_r3_a_custodian_is_designated(sqlite_world: World) -> None:
    sqlite_world.apply()
    fact = sqlite_world.register.get(f"enterprise/{CODE}")
    assert fact is not None
    assert sqlite_world.centre.person(fact.value["custodian"]).name == "丙某"


def test_r4_a_legal_person_card_manages_its_own_operators_only(world: World) -> None:
    seal, other = world.enterprise(), world.enterprise(OTHER, 102)
    world.operator(seal)
    for act, ground in ((Act.FREEZE, "freeze"), (Act.REPORT_LOSS, "loss")):
        with refused(Refusal.OTHER_ENTERPRISE):
            world.on_card(act, 201, other, ground, channel=ONLINE)
    with refused(Refusal.OTHER_ENTERPRISE):
        world.register_operator(other, "9")


def test_r4_an_operator_card_gives_no_orders(world: World) -> None:
    seal = world.enterprise()
    operator = world.operator(seal)
    for row in TABLE:
        ground = min(row.grounds, key=lambda g: g.value).value if row.grounds else None
        place = 201 if row.card is CardKind.OPERATOR else 101
        with pytest.raises(OrderRefusedError):
            world.on_card(row.act, place, operator, ground, channel=row.channel, kind=row.card.value)
    assert (world.state(101), world.state(201)) == ("active", "active")


@pytest.mark.parametrize("pin", ["138000", "900307", "030790"])
def test_r7_no_telephone_number_and_no_birth_date_in_a_pin(pin: str) -> None:
    facts = HolderFacts(telephones=["13800000000"], identity_numbers=[LEGAL_PERSON.identity_number])
    DEFAULT_POLICY.check("730185", facts)
    with pytest.raises(WeakPinError):
        DEFAULT_POLICY.check(pin, facts)


def test_r8_a_card_does_nothing_from_the_very_second_its_loss_is_reported(world: World) -> None:
    seal = world.enterprise()
    world.operator(seal)
    loss = world.on_card(Act.REPORT_LOSS, 201, seal, "loss", channel=ONLINE).moment
    assert (world.state(201, loss - timedelta(seconds=1)), world.state(201, loss)) == ("active", "lost")
    loss = world.on_card(Act.REPORT_LOSS, 101, Office.CENTRE, "loss").moment
    assert (world.state(101, loss - timedelta(seconds=1)), world.state(101, loss)) == ("active", "lost")
    with refused(Refusal.SIGNER_STATE):
        world.give(Act.REGISTER_OPERATOR, f"operator/{CODE}/9", seal, channel=ONLINE, people={"person": LEGAL_PERSON})


# G.4: the transitions


def test_t4_loss_of_a_legal_person_card_goes_through_the_centre(world: World) -> None:
    seal = world.enterprise()
    with refused(Refusal.NOT_ALLOWED):
        world.on_card(Act.REPORT_LOSS, 101, seal, "loss", channel=ONLINE)
    world.on_card(Act.REPORT_LOSS, 101, Office.CENTRE, "loss")
    assert world.state(101) == "lost"


def test_t5_loss_of_an_operator_card_is_reported_online_at_once(world: World) -> None:
    seal = world.enterprise()
    operator = world.operator(seal)
    with refused(Refusal.NOT_ALLOWED):
        world.on_card(Act.REPORT_LOSS, 201, operator, "loss", channel=ONLINE)
    with refused(Refusal.NOT_ALLOWED):
        world.on_card(Act.REPORT_LOSS, 201, seal, "loss", channel=COUNTER)
    accepted = world.on_card(Act.REPORT_LOSS, 201, seal, "loss", channel=ONLINE)
    assert (world.state(201), accepted.moment) == ("lost", world.now)


def test_t6_freezing_is_for_operator_cards_online_by_the_legal_person_card(world: World) -> None:
    seal = world.enterprise()
    world.operator(seal)
    with refused(Refusal.NOT_ALLOWED):
        world.on_card(Act.FREEZE, 101, Office.CENTRE, "freeze")
    with refused(Refusal.DETAILS):
        world.on_card(Act.FREEZE, 201, seal, "holder-left", channel=ONLINE)
    world.on_card(Act.FREEZE, 201, seal, "freeze", channel=ONLINE)
    assert world.state(201) == "frozen"


@pytest.mark.parametrize("ground", ["holder-left", "misuse", "abnormality"])
def test_t7_voiding_is_at_the_centre_on_a_ground(sqlite_world: World, ground: str) -> None:
    seal = sqlite_world.enterprise()
    sqlite_world.operator(seal)
    with refused(Refusal.NOT_ALLOWED):
        sqlite_world.on_card(Act.VOID, 201, seal, ground, channel=ONLINE)
    with refused(Refusal.NOT_ALLOWED):
        sqlite_world.on_card(Act.VOID, 201, Office.CENTRE, ground, channel=ONLINE)
    with refused(Refusal.DETAILS):
        sqlite_world.on_card(Act.VOID, 201, Office.CENTRE)
    sqlite_world.on_card(Act.VOID, 201, Office.CENTRE, ground)
    assert sqlite_world.state(201) == "void"
