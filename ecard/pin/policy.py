"""The policy: named rules and their settings, as one value that says everything that is wrong with a PIN."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, Self, TypeAlias

from ecard.errors import InvalidInputError, PinError, PinFormatError, WeakPinError
from ecard.pin.candidate import Candidate
from ecard.pin.facts import HolderFacts
from ecard.pin.masked import Pin, pin_from
from ecard.pin.policy_file import read_policy
from ecard.pin.reason import PolicyReason
from ecard.pin.rules import dates, keypad, lists, numbers, repeats, runs, shape, used
from ecard.pin.settings import LAST_DAY, Settings

RuleFunction: TypeAlias = Callable[[Candidate, HolderFacts, Settings], PolicyReason | None]
"""A rule: a pure function from a PIN, the facts and the settings to a reason, or None."""

_NO_FACTS: Final = HolderFacts()
_MOST_TRIES: Final = 10_000

_DEFAULT_RULES: Final[Mapping[str, RuleFunction]] = {
    "too-short": shape.too_short,
    "too-long": shape.too_long,
    "characters": shape.wrong_characters,
    "telephone": numbers.telephone_number,
    "birth-date": dates.birth_date,
    "calendar-date": dates.calendar_date,
    "identity-number": numbers.identity_number,
    "organisation-code": numbers.organisation_code,
    "card-number": numbers.card_number,
    "certificate-number": numbers.certificate_number,
    "postal-code": numbers.postal_code,
    "combined-facts": numbers.combined_facts,
    "repeats": repeats.repeats,
    "runs": runs.runs,
    "keypad-walk": keypad.keypad_walk,
    "factory-pin": lists.factory_pin,
    "common-pin": lists.common_pin,
    "puk": used.equal_to_puk,
    "used-before": used.used_before,
}


@dataclass(frozen=True, repr=False)
class Rule:
    """A rule and the name by which it is switched off."""

    name: str
    function: RuleFunction

    def ask(self, candidate: Candidate, facts: HolderFacts, settings: Settings) -> PolicyReason | None:
        """What the function answers. Raises InvalidInputError where that is neither a PolicyReason nor None."""
        reason = self.function(candidate, facts, settings)
        if reason is None or isinstance(reason, PolicyReason):
            return reason
        raise InvalidInputError(f"the rule {self.name!r} of the PIN policy answered no PolicyReason")

    def __repr__(self) -> str:
        return f"Rule({self.name!r})"


@dataclass(frozen=True, repr=False)
class PinPolicy:
    """Rules in their order, and the settings that they share; every change makes a new policy.

    >>> PinPolicy.default().violations("147258")
    (<Reason.KEYPAD_WALK: 'keypad-walk'>, <Reason.COMMON_PIN: 'common-pin'>)
    """

    rules: tuple[Rule, ...]
    settings: Settings

    @classmethod
    def default(cls, *, today: date = LAST_DAY) -> Self:
        """Every rule of ecard, with the settings of ``Settings``.

        ``today`` ends the dates that are refused without being a birth date; a policy that is not told it
        refuses those until the end of 2049.
        """
        return cls(tuple(Rule(name, function) for name, function in _DEFAULT_RULES.items()), Settings(today=today))

    @classmethod
    def from_toml(cls, source: os.PathLike[str] | str, *, today: date = LAST_DAY) -> Self:
        """The default policy, changed as a TOML file (a ``Path``) or TOML text (a ``str``) says.

        The keys are in docs/pin-policy.md. Raises InvalidInputError for a file that cannot be read, for
        TOML that is not well formed, and for a key, rule or value that does not exist.
        """
        changes = read_policy(source)
        return cls.default(today=today).with_settings(**changes.settings).without(*changes.switched_off)

    @property
    def rule_names(self) -> tuple[str, ...]:
        """The names of the rules, in their order."""
        return tuple(rule.name for rule in self.rules)

    def violations(self, pin: Pin | str, facts: HolderFacts = _NO_FACTS) -> tuple[PolicyReason, ...]:
        """Every reason to refuse ``pin`` for the holder with ``facts``, each once; none if it is good.

        Raises PinFormatError for a text that is no PIN at all. InvalidInputError where ``facts`` are none.
        """
        box = [pin]
        del pin
        candidate = Candidate.of(pin_from(box))
        if not isinstance(facts, HolderFacts):
            raise InvalidInputError(f"the holder's facts are HolderFacts, not {type(facts).__name__}")
        reasons = [rule.ask(candidate, facts, self.settings) for rule in self.rules]
        return tuple(dict.fromkeys(reason for reason in reasons if reason is not None))

    def check(self, pin: Pin | str, facts: HolderFacts = _NO_FACTS) -> None:
        """Raise WeakPinError with every reason to refuse ``pin``; return if there is none."""
        box = [pin]
        del pin
        reasons = self.violations(pin_from(box), facts)
        if reasons:
            why = "; ".join(reason.english for reason in reasons)
            raise WeakPinError(f"the PIN is weak ({why})", reasons=reasons, remedy="choose another one")

    def generate(self, facts: HolderFacts = _NO_FACTS, length: int = 6) -> Pin:
        """A random PIN of ``length`` characters that this policy accepts, from the system's randomness.

        Raises PinFormatError for a length that the policy does not allow, PinError where rules and facts
        leave no PIN to be found.
        """
        shortest, longest = self.settings.minimum_length, self.settings.maximum_length
        if not isinstance(length, int) or not shortest <= length <= longest:
            raise PinFormatError(f"the policy allows PINs of {shortest} to {longest} characters only")
        alphabet = self.settings.characters.alphabet
        for _ in range(_MOST_TRIES):
            pin = Pin("".join(secrets.choice(alphabet) for _ in range(length)))
            if not self.violations(pin, facts):
                return pin
            pin.close()
        raise PinError("the policy leaves no PIN of this length", remedy="switch a rule off, or allow more length")

    def without(self, *names: str) -> Self:
        """This policy with the rules called ``names`` switched off. Raises InvalidInputError for an unknown name."""
        unknown = set(names) - set(self.rule_names)
        if unknown:
            raise InvalidInputError(
                "the PIN policy has no rule " + ", ".join(sorted(map(repr, unknown))),
                remedy="its rules are " + ", ".join(self.rule_names),
            )
        return replace(self, rules=tuple(rule for rule in self.rules if rule.name not in names))

    def with_rule(self, name: str, function: RuleFunction) -> Self:
        """This policy with one more rule, asked last. Raises InvalidInputError where the name is taken."""
        if name in self.rule_names:
            raise InvalidInputError(f"the PIN policy has a rule {name!r} already", remedy="switch it off first")
        if not callable(function):
            raise InvalidInputError(f"the rule {name!r} of the PIN policy is not a function")
        return replace(self, rules=(*self.rules, Rule(name, function)))

    def with_settings(self, **changes: Any) -> Self:
        """This policy with some of its ``Settings`` changed. Raises InvalidInputError for a wrong name or value."""
        unknown = set(changes) - set(self.settings.__dataclass_fields__)
        if unknown:
            raise InvalidInputError(
                "the PIN policy has no setting " + ", ".join(sorted(map(repr, unknown))),
                remedy="its settings are " + ", ".join(self.settings.__dataclass_fields__),
            )
        return replace(self, settings=replace(self.settings, **changes))

    def refusing(self, *pins: str) -> Self:
        """This policy with more PINs on its list of common ones. Raises InvalidInputError for what is no PIN."""
        return self.with_settings(common=[*self.settings.common, *pins])

    def __repr__(self) -> str:
        return f"PinPolicy({len(self.rules)} rules)"


UNSAFE_NO_POLICY: Final = PinPolicy((), Settings())
"""A policy without rules: it lets every PIN pass. Unsafe: for tests, and for PINs that are entered at a reader."""
