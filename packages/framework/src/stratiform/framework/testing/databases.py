"""Databases for one test: an SQLite file, or a schema of its own in a PostgreSQL that stands by."""

import sqlite3
import uuid
from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy
from sqlalchemy import Engine, MetaData

from stratiform.framework.base.world import World
from stratiform.framework.db.database import Database
from stratiform.framework.db.migrate import Layer
from stratiform.framework.db.store import DriverStore

POSTGRES = "STRATIFORM_TEST_POSTGRES"
"""The environment variable with the URL of a PostgreSQL to test on as well; without it tests use SQLite alone."""

# The tables as they are, so that a test which changed them is noticed.
_SHAPE = sqlalchemy.text("""
    SELECT count(*), max(pg_class.oid), count(attrelid), sum(attnum) FROM pg_class
    LEFT JOIN pg_attribute ON attrelid = pg_class.oid WHERE relnamespace = CAST(:schema AS regnamespace)
""")
_END = sqlalchemy.text("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = :schema")

# Many rows are truncated, few are deleted: that takes a tenth of the time, and a dead row more does not matter.
_EMPTY = """DO $$
    DECLARE name text; gone bigint;
    BEGIN
        SET LOCAL session_replication_role = replica;
        FOR name IN SELECT CAST(oid AS regclass) FROM pg_class
        WHERE relnamespace = CAST('{schema}' AS regnamespace) AND relkind = 'r' LOOP
            EXECUTE 'DELETE FROM ' || name;
            GET DIAGNOSTICS gone = ROW_COUNT;
            IF gone > 1000 THEN EXECUTE 'TRUNCATE ' || name || ' CASCADE'; END IF;
        END LOOP;
        FOR name IN SELECT CAST(oid AS regclass) FROM pg_class
        WHERE relnamespace = CAST('{schema}' AS regnamespace) AND relkind = 'S' LOOP
            EXECUTE 'ALTER SEQUENCE ' || name || ' RESTART';
        END LOOP;
    END
$$"""


_ENGINES: dict[str, Engine] = {}
"""By URL: what SQLAlchemy has compiled for one test need not be compiled for the next."""


@contextmanager
def sqlite(folder: Path) -> Iterator[str]:
    """The URL of a database in a file of its own."""
    yield f"sqlite:///{folder / 'test.db'}"


class Sqlite:
    """Lends SQLite files; one with tables is emptied and lent again, for making it takes long."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="sqlite")
        self._free: defaultdict[Hashable, list[str]] = defaultdict(list)

    @contextmanager
    def filled(self, layers: Sequence[Layer]) -> Iterator[str]:
        """The URL of a file with the tables of `layers` and no rows, for one test at a time."""
        free = self._free[_tables(layers)]
        url = free.pop() if free else self._made(layers)
        shape = _sqlite_shape(url)
        yield url
        if _sqlite_cleared(url, layers, shape):
            free.append(url)

    def _made(self, layers: Sequence[Layer]) -> str:
        url = f"sqlite:///{Path(self._folder.name) / uuid.uuid4().hex}.db"
        with opened(url, World(store=DriverStore()), layers):
            return url


def _sqlite_shape(url: str) -> int:
    with closing(sqlite3.connect(str(sqlalchemy.make_url(url).database))) as connection:
        return int(connection.execute("PRAGMA schema_version").fetchone()[0])


def _sqlite_cleared(url: str, layers: Sequence[Layer], shape: int) -> bool:
    """Take every row out, unless the tables are no longer what they were or somebody still writes."""
    if _sqlite_shape(url) != shape:
        return False
    path = str(sqlalchemy.make_url(url).database)
    try:
        with closing(sqlite3.connect(path, timeout=1)) as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            for metadata in _tables(layers):
                for table in metadata.tables:
                    connection.execute(f'DELETE FROM "{table}"')
    except sqlite3.OperationalError:
        return False
    return True


def _tables(layers: Sequence[Layer]) -> tuple[MetaData, ...]:
    return tuple(metadata for layer in layers for metadata in layer.metadata)


class Postgres:
    """A PostgreSQL that lends schemas; one with tables is emptied and lent again, for making it takes long."""

    def __init__(self, url: str) -> None:
        self._url = sqlalchemy.make_url(url).set(drivername="postgresql+psycopg")
        alone = {"isolation_level": "AUTOCOMMIT", "poolclass": sqlalchemy.StaticPool}
        self._engine = sqlalchemy.create_engine(self._url, **alone)
        self._free: defaultdict[Hashable, list[str]] = defaultdict(list)

    @contextmanager
    def empty(self) -> Iterator[str]:
        """The URL of a schema without tables, dropped afterwards."""
        schema = self._create()
        try:
            yield self._within(schema)
        finally:
            self._drop(schema)

    @contextmanager
    def filled(self, layers: Sequence[Layer]) -> Iterator[str]:
        """The URL of a schema with the tables of `layers` and no rows, for one test at a time."""
        free = self._free[_tables(layers)]
        schema = free.pop() if free else self._made(layers)
        shape = self._shape(schema)
        try:
            yield self._within(schema)
        finally:
            if self._cleared(schema, shape):
                free.append(schema)
            else:
                self._drop(schema)

    def close(self) -> None:
        """Drop what is left."""
        for schemas in self._free.values():
            for schema in schemas:
                self._drop(schema)
        self._engine.dispose()

    def _made(self, layers: Sequence[Layer]) -> str:
        schema = self._create()
        with opened(self._within(schema), World(store=DriverStore()), layers):
            return schema

    def _shape(self, schema: str) -> object:
        with self._engine.connect() as connection:
            return connection.execute(_SHAPE, {"schema": schema}).one()

    def _cleared(self, schema: str, shape: object) -> bool:
        """Take every row out, unless the tables are no longer what they were."""
        with self._engine.connect() as connection:
            connection.execute(_END, {"schema": schema})
            if self._shape(schema) != shape:
                return False
            connection.exec_driver_sql(_EMPTY.format(schema=schema))
            return True

    def _create(self) -> str:
        schema = f"test_{uuid.uuid4().hex}"
        with self._engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
        return schema

    def _drop(self, schema: str) -> None:
        with self._engine.connect() as connection:
            connection.execute(_END, {"schema": schema})
            connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {schema} CASCADE")

    def _within(self, schema: str) -> str:
        inside = {"options": f"-csearch_path={schema}", "application_name": schema}
        return self._url.update_query_dict(inside).render_as_string(hide_password=False)


@contextmanager
def opened(url: str, world: World, layers: Sequence[Layer]) -> Iterator[Database]:
    """The database at `url` with the tables of `layers` as declared, made without their migrations."""
    database = Database(url, world)
    if type(world.store) is DriverStore:
        database.engine = _ENGINES.setdefault(url, database.engine)
    try:
        if layers:
            with database.exclusive() as connection, connection.begin():
                for metadata in _tables(layers):
                    metadata.create_all(connection, checkfirst=False)
        yield database
    finally:
        database.close()
