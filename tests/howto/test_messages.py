"""What the pages quote under "What can go wrong" is what the library says."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import ecard
from ecard.apdu.consent import Consent
from ecard.apdu.replay import ReplayReader
from ecard.apdu.trace import TracedReader
from ecard.apdu.words import FACTORY_MANAGEMENT_KEY, ManagementAlgorithm
from ecard.cli.slot_keys import require_for_slot
from ecard.documents import ceb
from ecard.pki.profile import Usage
from ecard.pki.withdrawal import Ground
from ecard.roles.register import Register
from ecard.simulator import InProcess, SimulatedCard
from ecard.testing import Centre, Clock, Faults, ReadyCard
from tests.howto.pages import HOW_TO

NOW = datetime(2026, 11, 28, 10, 30, tzinfo=UTC)
CARD = "03-JJ0A900000009"
ORDER = (
    '<c:CEB311Message xmlns:c="http://www.chinaport.gov.cn/ceb" guid="G" version="1.0"><c:Order><c:OrderHead>'
    "<c:ebcCode>{}</c:ebcCode></c:OrderHead></c:Order><c:BaseTransfer/></c:CEB311Message>"
)


def quoted(page: str) -> list[str]:
    """The messages of a page's table, without the remedies that are not quoted."""
    text = (HOW_TO / page).read_text(encoding="utf-8").partition("## What can go wrong")[2]
    return re.findall(r"^\| (?:`\w+` \| )?`([^`]+)` \|", text, re.MULTILINE)


def is_quoted(page: str, error: Exception) -> bool:
    # a number in a message is an example: what counts is the sentence
    number = re.compile(r"\b[0-9a-f]{8,}\b|\d+")
    said = number.sub("0", str(error))
    messages = (number.sub("0", message).replace("...", "0") for message in quoted(page))
    return any(said.startswith(message) for message in messages)


def subject() -> ecard.CertificateSubject:
    return ecard.CertificateSubject(
        holder_name="乙某",
        enterprise_name="示例进出口有限公司",
        organisation_code="123456788",
        card_number=CARD,
        card_type=ecard.CardType.OPERATOR,
    )


def authority() -> tuple[ecard.CertificateAuthority, ecard.SoftwareKey]:
    root, key = ecard.CertificateAuthority.create_root("示例根", at=NOW), ecard.SoftwareKey.generate(ecard.KeyKind.P256)
    root.issue_for_key(key.public_key, subject(), at=NOW, usage=Usage.SIGNING)
    return root, key


def customs_holder(kind: ecard.KeyKind = ecard.KeyKind.SM2) -> ecard.KeyHolder:
    root, key = ecard.CertificateAuthority.create_root("示例根", key=kind, at=NOW), ecard.SoftwareKey.generate(kind)
    return ecard.SoftwareKeyHolder(key, root.issue_for_key(key.public_key, subject(), at=NOW, usage=Usage.SIGNING))


def card(profile: str = "yubikey") -> ReadyCard:
    clock = Clock()
    centre = Centre(clock=clock, faults=Faults(lambda _seconds: None))
    return centre.make_card(ecard.CardType.OPERATOR, profile=profile)


def wrong_pin(_: Path) -> None:
    with card().connect() as session:
        ecard.OperatorCard(session, pin=ecard.Pin("802468")).sign(b"a document")


def no_certificate(_: Path) -> None:
    with ecard.Session(InProcess(SimulatedCard.new())) as session:
        ecard.OperatorCard(session, pin=ecard.Pin("123456"))


def aes_on_a_canokey(_: Path) -> None:
    with ecard.Session(InProcess(SimulatedCard.new("canokey"))) as session:
        piv = ecard.PivSession(session)
        piv.authenticate_management_key(FACTORY_MANAGEMENT_KEY)
        piv.set_management_key(bytes(range(24)), algorithm=ManagementAlgorithm.AES192)


def another_management_key(_: Path) -> None:
    with ecard.Session(InProcess(SimulatedCard.new())) as session:
        ecard.PivSession(session).authenticate_management_key(bytes(range(24)))


def certificate_of_another_key(_: Path) -> None:
    root, _key = authority()
    with ecard.Session(InProcess(SimulatedCard.new())) as session:
        piv = ecard.PivSession(session)
        piv.authenticate_management_key(FACTORY_MANAGEMENT_KEY)
        piv.generate_key(ecard.Slot.SIGNATURE, ecard.KeyKind.P256)
        require_for_slot(piv, ecard.Slot.SIGNATURE, root.certificate)


