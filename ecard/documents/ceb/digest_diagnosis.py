"""Why a digest does not hold: the usual mistakes are undone one by one and together, and the digest is tried again.

Nothing found here makes a signature good; it tells people what happened to their message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from lxml import etree

from ecard.algorithms import Digest
from ecard.documents.ceb import names
from ecard.documents.ceb.canonical import canonical, take_out
from ecard.documents.ceb.spans import SIGNATURE, Span, signature_span
from ecard.documents.mistakes import Mistake
from ecard.documents.xml_guard import BOM, parse_xml

_BUDGET: Final = 32 << 20
"""Bytes that are hashed at most: a tenth of a second."""
_MAX_SIZE: Final = 1 << 20
_MAX_MARKS: Final = 60_000
"""Larger messages are not looked at: what costs a tenth of a second there would cost seconds here."""
_MAX_BLANKS: Final = 24
_MAX_SPARE: Final = 5
_WINDOW: Final = 256
"""Bytes around the signature's place that are looked at for white space."""
_BLANK_BEFORE: Final = re.compile(rb"(?:[ \t\n]|&#xD;)*\Z")
_BLANK_AFTER: Final = re.compile(rb"(?:[ \t\n]|&#xD;)*")
_DECLARATION: Final = re.compile(rb"\A<\?xml[^>]*\?>\s*")
_ROOT_TAG: Final = re.compile(rb"<[^\s/>?!]+(?:[^\"'<>]|\"[^\"]*\")*>")
_NAMESPACE: Final = re.compile(rb" xmlns(?::([^\s=]+))?=\"[^\"]*\"")
_PREFIX: Final = re.compile(rb"[<\s]([^\s<>:=\"']+):")
_OPTIONAL: Final = {b"xsi": names.XSI.encode(), b"ds": names.DS.encode(), b"xsd": b"http://www.w3.org/2001/XMLSchema"}

Mistakes = frozenset[Mistake]


@dataclass(frozen=True, slots=True)
class _Form:
    """One canonical form, in two parts: before and after the signature's place; and the mistakes it undoes."""

    mistakes: Mistakes
    head: bytes
    tail: bytes


def diagnose_digest(data: bytes, digest: bytes, named: Digest) -> Mistakes:
    """The mistakes that, undone together, make ``digest`` hold; empty where no usual mistake explains it.

    ``data`` is the message, well-formed and with one signature in its place; ``named`` is the algorithm that
    DigestMethod names.
    """
    if len(data) > _MAX_SIZE or data.count(b"<") > _MAX_MARKS:
        return frozenset()
    root = parse_xml(data)
    signature, span = next(root.iterchildren(SIGNATURE)), signature_span(data, root)
    algorithms = [named, *(other for other in (Digest.SHA1, Digest.SM3, Digest.SHA256) if other is not named)]
    left = _BUDGET
    for form in _candidates(data, span, signature):
        text = form.head + form.tail
        for algorithm in algorithms:
            if algorithm.size != len(digest):
                continue
            left -= len(text)
            if algorithm.hash(text) == digest:
                other = {Mistake.OTHER_DIGEST_ALGORITHM} if algorithm is not named else set()
                return form.mistakes | other
        if left < 0:
            break
    return frozenset()


def _candidates(data: bytes, span: Span | None, signature: etree._Element) -> Iterator[_Form]:
    """From the plainest to the most contrived. What looks like several mistakes is taken for the most common one."""
    plain, comments, flat, exclusive = _canonical_forms(data, signature)
    yield from (plain, comments)
    yield from _spaced(plain)
    yield from _spaced(comments)
    yield flat
    spelled = [*_declared(plain), *_declared(comments)]
    yield from (*spelled, exclusive)
    if span is not None:
        yield from _raw(data, span)
    for form in (flat, *spelled, exclusive):
        yield from _spaced(form)


def _canonical_forms(data: bytes, signature: etree._Element) -> list[_Form]:
    """The canonical form as it should be, and those that wrong settings give; the exclusive one last."""
    tree = signature.getroottree()
    mark = _unused_mark(data)
    signature.tail = mark + (signature.tail or "")
    take_out(signature)
    plain = _split(frozenset(), canonical(tree), mark)
    comments = _split(frozenset({Mistake.COMMENTS_DIGESTED}), canonical(tree, comments=True), mark)
    exclusive = _split(frozenset({Mistake.EXCLUSIVE_CANONICALISATION}), canonical(tree, exclusive=True), mark)
    _flatten(tree, mark)
    flat = _split(frozenset({Mistake.INDENTED_AFTER_DIGEST}), canonical(tree), mark)
    return [plain, comments, flat, exclusive]


