"""The kinds of key that a command can have made, under the names that a user gives."""

from __future__ import annotations

from enum import StrEnum


class KeyAlgorithm(StrEnum):
    """What authorities and cards that a command makes sign with."""

    P256 = "p256"
    P384 = "p384"
    RSA2048 = "rsa2048"
    SM2 = "sm2"
