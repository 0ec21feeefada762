"""The hostile collection: each document is refused in under a second and 200 MB, by every door."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from ecard.algorithms import KeyKind
from ecard.documents import ceb, dxp, receipts, xml_guard
from ecard.documents.ceb import Outcome, Step
from ecard.documents.signers import UnsafeAnyone
from ecard.documents.xml_guard import DEFAULT_LIMITS, XmlLimits, parse_xml, read_xml
from ecard.errors import EcardError, InvalidInputError, XmlError
from tests.ceb.centre import AT, card
from tests.ceb.hostile import COLLECTIONS, END, START, signed
from tests.ceb.instances import SMALL
from tests.effort import within

pytestmark = pytest.mark.exhaustive

SECOND = 1.0
MEGABYTES = 200
_RUNNER = """
import json, sys
sys.path.insert(0, sys.argv[1])
from tests.ceb.test_hostile import judge_collection
from tests.peak_memory import peak_memory
refused = judge_collection(sys.argv[2])
print(json.dumps({"refused": refused, "peak": peak_memory()}))
"""


def judge_collection(name: str) -> list[tuple[str, bool, float]]:
    """(document, whether every door refused it, the slowest door's seconds); runs in a process of its own."""
    signer = card(KeyKind.RSA2048)
    results = []
    for case, document in COLLECTIONS[name]():
        doors = [
            lambda document=document: ceb.sign(document, signer.holder, replace=True),
            lambda document=document: ceb.verify(document, at=AT, trust=signer.trust, signer=UnsafeAnyone()),
            lambda document=document: dxp.parse(document),
            lambda document=document: receipts.parse(document),
        ]
        # what may be signed can still not be verified: signatures inside are the point of these
        doors = doors[1:] if name in {"wrappings", "references", "identifiers"} else doors
        outcomes = [_try(door) for door in doors]
        results.append((case, all(refused for refused, _ in outcomes), max(seconds for _, seconds in outcomes)))
    return results


def _try(door: Any) -> tuple[bool, float]:
    start = time.process_time()
    try:
        door()
    except EcardError:
        return True, time.process_time() - start
    return False, time.process_time() - start


@pytest.mark.parametrize("name", COLLECTIONS)
def test_every_document_of_the_collection_is_refused_in_time_and_memory(name: str) -> None:
    root = str(Path(__file__).parents[2])
    command = [sys.executable, "-c", _RUNNER, root, name]
    result = json.loads(subprocess.run(command, capture_output=True, check=True, text=True, cwd=root).stdout)
    assert result["refused"]
    assert [case for case, refused, _ in result["refused"] if not refused] == []
    assert [(case, seconds) for case, _, seconds in result["refused"] if seconds >= SECOND] == []
    assert result["peak"] < MEGABYTES * 1024, "the peak of the whole collection, documents included"


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("wrappings", {Step.PLACE, Step.SHAPE, Step.DIGEST, Step.TYPE}),
        ("references", {Step.SHAPE, Step.ALGORITHMS, Step.DIGEST}),
        ("identifiers", {Step.READING}),
        ("declarations", {Step.READING}),
        ("encodings", {Step.READING, Step.PLACE, Step.DIGEST}),
    ],
)
def test_the_step_that_refuses_is_the_one_that_should(name: str, steps: set[Step]) -> None:
    signer = card(KeyKind.RSA2048)
    for case, document in COLLECTIONS[name]():
        report = ceb.inspect(document, at=AT, trust=signer.trust, signer=UnsafeAnyone())
        failed = {check.step for check in report.checks if check.outcome is Outcome.FAILED}
        assert failed, case
        assert failed <= steps, case
        if Step.READING in failed:
            assert len(report.reasons) == 1, case
            with pytest.raises(XmlError):
                parse_xml(read_xml(document))


@pytest.mark.parametrize(
    "crowd", ["3,000 namespaces on the root", "60 namespaces over many elements", "1000 attributes"]
)
def test_crowds_are_refused_before_the_parser_runs(crowd: str, monkeypatch: pytest.MonkeyPatch) -> None:
    document = dict(COLLECTIONS["crowds"]())[crowd]
    monkeypatch.setattr(xml_guard.etree, "fromstring", lambda *_: pytest.fail("the parser ran"))
    with pytest.raises(XmlError):
        ceb.sign(document, card(KeyKind.SM2).holder)


