"""Which key is in a slot: what the card tells of it, or a file in its stead; and whether a certificate is for it."""

from __future__ import annotations

import re
import sys
from base64 import b64decode
from typing import Final

from ecard.apdu.piv import PivSession
from ecard.apdu.words import Slot
from ecard.certificate import Certificate
from ecard.cli.language import translate
from ecard.cli.options import read_bounded
from ecard.errors import EncodingError, InvalidInputError, NotSupportedByCardError, ObjectNotFoundError
from ecard.keys import PublicKey

_MOST: Final = 1 << 14
_PEM: Final = re.compile(rb"\s*-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]*)-----END PUBLIC KEY-----\s*", re.ASCII)


def key_in(piv: PivSession, slot: Slot) -> PublicKey | None:
    """The public half of the key in ``slot``, None where the card does not tell it.

    Raises ObjectNotFoundError where the card says that the slot is empty.
    """
    try:
        return piv.metadata(slot).public_key
    except NotSupportedByCardError:
        return None
    except ObjectNotFoundError:
        raise ObjectNotFoundError(
            f"slot {slot:02X} of the card holds no key",
            remedy="see ecard card info, or make one with ecard card key generate",
        ) from None


def read_public_key(name: str) -> PublicKey:
    """The public key in a file, PEM (as ``ecard card key generate`` writes it) or DER. Raises InvalidInputError."""
    data = read_bounded(name, _MOST, "a public key")
    match = _PEM.fullmatch(data)
    try:
        return PublicKey.from_spki(b64decode(b"".join(match[1].split()), validate=True) if match else data)
    except (ValueError, EncodingError):
        raise InvalidInputError(
            f"{name}: is no public key", remedy="give the file that ecard card key generate wrote"
        ) from None


def require_for_slot(piv: PivSession, slot: Slot, certificate: Certificate) -> None:
    """Raise InvalidInputError where ``certificate`` is another key's; where the card does not tell its key, say so."""
    found = key_in(piv, slot)
    if found is None:
        words = "the card does not tell which key is in slot {slot}: it was not checked that the certificate is its own"
        sys.stderr.write(translate(words, slot=f"{slot:02X}") + "\n")
    elif found.canonical != certificate.public_key.canonical:
        raise InvalidInputError(
            f"certificate {certificate.serial_digits} is not for the key in slot {slot:02X}",
            remedy="name the slot or the card that it was issued for, or ask for a certificate for this key",
        )
