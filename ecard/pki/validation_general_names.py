"""General names (RFC 5280, section 4.2.1.6): reading a list of them, and whether each has the form it must have."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from ecard import der
from ecard.errors import EncodingError
from ecard.pki.validation_names import attributes_of

RFC822, DNS, DIRECTORY, URI, IP, REGISTERED = 1, 2, 4, 6, 7, 8
_FORMS: Final = {
    0: "name of another form",
    RFC822: "mail address",
    DNS: "DNS name",
    3: "X.400 address",
    DIRECTORY: "directory name",
    5: "EDI party name",
    URI: "URI",
    IP: "IP address",
    REGISTERED: "registered identifier",
}
# an underscore is no letter of RFC 1034, and is used all the same
_HOST: Final = rb"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*"
# RFC 2821, section 4.1.2: only a quoted local part may have an at sign
_MAILBOX: Final = rb"(?:[!#-?A-~]+|\"(?:[ !#-\[\]-~]|\\[ -~])*\")@(?:" + _HOST + rb"|\[[0-9A-Za-z:.]+\])"
_TEXTS: Final = {
    RFC822: re.compile(_MAILBOX),
    DNS: re.compile(rb"(?:\*\.)?" + _HOST),
    URI: re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+"),
}


_BASES: Final = {
    RFC822: re.compile(rb"\.?" + _HOST + rb"|" + _MAILBOX),
    DNS: re.compile(_HOST + rb"|"),
    URI: re.compile(rb"\.?" + _HOST),
}


# RFC 3986, section 3.2, without escapes in the host: no other reader must see another one
_AUTHORITY: Final = re.compile(
    rb"[A-Za-z][A-Za-z0-9+.-]*://(?:[A-Za-z0-9._~!$&'()*+,;=:%-]*@)?(" + _HOST + rb")(?::[0-9]*)?(?:[/?#]|\Z)"
)


_LABEL: Final = rb"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
# the last label is no number, or an address would be a host
_PREFERRED: Final = re.compile(rb"(?:\*\.)?(?:" + _LABEL + rb"\.)*(?![0-9]+\Z)" + _LABEL)


class GeneralName(NamedTuple):
    """A name: its form (the number of the context tag) and content octets."""

    form: int
    content: bytes

    @property
    def label(self) -> str:
        """The form in words."""
        return _FORMS.get(self.form, "name of an unknown form")


def read_general_name(node: der.Node) -> GeneralName:
    """The name in an element. Raises EncodingError where the element is none."""
    if node.tag & 0xC0 != 0x80 or node.tag & 0x1F not in _FORMS:
        raise EncodingError(f"the element at byte {node.start} is no general name")
    return GeneralName(node.tag & 0x1F, node.content)


def read_general_names(value: bytes, what: str) -> tuple[GeneralName, ...]:
    """The names of a GeneralNames, called ``what`` in messages. Raises EncodingError where there is none."""
    names = tuple(map(read_general_name, der.parse(value, what).expect(der.SEQUENCE, what).children()))
    if not names:
        raise EncodingError(f"{what} names nothing")
    return names


def is_preferred_syntax(host: bytes) -> bool:
    """Whether a host, perhaps behind ``*.``, has the form of RFC 1034, section 3.5, and RFC 1123, section 2.1."""
    return len(host) <= 253 and _PREFERRED.fullmatch(host) is not None


def require_form(name: GeneralName) -> None:
    """Raise EncodingError where a name's content is not what its form demands."""
    pattern = _TEXTS.get(name.form)
    if pattern is not None and not pattern.fullmatch(name.content):
        raise EncodingError(f"a {name.label} that is none")
    if name.form == IP and len(name.content) not in (4, 16):
        raise EncodingError("an IP address that has neither 4 nor 16 octets")
    if name.form == DIRECTORY:
        attributes_of(name.content)
    if name.form == REGISTERED:
        der.read_oid(der.parse(der.element(der.OID, name.content)))


def host_of(uri: bytes) -> bytes:
    """The domain name in a URI (RFC 5280, section 4.2.1.10). EncodingError where there is none, or an address."""
    found = _AUTHORITY.match(uri)
    if found is None or found[1].rpartition(b".")[2].isdigit():
        raise EncodingError("a URI under constraints names no host")
    return found[1]


def require_base(base: GeneralName) -> None:
    """Raise EncodingError where the text of a name constraint has not its form (RFC 5280, section 4.2.1.10)."""
    pattern = _BASES.get(base.form)
    if pattern is not None and not pattern.fullmatch(base.content):
        raise EncodingError(f"a constraint of a {base.label} that is none")