def test_the_untouched_message_is_accepted_by_the_same_door() -> None:
    signer = card(KeyKind.RSA2048)
    assert ceb.verify(signed(), at=AT, trust=signer.trust, signer=UnsafeAnyone()).accepted


class Endless(io.RawIOBase):
    """A stream of 300 MB of text, made as it is read."""

    def __init__(self) -> None:
        self.left = 300_000_000
        self.read_bytes = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = min(len(buffer), self.left)
        buffer[:count] = b"x" * count
        self.left -= count
        self.read_bytes += count
        return count


def test_300_mb_are_not_even_read(tmp_path: Path) -> None:
    stream = Endless()
    with within(SECOND), pytest.raises(XmlError, match="more than"):
        read_xml(stream)  # type: ignore[arg-type]
    assert stream.read_bytes <= DEFAULT_LIMITS.size + (2 << 20)
    file = tmp_path / "large.xml"
    with file.open("wb") as handle:
        handle.write(START)
        handle.truncate(300_000_000)
    signer = card(KeyKind.SM2)
    with within(SECOND), pytest.raises(XmlError):
        ceb.sign(file, signer.holder)
    with within(SECOND):
        report = ceb.inspect(file, at=AT)
    assert not report.accepted


def test_the_signature_of_the_collection_is_the_reason_for_nothing_but_itself() -> None:
    """What only looks hostile is read: a document type in a text, one identifier, crowds below the limits."""
    harmless = [
        SMALL.replace(b"<c:Order/>", b"<c:Order><![CDATA[<!DOCTYPE a [<!ENTITY b 'c'>]>]]></c:Order>"),
        SMALL.replace(b"<c:Order/>", b'<c:Order Id="a"/><c:Order Id="b" id="c"/>'),
        SMALL.replace(b"<c:Order/>", b"<c:Order>id=1 id=1 Id = 1</c:Order>"),
        START + b"<x" + b"".join(b' a%d="1"' % i for i in range(60)) + b"/>" + END,
        START + b"".join(b'<x xmlns="u:%d"/>' % i for i in range(5000)) + END,
        START + b"<x xmlns='urn:&#97;' b=\" xmlns='&amp;'\"> xmlns='&amp;'</x>" + END,
        START + b"<x>" * 200 + b"</x>" * 200 + END,
        START + b"<x>1</x>" * 90_000 + END,
        START + b"a=b " * 100_000 + END,
        START + b"y" * 5_000_000 + END,
    ]
    signer = card(KeyKind.RSA2048)
    for message in harmless:
        assert ceb.verify(ceb.sign(message, signer.holder), at=AT, trust=signer.trust, signer=UnsafeAnyone()).accepted


def test_an_ampersand_in_a_namespace_is_refused_by_its_name_and_in_time() -> None:
    """libxml2 writes it unescaped into the canonical form, which no other program does."""
    for spelling in (b"&amp;", b"&#38;"):
        message = START.replace(b" guid", b" xmlns:r='urn:a" + spelling + b"b' guid") + END
        with pytest.raises(XmlError, match="ampersand"):
            ceb.sign(message, card(KeyKind.SM2).holder)
    for text in (b"xmlns:", b"xmlns=' xmlns=\"", b"xmlns" + b" " * 1000, b"xmlns:a='&amp;' "):
        with within(SECOND):
            parse_xml(read_xml(START + text * (4_000_000 // len(text)) + END, XmlLimits(marks=10**7)))


def test_limits_can_be_set_and_errors_never_quote_the_document() -> None:
    small = XmlLimits(size=100, marks=3, attributes=1, namespaces=1)
    for document in (
        b"<a>" + b"x" * 100 + b"</a>",
        b"<a><b/><b/></a>",
        b"<a x='1' y='2'/>",
        b'<a xmlns="u:a" xmlns:b="u:b"/>',
    ):
        with pytest.raises(XmlError):
            read_xml(document, small)
    for document in (b"<SECRET>", b"<a>&SECRET;</a>", b'<a SECRET="1" SECRET="2"/>', b"<SECRET:a/>", b"<a></SECRET>"):
        with pytest.raises(XmlError) as caught:
            parse_xml(read_xml(document))
        assert "SECRET" not in str(caught.value)


def test_what_cannot_be_read_is_the_callers_error() -> None:
    for source in ("text", Path("/nonexistent/x.xml"), io.StringIO("<a/>"), 5):
        with pytest.raises(InvalidInputError):
            ceb.inspect(source, at=AT)  # type: ignore[arg-type]
