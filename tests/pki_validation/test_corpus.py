"""The corpus: every chain under every profile, through the call that docs/validation.md gives to runners of corpora."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding

from ecard.certificate import Certificate
from ecard.errors import EncodingError, ValidationError
from ecard.findings import FindingCode
from ecard.pki.evidence import Evidence
from ecard.pki.policy import Profile, Revocation, ValidationPolicy
from ecard.pki.trust import Trust
from ecard.pki.validation import validate
from tests.pki_validation.chains import DAY, T0
from tests.pki_validation.corpus import constraints, crls, extensions, fields, names, paths, policies, usages
from tests.pki_validation.corpus.making import Case, root

pytestmark = pytest.mark.exhaustive

CASES = [
    case for part in (fields, extensions, constraints, names, usages, policies, paths, crls) for case in part.cases()
]
PEDANTIC, STRICT, TOLERANT = Profile.PEDANTIC, Profile.STRICT, Profile.TOLERANT


def outcome(case: Case, profile: Profile) -> set[FindingCode]:
    """Everything that is found wrong, in one set. No message tells the holder's name."""
    checked = Revocation.REQUIRED if case.crls is not None else Revocation.UNSAFE_NOT_CHECKED
    policy = ValidationPolicy(**{"revocation": checked, "profile": profile, **case.policy})
    try:
        trust = Trust(map(Certificate, case.roots))
        peer, untrusted = Certificate(case.peer), list(map(Certificate, case.helpers))
        evidence = Evidence(case.crls or ())
    except EncodingError:
        return {FindingCode.CERTIFICATE_MALFORMED}
    try:
        validate(peer, at=case.at, trust=trust, untrusted=untrusted, evidence=evidence, policy=policy)
    except ValidationError as error:
        if "=holder" in str(error):
            raise
        return {finding.code for finding in error.findings}
    return set()


def test_the_corpus_is_large_and_each_case_has_its_name() -> None:
    assert len(CASES) >= 150
    assert [name for name, count in Counter(case.name for case in CASES).items() if count > 1] == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_verdict_under_each_profile(case: Case) -> None:
    expected = {
        STRICT: case.expected,
        TOLERANT: case.expected if case.tolerant == "same" else case.tolerant,
        PEDANTIC: case.expected if case.pedantic == "same" else case.pedantic,
    }
    for profile, code in expected.items():
        found = outcome(case, profile)
        assert (code in found) if code else not found, f"{profile}: {found}"


def test_a_root_of_an_unknown_algorithm_is_not_told_to_lack_an_identifier() -> None:
    """As its signature cannot be checked, nobody knows that another key made it."""
    own = ed25519.Ed25519PrivateKey.generate()
    subject = x509.Name.from_rfc4514_string("CN=Ed25519 root")
    builder = x509.CertificateBuilder(subject, subject, own.public_key(), 1, T0, T0 + 9 * DAY)
    builder = builder.add_extension(x509.BasicConstraints(True, None), True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), False)
    encoded = builder.sign(own, None).public_bytes(Encoding.DER)
    assert outcome(Case("Ed25519", encoded, (encoded,)), PEDANTIC) == {FindingCode.ALGORITHM_NOT_ALLOWED}


def test_the_call_in_the_documentation() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "validation.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python corpus\n(.*?)```", text, re.DOTALL)
    top = root("documented root")
    below = top.ca("documented CA")
    names = {name: value for name, value in globals().items() if not name.startswith("_")}
    given = {"moment": T0 + DAY, "crls": [], "trusted": [pem(top.certificate)]}
    given |= {"intermediates": [pem(below.certificate)], "peer": pem(below.leaf())}
    exec(compile(block, "docs/validation.md", "exec"), names | given)
    with pytest.raises(ValidationError, match="no certificate of the issuer"):
        exec(compile(block, "docs/validation.md", "exec"), names | given | {"intermediates": []})


def pem(encoded: bytes) -> str:
    return Certificate(encoded).pem()
