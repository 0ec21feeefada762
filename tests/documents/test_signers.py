"""Who may have signed: every policy against every card, and codes that are none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ecard.algorithms import KeyKind
from ecard.certificate import Certificate
from ecard.documents.signers import (
    ANY_ENTERPRISE,
    AnyCard,
    AnyLegalPerson,
    AnyOperator,
    OneOf,
    SignerPolicy,
    UnsafeAnyone,
)
from ecard.errors import InvalidCodeError, InvalidInputError
from ecard.findings import Finding, FindingCode
from ecard.pki.identity import CardIdentity, CardType
from tests.documents.world import CODE, CREDIT_CODE, DOCUMENT, OTHER_CODE, codes, inspected, signed, world

OPERATOR = CardIdentity("0300000000000002", "甲某", "示例公司", CODE, "03-JJ0A900000002", CardType.OPERATOR)
LEGAL_PERSON = replace(OPERATOR, card_type=CardType.LEGAL_PERSON)
SERVER = replace(OPERATOR, card_type=CardType.SERVER)
UNKNOWN_TYPE = replace(OPERATOR, card_type="77")
NO_CARD = CardIdentity("01")


def check(policy: SignerPolicy, identity: CardIdentity) -> list[str]:
    found = policy.check(identity, world(KeyKind.P256).operator.certificate)
    assert all(finding.code is FindingCode.SIGNER_NOT_ALLOWED for finding in found)
    return [finding.message for finding in found]


@pytest.mark.parametrize("of", [CODE, CREDIT_CODE, ANY_ENTERPRISE])
def test_who_is_allowed(of: object) -> None:
    assert check(AnyOperator(of=of), OPERATOR) == []  # type: ignore[arg-type]
    assert check(AnyLegalPerson(of=of), LEGAL_PERSON) == []  # type: ignore[arg-type]
    for identity in (OPERATOR, LEGAL_PERSON, SERVER, UNKNOWN_TYPE):
        assert check(AnyCard(of=of), identity) == []  # type: ignore[arg-type]
        assert check(UnsafeAnyone(), identity) == []
    assert check(UnsafeAnyone(), NO_CARD) == []


def test_the_wrong_role() -> None:
    assert check(AnyLegalPerson(of=CODE), OPERATOR) == ["signed by an operator, a legal person was required"]
    assert check(AnyOperator(of=CODE), LEGAL_PERSON) == ["signed by a legal person, an operator was required"]
    for identity in (SERVER, UNKNOWN_TYPE):
        assert check(AnyOperator(of=CODE), identity) == [
            "signed by a certificate without the role of a card, an operator was required"
        ]


@pytest.mark.parametrize("policy", [AnyOperator, AnyCard])
def test_the_wrong_enterprise(policy: type[AnyOperator]) -> None:
    assert check(policy(of="M000300Y7"), OPERATOR) == [
        f"signed for another enterprise (organisation code {CODE}) than M000300Y7"
        + "; the code required may be mistyped: character 9 of the organisation code, its check character, "
        "does not fit the others"
    ]
    other = replace(OPERATOR, organisation_code=OTHER_CODE)
    for of in (CODE, CREDIT_CODE):
        assert check(policy(of=of), other) == [
            f"signed for another enterprise (organisation code {OTHER_CODE}) than {CODE}"
        ]


def test_no_enterprise_at_all() -> None:
    assert check(AnyCard(of=CODE), NO_CARD) == [f"the signer's certificate names no enterprise, {CODE} was required"]
    assert len(check(AnyOperator(of=CODE), NO_CARD)) == 2, "neither role nor enterprise"


def test_a_hostile_organisation_code_stays_on_one_line() -> None:
    hostile = replace(OPERATOR, organisation_code="\x1b[31m\r\nACCEPTED\u202e" + "X" * 500)
    (message,) = check(AnyCard(of=CODE), hostile)
    assert message.isprintable()
    assert len(message) < 300


@pytest.mark.parametrize("policy", [AnyOperator, AnyLegalPerson, AnyCard])
@pytest.mark.parametrize(
    "of",
    [
        "",
        "M000100Y",
        "M000100Y44",
        "91350100M000100Y4",
        "91350100M000100Y433",
        "m000100y4",
        "M000-00Y4",
        "91350100M000IOSVZ3",
        "Ｍ000100Y4",
        " M000100Y",
        None,
        913501009,
        b"M000100Y4",
    ],
)
def test_codes_that_are_none(policy: type[AnyOperator], of: object) -> None:
    with pytest.raises(InvalidCodeError):
        policy(of=of)  # type: ignore[arg-type]


def test_an_enterprise_is_always_named() -> None:
    for policy in (AnyOperator, AnyLegalPerson, AnyCard):
        with pytest.raises(TypeError):
            policy()  # type: ignore[call-arg]
        with pytest.raises(TypeError):
            policy(CODE)  # type: ignore[misc, call-arg]


def test_a_wrong_check_character_is_mentioned_where_it_matters() -> None:
    for of in ("M000100Y5", "91350100M000100Y53", "91350100M000100Y44"):
        policy = AnyOperator(of=of)
        messages = check(policy, replace(OPERATOR, organisation_code="000000000"))
        assert "may be mistyped" in messages[0]
    # the organisation code in it is right, and that is what is compared
    assert check(AnyOperator(of="91350100M000100Y44"), OPERATOR) == []


def test_one_of_several() -> None:
    either = OneOf((AnyOperator(of=CODE), AnyLegalPerson(of=OTHER_CODE)))
    assert check(either, OPERATOR) == []
    assert check(either, replace(LEGAL_PERSON, organisation_code=OTHER_CODE)) == []
    assert len(check(either, LEGAL_PERSON)) == 2
    twice = OneOf((AnyOperator(of=CODE), AnyOperator(of=CODE)))
    assert len(check(twice, LEGAL_PERSON)) == 1, "each reason once"
    with pytest.raises(InvalidInputError):
        OneOf(())


def test_a_policy_of_ones_own() -> None:
    class Numbered:
        """Only the card with this number."""

        def __init__(self, number: str) -> None:
            self._number = number

        def check(self, identity: CardIdentity, certificate: Certificate) -> tuple[Finding, ...]:
            if identity.card_number == self._number:
                return ()
            return (Finding(FindingCode.SIGNER_NOT_ALLOWED, "another card than the one expected"),)

    accepted = inspected(DOCUMENT, signed(KeyKind.P256), KeyKind.P256, signer=Numbered("03-JJ0A900000002"))
    assert accepted.accepted
    refused = inspected(DOCUMENT, signed(KeyKind.P256), KeyKind.P256, signer=Numbered("03-JJ0A900000001"))
    assert codes(refused) == [FindingCode.SIGNER_NOT_ALLOWED]


AGAINST = Finding(FindingCode.SIGNER_NOT_ALLOWED, "not on the list")


class Answering:
    """A policy of somebody's own that answers whatever it is made with."""

    def __init__(self, answer: object) -> None:
        self.answer = answer

    def check(self, identity: CardIdentity, certificate: Certificate) -> tuple[Finding, ...]:
        return self.answer  # type: ignore[return-value]


