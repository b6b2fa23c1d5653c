"""For developers: what is declared that the migrations do not make, and a revision that makes it."""

import re
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import replace
from importlib import resources
from pathlib import Path
from string import Template

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.operations.ops import UpgradeOps
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from stratiform.framework.base.errors import Error
from stratiform.framework.base.world import World
from stratiform.framework.db.database import Database
from stratiform.framework.db.migrate import Layer, scripts, upgrade
from stratiform.framework.db.store import DriverStore

_REVISION = Template('''\
"""$message"""

import sqlalchemy as sa
from alembic import op

revision = "$number"
down_revision = $before


def upgrade() -> None:
    """$message"""
$body
''')


class NothingNew(Error):
    """The migrations of the {layer} layer already make every table that is declared."""

    code = "nothing_new"


def generate(layer: Layer, message: str) -> Path:
    """Write the next revision of a layer and answer its file; raise the layer's `version` to its number.

    It makes of what the migrations made so far, in an empty SQLite database, what is declared now.
    Read it before you keep it: Alembic sees no renaming, and rows that need new values are yours to fill.
    Raises `NothingNew`.
    """
    before = scripts(layer).get_current_head()
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/empty.db", World(store=DriverStore()))
        upgrade(database, [replace(layer, version=int(before or 0))])
        with database.reading() as connection:
            changes, context = differences(connection, layer)
            if changes.is_empty():
                raise NothingNew(layer=layer.name)
            body = render_python_code(changes, render_as_batch=True, migration_context=context)
        database.close()
    number = f"{int(before or 0) + 1:04d}"
    file = Path(str(resources.files(layer.package))) / "versions" / f"{number}_{_slug(message)}.py"
    words = {"message": f"{message.rstrip('.')}.", "number": number, "before": repr(before)}
    file.write_text(_REVISION.substitute(words, body=_plain(body)))
    return file


def differences(
    connection: Connection, layer: Layer, others: Sequence[Layer] = ()
) -> tuple[UpgradeOps, MigrationContext]:
    """What must be done to the layer's tables in this database to make them as they are declared.

    Tables of `others`, layers in the same database, are left alone.
    """
    apart = {table for other in others for each in other.metadata for table in each.tables}
    apart |= {each.version_table for each in (layer, *others)}
    options = {"version_table": layer.version_table, "include_name": _include(apart)}
    comparison = {"render_as_batch": True, "compare_type": True, "compare_server_default": True}
    context = MigrationContext.configure(connection, opts={**options, **comparison})
    script = produce_migrations(context, layer.metadata)  # type: ignore[arg-type]  # it takes a sequence too
    assert script.upgrade_ops
    return script.upgrade_ops, context


def _include(apart: Collection[str]) -> object:
    def include(name: str | None, kind: str, parents: object) -> bool:
        return kind != "table" or name not in apart

    return include


def _plain(body: str) -> str:
    lines = [line for line in body.splitlines() if line.strip() and not line.strip().startswith("#")]
    return "\n".join(line if line.startswith("    ") else f"    {line}" for line in lines)


def _slug(message: str) -> str:
    return re.sub(r"\W+", "_", message.lower()).strip("_")[:40]
