"""Certificates that look like real E-Port cards of both generations, built byte by byte without ecard's own writer."""

from __future__ import annotations

from collections.abc import Sequence

from ecard.algorithms import KeyKind, SignatureAlgorithm
from ecard.keys import SoftwareKey

PRIVATE = "1.3.6.1.4.1.5315.100."
SHA1_WITH_RSA = bytes.fromhex("300D06092A864886F70D0101050500")
SM2_WITH_SM3_AND_NULL = bytes.fromhex("300C06082A811CCF550183750500")
UTF8, PRINTABLE, IA5, BMP = 0x0C, 0x13, 0x16, 0x1E
_RSA_ISSUER = (
    ("2.5.4.10", "示例口岸"),
    ("2.5.4.11", "管理中心"),
    ("2.5.4.8", "示例省"),
    ("2.5.4.3", "示例业务"),
    ("2.5.4.7", "示例市"),
)


def tlv(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    if len(content) < 128:
        return bytes([tag, len(content)]) + content
    size = len(content).to_bytes(4, "big").lstrip(b"\0")
    return bytes([tag, 0x80 + len(size)]) + size + content


def oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    out = bytearray([40 * first + second])
    for arc in rest:
        group = [arc & 127]
        while arc := arc >> 7:
            group.insert(0, 128 | arc & 127)
        out += bytes(group)
    return tlv(6, bytes(out))


def attribute(kind: str, tag: int, text: str) -> bytes:
    encoding = "utf-16-be" if tag == BMP else "utf-8"
    return tlv(0x31, tlv(0x30, oid(kind), tlv(tag, text.encode(encoding))))


def extension(kind: str, value: bytes, *, critical: bool = False) -> bytes:
    return tlv(0x30, oid(kind), b"\x01\x01\xff" if critical else b"", tlv(4, value))


def private(suffix: str, tag: int, content: bytes) -> bytes:
    return extension(PRIVATE + suffix, tlv(tag, content))


def certificate(
    *,
    serial: bytes,
    issuer: Sequence[bytes],
    subject: Sequence[bytes],
    extensions: Sequence[bytes] | None,
    algorithm: bytes,
    key: SoftwareKey,
    validity: tuple[bytes, bytes] = (b"210707000000Z", b"310707000000Z"),
    more: bytes = b"",
) -> bytes:
    """A certificate signed with its own key, as no issuer's key of the E-Port is known."""
    tbs = tlv(
        0x30,
        b"\xa0\x03\x02\x01\x02",
        tlv(2, serial),
        algorithm,
        tlv(0x30, *issuer),
        tlv(0x30, *(tlv(0x17, time) for time in validity)),
        tlv(0x30, *subject),
        key.public_key.spki,
        b"" if extensions is None else tlv(0xA3, tlv(0x30, *extensions), more),
    )
    sha1 = SignatureAlgorithm.RSA_SHA1 if algorithm == SHA1_WITH_RSA else None
    return tlv(0x30, tbs, algorithm, tlv(3, b"\0", key.sign(tbs, sha1).der))


def rsa_card(
    key: SoftwareKey,
    *,
    card_type: str = "10",
    serial: bytes = bytes.fromhex("01ABCDEF"),
    enterprise: bytes = "示例进出口有限公司".encode("gbk"),
    identity_number: str = "11010119900307889X",
    more: Sequence[bytes] = (),
) -> bytes:
    """The shape of 2021: BMPString names, GBK under IA5String, 2.4 before 2.1, keyUsage not critical, 4-byte serial."""
    assert key.public_key.kind in {KeyKind.RSA1024, KeyKind.RSA2048}
    issuer = [
        attribute("2.5.4.6", PRINTABLE, "cn"),
        *(attribute(kind, BMP, text) for kind, text in _RSA_ISSUER),
    ]
    ski = tlv(4, bytes(20))
    aki = tlv(0x30, tlv(0x80, bytes(20)), tlv(0xA1, tlv(0xA4, tlv(0x30, *issuer))), tlv(0x82, b"\0"))
    point = tlv(0x30, tlv(0xA0, tlv(0xA0, tlv(0x86, b"ldap://ldap.example.invalid:389/000-1.crl"))))
    extensions = [
        extension("2.5.29.35", aki),
        extension("2.5.29.14", ski),
        extension("2.5.29.15", bytes.fromhex("030206C0")),
        extension("2.5.29.19", b"\x30\0"),
        extension("2.5.29.31", tlv(0x30, point)),
        private("5.12", IA5, b"00"),
        private("5.11", IA5, b"M000100Y4"),
        private("5.9", IA5, b"JJ0G900000001"),
        private("5.8", IA5, identity_number.encode()),
        private("5.3", IA5, b"01"),
        private("5.1", IA5, enterprise),
        private("2.4", IA5, b"14"),
        private("2.1", IA5, card_type.encode()),
        *more,
    ]
    return certificate(
        serial=serial,
        issuer=issuer,
        subject=[attribute("2.5.4.3", BMP, "甲某"), attribute("2.5.4.18", BMP, "1")],
        extensions=extensions,
        algorithm=SHA1_WITH_RSA,
        key=key,
    )


def sm2_card(
    key: SoftwareKey,
    *,
    card_type: str = "12",
    serial: bytes = bytes.fromhex("0300000000012345"),
    more: Sequence[bytes] = (),
) -> bytes:
    """The shape of 2023: UTF-8, critical keyUsage, extended key usages, NULL after the algorithm, 8-byte serial."""
    names = (
        ("2.5.4.8", "示例省"),
        ("2.5.4.7", "示例市"),
        ("2.5.4.10", "示例口岸"),
        ("2.5.4.11", "管理中心"),
        ("2.5.4.3", "示例业务"),
    )
    purposes = ("1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.4", "1.3.6.1.4.1.311.20.2.2")
    extensions = [
        extension("2.5.29.35", tlv(0x30, tlv(0x80, bytes(20)))),
        extension("2.5.29.19", b"\x30\0"),
        extension("2.5.29.15", bytes.fromhex("030206C0"), critical=True),
        extension("2.5.29.37", tlv(0x30, *map(oid, purposes))),
        extension("2.16.840.1.113730.1.1", bytes.fromhex("030205A0")),
        private("2.1", UTF8, card_type.encode()),
        private("2.4", UTF8, b"14"),
        private("5.1", UTF8, "示例进出口有限公司".encode()),
        private("5.3", UTF8, b"01"),
        private("5.8", UTF8, b"11010119900307889X"),
        private("5.9", UTF8, b"03-JJ0G900000002"),
        private("5.11", UTF8, b"M000100Y4"),
        private("5.12", UTF8, b"00"),
        *more,
    ]
    return certificate(
        serial=serial,
        issuer=[attribute("2.5.4.6", PRINTABLE, "CN"), *(attribute(kind, UTF8, text) for kind, text in names)],
        subject=[
            attribute("2.5.4.6", PRINTABLE, "CN"),
            attribute("2.5.4.11", UTF8, "示例进出口有限公司"),
            attribute("2.5.4.3", UTF8, "乙某"),
        ],
        extensions=extensions,
        algorithm=SM2_WITH_SM3_AND_NULL,
        key=key,
        validity=(b"230707000000Z", b"330707000000Z"),
    )
