"""The promise that migrations make what is declared, for the tests of every layer with tables."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import sqlalchemy
from alembic.autogenerate import render_python_code
from sqlalchemy import Connection

from stratiform.framework.db.database import Database
from stratiform.framework.db.migrate import Layer, check, scripts, upgrade
from stratiform.framework.db.revision import differences
from stratiform.framework.testing import databases
from stratiform.framework.testing.databases import Postgres
from stratiform.framework.testing.world import seeded

KINDS = ("columns", "foreign_keys", "unique_constraints", "check_constraints", "indexes")


def assert_migrations_match(layer: Layer, below: Sequence[Layer] = (), *, url: str | None = None) -> None:
    """Migrate an empty database and compare it with the declared tables; AssertionError tells what differs.

    Compared are tables, columns with their types and defaults, keys, CHECKs, and indexes with their conditions.
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
                migrated = _shape(connection, layer)
        finally:
            database.close()
        with _another(database, Path(folder)) as empty:
            layers = [*below, layer]
            with databases.opened(empty, seeded(), layers) as declared, declared.reading() as connection:
                wanted = _shape(connection, layer)
    lines = [f"+ {each}" for each in sorted(wanted - migrated)] + [f"- {each}" for each in sorted(migrated - wanted)]
    assert not lines, "\n".join([f"{layer.name} lacks a migration:", *lines])


@contextmanager
def _another(database: Database, folder: Path) -> Iterator[str]:
    """The URL of an empty database beside this one."""
    if database.dialect == "sqlite":
        yield f"sqlite:///{folder}/declared.db"
        return
    with closing(Postgres(database.url)) as server, server.empty() as url:
        yield url


def _shape(connection: Connection, layer: Layer) -> set[str]:
    """Everything that the layer's tables are made of, a line for each, without the order it was made in."""
    inspector = sqlalchemy.inspect(connection)
    lines = set()
    for table in {table for metadata in layer.metadata for table in metadata.tables}:
        lines.add(f"{table} primary key {_text(inspector.get_pk_constraint(table))}")
        if connection.dialect.name == "postgresql":
            lines.add(f"{table} options {_text(inspector.get_table_options(table))}")
        for kind in KINDS:
            lines |= {f"{table} {kind} {_text(each)}" for each in getattr(inspector, f"get_{kind}")(table)}
    return lines


def _text(part: object) -> str:
    """What a part is made of, as words that are the same for the same part."""
    if isinstance(part, Mapping):
        return "{" + ", ".join(f"{key}: {_text(part[key])}" for key in sorted(part)) + "}"
    if isinstance(part, Sequence) and not isinstance(part, str):
        return "[" + ", ".join(map(_text, part)) + "]"
    return " ".join(str(part).split())
