"""A data centre's authority on HTTP: what it publishes follows from the register, whoever wrote there."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509 import ocsp as pyca

from ecard.certificate import Certificate
from ecard.cli.register_serving import RegisterKeeper
from ecard.errors import InvalidInputError
from ecard.keyholder import KeyHolder
from ecard.pki.publishing import AuthorityService
from ecard.pki.serving import application
from ecard.roles.acts import Act, Channel
from tests.cli.founding import found_centre
from tests.pki_authority.centre import needs_openssl, openssl
from tests.pki_authority.test_ocsp import ask
from tests.roles.world import World

WHOLE = "crl030000"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    found = World(str(tmp_path / "register.db"))
    yield found
    found.close()


def published(world: World) -> AuthorityService:
    """What another process, with a centre of its own on the same register, publishes."""
    return AuthorityService(RegisterKeeper(world.another_centre()), policy="1.3.6.1.4.1.99999.1")


def state(service: AuthorityService, world: World, holder: KeyHolder) -> tuple[str, bool]:
    """What the OCSP answer says, and whether the CRL lists the certificate."""
    serial = holder.certificate.serial_number
    at = world.later()
    answer = pyca.load_der_ocsp_response(service.ocsp(ask(world.authority, serial), at=at).content)
    crl = x509.load_der_x509_crl(service.crl(WHOLE, at=at).content)
    return answer.certificate_status.name, crl.get_revoked_certificate_by_serial_number(serial) is not None


def test_a_freeze_in_one_process_is_published_by_the_other(world: World) -> None:
    service = published(world)
    seal = world.enterprise()
    operator = world.operator(seal)
    assert state(service, world, operator) == ("GOOD", False)
    world.on_card(Act.FREEZE, 201, seal, "freeze", channel=Channel.ONLINE)
    assert state(service, world, operator) == ("REVOKED", True)
    world.on_card(Act.UNFREEZE, 201, seal, "unfreeze", channel=Channel.ONLINE)
    assert state(service, world, operator) == ("GOOD", False)
    unknown = pyca.load_der_ocsp_response(service.ocsp(ask(world.authority, 7), at=world.later()).content)
    assert unknown.certificate_status is pyca.OCSPCertStatus.UNKNOWN


def test_crls_are_numbered_over_all_processes(world: World) -> None:
    service = published(world)

    def number_of(content: bytes) -> int:
        extensions = x509.load_der_x509_crl(content).extensions
        return extensions.get_extension_for_class(x509.CRLNumber).value.crl_number

    first = number_of(service.crl(WHOLE, at=world.later()).content)
    at = world.later()
    other = number_of(world.centre.crl(at=at, next_update=at + timedelta(days=1)))
    third = number_of(service.crl(WHOLE, at=world.later(hours=13)).content)
    assert first < other < third


def test_a_register_has_no_delta_crls(world: World) -> None:
    service = published(world)
    assert not service.has_delta_crls
    with pytest.raises(InvalidInputError, match="no delta CRLs"):
        service.delta_crl(WHOLE, at=world.later())
    found: list[str] = []
    site = application({"issuing": service}, clock=world.later)
    for path in (f"/issuing/{WHOLE}-delta.crl", f"/issuing/{WHOLE}.crl"):
        list(site({"REQUEST_METHOD": "GET", "PATH_INFO": path}, lambda status, headers: found.append(status)))  # type: ignore[arg-type,return-value,func-returns-value]
    assert found == ["404 Not Found", "200 OK"]


@needs_openssl
@pytest.mark.skipif(find_spec("waitress") is None, reason="waitress is not installed (extra serve)")
def test_a_data_centre_is_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    centre = found_centre(tmp_path, monkeypatch)
    command = [sys.executable, "-m", "ecard", "centre", "serve"]
    with subprocess.Popen(
        [*command, str(centre), "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        match = re.fullmatch(r"serving issuing, root at (\S+); Ctrl-C ends it\n", process.stderr.readline())
        assert match
        for name in ("issuing", "root"):
            with urllib.request.urlopen(f"{match[1]}/{name}/issuer.crt", timeout=10) as answer:
                (tmp_path / f"{name}.crt").write_text(Certificate(answer.read()).pem())
        asked = ("-issuer", tmp_path / "issuing.crt", "-cert", centre / "seal.pem")
        trusted = ("-CAfile", tmp_path / "root.crt", "-verify_other", tmp_path / "issuing.crt")
        text = openssl("ocsp", *asked, *trusted, "-url", f"{match[1]}/issuing/ocsp")
        assert "Response verify OK" in text
        assert "seal.pem: good" in text
        with urllib.request.urlopen(f"{match[1]}/issuing/{WHOLE}.crl", timeout=10) as answer:
            (tmp_path / "crl").write_bytes(answer.read())
        options = ["-inform", "DER", "-in", str(tmp_path / "crl"), "-CAfile", str(tmp_path / "issuing.crt"), "-noout"]
        assert "verify OK" in openssl("crl", *options)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    for part in ("root", "issuing"):
        alone = [*command, str(centre / part)]
        done = subprocess.run(alone, capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, "part of a data centre" in done.stderr) == (2, True)
    assert datetime.now(UTC) > x509.load_der_x509_crl((tmp_path / "crl").read_bytes()).last_update_utc
