"""Where the signature stands: exactly one, directly inside the root, in the place that the schema has for it."""

from __future__ import annotations

from lxml import etree

from ecard.documents.ceb import names
from ecard.documents.ceb.refusal import Refused
from ecard.documents.ceb.spans import SIGNATURE
from ecard.findings import FindingCode

_ANY_OF_DS = f"{{{names.DS}}}*"


def find_signature(root: etree._Element, before: frozenset[str]) -> etree._Element:
    """The one signature of a message; ``before`` are the qualified names of what may stand after it.

    Raises Refused: none, more than one, in another place, or parts of a signature elsewhere (XML signature wrapping).
    """
    parts = list(root.iter(_ANY_OF_DS))
    found = [element for element in parts if element.tag == SIGNATURE]
    if not found:
        raise Refused(FindingCode.SIGNATURE_MISSING, "the message has no signature")
    if len(found) > 1:
        raise Refused(FindingCode.SIGNATURE_MISPLACED, f"the message has {len(found)} signatures instead of one")
    signature = found[0]
    if signature.getparent() is not root:
        raise Refused(FindingCode.SIGNATURE_MISPLACED, "the signature does not stand directly inside the root element")
    # in document order what is inside an element follows it without a gap: the ends tell of all
    if parts[0] is not signature or (
        parts[-1] is not signature and signature not in parts[-1].iterancestors(SIGNATURE)
    ):
        raise Refused(FindingCode.SIGNATURE_MISPLACED, "parts of a signature stand outside the signature")
    _require_order(signature, before)
    return signature


def _require_order(signature: etree._Element, before: frozenset[str]) -> None:
    after = {element.tag for element in signature.itersiblings(etree.Element)}
    if after - before:
        name = _local(sorted(after - before)[0])
        raise Refused(FindingCode.SIGNATURE_MISPLACED, f"the signature stands before {name}, the schema has it after")
    for element in signature.itersiblings(*before, preceding=True) if before else ():
        raise Refused(
            FindingCode.SIGNATURE_MISPLACED,
            f"the signature stands after {_local(element.tag)}, the schema has it before",
        )


def _local(tag: str) -> str:
    return str(etree.QName(tag).localname)[:60]
