"""Steering the queues at a terminal: stages and lanes, in the database beside the servers.

Every server goes by it within two seconds; what is done is told as an event of nobody's.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import click
import msgspec
from rich.console import Console
from rich.table import Table

from stratiform.api.access import Everything
from stratiform.api.cloud import Query
from stratiform.api.principal import Principal, Role
from stratiform.engine import api as engine
from stratiform.framework import context, plugins
from stratiform.framework.db.database import Database, Transaction
from stratiform.framework.jobs.kind import Registry
from stratiform.framework.jobs.provided import Provided
from stratiform.framework.jobs.state import Mode
from stratiform.framework.jobs.work import Work
from stratiform.server import bootstrap
from stratiform.server.bootstrap import Settings
from stratiform.server.console import option

PRINCIPAL = "system:console"
OPERATOR = Principal(user=PRINCIPAL, account=PRINCIPAL, role=Role.ADMIN, scope="")
STAGE = ("name", "mode", "workers", "inflight", "depth", "weight", "ready", "blocked", "running", "waiting", "held")
LANE = ("key", "mode", "width", "busy", "queued", "steered")

T = TypeVar("T")
as_json = click.option("--json", "as_json", is_flag=True, help="JSON instead of a drawing.")
MODES = click.Choice([each.value for each in Mode])


@click.group()
def stage() -> None:
    """Stages, the queues with their workers: see how full they are, and set them."""


@click.group()
def lane() -> None:
    """Lanes, which bound how many jobs at once a host or a machine has: see and set them."""


@stage.command(name="list")
@option.data
@option.database
@as_json
def list_stages(data: Path, database: str, as_json: bool) -> None:
    """All stages: how they are set, and how many jobs are where."""
    _show(data, database, "stage", STAGE, {}, as_json)


@stage.command(name="set")
@click.argument("name")
@click.option("--mode", type=MODES, help="drain takes nothing new, pause takes nothing up.")
@click.option("--workers", type=int, help="Threads in each server.")
@click.option("--inflight", type=int, help="Jobs under way at most; -1 for any number.")
@click.option("--depth", type=int, help="Jobs queued at most; -1 for any number.")
@click.option("--weight", type=int, help="Its share of a server's work while several stages have some.")
@click.option("--deadline", type=int, help="Seconds until a job is cancelled that is filed from now on; -1 for none.")
@click.option("--target", type=int, help="Seconds to be ready before workers are added; -1 for none.")
@click.option("--least", type=int, help="The fewest workers, with --target.")
@click.option("--most", type=int, help="The most workers, with --target.")
@option.data
@option.database
@as_json
def set_stage(name: str, data: Path, database: str, as_json: bool, mode: str | None, **numbers: int | None) -> None:
    """Set a stage; what is not given stays as it is."""
    given = {"mode": mode, **numbers}
    _do(data, database, lambda work, _: engine.set_stage(work, name, given))
    _show(data, database, "stage", STAGE, {"name": name}, as_json)


@lane.command(name="list")
@click.option("--kind", help="Only those of this kind, for example host.")
@click.option("--queued", is_flag=True, help="Only those that somebody waits for.")
@option.data
@option.database
@as_json
def list_lanes(kind: str | None, queued: bool, data: Path, database: str, as_json: bool) -> None:
    """Lanes that are in use, or that an operator set."""
    _show(data, database, "lane", LANE, {"kind": kind, "queued": queued or None}, as_json)


@lane.command(name="set")
@click.argument("key")
@click.option("--mode", type=click.Choice([Mode.RUN.value, Mode.PAUSE.value]), help="pause gives out no slot.")
@click.option("--width", type=int, help="Jobs that may hold it at once.")
@option.data
@option.database
@as_json
def set_lane(key: str, mode: str | None, width: int | None, data: Path, database: str, as_json: bool) -> None:
    """Set a lane, for example host/UUID; what is not given stays as it is."""
    _do(data, database, lambda work, registry: engine.set_lane(work, registry, key, mode=mode, width=width))
    _show(data, database, "lane", LANE, {"key": key}, as_json)


def _do(data: Path, database: str, act: Callable[[Work, Registry], T]) -> T:
    """Act in one transaction of a unit of work, without a kernel: the servers look for themselves."""
    registry = known()
    with option.reading(Settings(data=data, database=database)) as opened:
        return run(opened, lambda work: act(work, registry), registry)


def known() -> Registry:
    """The kinds of jobs that this program knows."""
    return plugins.one("stratiform.engine", bootstrap.ENGINE, engine.Program).plugin.registry


def run(database: Database, act: Callable[[Work], T], registry: Registry, *, dry: bool = False) -> T:
    """Act in one transaction; of a dry run nothing is left."""

    def write(tx: Transaction) -> T:
        work = Work(tx, registry, database.world, Provided())
        savepoint = tx.connection.begin_nested() if dry else None
        done = act(work)
        if savepoint is None:
            work.finish()
        else:
            savepoint.rollback()
        return done

    with context.use(context.begin(database.world.ids, PRINCIPAL)):
        return database.run(write)


def _show(
    data: Path, database: str, kind: str, columns: Sequence[str], filters: Mapping[str, object], as_json: bool
) -> None:
    query = Query(filters=filters, pagesize=-1)
    with option.reading(Settings(data=data, database=database)) as opened, opened.reading() as connection:
        rows = engine.LISTINGS[kind].page(connection, Everything(), OPERATOR, query).rows
    if as_json:
        click.echo(msgspec.json.encode(rows))
        return
    table = blank(columns)
    for row in rows:
        table.add_row(*(str(row.get(name, "-")) for name in columns))
    draw(table)


def blank(columns: Sequence[str]) -> Table:
    """A table without rows."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name, overflow="fold", no_wrap=name == "job")
    return table


def draw(table: Table) -> None:
    """Print a table, wide where nobody looks at it, so that no line is folded."""
    Console(width=None if sys.stdout.isatty() else 200, highlight=False).print(table)
