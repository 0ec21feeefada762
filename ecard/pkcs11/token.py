"""A session with a PKCS#11 token: found by its label, logged in to once, never at the risk of its PIN.

The state of the PIN is read before it is sent: neither a blocked PIN nor, unless the caller insists, the last try is
spent. (PKCS#11 v2.40, sections 3.2 and 5.6.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from ecard import der
from ecard.certificate import Certificate
from ecard.errors import (
    CardBusyError,
    CardConnectionError,
    EncodingError,
    InvalidInputError,
    LastPinTryError,
    NoCardError,
    NoCardReason,
    ObjectNotFoundError,
    PinError,
    PinFormatError,
    TokenError,
    WrongPinError,
)
from ecard.keys import PublicKey
from ecard.pin import Pin, PinRequest, PinSupplier, as_supplier
from ecard.pkcs11.key import Pkcs11Key
from ecard.pkcs11.library import blocked, call, library, read

_RSA_KEY: Final = "1.2.840.113549.1.1.1"
_EC_KEY: Final = "1.2.840.10045.2.1"
_MAX_OBJECTS: Final = 256
T = TypeVar("T")


class Pkcs11Token:
    """A session with the token of that ``label``, behind the PKCS#11 library at ``module``.

    Used in a ``with`` block: entering it logs in, leaving it logs out. One session per process and token at a time.
    ``pin`` is asked once and, for keys that want the PIN always (CKA_ALWAYS_AUTHENTICATE), before each signature; after
    a PIN that the token did not take, nothing more is sent in the session. python-pkcs11 copies the PIN, and does not
    overwrite the copies.

    Entering raises MissingDependencyError, InvalidInputError (``module`` is no PKCS#11 library, or several tokens have
    the label), NoCardError (none has), CardBusyError, PinBlockedError, LastPinTryError, WrongPinError, PinFormatError,
    what ``pin`` raises, and other CardErrors from the token.
    """

    def __init__(
        self, module: str | Path, label: str, *, pin: Pin | PinSupplier, act: str = "sign", use_last_try: bool = False
    ) -> None:
        self.label: Final = label
        """The label of the token. A card's may be its holder's name: it is in no message and no ``repr``."""
        self._module: Final = str(module)
        self._pin: Final = as_supplier(pin)
        self._act: Final = act
        self._use_last_try: Final = use_last_try
        self._slot: Any = None
        self._session: Any = None
        self._refused = False

    def __enter__(self) -> Self:
        if self._session is not None:
            raise CardBusyError("this session with the token is open already")
        self._slot = self._find().slot
        self._refused = False
        self._session = self._with_pin(lambda pin: self._slot.get_token().open(user_pin=pin))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        session, self._session = self._session, None
        # a token that was taken out has forgotten the login by itself
        with suppress(library().PKCS11Error):
            session.close()

    def __repr__(self) -> str:
        return f"<Pkcs11Token{'' if self._session is None else ', logged in'}>"

    def key(self, *, label: str | None = None, id: bytes | None = None) -> Pkcs11Key:
        """The private key with this CKA_LABEL, CKA_ID, or both, and its public half, for as long as the session lasts.

        Raises ObjectNotFoundError where there is none or its public half is not on the token, InvalidInputError where
        there are several, UnsupportedAlgorithmError for a key that is neither RSA nor on P-256 or P-384.
        """
        attribute, classes = library().Attribute, library().ObjectClass
        named = {attribute.LABEL: label, attribute.ID: id}
        wanted = {name: value for name, value in named.items() if value is not None}
        if not wanted:
            raise InvalidInputError("the key on the token is not named", remedy="give its label or its id")
        _require_text(label or "", "the key's label")
        found = self.objects({attribute.CLASS: classes.PRIVATE_KEY} | wanted)
        if not found:
            raise ObjectNotFoundError("the token has no such private key")
        if len(found) > 1:
            raise InvalidInputError("the token has several such private keys", remedy="give label and id")
        return Pkcs11Key(self, found[0], self._public_key(found[0]))

    def certificates(self, id: bytes | None = None) -> list[Certificate]:
        """The X.509 certificates on the token, or those with a CKA_ID; what is no certificate is passed over."""
        attribute, lib = library().Attribute, library()
        wanted = {
            attribute.CLASS: lib.ObjectClass.CERTIFICATE,
            attribute.CERTIFICATE_TYPE: lib.CertificateType.X_509,
        }
        certificates = []
        for one in self.objects(wanted if id is None else wanted | {attribute.ID: id}):
            with suppress(EncodingError):
                certificates.append(Certificate(bytes(read(one, attribute.VALUE))))
        return certificates

    def objects(self, wanted: Mapping[Any, Any]) -> list[Any]:
        """The objects of python-pkcs11 that have these attributes, at most 256. Raises CardError."""
        session = self._open_session()
        return call("search", lambda: list(session.get_objects(dict(wanted)))[:_MAX_OBJECTS])

    def use(self, private: Any, data: bytes, mechanism: Any) -> bytes:
        """What the token makes of ``data`` with a private key and a signing mechanism. Raises CardError, PinError."""
        self._open_session()
        if read(private, library().Attribute.ALWAYS_AUTHENTICATE, False):
            return bytes(self._with_pin(lambda pin: private.sign(data, mechanism=mechanism, pin=pin)))
        return bytes(call("sign", lambda: private.sign(data, mechanism=mechanism)))

    def _open_session(self) -> Any:
        if self._session is None:
            raise CardConnectionError("there is no session with the token", remedy="use it inside a with block")
        return self._session

    def _find(self) -> Any:
        lib = library()
        _require_text(self._module, "the path of the PKCS#11 library")
        try:
            module = lib.lib(self._module)
        except lib.PKCS11Error as error:
            raise InvalidInputError(f"{self._module} is no PKCS#11 library that works here: {error}") from None
        found = []
        for slot in call("be found", lambda: module.get_slots(token_present=True)):
            with suppress(lib.PKCS11Error, UnicodeDecodeError):  # another token that is out of order
                found.append(slot.get_token())
        fitting = [token for token in found if token.label == self.label]
        if not fitting:
            raise NoCardError(
                "there is no token with this label",
                reason=NoCardReason.NO_CARD,
                remedy="insert it, or check the label",
            )
        if len(fitting) > 1:
            raise InvalidInputError(f"{len(fitting)} tokens have this label", remedy="leave only one in")
        return fitting[0]

    def _flags(self) -> Any:
        """The token's flags as they are now."""
        return call("tell its state", lambda: self._slot.get_token().flags)

    def _with_pin(self, act: Callable[[str], T]) -> T:
        """Do something that wants the PIN, which is sent once; after one that the token did not take, never again."""
        if self._refused:
            raise PinError("the token refused a PIN in this session", remedy="check the PIN, and open a new session")
        flags, known = self._flags(), library().TokenFlag
        if flags & known.USER_PIN_LOCKED:
            raise blocked()
        last = bool(flags & known.USER_PIN_FINAL_TRY)
        if last and not self._use_last_try:
            raise LastPinTryError(
                "one try is left before the PIN of the token is blocked",
                remedy="if you are sure of the PIN, open the token with use_last_try",
            )
        where = f"the token in {self._slot.slot_description.strip()}"
        with self._pin(PinRequest(where, self._act, 1 if last else None)) as pin:
            try:
                return call("take the PIN", lambda: act(pin.reveal().decode("ascii")))
            except (WrongPinError, PinFormatError) as error:
                self._refused = True
                raise self._told(error) from None

    def _told(self, error: PinError) -> PinError:
        """The error with what the token says of the tries that are left: the last one or none; more, it never says."""
        if not isinstance(error, WrongPinError):
            return error
        flags, known = self._flags(), library().TokenFlag
        if flags & known.USER_PIN_LOCKED:
            return blocked()
        last = bool(flags & known.USER_PIN_FINAL_TRY)
        return WrongPinError(f"{error.what}{', one try left' if last else ''}", tries_left=1 if last else None)

    def _public_key(self, private: Any) -> PublicKey:
        attribute, classes = library().Attribute, library().ObjectClass
        id = read(private, attribute.ID, b"")
        same = {attribute.ID: id} if id else {attribute.LABEL: read(private, attribute.LABEL, "")}
        public = self.objects({attribute.CLASS: classes.PUBLIC_KEY} | same)
        for one in (*public, private):
            with suppress(TokenError, EncodingError):
                return PublicKey.from_spki(_spki(one))
        certificates = self.certificates(id) if id else []
        if not certificates:
            raise ObjectNotFoundError("neither the public key nor a certificate of the private key is on the token")
        return certificates[0].public_key


