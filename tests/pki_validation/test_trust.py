"""Trust and evidence from files: what becomes what, and clear errors for everything else."""

from __future__ import annotations

import os
import pickle
import re
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ecard import der
from ecard.certificate import Certificate
from ecard.errors import EncodingError, InvalidInputError
from ecard.pki import evidence as evidence_module
from ecard.pki.crl import Crl
from ecard.pki.evidence import Evidence
from ecard.pki.policy import ValidationPolicy
from ecard.pki.trust import Trust
from ecard.pki.validation import validate
from tests.pki_validation.chains import Issuer, key, make, name, plain_ca, root
from tests.pki_validation.judging import NOW


@pytest.fixture(scope="module")
def top() -> Issuer:
    return root("File root")


@pytest.fixture(scope="module")
def ca(top: Issuer) -> Issuer:
    return top.ca("File CA")


def pem(crl: Crl) -> str:
    return x509.load_der_x509_crl(crl.der).public_bytes(serialization.Encoding.PEM).decode()


def test_a_directory_of_everything(top: Issuer, ca: Issuer, tmp_path: Path) -> None:
    crls = [top.crl(), ca.crl()]
    response = ca.ocsp(ca.issue())
    (tmp_path / "root.pem").write_text(top.certificate.pem())
    (tmp_path / "ca.CER").write_bytes(ca.certificate.der)
    (tmp_path / "one.crl").write_bytes(crls[0].der)
    (tmp_path / "two.crl").write_text("a comment\n" + pem(crls[1]))
    (tmp_path / "answer.ors").write_bytes(response.der)
    (tmp_path / "README.txt").write_text("not read")
    (tmp_path / "sub.pem").mkdir()
    trust = Trust.load(tmp_path)
    assert trust.roots == (top.certificate,)
    assert trust.intermediates == (ca.certificate,)
    assert set(trust.evidence.crls) == set(crls)
    assert trust.evidence.ocsp == (response,)
    assert trust.evidence.history is None


@pytest.mark.parametrize("suffix", [".der", ".pem", ".cer", ".ors", ".bin"])
def test_a_list_in_der_is_evidence_whatever_its_file_is_called(top: Issuer, tmp_path: Path, suffix: str) -> None:
    (tmp_path / "root.pem").write_text(top.certificate.pem())
    first = tmp_path / f"list{suffix}"
    for crl in (top.crl(), version_1_list(top)):
        first.write_bytes(crl.der)
        assert Trust.load(tmp_path / "root.pem", first).evidence.crls == (crl,)
    for encoded in (top.certificate.der, b"\x30\0", b"\x30\2\5\0", b"\x30\4\x30\2\2\0"):
        assert not Crl.looks_like(encoded)


def version_1_list(top: Issuer) -> Crl:
    """A list of version 1."""
    algorithm = der.sequence(der.oid("1.2.840.10045.4.3.2"))
    times = (der.element(der.UTC_TIME, b"260101000000Z"), der.element(der.UTC_TIME, b"260201000000Z"))
    body = der.sequence(algorithm, top.certificate.subject, *times)
    return Crl(der.sequence(body, algorithm, der.bit_string(b"signature")))


def test_a_text_that_begins_with_the_digit_0_is_text(top: Issuer, tmp_path: Path) -> None:
    """``openssl storeutl`` numbers what it prints from 0, and that octet begins every SEQUENCE too."""
    crl = top.crl()
    (tmp_path / "root.pem").write_text(f"0: Certificate\n{top.certificate.pem()}Total found: 1\n")
    (tmp_path / "root.crl").write_text(f"0: CRL\n{pem(crl)}Total found: 1\n")
    trust = Trust.load(tmp_path)
    assert trust.roots == (top.certificate,)
    assert trust.evidence.crls == Evidence.from_files(tmp_path).crls == (crl,)
    assert Crl.load(tmp_path / "root.crl") == crl


