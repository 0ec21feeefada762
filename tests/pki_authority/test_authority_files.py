"""Keeping an authority: what is saved comes back, and neither crashes nor other processes harm it."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from ecard.algorithms import KeyKind
from ecard.errors import AuthorityStateError, InvalidInputError, InvalidKeyError, RequestError, WrongCardError
from ecard.keyholder import SoftwareKeyHolder
from ecard.pki import authority_files
from ecard.pki.authority import CertificateAuthority
from ecard.pki.profile import PublicationPoints
from ecard.pki.withdrawal import RevocationReason, State
from tests.pki_authority.centre import AT, DAY, KINDS, WEEK, chain_of, key_of, operator, request_of, root, subject

PASSWORD = b"a long password"


@pytest.mark.parametrize("kind", KINDS)
def test_an_authority_comes_back_whole(kind: KeyKind, tmp_path: Path) -> None:
    points = PublicationPoints(crl="http://crl.example.invalid/{partition}", cps="http://cps.example.invalid/")
    _, issuing, leaf = chain_of(kind, points=points, partitions=2)
    issuing.hold(leaf, at=AT)
    name = issuing.partition(leaf.serial_number)
    issuing.crl(at=AT + DAY, next_update=AT + WEEK, partition=name)
    issuing.save(tmp_path, password=PASSWORD)
    again = CertificateAuthority.load(tmp_path, password=PASSWORD)
    assert (again.certificate, again.chain, again.points) == (issuing.certificate, issuing.chain, issuing.points)
    assert again.record.issued == issuing.record.issued
    assert list(again.record.journal) == list(issuing.record.journal)
    assert again.partitions == 2
    status = again.status(leaf.serial_number, at=AT)
    assert status is not None
    assert status.state is State.ON_HOLD
    again.revoke(leaf, RevocationReason.SUPERSEDED, at=AT + 2 * DAY)
    assert again.delta_crl(at=AT + 2 * DAY, next_update=AT + WEEK, partition=name)
    assert again.record.crl_number == 2
    with pytest.raises(RequestError, match="another card"):
        again.issue(request_of(key_of(kind, 3)), subject(card_number="03-JJ0A900000008"), at=AT + DAY)
    again.issue(request_of(key_of(kind, 5)), subject(), at=AT + DAY).verify_issued_by(issuing.certificate)


@pytest.mark.parametrize("kind", KINDS)
def test_the_files_hold_no_name_and_no_readable_key_and_are_private(kind: KeyKind, tmp_path: Path) -> None:
    _, issuing, _ = chain_of(kind)
    issuing.save(tmp_path, password=PASSWORD)
    for name in ("authority.json", "authority.key", "authority.lock", "authority.queue"):
        path = tmp_path / name
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert "甲某".encode() not in path.read_bytes()
    with pytest.raises(InvalidKeyError):
        authority_files.load_key(tmp_path, b"wrong")
    with pytest.raises(InvalidKeyError):
        authority_files.load_key(tmp_path, None)
    assert sorted(os.listdir(tmp_path)) == ["authority.json", "authority.key", "authority.lock", "authority.queue"]


@pytest.mark.parametrize("password", [None, b""])
def test_a_software_key_is_kept_only_encrypted(tmp_path: Path, password: bytes | None) -> None:
    with pytest.raises(InvalidInputError, match="password"):
        root().save(tmp_path, password=password)
    assert not list(tmp_path.iterdir())


def test_later_saves_need_no_password(tmp_path: Path) -> None:
    authority = root()
    authority.save(tmp_path, password=PASSWORD)
    card = operator(authority, 1)
    authority.save(tmp_path)
    assert card.serial_number in CertificateAuthority.load(tmp_path, password=PASSWORD).record.issued


def test_two_processes_do_not_overwrite_each_other(tmp_path: Path) -> None:
    root().save(tmp_path, password=PASSWORD)
    first, second = (CertificateAuthority.load(tmp_path, password=PASSWORD) for _ in range(2))
    operator(first, 1)
    first.save(tmp_path)
    with pytest.raises(AuthorityStateError, match="saved by someone else"):
        second.save(tmp_path)
    first.save(tmp_path)
    with pytest.raises(AuthorityStateError, match="another authority"):
        root().save(tmp_path, password=PASSWORD)


def test_a_key_whose_state_is_lost_is_not_overwritten(tmp_path: Path) -> None:
    authority = root()
    authority.save(tmp_path, password=PASSWORD)
    kept = (tmp_path / "authority.key").read_bytes()
    (tmp_path / "authority.json").unlink()
    other = CertificateAuthority.create_root("another", at=AT, key=KeyKind.P256)
    for password in (PASSWORD, b"another password"):
        with pytest.raises(AuthorityStateError, match="holds another key"):
            other.save(tmp_path, password=password)
    assert (tmp_path / "authority.key").read_bytes() == kept
    assert not (tmp_path / "authority.json").exists()
    authority.save(tmp_path, password=PASSWORD)
    assert CertificateAuthority.load(tmp_path, password=PASSWORD).certificate == authority.certificate


def test_a_key_held_elsewhere_is_not_saved(tmp_path: Path) -> None:
    founded = root()
    holder = SoftwareKeyHolder(key_of(KeyKind.P256, 1), founded.certificate)
    CertificateAuthority(holder).save(tmp_path)
    assert not (tmp_path / "authority.key").exists()
    again = CertificateAuthority.load(tmp_path, holder=holder)
    assert operator(again, 1).issuer == founded.certificate.subject
    other = CertificateAuthority.create_root("x", at=AT, key=KeyKind.P256).holder
    with pytest.raises(WrongCardError):
        CertificateAuthority.load(tmp_path, holder=other)
    with pytest.raises(AuthorityStateError, match="cannot be read"):
        CertificateAuthority.load(tmp_path, password=PASSWORD)


def test_a_crash_while_saving_leaves_the_old_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = root()
    authority.save(tmp_path, password=PASSWORD)
    before = (tmp_path / "authority.json").read_bytes()

    def full_disk(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(authority_files.os, "fsync", full_disk)
    operator(authority, 1)
    with pytest.raises(AuthorityStateError, match="No space left"):
        authority.save(tmp_path)
    assert (tmp_path / "authority.json").read_bytes() == before
    monkeypatch.undo()
    authority.save(tmp_path)
    assert len(CertificateAuthority.load(tmp_path, password=PASSWORD).record.issued) == 1


def damaged(text: str) -> list[str]:
    state = json.loads(text)
    every = [json.dumps({key: value for key, value in state.items() if key != gone}) for gone in state]
    wrong = [json.dumps(state | {key: 7}) for key in ("format", "certificate", "chain", "points", "journal", "issued")]
    events = [["1", "release", "2026-03-02T08:30:00Z", None, None]]
    counts = [json.dumps(state | change) for change in ({"partitions": 0}, {"crl_number": -1}, {"revision": -1})]
    infinite = json.dumps(state | {"crl_number": float("inf")})
    more = [json.dumps(state | {"journal": events}), "", "[]", text[:-5], "\0", "[" * 100_000]
    return [*every, *wrong, *counts, infinite, *more]


def test_damaged_files_are_refused_with_one_kind_of_error(tmp_path: Path) -> None:
    authority = root()
    operator(authority, 1)
    authority.save(tmp_path, password=PASSWORD)
    path = tmp_path / "authority.json"
    for text in damaged(path.read_text()):
        path.write_text(text)
        with pytest.raises(AuthorityStateError):
            CertificateAuthority.load(tmp_path, password=PASSWORD)
    path.unlink()
    with pytest.raises(AuthorityStateError, match="cannot be read"):
        CertificateAuthority.load(tmp_path, password=PASSWORD)
    with pytest.raises(AuthorityStateError, match="cannot be written"):
        root().save(tmp_path / "authority.key" / "below", password=PASSWORD)


def test_what_a_killed_program_left_half_written_goes_with_the_next_save(tmp_path: Path) -> None:
    authority = root()
    authority.save(tmp_path, password=PASSWORD)
    (tmp_path / ".authority.json.0a1b2c3d").write_bytes(b'{"format": "ecard auth')
    (tmp_path / ".authority.json.mine").write_bytes(b"not ecard's")
    authority.save(tmp_path)
    assert sorted(p.name for p in tmp_path.glob(".*")) == [".authority.json.mine"]
