"""The report on a signed message: that of every document, and the steps of this one, one by one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from ecard.documents.ceb.profiles import Profile
from ecard.documents.steps import SteppedReport


class Step(Enum):
    """What is looked at, in this order: (name for programs, what is so where it passes)."""

    READING = ("reading", "the XML is well-formed and harmless")
    TYPE = ("type", "the message type is known")
    PLACE = ("place", "there is exactly one signature, in its place")
    SHAPE = ("shape", "the signature has the right shape")
    CERTIFICATE = ("certificate", "the certificate can be read")
    ALGORITHMS = ("algorithms", "the algorithms are allowed and fit the key")
    DIGEST = ("digest", "the digest is the message's")
    SIGNATURE = ("signature", "the signature value holds")
    KEY_NAME = ("key-name", "KeyName is the certificate number")
    VALIDITY = ("validity", "the certificate was good at the moment")
    SIGNER = ("signer", "the signer is one whom the caller allows")
    ENTERPRISE = ("enterprise", "the declarant is the certificate's enterprise")

    def __init__(self, label: str, words: str) -> None:
        self.label = label
        self.words = words

    # members are singletons, and looked up a dozen times for each message
    __hash__ = object.__hash__


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class MessageReport(SteppedReport):
    """What was found out about a signed message.

    ``verified`` is the canonical form of the message without its signature and comments: the bytes that were digested.
    """

    message_type: str | None = None
    """``CEB621Message`` for example; the local name of the root element where it is no customs message."""
    profile: Profile | None = None

    def as_dict(self) -> dict[str, Any]:
        """The report for programs, ready for JSON, without the message itself."""
        own = {"message_type": self.message_type, "profile": self.profile and self.profile.label}
        return SteppedReport.as_dict(self) | own