def another_key(_: Path) -> None:
    root, _key = authority()
    with ecard.Session(InProcess(SimulatedCard.new())) as session:
        piv = ecard.PivSession(session)
        piv.authenticate_management_key(FACTORY_MANAGEMENT_KEY)
        piv.generate_key(ecard.Slot.SIGNATURE, ecard.KeyKind.P256)
        piv.write_certificate(ecard.Slot.SIGNATURE, root.certificate)
        ecard.CardKeyHolder(piv, pin=ecard.Pin("123456")).sign(b"a document")


def beyond_the_consent(_: Path) -> None:
    made = card()
    with made.connect() as session:
        holder = ecard.OperatorCard(session, pin=made.pin)
        list(holder.sign_many([b"one", b"two", b"three"], consent=Consent(most=2, seconds=60)))


def after_the_consent(_: Path) -> None:
    made, seconds = card(), iter(range(0, 1000, 100))
    with made.connect() as session:
        holder = ecard.OperatorCard(session, pin=made.pin)
        list(
            holder.sign_many([b"one", b"two"], consent=Consent(most=2, seconds=60), clock=lambda: float(next(seconds)))
        )


def two_sessions(_: Path) -> None:
    made = card()
    with made.connect(), made.connect():
        pass


def another_command(place: Path) -> None:
    with ecard.Session(TracedReader(InProcess(SimulatedCard.new()), place / "card.trace")) as session:
        ecard.PivSession(session).pin_tries()
    with ecard.Session(ReplayReader(place / "card.trace")) as session:
        ecard.PivSession(session).read_certificate(ecard.Slot.SIGNATURE)


def wrong_password(place: Path) -> None:
    root, _ = authority()
    root.save(place / "root", password=b"a long password")
    ecard.CertificateAuthority.load(place / "root", password=b"another password")


def certified_before(_: Path) -> None:
    root, key = authority()
    root.issue_for_key(key.public_key, subject(), at=NOW, usage=Usage.LOGIN)


def void(_: Path) -> None:
    root, _key = authority()
    root.withdraw_card(CARD, Ground.HOLDER_LEFT, at=NOW)
    root.withdraw_card(CARD, Ground.FOUND, at=NOW + timedelta(hours=1))


def too_late(_: Path) -> None:
    root, _key = authority()
    root.crl(at=NOW, next_update=NOW + timedelta(days=1))
    root.withdraw_card(CARD, Ground.LOSS, at=NOW - timedelta(hours=1))


def unknown_to_the_customs(_: Path) -> None:
    ceb.sign(ORDER.format("123456788").encode(), customs_holder(ecard.KeyKind.P256))


def signed_already(_: Path) -> None:
    holder = customs_holder()
    ceb.sign(ceb.sign(ORDER.format("123456788").encode(), holder), holder)


def another_declarant(_: Path) -> None:
    ceb.sign(ORDER.format("91350100M000100Y43").encode(), customs_holder())


def no_database(_: Path) -> None:
    Register.create("postgresql://ecard@127.0.0.1:1/register")


@pytest.mark.parametrize(
    ("page", "act"),
    [
        ("sign-with-a-yubikey.md", wrong_pin),
        ("sign-with-a-yubikey.md", no_certificate),
        ("sign-with-a-yubikey.md", aes_on_a_canokey),
        ("sign-with-a-yubikey.md", another_key),
        ("sign-with-a-yubikey.md", another_management_key),
        ("sign-with-a-yubikey.md", certificate_of_another_key),
        ("many-signatures.md", beyond_the_consent),
        ("many-signatures.md", after_the_consent),
        ("test-suite.md", two_sessions),
        ("transport.md", another_command),
        ("certificates.md", wrong_password),
        ("certificates.md", certified_before),
        ("certificates.md", void),
        ("certificates.md", too_late),
        ("customs-messages.md", unknown_to_the_customs),
        ("customs-messages.md", signed_already),
        ("customs-messages.md", another_declarant),
        ("register-postgresql.md", no_database),
    ],
)
def test_a_message_is_quoted_as_it_is(page: str, act: Callable[[Path], None], tmp_path: Path) -> None:
    with pytest.raises(ecard.EcardError) as caught:
        act(tmp_path)
    assert is_quoted(page, caught.value), str(caught.value)
