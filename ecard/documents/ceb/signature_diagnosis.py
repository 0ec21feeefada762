"""Why a signature value does not hold: the texts that programs sign by mistake are tried against it, and named.

Nothing found here makes a signature good; it tells people what their program signed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from ecard.algorithms import Digest, KeyFamily, Signature
from ecard.documents.ceb import names
from ecard.documents.ceb.profiles import Profile
from ecard.documents.mistakes import Mistake
from ecard.errors import EncodingError, InvalidSignatureError
from ecard.keys import PublicKey

Mistakes = frozenset[Mistake]

_START_TAG: Final = re.compile(rb"\A<([^\s>]+)([^>]*)>")
_DECLARED: Final = re.compile(rb" xmlns(?::([^\s=]+))?=\"([^\"]*)\"")
_EMPTY_ELEMENT: Final = re.compile(rb"(<([^\s<>/]+)(?: [^<>]*)?)></\2>")
_KNOWN: Final = {b"ds": names.DS.encode(), b"xsi": names.XSI.encode(), b"ceb": names.CEB.encode()}


def diagnose_signature(text: bytes, value: bytes, profile: Profile, key: PublicKey) -> Mistakes:
    """The mistakes that, undone together, make ``value`` hold; empty where no usual mistake explains it.

    ``text`` is the canonical form of SignedInfo in its place, over which the signature should have been made.
    """
    for mistakes, signature in _values(value, profile):
        if mistakes and _holds(key, signature, text):
            return mistakes
        for more, candidate in _texts(text, profile):
            if _holds(key, signature, candidate):
                return mistakes | more
        if profile.algorithm.family is KeyFamily.SM2 and _holds_without_z(key, signature, text):
            return mistakes | {Mistake.SM3_WITHOUT_Z}
    return frozenset()


def decode_value(value: bytes, profile: Profile, key: PublicKey) -> Signature:
    """The signature in a SignatureValue: r || s for the curves. EncodingError where it has another length."""
    size = key.kind.size if profile.algorithm.family is KeyFamily.RSA else 2 * key.kind.size
    if len(value) != size:
        raise EncodingError(f"SignatureValue has {len(value)} bytes instead of {size}")
    return Signature.from_raw(profile.algorithm, value)


def _values(value: bytes, profile: Profile) -> Iterator[tuple[Mistakes, Signature]]:
    if profile.algorithm.family is KeyFamily.RSA or len(value) in {64, 96}:
        yield frozenset(), Signature.from_raw(profile.algorithm, value)
    if profile.algorithm.family is KeyFamily.SM2 and value[:1] == b"\x30":
        yield frozenset({Mistake.VALUE_IN_DER}), Signature(profile.algorithm, value)


def _texts(text: bytes, profile: Profile) -> Iterator[tuple[Mistakes, bytes]]:
    """What could have been signed instead of ``text``, each text once."""
    seen = {text}
    for layout, laid_out in _layouts(text):
        for naming, named in _namings(laid_out, profile):
            for spelling, spelled in _spellings(named):
                for mistakes, declared in _declarations(spelled):
                    for ending, ended in (
                        (frozenset(), declared),
                        (_NEWLINE, declared + b"\n"),
                        (_NEWLINE, declared + b"\r\n"),
                    ):
                        if ended not in seen:
                            seen.add(ended)
                            yield layout | naming | spelling | mistakes | ending, ended


_NEWLINE: Final = frozenset({Mistake.NEWLINE_SIGNED})


def _layouts(text: bytes) -> Iterator[tuple[Mistakes, bytes]]:
    yield frozenset(), text
    flat = re.sub(rb">\s+<", b"><", text)
    if flat != text:
        yield frozenset({Mistake.SIGNED_INFO_FORMATTED}), flat
    else:
        lines = re.sub(rb"><(?!/)", b">\n<", text)
        lines = re.sub(rb"(</[^<>]+>)(?=</)", rb"\1\n", lines)
        yield frozenset({Mistake.SIGNED_INFO_FLATTENED}), lines


def _namings(text: bytes, profile: Profile) -> Iterator[tuple[Mistakes, bytes]]:
    yield frozenset(), text
    for other in Profile:
        if other is not profile and other.algorithm is profile.algorithm:
            renamed = text.replace(profile.signature_method.encode() + b'"', other.signature_method.encode() + b'"')
            renamed = renamed.replace(profile.digest_method.encode() + b'"', other.digest_method.encode() + b'"')
            yield frozenset({Mistake.OTHER_ALGORITHM_NAMES}), renamed


def _spellings(text: bytes) -> Iterator[tuple[Mistakes, bytes]]:
    yield frozenset(), text
    yield frozenset({Mistake.EMPTY_TAGS_SIGNED}), _EMPTY_ELEMENT.sub(rb"\1/>", text)


def _declarations(text: bytes) -> Iterator[tuple[Mistakes, bytes]]:
    """The text with other namespaces on SignedInfo: xsi added or left out, those that programs hard-code, ds alone."""
    yield frozenset(), text
    match = _START_TAG.match(text)
    if match is None:
        return
    here = {found.group(1) or b"": found.group(2) for found in _DECLARED.finditer(match.group(2))}
    own = match.group(1).partition(b":")[0] if b":" in match.group(1) else b""
    other = frozenset({Mistake.NAMESPACES_NOT_SIGNED})
    if b"xsi" not in here:
        with_xsi = {**here, b"xsi": _KNOWN[b"xsi"]}
        yield frozenset({Mistake.XSI_NOT_DECLARED}), _redeclare(text, match, with_xsi)
    without = {prefix: uri for prefix, uri in here.items() if prefix != b"xsi"}
    alone = {own: here.get(own, _KNOWN[b"ds"])}
    for declared in (without, _KNOWN, {p: _KNOWN[p] for p in (b"ds", b"ceb")}, alone, {}):
        yield other, _redeclare(text, match, declared)


def _redeclare(text: bytes, match: re.Match[bytes], namespaces: Mapping[bytes, bytes]) -> bytes:
    rest = _DECLARED.sub(b"", match.group(2))
    declared = b"".join(
        b' xmlns%s%s="%s"' % (b":" if prefix else b"", prefix, uri) for prefix, uri in sorted(namespaces.items())
    )
    return b"<" + match.group(1) + declared + rest + b">" + text[match.end() :]


def _holds(key: PublicKey, signature: Signature, text: bytes) -> bool:
    try:
        key.verify(signature, text)
    except (InvalidSignatureError, EncodingError):
        return False
    return True


def _holds_without_z(key: PublicKey, signature: Signature, text: bytes) -> bool:
    try:
        key.verify_digest(signature, Digest.SM3.hash(text))
    except (InvalidSignatureError, EncodingError):
        return False
    return True
