"""What every entity's table has: identity, generation, span of life, and a name as clients compare it."""

import unicodedata
from collections.abc import Sequence
from typing import Any, TypeAlias

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    MetaData,
    Table,
    Text,
    text,
)
from sqlalchemy.schema import SchemaItem
from sqlalchemy.sql.expression import TableClause, column, table

metadata = MetaData()
"""The tables of the engine."""

LIVE = "removed IS NULL"

Expression: TypeAlias = ColumnElement[Any]
"""A column or an expression of any type; SQLAlchemy's are invariant, so no narrower word fits them all."""

Exact = Text().with_variant(Text(collation="C"), "postgresql")
"""A text that is compared by code point on both databases, as ranges over a tree of paths need it."""


def entity(name: str, *items: SchemaItem) -> Table:
    """A table of things that are known outside by UUID and stay, with `removed` set, when they are gone."""
    return Table(
        name,
        metadata,
        Column("id", BigInteger, primary_key=True, autoincrement=False),
        Column("uuid", Exact, nullable=False, unique=True),
        Column("generation", BigInteger, nullable=False, server_default=text("0")),
        Column("created", BigInteger, nullable=False),
        Column("removed", BigInteger),
        *items,
    )


def named() -> Sequence[SchemaItem]:
    """The columns of a name: as given, and as it is compared."""
    return Column("name", Text, nullable=False), Column("name_key", Text, nullable=False)


def name_key(name: str) -> str:
    """What two names that clients take for the same have in common: NFC and case folded."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


ALONG = "along"


def reference(target: str, *, optional: bool = False, name: str | None = None, along: bool = False) -> SchemaItem:
    """A column that refers to a row of another table, called `TARGET_id` unless named; `along` goes with that row."""
    key = ForeignKey(f"{target}.id")
    return Column(name or f"{target}_id", BigInteger, key, nullable=optional, info={ALONG: along})


def flag(name: str, default: bool = False) -> SchemaItem:
    """A column that is true or false."""
    return Column(name, Boolean, nullable=False, server_default=text("true" if default else "false"))


def count(name: str) -> SchemaItem:
    """A column that counts from 0, or holds an amount that does."""
    return Column(name, BigInteger, nullable=False, server_default=text("0"))


def unique(table: str, *columns: str, also: str | None = None) -> SchemaItem:
    """No two live rows of the table agree in these columns."""
    where = text(f"{LIVE} AND {also}" if also else LIVE)
    return Index("_".join((table, *columns, "key")), *columns, unique=True, sqlite_where=where, postgresql_where=where)


def index(table: str, *columns: str, where: str = LIVE) -> SchemaItem:
    """An index over the live rows for finding them by these columns."""
    condition = text(where)
    return Index("_".join((table, *columns)), *columns, sqlite_where=condition, postgresql_where=condition)


def above(name: str, *columns: str) -> TableClause:
    """A table of a noun above this one, by name, for a listing that shows it: no import leads up."""
    return table(name, *(column(each) for each in columns))