def test_files_of_several_kinds_in_any_order(top: Issuer, ca: Issuer, tmp_path: Path) -> None:
    bundle, more = tmp_path / "bundle.pem", tmp_path / "more"
    bundle.write_text(ca.certificate.pem() + pem(ca.crl()) + top.certificate.pem() + top.certificate.pem())
    more.write_bytes(ca.crl().der)
    trust = Trust.load(str(bundle), more)
    assert (trust.roots, trust.intermediates) == ((top.certificate,), (ca.certificate,))
    assert len(trust.evidence.crls) == 2


def test_a_certificate_of_its_own_name_that_another_key_signed_is_no_root(top: Issuer, tmp_path: Path) -> None:
    rolled = make(top.subject, key("rolled"), top.subject, top.key, extensions=plain_ca())
    (tmp_path / "a.pem").write_text(rolled.pem() + top.certificate.pem())
    assert Trust.load(tmp_path).roots == (top.certificate,)
    assert Trust.load(tmp_path).intermediates == (rolled,)


def test_a_root_with_a_key_that_ecard_does_not_know_is_still_a_root(tmp_path: Path) -> None:
    odd = ec.generate_private_key(ec.SECP521R1())
    certificate = make(name("Odd"), odd, name("Odd"), odd, extensions=plain_ca())
    (tmp_path / "odd.pem").write_text(certificate.pem())
    assert Trust.load(tmp_path).roots == (certificate,)


def test_every_unusable_path_is_a_clear_error(top: Issuer, tmp_path: Path) -> None:
    empty, text, cut = tmp_path / "empty.pem", tmp_path / "text.pem", tmp_path / "cut.crl"
    empty.write_bytes(b"")
    text.write_text("no certificate here")
    cut.write_bytes(b"\x30\x82\x10")
    for path, why in [
        (tmp_path / "missing.pem", "cannot be read"),
        (empty, "is empty"),
        (text, "cannot be used"),
        (cut, "cannot be used"),
    ]:
        with pytest.raises(InvalidInputError, match=why) as caught:
            Trust.load(path)
        assert path.name in str(caught.value)
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    with pytest.raises(InvalidInputError, match="holds no certificate"):
        Trust.load(nothing)


def test_no_root_is_a_clear_error(ca: Issuer, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text(ca.certificate.pem())
    with pytest.raises(InvalidInputError, match="no root certificate in"):
        Trust.load(tmp_path)
    with pytest.raises(InvalidInputError, match="no root certificate"):
        Trust.load()
    with pytest.raises(InvalidInputError, match="no root certificate"):
        Trust([])


def test_a_caller_may_trust_a_certificate_that_is_not_self_signed(ca: Issuer) -> None:
    assert Trust([ca.certificate]).roots == (ca.certificate,)


def test_trust_with_the_same_content_is_equal(top: Issuer, ca: Issuer) -> None:
    one, two = (
        Trust([Certificate(top.certificate.der)], [ca.certificate], Evidence([top.crl(number=5)])) for _ in "ab"
    )
    assert Trust([top.certificate]) == Trust([top.certificate, top.certificate])
    assert hash(Trust([top.certificate])) == hash(Trust([Certificate(top.certificate.der)]))
    assert (one == two) is (one.evidence.crls == two.evidence.crls)


def test_evidence_from_files(ca: Issuer, tmp_path: Path) -> None:
    crls = [ca.crl(), ca.crl()]
    response = ca.ocsp(ca.issue())
    (tmp_path / "a").write_bytes(crls[0].der)
    (tmp_path / "b").write_text(pem(crls[0]) + pem(crls[1]))
    (tmp_path / "c").write_bytes(response.der)
    evidence = Evidence.from_files(tmp_path / "a", str(tmp_path / "b"), tmp_path / "c")
    assert evidence.crls == (crls[0], *crls)
    assert evidence.ocsp == (response,)
    (tmp_path / "bad").write_bytes(ca.certificate.der)
    (tmp_path / "worse").write_text(ca.certificate.pem())
    for bad, why in (("bad", "CRL: "), ("worse", "no CRL found, neither PEM nor DER")):
        with pytest.raises(EncodingError, match=f"the file .*/{bad} cannot be used as evidence: {why}"):
            Evidence.from_files(tmp_path / "a", tmp_path / bad)
    with pytest.raises(InvalidInputError, match="cannot be read"):
        Evidence.from_files(tmp_path / "missing")
    with pytest.raises(InvalidInputError, match="cannot be read: embedded null byte"):
        Evidence.from_files("a\0b")


def test_a_file_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence_module, "MAX_FILE", 1 << 21)
    for read in (Evidence.from_files, Trust.load):
        with pytest.raises(InvalidInputError, match="/dev/zero is larger than 2097152 bytes"):
            read("/dev/zero")


