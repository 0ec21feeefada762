"""Keys on PKCS#11 tokens: smart cards and security modules behind a vendor's library, as key holders."""

from ecard.pkcs11.key import Pkcs11Key, Pkcs11KeyHolder
from ecard.pkcs11.token import Pkcs11Token

__all__ = ["Pkcs11Key", "Pkcs11KeyHolder", "Pkcs11Token"]
