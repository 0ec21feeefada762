"""The text of payment data: what is signed and what is posted, made of the same four pieces, so they cannot differ."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import urlencode


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentText:
    """The four pieces, byte for byte as they are signed and posted. Not in ``repr``: they hold account data."""

    session_id: str
    head: str = field(repr=False)
    """JSON of payExchangeInfoHead."""
    lists: str = field(repr=False)
    """JSON of payExchangeInfoLists."""
    service_time: str
    """Milliseconds since 1970 in digits."""

    def signed_bytes(self) -> bytes:
        """What is signed: the JSON stands raw between the quotation marks, and no newline follows."""
        return (
            f'"sessionID":"{self.session_id}"||"payExchangeInfoHead":"{self.head}"'
            f'||"payExchangeInfoLists":"{self.lists}"||"serviceTime":"{self.service_time}"'
        ).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedPayment:
    """Payment data with its signature, ready to be posted, or as it was posted."""

    text: PaymentText
    certificate_number: str
    """certNo."""
    signature: bytes = field(repr=False)
    """The signature value: r || s for SM2, the octets for RSA."""

    def payload(self) -> str:
        """What is posted as ``payExInfoStr``: one JSON object."""
        return (
            f'{{"sessionID":"{self.text.session_id}","payExchangeInfoHead":{self.text.head},'
            f'"payExchangeInfoLists":{self.text.lists},"serviceTime":"{self.text.service_time}",'
            f'"certNo":"{self.certificate_number}","signValue":"{b64encode(self.signature).decode()}"}}'
        )

    def form(self) -> bytes:
        """The body of the request, application/x-www-form-urlencoded."""
        return urlencode({"payExInfoStr": self.payload()}).encode()
