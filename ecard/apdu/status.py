"""Status words (ISO/IEC 7816-4, section 5.6; NIST SP 800-73-5 part 2, section 2.4), and what they mean in words."""

from __future__ import annotations

from enum import IntEnum


class Status(IntEnum):
    """Status words that ecard knows by name."""

    OK = 0x9000
    DEACTIVATED = 0x6283
    WARNING_CHANGED = 0x6300
    MEMORY_FAILURE = 0x6581
    TIMEOUT = 0x6600
    WRONG_LENGTH = 0x6700
    SECURE_MESSAGING_NOT_SUPPORTED = 0x6882
    LAST_COMMAND_OF_CHAIN_EXPECTED = 0x6883
    CHAINING_NOT_SUPPORTED = 0x6884
    SECURITY_NOT_SATISFIED = 0x6982
    BLOCKED = 0x6983
    CONDITIONS_NOT_SATISFIED = 0x6985
    COMMAND_NOT_ALLOWED = 0x6986
    WRONG_DATA = 0x6A80
    FUNCTION_NOT_SUPPORTED = 0x6A81
    NOT_FOUND = 0x6A82
    NOT_ENOUGH_MEMORY = 0x6A84
    WRONG_P1P2 = 0x6A86
    REFERENCE_NOT_FOUND = 0x6A88
    WRONG_P1P2_ALTERNATIVE = 0x6B00
    INS_NOT_SUPPORTED = 0x6D00
    CLA_NOT_SUPPORTED = 0x6E00
    NO_PRECISE_DIAGNOSIS = 0x6F00


_WORDS = {
    Status.OK: "done",
    Status.WARNING_CHANGED: "wrong, without saying how many tries are left",
    Status.DEACTIVATED: "deactivated",
    Status.MEMORY_FAILURE: "the card's memory failed",
    Status.TIMEOUT: "nobody touched the card in time",
    Status.WRONG_LENGTH: "wrong length",
    Status.SECURE_MESSAGING_NOT_SUPPORTED: "secure messaging not supported",
    Status.LAST_COMMAND_OF_CHAIN_EXPECTED: "the last command of the chain was expected",
    Status.CHAINING_NOT_SUPPORTED: "command chaining not supported",
    Status.SECURITY_NOT_SATISFIED: "the PIN or the management key has not been presented",
    Status.BLOCKED: "blocked, no tries left",
    Status.CONDITIONS_NOT_SATISFIED: "conditions of use not satisfied",
    Status.COMMAND_NOT_ALLOWED: "command not allowed",
    Status.WRONG_DATA: "the data are wrong",
    Status.FUNCTION_NOT_SUPPORTED: "function not supported",
    Status.NOT_FOUND: "application or object not found",
    Status.NOT_ENOUGH_MEMORY: "not enough memory on the card",
    Status.WRONG_P1P2: "wrong parameters",
    Status.REFERENCE_NOT_FOUND: "key or reference not found",
    Status.WRONG_P1P2_ALTERNATIVE: "wrong parameters",
    Status.INS_NOT_SUPPORTED: "command not supported",
    Status.CLA_NOT_SUPPORTED: "class not supported",
    Status.NO_PRECISE_DIAGNOSIS: "failed without saying why",
}


def tries_left(status: int) -> int | None:
    """The tries that a status word of VERIFY, CHANGE or RESET RETRY leaves; None where it says nothing of tries.

    63Cx means x (ISO/IEC 7816-4); old YubiKeys answer 63xx; 6983 means none. 6300 is theirs for none and the
    standard's for "no information", so it says nothing.
    """
    if status == Status.BLOCKED:
        return 0
    if status & 0xFFF0 == 0x63C0:
        return status & 0x0F
    if status >> 8 == 0x63:
        return status & 0xFF or None
    return None


def explain(status: int) -> str:
    """A status word in words.

    >>> explain(0x63C2)
    'wrong, 2 tries left'
    >>> explain(0x6A82)
    'application or object not found'
    """
    if status in _WORDS:
        return _WORDS[Status(status)]
    if status >> 8 == 0x61:
        return f"{status & 0xFF or 256} more bytes to fetch"
    if status >> 8 == 0x6C:
        return f"wrong Le, {status & 0xFF or 256} would be right"
    left = tries_left(status)
    return "a status word of unknown meaning" if left is None else f"wrong, {in_words(left)} left"


def in_words(tries: int) -> str:
    """A number of tries with its noun.

    >>> in_words(1), in_words(2)
    ('1 try', '2 tries')
    """
    return f"{tries} try" if tries == 1 else f"{tries} tries"