@pytest.mark.parametrize("answer", [None, False, True, 0, "", "no", ("no",), (AGAINST, None), [False]])
def test_an_answer_without_findings_allows_nobody(answer: object) -> None:
    for policy in (Answering(answer), OneOf((Answering(answer), AnyLegalPerson(of=CODE)))):
        report = inspected(DOCUMENT, signed(KeyKind.P256), KeyKind.P256, signer=policy)
        assert set(codes(report)) == {FindingCode.SIGNER_NOT_ALLOWED}
        assert "the policy Answering answered no findings" in str(report)


class Asking:
    """A policy of somebody's own whose register does not answer."""

    def check(self, identity: CardIdentity, certificate: Certificate) -> tuple[Finding, ...]:
        raise InvalidInputError("the register is locked")


def test_a_policy_that_cannot_answer_speaks_not_against_the_certificate() -> None:
    for policy in (Asking(), OneOf((AnyLegalPerson(of=CODE), Asking()))):
        report = inspected(DOCUMENT, signed(KeyKind.P256), KeyKind.P256, signer=policy)
        assert codes(report) == [FindingCode.SIGNER_NOT_ALLOWED]
        assert "could not say whether it allows the signer: the register is locked" in str(report)
        assert report.validated is not None


def test_findings_in_another_container_are_findings() -> None:
    for answer in ([], iter(())):
        assert inspected(DOCUMENT, signed(KeyKind.P256), KeyKind.P256, signer=Answering(answer)).accepted
    alternatives = OneOf((Answering(iter(())), AnyLegalPerson(of=CODE)))
    assert inspected(DOCUMENT, signed(KeyKind.P256), KeyKind.P256, signer=alternatives).accepted
    refused = inspected(DOCUMENT, signed(KeyKind.P256), KeyKind.P256, signer=Answering([AGAINST]))
    assert refused.reasons == (AGAINST,)
