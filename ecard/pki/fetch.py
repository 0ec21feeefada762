"""Fetching evidence and issuers over HTTP, apart from validation, which never touches the network.

What is fetched is not believed: it becomes evidence or an untrusted certificate, and validation judges it.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import pairwise
from typing import Final, NamedTuple, TypeVar

from ecard import der
from ecard.algorithms import Digest
from ecard.certificate import Certificate, load_certificates
from ecard.errors import EcardError, EncodingError, FetchError
from ecard.pki.crl import MAX_SIZE as MAX_CRL_SIZE
from ecard.pki.crl import Crl
from ecard.pki.evidence import Evidence, load_crls
from ecard.pki.fetch_http import SCHEMES, HttpClient
from ecard.pki.ocsp_response import MAX_SIZE as MAX_OCSP_SIZE
from ecard.pki.ocsp_response import OcspResponse
from ecard.pki.validation_extensions import ISSUER_ACCESS, OCSP_ACCESS, extensions_of

MAX_ISSUERS_SIZE: Final = 256 * 1024
"""The largest answer that is read where certificates are asked for, in bytes."""
_NONCE: Final = "1.3.6.1.5.5.7.48.1.2"
T = TypeVar("T")


class _Cached(NamedTuple):
    crl: Crl
    size: int


class Fetcher:
    """Fetches CRLs, OCSP responses and issuers' certificates over HTTP and HTTPS, and remembers CRLs.

    ``seconds`` is the time that one request may take in all. ``hosts`` limits the hosts that are asked; None asks
    whatever host a certificate names, which may be one inside your network. ``remember`` is how many bytes of CRLs are
    kept. Every method raises FetchError where nothing usable could be fetched.
    """

    def __init__(
        self, *, seconds: float = 15, hosts: Iterable[str] | None = None, remember: int = MAX_CRL_SIZE
    ) -> None:
        self._client = HttpClient(seconds=seconds, hosts=hosts)
        self._remember = remember
        self._crls: OrderedDict[str, _Cached] = OrderedDict()

    def crl(self, url: str, *, at: datetime) -> Crl:
        """The CRL at ``url``; a remembered one if its next update is after ``at``. Raises FetchError."""
        known = self._crls.get(url)
        if known is not None and known.crl.next_update is not None and at < known.crl.next_update:
            self._crls.move_to_end(url)
            return known.crl
        data = self._client.get(url, MAX_CRL_SIZE)
        found = _read(lambda: load_crls(data), url)
        if len(found) != 1:
            raise FetchError(f"{url} has {len(found)} CRLs instead of one")
        self._keep(url, _Cached(found[0], len(data)))
        return found[0]

    def crls_of(self, certificate: Certificate, *, at: datetime) -> list[Crl]:
        """The CRLs that ``certificate`` names, each from the first place that has it.

        Raises FetchError where none can be had.
        """
        problems, found = [], []
        for url in self._http(lambda: extensions_of(certificate).crl_uris, "CRL"):
            try:
                found.append(self.crl(url, at=at))
            except FetchError as error:
                problems.append(str(error))
        if not found:
            raise FetchError("; ".join(problems))
        return found

    def ocsp(self, certificate: Certificate, issuer: Certificate) -> OcspResponse:
        """What the responder that ``certificate`` names says of it; its nonce, if it has one, is the request's.

        Raises FetchError where none answers.
        """
        nonce = secrets.token_bytes(32)
        body = ocsp_request(certificate, issuer, nonce=nonce)
        problems = []
        for url in self._http(lambda: _places(certificate, OCSP_ACCESS), "OCSP responder"):
            try:
                data = self._client.get(url, MAX_OCSP_SIZE, body=body, content_type="application/ocsp-request")
                return _read(lambda data=data: _checked(OcspResponse(data), nonce), url)  # type: ignore[misc]
            except FetchError as error:
                problems.append(str(error))
        raise FetchError("; ".join(problems))

    def issuers_of(self, certificate: Certificate) -> list[Certificate]:
        """The certificates of the issuer that ``certificate`` says where to find, to be given as untrusted.

        Raises FetchError where none can be had.
        """
        problems = []
        for url in self._http(lambda: _places(certificate, ISSUER_ACCESS), "issuer's certificate"):
            try:
                data = self._client.get(url, MAX_ISSUERS_SIZE)
                return _read(lambda data=data: load_certificates(data), url)  # type: ignore[misc]
            except FetchError as error:
                problems.append(str(error))
        raise FetchError("; ".join(problems))

    def evidence_for(self, path: Iterable[Certificate], *, at: datetime) -> Evidence:
        """Evidence for every certificate of a path but its root: its CRLs, or where there are none its OCSP response.

        ``path`` has the certificate first and the root last.

        Raises FetchError where there is neither.
        """
        certificates = list(path)
        crls: list[Crl] = []
        ocsp: list[OcspResponse] = []
        for certificate, issuer in pairwise(certificates):
            try:
                crls += self.crls_of(certificate, at=at)
            except FetchError as error:
                try:
                    ocsp.append(self.ocsp(certificate, issuer))
                except FetchError as other:
                    raise FetchError(f"no evidence could be fetched: {error}; {other}") from None
        return Evidence(crls, ocsp)

    def _http(self, named_by: Callable[[], Iterable[str]], what: str) -> list[str]:
        """The URLs that can be asked; FetchError where there is none."""
        try:
            named = list(dict.fromkeys(named_by()))
        except EncodingError as error:
            raise FetchError(f"where the certificate names the {what} cannot be read: {error}") from None
        usable = [url for url in named if url.partition(":")[0].lower() in SCHEMES]
        if not usable:
            others = f" but {', '.join(named[:4])}" if named else ""
            raise FetchError(f"the certificate names no {what} on HTTP{others}")
        return usable

    def _keep(self, url: str, cached: _Cached) -> None:
        self._crls[url] = cached
        self._crls.move_to_end(url)
        while self._crls and sum(c.size for c in self._crls.values()) > self._remember:
            self._crls.popitem(last=False)


def ocsp_request(certificate: Certificate, issuer: Certificate, *, nonce: bytes | None = None) -> bytes:
    """An unsigned OCSP request about one certificate in DER (RFC 6960, section 4.1), with SHA-1 identifiers.

    SHA-1 only names the issuer here, and is what every responder understands (RFC 5019, section 2.1.1).
    """
    digest = Digest.SHA1
    identity = der.sequence(
        der.sequence(der.oid(digest.oid), der.null()),
        der.octet_string(digest.hash(certificate.issuer)),
        der.octet_string(digest.hash(issuer.public_key.key_bits)),
        der.integer(certificate.serial_number),
    )
    extensions = b""
    if nonce is not None:
        value = der.octet_string(der.octet_string(nonce))
        extensions = der.element(der.context(2), der.sequence(der.sequence(der.oid(_NONCE), value)))
    return der.sequence(der.sequence(der.sequence(der.sequence(identity)), extensions))


def _read(reader: Callable[[], T], url: str) -> T:
    try:
        return reader()
    except (EncodingError, EcardError) as error:
        raise FetchError(f"the answer of {url[:200]} cannot be read: {error}") from None


def _checked(response: OcspResponse, nonce: bytes) -> OcspResponse:
    if response.nonce is not None and response.nonce != nonce:
        raise EncodingError("the OCSP response answers another request")
    return response


def _places(certificate: Certificate, wanted: str) -> list[str]:
    return [uri for method, uri in extensions_of(certificate).access_points if method == wanted]
