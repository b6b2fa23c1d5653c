"""The weights of accounts at a terminal: see and set them, in the database beside the servers."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import click
import msgspec

from stratiform.api.access import Everything
from stratiform.api.cloud import Query
from stratiform.engine import api as engine
from stratiform.server.bootstrap import Settings
from stratiform.server.console import option, queue, steer

COLUMNS = ("account", "accountid", "domain", "weight")


@click.group()
def share() -> None:
    """Weights of accounts, by which their jobs share the stages: see and set them."""


@share.command(name="list")
@option.data
@option.database
@queue.as_json
def list_shares(data: Path, database: str, as_json: bool) -> None:
    """The accounts whose weight is not 1."""
    with option.reading(Settings(data=data, database=database)) as opened, opened.reading() as connection:
        query = Query(filters={}, pagesize=-1)
        rows = engine.LISTINGS["share"].page(connection, Everything(), queue.OPERATOR, query).rows
    _show(rows, as_json)


@share.command(name="set")
@click.argument("account")
@click.argument("weight", type=int)
@option.data
@option.database
@queue.as_json
def set_share(account: str, weight: int, data: Path, database: str, as_json: bool) -> None:
    """Give an account, its UUID or its name, a weight from 1 to 1000, also for what it has queued; 1 takes it back."""
    with option.reading(Settings(data=data, database=database)) as opened:
        with opened.reading() as connection:
            uuid = steer.uuid_of(connection, "account", account)
        queue.run(opened, lambda work: engine.set_share(work, uuid, weight), queue.known())
        with opened.reading() as connection:
            row = engine.LISTINGS["share"].find(connection, Everything(), queue.OPERATOR, uuid)
    _show([] if row is None else [row], as_json)


def _show(rows: Sequence[Mapping[str, object]], as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode(rows))
        return
    table = queue.blank(COLUMNS)
    for row in rows:
        table.add_row(*(str(row.get(name, "-")) for name in COLUMNS))
    queue.draw(table)
