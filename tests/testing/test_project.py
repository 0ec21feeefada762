"""A project of somebody else's: one file, no configuration, only the plugin."""

from __future__ import annotations

import pytest

from tests.testing.loading import LOADING

pytest_plugins = ["pytester"]
PROJECT = """\
import ecard
import pytest

CONTRACT = "甲方向乙方出售绿茶一百箱".encode()


def sign(card, clock):
    with card.signing() as holder:
        return ecard.cms.sign(CONTRACT, holder, at=clock())


def test_the_legal_person_seals(ecard_centre, ecard_legal_person_card, ecard_trust, ecard_clock):
    seal = sign(ecard_legal_person_card, ecard_clock)
    signer = ecard.AnyLegalPerson(of=ecard_centre.organisation_code)
    assert ecard.cms.verify(CONTRACT, seal, trust=ecard_trust, signer=signer, at=ecard_clock()).accepted


def test_a_frozen_operator_is_refused(ecard_centre, ecard_operator_card, ecard_clock):
    ecard_centre.freeze(ecard_operator_card)
    ecard_clock.advance(hours=1)
    asked = {"trust": ecard_centre.trust(), "at": ecard_clock(), "signer": ecard.UnsafeAnyone()}
    with pytest.raises(ecard.VerificationError, match="on hold"):
        ecard.cms.verify(CONTRACT, sign(ecard_operator_card, ecard_clock), **asked)
"""


def test_twenty_lines_sign_verify_and_freeze(pytester: pytest.Pytester) -> None:
    written = [line for line in PROJECT.splitlines() if line and not line.startswith(("import", "CONTRACT"))]
    assert len(written) <= 20
    pytester.makepyfile(PROJECT)
    pytester.runpytest_inprocess(*LOADING, "-p", "no:cacheprovider").assert_outcomes(passed=2)


def test_the_twenty_lines_fail_where_the_cards_do_something_else(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(PROJECT.replace("ecard_centre.freeze(ecard_operator_card)", "pass"))
    pytester.runpytest_inprocess(*LOADING, "-p", "no:cacheprovider").assert_outcomes(passed=1, failed=1)


def test_every_kind_of_key(pytester: pytest.Pytester) -> None:
    kinds = """
from ecard import KeyKind

@pytest.fixture(params=[KeyKind.P256, KeyKind.P384, KeyKind.SM2, KeyKind.RSA2048], ids=lambda kind: kind.value)
def ecard_key_kind(request):
    return request.param
"""
    pytester.makepyfile(PROJECT + kinds)
    pytester.runpytest_inprocess(*LOADING, "-p", "no:cacheprovider").assert_outcomes(passed=8)
