"""The tables of configuration: values by scope, and a counter that tells every process to read them again."""

import sqlalchemy
from sqlalchemy import BigInteger, Column, MetaData, Select, Table, Text

metadata = MetaData()
"""The tables of the framework's config package."""

config_value = Table(
    "config_value",
    metadata,
    Column("name", Text, primary_key=True),
    Column("scope_kind", Text, primary_key=True),
    Column("scope_id", BigInteger, primary_key=True, autoincrement=False),
    Column("value", Text, nullable=False),
    Column("updated", BigInteger, nullable=False),
)

config_version = Table(
    "config_version",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
)

_NEWEST = sqlalchemy.func.max(config_version.c.version)
VERSION: Select[int] = sqlalchemy.select(sqlalchemy.func.coalesce(_NEWEST, 0))
"""The stored version, 0 in an empty database: fold it into a larger statement as a scalar subquery."""

PUT = sqlalchemy.text(
    "INSERT INTO config_value (name, scope_kind, scope_id, value, updated)"
    " VALUES (:name, :scope_kind, :scope_id, :value, :updated)"
    " ON CONFLICT (name, scope_kind, scope_id)"
    " DO UPDATE SET value = excluded.value, updated = excluded.updated"
)

BUMP = sqlalchemy.text(
    "INSERT INTO config_version (id, version) VALUES (1, 1)"
    " ON CONFLICT (id) DO UPDATE SET version = config_version.version + 1"
)
"""Holds the row until the commit, so that versions become visible in the order of their numbers."""
