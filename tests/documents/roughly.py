"""A writer of BER that uses every freedom that X.690 gives, to try what reads it."""

from __future__ import annotations

import random

from ecard import der


class Roughly:
    """Writes DER anew as BER, choosing among its freedoms at random, down to a number of levels."""

    def __init__(self, seed: int, *, lengths_alone: bool = False, levels: int = 100) -> None:
        self._random = random.Random(seed)
        self._free = not lengths_alone
        self._levels = levels

    def again(self, node: der.Node, level: int = 0) -> bytes:
        if level >= self._levels:
            return node.encoded
        if self._free and node.tag == der.OCTET_STRING and self._random.random() < 0.3:
            return self._in_pieces(node.content)
        if not node.tag & 0x20:
            return self._definite(node.tag, node.content)
        inside = b"".join(self.again(child, level + 1) for child in node.children())
        if self._free and self._random.random() < 0.5:
            return bytes((node.tag, 0x80)) + inside + b"\0\0"
        return self._definite(node.tag, inside)

    def _definite(self, tag: int, content: bytes) -> bytes:
        size = self._random.randint(max(1, (len(content).bit_length() + 7) // 8), 5)
        if len(content) < 0x80 and self._random.random() < 0.5:
            return bytes((tag, len(content))) + content
        return bytes((tag, 0x80 | size)) + len(content).to_bytes(size, "big") + content

    def _in_pieces(self, content: bytes) -> bytes:
        cut = self._random.randint(0, len(content))
        pieces = b"".join(self._definite(der.OCTET_STRING, piece) for piece in (content[:cut], content[cut:]))
        return self._random.choice([b"\x24\x80" + pieces + b"\0\0", self._definite(0x24, pieces)])
