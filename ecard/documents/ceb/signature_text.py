"""Writing a signature: the text of SignedInfo in its canonical form, and the element around it, without white space.

The text that is signed stands in the message exactly as it was signed, with every namespace in scope written on
SignedInfo itself: a verifier that canonicalises in place and one that cuts the text out see the same bytes.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Final

from ecard.documents.ceb import names
from ecard.documents.ceb.profiles import Profile

PLACEHOLDER: Final = f'<ds:Signature xmlns:ds="{names.DS}"></ds:Signature>'.encode()
"""Stands where the signature will stand, while the place and the namespaces there are found out."""
CUSTOMS_NAMESPACES: Final[Mapping[str | None, str]] = {"ds": names.DS, "xsi": names.XSI}
"""What SignedInfo of a customs message declares besides what is in scope. Cards sign xsi even where nobody uses it."""
_ESCAPES: Final = {"&": "&amp;", "<": "&lt;", '"': "&quot;", "\t": "&#x9;", "\n": "&#xA;", "\r": "&#xD;"}
_ESCAPED: Final = str.maketrans(_ESCAPES)


def signed_info(
    profile: Profile,
    digest: bytes,
    namespaces: Mapping[str | None, str],
    xml_attributes: Mapping[str, str] | None = None,
) -> bytes:
    """SignedInfo in canonical form (Canonical XML 1.0, section 2.3): what is signed.

    ``namespaces`` are those in scope, by prefix, None for the default one; ``xml_attributes`` are the xml:lang,
    xml:space and xml:base that it inherits (section 2.4), by local name.

    >>> customs = {"ceb": names.CEB, "ds": names.DS, "xsi": names.XSI}
    >>> len(signed_info(Profile.SM2_SM3, bytes(32), customs))
    729
    """
    # a default namespace that is none is not written on the first element (section 2.3)
    declared = sorted((prefix or "", uri) for prefix, uri in namespaces.items() if uri)
    spaces = "".join(f' xmlns{":" if prefix else ""}{prefix}="{uri.translate(_ESCAPED)}"' for prefix, uri in declared)
    inherited = "".join(
        f' xml:{name}="{value.translate(_ESCAPED)}"' for name, value in sorted((xml_attributes or {}).items())
    )
    return (
        f"<ds:SignedInfo{spaces}{inherited}>"
        f'<ds:CanonicalizationMethod Algorithm="{names.C14N}"></ds:CanonicalizationMethod>'
        f'<ds:SignatureMethod Algorithm="{profile.signature_method}"></ds:SignatureMethod>'
        f'<ds:Reference URI=""><ds:Transforms><ds:Transform Algorithm="{names.ENVELOPED}"></ds:Transform>'
        f'</ds:Transforms><ds:DigestMethod Algorithm="{profile.digest_method}"></ds:DigestMethod>'
        f"<ds:DigestValue>{b64encode(digest).decode()}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
    ).encode()


def signature_element(signed_info_text: bytes, value: bytes, key_name: str, certificate: bytes | None) -> bytes:
    """The whole Signature element: flat, with KeyName, and with one bare X509Certificate where one is given (DER)."""
    data = b""
    if certificate is not None:
        encoded = b64encode(certificate)
        data = b"<ds:X509Data><ds:X509Certificate>" + encoded + b"</ds:X509Certificate></ds:X509Data>"
    return (
        f'<ds:Signature xmlns:ds="{names.DS}">'.encode()
        + signed_info_text
        + b"<ds:SignatureValue>"
        + b64encode(value)
        + b"</ds:SignatureValue><ds:KeyInfo><ds:KeyName>"
        + key_name.encode()
        + b"</ds:KeyName>"
        + data
        + b"</ds:KeyInfo></ds:Signature>"
    )
