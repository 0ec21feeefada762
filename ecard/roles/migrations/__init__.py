"""The migrations of the register's schema, run by Alembic."""
