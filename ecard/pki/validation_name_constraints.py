"""Name constraints (RFC 5280, section 4.2.1.10): what names a CA allows and forbids below it.

Every CA of the path is asked about every certificate below it, which comes to the same as the sets that section
6.1 carries along. What cannot be understood is refused, and the work is bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from ecard import der
from ecard.certificate import Certificate
from ecard.errors import EncodingError
from ecard.pki import validation_extensions as ext
from ecard.pki.validation_extensions import extensions_of
from ecard.pki.validation_names import attributes_of, name_key

MAX_COMPARISONS: Final = 1 << 15
"""How many comparisons of a name with a constraint one path may cost."""

_RFC822, _DNS, _DIRECTORY, _URI, _IP = 1, 2, 4, 6, 7
_FORMS: Final = {
    0: "name of another form",
    _RFC822: "mail address",
    _DNS: "DNS name",
    3: "X.400 address",
    _DIRECTORY: "directory name",
    5: "EDI party name",
    _URI: "URI",
    _IP: "IP address",
    8: "registered identifier",
}
_EMAIL_ADDRESS: Final = "1.2.840.113549.1.9.1"


class GeneralName(NamedTuple):
    """A name: its form (the number of the context tag) and content octets."""

    form: int
    content: bytes

    @property
    def label(self) -> str:
        """The form in words."""
        return _FORMS.get(self.form, "name of an unknown form")


@dataclass(frozen=True, slots=True)
class NameConstraints:
    """The subtrees of one nameConstraints extension."""

    permitted: tuple[GeneralName, ...] = ()
    excluded: tuple[GeneralName, ...] = ()


def _general_name(node: der.Node) -> GeneralName:
    if node.tag & 0xC0 != 0x80:
        raise EncodingError(f"the element at byte {node.start} is no general name")
    return GeneralName(node.tag & 0x1F, node.content)


def _subtrees(node: der.Node) -> tuple[GeneralName, ...]:
    bases = []
    for subtree in node.children():
        fields = subtree.expect(der.SEQUENCE, "a subtree of names").children()
        if len(fields) != 1:
            raise EncodingError("nameConstraints with a minimum or maximum")
        bases.append(_general_name(fields[0]))
    if not bases:
        raise EncodingError("nameConstraints with an empty list of subtrees")
    return tuple(bases)


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
    names = [GeneralName(_DIRECTORY, certificate.subject)] if attributes else []
    value = extensions_of(certificate).value(ext.SUBJECT_ALT_NAME)
    if value is None:
        names += [GeneralName(_RFC822, node.content) for oid, node in attributes if oid == _EMAIL_ADDRESS]
    else:
        alternatives = der.parse(value, "subjectAltName").expect(der.SEQUENCE, "subjectAltName").children()
        names += map(_general_name, alternatives)
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
        if permitted and not any(matches(base, name.content, excluding=False) for base in permitted):
            yield f"has a {name.label} that is not permitted"
        if any(matches(base, name.content, excluding=True) for base in excluded):
            yield f"has a {name.label} that is excluded"


def _ascii(content: bytes) -> str:
    try:
        return content.decode("ascii")
    except UnicodeDecodeError:
        raise EncodingError("a name or constraint is not in ASCII") from None


def _labels(host: str, what: str) -> list[str]:
    """A host's labels from the right, in lower case."""
    labels = host.lower().split(".")
    if not all(labels):
        raise EncodingError(f"{what} has an empty label")
    return labels[::-1]


def _is_below(base: str, host: str) -> bool:
    wanted = _labels(base, "a constraint")
    return _labels(host, "a name")[: len(wanted)] == wanted


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
    if not constraint:
        raise EncodingError("a constraint without a host")
    if constraint.startswith("."):
        domain = constraint[1:]
        return _is_below(domain, host) and len(host) > len(domain)
    return _labels(constraint, "a constraint") == _labels(host, "a name")


def _mail(base: bytes, name: bytes, *, excluding: bool) -> bool:
    mailbox, at, domain = _ascii(base).rpartition("@")
    user, _, host = _ascii(name).rpartition("@")
    if at:
        return user == mailbox and _host(domain, host)
    return _host(domain, host)


def _uri(base: bytes, name: bytes, *, excluding: bool) -> bool:
    try:
        host = urlsplit(_ascii(name)).hostname
    except ValueError:
        host = None
    if not host or host.replace(".", "").isdigit() or ":" in host:
        raise EncodingError("a URI under constraints names no host")
    return _host(_ascii(base), host)


def _directory(base: bytes, name: bytes, *, excluding: bool) -> bool:
    wanted = name_key(base)
    return name_key(name)[: len(wanted)] == wanted


def _ip(base: bytes, name: bytes, *, excluding: bool) -> bool:
    half = len(base) // 2
    if len(base) not in (8, 32) or len(name) not in (4, 16):
        raise EncodingError("an IP address or its constraint has a wrong length")
    mask = int.from_bytes(base[half:], "big")
    inverted = mask ^ ((1 << (8 * half)) - 1)
    if inverted & (inverted + 1):
        raise EncodingError("the mask of an IP address constraint has holes")
    if len(name) != half:
        return False
    kind = IPv4Address if half == 4 else IPv6Address
    prefix = 8 * half - inverted.bit_length()
    return kind(name) in ip_network((base[:half], prefix), strict=False)


_MATCHES: Final[dict[int, Callable[..., bool]]] = {
    _RFC822: _mail,
    _DNS: _dns,
    _DIRECTORY: _directory,
    _URI: _uri,
    _IP: _ip,
}
