"""From evidence to statements: which CRLs and OCSP responses speak of a certificate, with authority.

RFC 5280, section 6.3.3 for CRLs (scope, signer, delta, reasons) and RFC 6960, section 4.2.2.2 for responders.
What cannot be used is remembered with the reason, for the message that says what was missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from ecard import der
from ecard.algorithms import SignatureAlgorithm
from ecard.certificate import Certificate
from ecard.errors import EcardError, InvalidSignatureError
from ecard.pki.crl import Crl
from ecard.pki.crl_index import CrlEntry
from ecard.pki.evidence import Evidence
from ecard.pki.ocsp_response import OCSP_SIGNING, OcspResponse, OcspStatement, OcspStatus
from ecard.pki.revocation import ALL_REASONS, Source, SourceKind, Statement
from ecard.pki.validation_extensions import DistributionPoint, KeyUsage, extensions_of
from ecard.pki.validation_names import name_key, same_name
from ecard.pki.validation_paths import signature_problem

MAX_SIGNERS: Final = 8
"""How many certificates of one name are tried as the signer of one CRL."""


class Authority(Protocol):
    """Who may sign evidence: answered by the validation that is under way."""

    def may_sign(self, signer: Certificate, at: datetime) -> bool:
        """Whether ``signer`` has a valid path to the root of the path under validation at a moment."""

    def may_respond(self, responder: Certificate) -> bool:
        """Whether a responder's certificate was good at the moment under validation; never by its own answers."""

    def known_as(self, name: bytes) -> Iterable[Certificate]:
        """Certificates with a subject's name."""

    def allows(self, algorithm: SignatureAlgorithm) -> bool:
        """Whether evidence may be signed with an algorithm."""

    @property
    def is_pedantic(self) -> bool:
        """Whether evidence must follow RFC 5280 also where nothing depends on it."""


