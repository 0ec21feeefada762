"""A card, a signature and its verification, all in memory: what a test of your own program can start from."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

import ecard
from ecard.simulator import InProcess, SimulatedCard

ENTERPRISE = "91350100M000100Y43"


def main() -> None:
    """Make an operator card, sign with it, and verify."""
    now = datetime.now(UTC)
    root = ecard.CertificateAuthority.create_root("Example root", at=now)
    issuing = root.create_subordinate("Example issuing authority", at=now)
    subject = ecard.CertificateSubject(
        holder_name="甲某",
        enterprise_name="示例进出口有限公司",
        organisation_code=ENTERPRISE,
        card_number="03-JJ0A900000002",
        card_type=ecard.CardType.OPERATOR,
    )
    own = ecard.CardSecrets(
        pin=ecard.PinPolicy.default().generate(), puk=ecard.Pin("73519468"), management_key=secrets.token_bytes(24)
    )
    card = InProcess(SimulatedCard.new())
    with ecard.Session(card) as session:
        ecard.make_card(session, authority=issuing, subject=subject, kind=ecard.KeyKind.SM2, secrets=own, at=now)

    with ecard.Session(card) as session:
        operator = ecard.OperatorCard(session, pin=own.pin)
        signature = ecard.cms.sign(b"one hundred boxes of green tea", operator)

    crls = [ecard.Crl(authority.crl(at=now, next_update=now + timedelta(days=1))) for authority in (root, issuing)]
    report = ecard.cms.verify(
        b"one hundred boxes of green tea",
        signature,
        trust=ecard.Trust([root.certificate], evidence=ecard.Evidence(crls=crls)),
        signer=ecard.AnyOperator(of=ENTERPRISE),
        at=datetime.now(UTC),
    )
    print(report)


if __name__ == "__main__":
    main()