def _require_text(text: str, what: str) -> None:
    """Raise InvalidInputError for a text that UTF-8 has no bytes for: python-pkcs11 crashes the process over it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidInputError(f"{what} holds bytes that are no UTF-8", remedy="give it another name") from None


def _spki(key: Any) -> bytes:
    """The SubjectPublicKeyInfo of a public key, or of an RSA private key that tells it."""
    attribute, types = library().Attribute, library().KeyType
    if read(key, attribute.KEY_TYPE) == types.RSA:
        numbers = (bytes(read(key, name)) for name in (attribute.MODULUS, attribute.PUBLIC_EXPONENT))
        bits = der.sequence(*(der.integer(int.from_bytes(number, "big")) for number in numbers))
        return der.sequence(der.sequence(der.oid(_RSA_KEY), der.null()), der.bit_string(bits))
    point = bytes(read(key, attribute.EC_POINT))
    # the standard has the point in an OCTET STRING; some tokens give it bare
    with suppress(EncodingError):
        point = der.parse(point, "EC_POINT").expect(der.OCTET_STRING, "an OCTET STRING").content
    algorithm = der.sequence(der.oid(_EC_KEY), bytes(read(key, attribute.EC_PARAMS)))
    return der.sequence(algorithm, der.bit_string(point))
