"""Hostile XML: every document here must be refused quickly, in little memory, whoever reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ecard.algorithms import KeyKind
from ecard.documents import ceb
from tests.ceb.centre import card
from tests.ceb.instances import DS, SMALL

ORDER, TRANSFER, END = b"<c:Order/>", b"<c:BaseTransfer/>", b"</c:CEB311Message>"
START = SMALL[: SMALL.index(ORDER)]
EVIL = SMALL.replace(b'guid="G"', b'guid="EVIL"')
ENVELOPED = b"http://www.w3.org/2000/09/xmldsig#enveloped-signature"
RSA_SHA1 = b"http://www.w3.org/2000/09/xmldsig#rsa-sha1"
Cases = Iterator[tuple[str, bytes]]


def signed() -> bytes:
    return ceb.sign(SMALL, card(KeyKind.RSA2048).holder)


def part(message: bytes, start: bytes, end: bytes) -> bytes:
    return message[message.index(start) : message.index(end) + len(end)]


def inside(content: bytes | str) -> bytes:
    return START + (content.encode() if isinstance(content, str) else content) + END


def wrappings() -> Cases:
    """The signed content, or its signature, moved to where a careless reader does not look."""
    whole = signed()
    signature = part(whole, b"<ds:Signature ", b"</ds:Signature>")
    message = whole.replace(signature, b"")
    in_object = signature.replace(b"</ds:Signature>", b"<ds:Object>" + message + b"</ds:Object></ds:Signature>")
    in_key_info = signature.replace(b"</ds:KeyInfo>", message + b"</ds:KeyInfo>")
    yield "whole message inside another of its type", EVIL.replace(ORDER, whole)
    yield (
        "whole message inside ExtendMessage",
        EVIL.replace(END, b"<c:ExtendMessage>" + whole + b"</c:ExtendMessage>" + END),
    )
    yield "signature kept outside, content inside", EVIL.replace(ORDER, message).replace(END, signature + END)
    yield "content in an Object of the signature", EVIL.replace(END, in_object + END)
    yield "content in the KeyInfo of the signature", EVIL.replace(END, in_key_info + END)
    yield "evil node before the signed one", whole.replace(ORDER, b"<c:Order>evil</c:Order>" + ORDER)
    places = {
        "first in the root": (ORDER, signature + ORDER),
        "in the middle": (TRANSFER, signature + TRANSFER),
        "inside a business node": (ORDER, b"<c:Order>" + signature + b"</c:Order>"),
        "inside BaseTransfer": (TRANSFER, b"<c:BaseTransfer>" + signature + b"</c:BaseTransfer>"),
        "before ExtendMessage of an import": (END, signature + b"<c:ExtendMessage/>" + END),
        "around the root": (message, b"<r>" + message + signature + b"</r>"),
    }
    for name, (old, new) in places.items():
        yield f"signature {name}", message.replace(old, new)
    for name, other in (("copy", signature), ("empty one", f'<s:Signature xmlns:s="{DS}"/>'.encode())):
        yield f"second signature, {name}, last", whole.replace(END, other + END)
        yield f"second signature, {name}, first", whole.replace(ORDER, other + ORDER)
        yield f"second signature, {name}, deep", whole.replace(ORDER, b"<c:Order>" + other + b"</c:Order>")
    stray = f'<c:Order><s:SignedInfo xmlns:s="{DS}"/></c:Order>'
    yield "second SignedInfo outside", whole.replace(ORDER, stray.encode())


def references() -> Cases:
    """References and transforms that lead elsewhere, and signatures that say two things."""
    whole = signed()
    for uri in ("#G", "#xpointer(/)", "http://127.0.0.1:9/x", "file:///etc/passwd", "other.xml", " ", "#"):
        yield f"reference to {uri!r}", whole.replace(b'URI=""', f'URI="{uri}"'.encode())
    yield "reference without URI", whole.replace(b' URI=""', b"")
    reference = part(whole, b"<ds:Reference", b"</ds:Reference>")
    yield "two references", whole.replace(reference, reference * 2)
    yield "no transform", whole.replace(part(whole, b"<ds:Transforms>", b"</ds:Transforms>"), b"")
    transform = part(whole, b"<ds:Transform ", b"</ds:Transform>")
    for algorithm in (
        b"http://www.w3.org/TR/1999/REC-xslt-19991116",
        b"http://www.w3.org/TR/1999/REC-xpath-19991116",
        b"http://www.w3.org/2002/06/xmldsig-filter2",
        b"http://www.w3.org/2000/09/xmldsig#base64",
        b"http://www.w3.org/2001/10/xml-exc-c14n#",
    ):
        other = transform.replace(ENVELOPED, algorithm)
        yield f"transform {algorithm!r}", whole.replace(transform, other)
        yield f"further transform {algorithm!r}", whole.replace(transform, transform + other)
    with_path = transform.replace(b"></", b"><ds:XPath>1</ds:XPath></")
    yield "transform with an XPath", whole.replace(transform, with_path)
    yield "HMAC length", whole.replace(RSA_SHA1 + b'">', RSA_SHA1 + b'"><ds:HMACOutputLength>0</ds:HMACOutputLength>')
    for algorithm in (
        b"http://www.w3.org/2000/09/xmldsig#hmac-sha1",
        b"http://www.w3.org/2001/04/xmldsig-more#md5",
        b"",
    ):
        yield f"signature method {algorithm!r}", whole.replace(RSA_SHA1, algorithm)
    for extra in (b"<ds:RetrievalMethod URI='http://127.0.0.1:9/'/>", b"<ds:KeyValue/>", b"<ds:X509Data/>"):
        yield f"key info with {extra!r}", whole.replace(b"</ds:KeyInfo>", extra + b"</ds:KeyInfo>")
    yield "comment inside KeyName", whole.replace(b"</ds:KeyName>", b"<!-- x --></ds:KeyName>")
    yield "comment inside DigestValue", whole.replace(b"<ds:DigestValue>", b"<ds:DigestValue><!-- x -->")
    yield "instruction inside SignatureValue", whole.replace(b"</ds:SignatureValue>", b"<?x?></ds:SignatureValue>")
    certificate = part(whole, b"<ds:X509Certificate>", b"</ds:X509Certificate>")
    yield "two certificates", whole.replace(certificate, certificate * 2)
    yield "a megabyte of blanks in SignedInfo", whole.replace(b"<ds:Reference", b" " * 1_000_000 + b"<ds:Reference")


def identifiers() -> Cases:
    """One identifier for two elements."""
    whole = signed()
    spellings = ("Id", "ID", "id", "xml:id", "iD", "c:Id")
    for first in spellings:
        for second in spellings:
            order, transfer = f'<c:Order {first}="x"/>', f'<c:BaseTransfer {second} = "x"/>'
            both = whole.replace(ORDER, order.encode()).replace(TRANSFER, transfer.encode())
            yield f"{first} and {second}", both
    own = whole.replace(b"<ds:Signature ", b'<ds:Signature Id="s" ')
    yield "that of the signature", own.replace(ORDER, b'<c:Order Id="s"/>')


def declarations() -> Cases:
    """Document types and entities."""
    body = inside("<c:Order>&a;</c:Order>").replace(b' guid="G"', b' guid="&a;"')
    laughs = '<!ENTITY k "lol">' + "".join(
        f'<!ENTITY {name} "{f"&{other};" * 10}">' for name, other in zip("abcdefghij", "bcdefghijk", strict=True)
    )
    subsets = {
        "nothing": "",
        "one entity": '<!ENTITY a "x">',
        "billion laughs": laughs,
        "quadratic": f'<!ENTITY a "{"x" * 100_000}">',
        "file": '<!ENTITY a SYSTEM "file:///etc/passwd">',
        "network": '<!ENTITY a SYSTEM "http://127.0.0.1:9/">',
        "parameter entity": '<!ENTITY % p SYSTEM "http://127.0.0.1:9/"> %p; <!ENTITY a "x">',
        "default attribute": '<!ATTLIST c:Order x CDATA "evil">',
    }
    for name, subset in subsets.items():
        yield f"document type with {name}", f"<!DOCTYPE c:CEB311Message [{subset}]>".encode() + body
    bomb = f'<!DOCTYPE c:CEB311Message [<!ENTITY a "{"x" * 100_000}">]>'.encode()
    yield "quadratic entity used often", bomb + inside(b"&a;" * 1000)
    mixed = b'<?xml version="1.0"?>\n<!-- <a> -->\n<?x <!-- ?>'
    for prolog in (b"<!-- x -->", b"<?x y?>", mixed, b"\xef\xbb\xbf", b"\n"):
        yield f"document type after {prolog!r}", prolog + b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/">' + SMALL
    yield "document type in a signed message", b"<!DOCTYPE c:CEB311Message>" + signed()
    yield "document type after the root", SMALL + b"<!DOCTYPE a>"
    yield "entity without a document type", inside("<c:Order>&a;</c:Order>")


def crowds() -> Cases:
    """Much of something."""
    many = [f' xmlns:n{i}="u:{i}"' for i in range(3000)]
    children = "".join(f"<n{i}:x/>" for i in range(3000))
    yield "3,000 namespaces on the root", inside(children).replace(b" guid", "".join(many).encode() + b" guid")
    yield "3,000 namespaces on a child", inside(f"<c:Order{''.join(many)}>{children}</c:Order>")
    yield "200 namespaces one inside the other", inside("".join(f"<x{n}>" for n in many[:200]) + "</x>" * 200)
    yield "default namespaces one inside the other", inside('<x xmlns="u:a"><x xmlns="u:b">' * 100 + "</x></x>" * 100)
    yield "60 namespaces over many elements", inside(f"<x{''.join(many[:60])}>" + "<y/>" * 200_000 + "</x>")
    for count in (1000, 30_000, 100_000):
        yield f"{count} attributes", inside("<c:Order" + "".join(f' a{i}="1"' for i in range(count)) + "/>")
    yield "attributes with blanks", inside("<c:Order" + "".join(f" a{i}\n=\t'1'" for i in range(999)) + "/>")
    yield "attributes on many elements", inside(("<x" + "".join(f' a{i}=""' for i in range(60)) + "/>") * 10_000)
    yield "elements", inside(b"<x/>" * 1_000_000)
    yield "comments", inside(b"<!---->" * 1_000_000)
    yield "instructions", inside(b"<?a?>" * 1_000_000)
    yield "deep nesting", inside(b"<x>" * 100_000 + b"</x>" * 100_000)
    yield "nesting without an end", START + b"<x>" * 140_000
    yield "nesting of 300", inside(b"<x>" * 300 + b"</x>" * 300)
    yield "open quotes", inside(b'<x "' * 100_000)
    yield "open brackets", b"<" * 299_999
    yield "half comments", inside(b"<!--" * 100_000)
    yield "half CDATA", inside(b"<![CDATA[" * 100_000)
    yield "attribute without an end", START + b'<x a="' + b"y" * 5_000_000
    yield "equals signs and quotes", inside(b"<x " + b"='\"" * 100_000)
    yield "a name of a megabyte", inside(b"<" + b"x" * 1_000_000 + b"/>")
    yield "text of 20 MB", inside(b"x" * 20_000_000)
    yield "white space of 20 MB", b" " * 20_000_000 + SMALL


def encodings() -> Cases:
    """Documents that are not what they say, or not UTF-8."""
    text = SMALL.decode()
    utf8 = '<?xml version="1.0" encoding="UTF-8"?>'
    names = ("UTF-16", "UTF-16LE", "GBK", "GB18030", "GB2312", "ISO-8859-1", "UTF-7", "EBCDIC-CP-US", "utf-8-x", "x")
    for declared in names:
        yield f"declared {declared}", f'<?xml version="1.0" encoding="{declared}"?>{text}'.encode()
        yield f"declared {declared} after a mark", f"\ufeff<?xml version='1.0' encoding='{declared}' ?>{text}".encode()
    for codec in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be", "utf-32-le", "cp037"):
        yield f"written in {codec}", text.encode(codec)
        yield f"written in {codec}, declared", f"{utf8}{text}".encode(codec)
    named = text.replace("<c:Order/>", "<c:Order>示例</c:Order>")
    yield "GBK under no declaration", named.encode("gbk")
    yield "GBK under UTF-8", f"{utf8}{named}".encode("gbk")
    yield "UTF-8 under ASCII", f'<?xml version="1.0" encoding="US-ASCII"?>{named}'.encode()
    octets = {"overlong": b"\xc0\xbc", "surrogate": b"\xed\xa0\x80", "too high": b"\xf5\x80\x80\x80", "NUL": b"\0"}
    for name, bad in octets.items():
        yield name, inside(b"<c:Order>" + bad + b"</c:Order>")
    for version in (b'version="1.1"', b'version="2.0"', b'encoding="UTF-8"', b""):
        yield f"declaration with {version!r}", b"<?xml " + version + b"?>" + SMALL
    yield "two marks", b"\xef\xbb\xbf\xef\xbb\xbf" + SMALL
    yield "two declarations", b'<?xml version="1.0"?><?xml version="1.0"?>' + SMALL
    yield "blank before the declaration", b' <?xml version="1.0"?>' + SMALL
    for name, nothing in (("nothing", b""), ("a blank", b" "), ("a mark alone", b"\xef\xbb\xbf")):
        yield name, nothing
    for spelling in ("&amp;", "&#38;", "&#x26;"):
        address = f"http://a.example/?b={spelling}c"
        on_root = SMALL.replace(b' guid="G"', f" guid='G' xmlns:r\n = '{address}'".encode())
        yield f"namespace with {spelling} on the root", on_root
        yield f"namespace with {spelling} inside", inside(f'<c:Order><x xmlns="{address}"/></c:Order>')
    yield "relative namespace", SMALL.replace(b' guid="G"', b' xmlns:r="relative" guid="G"')


COLLECTIONS: dict[str, Callable[[], Cases]] = {
    "wrappings": wrappings,
    "references": references,
    "identifiers": identifiers,
    "declarations": declarations,
    "crowds": crowds,
    "encodings": encodings,
}
