"""Name constraints (RFC 5280, section 4.2.1.10): what names a CA allows and forbids below it.

Every CA of the path is asked about every certificate below it, which comes to the same as the sets that section
6.1 carries along. What cannot be understood is refused, and the work is bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Final

from ecard import der
from ecard.certificate import Certificate
from ecard.errors import EncodingError
from ecard.pki import validation_extensions as ext
from ecard.pki.validation_extensions import extensions_of
from ecard.pki.validation_general_names import (
    DIRECTORY,
    DNS,
    IP,
    RFC822,
    URI,
    GeneralName,
    host_of,
    read_general_name,
    read_general_names,
    require_base,
    require_form,
)
from ecard.pki.validation_names import attributes_of, name_key

MAX_COMPARISONS: Final = 1 << 15
"""How many comparisons of a name with a constraint one path may cost."""

_EMAIL_ADDRESS: Final = "1.2.840.113549.1.9.1"


@dataclass(frozen=True, slots=True)
class NameConstraints:
    """The subtrees of one nameConstraints extension."""

    permitted: tuple[GeneralName, ...] = ()
    excluded: tuple[GeneralName, ...] = ()


def _subtrees(node: der.Node) -> tuple[GeneralName, ...]:
    bases = []
    for subtree in node.children():
        fields = subtree.expect(der.SEQUENCE, "a subtree of names").children()
        if len(fields) != 1:
            raise EncodingError("nameConstraints with a minimum or maximum")
        base = read_general_name(fields[0])
        _require_base(base)
        bases.append(base)
    if not bases:
        raise EncodingError("nameConstraints with an empty list of subtrees")
    return tuple(bases)


def _require_base(base: GeneralName) -> None:
    """Raise EncodingError where a constraint of a form that ecard judges says nothing that can be judged."""
    require_base(base)
    if base.form == DIRECTORY:
        attributes_of(base.content)
    elif base.form == IP:
        _prefix(base.content)


@lru_cache(maxsize=256)
def name_constraints_of(certificate: Certificate) -> NameConstraints | None:
    """The constraints that ``certificate`` puts on names below it. Raises EncodingError."""
    value = extensions_of(certificate).value(ext.NAME_CONSTRAINTS)
    if value is None:
        return None
    found: dict[int, tuple[GeneralName, ...]] = {}
    for node in der.parse(value, "nameConstraints").expect(der.SEQUENCE, "nameConstraints").children():
        if node.tag not in (der.context(0), der.context(1)) or node.tag in found:
            raise EncodingError("nameConstraints has a field that does not belong there")
        found[node.tag] = _subtrees(node)
    if not found:
        raise EncodingError("nameConstraints without any constraint")
    return NameConstraints(found.get(der.context(0), ()), found.get(der.context(1), ()))


@lru_cache(maxsize=256)
def names_of(certificate: Certificate) -> tuple[GeneralName, ...]:
    """The names that constraints apply to: the subject, the alternative names, and a subject's mail addresses.

    The addresses in the subject count only where there is no subjectAltName. Raises EncodingError.
    """
    attributes = attributes_of(certificate.subject)
    names = [GeneralName(DIRECTORY, certificate.subject)] if attributes else []
    value = extensions_of(certificate).value(ext.SUBJECT_ALT_NAME)
    if value is None:
        names += [GeneralName(RFC822, node.content) for oid, node in attributes if oid == _EMAIL_ADDRESS]
    else:
        names += read_general_names(value, "subjectAltName")
    return tuple(names)


def broken_constraints(path: tuple[Certificate, ...]) -> Iterator[tuple[int, int, str]]:
    """Where names break constraints: the places of the certificate and of the CA in the path, and what is wrong.

    Raises EncodingError where names or constraints cannot be understood, or are too many.
    """
    left = MAX_COMPARISONS
    for above in range(1, len(path)):
        constraints = name_constraints_of(path[above])
        if constraints is None:
            continue
        for below in range(above):
            if below and name_key(path[below].subject) == name_key(path[below].issuer):
                continue
            names = names_of(path[below])
            left -= len(names) * (len(constraints.permitted) + len(constraints.excluded))
            if left < 0:
                raise EncodingError("there are too many names and constraints to compare")
            for problem in dict.fromkeys(_problems(names, constraints)):
                yield below, above, problem


def _problems(names: tuple[GeneralName, ...], constraints: NameConstraints) -> Iterator[str]:
    for name in names:
        permitted = [base.content for base in constraints.permitted if base.form == name.form]
        excluded = [base.content for base in constraints.excluded if base.form == name.form]
        if not permitted and not excluded:
            continue
        matches = _MATCHES.get(name.form)
        if matches is None:
            yield f"has a {name.label}, whose constraints ecard cannot judge"
            continue
        require_form(name)
        if permitted and not any(matches(base, name.content, excluding=False) for base in permitted):
            yield f"has a {name.label} that is not permitted"
        if any(matches(base, name.content, excluding=True) for base in excluded):
            yield f"has a {name.label} that is excluded"


def _ascii(content: bytes) -> str:
    try:
        return content.decode("ascii")
    except UnicodeDecodeError:
        raise EncodingError("a name or constraint is not in ASCII") from None


def _labels(host: str) -> list[str]:
    """A host's labels from the right, in lower case. Raises EncodingError where one is empty."""
    labels = host.lower().split(".")
    if not all(labels):
        raise EncodingError("a name or constraint has an empty label or no host")
    return labels[::-1]


