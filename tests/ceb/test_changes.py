"""Any one-byte change of a signed message is refused, or provably leaves alone what was signed."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ecard.documents import ceb
from ecard.documents.ceb import judging
from ecard.documents.signers import UnsafeAnyone
from tests.ceb.centre import AT, card_named
from tests.ceb.instances import SMALL
from tests.ceb.judges import independent_parts

pytestmark = pytest.mark.exhaustive

MESSAGE = b'\xef\xbb\xbf<?xml version="1.0" encoding="UTF-8" standalone="no"?>\r\n' + SMALL.replace(
    b"<c:Order/>", "<c:Order >\r\n 示例 <c:a x='1'>&amp;<![CDATA[x]]>&#x41;</c:a></c:Order>".encode()
)
CARDS = ("sm2", "legacy")
BYTES = st.one_of(st.sampled_from(b" \t\r\n\"'<>&=/\0"), st.integers(0, 255))


@cache
def signed(name: str) -> bytes:
    return ceb.sign(MESSAGE + b"\n", card_named(name).holder)


def judge_change(name: str, changed: bytes) -> bool:
    """Whether the changed message is accepted; then an independent reader must find the same in it."""
    signer = card_named(name)
    original = signed(name)
    report = ceb.inspect(changed, at=AT, trust=signer.trust, signer=UnsafeAnyone())
    if report.accepted:
        expected = independent_parts(original)
        assert independent_parts(changed) == expected, "what is accepted does not say what was signed"
        assert report.verified == expected[0]
    else:
        assert report.verified is None
    return report.accepted


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(
    name=st.sampled_from(CARDS),
    place=st.integers(0, 10**6),
    byte=BYTES,
    kind=st.sampled_from(["replace", "insert", "delete"]),
)
@example(name="sm2", place=0, byte=0xEE, kind="replace")
@example(name="legacy", place=10**6 - 1, byte=0x20, kind="delete")
def test_a_change_of_one_byte(name: str, place: int, byte: int, kind: str) -> None:
    original = signed(name)
    place %= len(original)
    inserted = b"" if kind == "delete" else bytes((byte,))
    judge_change(name, original[:place] + inserted + original[place + (kind != "insert") :])


@pytest.fixture
def _without_explanations(monkeypatch: pytest.MonkeyPatch) -> None:
    """Explaining a failure costs ten times as much as finding it, and changes nothing about it."""
    monkeypatch.setattr(judging, "diagnose_digest", lambda *_: frozenset())
    monkeypatch.setattr(judging, "diagnose_signature", lambda *_: frozenset())


@pytest.mark.usefixtures("_without_explanations")
@pytest.mark.parametrize("name", CARDS)
def test_every_byte_of_content_and_signature_counts(name: str) -> None:
    """The lowest bit of every byte, turned: only the letters of the declared encoding stand for the same."""
    original = signed(name)
    accepted = [
        place
        for place in range(len(original))
        if judge_change(name, original[:place] + bytes((original[place] ^ 1,)) + original[place + 1 :])
    ]
    assert [original[place : place + 1] for place in accepted] == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"UTF-8", b"utf-8"),
        (b"\r\n", b"\n"),
        (b"x='1'", b'x = "1"'),
        (b"&#x41;", b"A"),
        (b"<![CDATA[x]]>", b"x"),
        (b"</ds:KeyName>", b"\n</ds:KeyName>"),
        (b"<c:BaseTransfer/>", b"<c:BaseTransfer></c:BaseTransfer>"),
        (b"<c:BaseTransfer/>", b"<c:BaseTransfer/><!-- a comment is not signed -->"),
    ],
)
@pytest.mark.parametrize("name", CARDS)
def test_changes_that_leave_the_canonical_form_alone(name: str, old: bytes, new: bytes) -> None:
    changed = signed(name).replace(old, new)
    assert changed != signed(name)
    assert judge_change(name, changed)


def test_comments_cannot_cut_a_text_for_who_works_with_the_verified_bytes() -> None:
    changed = signed("sm2").replace(b"x]]>", b"x]]><!-- -->")
    report = ceb.verify(changed, at=AT, trust=card_named("sm2").trust, signer=UnsafeAnyone())
    assert report.verified is not None
    assert b"<!--" not in report.verified
    assert b"&amp;xA" in report.verified


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_base64_has_one_spelling(bits: int) -> None:
    """The last character before the padding has bits that stand for nothing."""
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    original = signed("sm2")
    for tag in (b"==</ds:SignatureValue>", b"=</ds:DigestValue>"):
        place = original.index(tag) - 1
        other = alphabet[alphabet.index(original[place]) ^ bits]
        assert not judge_change("sm2", original[:place] + bytes((other,)) + original[place + 1 :])
