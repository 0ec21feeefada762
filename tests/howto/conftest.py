"""The PostgreSQL server of the register's tests."""

from tests.roles.conftest import postgres_server

__all__ = ["postgres_server"]
