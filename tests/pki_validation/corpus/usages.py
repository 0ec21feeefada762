"""What the caller demands: key usage, extended key usage, algorithms, length of the path."""

from __future__ import annotations

from collections.abc import Iterator

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID as Purpose

from ecard import der
from ecard.algorithms import KeyKind, SignatureAlgorithm
from ecard.findings import FindingCode as F
from ecard.pki.policy import Allowed
from ecard.pki.validation_extensions import KeyUsage
from tests.pki_validation.chains import DAY, T0
from tests.pki_validation.corpus.making import EKU, KU, Case, Ext, case, ext, root, usage

SERVER = {"extended_usage": Purpose.SERVER_AUTH.dotted_string}
SIGNS = {"required_usage": KeyUsage.DIGITAL_SIGNATURE}


def purposes(*wanted: x509.ObjectIdentifier) -> dict[str, object]:
    return {EKU: ext(x509.ExtendedKeyUsage(wanted))}


def cases() -> Iterator[Case]:
    top = root()
    client, server = purposes(Purpose.CLIENT_AUTH), purposes(Purpose.SERVER_AUTH)
    yield case("the purpose that is wanted", top.leaf(server), [top], policy=SERVER)
    yield case("another purpose", top.leaf(client), [top], F.USAGE_WRONG, policy=SERVER)
    yield case("another purpose that nobody asks about", top.leaf(client), [top])
    yield case("any purpose", top.leaf(purposes(Purpose.ANY_EXTENDED_KEY_USAGE)), [top], policy=SERVER)
    yield case("no purpose named", top.leaf(), [top], policy=SERVER)
    empty = top.leaf({EKU: Ext(EKU, der.sequence())})
    yield case("an empty list of purposes", empty, [top], F.CERTIFICATE_MALFORMED, policy=SERVER)
    yield case(
        "an empty list of purposes that nobody asks about", empty, [top], F.CERTIFICATE_MALFORMED, tolerant="same"
    )
    for title, changes, expected in (
        ("another purpose of the CA", client, F.USAGE_WRONG),
        ("the same purpose of the CA", server, None),
        ("any purpose of the CA", purposes(Purpose.ANY_EXTENDED_KEY_USAGE), None),
    ):
        below = top.ca(f"CA: {title}", changes)
        yield case(title, below.leaf(server), [top, below], expected, policy=SERVER)
    bound = root("purposeful root", client)
    yield case("another purpose of the root", bound.leaf(server), [bound], F.USAGE_WRONG, policy=SERVER)
    yield case("the usage that is wanted", top.leaf(), [top], policy=SIGNS)
    sealed = top.leaf({KU: usage("key_encipherment")})
    yield case("another usage", sealed, [top], F.USAGE_WRONG, policy=SIGNS)
    yield case("no usage named", top.leaf({KU: None}), [top], policy=SIGNS)
    both = {"one_of_usage": KeyUsage.DIGITAL_SIGNATURE | KeyUsage.NON_REPUDIATION}
    yield case("one of two usages", top.leaf({KU: usage("content_commitment")}), [top], policy=both)
    yield case("none of two usages", sealed, [top], F.USAGE_WRONG, policy=both)
    few = frozenset({Allowed(KeyKind.P256), Allowed(SignatureAlgorithm.ECDSA_SHA256)})
    below = top.ca("P-384 in between", label="p384 in between")
    yield case(
        "an algorithm of the holder's that is not allowed",
        below.leaf(),
        [top, below],
        F.ALGORITHM_NOT_ALLOWED,
        policy={"algorithms": few},
    )
    yield case("algorithms that are allowed", top.leaf(), [top], policy={"algorithms": few})
    ended = frozenset({Allowed(KeyKind.P256), Allowed(SignatureAlgorithm.ECDSA_SHA256, until=T0 + DAY)})
    yield case("an algorithm that has ended", top.leaf(), [top], F.ALGORITHM_NOT_ALLOWED, policy={"algorithms": ended})
    middle = top.ca("middle CA")
    for longest, expected in ((3, None), (2, F.PATH_NOT_FOUND)):
        title = f"three certificates where {longest} may be"
        yield case(title, middle.leaf(), [top, middle], expected, policy={"max_path_length": longest})
