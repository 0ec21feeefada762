"""SM2 (GB/T 32918): keys, signatures, encryption, and the envelope in which an encryption key travels.

The scheme is written here; the curve arithmetic is pycryptodome's, behind ``curve.py`` alone.
"""

from ecard.sm2.digest import DEFAULT_ID
from ecard.sm2.encryption import MAX_PLAINTEXT
from ecard.sm2.enveloped import envelop_key, open_enveloped_key
from ecard.sm2.private_key import PrivateKey
from ecard.sm2.public_key import PublicKey, decrypt_with

__all__ = [
    "DEFAULT_ID",
    "MAX_PLAINTEXT",
    "PrivateKey",
    "PublicKey",
    "decrypt_with",
    "envelop_key",
    "open_enveloped_key",
]
