"""The real databases: how a DBAPI connection is opened so that transactions are ours to begin."""

import sqlite3
import time

import sqlalchemy

from stratiform.framework.base.errors import Error

PRAGMAS = (
    "PRAGMA synchronous=NORMAL",  # `Flush` makes commits durable: many by one sync, after the lock is given back
    "PRAGMA foreign_keys=ON",
    "PRAGMA temp_store=MEMORY",
)
BUSY_SECONDS = 10
"""How long somebody else's transaction on the same file is waited for."""
PAUSE = 0.01
OLDEST_SQLITE = (3, 38, 0)
"""The first with `->>` built in (https://sqlite.org/json1.html)."""

OLDEST_POSTGRESQL = 15
"""The oldest that the tests run on."""
SILENCE = 10
"""Seconds that PostgreSQL bears with silence within a transaction: the locks of a process that is frozen there are gone
when its lease is. A step that computes for long between two statements must not be taken for one."""
SETTINGS = {
    "default_transaction_isolation": "read\\ committed",  # whatever the role or the database says
    "idle_in_transaction_session_timeout": f"{SILENCE}s",
    "lock_timeout": f"{SILENCE + 5}s",  # somebody's forgotten psql is an error to try again, not a worker less
    "client_connection_check_interval": "5s",  # a killed process's statement ends, and frees its locks
    "jit": "off",  # nothing that is asked here is worth a compiler
    "join_collapse_limit": "4",  # planning a list's joins in every order takes longer than running it
}
"""What every session of PostgreSQL is set to, unless the URL's own `options` say otherwise."""
CONNECTION = {
    "application_name": "stratiform",
    "client_encoding": "utf8",
    "connect_timeout": 5,
    # a database whose machine is gone is noticed within a lease
    "keepalives_idle": 3,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "tcp_user_timeout": 8_000,
    "prepare_threshold": 2,
}
"""How psycopg connects, unless the URL says otherwise."""


class DatabaseTooOld(Error):
    """SQLite {found} is too old; {needed} or later is needed. Use a newer Python or PostgreSQL."""

    code = "database_too_old"


class PostgreSQLTooOld(Error):
    """PostgreSQL {found} is too old; {needed} or later is needed."""

    code = "postgresql_too_old"


class DriverMissing(Error):
    """PostgreSQL needs its driver: pip install 'stratiform-framework[postgresql]'."""

    code = "driver_missing"


class DriverStore:
    """Opens SQLite by the standard library and PostgreSQL by psycopg 3."""

    def connect(self, url: str) -> object:
        """A connection in autocommit mode: BEGIN, COMMIT and ROLLBACK are sent as statements."""
        target = sqlalchemy.make_url(url)
        if target.get_backend_name() == "sqlite":
            return _sqlite(target.database or ":memory:")
        return _postgresql(target)


def _sqlite(path: str) -> sqlite3.Connection:
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        needed = ".".join(map(str, OLDEST_SQLITE))
        raise DatabaseTooOld(found=sqlite3.sqlite_version, needed=needed)
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=512)
    connection.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
    _write_ahead(connection)
    for pragma in PRAGMAS:
        connection.execute(pragma)
    return connection


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch the file to WAL. Processes that open a new file at once take turns: here SQLite itself does not wait."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as busy:
            if "locked" not in str(busy) or time.monotonic() > until:
                raise
            time.sleep(PAUSE)
        else:
            return


def _postgresql(url: sqlalchemy.URL) -> object:
    dialect = url.get_dialect()()
    try:
        driver = dialect.import_dbapi()
    except ImportError as missing:
        raise DriverMissing from missing
    arguments, given = dialect.create_connect_args(url)
    settings = " ".join(f"-c{name}={value}" for name, value in SETTINGS.items())
    options = CONNECTION | dict(given) | {"options": f"{settings} {given.get('options', '')}"}
    connection = driver.connect(*arguments, **options)
    found = connection.info.server_version // 10_000
    if found < OLDEST_POSTGRESQL:
        connection.close()
        raise PostgreSQLTooOld(found=found, needed=OLDEST_POSTGRESQL)
    return connection
