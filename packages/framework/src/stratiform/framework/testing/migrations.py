"""The promise that migrations make what is declared, for the tests of every layer with tables."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from alembic.autogenerate import render_python_code
from sqlalchemy import Connection

from stratiform.framework.db.database import Database
from stratiform.framework.db.migrate import Layer, check, scripts, upgrade
from stratiform.framework.db.revision import differences
from stratiform.framework.testing import databases
from stratiform.framework.testing.world import seeded


def assert_migrations_match(layer: Layer, below: Sequence[Layer] = (), *, url: str | None = None) -> None:
    """Migrate an empty database and compare it with the declared tables; AssertionError tells what differs.

    `below` are the layers that it refers to. Without a `url` it is an SQLite database of its own.
    """
    last = scripts(layer).get_current_head()
    assert last == f"{layer.version:04d}", f"{layer.name} is at {layer.version}, its last migration is {last}"
    with tempfile.TemporaryDirectory() as folder:
        database = Database(url or f"sqlite:///{folder}/migrated.db", seeded())
        try:
            upgrade(database, [*below, layer])
            check(database, [*below, layer])
            with database.reading() as connection:
                changes, _ = differences(connection, layer, below)
                assert changes.is_empty(), f"{layer.name} lacks a migration:\n{render_python_code(changes)}"
                migrated = _indexes(connection, layer)
        finally:
            database.close()
        if database.dialect == "sqlite":
            declared = _declared_indexes(Path(folder), layer)
            assert migrated == declared, f"{layer.name}: {set(migrated.items()) ^ set(declared.items())}"


def _declared_indexes(folder: Path, layer: Layer) -> Mapping[str, str]:
    url = f"sqlite:///{folder}/declared.db"
    with databases.opened(url, seeded(), [layer]) as database, database.reading() as connection:
        return _indexes(connection, layer)


def _indexes(connection: Connection, layer: Layer) -> Mapping[str, str]:
    """Alembic does not compare the conditions of partial indexes, the words that made them tell."""
    if connection.dialect.name != "sqlite":
        return {}
    tables = {table for metadata in layer.metadata for table in metadata.tables}
    found = connection.exec_driver_sql("SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'index'")
    return {row.name: row.sql for row in found if row.tbl_name in tables and row.sql}
