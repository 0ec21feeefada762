"""SoftHSM2 as a security module: tokens in a temporary directory, keys made on them by python-pkcs11 itself."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from ecard.algorithms import KeyKind
from ecard.certificate import Certificate
from ecard.pin import PinSupplier, value
from ecard.pkcs11 import Pkcs11Token

PIN, WRONG_PIN = "739205", "739206"
KINDS = [KeyKind.RSA2048, KeyKind.P256, KeyKind.P384]
ID = {KeyKind.RSA2048: b"\x01", KeyKind.P256: b"\x02", KeyKind.P384: b"\x03"}
TOKENS = ("centre", "operator", "wrong", "twin", "twin", "empty", "odd", "authority")
_PLACES = ("/usr/lib/softhsm", "/usr/lib/x86_64-linux-gnu/softhsm", "/usr/lib64/softhsm", "/usr/local/lib/softhsm")
MODULE = next((str(path) for place in _PLACES if (path := Path(place) / "libsofthsm2.so").exists()), "")


def why_not() -> str | None:
    """Why there is no SoftHSM here; None where there is one."""
    if find_spec("pkcs11") is None:
        return "python-pkcs11 is not installed (extra pkcs11)"
    if not MODULE or shutil.which("softhsm2-util") is None:
        return "SoftHSM2 is not installed (apt-get install softhsm2)"
    return None


needs_softhsm = pytest.mark.skipif(why_not() is not None, reason=f"no PKCS#11 token: {why_not()}")


@contextmanager
def tokens(directory: Path) -> Iterator[None]:
    """Tokens with the labels in TOKENS, for the length of a ``with`` block, in this process and its children."""
    import pkcs11

    (directory / "tokens").mkdir()
    configuration = directory / "softhsm2.conf"
    configuration.write_text(
        f"directories.tokendir = {directory}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n"
    )
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(configuration)
    try:
        for label in TOKENS:
            options = ["--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "12345678"]
            subprocess.run(["softhsm2-util", *options], check=True, capture_output=True)
        yield
    finally:
        pkcs11.unload(MODULE)
        os.environ.pop("SOFTHSM2_CONF")
        if before is not None:
            os.environ["SOFTHSM2_CONF"] = before


@dataclass
class Asked:
    """A supplier that gives one PIN and counts how often it was asked, and with what."""

    pin: str = PIN

    def __post_init__(self) -> None:
        self.requests: list[Any] = []

    def __call__(self, request: Any) -> Any:
        self.requests.append(request)
        return value(self.pin)(request)


def open_token(label: str, pin: PinSupplier | None = None, **options: Any) -> Pkcs11Token:
    return Pkcs11Token(MODULE, label, pin=pin or value(PIN), **options)


@contextmanager
def administered(label: str) -> Iterator[Any]:
    """A session of python-pkcs11 that may write."""
    import pkcs11

    token = next(t for t in (s.get_token() for s in pkcs11.lib(MODULE).get_slots()) if t.label == label)
    with token.open(rw=True, user_pin=PIN) as session:
        yield session


def generate(label: str, kind: KeyKind, name: str, id: bytes, **template: Any) -> None:
    """Make a key pair on a token."""
    import pkcs11
    from pkcs11 import Attribute, KeyType
    from pkcs11.util.ec import encode_named_curve_parameters

    with administered(label) as session:
        options = {"id": id, "label": name, "store": True, **template}
        if kind.value.startswith("rsa"):
            session.generate_keypair(KeyType.RSA, kind.size * 8, **options)
            return
        curve = encode_named_curve_parameters({"p256": "secp256r1", "p384": "secp384r1"}[kind.value])
        domain = session.create_domain_parameters(KeyType.EC, {Attribute.EC_PARAMS: curve}, local=True)
        domain.generate_keypair(mechanism=pkcs11.Mechanism.EC_KEY_PAIR_GEN, **options)


def store(label: str, certificate: Certificate, name: str, id: bytes) -> None:
    """Put a certificate on a token."""
    from pkcs11 import Attribute, CertificateType, ObjectClass

    with administered(label) as session:
        session.create_object(
            {
                Attribute.CLASS: ObjectClass.CERTIFICATE,
                Attribute.CERTIFICATE_TYPE: CertificateType.X_509,
                Attribute.TOKEN: True,
                Attribute.LABEL: name,
                Attribute.ID: id,
                Attribute.SUBJECT: certificate.subject,
                Attribute.VALUE: certificate.der,
            }
        )
