"""Signing and verifying a 4 KiB document, against the least that the cryptography alone would cost.

Run from the repository's root: ``python -m benchmarks.cms_speed``. Every figure is CPU time, the peers take turns in
short slices, and a ratio is the median of the ratios of the rounds, so a busy machine moves all peers alike.

    sign         the bounds are hash and signature, without and with the verification that every key holder does
                 before it hands a signature out
    verify hot   trust is known, and the verdict on the certificate is remembered
    verify cold  nothing is remembered: roots and CRLs are read from their bytes, five signatures are checked, of the
                 document, of two certificates and of two CRLs
    openssl      the program ``openssl cms``, a process for each operation, in wall time: what a script would do
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding

from ecard.algorithms import Digest, KeyFamily, KeyKind, SignatureAlgorithm
from ecard.certificate import Certificate
from ecard.documents import cms
from ecard.documents.report import Report
from ecard.documents.signers import AnyOperator
from ecard.keyholder import SoftwareKeyHolder
from ecard.keys import SoftwareKey
from ecard.pki.authority import CertificateAuthority
from ecard.pki.evidence import Evidence
from ecard.pki.identity import CardType
from ecard.pki.profile import CertificateSubject, Usage
from ecard.pki.trust import Trust

CODE = "M000100Y4"
FOUNDED = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DOCUMENT = b"x" * 4096
TARGETS = {"verify hot": {"rsa2048": 0.35, "p256": 0.5}, "sign": {"rsa2048": 0.9, "p256": 0.5}}
"""The least ratio to the bound that is wanted."""


@dataclass(frozen=True)
class Centre:
    """A root, an issuing authority, one operator, and a CRL of each authority, as objects and as bytes."""

    root: CertificateAuthority
    issuing: CertificateAuthority
    key: SoftwareKey
    holder: SoftwareKeyHolder
    crls: tuple[bytes, ...]

    @property
    def trust(self) -> Trust:
        """The root and the CRLs, read anew each time: nothing is remembered from before."""
        return Trust([Certificate(self.root.certificate.der)], evidence=Evidence(self.crls))


def found(kind: KeyKind) -> Centre:
    """A new centre whose keys are all of one kind."""
    root = CertificateAuthority.create_root("示例根", at=FOUNDED, key=kind)
    issuing = root.create_subordinate("示例数据分中心", at=FOUNDED, key=kind)
    key = SoftwareKey.generate(kind)
    subject = CertificateSubject(
        holder_name="甲某",
        enterprise_name="示例进出口有限公司",
        organisation_code=CODE,
        card_number="03-JJ0A900000002",
        card_type=CardType.OPERATOR,
    )
    certificate = issuing.issue_for_key(key.public_key, subject, at=FOUNDED, usage=Usage.SIGNING)
    until = NOW + timedelta(days=7)
    crls = tuple(authority.crl(at=FOUNDED, next_update=until) for authority in (root, issuing))
    return Centre(root, issuing, key, SoftwareKeyHolder(key, certificate, (issuing.certificate,)), crls)


Act = Callable[[], object]


def raw(key: SoftwareKey, message: bytes) -> tuple[Act, Act]:
    """Signing and verifying ``message`` with nothing between the caller and the library that computes."""
    algorithm = SignatureAlgorithm.default_for(key.public_key.kind)
    private: Any = key.native
    public: Any = key.public_key.native
    if algorithm.family is KeyFamily.SM2:
        made = private.sign(message)
        return lambda: private.sign(message), lambda: public.verify(made, message)
    hash_ = hashes.SHA384() if algorithm.digest is Digest.SHA384 else hashes.SHA256()
    how = (padding.PKCS1v15(), hash_) if algorithm.family is KeyFamily.RSA else (ec.ECDSA(hash_),)
    value = private.sign(message, *how)
    return lambda: private.sign(message, *how), lambda: public.verify(value, message, *how)


def caches() -> Iterator[Act]:
    """What empties each memory that a function of ecard keeps of earlier calls."""
    for name, module in list(sys.modules.items()):
        if name.startswith("ecard"):
            for member in vars(module).values():
                if callable(clear := getattr(member, "cache_clear", None)):
                    yield clear


def operations(centre: Centre) -> dict[str, dict[str, Act]]:
    """By act, then by peer: a callable that does it once. The bound of an act stands first."""
    holder, trust, signer = centre.holder, centre.trust, AnyOperator(of=CODE)
    signature = cms.sign(DOCUMENT, holder, at=NOW)
    raw_sign, raw_verify = raw(centre.key, b"1" * 250)
    digest = holder.algorithm.digest

    def verify(under: Trust) -> Report:
        return cms.verify(DOCUMENT, signature, trust=under, signer=signer, at=NOW)

    def verify_cold() -> Report:
        for clear in forgetting:
            clear()
        return verify(centre.trust)

    verify(trust)
    forgetting = list(caches())
    return {
        "sign": {
            "hash + sign": lambda: (digest.hash(DOCUMENT), raw_sign()),
            "hash + sign + verify": lambda: (digest.hash(DOCUMENT), raw_sign(), raw_verify()),
            "ecard": lambda: cms.sign(DOCUMENT, holder, at=NOW),
        },
        "verify hot": {"hash + verify": lambda: (digest.hash(DOCUMENT), raw_verify()), "ecard": lambda: verify(trust)},
        "verify cold": {
            "hash + 5 verify": lambda: (digest.hash(DOCUMENT), [raw_verify() for _ in range(5)]),
            "ecard": verify_cold,
        },
    }


def rate(act: Act, seconds: float) -> float:
    """How often ``act`` is done in a second of CPU time, from a slice of about ``seconds``."""
    count, start = 0, time.process_time()
    while (spent := time.process_time() - start) < seconds:
        for _ in range(10):
            act()
        count += 10
    return count / spent


def compare(peers: dict[str, Act], rounds: int, seconds: float) -> dict[str, tuple[float, float, float, float]]:
    """For each peer: operations a second, and its ratio to the first peer: median, second lowest, second highest."""
    for act in peers.values():
        act()
    rates: dict[str, list[float]] = {name: [] for name in peers}
    for _ in range(rounds):
        for name, act in peers.items():
            rates[name].append(rate(act, seconds))
    bound = rates[next(iter(peers))]
    result = {}
    for name, measured in rates.items():
        ratios = sorted(own / least for own, least in zip(measured, bound, strict=True))
        result[name] = (statistics.median(measured), statistics.median(ratios), ratios[1], ratios[-2])
    return result


def openssl(centre: Centre, directory: Path, count: int) -> dict[str, float]:
    """Operations a second of the openssl program, one process each, in wall time; empty where it is not installed."""
    if shutil.which("openssl") is None or centre.key.public_key.kind is KeyKind.SM2:
        return {}
    key, signer, root, issuer, document, signature = (
        directory / name for name in ("key.pem", "signer.pem", "root.pem", "issuer.pem", "document", "signature")
    )
    key.write_bytes(centre.key.pkcs8())
    document.write_bytes(DOCUMENT)
    for path, certificate in ((signer, centre.holder.certificate), (root, centre.root.certificate)):
        path.write_text(certificate.pem())
    issuer.write_text(centre.issuing.certificate.pem())
    sign = ["-sign", "-cades", "-binary", "-md", centre.holder.algorithm.digest.name.lower(), "-in", document]
    sign += ["-signer", signer, "-inkey", key, "-keyform", "DER", "-certfile", issuer, "-outform", "DER"]
    check = ["-verify", "-cades", "-binary", "-inform", "DER", "-in", signature, "-content", document]
    check += ["-CAfile", root, "-purpose", "any", "-attime", str(int(NOW.timestamp())), "-out", "/dev/null"]
    found = {}
    for name, arguments in (("sign", [*sign, "-out", signature]), ("verify cold", check)):
        start = time.perf_counter()
        for _ in range(count):
            subprocess.run(["openssl", "cms", *map(str, arguments)], check=True, capture_output=True)
        found[name] = count / (time.perf_counter() - start)
    return found


def main() -> int:
    """Measure and print; the exit status is 1 where a target is missed and ``--check`` was given."""
    parser = argparse.ArgumentParser(description="the speed of CMS signatures against the cryptographic bound")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=0.3, help="CPU time of one slice")
    parser.add_argument("--kinds", nargs="+", default=["rsa2048", "p256", "sm2"], choices=[k.value for k in KeyKind])
    parser.add_argument("--check", action="store_true", help="exit with 1 where a target is missed")
    options = parser.parse_args()
    missed = False
    for kind in map(KeyKind, options.kinds):
        centre = found(kind)
        with tempfile.TemporaryDirectory() as directory:
            programs = openssl(centre, Path(directory), 20)
        for act, peers in operations(centre).items():
            print(f"\n{kind.value}, {act}")
            measured = compare(peers, max(3, options.rounds), options.seconds)
            for name, (per_second, ratio, low, high) in measured.items():
                print(f"  {name:22} {per_second:9.0f}/s   ratio {ratio:.2f} [{low:.2f} - {high:.2f}]")
            if act in programs:
                times = measured["ecard"][0] / programs[act]
                print(f"  {'openssl, a process':22} {programs[act]:9.0f}/s   ecard is {times:.0f} times as fast")
            target = TARGETS.get(act, {}).get(kind.value)
            if target is not None:
                reached = measured["ecard"][1] >= target
                missed |= not reached
                print(f"  wanted {target:.2f}: {'reached' if reached else 'MISSED'}")
    return int(missed and options.check)


if __name__ == "__main__":
    raise SystemExit(main())
