"""The register's history as evidence, and authorities whose key is not in software."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from ecard.algorithms import KeyKind, Signature, SignatureAlgorithm
from ecard.errors import InvalidSignatureError
from ecard.keys import PublicKey
from ecard.pki.authority import CertificateAuthority
from ecard.pki.authority_history import AuthorityHistory
from ecard.pki.evidence import Interval, RevocationHistory
from ecard.pki.issuing import CertifiedKey
from ecard.pki.withdrawal import RevocationReason
from tests.pki_authority.centre import AT, DAY, KINDS, WEEK, chain_of, key_of, operator, root

HOLD = "certificateHold"


def test_holds_stay_in_the_history_after_their_release() -> None:
    authority = root()
    card = operator(authority, 1)
    authority.hold(card, at=AT + DAY)
    authority.release(card, at=AT + 2 * DAY)
    authority.hold(card, at=AT + 3 * DAY)
    authority.revoke(card, RevocationReason.KEY_COMPROMISE, at=AT + 4 * DAY, invalidity_date=AT + 3 * DAY)
    history = authority.history
    assert isinstance(history, RevocationHistory)
    assert history.intervals(card.issuer, card.serial_number) == [
        Interval(AT + DAY, AT + 2 * DAY, HOLD),
        Interval(AT + 3 * DAY, AT + 4 * DAY, HOLD),
        Interval(AT + 3 * DAY, None, "keyCompromise"),
    ]


def test_the_history_tells_what_the_status_tells() -> None:
    authority = root()
    card = operator(authority, 1)
    authority.hold(card, at=AT + DAY)
    authority.release(card, at=AT + 2 * DAY)
    authority.hold(card, at=AT + 5 * DAY)  # which does not come to pass
    authority.revoke(card, RevocationReason.SUPERSEDED, at=AT + 3 * DAY)
    intervals = authority.history.intervals(card.issuer, card.serial_number)
    assert intervals is not None
    for hours in range(0, 200, 6):
        at = AT + timedelta(hours=hours)
        status = authority.status(card.serial_number, at=at)
        assert status is not None
        assert any(interval.contains(at) for interval in intervals) is (status.reason is not None)


def test_the_history_of_several_authorities_and_what_none_of_them_issued() -> None:
    top, issuing, leaf = chain_of(KeyKind.P256)
    history = AuthorityHistory((top, issuing))
    assert history.intervals(leaf.issuer, leaf.serial_number) == []
    assert history.intervals(top.certificate.subject, issuing.certificate.serial_number) == []
    assert history.intervals(leaf.issuer, 1) is None
    assert top.history.intervals(leaf.issuer, leaf.serial_number) is None


class KeyElsewhere:
    """A key that only signs, like one on a card or in a security module."""

    def __init__(self, kind: KeyKind, number: int = 6, *, broken: bool = False) -> None:
        self._key = key_of(kind, number)
        self._broken = broken

    @property
    def public_key(self) -> PublicKey:
        return self._key.public_key

    def sign(self, message: bytes, algorithm: SignatureAlgorithm | None = None) -> Signature:
        return self._key.sign(message + b"!" if self._broken else message, algorithm)


@pytest.mark.parametrize("kind", KINDS)
def test_an_authority_whose_key_is_elsewhere(kind: KeyKind, tmp_path: Path) -> None:
    key = KeyElsewhere(kind)
    top = CertificateAuthority.create_root("示例根", at=AT, key=key)
    issuing = top.create_subordinate("示例签发", at=AT, key=KeyElsewhere(KeyKind.P256, 9))
    operator(issuing, 1).verify_issued_by(issuing.certificate)
    assert top.crl(at=AT, next_update=AT + WEEK)
    top.save(tmp_path)
    assert not (tmp_path / "authority.key").exists()
    again = CertificateAuthority.load(tmp_path, holder=CertifiedKey(key, top.certificate))
    assert again.certificate == top.certificate


def test_a_key_elsewhere_that_signs_wrongly_founds_and_issues_nothing() -> None:
    broken = KeyElsewhere(KeyKind.P256, broken=True)
    with pytest.raises(InvalidSignatureError):
        CertificateAuthority.create_root("x", at=AT, key=broken)
    good = CertificateAuthority.create_root("x", at=AT, key=KeyElsewhere(KeyKind.P256))
    authority = CertificateAuthority(CertifiedKey(broken, good.certificate))
    with pytest.raises(InvalidSignatureError):
        operator(authority, 1)
    with pytest.raises(InvalidSignatureError):
        authority.crl(at=AT, next_update=AT + WEEK)
    assert not authority.record.issued
    assert authority.record.crl_number == 0
