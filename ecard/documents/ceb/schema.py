"""The customs' schemas, when the caller has them: a message is checked against them before it is signed."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Final

from lxml import etree

from ecard.documents.ceb.message_types import MessageType
from ecard.documents.ceb.reasons import Reason
from ecard.errors import InvalidInputError, MessageError

_MAX_SHOWN: Final = 5
_NAMED_ONLY: Final = frozenset({"SCHEMAV_ELEMENT_CONTENT", "SCHEMAV_CVC_COMPLEX_TYPE_4", "SCHEMAV_CVC_ELT_1"})


class Schemas:
    """The schemas in a directory: ``import.xsd``, ``export.xsd`` and what they include. Read when first needed.

    Raises InvalidInputError where there is no such directory.
    """

    def __init__(self, directory: os.PathLike[str] | str) -> None:
        self._directory = Path(directory)
        if not self._directory.is_dir():
            raise InvalidInputError(f"{self._directory} is not a directory with schemas")

    def check(self, root: etree._Element, message_type: MessageType) -> None:
        """Raise MessageError unless the message is valid; InvalidInputError where a schema cannot be read.

        The error says where and which rule, never a value: messages hold identity and telephone numbers.
        """
        schema = _load(self._directory / f"{message_type.direction.value}.xsd")
        if schema.validate(root.getroottree()):
            return
        errors = [_describe(entry) for entry in list(schema.error_log)]
        shown = "; ".join(errors[:_MAX_SHOWN])
        more = f"; and {len(errors) - _MAX_SHOWN} more" if len(errors) > _MAX_SHOWN else ""
        raise MessageError(f"the message does not fit the schema: {shown}{more}", reason=Reason.SCHEMA)


_RULES: Final = {
    "CVC_MAXLENGTH_VALID": "is too long",
    "CVC_MINLENGTH_VALID": "is too short",
    "CVC_LENGTH_VALID": "has the wrong length",
    "CVC_PATTERN_VALID": "has not the right pattern",
    "CVC_ENUMERATION_VALID": "is none of its values",
    "CVC_TOTALDIGITS_VALID": "has too many digits",
    "CVC_FRACTIONDIGITS_VALID": "has too many digits after the point",
    "CVC_DATATYPE_VALID_1_2_1": "is not of its type",
    "CVC_ELT_5_2_2_2_2": "has not its fixed value",
}


@cache
def _load(path: Path) -> etree.XMLSchema:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        return etree.XMLSchema(etree.parse(path, parser))
    except OSError:
        raise InvalidInputError(f"the schema {path} cannot be read") from None
    except (etree.XMLSyntaxError, etree.XMLSchemaParseError):
        raise InvalidInputError(f"{path} is not an XML schema") from None


def _describe(entry: etree._LogEntry) -> str:
    name = (entry.path or "?").rpartition("/")[2]
    if entry.type_name in _NAMED_ONLY:
        return f"line {entry.line}: {entry.message}"
    rule = entry.type_name.removeprefix("SCHEMAV_")
    return f"line {entry.line}: {name} {_RULES.get(rule, f'breaks the rule {rule}')}"