@dataclass
class Sources:
    """The statements about one certificate, and what was left out and why."""

    certificate: Certificate
    issuer: Certificate
    evidence: Evidence
    authority: Authority
    at: datetime
    rejected: list[str] = field(default_factory=list)

    def statements(self) -> list[Statement]:
        """All statements about the certificate that are signed with authority."""
        return [*self._from_crls(), *self._from_ocsp()]

    def _from_crls(self) -> Iterator[Statement]:
        usable = [(crl, reasons) for crl in self._crls() if (reasons := self._usable(crl))]
        for crl, reasons in usable:
            entry = self._find(crl)
            is_delta = crl.base_number is not None
            # a delta that does not list the certificate says nothing without its base
            yield self._statement(crl, crl, entry, 0 if is_delta else reasons)
            if not is_delta:
                for delta in (d for d, _ in usable if _fits(d, crl)):
                    yield self._statement(delta, crl, self._find(delta) or entry, reasons)

    def _statement(self, newest: Crl, base: Crl, entry: CrlEntry | None, reasons: int) -> Statement:
        kind = SourceKind.CRL if newest is base else SourceKind.CRL_AND_DELTA
        source = Source(kind, newest.issuer, newest.this_update)
        keeps = base.expired_since is not None and base.expired_since <= self.certificate.not_after
        until = None if keeps else self.certificate.not_after
        return Statement(source, newest.this_update, newest.next_update, entry, reasons, until)

    def _find(self, crl: Crl) -> CrlEntry | None:
        issuer, serial = self.certificate.issuer, self.certificate.serial_number
        if same_name(crl.issuer, issuer):
            return crl.find(serial)
        found = crl.find(serial, issuer)
        if found is None and crl.scope.indirect:
            others = (name for name in crl.foreign_issuers if name != issuer and same_name(name, issuer))
            found = next((entry for name in others if (entry := crl.find(serial, name))), None)
        return found

    def _crls(self) -> Iterator[Crl]:
        """The CRLs of the issuer, and those of the CRL issuers that the certificate names."""
        names = {name_key(self.certificate.issuer)}
        for point in extensions_of(self.certificate).crl_distribution_points:
            names |= {name_key(name) for name in _directory_names(point.crl_issuer)}
        for name in names:
            yield from self.evidence.crls_by_issuer.get(name, ())

    def _usable(self, crl: Crl) -> int:
        """The reasons for which ``crl`` may be relied on; 0 with the cause remembered where there is none."""
        source = Source(SourceKind.CRL, crl.issuer, crl.this_update)
        try:
            reasons = covered_reasons(crl, self.certificate)
            if not reasons:
                self.rejected.append(f"{source} does not speak of this certificate")
                return 0
            problem = self._signer_problem(crl) or crl.unusable or self._profile_problem(crl)
        except EcardError as error:
            problem = str(error)
        if problem:
            self.rejected.append(f"{source} is not usable: {problem}")
            return 0
        return reasons

    def _profile_problem(self, crl: Crl) -> str | None:
        if self.authority.is_pedantic and crl.number is None:
            return "it has no CRL number (RFC 5280, section 5.2.3)"
        return None

    def _signer_problem(self, crl: Crl) -> str | None:
        if not self.authority.allows(crl.signature.algorithm):
            return f"it is signed with {crl.signature.algorithm.label}, which is not allowed"
        is_own = same_name(crl.issuer, self.issuer.subject)
        refusal = _refusal(crl, self.issuer) if is_own else None
        if is_own and refusal is None:
            return None if _may_sign_crls(self.issuer) else "its issuer lacks the key usage cRLSign"
        others = [c for c in self.authority.known_as(crl.issuer) if c.spki != self.issuer.spki][:MAX_SIGNERS]
        signers = [c for c in others if _refusal(crl, c) is None]
        if not signers:
            return f"its signature is not that of any known certificate of its issuer{_hint(refusal)}"
        moment = (
            max(self.at, crl.this_update) if crl.next_update is None or self.at <= crl.next_update else crl.this_update
        )
        if any(_may_sign_crls(c) and self.authority.may_sign(c, moment) for c in signers):
            return None
        return "the certificate that signed it is not valid for signing CRLs"

    def _from_ocsp(self) -> Iterator[Statement]:
        key = self.issuer.public_key
        for response in self.evidence.ocsp:
            for said in response.statements:
                if not said.concerns(self.certificate.issuer, key, self.certificate.serial_number):
                    continue
                problem = self._responder_problem(response)
                if problem or said.status is OcspStatus.UNKNOWN:
                    problem = problem or "it says that the certificate is unknown"
                    self.rejected.append(f"{_ocsp_source(response)} is not usable: {problem}")
                else:
                    yield _ocsp_statement(response, said)

    def _responder_problem(self, response: OcspResponse) -> str | None:
        """RFC 6960, section 4.2.2.2: the issuer itself, or a responder that the issuer certified for this."""
        try:
            if response.unusable or not self.authority.allows(response.signature.algorithm):
                return response.unusable or "it is signed with an algorithm that is not allowed"
            refusal = None
            for responder in filter(response.names, (self.issuer, *response.certificates)):
                refusal = _refusal(response, responder)
                if refusal is None:
                    return None if responder == self.issuer else self._delegation_problem(responder)
        except EcardError as error:
            return str(error)
        return f"its signature is not that of an authorised responder{_hint(refusal)}"

    def _delegation_problem(self, responder: Certificate) -> str | None:
        if responder == self.certificate:
            return "no responder vouches for its own certificate"
        extensions = extensions_of(responder)
        purposes = extensions.extended_key_usage
        if purposes is None or OCSP_SIGNING not in purposes or signature_problem(responder, self.issuer.spki):
            return "its responder is not authorised by the certificate's issuer"
        if not self.authority.may_respond(responder):
            return "its responder's certificate is not valid"
        return None


