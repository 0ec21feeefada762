"""The PIV card application, all verbs together."""

from __future__ import annotations

from ecard.apdu.resetting import ResetVerbs


class PivSession(ResetVerbs):
    """The PIV application (NIST SP 800-73-5) on the card of a session, with Yubico's extensions where the card has
    them, and SM2 as CanoKey does it.

    Creating it selects the application. ``sm2_id`` is the card's algorithm number for SM2; it is needed only for a
    card that says it neither in metadata nor in settings, and has not CanoKey's 54. ``pin_reference`` is GLOBAL_PIN
    for a card whose discovery object says that its global PIN is the one to use.

    Raises NoCardError (UNSUPPORTED_CARD) for a card without the application. Any verb raises CardConnectionError
    where the card is gone, CardProtocolError for an answer that makes no sense, CardStatusError for a refusal, and
    NotSupportedByCardError for a function that the card lacks.
    """