def _split(mistakes: Mistakes, text: bytes, mark: str) -> _Form:
    head, _, tail = text.partition(mark.encode())
    return _Form(mistakes, head, tail)


def _flatten(tree: etree._ElementTree, mark: str) -> None:
    """Take all white space between elements out, as if the message had been written in one line."""
    for element in tree.getroot().iter(etree.Element):
        if len(element) and not (element.text or "").replace(mark, "").strip():
            element.text = mark if mark in (element.text or "") else None
        if not (element.tail or "").replace(mark, "").strip():
            element.tail = mark if mark in (element.tail or "") else None


def _spaced(form: _Form) -> Iterator[_Form]:
    """The form with other white space in the signature's place: parts of what is there, nothing, and a newline."""
    blank_before = _matched(_BLANK_BEFORE.search(form.head[-_WINDOW:]))
    blank_after = _matched(_BLANK_AFTER.match(form.tail[:_WINDOW]))
    head, tail = form.head[: len(form.head) - len(blank_before)], form.tail[len(blank_after) :]
    seen = {blank_before + blank_after}
    starts = [blank_before[:i] for i in range(min(len(blank_before), _MAX_BLANKS), -1, -1)]
    ends = [blank_after[i:] for i in range(max(0, len(blank_after) - _MAX_BLANKS), len(blank_after) + 1)]
    for blank in (b"", b"\n", *(start + end for start in starts for end in ends), b"&#xD;\n"):
        if blank not in seen:
            seen.add(blank)
            yield _Form(form.mistakes | {Mistake.SPACE_AROUND_SIGNATURE}, head + blank, tail)


def _matched(match: re.Match[bytes] | None) -> bytes:
    return match.group() if match is not None else b""


def _declared(form: _Form) -> Iterator[_Form]:
    """The form with other namespaces on its root: without those that are there for show, with those often added."""
    match = _ROOT_TAG.search(form.head)
    if match is None:
        return
    tag = match.group()
    present = {found.group(1) or b"": found.group() for found in _NAMESPACE.finditer(tag)}
    absent = [prefix for prefix in _OPTIONAL if prefix not in present]
    used = set(_PREFIX.findall(tag))
    for change in _changes([prefix for prefix in present if prefix and prefix not in used], absent):
        kept = {prefix: text for prefix, text in present.items() if prefix not in change}
        added = {p: b' xmlns:%s="%s"' % (p, _OPTIONAL[p]) for p in change if p in absent}
        found = {Mistake.NAMESPACE_ADDED for prefix in change if prefix in present}
        lost = {Mistake.NAMESPACE_REMOVED for prefix in change if prefix in absent}
        head = form.head[: match.start()] + _rewrite(tag, kept | added) + form.head[match.end() :]
        yield _Form(form.mistakes | found | lost, head, form.tail)


def _changes(spare: list[bytes], absent: list[bytes]) -> Iterator[tuple[bytes, ...]]:
    """Which prefixes to leave out or put in: one or two of them, more that are there for show, and all of these."""
    few = spare[:_MAX_SPARE]
    for count in range(1, 3):
        yield from combinations([*few, *absent], count)
    for count in range(3, len(few) + 1):
        yield from combinations(few, count)
    if len(spare) > len(few):
        yield tuple(spare)


def _rewrite(tag: bytes, namespaces: dict[bytes, bytes]) -> bytes:
    """A start tag in canonical form with these namespace declarations instead of its own."""
    bare = _NAMESPACE.sub(b"", tag)
    end = re.match(rb"<[^\s/>]+", bare)
    cut = end.end() if end else len(bare)
    return bare[:cut] + b"".join(text for _, text in sorted(namespaces.items())) + bare[cut:]


def _raw(data: bytes, span: Span) -> Iterator[_Form]:
    """The bytes of the file without the signature: as they are, and without what comes before the root element."""
    mistakes = frozenset({Mistake.NOT_CANONICALISED})
    head, tail = data[: span.start], data[span.end :]
    bare = _DECLARATION.sub(b"", head.removeprefix(BOM))
    for start in dict.fromkeys((head, head.removeprefix(BOM), bare)):
        yield _Form(mistakes, start, tail)
        yield _Form(mistakes, start, tail.rstrip())


def _unused_mark(data: bytes) -> str:
    """A text that the message does not hold."""
    number = 0
    while f"-mark-{number}-".encode() in data:
        number += 1
    return f"-mark-{number}-"
