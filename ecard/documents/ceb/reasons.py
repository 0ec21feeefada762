"""Why a message cannot be signed or read as it is."""

from __future__ import annotations

from enum import Enum


class Reason(Enum):
    """What ``MessageError.reason`` says."""

    UNKNOWN_TYPE = "unknown-type"
    """The root element is no message of the customs' specification."""
    RECEIPT = "receipt"
    """A receipt or tax bill: the customs send it, nobody signs it."""
    COMMENTS = "comments"
    """Comments or processing instructions, which verifiers digest differently."""
    ALREADY_SIGNED = "already-signed"
    """There is a signature, and replacing it was not asked for."""
    MISPLACED = "misplaced"
    """A signature, or parts of one, stand where none may stand."""
    SCHEMA = "schema"
    """The message does not fit the schema."""
    DECLARANT = "declarant"
    """The message is declared by another enterprise than the certificate's."""
    FIELD = "field"
    """A field is missing, of another type, too long, or not one of its values."""
    SHAPE = "shape"
    """Not the structure that it should have."""
