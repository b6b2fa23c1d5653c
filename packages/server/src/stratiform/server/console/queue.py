"""Steering the queues at a terminal: jobs, stages and lanes, in the database beside the servers.

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


@click.command()
@click.argument("uuid")
@option.data
@option.database
@as_json
def cancel(uuid: str, data: Path, database: str, as_json: bool) -> None:
    """End a job and all that came of it, and undo what it did."""
    _job(data, database, as_json, lambda work, registry: engine.cancel_job(work, registry, uuid))


@click.command()
@click.argument("uuid")
@option.data
@option.database
@as_json
def hold(uuid: str, data: Path, database: str, as_json: bool) -> None:
    """Let a job and all that came of it stop before the next step, until it is released."""
    _job(data, database, as_json, lambda work, registry: engine.hold_job(work, registry, uuid))


@click.command()
@click.argument("uuid")
@option.data
@option.database
@as_json
def release(uuid: str, data: Path, database: str, as_json: bool) -> None:
    """Let a job that is held go on."""
    _job(data, database, as_json, lambda work, registry: engine.release_job(work, registry, uuid))


@click.command()
@click.argument("uuid")
@click.option("--last", is_flag=True, help="Behind everything, not before it.")
@option.data
@option.database
@as_json
def prioritize(uuid: str, last: bool, data: Path, database: str, as_json: bool) -> None:
    """Put a job and all that came of it before everything in their queues."""
    place = engine.Place.LAST if last else engine.Place.FIRST
    _job(data, database, as_json, lambda work, registry: engine.prioritize_job(work, registry, uuid, place))


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


def add_to(jobs: click.Group) -> None:
    """Give the commands on jobs to their group."""
    for each in (cancel, hold, release, prioritize):
        jobs.add_command(each)


def _job(data: Path, database: str, as_json: bool, act: Callable[[Work, Registry], engine.Done]) -> None:
    done = _do(data, database, act)
    click.echo(msgspec.json.encode(done) if as_json else f"{done.uuid}: {done.text}.")


def _do(data: Path, database: str, act: Callable[[Work, Registry], T]) -> T:
    """Act in one transaction of a unit of work, without a kernel: the servers look for themselves."""
    registry = plugins.one("stratiform.engine", bootstrap.ENGINE, engine.Program).plugin.registry
    with option.reading(Settings(data=data, database=database)) as opened:
        return _run(opened, lambda work: act(work, registry), registry)


def _run(database: Database, act: Callable[[Work], T], registry: Registry) -> T:
    def write(tx: Transaction) -> T:
        work = Work(tx, registry, database.world, Provided())
        done = act(work)
        work.finish()
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
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(str(row.get(name, "-")) for name in columns))
    Console(width=None if sys.stdout.isatty() else 200, highlight=False).print(table)
