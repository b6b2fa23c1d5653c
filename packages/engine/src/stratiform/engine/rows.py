"""Rows of a SELECT as mappings by name: most of what a list costs is here."""

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, TypeAlias

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    CursorResult,
    Executable,
    Text,
    bindparam,
    cast,
    func,
    select,
)

from stratiform.engine.entity import Expression

KEYS = "keys"

_TRUTH: Mapping[Any, object] = {0: False, 1: True, None: None}
"""What SQLite has for a truth."""

Found: TypeAlias = Sequence[tuple[Any, ...]]
"""Rows as the driver has them."""


class Reader:
    """Reads columns, the first of a row, into mappings by name, without what is NULL."""

    def __init__(self, columns: Mapping[str, Expression], constants: Mapping[str, object]) -> None:
        self.names = tuple(columns)
        self._whole: dict[str, object] = {**dict.fromkeys(self.names), **constants}
        self._flags = [name for name, column in columns.items() if isinstance(column.type, Boolean)]
        self._groups = _groups(columns)

    def read(
        self, connection: Connection, wanted: Executable, given: Mapping[str, object] | None = None
    ) -> tuple[list[dict[str, object]], Found]:
        """The rows, and what they were made of.

        They are taken from the driver's own cursor: SQLAlchemy's rows would take as long as everything else here.
        """
        result: CursorResult[Any] = connection.execute(wanted, given)
        found: Found = result.cursor.fetchall() if result.cursor else ()
        result.close()
        return self._told(found, self._flags if connection.dialect.name == "sqlite" else ()), found

    def _told(self, found: Found, flags: Sequence[str]) -> list[dict[str, object]]:
        names, whole, rows = self.names, self._whole, []
        sparse = [each for group in self._groups if _lacking(found, group[0][0]) for each in group]
        for values in found:
            row = whole.copy()
            row.update(zip(names, values, strict=False))
            for name in flags:
                row[name] = _TRUTH[row[name]]
            for place, name in sparse:
                if values[place] is None:
                    del row[name]
            rows.append(row)
        return rows


Group: TypeAlias = Sequence[tuple[int, str]]
"""Columns, by place and name, that are all NULL where the first is; the first is NULL where any other is."""


def _groups(columns: Mapping[str, Expression]) -> Sequence[Group]:
    """Columns that are never NULL in a row of their table are there together, or the table was joined in vain."""
    together: dict[object, list[tuple[int, str]]] = {}
    for place, (name, column) in enumerate(columns.items()):
        present = isinstance(column, Column) and not column.nullable
        together.setdefault(column.table if present else name, []).append((place, name))
    return [*together.values()]


def _lacking(found: Found, place: int) -> bool:
    return None in map(itemgetter(place), found)


def among(column: ColumnElement[int], dialect: str) -> ColumnElement[bool]:
    """Whether a column is one of any number of keys, which are one parameter."""
    given = bindparam(KEYS, type_=Text)
    if dialect == "postgresql":
        return column == func.any(cast(given, ARRAY(BigInteger)))
    return column.in_(select(func.json_each(given).table_valued("value").c.value))


def keys(values: Iterable[int], dialect: str) -> Mapping[str, str]:
    """The parameter of `among`: a list in the database's own words."""
    listed = ",".join(map(str, values))
    return {KEYS: f"{{{listed}}}" if dialect == "postgresql" else f"[{listed}]"}
