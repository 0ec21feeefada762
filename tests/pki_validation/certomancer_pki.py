"""A whole PKI made by certomancer: two levels, a card of each state, lists, responders, time stamps."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

LABELS = ("root", "issuing", "good", "held", "stolen", "foreign", "root-responder", "responder", "stamper", "listmaker")
TEXT = """
keysets:
  cards:
    keys: {keys}
pki-architectures:
  cards:
    keyset: cards
    entity-defaults: {{country-name: CN, organization-name: Example}}
    entities: {entities}
    certs:
      root:
        {{subject: root, issuer: root, validity: {validity}, profiles: [simple-ca]}}
      issuing:
        subject: issuing
        issuer: root
        validity: {validity}
        profiles: [{{id: simple-ca, params: {{crl-repo: issuing, ocsp-service: issuing, max-path-len: 0}}}}]
        extensions:
          - id: crl_distribution_points
            smart-value: {{schema: crl-dist-url, params: {{crl-repo-names: [root]}}}}
      good: {{subject: good, issuer: issuing, validity: {validity}, profiles: [digsig-commitment]}}
      held:
        template: good
        subject: held
        revocation: {{revoked-since: "2026-03-10T00:00:00+0000", reason: certificate_hold}}
      stolen:
        template: good
        subject: stolen
        revocation:
          revoked-since: "2026-03-10T00:00:00+0000"
          reason: key_compromise
          crl-entry-extensions:
            - {{id: invalidity_date, smart-value: {{schema: iso-time, params: "2026-03-01T00:00:00+0000"}}}}
      foreign:
        template: good
        subject: foreign
        extensions:
          - id: crl_distribution_points
            smart-value: {{schema: crl-dist-url, params: {{crl-repo-names: [indirect]}}}}
      listmaker:
        subject: listmaker
        issuer: root
        validity: {validity}
        extensions:
          - {{id: key_usage, critical: true, smart-value: {{schema: key-usage, params: [crl_sign]}}}}
          - id: crl_distribution_points
            smart-value: {{schema: crl-dist-url, params: {{crl-repo-names: [root]}}}}
      root-responder:
        {{subject: root-responder, issuer: root, validity: {validity}, profiles: [ocsp-responder]}}
      responder:
        {{subject: responder, issuer: issuing, validity: {validity}, profiles: [ocsp-responder]}}
      stamper:
        subject: stamper
        issuer: issuing
        validity: {validity}
        extensions:
          - {{id: key_usage, critical: true, smart-value: {{schema: key-usage, params: [digital_signature]}}}}
          - {{id: extended_key_usage, critical: true, value: [time_stamping]}}
    services:
      ocsp:
        root: {{for-issuer: root, responder-cert: root-responder}}
        issuing: {{for-issuer: issuing, responder-cert: responder}}
      crl-repo:
        root: {{for-issuer: root, signing-key: root, simulated-update-schedule: P10D}}
        issuing: {{for-issuer: issuing, signing-key: issuing, simulated-update-schedule: P10D}}
        indirect:
          for-issuer: issuing
          crl-issuer: listmaker
          signing-key: listmaker
          issuer-cert: listmaker
          simulated-update-schedule: P10D
      time-stamping:
        stamper: {{signing-cert: stamper, certs-to-embed: [issuing]}}
"""
VALIDITY = '{valid-from: "2026-01-01T00:00:00+0000", valid-to: "2030-01-01T00:00:00+0000"}'


def write_keys(directory: Path, kind: str) -> None:
    for label in LABELS:
        is_rsa = kind == "rsa" and label in ("issuing", "responder", "stamper")
        key = rsa.generate_private_key(65537, 2048) if is_rsa else ec.generate_private_key(ec.SECP256R1())
        shape = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        (directory / f"{label}.pem").write_bytes(key.private_bytes(*shape))


def text() -> str:
    keys = "{" + ", ".join(f"{label}: {{path: {label}.pem}}" for label in LABELS) + "}"
    entities = "{" + ", ".join(f"{label}: {{common-name: {label} of certomancer}}" for label in LABELS) + "}"
    return TEXT.format(keys=keys, entities=entities, validity=VALIDITY)


def load(directory: Path, kind: str) -> Certomancer:
    write_keys(directory, kind)
    return Certomancer(directory)


class Certomancer:
    """certomancer as functions to bytes."""

    def __init__(self, directory: Path) -> None:
        from certomancer.registry import ArchLabel, CertomancerConfig

        config = CertomancerConfig.from_yaml(text(), key_search_dir=str(directory))
        self._pki = config.get_pki_arch(ArchLabel("cards"))

    def certificate(self, label: str) -> bytes:
        from certomancer.registry import CertLabel

        return bytes(self._pki.get_cert(CertLabel(label)).dump())

    def crl(self, label: str, at: datetime) -> bytes:
        from certomancer.registry import ServiceLabel

        return bytes(self._pki.service_registry.get_crl(ServiceLabel(label), at_time=at).dump())

    def ocsp(self, label: str, request: bytes, at: datetime) -> bytes:
        from asn1crypto import ocsp
        from certomancer.registry import ServiceLabel

        responder = self._pki.service_registry.summon_responder(ServiceLabel(label), at_time=at)
        return bytes(responder.build_ocsp_response(ocsp.OCSPRequest.load(request)).dump())

    def time_stamp(self, request: bytes, at: datetime) -> bytes:
        from asn1crypto import tsp
        from certomancer.registry import ServiceLabel

        stamper = self._pki.service_registry.summon_timestamper(ServiceLabel("stamper"), at_time=at)
        return bytes(stamper.request_tsa_response(tsp.TimeStampReq.load(request)).dump())