def _ocsp_source(response: OcspResponse) -> Source:
    return Source(SourceKind.OCSP_RESPONSE, None, response.produced_at)


def _ocsp_statement(response: OcspResponse, said: OcspStatement) -> Statement:
    entry = None
    if said.status is OcspStatus.REVOKED and said.revoked_at is not None:
        entry = CrlEntry(said.serial, said.revoked_at, said.reason)
    return Statement(_ocsp_source(response), said.this_update, said.next_update, entry)


def _refusal(evidence: Crl | OcspResponse, signer: Certificate) -> EcardError | None:
    """Why the evidence is not signed by ``signer``; None where it is."""
    try:
        evidence.verify_signed_by(signer.public_key)
    except EcardError as error:
        return error
    return None


def _hint(refusal: EcardError | None) -> str:
    """What explains a refused signature, where something does, for the end of a sentence."""
    if refusal is None:
        return ""
    why = refusal.remedy if isinstance(refusal, InvalidSignatureError) else str(refusal)
    return f" ({why})" if why else ""


def _may_sign_crls(signer: Certificate) -> bool:
    usage = extensions_of(signer).key_usage
    return usage is None or KeyUsage.CRL_SIGN in usage


def _fits(delta: Crl, base: Crl) -> bool:
    """Whether ``delta`` continues ``base`` (RFC 5280, section 5.2.4, conditions a to d)."""
    return (
        delta.base_number is not None
        and base.number is not None
        and delta.number is not None
        and delta.base_number <= base.number < delta.number
        and same_name(delta.issuer, base.issuer)
        and delta.scope_encoded == base.scope_encoded
        and delta.authority_key_id.key_id == base.authority_key_id.key_id
    )


def covered_reasons(crl: Crl, certificate: Certificate) -> int:
    """For which reasons ``crl`` speaks of ``certificate`` (RFC 5280, section 6.3.3 b to d); 0 where it does not."""
    scope, extensions = crl.scope, extensions_of(certificate)
    constraints = extensions.basic_constraints
    is_ca = constraints is not None and constraints.ca
    if scope.only_attributes or (scope.only_users and is_ca) or (scope.only_authorities and not is_ca):
        return 0
    implicit = DistributionPoint(frozenset({der.element(der.context(4), certificate.issuer)}))
    covered = 0
    for point in extensions.crl_distribution_points or (implicit,):
        if _is_at(crl, point, certificate.issuer):
            covered |= ALL_REASONS if point.reasons is None else point.reasons
    return covered & (ALL_REASONS if scope.reasons is None else scope.reasons) & ALL_REASONS


def _is_at(crl: Crl, point: DistributionPoint, issuer: bytes) -> bool:
    if point.crl_issuer:
        named = any(same_name(crl.issuer, name) for name in _directory_names(point.crl_issuer))
        if not named or not (crl.scope.indirect or same_name(crl.issuer, issuer)):
            return False
    elif not same_name(crl.issuer, issuer):
        return False
    if not crl.scope.names:
        return True
    names = point.names or point.crl_issuer
    return not _keys(names, crl.issuer).isdisjoint(_keys(crl.scope.names, crl.issuer))


def _directory_names(names: frozenset[bytes]) -> list[bytes]:
    nodes = (der.parse(name, "a name") for name in names)
    return [node.content for node in nodes if node.tag == der.context(4)]


def _keys(names: frozenset[bytes], relative_to: bytes) -> set[object]:
    """The names in a form in which equal ones are equal; a relative name is completed with the CRL issuer's."""
    keys: set[object] = set()
    for name in names:
        node = der.parse(name, "a distribution point's name")
        if node.tag == der.context(4):
            keys.add(name_key(node.content))
        elif node.tag == der.context(1):
            whole = der.sequence(der.parse(relative_to).content, der.element(der.SET, node.content))
            keys.add(name_key(whole))
        else:
            keys.add(name)
    return keys
