"""A key in the compressed form is the same key: it gets no second certificate."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ecard import der
from ecard.algorithms import KeyKind
from ecard.errors import EcardError
from ecard.keys import PublicKey, SoftwareKey
from ecard.pki.authority import CertificateAuthority
from ecard.pki.identity import CardType
from ecard.pki.profile import CertificateSubject
from ecard.pki.requests import Request

NOW = datetime(2026, 5, 4, tzinfo=UTC)


def compressed(key: PublicKey) -> PublicKey:
    native = key.native
    point = (
        native.point(compressed=True)
        if key.kind is KeyKind.SM2
        else native.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)  # type: ignore[union-attr]
    )
    algorithm = der.parse(key.spki).children()[0].encoded
    return PublicKey.from_spki(der.sequence(algorithm, der.bit_string(point)))


@pytest.mark.parametrize("kind", [KeyKind.P256, KeyKind.P384, KeyKind.SM2])
def test_one_key_one_card_whatever_its_encoding(kind: KeyKind) -> None:
    key = SoftwareKey.generate(kind).public_key
    again = compressed(key)
    assert again.spki != key.spki
    assert again.canonical == key.canonical == key.spki
    authority = CertificateAuthority.create_root("Root", at=NOW).create_subordinate("Issuing", at=NOW)

    def subject(number: str) -> CertificateSubject:
        return CertificateSubject(
            holder_name="甲某",
            enterprise_name="示例进出口有限公司",
            organisation_code="M000100Y4",
            card_number=number,
            card_type=CardType.OPERATOR,
        )

    authority.issue(Request(key, None, b""), subject("03-JJ0A900000001"), at=NOW)
    with pytest.raises(EcardError, match="key"):
        authority.issue(Request(again, None, b""), subject("03-JJ0A900000002"), at=NOW)
