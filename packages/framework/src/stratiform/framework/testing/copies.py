"""What many tests begin with, made once: its rows are put into every further database."""

import random
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

from sqlalchemy import Table, select

from stratiform.framework.db.database import Database
from stratiform.framework.db.migrate import Layer

T = TypeVar("T")


@dataclass(frozen=True)
class _Copy:
    told: object
    rows: Mapping[Table, Sequence[Mapping[str, object]]]
    randomness: tuple[object, ...] | None


_KEPT: dict[Hashable, _Copy] = {}


def once(name: str, database: Database, layers: Sequence[Layer], make: Callable[[], T]) -> T:
    """Do what `make` does to a database without rows, from the second time on without doing it.

    Then there are the rows that it left, and what it told the first time; nobody may change that. The world goes on
    as after `make`, so that no identifier is made twice.
    """
    key = (name, database.dialect, tuple(metadata for layer in layers for metadata in layer.metadata))
    source = database.world.random
    repeats = isinstance(source, random.Random) and not isinstance(source, random.SystemRandom)
    copy = _KEPT.get(key)
    if copy is None:
        told = make()
        _KEPT[key] = _Copy(told, _rows(database, layers), source.getstate() if repeats else None)
        return told
    with database.exclusive() as connection, connection.begin():  # no transaction, which would take identifiers
        for table, rows in copy.rows.items():
            connection.execute(table.insert(), list(rows))
    if copy.randomness is not None:
        source.setstate(copy.randomness)
    return cast(T, copy.told)


def _rows(database: Database, layers: Sequence[Layer]) -> Mapping[Table, Sequence[Mapping[str, object]]]:
    tables = [table for layer in layers for metadata in layer.metadata for table in metadata.sorted_tables]
    found = {}
    with database.reading() as connection:
        for table in tables:
            rows = connection.execute(select(table).order_by(*table.primary_key)).mappings()
            found[table] = [dict(row) for row in rows]
    return {table: rows for table, rows in found.items() if rows}
