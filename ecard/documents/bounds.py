"""How much of a signature file is read at all: the limits."""

from __future__ import annotations

from typing import Final

MAX_SIGNATURE_SIZE: Final = 4 << 20
"""Bytes of a signature file; with two certificates it has about four thousand."""
MAX_CERTIFICATES: Final = 32
"""Certificates in one message."""
MAX_SIGNERS: Final = 16
"""Signers that are counted before a message of more than one is refused."""
MAX_DIGESTS: Final = 16
"""Digest algorithms that one message announces."""
MAX_ATTRIBUTES: Final = 64
"""Signed attributes of one signer."""
MAX_VALUES: Final = 16
"""Values of one signed attribute, of which only one is right."""
MAX_CERTIFICATE_IDS: Final = 16
"""Certificates that one signing-certificate-v2 attribute names."""
MAX_DEPTH: Final = 32
"""Elements inside one another."""
MAX_ELEMENTS: Final = 50_000
"""Elements of a message in BER, every one of which is looked at."""
