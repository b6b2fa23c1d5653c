"""The simulator's state file: what every simulated host has, was told and remembers."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

SCHEMA = """
CREATE TABLE IF NOT EXISTS host (uuid TEXT PRIMARY KEY, url TEXT NOT NULL, condition TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS vm (
    host TEXT, name TEXT, uuid TEXT NOT NULL, PRIMARY KEY (host, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pool (uuid TEXT PRIMARY KEY, url TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS attached (host TEXT, pool TEXT, PRIMARY KEY (host, pool)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS volume (
    pool TEXT, path TEXT, uuid TEXT NOT NULL, size INTEGER NOT NULL, PRIMARY KEY (pool, path)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS lease (
    pool TEXT, path TEXT, host TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (pool, path)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS lease_vm ON lease (host, name);
CREATE TABLE IF NOT EXISTS command (
    resource TEXT, id TEXT, epoch INTEGER NOT NULL, fate TEXT NOT NULL, answer TEXT, error TEXT,
    at INTEGER NOT NULL, aborted INTEGER NOT NULL, PRIMARY KEY (resource, id)
);
CREATE TABLE IF NOT EXISTS journal (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, host TEXT NOT NULL, act TEXT NOT NULL,
    command TEXT NOT NULL, epoch INTEGER NOT NULL, verb TEXT NOT NULL, subject TEXT NOT NULL,
    name TEXT NOT NULL, outcome TEXT NOT NULL, rule INTEGER
);
CREATE TABLE IF NOT EXISTS rule (id INTEGER PRIMARY KEY AUTOINCREMENT, rule TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS latency (verb TEXT PRIMARY KEY, distribution TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS shape (host TEXT PRIMARY KEY, shape TEXT NOT NULL);
"""


class State:
    """One SQLite file, written by one thread; changes are seen at once and durable after `sync`.

    Durable means that they outlive the process, however it ends. The loss of the machine's power may take the
    last moments, which leaves hosts that are simulated as they were a moment earlier.
    """

    def __init__(self, file: Path | str) -> None:
        self._connection = sqlite3.connect(file, check_same_thread=False, cached_statements=256)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(SCHEMA)

    def rows(self, make: Callable[..., T], statement: str, *parameters: object) -> list[T]:
        """What a SELECT finds, each row made into a value by `make(*columns)`."""
        return [make(*row) for row in self._connection.execute(statement, parameters)]

    def first(self, make: Callable[..., T], statement: str, *parameters: object) -> T | None:
        """The first row that a SELECT finds, or None."""
        row = self._connection.execute(statement, parameters).fetchone()
        return None if row is None else make(*row)

    def change(self, statement: str, *parameters: object) -> int:
        """Insert, update or delete; answers the id of an inserted row."""
        return self._connection.execute(statement, parameters).lastrowid or 0

    def sync(self) -> None:
        """Return once every change is durable."""
        self._connection.commit()

    def close(self) -> None:
        """Close the file; what was not made durable is lost."""
        self._connection.close()
