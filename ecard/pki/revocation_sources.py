"""From evidence to statements: which CRLs and OCSP responses speak of a certificate, with authority.

RFC 5280, section 6.3.3 for CRLs (scope, signer, delta, reasons) and RFC 6960, section 4.2.2.2 for responders.
What cannot be used is remembered with the reason, for the message that says what was missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
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
_NO_CRL_SIGNER: Final = "the certificate that signed it is not valid for signing CRLs"
_NO_RESPONDER: Final = "its responder's certificate is not valid"


class Authority(Protocol):
    """Who may sign evidence: answered by the validation that is under way."""

    def may_sign(self, signer: Certificate, at: datetime) -> bool:
        """Whether ``signer`` has a valid path to the root of the path under validation at a moment."""

    def may_respond(self, responder: Certificate, at: datetime) -> bool:
        """Whether a responder's certificate was good at a moment; never by its own answers."""

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
    changes: list[datetime] = field(default_factory=list)
    """The moments at which evidence of others than the issuer begins or ceases to count, used or not."""
    _only_tells: set[Crl | OcspResponse] = field(default_factory=set)
    """Evidence whose signer was good when it was made and is not for the moment: its silence says nothing."""

    def statements(self) -> list[Statement]:
        """All statements about the certificate that are signed with authority."""
        return [*self._from_crls(), *self._from_ocsp()]

    def _from_crls(self) -> Iterator[Statement]:
        usable = [(crl, reasons) for crl in self._crls() if (reasons := self._usable(crl))]
        for crl, reasons in usable:
            entry = self._find(crl)
            is_delta = crl.base_number is not None
            if crl in self._only_tells and entry is None:
                self.rejected.append(f"{_crl_source(crl)} is not usable: {_NO_CRL_SIGNER}")
                continue
            # a delta that does not list the certificate says nothing without its base
            yield self._statement(crl, crl, entry, 0 if is_delta or crl in self._only_tells else reasons)
            if not is_delta and crl not in self._only_tells:
                for delta in (d for d, _ in usable if _fits(d, crl) and d not in self._only_tells):
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
        source = _crl_source(crl)
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
        if not self.authority.is_pedantic:
            return None
        if crl.number is None:
            return "it has no CRL number (RFC 5280, section 5.2.3)"
        if not 0 <= crl.number < 1 << 159:
            return "its CRL number is negative or longer than 20 octets (RFC 5280, section 5.2.3)"
        if crl.authority_key_id.key_id is None:
            return "it does not identify the key that signed it (RFC 5280, section 5.2.1)"
        if crl.has_early_generalized_time:
            return "thisUpdate or nextUpdate is before 2050 and no UTCTime (RFC 5280, section 5.1.2.4)"
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
        able = [c for c in signers if _may_sign_crls(c)]
        made, until = crl.this_update, crl.next_update
        if self._is_believed(crl, made, until, lambda at: any(self.authority.may_sign(c, at) for c in able)):
            return None
        return _NO_CRL_SIGNER

    def _is_believed(
        self,
        evidence: Crl | OcspResponse,
        made: datetime,
        until: datetime | None,
        is_good: Callable[[datetime], bool],
    ) -> bool:
        """Whether who signed the evidence may speak: ``is_good`` says whether they may at a moment.

        Evidence for the moment, or later, counts in full where they are good then. What it tells of has to be heard
        also where they are so no more, or not yet: revocation is for good. What was made later than the moment, and
        after they ended, is nobody's word.
        """
        self.changes += [made] if until is None else [made, until]
        if is_good(max(self.at, made) if until is None or self.at <= until else made):
            return True
        if is_good(made) or (made < self.at and is_good(self.at)):
            self._only_tells.add(evidence)
            return True
        return False

    def _from_ocsp(self) -> Iterator[Statement]:
        key = self.issuer.public_key
        for response in self.evidence.ocsp:
            for said in response.statements:
                if not said.concerns(self.certificate.issuer, key, self.certificate.serial_number):
                    continue
                problem = self._responder_problem(response, said)
                if response in self._only_tells and said.status is OcspStatus.GOOD:
                    problem = _NO_RESPONDER
                if problem or said.status is OcspStatus.UNKNOWN:
                    problem = problem or "it says that the certificate is unknown"
                    self.rejected.append(f"{_ocsp_source(response)} is not usable: {problem}")
                else:
                    yield _ocsp_statement(response, said, 0 if response in self._only_tells else ALL_REASONS)

    def _responder_problem(self, response: OcspResponse, said: OcspStatement) -> str | None:
        """RFC 6960, section 4.2.2.2: the issuer itself, or a responder that the issuer certified for this."""
        try:
            if response.unusable or not self.authority.allows(response.signature.algorithm):
                return response.unusable or "it is signed with an algorithm that is not allowed"
            refusal = None
            for responder in filter(response.names, (self.issuer, *response.certificates)):
                refusal = _refusal(response, responder)
                if refusal is None:
                    return None if responder == self.issuer else self._delegation_problem(response, responder, said)
        except EcardError as error:
            return str(error)
        return f"its signature is not that of an authorised responder{_hint(refusal)}"

    def _delegation_problem(self, response: OcspResponse, responder: Certificate, said: OcspStatement) -> str | None:
        if responder == self.certificate:
            return "no responder vouches for its own certificate"
        extensions = extensions_of(responder)
        purposes = extensions.extended_key_usage
        if purposes is None or OCSP_SIGNING not in purposes or signature_problem(responder, self.issuer.spki):
            return "its responder is not authorised by the certificate's issuer"
        made, until = said.this_update, said.next_update
        if not self._is_believed(response, made, until, lambda at: self.authority.may_respond(responder, at)):
            return _NO_RESPONDER
        return None


def _crl_source(crl: Crl) -> Source:
    return Source(SourceKind.CRL, crl.issuer, crl.this_update)


def _ocsp_source(response: OcspResponse) -> Source:
    return Source(SourceKind.OCSP_RESPONSE, None, response.produced_at)


def _ocsp_statement(response: OcspResponse, said: OcspStatement, reasons: int) -> Statement:
    entry = None
    if said.status is OcspStatus.REVOKED and said.revoked_at is not None:
        entry = CrlEntry(said.serial, said.revoked_at, said.reason)
    return Statement(_ocsp_source(response), said.this_update, said.next_update, entry, reasons)


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
