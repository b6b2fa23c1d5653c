"""Migrations: every layer's tables brought to their version by Alembic, all in one transaction."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData

from stratiform.framework.base.errors import Error
from stratiform.framework.db.database import Database

ADVISORY_LOCK = 0x5354524154  # "STRAT"

_ALEMBIC = threading.Lock()
"""Alembic's `op` is one per process, so threads take turns."""


class SchemaTooOld(Error):
    """The {layer} tables are at version {found}, but {needed} is needed: run `stratiform migrate`."""

    code = "schema_too_old"


class SchemaTooNew(Error):
    """The {layer} tables are at version {found}, but this program knows only {known}: install a newer one."""

    code = "schema_too_new"


class Dangling(Error):
    """The migration left rows in {table} that refer to nothing; it was rolled back."""

    code = "dangling_rows"


@dataclass(frozen=True, kw_only=True)
class Layer:
    """A layer's tables: where its migrations are, the version that this code knows, the oldest it runs with.

    `package` is importable and holds `versions/`, whose revisions are called "0001", "0002" and so on.
    """

    name: str
    package: str
    metadata: Sequence[MetaData]
    version: int
    oldest: int

    @property
    def version_table(self) -> str:
        """The table that remembers which version the database is at."""
        return f"{self.name}_version"


def upgrade(database: Database, layers: Sequence[Layer]) -> None:
    """Bring every layer to the version this code knows, in the given order, in one transaction.

    Does nothing where nothing is to do. Servers that do it at once take turns, and a failure leaves
    everything as it was. Raises `SchemaTooNew`.
    """
    with _ALEMBIC, _alone(database) as connection:
        for layer in layers:
            found = _version(connection, layer)
            _refuse_newer(layer, found)
            if found < layer.version:
                _run(connection, layer)
        _refuse_dangling(connection)


def check(database: Database, layers: Sequence[Layer]) -> None:
    """Raise `SchemaTooOld` or `SchemaTooNew`, with what to do next, unless this code runs with the tables."""
    for layer, found in zip(layers, current(database, layers).values(), strict=True):
        if found < layer.oldest:
            raise SchemaTooOld(layer=layer.name, found=found, needed=layer.oldest)
        _refuse_newer(layer, found)


def current(database: Database, layers: Sequence[Layer]) -> Mapping[str, int]:
    """The version each layer's tables are at, in the order of the layers; 0 where there are none."""
    with database.reading() as connection:
        return {layer.name: _version(connection, layer) for layer in layers}


def scripts(layer: Layer) -> ScriptDirectory:
    """The layer's migrations."""
    folder = str(resources.files(layer.package) / "versions")
    return ScriptDirectory(folder, version_locations=[folder])


@contextmanager
def _alone(database: Database) -> Iterator[Connection]:
    """A transaction that only one process at a time can be in.

    SQLite rebuilds a table to change it, which foreign keys would forbid, and only outside of a transaction
    can they be told not to: `_refuse_dangling` checks them instead.
    """
    with database.exclusive() as connection:
        sqlite = database.dialect == "sqlite"
        raw = connection.connection.cursor()
        try:
            if sqlite:
                raw.execute("PRAGMA foreign_keys=OFF")
            with connection.begin():
                if not sqlite:
                    connection.exec_driver_sql("SET LOCAL lock_timeout = 0")  # another's migration may take long
                    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")
                    connection.exec_driver_sql("SET LOCAL lock_timeout TO DEFAULT")
                yield connection
        finally:
            if sqlite:
                raw.execute("PRAGMA foreign_keys=ON")
            raw.close()


def _run(connection: Connection, layer: Layer) -> None:
    script = scripts(layer)
    target = f"{layer.version:04d}"
    with EnvironmentContext(
        Config(),
        script,
        fn=lambda revision, _: script._upgrade_revs(target, revision),  # as in Alembic's own cookbook
        destination_rev=target,
    ) as environment:
        environment.configure(connection=connection, version_table=layer.version_table)
        environment.run_migrations()


def _version(connection: Connection, layer: Layer) -> int:
    context = MigrationContext.configure(connection, opts={"version_table": layer.version_table})
    return int(context.get_current_revision() or 0)


def _refuse_newer(layer: Layer, found: int) -> None:
    if found > layer.version:
        raise SchemaTooNew(layer=layer.name, found=found, known=layer.version)


def _refuse_dangling(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if broken:
            raise Dangling(table=broken[0])
