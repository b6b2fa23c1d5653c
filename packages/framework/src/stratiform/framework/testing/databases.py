"""Databases for one test: an SQLite file, or a schema of its own in a PostgreSQL that stands by."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy

from stratiform.framework.base.world import World
from stratiform.framework.db.database import Database
from stratiform.framework.db.migrate import Layer

POSTGRES_URL = "STRATIFORM_TEST_POSTGRES_URL"
"""The environment variable that names a PostgreSQL to test on as well; without it tests use SQLite alone."""


@contextmanager
def sqlite(folder: Path) -> Iterator[str]:
    """The URL of a database in a file of its own."""
    yield f"sqlite:///{folder / 'test.db'}"


@contextmanager
def postgresql(server: str) -> Iterator[str]:
    """The URL of a schema of its own in the database at `server`; dropped afterwards."""
    url = sqlalchemy.make_url(server).set(drivername="postgresql+psycopg")
    schema = f"test_{uuid.uuid4().hex}"
    engine = sqlalchemy.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sqlalchemy.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
    try:
        inside = url.update_query_dict({"options": f"-csearch_path={schema}"})
        yield inside.render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"DROP SCHEMA {schema} CASCADE")


@contextmanager
def opened(url: str, world: World, layers: Sequence[Layer]) -> Iterator[Database]:
    """The database at `url` with the tables of `layers` as declared, made without their migrations."""
    database = Database(url, world)
    try:
        with database.exclusive() as connection, connection.begin():
            for layer in layers:
                for metadata in layer.metadata:
                    metadata.create_all(connection, checkfirst=False)
        yield database
    finally:
        database.close()
