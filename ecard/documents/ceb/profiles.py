"""Signature profiles: which pair of algorithm names goes with which key. What is not in the table is refused."""

from __future__ import annotations

from enum import Enum
from typing import Final

from ecard.algorithms import Digest, KeyFamily, KeyKind, SignatureAlgorithm
from ecard.certificate import Certificate
from ecard.documents.ceb import names
from ecard.errors import UnsupportedAlgorithmError


class Profile(Enum):
    """A pair of algorithm names: (label, signature method, digest method, algorithm, digest)."""

    RSA_SHA1 = ("rsa-sha1", names.RSA_SHA1, names.SHA1, SignatureAlgorithm.RSA_SHA1, Digest.SHA1)
    """RSA cards, of 1024 bits too. SHA-1 is broken: allowed for customs messages alone, and named in every report."""
    SM2_SM3 = ("sm2-sm3", names.EPORT_SM2_SM3, names.EPORT_SM3, SignatureAlgorithm.SM2_SM3, Digest.SM3)
    """SM2 cards, with the official names of May 2022."""
    SM2_HYBRID = ("sm2-hybrid", names.HYBRID_SM2_SM3, names.SHA1, SignatureAlgorithm.SM2_SM3, Digest.SHA1)
    """SM2 cards as some programs use them: an unofficial name, and the message digested with SHA-1. On request only."""
    RSA_SHA256 = ("rsa-sha256", names.RSA_SHA256, names.SHA256, SignatureAlgorithm.RSA_SHA256, Digest.SHA256)
    """RSA keys of 2048 bits or more. In customs messages of the specification of 2018, no longer of 2022."""
    ECDSA_SHA256 = ("ecdsa-sha256", names.ECDSA_SHA256, names.SHA256, SignatureAlgorithm.ECDSA_SHA256, Digest.SHA256)
    """Keys on P-256 and P-384, outside the customs."""

    def __init__(
        self, label: str, signature_method: str, digest_method: str, algorithm: SignatureAlgorithm, digest: Digest
    ) -> None:
        self.label = label
        self.signature_method = signature_method
        self.digest_method = digest_method
        self.algorithm = algorithm
        self.digest = digest

    @property
    def weakness(self) -> str | None:
        """What a report has to say of the profile, if anything."""
        return _WEAKNESSES.get(self)

    def fits(self, kind: KeyKind) -> bool:
        """Whether a key of this kind can sign under the profile; RSA-1024 only under the legacy one."""
        if kind is KeyKind.RSA1024:
            return self is Profile.RSA_SHA1
        return kind.family is self.algorithm.family

    def require_fit(self, kind: KeyKind) -> None:
        """Raise UnsupportedAlgorithmError unless ``fits``."""
        if not self.fits(kind):
            raise UnsupportedAlgorithmError(f"profile {self.label} does not fit a key of kind {kind.value}")

    @staticmethod
    def for_certificate(certificate: Certificate, *, customs: bool = True) -> Profile:
        """What a certificate's key signs with: customs messages, or any other XML.

        Raises UnsupportedAlgorithmError for a key that has none: ECDSA at the customs, RSA-1024 elsewhere.
        """
        kind = certificate.public_key.kind
        profile = (_CUSTOMS if customs else _OTHER).get(kind.family)
        if profile is None:
            raise UnsupportedAlgorithmError(
                f"no customs message is signed with a key of kind {kind.value}",
                remedy="use the card of the Electronic Port, SM2 or RSA",
            )
        profile.require_fit(kind)
        return profile

    @staticmethod
    def by_methods(signature_method: str, digest_method: str) -> Profile:
        """The profile with this pair of names.

        UnsupportedAlgorithmError names what is wrong: an unknown name, or two names of different profiles.
        """
        try:
            return _BY_METHODS[signature_method, digest_method]
        except KeyError:
            raise UnsupportedAlgorithmError(_mismatch(signature_method, digest_method)) from None


CUSTOMS_SIGNING: Final = frozenset({Profile.RSA_SHA1, Profile.SM2_SM3, Profile.SM2_HYBRID})
"""What a customs message may be signed with (specification of May 2022, section 6, and the hybrid seen in use)."""
CUSTOMS_VERIFYING: Final = CUSTOMS_SIGNING | {Profile.RSA_SHA256}
"""What a customs message may have been signed with (with the specification of 2018, section 6)."""
OTHER_XML: Final = frozenset({Profile.SM2_SM3, Profile.RSA_SHA256, Profile.ECDSA_SHA256})
"""What any other XML may be signed with: no SHA-1."""

_CUSTOMS: Final = {KeyFamily.RSA: Profile.RSA_SHA1, KeyFamily.SM2: Profile.SM2_SM3}
_OTHER: Final = {
    KeyFamily.RSA: Profile.RSA_SHA256,
    KeyFamily.SM2: Profile.SM2_SM3,
    KeyFamily.EC: Profile.ECDSA_SHA256,
}
_BY_METHODS: Final = {(p.signature_method, p.digest_method): p for p in Profile}
_WEAKNESSES: Final = {
    Profile.RSA_SHA1: "legacy profile rsa-sha1: SHA-1 is broken, and accepted only because customs accept it",
    Profile.SM2_HYBRID: "unofficial hybrid of SM2 with a SHA-1 digest: SHA-1 is broken, and the name not official",
}


def _mismatch(signature_method: str, digest_method: str) -> str:
    unknown = [
        f"{what} {name[:120]!r} is not one of ecard's"
        for what, name, known in (
            ("SignatureMethod", signature_method, {p.signature_method for p in Profile}),
            ("DigestMethod", digest_method, {p.digest_method for p in Profile}),
        )
        if name not in known
    ]
    if unknown:
        return "; ".join(unknown)
    wanted = " or ".join(sorted(p.digest_method for p in Profile if p.signature_method == signature_method))
    return f"SignatureMethod {signature_method} goes with DigestMethod {wanted}, not with {digest_method}"
