"""Which part was changed, when a signature value does not verify: the value, the attributes, or one of them by name.

Only asked after a refusal, and never turns one into an acceptance.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

from ecard.algorithms import Signature
from ecard.documents.attributes import Attribute, SignedAttributes, to_be_signed
from ecard.errors import InvalidSignatureError
from ecard.findings import Finding, FindingCode
from ecard.keys import PublicKey


def explain(
    key: PublicKey, signature: Signature, attributes: SignedAttributes, expected: Mapping[Attribute, bytes]
) -> tuple[Finding, frozenset[Attribute]]:
    """Why ``signature`` does not verify, and which attributes are known to be changed rather than what they name.

    ``expected`` has, for each attribute that does not fit, the value that would. Where the signature verifies with
    such values in place, the attributes were changed after signing, and the document or certificate was not.
    """
    for count in range(1, len(expected) + 1):
        for chosen in combinations(expected, count):
            if _verifies(key, signature, attributes, {attribute: expected[attribute] for attribute in chosen}):
                names = " and ".join(attribute.label for attribute in chosen)
                message = f"the signed attribute {names} was changed after signing; what it should name is as it was"
                return Finding(FindingCode.ATTRIBUTES_CHANGED, message), frozenset(chosen)
    return _without_repair(key, signature), frozenset()


def _verifies(
    key: PublicKey, signature: Signature, attributes: SignedAttributes, values: Mapping[Attribute, bytes]
) -> bool:
    message = to_be_signed(attributes.with_values(values))
    try:
        key.verify(signature, message)
    except InvalidSignatureError:
        return False
    return True


def _without_repair(key: PublicKey, signature: Signature) -> Finding:
    if key.signed_digest(signature) is not None:
        return Finding(
            FindingCode.ATTRIBUTES_CHANGED,
            "the signed attributes were changed after signing: the signature value is whole and is for others",
        )
    if key.recovers_digest:
        return Finding(
            FindingCode.SIGNATURE_INVALID,
            "the signature value is not one of the key in the certificate: the value or the certificate was changed",
        )
    return Finding(
        FindingCode.SIGNATURE_INVALID,
        "the signature does not verify: its value, the signed attributes or the certificate was changed; "
        f"with {signature.algorithm.label} it cannot be told which",
    )
