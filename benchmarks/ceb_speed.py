"""Signing and verifying a 10 KiB XML message, against the least that any program must do, and against peers.

Run from the repository's root: ``python -m benchmarks.ceb_speed``. Every figure is CPU time, the peers take turns in
short slices, and a ratio is the median of the ratios of the rounds, so a busy machine moves all peers alike.

    bound        parse with lxml, canonicalise, digest, and one operation of the key
    ecard        everything that ``ceb.sign`` and ``ceb.verify`` do; the certificate's path is judged, its verdict hot
    xmlsec       the binding to libxmlsec, with the key given: no certificate is judged
    signxml      with the certificate given: no path is judged

The customs' profiles are compared with the bound, the profile for other XML with the peers too. ``sign`` is without
the card's time: the card answers at once with a signature that was made before, and ecard verifies it.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

from lxml import etree

from ecard.algorithms import Digest, KeyKind, Signature, SignatureAlgorithm
from ecard.certificate import Certificate
from ecard.documents import ceb
from ecard.documents.ceb import Profile
from ecard.documents.signers import AnyOperator
from ecard.keyholder import KeyHolder, SoftwareKeyHolder
from ecard.keys import SoftwareKey
from ecard.pki.authority import CertificateAuthority
from ecard.pki.crl import Crl
from ecard.pki.evidence import Evidence
from ecard.pki.identity import CardType
from ecard.pki.profile import CertificateSubject, Usage
from ecard.pki.trust import Trust

CODE = "M000100Y4"
BEGIN = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SIZE = 10 * 1024
WANTED = 0.6
"""The least ratio to the bound."""
Act = Callable[[], object]


def message(root: str, namespace: str) -> bytes:
    """A message of about ``SIZE`` bytes: lines of an inventory, as real ones look."""
    line = (
        "\t\t<m:InventoryList>\n\t\t\t<m:gnum>{0}</m:gnum>\n\t\t\t<m:itemNo>AF001-{0:03d}</m:itemNo>\n"
        "\t\t\t<m:gname>示例商品</m:gname>\n\t\t\t<m:qty>100</m:qty>\n\t\t\t<m:price>20.50</m:price>\n"
        "\t\t\t<m:note></m:note>\n\t\t</m:InventoryList>\n"
    )
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<m:{root} guid="G" version="1.0" xmlns:m="{namespace}">\n'
    codes = "<m:agentCode>1101110325</m:agentCode>\n\t\t\t<m:ebcCode>1101110325</m:ebcCode>"
    body = f"\t<m:Inventory>\n\t\t<m:InventoryHead>\n\t\t\t{codes}\n\t\t</m:InventoryHead>\n"
    number = 0
    while len((head + body).encode()) < SIZE:
        number += 1
        body += line.format(number)
    return f"{head}{body}\t</m:Inventory>\n\t<m:BaseTransfer/>\n</m:{root}>\n".encode()


class Prompt(KeyHolder):
    """A card that takes no time: it answers with the signature that it made of the same text before."""

    def __init__(self, holder: KeyHolder) -> None:
        self._holder = holder
        self._made: dict[bytes, Signature] = {}

    @property
    def certificate(self) -> Certificate:
        """The certificate of the holder behind it."""
        return self._holder.certificate

    def _sign(self, message: bytes, algorithm: SignatureAlgorithm) -> Signature:
        if message not in self._made:
            self._made[message] = self._holder.sign(message, algorithm)
        return self._made[message]


@dataclass(frozen=True)
class Card:
    """A key, its holder, and the trust under which it is good."""

    key: SoftwareKey
    holder: KeyHolder
    trust: Trust


def card(kind: KeyKind) -> Card:
    """An operator card with a key of a kind, of an authority with one too."""
    root = CertificateAuthority.create_root("示例业务证书管理中心", at=BEGIN, key=kind)
    key = SoftwareKey.generate(kind)
    subject = CertificateSubject(
        holder_name="甲某",
        enterprise_name="示例进出口有限公司",
        organisation_code=CODE,
        card_number="03-JJ0A900000002",
        card_type=CardType.OPERATOR,
    )
    certificate = root.issue_for_key(key.public_key, subject, at=BEGIN, usage=Usage.SIGNING)
    crl = Crl(root.crl(at=BEGIN, next_update=NOW + timedelta(days=7)))
    trust = Trust([root.certificate], evidence=Evidence([crl]))
    return Card(key, SoftwareKeyHolder(key, certificate), trust)


def bound(data: bytes, profile: Profile, key: SoftwareKey) -> Act:
    """What neither signing nor verifying can do without."""
    text = b"1" * 729
    made = key.sign(text, profile.algorithm)
    parser: Any = etree.XMLParser(resolve_entities=False, no_network=True)
    digest: Digest = profile.digest

    def least() -> None:
        tree = etree.fromstring(data, parser).getroottree()
        digest.hash(etree.tostring(tree, method="c14n", with_comments=False))
        key.public_key.verify(made, text)

    return least


def acts(data: bytes, profile: Profile, with_key: Card, *, other_xml: bool) -> dict[str, dict[str, Act]]:
    """By act, then by peer; the bound stands first."""
    holder, trust, signer = Prompt(with_key.holder), with_key.trust, AnyOperator(of=CODE)
    signed = ceb.sign(data, holder, profile=profile, other_xml=other_xml)
    least = bound(signed, profile, with_key.key)

    def verify() -> object:
        return ceb.verify(signed, trust=trust, signer=signer, at=NOW, other_xml=other_xml)

    found: dict[str, dict[str, Act]] = {
        "sign": {
            "bound": least,
            "ecard": lambda: ceb.sign(data, holder, profile=profile, other_xml=other_xml),
        },
        "verify": {"bound": least, "ecard": verify},
    }
    if other_xml:
        found["verify"].update(peers(signed, with_key.holder.certificate))
    return found


def peers(signed: bytes, certificate: Certificate) -> dict[str, Act]:
    """Those that are installed, verifying a message that ecard signed."""
    found: dict[str, Act] = {}
    for name, make in (("xmlsec", xmlsec_peer), ("signxml", signxml_peer)):
        try:
            found[name] = make(import_module(name), signed, certificate)
        except ImportError:
            print(f"  {name} is not installed")
    return found


def xmlsec_peer(xmlsec: Any, signed: bytes, certificate: Certificate) -> Act:
    """Parse and verify with a key that is known."""
    key = xmlsec.Key.from_memory(certificate.pem().encode(), xmlsec.KeyFormat.CERT_PEM)

    def verify() -> None:
        context = xmlsec.SignatureContext()
        context.key = key
        context.verify(xmlsec.tree.find_node(etree.fromstring(signed), xmlsec.Node.SIGNATURE))

    return verify


def signxml_peer(signxml: Any, signed: bytes, certificate: Certificate) -> Act:
    """Verify with a certificate that is known."""
    pem, rules = certificate.pem(), signxml.SignatureConfiguration(location="./")
    return lambda: signxml.XMLVerifier().verify(signed, x509_cert=pem, expect_config=rules)


def rate(act: Act, seconds: float) -> float:
    """How often ``act`` is done in a second of CPU time, from a slice of about ``seconds``."""
    count, start = 0, time.process_time()
    while (spent := time.process_time() - start) < seconds:
        for _ in range(10):
            act()
        count += 10
    return count / spent


def compare(contenders: dict[str, Act], rounds: int, seconds: float) -> dict[str, tuple[float, float, float, float]]:
    """For each: operations a second, and its ratio to the first: median, second lowest, second highest."""
    for act in contenders.values():
        act()
    rates: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, act in contenders.items():
            rates[name].append(rate(act, seconds))
    least = rates["bound"]
    result = {}
    for name, measured in rates.items():
        ratios = sorted(own / bound for own, bound in zip(measured, least, strict=True))
        result[name] = (statistics.median(measured), statistics.median(ratios), ratios[1], ratios[-2])
    return result


def main() -> int:
    """Measure and print; the exit status is 1 where a target is missed and ``--check`` was given."""
    parser = argparse.ArgumentParser(description="the speed of signed XML messages against the bound and peers")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=0.3, help="CPU time of one slice")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a target is missed")
    options = parser.parse_args()
    customs, other = message("CEB621Message", "http://www.chinaport.gov.cn/ceb"), message("Inventories", "urn:example")
    rows = [
        (Profile.SM2_SM3, KeyKind.SM2, False),
        (Profile.RSA_SHA1, KeyKind.RSA2048, False),
        (Profile.RSA_SHA256, KeyKind.RSA2048, True),
        (Profile.ECDSA_SHA256, KeyKind.P256, True),
    ]
    missed = False
    for profile, kind, other_xml in rows:
        for act, contenders in acts(other if other_xml else customs, profile, card(kind), other_xml=other_xml).items():
            print(f"\n{profile.label}, {kind.value}, {act}")
            measured = compare(contenders, max(3, options.rounds), options.seconds)
            for name, (per_second, ratio, low, high) in measured.items():
                print(f"  {name:10} {per_second:9.0f}/s   ratio {ratio:.2f} [{low:.2f} - {high:.2f}]")
            reached = measured["ecard"][1] >= WANTED
            missed |= not reached
            print(f"  wanted {WANTED:.2f}: {'reached' if reached else 'MISSED'}")
    return int(missed and options.check)


if __name__ == "__main__":
    raise SystemExit(main())
