"""Which part was changed, when a signature value does not verify: the value, the attributes, or one of them by name.

Only asked after a refusal, and never turns one into an acceptance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

from ecard.algorithms import Signature
from ecard.documents.attributes import Attribute, to_be_signed
from ecard.errors import InvalidSignatureError
from ecard.findings import Finding, FindingCode
from ecard.keys import PublicKey


def explain(
    key: PublicKey,
    signature: Signature,
    encoded: Sequence[bytes],
    repairs: Mapping[Attribute, tuple[bytes, bytes]],
    refusal: InvalidSignatureError,
) -> tuple[Finding, frozenset[Attribute]]:
    """Why ``signature`` does not verify, and which attributes are known to be changed rather than what they name.

    ``encoded`` are the signed attributes; ``repairs`` has, for each that does not fit, how it is and how it would fit.
    Where the signature verifies with some of them repaired, those were changed after signing, and the document or
    certificate that they name was not. ``refusal`` is what the key said of the attributes as they are.
    """
    for count in range(1, len(repairs) + 1):
        for chosen in combinations(repairs, count):
            swapped = dict(repairs[attribute] for attribute in chosen)
            if _verifies(key, signature, [swapped.get(item, item) for item in encoded]):
                names = " and ".join(attribute.label for attribute in chosen)
                message = f"the signed attribute {names} was changed after signing; what it should name is as it was"
                return Finding(FindingCode.ATTRIBUTES_CHANGED, message), frozenset(chosen)
    return _without_repair(key, signature, refusal), frozenset()


def _verifies(key: PublicKey, signature: Signature, encoded: Sequence[bytes]) -> bool:
    try:
        key.verify(signature, to_be_signed(encoded))
    except InvalidSignatureError:
        return False
    return True


def _without_repair(key: PublicKey, signature: Signature, refusal: InvalidSignatureError) -> Finding:
    if refusal.remedy is not None:
        # the key itself knows the mistake: whoever signed took another user id, for example
        return Finding(FindingCode.SIGNATURE_INVALID, str(refusal))
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
