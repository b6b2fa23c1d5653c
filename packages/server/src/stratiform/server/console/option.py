"""The options that several commands share: where the data is, and which database."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import sqlalchemy

from stratiform.framework.base import errors
from stratiform.framework.db import migrate
from stratiform.framework.db.database import Database
from stratiform.server import bootstrap
from stratiform.server.bootstrap import Settings


def default_data() -> Path:
    """Where the data of a quickstart is unless somebody says otherwise, by the XDG base directory specification."""
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share"
    return Path(base) / "stratiform" / "quickstart"


data = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False, resolve_path=True),
    default=default_data,
    envvar="STRATIFORM_DATA",
    show_envvar=True,
    help="Directory of the server, with its key ring and its database.  [default: the quickstart's]",
)
database = click.option(
    "--database",
    default="",
    envvar="STRATIFORM_DATABASE",
    show_envvar=True,
    metavar="URL",
    help="For example postgresql+psycopg://user@host/stratiform.  [default: an SQLite file in the directory]",
)


class NoDatabase(errors.Error):
    """There is no database {path}. Give a server's directory with --data, or run `stratiform migrate` to make one."""

    code = "no_database"


class NoKeyRing(errors.Error):
    """There is no key ring {path}. Copy that of the cloud's other servers there, or run `stratiform migrate` first."""

    code = "no_key_ring"


def require(settings: Settings, *, ring: bool = False) -> None:
    """Raise `NoDatabase` if the database is a file that is not there: SQLite would make an empty one.

    With `ring`, raise `NoKeyRing` if there is none.
    """
    url = sqlalchemy.make_url(settings.url)
    path = url.database or ""
    if url.get_backend_name() == "sqlite" and not Path(path).is_file():
        raise NoDatabase(path=path)
    if ring and not settings.ring.is_file():
        raise NoKeyRing(path=str(settings.ring))


@contextmanager
def reading(settings: Settings) -> Iterator[Database]:
    """The database of a server, to be read beside it. Raises `NoDatabase`, `SchemaTooOld` or `SchemaTooNew`."""
    require(settings)
    found = Database(settings.url, bootstrap.world())
    try:
        migrate.check(found, bootstrap.layers())
        yield found
    finally:
        found.close()
