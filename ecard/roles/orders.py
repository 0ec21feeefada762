"""Orders and receipts: canonical JSON, signed as CMS messages by whoever gives them.

Source: docs/life-cycle.md, "Orders"; RFC 5652 for the signature.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar

from ecard.documents import cms
from ecard.documents.report import Report
from ecard.documents.signers import SignerPolicy, UnsafeAnyone
from ecard.errors import EncodingError, InvalidInputError
from ecard.keyholder import KeyHolder
from ecard.pki.policy import Revocation, ValidationPolicy
from ecard.pki.trust import Trust
from ecard.roles import canonical, moments
from ecard.roles.acts import Act, Channel
from ecard.roles.canonical import Json

MAX_SIGNATURE: Final = 64 * 1024
_NUMBER: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)
_SUBJECT: Final = re.compile(r"[a-z-]{1,20}(?:/[0-9A-Za-z-]{1,32}){0,2}", re.ASCII)
_FIELDS: Final = {"number", "moment", "act", "subject", "base", "channel", "details", "version"}
_RECEIPT_FIELDS: Final = {"number", "order", "sequence", "moment", "previous", "version"}
_VERSION: Final = 1
_Word = TypeVar("_Word", Act, Channel)

REGISTER_JUDGES: Final = ValidationPolicy(revocation=Revocation.UNSAFE_NOT_CHECKED)
"""The policy for signatures in orders: whether the card was lost, frozen or void is judged by the register itself,
inside the transaction that carries out the order, where a CRL could only be older."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What somebody asks the data centre to do.

    ``subject`` names what it is about (``card/03-JJ0A900000002``, ``enterprise/M000100Y4``), ``base`` is the sequence
    number of the last entry that changed it, 0 where it does not exist. Raises InvalidInputError for fields that
    have not their shape.
    """

    act: Act
    subject: str
    base: int
    moment: datetime
    """When it was written, by the sender's clock. It takes effect when the centre receives it."""
    channel: Channel = Channel.ONLINE
    details: Mapping[str, Json] = field(default_factory=dict, repr=False)
    number: str = field(default_factory=lambda: secrets.token_hex(16))
    """128 random bits in hexadecimal: no two orders have the same."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "moment", moments.whole(self.moment))
        if not _NUMBER.fullmatch(self.number):
            raise InvalidInputError("an order's number is 32 digits of hexadecimal")
        if not _SUBJECT.fullmatch(self.subject):
            raise InvalidInputError("an order's subject is written as kind/name")
        if isinstance(self.base, bool) or not 0 <= self.base < 2**53:
            raise InvalidInputError("an order's base is a sequence number")

    def encode(self) -> bytes:
        """The order as canonical JSON."""
        return canonical.encode(
            {
                "version": _VERSION,
                "number": self.number,
                "moment": moments.write(self.moment),
                "act": self.act.value,
                "subject": self.subject,
                "base": self.base,
                "channel": self.channel.value,
                "details": self.details,
            }
        )

    @staticmethod
    def decode(body: bytes) -> Order:
        """Read an order. Raises EncodingError where it is none, or is not canonical."""
        value = canonical.decode(body, "order")
        _require_fields(value, _FIELDS, "order")
        base, details, subject = value["base"], value["details"], value["subject"]
        shapes = isinstance(base, int) and isinstance(details, dict) and isinstance(subject, str)
        if not shapes or not isinstance(value["number"], str):
            raise EncodingError("a field of the order is of the wrong kind")
        try:
            return Order(
                act=_word(Act, value["act"]),
                subject=subject,
                base=base,
                moment=moments.read(value["moment"]),
                channel=_word(Channel, value["channel"]),
                details=details,
                number=value["number"],
            )
        except EncodingError:
            raise
        except InvalidInputError as error:
            raise EncodingError(str(error)) from None

    def sign(self, holder: KeyHolder) -> Signed:
        """The order with the signature of whoever gives it. Raises what the holder's ``sign`` raises."""
        return Signed.make(self.encode(), holder, at=self.moment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The centre's answer: the order was carried out, with effect from ``moment``, as entry ``sequence``."""

    number: str
    """Of the order."""
    order: str
    """SHA-256 of the order, in hexadecimal."""
    sequence: int
    moment: datetime
    previous: str
    """The hash of the log up to the entry before, in hexadecimal: it binds the receipt to all that was before."""

    def encode(self) -> bytes:
        """The receipt as canonical JSON."""
        return canonical.encode(
            {
                "version": _VERSION,
                "number": self.number,
                "order": self.order,
                "sequence": self.sequence,
                "moment": moments.write(self.moment),
                "previous": self.previous,
            }
        )

    @staticmethod
    def decode(body: bytes) -> Receipt:
        """Read a receipt. Raises EncodingError where it is none, or is not canonical."""
        value = canonical.decode(body, "receipt")
        _require_fields(value, _RECEIPT_FIELDS, "receipt")
        texts = (value["number"], value["order"], value["previous"])
        sequence = value["sequence"]
        if not all(isinstance(text, str) for text in texts) or type(sequence) is not int:
            raise EncodingError("a field of the receipt is of the wrong kind")
        return Receipt(
            number=value["number"],
            order=value["order"],
            sequence=sequence,
            moment=moments.read(value["moment"]),
            previous=value["previous"],
        )


@dataclass(frozen=True, slots=True)
class Signed:
    """An order or a receipt as bytes, with its detached CMS signature."""

    body: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    @staticmethod
    def make(body: bytes, holder: KeyHolder, *, at: datetime) -> Signed:
        """Sign ``body``. Raises what the holder's ``sign`` raises."""
        return Signed(body, cms.sign(body, holder, at=at))

    def inspect(self, *, trust: Trust, at: datetime, signer: SignerPolicy | None = None) -> Report:
        """The report on the signature, revocation left to the register (see ``REGISTER_JUDGES``)."""
        policy = signer or UnsafeAnyone()
        return cms.inspect(self.body, self.signature, trust=trust, signer=policy, at=at, policy=REGISTER_JUDGES)

    @property
    def sha256(self) -> str:
        """SHA-256 of the body, in hexadecimal."""
        return hashlib.sha256(self.body).hexdigest()

    def pack(self) -> bytes:
        """Both in one file: canonical JSON with the parts in Base64."""
        return canonical.encode(
            {"body": b64encode(self.body).decode(), "signature": b64encode(self.signature).decode()}
        )

    @staticmethod
    def unpack(data: bytes) -> Signed:
        """Read what ``pack`` wrote. Raises EncodingError."""
        value = canonical.decode(data, "file of the order")
        _require_fields(value, {"body", "signature"}, "file of the order")
        try:
            return Signed(b64decode(value["body"], validate=True), b64decode(value["signature"], validate=True))
        except (ValueError, TypeError):
            raise EncodingError("the parts of the file are not Base64") from None


def _require_fields(value: dict[str, Any], fields: set[str], what: str) -> None:
    if set(value) != fields:
        missing, more = sorted(fields - set(value)), len(set(value) - fields)
        raise EncodingError(f"the {what} lacks {', '.join(missing) or 'nothing'} and has {more} unknown fields")
    version = value.get("version", _VERSION)
    if isinstance(version, bool) or version != _VERSION:  # True is 1
        raise EncodingError(f"the {what} is of another version")


def _word(kind: type[_Word], text: object) -> _Word:
    try:
        return kind(text)
    except ValueError:
        raise EncodingError(f"the order's {kind.__name__.lower()} is not known") from None
