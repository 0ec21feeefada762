"""Signing payment data: one call from the data to what is posted."""

from __future__ import annotations

from ecard.algorithms import KeyFamily, SignatureAlgorithm
from ecard.documents.ceb.insertion import raw_signature
from ecard.documents.ceb.suitability import read_identity, require_suitable
from ecard.documents.payment179.data import PaymentData
from ecard.documents.payment179.text import SignedPayment
from ecard.errors import UnsupportedAlgorithmError
from ecard.keyholder import KeyHolder
from ecard.keys import PublicKey

_ALGORITHMS = {KeyFamily.SM2: SignatureAlgorithm.SM2_SM3, KeyFamily.RSA: SignatureAlgorithm.RSA_SHA1}


def sign(data: PaymentData, holder: KeyHolder) -> SignedPayment:
    """The payment data with a signature of ``holder``: SM2 with SM3, or on RSA cards the legacy RSA with SHA-1.

    Raises WrongCardError for a certificate that does not suit, UnsupportedAlgorithmError for another kind of key, and
    what ``holder`` raises.
    """
    identity = read_identity(holder.certificate)
    algorithm = algorithm_for(holder.certificate.public_key)
    require_suitable(holder.certificate, identity)
    text = data.text()
    value = raw_signature(holder, text.signed_bytes(), algorithm)
    return SignedPayment(text=text, certificate_number=identity.certificate_number, signature=value)


def algorithm_for(key: PublicKey) -> SignatureAlgorithm:
    """What a key signs payment data with; UnsupportedAlgorithmError where it cannot."""
    try:
        return _ALGORITHMS[key.kind.family]
    except KeyError:
        raise UnsupportedAlgorithmError(
            f"payment data is not signed with a key of kind {key.kind.value}",
            remedy="use the card of the Electronic Port, SM2 or RSA",
        ) from None
