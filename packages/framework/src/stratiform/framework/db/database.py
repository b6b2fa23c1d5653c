"""Transactions: short, explicit, and the only place where a connection is taken or given back."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import TypeVar

import sqlalchemy
from sqlalchemy import Connection, CursorResult, Engine, Executable, Table
from sqlalchemy.exc import DBAPIError

from stratiform.framework.base.world import World
from stratiform.framework.db import rows
from stratiform.framework.db.flush import Flush
from stratiform.framework.db.sequence import Identifiers, take_block

T = TypeVar("T")

ATTEMPTS = 8
TRANSIENT = frozenset({"40001", "40P01"})
"""SQLSTATE of a serialisation failure and a deadlock: the transaction may simply be run again."""


class Transaction:
    """One open transaction; what it promises to do after the commit happens only if the commit did."""

    def __init__(self, database: "Database", connection: Connection) -> None:
        self.database = database
        self.connection = connection
        self._after: list[Callable[[], None]] = []

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.database.dialect

    def execute(self, statement: Executable, parameters: Mapping[str, object] | None = None) -> CursorResult[object]:
        """Run one statement."""
        return self.connection.execute(statement, dict(parameters) if parameters else None)

    def insert(self, table: Table, values: Sequence[Mapping[str, object]]) -> None:
        """Insert any number of rows, all with the same columns, in one statement."""
        if values and self.dialect == "sqlite":
            self.connection.execute(rows.plain_insertion(table, tuple(values[0])), [*values])
        elif values:
            statement = rows.insertion(self.dialect, table, tuple(values[0]))
            self.execute(statement, {"rows": rows.encode(values)})

    def alter(
        self, table: Table, values: Sequence[Mapping[str, object]], keys: Sequence[str]
    ) -> set[tuple[object, ...]]:
        """Update any number of rows in one statement and answer the keys that matched.

        Each row holds its `keys`, which find it, and the columns to set. A key `was_state` is compared with the
        column `state`: that is how a guarded update asks for the value it read.
        """
        if not values:
            return set()
        names = tuple(name for name in values[0] if name not in keys)
        statement = rows.alteration(self.dialect, table, tuple(keys), names)
        return {tuple(row) for row in self.execute(statement, {"rows": rows.encode(values)})}

    def new_id(self) -> int:
        """A bigint that no row of this database has or had."""
        return self.database.identifiers.take()

    def after_commit(self, call: Callable[[], None]) -> None:
        """Call once the transaction is durable; never if it is rolled back."""
        self._after.append(call)

    def committed(self) -> None:
        """Do what was promised for after the commit."""
        for call in self._after:
            call()


class Database:
    """A database and the one way into it.

    SQLite has one writer: its transactions begin with BEGIN IMMEDIATE under a lock of this process, so that
    nobody waits busily. PostgreSQL runs READ COMMITTED; correctness comes from constraints and guarded updates.
    """

    def __init__(self, url: str, world: World, *, connections: int = 32) -> None:
        self.url = url
        self.world = world
        self.engine: Engine = sqlalchemy.create_engine(
            url,
            creator=lambda: world.store.connect(url),
            pool_size=connections,
            max_overflow=0,
            pool_reset_on_return=None,
        )
        self.dialect = self.engine.dialect.name
        self._writer = threading.Lock()
        path = self.engine.url.database or ":memory:"
        self._flush = Flush(path) if self.dialect == "sqlite" and path != ":memory:" else None
        # Statements read what was committed before each, so PostgreSQL needs no transaction to read in; a rollback
        # at its end would make psycopg forget what it has prepared.
        self._reading = {"stratiform_reading": True} if self.dialect == "sqlite" else {"isolation_level": "AUTOCOMMIT"}
        if self.dialect == "sqlite":
            sqlalchemy.event.listen(self.engine, "begin", _begin_immediate)
        self.identifiers = Identifiers(self._take_block)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Open a transaction to write in; commits at the end, rolls back on any error."""
        self.identifiers.reserve()
        with self._written() as connection, connection.begin():
            transaction = Transaction(self, connection)
            yield transaction
        transaction.committed()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection to read with, that neither waits for writers nor stops them."""
        with self.engine.connect().execution_options(**self._reading) as connection:
            yield connection

    def run(self, action: Callable[[Transaction], T]) -> T:
        """Run `action` in a transaction, again if the database asks for it (deadlock, serialisation)."""
        for left in reversed(range(ATTEMPTS)):
            try:
                with self.transaction() as transaction:
                    return action(transaction)
            except DBAPIError as error:
                if not left or not transient(error):
                    raise
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()

    @contextmanager
    def exclusive(self) -> Iterator[Connection]:
        """A connection that may write, no transaction yet: for migrations, which come before identifiers.

        What is committed on it is durable when the block has ended.
        """
        with self._written(always=True) as connection:
            yield connection

    @contextmanager
    def _written(self, *, always: bool = False) -> Iterator[Connection]:
        """A connection that may write; what was committed on it, and all that it found, is durable afterwards.

        That nothing was written is told by the count of rows, which what alters the schema does not raise: `always`.
        """
        if self._flush is None:
            with self._writer if self.dialect == "sqlite" else nullcontext(), self.engine.connect() as connection:
                yield connection
            return
        self._flush.check()
        with self._writer, self.engine.connect() as connection:
            changes, wrote = _changes(connection), True
            try:
                yield connection
                wrote = always or changes is None or _changes(connection) != changes
            finally:
                commits = self._flush.note(wrote)
        self._flush.until(commits)

    def _take_block(self) -> range:
        with self.exclusive() as connection, connection.begin():
            return take_block(connection)


def transient(error: DBAPIError) -> bool:
    """Whether the same transaction may succeed if it is simply run again."""
    state = getattr(error.orig, "sqlstate", None)
    return state in TRANSIENT or "database is locked" in str(error.orig)


def _changes(connection: Connection) -> int | None:
    """How many rows SQLite wrote on this connection so far; None if it was not asked to be told."""
    changes = getattr(connection.connection.dbapi_connection, "total_changes", None)
    return changes if isinstance(changes, int) else None


def _begin_immediate(connection: Connection) -> None:
    reading = connection.get_execution_options().get("stratiform_reading")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
