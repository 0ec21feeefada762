"""Which rule judges which act."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from ecard.roles import rules_business, rules_cards, rules_centre, rules_entry, rules_making, rules_operators
from ecard.roles.acts import Act
from ecard.roles.rules_case import Case

RULES: Final[Mapping[Act, Callable[[Case], None]]] = MappingProxyType(
    {
        Act.FOUND_CENTRE: rules_centre.found,
        Act.PUBLISH_CRL: rules_centre.publish_crl,
        Act.ERASE_PERSON: rules_centre.erase_person,
        Act.APPOINT: rules_making.appoint,
        Act.DISMISS: rules_cards.change_state,
        Act.APPLY: rules_entry.apply,
        Act.FILE: rules_entry.file,
        Act.APPROVE_ENTRY: rules_entry.decide,
        Act.REFUSE_ENTRY: rules_entry.decide,
        Act.REGISTER_OPERATOR: rules_operators.register,
        Act.APPROVE_OPERATOR: rules_operators.decide,
        Act.REFUSE_OPERATOR: rules_operators.decide,
        Act.MAKE: rules_making.make,
        Act.REPLACE: rules_making.replace,
        Act.RENEW: rules_making.renew,
        Act.FILE_BUSINESS: rules_business.change,
        Act.APPROVE_BUSINESS: rules_business.change,
        Act.REFUSE_BUSINESS: rules_business.change,
        Act.WITHDRAW_BUSINESS: rules_business.change,
        Act.REGISTER_CHANNEL: rules_business.register_channel,
        Act.COLLECT: rules_cards.collect,
        Act.REPORT_LOSS: rules_cards.change_state,
        Act.REPORT_FOUND: rules_cards.change_state,
        Act.FREEZE: rules_cards.change_state,
        Act.UNFREEZE: rules_cards.change_state,
        Act.VOID: rules_cards.change_state,
        Act.UNLOCK: rules_cards.change_state,
        Act.CHANGE_PIN: rules_cards.change_state,
    }
)
"""The table: every act has exactly one rule."""