def _is_below(base: str, host: str) -> bool:
    wanted = _labels(base)
    return _labels(host)[: len(wanted)] == wanted


def _dns(base: bytes, name: bytes, *, excluding: bool) -> bool:
    constraint, host = _ascii(base), _ascii(name)
    if not constraint:
        return True
    if _is_below(constraint, host):
        return True
    # a wildcard may stand for a host that is excluded
    return excluding and host.startswith("*.") and _is_below(host[2:], constraint)


def _host(constraint: str, host: str) -> bool:
    """A host exactly, or with a leading period any host below the domain (rfc822Name and URI)."""
    if constraint.startswith("."):
        domain = constraint[1:]
        return _is_below(domain, host) and len(host) > len(domain)
    return _labels(constraint) == _labels(host)


def _mail(base: bytes, name: bytes, *, excluding: bool) -> bool:
    mailbox, at, domain = _ascii(base).rpartition("@")
    user, _, host = _ascii(name).rpartition("@")
    if at:
        return user == mailbox and _host(domain, host)
    return _host(domain, host)


def _uri(base: bytes, name: bytes, *, excluding: bool) -> bool:
    return _host(_ascii(base), _ascii(host_of(name)))


def _directory(base: bytes, name: bytes, *, excluding: bool) -> bool:
    wanted = name_key(base)
    return name_key(name)[: len(wanted)] == wanted


def _prefix(base: bytes) -> int:
    """The length of the prefix of an address and mask. Raises EncodingError where they are none."""
    if len(base) not in (8, 32):
        raise EncodingError("the constraint of an IP address has a wrong length")
    half = len(base) // 2
    inverted = int.from_bytes(base[half:], "big") ^ ((1 << (8 * half)) - 1)
    if inverted & (inverted + 1):
        raise EncodingError("the mask of the constraint of an IP address has holes")
    return 8 * half - inverted.bit_length()


def _ip(base: bytes, name: bytes, *, excluding: bool) -> bool:
    if len(name) not in (4, 16):
        raise EncodingError("an IP address that has neither 4 nor 16 octets")
    half = len(base) // 2
    kind = IPv4Address if half == 4 else IPv6Address
    return len(name) == half and kind(name) in ip_network((base[:half], _prefix(base)), strict=False)


_MATCHES: Final[dict[int, Callable[..., bool]]] = {
    RFC822: _mail,
    DNS: _dns,
    DIRECTORY: _directory,
    URI: _uri,
    IP: _ip,
}
