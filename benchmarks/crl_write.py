"""How long it takes to write a CRL, and how much memory: ecard, ``cryptography``'s builder and ``openssl ca``.

Run ``python -m benchmarks.crl_write [ENTRIES]`` (by default 1,000,000). Each measurement has a process of its own. The
builder of ``cryptography`` copies its list for every entry, so it is measured at small sizes and its time at
ENTRIES estimated from its growth. What it costs to make the entries that ecard is given, one after another and held
nowhere, is measured before and taken off.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from ecard.algorithms import KeyKind
from ecard.pki.authority import CertificateAuthority
from ecard.pki.crl_writer import CrlHeader, Entry, write_crl
from ecard.pki.withdrawal import Act, Event, RevocationReason

AT: Final = datetime(2026, 3, 2, tzinfo=UTC)
REASONS: Final = (RevocationReason.KEY_COMPROMISE, RevocationReason.CERTIFICATE_HOLD, RevocationReason.SUPERSEDED)
SMALL: Final = (5_000, 10_000, 20_000)
OPENSSL: Final = 100_000

CONFIGURATION: Final = """
[ca]
default_ca = one
[one]
database = {0}/index.txt
default_md = sha256
certificate = {0}/ca.pem
private_key = {0}/ca.key
crlnumber = {0}/crlnumber
"""


def entries(count: int) -> Iterator[tuple[int, datetime, RevocationReason]]:
    """Serial numbers of eight octets, each with a moment of its own, and three reasons in turn."""
    for number in range(count):
        yield 0x0300000000000000 + 7919 * number, AT - timedelta(seconds=number), REASONS[number % 3]


def by_ecard(count: int, directory: Path) -> None:
    """Write with ecard."""
    authority = CertificateAuthority.create_root("benchmark", at=AT, key=KeyKind.RSA2048)
    header = CrlHeader(number=1, this_update=AT, next_update=AT + timedelta(days=7))
    begin = time.process_time()
    for _ in (Entry(*entry) for entry in entries(count)):
        pass
    making = time.process_time() - begin
    begin = time.process_time() + making
    with (directory / "ecard.crl").open("wb") as file:
        write_crl(file, header, (Entry(*entry) for entry in entries(count)), authority.holder)
    _report(directory, begin)


def by_authority(count: int, directory: Path) -> None:
    """Write what an authority has in its journal; the memory is that of the journal."""
    authority = CertificateAuthority.create_root("benchmark", at=AT, key=KeyKind.RSA2048)
    for serial, moment, reason in entries(count):
        hold = reason is RevocationReason.CERTIFICATE_HOLD
        authority.record.journal.record(
            Event(serial, Act.HOLD if hold else Act.REVOKE, moment, None if hold else reason)
        )
    begin = time.process_time()
    with (directory / "authority.crl").open("wb") as file:
        authority.write_crl(file, at=AT + timedelta(days=1), next_update=AT + timedelta(days=2))
    _report(directory, begin)


def by_cryptography(count: int, directory: Path) -> None:
    """Write with the builder of ``cryptography``."""
    authority = CertificateAuthority.create_root("benchmark", at=AT, key=KeyKind.RSA2048)
    key = rsa.generate_private_key(65537, 2048)
    begin = time.process_time()
    builder = x509.CertificateRevocationListBuilder(authority.certificate.x509.subject, AT, AT + timedelta(days=7))
    for serial, moment, reason in entries(count):
        one = x509.RevokedCertificateBuilder(serial, moment)
        one = one.add_extension(x509.CRLReason(x509.ReasonFlags(reason.label)), critical=False)
        builder = builder.add_revoked_certificate(one.build())
    made = builder.sign(key, hashes.SHA256())
    (directory / "cryptography.crl").write_bytes(made.public_bytes(serialization.Encoding.DER))
    _report(directory, begin)


def by_openssl(count: int, directory: Path) -> None:
    """Write with ``openssl ca -gencrl``, the text database given."""
    authority = CertificateAuthority.create_root("benchmark", at=AT, key=KeyKind.RSA2048)
    key = authority.holder.key.native  # type: ignore[attr-defined]
    pem = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (directory / "ca.key").write_bytes(key.private_bytes(*pem))
    (directory / "ca.pem").write_text(authority.certificate.pem())
    (directory / "crlnumber").write_text("01\n")
    (directory / "openssl.cnf").write_text(CONFIGURATION.format(directory))
    with (directory / "index.txt").open("w") as file:
        for serial, moment, reason in entries(count):
            revoked = f"{moment:%y%m%d%H%M%SZ},{reason.label}"
            file.write(f"R\t360302000000Z\t{revoked}\t{serial:016X}\tunknown\t/CN={serial:x}\n")
    options = ["-config", directory / "openssl.cnf", "-out", directory / "openssl.crl", "-crldays", "7"]
    child = os.posix_spawnp("openssl", ["openssl", "ca", "-gencrl", *map(str, options)], os.environ)
    _, status, usage = os.wait4(child, 0)
    if status:
        raise SystemExit("openssl ca failed")
    (directory / "result").write_text(f"{usage.ru_utime + usage.ru_stime} {usage.ru_maxrss}")


def _report(directory: Path, begin: float) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    (directory / "result").write_text(f"{time.process_time() - begin} {peak}")


def measure(write: Callable[[int, Path], None], count: int) -> tuple[float, float]:
    """(seconds of processor time, peak resident memory in MiB) of one writer in a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        process = multiprocessing.get_context("spawn").Process(target=partial(write, count, Path(name)))
        process.start()
        process.join()
        if process.exitcode:
            raise SystemExit(f"{write.__name__} failed")
        seconds, kibibytes = (Path(name) / "result").read_text().split()
        return float(seconds), int(kibibytes) / 1024


def main() -> None:
    """Measure and print a table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    print(f"{'writer':34} {'entries':>10} {'seconds':>10} {'peak MiB':>9}")

    def show(name: str, size: int, seconds: float, memory: float | None) -> None:
        print(f"{name:34} {size:>10,} {seconds:>10.2f} {'' if memory is None else f'{memory:9.0f}'}", flush=True)

    show("ecard", count, *measure(by_ecard, count))
    show("ecard, from an authority's journal", count, *measure(by_authority, count))
    small = [(size, *measure(by_cryptography, size)) for size in SMALL]
    for size, seconds, memory in small:
        show("cryptography", size, seconds, memory)
    size, seconds, _ = small[-1]
    show("cryptography, estimated (n^2)", count, seconds * (count / size) ** 2, None)
    if shutil.which("openssl"):
        for size in sorted({min(OPENSSL, count), count}):
            show("openssl ca -gencrl", size, *measure(by_openssl, size))


if __name__ == "__main__":
    main()
