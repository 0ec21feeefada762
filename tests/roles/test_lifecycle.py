"""The table of transitions itself, and the page and the picture that are made from it."""

from __future__ import annotations

import re
from pathlib import Path

from lxml import etree

from ecard.pki.withdrawal import WITHDRAWALS
from ecard.pki.withdrawal import Act as CertificateAct
from ecard.roles.acts import Act, CardKind, CardState
from ecard.roles.lifecycle import CERTIFICATES, TABLE, CertificateStatus, Guard, Who, certificate_act, rows_of
from ecard.roles.lifecycle_page import certificate_lines, picture, table_lines

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "life-cycle.md").read_text(encoding="utf-8")
TESTS = "".join(path.read_text(encoding="utf-8") for path in sorted(Path(__file__).parent.glob("test_*.py")))
HANDBOOK = {"P1a", "G2"} | {
    f"{kind}{row}" for kind, rows in (("P", 9), ("R", 8), ("T", 7)) for row in range(1, rows + 1)
}
"""Every row of the handbook chapter: steps, papers, rules, transitions."""


def _between(name: str) -> list[str]:
    return PAGE.split(f"<!-- {name} -->\n")[1].split("\n<!-- end -->")[0].splitlines()


def test_the_page_shows_the_tables_as_they_are() -> None:
    assert _between("transitions") == table_lines()
    assert _between("certificates") == certificate_lines()


def test_the_picture_is_made_from_the_table() -> None:
    assert (DOCS / "life-cycle.svg").read_text(encoding="utf-8") == picture()
    drawn = etree.fromstring(picture().encode())
    texts = " ".join(drawn.itertext())
    for row in TABLE:
        if row.card is CardKind.OPERATOR:
            assert row.act.value in texts
    assert all(state.value in texts for state in CardState)


def test_every_row_of_the_page_has_a_test_with_its_number() -> None:
    rows = set(re.findall(r"^\| ([PGRTD][0-9]+a?) \|", PAGE, re.MULTILINE))
    assert rows >= {row.row for row in TABLE}
    tested = set(re.findall(r"_([pgrtd][0-9]+a?)(?=_)", "".join(re.findall(r"def (test\w+)", TESTS))))
    assert rows | HANDBOOK == {name[0].upper() + name[1:] for name in tested}


def test_nothing_leads_out_of_void() -> None:
    assert not [row for row in TABLE if CardState.VOID in row.sources]


def test_no_two_rows_are_for_the_same() -> None:
    seen = [(row.act, row.card, row.who) for row in TABLE]
    assert len(seen) == len(set(seen))


def test_an_operator_gives_no_orders_and_a_legal_person_none_about_its_own_card() -> None:
    assert {row.who for row in TABLE} == {Who.OFFICER, Who.LEGAL_PERSON, Who.CENTRE}
    assert {row.card for row in TABLE if row.who is Who.LEGAL_PERSON} == {CardKind.OPERATOR}


def test_certificates_follow_states_as_the_grounds_say() -> None:
    """What the state leads to is what the table of grounds in the authority leads to."""
    for row in TABLE:
        for ground in row.grounds:
            for source in row.sources - {None}:
                assert source is not None
                if row.act is Act.RENEW:
                    continue
                target = row.to or CardState.ACTIVE
                act = certificate_act(CERTIFICATES[source], CERTIFICATES[target])
                assert act in {WITHDRAWALS[ground].act, None}
                if act is None:
                    assert (source, target) == (CardState.FROZEN, CardState.LOST)


def test_certificate_acts() -> None:
    good, hold, revoked = CertificateStatus.GOOD, CertificateStatus.HOLD, CertificateStatus.REVOKED
    assert certificate_act(good, good) is None
    assert certificate_act(good, hold) is CertificateAct.HOLD
    assert certificate_act(hold, good) is CertificateAct.RELEASE
    assert certificate_act(hold, revoked) is CertificateAct.REVOKE


def test_acts_that_are_no_transitions_have_no_rows() -> None:
    assert rows_of(Act.APPLY, CardKind.OPERATOR) == ()
    assert all(row.guard is Guard.NO_ACTIVE_SEAL for row in TABLE if row.row == "D5")
