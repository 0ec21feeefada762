"""A list of operators is read whole, or refused with the line. The migrations make the schema of the tables."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from hypothesis import given
from hypothesis import strategies as st

from ecard.errors import InvalidInputError
from ecard.roles.operator_list import MAX_SIZE, read_operators
from ecard.roles.people import Person
from ecard.roles.register_tables import Base
from tests.roles.world import OPERATOR, World

HEADING = "name,identity_number,telephone\r\n"
GOOD = f"{OPERATOR.name},{OPERATOR.identity_number},{OPERATOR.telephone}\r\n"
OTHER = "甲某,11010119900307889X,\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_p5_a_list_of_operators_is_read(encoding: str) -> None:
    found = read_operators((HEADING + GOOD + "\r\n" + OTHER).encode(encoding))
    assert found == [OPERATOR, Person("甲某", "11010119900307889X")]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "first line"),
        (GOOD, "first line"),
        (HEADING + "乙某,110101199003070070\r\n", "line 2 of the list has 2 fields"),
        (HEADING + GOOD + OTHER.replace("9X", "91"), "line 3 of the list: character 18"),
        (HEADING + GOOD + OTHER + GOOD, "line 4 of the list names the person of line 2 again"),
        (HEADING + GOOD + GOOD, "line 3 of the list names the person of line 2 again"),
        (HEADING + '"=HYPERLINK(""x"")",110101199003070070,\r\n', "line 2 of the list: the name begins like"),
        (HEADING + " @甲,110101199003070070,\r\n", "line 2 of the list: the name begins like"),
        (HEADING + '"乙某', "line 2 of the list is not CSV"),
        (HEADING + " ,110101199003070070,\r\n", "line 2 of the list: a person's name"),
    ],
)
def test_p5_a_wrong_list_is_refused_with_its_line_and_without_its_content(text: str, why: str) -> None:
    with pytest.raises(InvalidInputError, match=why) as caught:
        read_operators(text.encode())
    assert "110101199003" not in str(caught.value)
    assert "乙某" not in str(caught.value)


def test_p5_a_large_list_is_refused_unread() -> None:
    with pytest.raises(InvalidInputError, match="more than"):
        read_operators(b"x" * (MAX_SIZE + 1))


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with pytest.raises(InvalidInputError):
        read_operators(b"\x00" + data)


def test_the_migrations_make_the_tables_of_the_models(world: World) -> None:
    with world.register.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
