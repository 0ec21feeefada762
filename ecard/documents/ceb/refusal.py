"""How the steps of signing and verifying say no to each other; it never leaves the package."""

from __future__ import annotations

from ecard.findings import Finding, FindingCode


class Refused(Exception):  # noqa: N818 - no error of the package: it becomes a finding or one of them
    """Something is wrong, as a finding."""

    def __init__(self, code: FindingCode, message: str) -> None:
        super().__init__(message)
        self.finding = Finding(code, message)
