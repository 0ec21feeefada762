"""``ecard sign`` and ``ecard verify`` as a person uses them."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest

from ecard.cli.progress import _LARGE
from tests.cli.conftest import Demo, Ecard


def trust(demo: Demo) -> list[str]:
    return ["--trust", demo.root, "--crl", demo.crls]


def process(*arguments: object, stdin: bytes | None = None, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "ecard", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        check=False,
        env={**os.environ, **environment},
    )


@pytest.mark.parametrize("content", [b"", b"x", b"\r\n" * 1000], ids=["empty", "one byte", "line ends"])
def test_sign_then_verify(
    demo: Demo, ecard: Ecard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes
) -> None:
    monkeypatch.setenv("ECARD_PIN", demo.pin("operator-1"))
    document = tmp_path / "购销合同 (终稿).txt"
    document.write_bytes(content)
    signed = ecard("sign", document, "--card", demo.card("operator-1"))
    assert signed.status == 0, signed.err
    assert signed.out == ""
    accepted = ecard("verify", document, f"{document}.p7s", *trust(demo), "--role", "operator")
    assert accepted.status == 0, accepted
    document.write_bytes(content + b"!")
    changed = ecard("verify", document, f"{document}.p7s", *trust(demo), "--role", "operator")
    assert changed.status == 1
    assert "document" in changed.out


def test_standard_input_and_output(demo: Demo) -> None:
    signed = process(
        "sign", "-", "--card", demo.card("legal-person"), stdin=b"text", ECARD_PIN=demo.pin("legal-person")
    )
    assert signed.returncode == 0, signed.stderr
    signature = demo.place / "text.p7s"
    signature.write_bytes(signed.stdout)
    verified = process("verify", "-", signature, *trust(demo), "--role", "legal-person", stdin=b"text")
    assert verified.returncode == 0, verified.stdout
    (demo.place / "text").write_bytes(b"text")
    verified = process("verify", demo.place / "text", "-", *trust(demo), "--anyone", stdin=signed.stdout)
    assert verified.returncode == 0, verified.stdout
    both = process("verify", "-", "-", *trust(demo), "--anyone", stdin=b"text")
    assert both.returncode == 2


def test_a_documents_name_cannot_speak_to_the_terminal(demo: Demo, tmp_path: Path) -> None:
    document = tmp_path / "\x1b[31mpaid\n\u202e.txt"
    with document.open("wb") as file:
        file.truncate(_LARGE)  # from here on its reading is shown, with the name
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "ecard", "sign", document, "--card", demo.card("operator-1")]
    done = subprocess.run(command, stderr=theirs, check=False, env={**os.environ, "ECARD_PIN": demo.pin("operator-1")})
    os.close(theirs)
    shown = os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert done.returncode == 0, shown
    assert shown.count("paid") > 1, "the progress and the end"
    assert not re.search("\x1b\\[31mpaid|paid\r?\n|\u202e", shown)
    assert Path(f"{document}.p7s").is_file()


@pytest.mark.slow
def test_a_large_file_needs_no_more_memory_than_a_small_one(demo: Demo, tmp_path: Path) -> None:
    measured = "import sys; from ecard.cli.app import run; from tests.peak_memory import peak_memory; "
    measured += "status = run(sys.argv[1:]); print(peak_memory()); sys.exit(status)"

    def peak(*arguments: object) -> int:
        result = subprocess.run(
            [sys.executable, "-c", measured, *map(str, arguments)],
            capture_output=True,
            check=True,
            env={**os.environ, "ECARD_PIN": demo.pin("operator-1")},
            cwd=Path(__file__).parents[2],
        )
        return int(result.stdout.splitlines()[-1])

    def both(document: Path) -> tuple[int, int]:
        signing = peak("sign", document, "--card", demo.card("operator-1"))
        return signing, peak("verify", document, f"{document}.p7s", *trust(demo), "--anyone")

    small, large = tmp_path / "small", tmp_path / "large"
    small.write_bytes(b"x")
    with large.open("wb") as file:
        for _ in range(300):
            file.write(os.urandom(1 << 20))
    for little, much in zip(both(small), both(large), strict=True):
        assert much - little < 16 * 1024  # KiB
    large.unlink()


def test_json_has_its_keys(demo: Demo, ecard: Ecard) -> None:
    outcome = ecard("verify", demo.contract, demo.signature("operator"), *trust(demo), "--role", "operator", "--json")
    report = json.loads(outcome.out)
    assert report["accepted"] is True
    assert report["indication"] == "TOTAL-PASSED"
    assert report["reasons"] == []
    assert report["algorithm"] == "ECDSA-SHA256"
    assert report["signer"] | {"certificate_number": ""} == {
        "name": "乙某",
        "role": "operator",
        "enterprise": "示例进出口有限公司",
        "organisation_code": demo.enterprise(),
        "card_number": "03-JJ0A900000002",
        "certificate_number": "",
    }
    assert len(report["signer"]["certificate_number"]) == 16
    assert datetime.fromisoformat(report["signing_time"]) <= datetime.now(UTC)


def test_json_of_a_refusal_gives_the_reason(demo: Demo, ecard: Ecard) -> None:
    Path(demo.contract).write_text("changed")
    outcome = ecard("verify", demo.contract, demo.signature("operator"), *trust(demo), "--anyone", "--json")
    report = json.loads(outcome.out)
    assert outcome.status == 1
    assert report["accepted"] is False
    assert report["indication"] == "TOTAL-FAILED"
    assert [reason["code"] for reason in report["reasons"]] == ["document-changed"]


@pytest.mark.parametrize(
    ("options", "status"),
    [
        (["--role", "operator"], 0),
        (["--role", "legal-person"], 1),
        (["--anyone"], 0),
        (["--enterprise", "OWN"], 0),
        (["--enterprise", "876543219"], 1),
        (["--enterprise", "91350100M000100Y43"], 1),
        (["--enterprise", "91350100M000100Y44"], 1),
        (["--enterprise", "123"], 2),
        (["--role", "operator", "--enterprise", "OWN"], 0),
        (["--role", "legal-person", "--enterprise", "OWN"], 1),
        ([], 2),
        (["--anyone", "--role", "operator"], 2),
        (["--role", "cleaner"], 2),
    ],
)
def test_who_may_have_signed(demo: Demo, ecard: Ecard, options: list[str], status: int) -> None:
    options = [demo.enterprise() if option == "OWN" else option for option in options]
    outcome = ecard("verify", demo.contract, demo.signature("operator"), *trust(demo), *options)
    assert outcome.status == status, outcome
    assert (outcome.err.count("\n") == 1) == (status == 2)


def test_without_revocation_evidence_nothing_is_accepted(demo: Demo, ecard: Ecard) -> None:
    call = ["verify", demo.contract, demo.signature("operator"), "--trust", demo.root, "--anyone"]
    refused = ecard(*call)
    assert refused.status == 1
    assert "revo" in refused.out
    assert ecard(*call, "--unsafe-no-revocation").status == 0
    only_issuing = ecard(*call, "--crl", f"{demo.crls}/issuing.crl")
    assert only_issuing.status == 1
    both = ecard(*call, "--crl", f"{demo.crls}/issuing.crl", "--crl", f"{demo.crls}/root.crl")
    assert both.status == 0


@pytest.mark.parametrize("years", [-30, -1, 1, 11])
def test_another_moment(demo: Demo, ecard: Ecard, years: int) -> None:
    at = (datetime.now(UTC) + timedelta(days=365 * years)).isoformat()
    outcome = ecard("verify", demo.contract, demo.signature("operator"), *trust(demo), "--anyone", "--at", at)
    assert outcome.status == 1


@pytest.mark.parametrize("at", ["yesterday", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
def test_a_moment_that_is_none(demo: Demo, ecard: Ecard, at: str) -> None:
    outcome = ecard("verify", demo.contract, demo.signature("operator"), *trust(demo), "--anyone", "--at", at)
    assert outcome.status == 2
    assert "ISO 8601" in outcome.err


def test_document_and_signature_from_pipes(demo: Demo, ecard: Ecard, tmp_path: Path) -> None:
    pipes = tmp_path / "document", tmp_path / "signature"
    for pipe, source in zip(pipes, (demo.contract, demo.signature("operator")), strict=True):
        os.mkfifo(pipe)
        Thread(target=pipe.write_bytes, args=(Path(source).read_bytes(),), daemon=True).start()
    outcome = ecard("verify", *pipes, *trust(demo), "--anyone")
    assert outcome.status == 0, outcome.err


def test_a_device_is_no_document(demo: Demo, ecard: Ecard) -> None:
    outcome = ecard("verify", "/dev/zero", demo.signature("operator"), *trust(demo), "--anyone")
    assert outcome.status == 2
    assert "/dev/zero: is a device, not a file" in outcome.err


def test_a_revoked_card_still_signs_and_is_refused(demo: Demo, ecard: Ecard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECARD_PIN", demo.pin("operator-2"))
    assert ecard("sign", demo.contract, "--card", demo.card("operator-2")).status == 0
    outcome = ecard("verify", demo.contract, f"{demo.contract}.p7s", *trust(demo), "--anyone", "--json")
    assert outcome.status == 1
    assert [reason["code"] for reason in json.loads(outcome.out)["reasons"]] == ["revoked"]


def test_another_root_is_not_trusted(demo: Demo, ecard: Ecard, tmp_path: Path) -> None:
    assert ecard("demo", "--out", tmp_path / "other").status == 0
    other = str(tmp_path / "other" / "trust" / "root.pem")
    outcome = ecard(
        "verify", demo.contract, demo.signature("operator"), "--trust", other, "--crl", demo.crls, "--anyone"
    )
    assert outcome.status == 1
    assert "root" in outcome.out or "issuer" in outcome.out


def test_the_output_file_is_not_overwritten_unasked(demo: Demo, ecard: Ecard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECARD_PIN", demo.pin("operator-1"))
    target = Path(f"{demo.contract}.p7s")
    target.write_bytes(b"something of yours")
    outcome = ecard("sign", demo.contract, "--card", demo.card("operator-1"))
    assert outcome.status == 2
    assert "exists already" in outcome.err
    assert target.read_bytes() == b"something of yours"
    assert ecard("sign", demo.contract, "--card", demo.card("operator-1"), "-o", target).status == 0
    assert target.read_bytes() != b"something of yours"


def test_the_document_is_not_overwritten_with_its_signature(
    demo: Demo, ecard: Ecard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ECARD_PIN", demo.pin("operator-1"))
    document, link = tmp_path / "contract.txt", tmp_path / "link"
    document.write_bytes(b"the only copy")
    link.symlink_to(document)
    for given, output in ((document, document), (link, document), (document, f"{tmp_path}/./contract.txt")):
        outcome = ecard("sign", given, "--card", demo.card("operator-1"), "-o", output)
        assert (outcome.status, outcome.err.count("\n")) == (2, 1)
        assert "would be lost: name another file" in outcome.err
    assert document.read_bytes() == b"the only copy"


def test_the_page_on_standard_output(demo: Demo) -> None:
    call = ["verify", demo.contract, demo.signature("operator"), *trust(demo), "--html", "-"]
    page = process(*call, "--anyone")
    assert (page.returncode, page.stderr) == (0, b"")
    assert page.stdout.startswith(b"<!DOCTYPE html>")
    assert page.stdout.endswith(b"</html>\n")
    refused = process(*call, "--role", "legal-person", ECARD_LANGUAGE="zh")
    assert (refused.returncode, refused.stdout[:15]) == (1, b"<!DOCTYPE html>")
    assert "不接受" in refused.stdout.decode()
    both = process(*call, "--anyone", "--json")
    assert (both.returncode, both.stdout, both.stderr.count(b"\n")) == (2, b"", 1)
    assert not Path("-").exists()


def test_the_report_as_a_page(demo: Demo, ecard: Ecard, tmp_path: Path) -> None:
    call = ["verify", demo.contract, demo.signature("operator"), *trust(demo), "--anyone"]
    assert ecard(*call, "--html", tmp_path / "report.html").status == 0
    assert "Accepted" in (tmp_path / "report.html").read_text(encoding="utf-8")
    outcome = ecard(*call, "--html", tmp_path / "missing" / "report.html")
    assert (outcome.status, outcome.out, outcome.err.count("\n")) == (2, "", 1)
