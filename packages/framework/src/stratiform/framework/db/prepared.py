"""A SELECT that comes with every request: compiled once, and run without a transaction around it."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import Select
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.pool import PoolProxiedConnection

from stratiform.framework.db.database import Database

_Select: TypeAlias = Select[*tuple[Any, ...]]
_Row: TypeAlias = tuple[Any, ...]


class Prepared:
    """One SELECT over texts and numbers, for its first row.

    It takes a tenth of the time that SQLAlchemy takes for it, and one round trip instead of three. Columns that
    need a conversion, such as SQLite's booleans, come as the driver has them.
    """

    def __init__(self, database: Database, statement: _Select) -> None:
        self._database = database
        self._statement = statement
        self._dialect = database.engine.dialect
        self._compiled = statement.compile(dialect=self._dialect)
        self._text = str(self._compiled)
        self._given = dict(self._compiled.params)
        self._order: Sequence[str] | None = getattr(self._compiled, "positiontup", None)

    def first(self, parameters: Mapping[str, object]) -> _Row | None:
        """The first row, or None. Raises SQLAlchemy's `DBAPIError`."""
        connection = self._database.engine.raw_connection()
        try:
            return self._run(connection, {**self._given, **parameters})
        except self._dialect.loaded_dbapi.Error:
            connection.invalidate()
        finally:
            connection.close()
        with self._database.reading() as other:  # SQLAlchemy knows what to do with a lost connection
            row = other.execute(self._statement, dict(parameters)).first()
            return None if row is None else tuple(row)

    def _run(self, connection: PoolProxiedConnection, values: Mapping[str, object]) -> _Row | None:
        cursor = connection.cursor()
        bound = values if self._order is None else tuple(values[name] for name in self._order)
        self._tell(cursor, bound)
        if self._database.dialect == "sqlite":
            return self._fetch(cursor, bound)
        driver: Any = connection.driver_connection
        driver.autocommit = True
        try:
            return self._fetch(cursor, bound)
        finally:
            driver.autocommit = False

    def _fetch(self, cursor: DBAPICursor, bound: Any) -> _Row | None:
        cursor.execute(self._text, bound)
        row: _Row | None = cursor.fetchone()
        cursor.close()
        return row

    def _tell(self, cursor: DBAPICursor, bound: object) -> None:
        """Let those hear of it who listen to the engine's statements."""
        for hear in self._database.engine.dispatch.before_cursor_execute:
            hear(None, cursor, self._text, bound, None, False)
