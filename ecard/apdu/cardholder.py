"""A card's key and certificate as a KeyHolder."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from ecard.algorithms import Signature, SignatureAlgorithm
from ecard.apdu.consent import Consent, ConsentedPin
from ecard.apdu.pinpad import AtTheReader, Feature
from ecard.apdu.piv import PivSession
from ecard.apdu.words import Slot
from ecard.certificate import Certificate
from ecard.errors import PinError
from ecard.keyholder import KeyHolder
from ecard.pin import Pin, PinSupplier, as_supplier


class CardKeyHolder(KeyHolder):
    """The key in a slot of a PIV card, with the certificate that the card carries for it.

    The certificate is read when it is first needed, unless it is given; the issuers' certificates likewise. ``pin``
    is asked only when the key wants the PIN; for a key that always wants it, at every signature. The holder lives as
    long as the session of ``piv``.
    """

    def __init__(
        self,
        piv: PivSession,
        slot: Slot = Slot.SIGNATURE,
        *,
        pin: Pin | PinSupplier,
        certificate: Certificate | None = None,
        act: str = "sign",
        use_last_try: bool = False,
    ) -> None:
        self.piv: Final = piv
        self.slot: Final = slot
        self._pin: Final = as_supplier(pin)
        self._certificate = certificate
        self._chain: Sequence[Certificate] | None = None
        self._act: Final = act
        self._use_last_try: Final = use_last_try

    @property
    def certificate(self) -> Certificate:
        """The certificate of the slot. Raises ObjectNotFoundError where the card carries none."""
        if self._certificate is None:
            self._certificate = self.piv.read_certificate(self.slot)
        return self._certificate

    @property
    def chain(self) -> Sequence[Certificate]:
        """The issuers' certificates that the card carries, the nearest issuer first, others after them."""
        if self._chain is None:
            self._chain = _in_order(self.certificate, self.piv.read_issuers())
        return self._chain

    def _sign(self, message: bytes, algorithm: SignatureAlgorithm) -> Signature:
        return self.sign_with(self._pin, self._act, message, algorithm)

    def sign_with(self, pin: PinSupplier, act: str, message: bytes, algorithm: SignatureAlgorithm) -> Signature:
        """Sign ``message`` with the PIN of another supplier. The signature is not verified: ``sign`` does that."""
        public_key = self.certificate.public_key
        return self.piv.sign_digest(
            self.slot,
            public_key.kind,
            public_key.digest(message, algorithm),
            algorithm,
            pin=pin,
            act=act,
            use_last_try=self._use_last_try,
        )

    @contextmanager
    def consented(self, consent: Consent, *, clock: Callable[[], float] = time.monotonic) -> Iterator[KeyHolder]:
        """A key holder that signs with this key as far as ``consent`` goes, asking for the PIN once.

        A key that wants the PIN always gets it before each signature, within the session's transaction; with a PIN
        pad the holder types it each time. Past the consent, or after a PIN that the card did not take, the holder
        raises ConsentExceededError. The PIN is overwritten at the end of the ``with`` block. ``clock`` counts seconds.
        """
        with ConsentedPin(self._pin, consent, clock=clock) as pin:
            at_pad = isinstance(self._pin, AtTheReader) and Feature.VERIFY_PIN_DIRECT in self.piv.session.features
            yield _ConsentedHolder(self, pin, self._pin if at_pad else pin, f"sign up to {consent.most} documents")

    def sign_many(
        self, messages: Iterable[bytes], *, consent: Consent, clock: Callable[[], float] = time.monotonic
    ) -> Iterator[Signature]:
        """Sign the messages one after the other, each signature verified, within ``consent``.

        Raises what ``sign`` raises, and ConsentExceededError before a signature beyond the consent.
        """
        with self.consented(consent, clock=clock) as holder:
            for message in messages:
                yield holder.sign(message)

    def __repr__(self) -> str:
        return f"<CardKeyHolder slot {self.slot:02X} of {self.piv!r}>"


class _ConsentedHolder(KeyHolder):
    """The card's key for the length of a consent."""

    def __init__(self, holder: CardKeyHolder, consent: ConsentedPin, supplier: PinSupplier, act: str) -> None:
        self._holder = holder
        self._consent = consent
        self._supplier = supplier
        self._act = act

    @property
    def certificate(self) -> Certificate:
        return self._holder.certificate

    @property
    def chain(self) -> Sequence[Certificate]:
        return self._holder.chain

    def _sign(self, message: bytes, algorithm: SignatureAlgorithm) -> Signature:
        self._consent.spend()
        try:
            return self._holder.sign_with(self._supplier, self._act, message, algorithm)
        except PinError:
            self._consent.withdraw()
            raise


def _in_order(certificate: Certificate, issuers: Sequence[Certificate]) -> Sequence[Certificate]:
    """The issuers sorted by whose certificate each issued; what is on no path keeps its place at the end."""
    path: list[Certificate] = []
    left = list(issuers)
    while issuer := next((c for c in left if c.subject == certificate.issuer), None):
        path.append(issuer)
        left.remove(issuer)
        certificate = issuer
    return (*path, *left)
