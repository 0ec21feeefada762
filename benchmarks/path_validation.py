"""Judging a certificate (leaf, issuing CA, root, two CRLs): ecard against its lower bound and pyhanko-certvalidator.

Run as `python -m benchmarks.path_validation`. The lower bound is the signatures alone: two certificates and two CRLs.
Prints microseconds of CPU per validation and the ratio to the bound, medians of rounds in which all take turns.

    cold      everything read from DER, nothing remembered
    warm      trust and evidence kept, all signatures known to verify, the path judged anew
    hot       the verdict remembered
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from asn1crypto import crl as asn1_crl
from asn1crypto import x509 as asn1
from pyhanko_certvalidator.context import ValidationContext
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.validate import validate_path

from ecard import der
from ecard.algorithms import KeyKind
from ecard.certificate import Certificate
from ecard.keys import SoftwareKey
from ecard.pki import validation_extensions, validation_names, validation_paths, validation_profile
from ecard.pki.authority import CertificateAuthority
from ecard.pki.crl import Crl
from ecard.pki.evidence import Evidence
from ecard.pki.policy import ValidationPolicy
from ecard.pki.trust import Trust
from ecard.pki.validation import validate
from ecard.pki.validation_engine import Engine

AT = datetime(2026, 1, 1, tzinfo=UTC)
NOW = AT + timedelta(hours=1)
ROUNDS, SLICE = 7, 0.15


def chain(kind: KeyKind) -> tuple[list[bytes], list[bytes]]:
    """The certificates (leaf first) and CRLs of a small centre, in DER."""
    top = CertificateAuthority.create_root("Benchmark root", at=AT, key=SoftwareKey.generate(kind))
    issuing = top.create_subordinate("Benchmark CA", at=AT, key=SoftwareKey.generate(kind))
    leaf = issuing.create_subordinate("Benchmark leaf", at=AT, key=SoftwareKey.generate(kind)).certificate
    crls = [authority.crl(at=AT, next_update=AT + timedelta(days=7)) for authority in (issuing, top)]
    return [leaf.der, issuing.certificate.der, top.certificate.der], crls


def forget() -> None:
    """Empty every cache of ecard that outlives its objects."""
    for cached in (
        validation_paths.signature_problem,
        validation_extensions.extensions_of,
        validation_names.name_key,
        validation_names.display_name,
        validation_profile._problems,
    ):
        cached.cache_clear()


def contenders(kind: KeyKind) -> dict[str, Callable[[], object]]:
    """What takes turns."""
    certificates, crls = chain(kind)
    leaf, issuing, top = map(Certificate, certificates)
    lists = list(map(Crl, crls))
    trust = Trust([top], [issuing], Evidence(lists))
    policy = ValidationPolicy()
    bodies = [der.parse(crl).children()[0].encoded for crl in crls]
    signed = [
        (issuing.public_key, leaf.signature, leaf.tbs),
        (top.public_key, issuing.signature, issuing.tbs),
        (issuing.public_key, lists[0].signature, bodies[0]),
        (top.public_key, lists[1].signature, bodies[1]),
    ]

    def bound() -> None:
        for key, signature, message in signed:
            key.verify(signature, message)

    def cold() -> None:
        forget()
        first, second, third = map(Certificate, certificates)
        fresh = Trust([third], [second], Evidence([Crl(c) for c in crls]))
        validate(first, at=NOW, trust=fresh)

    def certvalidator() -> None:
        parsed = [asn1.Certificate.load(c) for c in certificates]
        context = ValidationContext(
            trust_roots=[parsed[2]],
            other_certs=[parsed[1]],
            moment=NOW,
            crls=[asn1_crl.CertificateList.load(c) for c in crls],
            revocation_mode="require",
        )
        path = context.path_builder.build_paths(parsed[0])[0]  # type: ignore[no-untyped-call]
        assert isinstance(path, ValidationPath)
        validate_path(context, path)

    return {
        "lower bound (4 signatures)": bound,
        "ecard cold": cold,
        "ecard warm": lambda: Engine(trust, trust.evidence, policy, ()).judge(leaf, NOW),
        "ecard hot": lambda: validate(leaf, at=NOW, trust=trust),
        "certvalidator cold": certvalidator,
    }


def timed(work: Callable[[], object]) -> float:
    """Seconds of CPU per call."""
    count, start = 0, time.process_time()
    while (spent := time.process_time() - start) < SLICE:
        work()
        count += 1
    return spent / count


def main() -> None:
    """Print one table per kind of key."""
    for kind in (KeyKind.RSA2048, KeyKind.P256):
        works = contenders(kind)
        rounds = [{name: timed(work) for name, work in works.items()} for _ in range(ROUNDS)]
        print(kind.value)
        for name in works:
            spent = statistics.median(r[name] for r in rounds)
            ratio = statistics.median(r["lower bound (4 signatures)"] / r[name] for r in rounds)
            print(f"  {name:30}{spent * 1e6:10.1f} us   {ratio:8.2f} of the bound")


if __name__ == "__main__":
    main()