def test_evidence_from_a_directory(ca: Issuer, tmp_path: Path) -> None:
    place = tmp_path / "crls"
    place.mkdir()
    with pytest.raises(InvalidInputError, match=r"holds no file that ends in \.crl"):
        Evidence.from_files(place)
    crls = [ca.crl(), ca.crl()]
    (place / "b.crl").write_bytes(crls[1].der)
    (place / "a.CRL").write_text(pem(crls[0]))
    (place / "notes.txt").write_text("not read")
    (place / "folder.crl").mkdir()
    os.mkfifo(place / "pipe.crl")
    assert Evidence.from_files(place).crls == tuple(crls)
    assert Evidence.from_files(place, place / "b.crl").crls == (*crls, crls[1])


@pytest.mark.parametrize("target", ["gone/list.crl", "today.crl"], ids=["nowhere", "itself"])
def test_a_link_that_leads_nowhere_is_no_reason_to_do_without(top: Issuer, tmp_path: Path, target: str) -> None:
    """The lists of yesterday alone would call good what the missing one revokes."""
    (tmp_path / "root.pem").write_text(top.certificate.pem())
    (tmp_path / "yesterday.crl").write_bytes(top.crl().der)
    (tmp_path / "today.crl").symlink_to(target)
    for read in (Evidence.from_files, Trust.load):
        with pytest.raises(InvalidInputError, match=r"today\.crl cannot be read"):
            read(tmp_path)


def test_evidence_takes_bytes_and_adds_up(ca: Issuer) -> None:
    crl, response = ca.crl(), ca.ocsp(ca.issue())
    one = Evidence([crl.der, pem(crl).encode()], [response.der])
    assert one.crls == (crl, crl)
    both = one + Evidence([ca.crl()])
    assert (len(both.crls), len(both.ocsp)) == (3, 1)
    assert both.fingerprint == Evidence(both.crls[1:], both.ocsp).fingerprint
    assert both.fingerprint != one.fingerprint
    with pytest.raises(InvalidInputError, match="2 CRLs"):
        Evidence([(pem(crl) + pem(crl)).encode()])


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_path_length": 0},
        {"acceptable_policies": frozenset()},
        {"evidence_tolerance": -__import__("datetime").timedelta(1)},
        {"freshness": -__import__("datetime").timedelta(1)},
    ],
)
def test_policies_that_make_no_sense(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError):
        ValidationPolicy(**wrong)  # type: ignore[arg-type]


def test_nothing_reads_the_trust_store_of_the_system_or_the_clock() -> None:
    package = Path(__import__("ecard").__file__).parent / "pki"
    names = [
        "trust",
        "evidence",
        "crl",
        "crl_index",
        "ocsp_response",
        "revocation",
        "revocation_sources",
        "path",
        "policy",
    ]
    files = [package / f"{n}.py" for n in names] + sorted(package.glob("validation*.py"))
    for file in files:
        text = file.read_text()
        assert not re.search(r"\bcertifi\b|trust_list|load_default_certs|urllib\.request|socket", text), file
        assert not re.search(
            r"\.now\(|utcnow|time\.time|monotonic|\.today\(", text.replace("use datetime.now(UTC)", "")
        ), file


def test_trust_and_evidence_go_to_other_processes(top: Issuer, ca: Issuer) -> None:
    """Without what was remembered: indices, verdicts and locks stay behind."""
    card = ca.issue()
    trust = Trust([top.certificate], [ca.certificate], Evidence([top.crl(), ca.crl()], [ca.ocsp(card)]))
    validate(card, at=NOW, trust=trust)
    copy = pickle.loads(pickle.dumps(trust))
    assert copy == trust
    assert hash(copy) == hash(trust)
    assert validate(card, at=NOW, trust=copy).path[-1] == top.certificate
