"""Whether the enterprise that declares a message is the certificate's: customs answer -625013 where it is not."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from typing import Final

from lxml import etree

from ecard.documents.ceb import names
from ecard.documents.ceb.message_types import MessageType
from ecard.lines import one_line
from ecard.pki.identity import CardIdentity

_PREFIX: Final = f"{{{names.CEB}}}"
_MAX_NODES: Final = 1000
"""Business nodes that are compared; the schemas allow a hundred."""
_SIGNED_TEXT: Final = etree.XPath("string()")
TRANSFER_CODE: Final = "copCode"
"""Stands for the code in BaseTransfer, outside the business nodes."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The outcome. ``same`` is None where nothing could be compared; ``message`` says what was found."""

    same: bool | None
    message: str


def compare_declarant(
    root: etree._Element, message_type: MessageType, identity: CardIdentity, enterprise_codes: Collection[str] = ()
) -> Comparison:
    """Compare the codes in every business node with the certificate's enterprise.

    A unified social credit code (18 characters) contains the organisation code that a certificate names; a customs
    registration code (10 characters) does not, so it is compared with ``enterprise_codes`` alone: codes that the
    caller knows to be of the certificate's enterprise. A node is the enterprise's where one of its codes is.
    """
    verdicts: list[bool | None] = []
    transfer = _texts(root, (TRANSFER_CODE,)) if TRANSFER_CODE in message_type.declarants else {}
    own = partial(_is_own, identity=identity, enterprise_codes=enterprise_codes)
    for number, node in enumerate(root.iterchildren(_PREFIX + message_type.entity), start=1):
        if number > _MAX_NODES:
            verdicts.append(None)
            break
        codes = _codes(node, message_type, transfer, own)
        found = [own(code) for code in codes.values()]
        if True not in found and False in found and None not in found:
            shown = ", ".join(f"{name} {one_line(code, 18)}" for name, code in codes.items())
            return Comparison(
                False,
                f"{message_type.entity} {number} is declared by another enterprise ({shown}) than the certificate's: "
                "customs answer -625013",
            )
        verdicts.append(True if True in found else None)
    if verdicts and all(verdicts):
        return Comparison(True, "the declarant is the certificate's enterprise")
    return Comparison(
        None,
        "the declarant was not compared with the certificate's enterprise: a customs registration code does not show "
        "the organisation code",
    )


def _codes(
    node: etree._Element, message_type: MessageType, transfer: dict[str, list[str]], own: Callable[[str], bool | None]
) -> dict[str, str]:
    """The code of each name; where a name comes several times, one that is not the enterprise's counts."""
    found = _texts(node, message_type.declarants) | transfer
    return {
        name: next((text for text in found[name] if own(text) is not True), found[name][0])
        for name in message_type.declarants
        if name in found
    }


def _texts(element: etree._Element, names: Collection[str]) -> dict[str, list[str]]:
    """The texts of all elements of these names as they are signed: a comment inside does not cut one off."""
    texts: dict[str, list[str]] = {}
    for found in element.iter(*[_PREFIX + name for name in names]) if names else ():
        text = (str(_SIGNED_TEXT(found)) if len(found) else found.text or "").strip()
        if text:
            texts.setdefault(found.tag.removeprefix(_PREFIX), []).append(text)
    return texts


def _is_own(code: str, *, identity: CardIdentity, enterprise_codes: Collection[str]) -> bool | None:
    if code in enterprise_codes:
        return True
    if len(code) in {9, 18} and identity.organisation_code is not None:
        return (code if len(code) == 9 else code[8:17]) == identity.organisation_code
    return False if enterprise_codes else None
