"""Who may have signed: policies that a verifier has to choose from, and that say in words why a signer does not fit.

There is no default, because there is no good one: a valid signature of just anybody proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, Protocol

from ecard.certificate import Certificate
from ecard.codes import CREDIT_ALPHABET, ORGANISATION_ALPHABET, organisation_code_of
from ecard.errors import InvalidCodeError, InvalidInputError
from ecard.findings import Finding, FindingCode
from ecard.lines import one_line

if TYPE_CHECKING:
    from ecard.pki.identity import CardIdentity


class AnyEnterprise(Enum):
    """The type of ``ANY_ENTERPRISE``."""

    ANY_ENTERPRISE = "any enterprise"


ANY_ENTERPRISE: Final = AnyEnterprise.ANY_ENTERPRISE
"""In place of an enterprise's code: only the role of the signer matters."""

_LEGAL_PERSON: Final = "legal-person"
_OPERATOR: Final = "operator"
_WORDS: Final = {_LEGAL_PERSON: "a legal person", _OPERATOR: "an operator"}


class SignerPolicy(Protocol):
    """Decides whether the holder of a certificate may have signed. Write one for rules of your own."""

    def check(self, identity: CardIdentity, certificate: Certificate) -> tuple[Finding, ...]:
        """What speaks against this signer; empty where nothing does. A message shows no personal datum."""
        ...


def answer_of(policy: SignerPolicy, identity: CardIdentity, certificate: Certificate) -> tuple[Finding, ...]:
    """What ``policy`` has against the signer; a refusal where it answers something else than findings.

    None and False may mean yes or no to whoever wrote the policy: only no findings at all is a yes.
    """
    answer: object = policy.check(identity, certificate)
    found = tuple(answer) if isinstance(answer, Iterable) and not isinstance(answer, str) else (answer,)
    findings = tuple(one for one in found if isinstance(one, Finding))
    if len(findings) == len(found):
        return findings
    return _refusal(
        f"the policy {type(policy).__name__} answered no findings, but something of type {type(answer).__name__}: "
        "whether it allows the signer is not known"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOperator:
    """Any operator card (操作员卡) of the enterprise with the code ``of``.

    ``of`` is an organisation code (9 characters) or a unified social credit code (18, of which characters 9 to 17
    are the organisation code), or ANY_ENTERPRISE. Raises InvalidCodeError where it has the shape of neither; a check
    character that does not fit is mentioned where a signer is refused.
    """

    of: str | AnyEnterprise

    def __post_init__(self) -> None:
        _require_shape(self.of)

    def check(self, identity: CardIdentity, certificate: Certificate) -> tuple[Finding, ...]:
        """The role, then the enterprise."""
        return _check_role(identity, _OPERATOR) + _check_enterprise(identity, self.of)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyLegalPerson:
    """Any legal-person card (法人卡) of the enterprise with the code ``of``; for ``of`` see AnyOperator."""

    of: str | AnyEnterprise

    def __post_init__(self) -> None:
        _require_shape(self.of)

    def check(self, identity: CardIdentity, certificate: Certificate) -> tuple[Finding, ...]:
        """The role, then the enterprise."""
        return _check_role(identity, _LEGAL_PERSON) + _check_enterprise(identity, self.of)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyCard:
    """Any certificate of the enterprise with the code ``of``, whatever its role; for ``of`` see AnyOperator."""

    of: str | AnyEnterprise

    def __post_init__(self) -> None:
        _require_shape(self.of)

    def check(self, identity: CardIdentity, certificate: Certificate) -> tuple[Finding, ...]:
        """The enterprise alone."""
        return _check_enterprise(identity, self.of)


@dataclass(frozen=True, slots=True)
class OneOf:
    """Whoever one of ``policies`` allows; where none does, what each of them has against the signer.

    Raises InvalidInputError for no policy at all.
    """

    policies: tuple[SignerPolicy, ...]

    def __post_init__(self) -> None:
        if not self.policies:
            raise InvalidInputError("OneOf needs at least one policy")

    def check(self, identity: CardIdentity, certificate: Certificate) -> tuple[Finding, ...]:
        """Nothing where one policy has nothing; otherwise all findings, each once."""
        found = [answer_of(policy, identity, certificate) for policy in self.policies]
        return () if not all(found) else tuple(dict.fromkeys(finding for part in found for finding in part))


@dataclass(frozen=True, slots=True)
class UnsafeAnyone:
    """Whoever has a good certificate under the trust given. Unsafe: who it was is left to the caller to look at."""

    def check(self, identity: CardIdentity, certificate: Certificate) -> tuple[Finding, ...]:
        """Nothing."""
        return ()


def _require_shape(code: str | AnyEnterprise) -> None:
    """Raise InvalidCodeError unless ``code`` has the shape of an enterprise's code, or is ANY_ENTERPRISE."""
    if isinstance(code, AnyEnterprise):
        return
    if not isinstance(code, str) or len(code) not in (9, 18):
        raise InvalidCodeError(
            "an enterprise is named by an organisation code of 9 or a unified social credit code of 18 characters",
            remedy="where only the role of the signer matters, name none (in Python: ANY_ENTERPRISE)",
        )
    alphabet = CREDIT_ALPHABET if len(code) == 18 else ORGANISATION_ALPHABET
    for place, character in enumerate(code, start=1):
        if character not in alphabet:
            raise InvalidCodeError(f"character {place} of the enterprise's code is not one of {alphabet}")


def _check_role(identity: CardIdentity, role: str) -> tuple[Finding, ...]:
    if identity.role == role:
        return ()
    actual = "a certificate without the role of a card" if identity.role is None else _WORDS[identity.role]
    return _refusal(f"signed by {actual}, {_WORDS[role]} was required")


def _check_enterprise(identity: CardIdentity, code: str | AnyEnterprise) -> tuple[Finding, ...]:
    if isinstance(code, AnyEnterprise):
        return ()
    required = code[8:17] if len(code) == 18 else code
    if identity.organisation_code == required:
        return ()
    if identity.organisation_code is None:
        return _refusal(f"the signer's certificate names no enterprise, {required} was required{_doubt(code)}")
    return _refusal(
        f"signed for another enterprise (organisation code {one_line(identity.organisation_code)}) than {required}"
        f"{_doubt(code)}"
    )


def _doubt(code: str) -> str:
    """A word on a code whose check character does not fit: the error may be in the question, not in the signer."""
    try:
        organisation_code_of(code)
    except InvalidCodeError as error:
        return f"; the code required may be mistyped: {error}"
    return ""


def _refusal(message: str) -> tuple[Finding, ...]:
    return (Finding(FindingCode.SIGNER_NOT_ALLOWED, message),)
