"""A document of a gigabyte: signing and verifying it, against SHA-256 over the same file, and in how much memory.

Run from the repository's root: ``python -m benchmarks.big_file``. The file is sparse, so it takes no room; it is read
through once before measuring. Each run is a process of its own, since the peak of memory can only be measured so.

    bound    a file read into one buffer of a megabyte, and hashed
    openssl  the program ``openssl cms``, where it is installed
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.cms_speed import found
from ecard.algorithms import KeyKind

TARGET_TIME, TARGET_MEMORY = 1.1, 64
"""At most this many times the bound's time, and this many MiB of memory in all."""

_MEASURE = """
import hashlib, resource, sys, time
from pathlib import Path
what, path = sys.argv[1], Path(sys.argv[2])
if what == "bound":
    def run():
        running, buffer = hashlib.sha256(), memoryview(bytearray(1 << 20))
        with open(path, "rb", buffering=0) as stream:
            while count := stream.readinto(buffer):
                running.update(buffer[:count])
else:
    from benchmarks.cms_speed import CODE, NOW, found
    from ecard.algorithms import KeyKind
    from ecard.documents import cms
    from ecard.documents.signers import AnyOperator
    centre = found(KeyKind.P256)
    trust, signer = centre.trust, AnyOperator(of=CODE)
    made = cms.sign(path, centre.holder, at=NOW) if what == "verify" else cms.sign(b"", centre.holder, at=NOW)
    def run():
        if what == "sign":
            cms.sign(path, centre.holder, at=NOW)
        else:
            cms.verify(path, made, trust=trust, signer=signer, at=NOW)
start = time.perf_counter()
run()
print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def measure(what: str, path: Path) -> tuple[float, float]:
    """Seconds and peak MiB of one run in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-c", _MEASURE, what, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds, memory = map(float, done.stdout.split())
    return seconds, memory


def openssl(directory: Path, document: Path) -> tuple[float, float] | None:
    """Seconds and peak MiB of ``openssl cms -sign``; None where the program is not installed."""
    if shutil.which("openssl") is None:
        return None
    centre = found(KeyKind.P256)
    (directory / "key").write_bytes(centre.key.pkcs8())
    (directory / "signer.pem").write_text(centre.holder.certificate.pem())
    command = ["openssl", "cms", "-sign", "-binary", "-cades", "-md", "sha256", "-in", str(document), "-keyform", "DER"]
    command += ["-signer", "signer.pem", "-inkey", "key", "-outform", "DER", "-out", "signature"]
    process = subprocess.Popen(command, cwd=directory)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main() -> int:
    """Measure and print; the exit status is 1 where a target is missed and ``--check`` was given."""
    parser = argparse.ArgumentParser(description="a large document, in time and memory")
    parser.add_argument("--mebibytes", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--check", action="store_true", help="exit with 1 where a target is missed")
    options = parser.parse_args()
    missed = False
    with tempfile.TemporaryDirectory() as directory:
        document = Path(directory) / "document"
        with document.open("wb") as stream:
            stream.truncate(options.mebibytes << 20)
        measure("bound", document)
        rounds = [
            {what: measure(what, document) for what in ("bound", "sign", "verify")} for _ in range(options.rounds)
        ]
        print(f"{options.mebibytes} MiB, {options.rounds} rounds")
        for what in rounds[0]:
            seconds = statistics.median(one[what][0] for one in rounds)
            ratio = statistics.median(one[what][0] / one["bound"][0] for one in rounds)
            memory = max(one[what][1] for one in rounds)
            missed |= ratio > TARGET_TIME or memory > TARGET_MEMORY
            print(f"  {what:8} {seconds:6.2f} s   {ratio:.2f} times the bound   {memory:5.0f} MiB")
        program = openssl(Path(directory), document)
        if program is not None:
            print(f"  {'openssl':8} {program[0]:6.2f} s   (signing, CPU time)   {program[1]:5.0f} MiB")
    print(f"wanted: {TARGET_TIME} times, {TARGET_MEMORY} MiB: {'MISSED' if missed else 'reached'}")
    return int(missed and options.check)


if __name__ == "__main__":
    raise SystemExit(main())
