"""A CRL with 1,000,000 entries: reading, indexing, looking up, checking its signature; ecard, `cryptography`, openssl.

Run as `python -m benchmarks.crl_index [entries]`. Prints CPU seconds, microseconds per lookup, and the growth of the
process in MiB. Every reader starts in a process of its own, so that memory is its own too.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from ecard import der
from ecard.algorithms import SignatureAlgorithm
from ecard.keys import PublicKey
from ecard.pki.crl import Crl

REASON = bytes.fromhex("300c300a0603551d1504030a0101")
DATE = b"\x17\r260101000000Z"


def make(count: int, path: Path) -> None:
    """A signed CRL with ``count`` random serial numbers of 20 octets, every second entry with a reason, and its key."""
    source = random.Random(count)
    serials = {source.getrandbits(158) for _ in range(count)}
    entries = [der.sequence(der.integer(s), DATE, REASON if s & 1 else b"") for s in serials]
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Benchmark CA")]).public_bytes()
    algorithm = SignatureAlgorithm.RSA_SHA256.identifier
    number = der.sequence(der.oid("2.5.29.20"), der.octet_string(der.integer(1)))
    tbs = der.sequence(
        der.integer(1),
        algorithm,
        name,
        DATE,
        b"\x17\r270101000000Z",
        der.sequence(*entries),
        der.element(der.context(0), der.sequence(number)),
    )
    key = rsa.generate_private_key(65537, 2048)
    signature = key.sign(tbs, padding.PKCS1v15(), hashes.SHA256())
    path.write_bytes(der.sequence(tbs, algorithm, der.bit_string(signature)))
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    path.with_suffix(".spki").write_bytes(public)
    path.with_suffix(".serials").write_text("\n".join(map(str, sorted(serials)[:: max(1, count // 1000)])))


def memory() -> float:
    """The largest size of this process so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@contextmanager
def measured(what: str, per: int = 1) -> Iterator[None]:
    """Print the CPU time of the block, and by how much the process grew."""
    before, start = memory(), time.process_time()
    yield
    seconds = time.process_time() - start
    shown = f"{seconds / per * 1e6:10.2f} us each" if per > 1 else f"{seconds:10.3f} s"
    print(f"  {what:34}{shown}   +{memory() - before:6.1f} MiB", flush=True)


def with_ecard(path: Path) -> None:
    """ecard's own reader."""
    data = path.read_bytes()
    serials = [int(line) for line in path.with_suffix(".serials").read_text().split()]
    with measured("read"):
        crl = Crl(data)
    with measured("signature"):
        crl.verify_signed_by(PublicKey.from_spki(path.with_suffix(".spki").read_bytes()))
    with measured("index"):
        count = len(crl)
    others = [s ^ 1 << 157 for s in serials]
    with measured("look up, listed", len(serials)):
        assert all(crl.find(s) for s in serials)
    with measured("look up, not listed", len(serials)):
        assert not any(crl.find(s) for s in others)
    print(f"  {count} entries, {len(data) / 2**20:.1f} MiB of DER")


def with_cryptography(path: Path) -> None:
    """`cryptography`'s reader; it looks through all entries each time, so only a few are looked up."""
    data = path.read_bytes()
    serials = [int(line) for line in path.with_suffix(".serials").read_text().split()][:10]
    key = serialization.load_der_public_key(path.with_suffix(".spki").read_bytes())
    assert isinstance(key, rsa.RSAPublicKey)
    with measured("read"):
        crl = x509.load_der_x509_crl(data)
    with measured("signature"):
        assert crl.is_signature_valid(key)
    with measured("look up, listed", len(serials)):
        assert all(crl.get_revoked_certificate_by_serial_number(s) is not None for s in serials)
    with measured("look up, not listed", len(serials)):
        assert not any(crl.get_revoked_certificate_by_serial_number(s ^ 1 << 157) is not None for s in serials)


def with_openssl(path: Path) -> None:
    """The openssl program, which can only be timed from outside: reading and writing nothing."""
    before = os.times()
    subprocess.run(["openssl", "crl", "-inform", "DER", "-in", str(path), "-noout"], check=True)
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    print(f"  {'start and read':34}{spent:10.3f} s")


def main() -> None:
    """Make the CRL, then let each reader read it."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    readers: list[Callable[[Path], None]] = [with_ecard, with_cryptography, with_openssl]
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "big.crl"
        spawn = multiprocessing.get_context("spawn")
        for target, arguments in [(make, (count, path)), *((reader, (path,)) for reader in readers)]:
            if target is not make:
                print(target.__name__.removeprefix("with_"), flush=True)
            process = spawn.Process(target=target, args=arguments)  # type: ignore[arg-type]
            process.start()
            process.join()
            assert process.exitcode == 0


if __name__ == "__main__":
    main()
