"""Key holders: nothing leaves one that does not verify against its certificate."""

from __future__ import annotations

import pytest

from ecard.algorithms import KeyKind, Signature, SignatureAlgorithm
from ecard.certificate import Certificate
from ecard.errors import InvalidSignatureError, UnsupportedAlgorithmError, WrongCardError
from ecard.keyholder import KeyHolder, SoftwareKeyHolder
from tests.documents.world import KINDS, World, key_of, world

MESSAGE = b"message"


class Faulty(KeyHolder):
    """Carries one certificate and answers with whatever it was given."""

    def __init__(self, certificate: Certificate, answer: Signature) -> None:
        self._certificate = certificate
        self._answer = answer

    @property
    def certificate(self) -> Certificate:
        return self._certificate

    def _sign(self, message: bytes, algorithm: SignatureAlgorithm) -> Signature:
        return self._answer


@pytest.mark.parametrize("kind", KINDS)
def test_a_holder_signs(kind: KeyKind) -> None:
    holder = world(kind).operator
    signature = holder.sign(MESSAGE)
    assert signature.algorithm is holder.algorithm
    holder.certificate.public_key.verify(signature, MESSAGE)
    assert holder.chain == (world(kind).issuing.certificate,)
    assert Faulty(holder.certificate, signature).chain == ()


def test_another_algorithm_can_be_asked_for() -> None:
    assert world(KeyKind.P256).operator.sign(MESSAGE, SignatureAlgorithm.ECDSA_SHA512).algorithm.digest.size == 64
    with pytest.raises(UnsupportedAlgorithmError):
        world(KeyKind.P256).operator.sign(MESSAGE, SignatureAlgorithm.RSA_SHA256)


def test_a_certificate_of_another_key_is_refused_at_once() -> None:
    centre = World(KeyKind.P256)
    with pytest.raises(WrongCardError):
        SoftwareKeyHolder(key_of(KeyKind.P256, "another"), centre.operator.certificate)


@pytest.mark.parametrize("kind", KINDS)
def test_a_signature_of_another_key_or_message_does_not_leave(kind: KeyKind) -> None:
    operator, other = world(kind).operator, world(kind).legal_person
    for answer in (other.sign(MESSAGE), operator.sign(b"another"), Signature(operator.algorithm, b"")):
        with pytest.raises(InvalidSignatureError, match="just made"):
            Faulty(operator.certificate, answer).sign(MESSAGE)


def test_a_signature_of_another_algorithm_does_not_leave() -> None:
    operator = world(KeyKind.P256).operator
    answer = operator.sign(MESSAGE, SignatureAlgorithm.ECDSA_SHA384)
    with pytest.raises(InvalidSignatureError, match="instead of ECDSA-SHA256"):
        Faulty(operator.certificate, answer).sign(MESSAGE)
