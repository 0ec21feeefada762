"""An invented data centre for these tests: authorities of both generations, and cards of one enterprise."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from ecard.algorithms import KeyKind, SignatureAlgorithm
from ecard.certificate import Certificate
from ecard.keyholder import KeyHolder, SoftwareKeyHolder
from ecard.keys import SoftwareKey
from ecard.pki import profile
from ecard.pki.authority import CertificateAuthority
from ecard.pki.crl import Crl
from ecard.pki.evidence import Evidence
from ecard.pki.identity import CardType
from ecard.pki.issuing import CertificateBody, add_years, sign_certificate
from ecard.pki.names import build_name
from ecard.pki.profile import CertificateSubject, PublicationPoints, Usage
from ecard.pki.profile_oids import COMMON_NAME, COUNTRY
from ecard.pki.trust import Trust

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
ORGANISATION = "M000100Y4"
CREDIT = "91350100M000100Y43"
OTHER_CREDIT = "91110000M000200X0Q"
ENTERPRISE = "示例进出口有限公司"


@dataclass(frozen=True)
class Card:
    """A card's key holder, and the trust under which it is good."""

    holder: KeyHolder
    trust: Trust

    @property
    def certificate(self) -> Certificate:
        return self.holder.certificate


@cache
def key(kind: KeyKind, label: str = "card") -> SoftwareKey:
    return SoftwareKey.generate(kind)


def subject(card_type: CardType, number: str) -> CertificateSubject:
    return CertificateSubject(
        holder_name="甲某",
        enterprise_name=ENTERPRISE,
        organisation_code=ORGANISATION,
        card_number=number,
        card_type=card_type,
    )


@cache
def authority(kind: KeyKind) -> CertificateAuthority:
    return CertificateAuthority.create_root("示例业务证书管理中心", at=BEGIN, key=kind)


@cache
def card(kind: KeyKind, card_type: CardType = CardType.OPERATOR, usage: Usage = Usage.SIGNING) -> Card:
    """A card of the present generation; its authority has a key of the same kind."""
    centre = authority(kind)
    number = f"03-JJ0A9{list(CardType).index(card_type):03d}{list(Usage).index(usage):05d}"
    own = key(kind, f"{card_type} {usage}")
    issued = centre.issue_for_key(own.public_key, subject(card_type, number), at=BEGIN, usage=usage)
    return Card(SoftwareKeyHolder(own, issued), trust_in(centre))


def trust_in(centre: CertificateAuthority, at: datetime = BEGIN) -> Trust:
    crl = Crl(centre.crl(at=at, next_update=at + timedelta(days=400)))
    return Trust([centre.certificate], evidence=Evidence([crl]))


@cache
def legacy_card(bits: int = 1024) -> Card:
    """A card of the RSA generation: RSA with 1024 bits, SHA-1 throughout, a serial number of four octets."""
    kind = KeyKind(f"rsa{bits}")
    root, own = key(kind, "legacy root"), key(kind, "legacy card")
    name = build_name((COUNTRY, "CN"), (COMMON_NAME, "示例旧业务证书管理中心"))
    issuer = _legacy(root, 1, name, root, name, profile.root_extensions(root.public_key))
    placement = profile.Placement(root.public_key, PublicationPoints(), "crl030000")
    who = subject(CardType.LEGAL_PERSON, "JJ0A900000001")
    extensions = profile.card_extensions(who, Usage.SIGNING, key=own.public_key, placement=placement)
    issued = _legacy(own, 0x01ABCDEF, profile.card_subject_name(who), root, name, extensions)
    return Card(SoftwareKeyHolder(own, issued), Trust([issuer], evidence=Evidence([legacy_crl(issuer, root)])))


def card_named(name: str) -> Card:
    """The cards that tests take turns with."""
    return legacy_card() if name == "legacy" else card(KeyKind(name))


def _legacy(
    own: SoftwareKey, serial: int, name: bytes, root: SoftwareKey, issuer: bytes, extensions: tuple[bytes, ...]
) -> Certificate:
    body = CertificateBody(
        serial=serial,
        not_before=BEGIN,
        not_after=add_years(BEGIN, 10),
        subject=name,
        public_key=own.public_key,
        extensions=extensions,
    )
    sha1 = SignatureAlgorithm.RSA_SHA1
    return sign_certificate(body, issuer=issuer, algorithm=sha1, sign=lambda tbs: root.sign(tbs, sha1))


def legacy_crl(issuer: Certificate, root: SoftwareKey) -> Crl:
    from ecard.pki.crl_writer import CrlHeader, crl

    header = CrlHeader(
        number=1,
        this_update=BEGIN,
        next_update=BEGIN + timedelta(days=400),
        base=None,
        distribution_point=None,
        freshest=None,
        expired_since=BEGIN,
    )
    return Crl(crl(header, [], SoftwareKeyHolder(root, issuer)))
