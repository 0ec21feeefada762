"""After all the work there is, no secret stands in any trace, log, error or repr, in ASCII, hexadecimal or bytes."""

from __future__ import annotations

import logging
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from ecard.algorithms import KeyKind
from ecard.apdu.cardholder import CardKeyHolder
from ecard.apdu.consent import Consent, ConsentedPin
from ecard.apdu.pinpad import AtTheReader
from ecard.apdu.piv import PivSession
from ecard.apdu.privatekey import card_private_key
from ecard.apdu.session import Session
from ecard.apdu.trace import TracedReader, read_trace
from ecard.apdu.traffic import TRAFFIC
from ecard.apdu.words import ManagementAlgorithm, Object, Slot
from ecard.errors import EcardError
from ecard.keys import SoftwareKey
from ecard.pin import Pin, value
from ecard.simulator import PROFILES, InProcess, SimulatedCard
from tests.apdu.making import PIN, PUK, authenticate, certificate

NEW_PIN, NEW_PUK, WRONG = "739205", "84031627", "50938271"
PERSONAL = b"Lin Xiaoming, born on a day that is nobody's business"
MESSAGE = b"a document"
EC_KEY, RSA_KEY = SoftwareKey.generate(KeyKind.P256), SoftwareKey.generate(KeyKind.RSA2048)


def management_key(profile: str) -> tuple[bytes, ManagementAlgorithm]:
    algorithm = ManagementAlgorithm.AES192 if profile == "yubikey" else ManagementAlgorithm.TDES
    return bytes.fromhex("C0FFEE0102A55A77C0FFEE0304B66B88C0FFEE0506C77C99"), algorithm


def work(piv: PivSession, profile: str, found: list[bytes], said: list[str]) -> None:
    """Every verb that touches a secret, and every way of being refused."""
    key, algorithm = management_key(profile)
    authenticate(piv)
    for verb in (
        lambda: piv.verify(Pin(WRONG)),
        lambda: piv.verify(Pin(PIN)),
        lambda: piv.change_pin(Pin(WRONG), Pin(NEW_PIN)),
        lambda: piv.change_pin(Pin(PIN), Pin(NEW_PIN)),
        lambda: piv.change_puk(Pin(WRONG), Pin(NEW_PUK)),
        lambda: piv.change_puk(Pin(PUK), Pin(NEW_PUK)),
        lambda: piv.unblock_pin(Pin(NEW_PUK), Pin(NEW_PIN)),
        lambda: piv.set_management_key(key, algorithm=algorithm),
        lambda: piv.authenticate_management_key(bytes(24), algorithm=algorithm),
        lambda: piv.authenticate_management_key(key, algorithm=algorithm),
        lambda: piv.import_key(Slot.SIGNATURE, EC_KEY),
        lambda: piv.import_key(Slot.KEY_MANAGEMENT, RSA_KEY),
        lambda: piv.write_certificate(Slot.SIGNATURE, certificate(EC_KEY.public_key)),
        lambda: CardKeyHolder(piv, pin=Pin(NEW_PIN)).sign(MESSAGE),
        lambda: list(CardKeyHolder(piv, pin=Pin(NEW_PIN)).sign_many([MESSAGE] * 2, consent=Consent(2, 9))),
        lambda: decrypt(piv, found),
        lambda: agree(piv, found),
        lambda: piv.put_object(Object.PRINTED_INFORMATION, PERSONAL * 9),
        lambda: piv.verify(Pin(NEW_PIN)),
        lambda: piv.get_object(Object.PRINTED_INFORMATION),
        lambda: piv.verify(Pin("1" * 9)),
        lambda: piv.set_management_key(key[:-1]),
    ):
        try:
            result = verb()
            said.append("" if isinstance(result, bytes) else repr(result))
        except EcardError as error:
            said.append(f"{error!r} {error} {error.__cause__!r} {error.__context__!r}")
    consented = ConsentedPin(value(Pin(NEW_PIN)), Consent(1, 1), clock=int)
    said.append(f"{piv!r} {piv.session!r} {consented!r} {AtTheReader(value(Pin(NEW_PIN)))!r}")


def decrypt(piv: PivSession, found: list[bytes]) -> None:
    key = card_private_key(piv, Slot.KEY_MANAGEMENT, RSA_KEY.public_key, pin=Pin(NEW_PIN))
    assert isinstance(key, rsa.RSAPrivateKey)
    secret = b"a session key of 32 random bytes"
    found.append(secret)
    assert key.decrypt(key.public_key().encrypt(secret, padding.PKCS1v15()), padding.PKCS1v15()) == secret


def agree(piv: PivSession, found: list[bytes]) -> None:
    peer = SoftwareKey.generate(KeyKind.P256).public_key.key_bits
    found.append(piv.agree(Slot.SIGNATURE, KeyKind.P256, peer, pin=Pin(NEW_PIN)))


def secrets(profile: str, found: list[bytes]) -> Iterator[bytes]:
    """What must stand nowhere. The factory's own PIN is left out: its digits occur in anything."""
    yield from (PUK.encode(), NEW_PIN.encode(), NEW_PUK.encode(), WRONG.encode(), PERSONAL[:16])
    yield management_key(profile)[0]
    numbers = RSA_KEY.native.private_numbers()  # type: ignore[union-attr]
    yield from (n.to_bytes(128, "big") for n in (numbers.p, numbers.q, numbers.dmp1, numbers.iqmp))  # type: ignore[union-attr]
    yield EC_KEY.native.private_numbers().private_value.to_bytes(32, "big")  # type: ignore[union-attr]
    yield from found


def forms(secret: bytes) -> Iterator[str]:
    for one_way in (secret, secret[::-1]):
        yield one_way.decode("latin-1")
        for shown in (one_way.hex(), one_way.hex(" "), one_way.hex(":"), b64encode(one_way).decode().rstrip("=")):
            yield shown
            yield shown.upper()
        yield repr(list(one_way))[1:-1]
        yield repr(one_way)[2:-1]
    yield str(int.from_bytes(secret, "big"))


@pytest.mark.parametrize("profile", sorted(PROFILES))
@pytest.mark.parametrize("extended", [None, False], ids=["as-the-card-says", "short"])
def test_no_secret_is_written_down(
    profile: str, extended: bool | None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, found, said = tmp_path / "trace", list[bytes](), list[str]()
    reader = TracedReader(InProcess(SimulatedCard.new(profile, seed=1)), path)
    with caplog.at_level(TRAFFIC), Session(reader, extended=extended) as session:
        work(PivSession(session), profile, found, said)
    logged = "\n".join(record.getMessage() for record in caplog.records)
    assert caplog.records
    assert all(record.levelno >= TRAFFIC for record in caplog.records)
    assert len(read_trace(path).exchanges) > 30
    for place, text in (("trace", path.read_text()), ("log", logged), ("messages", "\n".join(said))):
        for secret in secrets(profile, found):
            for form in forms(secret):
                assert form not in text, f"a secret of {len(secret)} bytes stands in the {place}"


def test_the_search_would_find_a_secret() -> None:
    assert NEW_PIN.encode().hex().upper() in forms(NEW_PIN.encode())
    assert logging.getLevelName(TRAFFIC)
