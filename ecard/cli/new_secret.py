"""A new PIN or PUK: from the environment, or asked for twice; refused where it is weak before the card hears of it."""

from __future__ import annotations

import os
from dataclasses import replace

from ecard.apdu.newpin import NO_FACTS, require_good
from ecard.cli.card_options import asked
from ecard.errors import PinError
from ecard.pin import HolderFacts, Pin, PinPolicy, PinReference, PinRequest, environment


def new_secret(
    card: str, variable: str, policy: PinPolicy, facts: HolderFacts = NO_FACTS, *, of: PinReference = PinReference.PIN
) -> Pin:
    """The new PIN or PUK from ``variable``, or from the prompt.

    Raises WeakPinError, NoPinError, and PinError where the two that were typed differ.
    """
    request = PinRequest(card=card, act="be the new one", tries_left=None, reference=of)
    if variable in os.environ:
        chosen = environment(variable)(request)
        require_good(policy, chosen, facts, reference=of)
        return chosen
    ask = asked(variable)
    chosen = ask(request)
    require_good(policy, chosen, facts, reference=of)
    if ask(replace(request, act="be the new one, again")) != chosen:
        raise PinError(f"the two new {of.value}s differ", remedy="try again", reference=of.value)
    return chosen
