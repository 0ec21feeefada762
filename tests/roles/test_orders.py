"""Orders that are refused whatever they ask for, receipts, and what the authority makes of them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecard.errors import EcardError, EncodingError, InvalidInputError, OrderRefusedError, RegisterStateError
from ecard.keyholder import SoftwareKeyHolder
from ecard.keys import SoftwareKey
from ecard.pki.authority import CertificateAuthority
from ecard.pki.crl import Crl
from ecard.pki.profile import CertificateSubject
from ecard.pki.withdrawal import State
from ecard.roles import canonical
from ecard.roles.acts import Act, CardKind, Channel, Office, Refusal
from ecard.roles.orders import Order, Receipt, Signed
from ecard.roles.people import Enclosure
from ecard.roles.register import Register
from ecard.roles.register_audit import audit
from ecard.roles.rules import RULES
from tests.roles.world import CODE, LEGAL_PERSON, ONLINE, OPERATOR, START, World, number, request_of

pytestmark = pytest.mark.exhaustive


def refused(reason: Refusal) -> Any:
    return pytest.raises(OrderRefusedError, check=lambda error: error.reason is reason)


@pytest.fixture
def ready(world: World) -> World:
    seal = world.enterprise()
    world.operator(seal)
    return world


def freeze(world: World, **changes: Any) -> Signed:
    return world.signed(Act.FREEZE, 201, world.holders[number(101)], details={"ground": "freeze"}, **changes)


def unfreeze(world: World, **changes: Any) -> Signed:
    return world.signed(Act.UNFREEZE, 201, world.holders[number(101)], details={"ground": "unfreeze"}, **changes)


def test_a_receipt_is_signed_by_the_centre_and_names_order_place_and_moment(ready: World) -> None:
    order, before = freeze(ready), ready.register.head()
    accepted = ready.centre.give(order, at=ready.now)
    receipt = Receipt.decode(accepted.receipt.body)
    assert (receipt.order, receipt.sequence, receipt.moment) == (order.sha256, before[0] + 1, ready.now)
    assert receipt.previous == before[1].hex()
    report = accepted.receipt.inspect(trust=ready.centre.trust, at=ready.now)
    assert report.accepted
    assert report.certificate == ready.seal.certificate


def test_an_order_given_twice_is_refused_and_its_receipt_can_be_asked_for(ready: World) -> None:
    order = freeze(ready)
    accepted = ready.centre.give(order, at=ready.now)
    with refused(Refusal.REPLAYED):
        ready.centre.give(order, at=ready.now)
    again = Order.decode(order.body)
    with refused(Refusal.REPLAYED):
        ready.centre.give(replace(again, base=accepted.sequence).sign(ready.holders[number(101)]), at=ready.now)
    entry = ready.register.entry_of(again.number)
    assert entry is not None
    assert entry.receipt == accepted.receipt


def test_an_order_on_a_stale_base_is_refused(ready: World) -> None:
    first, second = freeze(ready), freeze(ready)
    ready.centre.give(first, at=ready.now)
    with refused(Refusal.STALE):
        ready.centre.give(second, at=ready.now)


def test_orders_are_not_taken_out_of_their_order(ready: World) -> None:
    base = ready.centre.base(f"card/{number(201)}")
    with refused(Refusal.OUT_OF_ORDER):
        ready.centre.give(unfreeze(ready, base=base + 1), at=ready.now)
    earlier = freeze(ready)
    ready.register_operator(ready.holders[number(101)], "other")
    with refused(Refusal.OUT_OF_ORDER):
        ready.centre.give(earlier, at=ready.now)


@pytest.mark.parametrize(("moment", "taken"), [(-61, False), (-59, True), (4, True), (6, False)])
def test_an_order_is_of_now(ready: World, moment: int, taken: bool) -> None:
    received = ready.now + timedelta(minutes=max(0, -moment))
    order = freeze(ready, moment=received + timedelta(minutes=moment))
    if taken:
        assert ready.centre.give(order, at=received).moment == received
    else:
        with refused(Refusal.UNTIMELY):
            ready.centre.give(order, at=received)


@pytest.mark.parametrize(
    ("act", "ground", "by"),
    [(Act.REPORT_LOSS, "loss", Office.CENTRE), (Act.VOID, "misuse", Office.CENTRE), (Act.UNLOCK, None, Office.CENTRE)],
)
def test_orders_by_a_card_that_is_not_active_are_refused(
    ready: World, act: Act, ground: str | None, by: Office
) -> None:
    waiting = freeze(ready)
    ready.on_card(act, 101, by, ground)
    with refused(Refusal.SIGNER_STATE):
        ready.centre.give(waiting, at=ready.now)


def test_a_frozen_operator_is_refused_for_his_state_and_not_only_for_his_role(ready: World) -> None:
    operator = ready.holders[number(201)]
    ready.on_card(Act.FREEZE, 201, ready.holders[number(101)], "freeze", channel=ONLINE)
    with refused(Refusal.SIGNER_STATE):
        ready.centre.give(ready.signed(Act.UNFREEZE, 201, operator, details={"ground": "unfreeze"}), at=ready.now)


def test_a_changed_order_and_a_changed_signature_are_refused(ready: World) -> None:
    order = freeze(ready)
    changed = Signed(order.body.replace(b'"freeze"', b'"loss"', 1), order.signature)
    with pytest.raises(OrderRefusedError) as caught:
        ready.centre.give(changed, at=ready.now)
    assert caught.value.reason in {Refusal.SIGNATURE, Refusal.MALFORMED}
    for place in range(0, len(order.signature), 97):
        damaged = bytearray(order.signature)
        damaged[place] ^= 1
        with pytest.raises(OrderRefusedError):
            ready.centre.give(Signed(order.body, bytes(damaged)), at=ready.now)
    assert ready.state(201) == "active"


def _stranger(authority: CertificateAuthority) -> SoftwareKeyHolder:
    key = SoftwareKey.generate(authority.certificate.public_key.kind)
    subject = CertificateSubject(
        holder_name="甲某",
        enterprise_name="示例进出口有限公司",
        organisation_code=CODE,
        card_number=number(101),
        card_type=CardKind.LEGAL_PERSON.card_type,
    )
    return SoftwareKeyHolder(key, authority.issue(request_of(key), subject, at=START))


def test_a_card_of_another_authority_or_unknown_to_the_register_is_refused(ready: World) -> None:
    another = CertificateAuthority.create_root("示例", at=START)
    unknown = ready.another_centre().authority
    for holder in (_stranger(another), _stranger(unknown)):
        with refused(Refusal.SIGNATURE):
            ready.centre.give(ready.signed(Act.FREEZE, 201, holder, details={"ground": "freeze"}), at=ready.now)


def test_a_register_is_founded_once(world: World) -> None:
    with refused(Refusal.NOT_ALLOWED):
        world.centre.found("示例", CODE, number(2), at=world.later())


def test_withdrawals_reach_crl_and_ocsp_at_once_in_every_process(ready: World) -> None:
    other = ready.another_centre(Register.open(ready.place))
    serial = ready.holders[number(201)].certificate.serial_number
    seal = ready.holders[number(101)]
    steps = [
        (Act.FREEZE, seal, "freeze", ONLINE, State.ON_HOLD),
        (Act.UNFREEZE, seal, "unfreeze", ONLINE, State.GOOD),
        (Act.REPORT_LOSS, seal, "loss", ONLINE, State.ON_HOLD),
        (Act.VOID, Office.CENTRE, "lost-for-good", Channel.COUNTER, State.REVOKED),
    ]
    numbers = []
    for act, by, ground, channel, state in steps:
        ready.on_card(act, 201, by, ground, channel=channel)  # type: ignore[arg-type]
        status = other.mirror.status(serial, at=ready.now)
        assert status is not None
        assert status.state is state
        for centre in (ready.centre, other):
            crl = Crl(centre.crl(at=ready.now, next_update=ready.now + timedelta(days=1)))
            numbers.append(crl.number)
            assert (crl.find(serial) is not None) is (state is not State.GOOD)
    assert numbers == list(range(1, 9))
    other.register.close()


def test_two_clocks_that_differ_much_are_noticed(ready: World) -> None:
    order = freeze(ready)
    with pytest.raises(InvalidInputError, match="clocks"):
        ready.centre.give(order, at=ready.now - timedelta(hours=1))


def test_state_is_rebuilt_from_the_log_alone(ready: World) -> None:
    keys = [
        key for prefix in ("card/", "certificate/", "enterprise/", "person/") for key in ready.register.keys(prefix)
    ]
    before = {key: ready.register.history(key) for key in keys}
    assert ready.register.rebuild() >= len(keys)
    assert {key: ready.register.history(key) for key in keys} == before
    assert list(audit(ready.register, trust=ready.centre.trust)) == []


def test_a_refused_order_changes_nothing(ready: World) -> None:
    before = ready.register.head()
    with pytest.raises(OrderRefusedError):
        ready.on_card(Act.VOID, 201, Office.CENTRE, "freeze")
    with pytest.raises(OrderRefusedError):
        ready.on_card(Act.REPLACE, 201, Office.CENTRE, "replaced", card=number(202))
    assert ready.register.head() == before
    assert ready.state(202) is None


def test_no_personal_datum_is_in_the_log(ready: World) -> None:
    for entry in ready.register.entries():
        text = repr(entry).encode() + entry.order.body + entry.changes + entry.receipt.body
        for person in (LEGAL_PERSON, OPERATOR):
            assert person.identity_number.encode() not in text
            assert (person.telephone or "-----").encode() not in text
            assert person.name.encode() not in text
    assert "甲" not in repr(LEGAL_PERSON) + repr(Enclosure(LEGAL_PERSON))


def test_every_act_has_a_rule() -> None:
    assert set(RULES) == set(Act)


def test_a_place_that_holds_no_register_is_refused(new_place: Callable[[], str]) -> None:
    with pytest.raises(RegisterStateError, match="no register"):
        Register.open(new_place())


def test_orders_survive_packing(sqlite_world: World) -> None:
    order = sqlite_world.signed(Act.FREEZE, 201, sqlite_world.seal)
    assert Signed.unpack(order.pack()) == order
    with pytest.raises(EncodingError):
        Signed.unpack(order.pack() + b" ")


@given(st.binary(max_size=300))
def test_bytes_that_are_no_order_raise_an_encoding_error(data: bytes) -> None:
    for read in (Order.decode, Receipt.decode, Signed.unpack):
        with pytest.raises(EncodingError):
            read(data)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=5),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=5), part, max_size=3),
    max_leaves=8,
)


@given(
    st.fixed_dictionaries(
        {
            "version": st.just(1) | VALUES,
            "number": st.just("0" * 32) | VALUES,
            "moment": st.just("2026-01-01T00:00:00Z") | VALUES,
            "act": st.just("freeze") | VALUES,
            "subject": st.just("card/1") | VALUES,
            "base": st.just(1) | VALUES,
            "channel": st.just("online") | VALUES,
            "details": st.just({}) | VALUES,
        }
    )
)
def test_an_order_of_any_content_is_read_or_refused_and_read_is_written_alike(value: dict[str, Any]) -> None:
    try:
        body = canonical.encode(value)
        order = Order.decode(body)
    except EcardError:
        return
    assert order.encode() == body


@pytest.mark.parametrize("field", ["version", "sequence"])
def test_true_is_no_number(sqlite_world: World, field: str) -> None:
    receipt = sqlite_world.apply().receipt.body
    with pytest.raises(EncodingError):
        Receipt.decode(canonical.encode(canonical.decode(receipt, "receipt") | {field: True}))
    order = Order(act=Act.APPLY, subject="enterprise/M000100Y4", base=0, moment=sqlite_world.now)
    with pytest.raises(EncodingError):
        Order.decode(canonical.encode(canonical.decode(order.encode(), "order") | {"version": True}))


def test_importing_the_package_does_not_import_the_database() -> None:
    code = "import sys, ecard; assert not {'sqlalchemy', 'alembic'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_register_may_be_in_a_directory_of_any_name(tmp_path: Path) -> None:
    for name in ("100%", "what?", "a#b", "中心"):
        with Register.create(tmp_path / name) as register:
            assert register.head()[0] == 0
        assert (tmp_path / name / "register.db").is_file()
        with Register.open(tmp_path / name) as register:
            assert register.get("centre") is None


@pytest.mark.parametrize("place", ["mysql://host/db", "nothing://", "postgresql+nothing://host/db", "://"])
def test_another_kind_of_database_is_refused(place: str) -> None:
    with pytest.raises(InvalidInputError):
        Register.create(place)


def test_a_server_that_does_not_answer_is_said_without_its_address() -> None:
    with pytest.raises(RegisterStateError) as caught:
        Register.open("postgresql://somebody:secret@127.0.0.1:1/none")
    assert "secret" not in str(caught.value)
