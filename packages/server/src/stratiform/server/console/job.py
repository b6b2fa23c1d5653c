"""`stratiform job`: what became of a job, and why it waits. Reads the database, beside a server or without one."""

import sys
import time
from collections.abc import Mapping
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.live import Live
from rich.table import Table
from sqlalchemy import Connection

from stratiform.api.access import Everything
from stratiform.engine import api as engine
from stratiform.framework import plugins
from stratiform.framework.db.database import Database
from stratiform.framework.jobs import inspect
from stratiform.framework.jobs.inspect import Facts
from stratiform.framework.jobs.kind import Registry
from stratiform.framework.jobs.state import Outcome, State
from stratiform.framework.telemetry.logs import Line, about
from stratiform.server import bootstrap
from stratiform.server.bootstrap import Settings
from stratiform.server.console import ledger, option, queue, steer, tree
from stratiform.server.console.ledger import Told

POLL = 0.2
MOST = 1000
"""Jobs of one list: more are behind `--after`."""
LOG = "stratiform.log"
"""What a quickstart calls its log, in its directory."""
as_json = click.option("--json", "as_json", is_flag=True, help="JSON instead of a drawing.")


@click.group(name="job")
def jobs() -> None:
    """Jobs: list them, show one with its steps and why it waits, watch one until it ends."""


@jobs.command(name="list")
@steer.taking(
    [
        click.option("--state", type=click.Choice([each.value for each in State]), help="Those in this state."),
        click.option("--outcome", type=click.Choice([each.value for each in Outcome]), help="Those that ended so."),
        *steer.STANDING,
        *steer.FILTERS,
    ]
)
@click.option("--limit", type=click.IntRange(1, MOST), default=50, show_default=True, help="At most so many.")
@option.data
@option.database
@as_json
def list_jobs(data: Path, database: str, limit: int, as_json: bool, **given: object) -> None:
    """Jobs, newest first."""
    asked = {name: value for name, value in given.items() if value is not None and value is not False}
    with option.reading(Settings(data=data, database=database)) as opened:
        wired = steer.by_wire(opened, asked)
        page = engine.match_jobs(opened, Everything(), queue.OPERATOR, engine.LISTINGS["job"], wired, limit)
        with opened.reading() as connection:
            found = inspect.listing(connection, uuids=[str(each["id"]) for each in page.rows], limit=limit)
    if as_json:
        click.echo(msgspec.json.encode(found))
    else:
        _console().print(_table(found, opened.world.clock.now()))


@jobs.command()
@click.argument("uuid")
@option.data
@option.database
@click.option("--logs", is_flag=True, help="The whole story: journals, events and log lines of all that belongs to it.")
@click.option(
    "--log-file",
    "files",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    multiple=True,
    help="A server's log; may be given several times.  [default: stratiform.log in the directory, if it is there]",
)
@as_json
def show(uuid: str, data: Path, database: str, logs: bool, files: tuple[Path, ...], as_json: bool) -> None:
    """One job: the tree of its steps and of the jobs that came of it, its journal, and why it waits."""
    with option.reading(Settings(data=data, database=database)) as opened, opened.reading() as connection:
        top = ledger.find(connection, uuid)
        family = inspect.tree(connection, uuid)
        told = _story(connection, family, files or _log(data)) if logs or files else None
    now = opened.world.clock.now()
    if as_json:
        more = {} if told is None else {"story": [msgspec.to_builtins(each) for each in told]}
        click.echo(msgspec.json.encode({**_nested(top, family, now), **more}))
        return
    console = _console()
    console.print(tree.draw(top, family, _registry(), now))
    if top.uuid != top.root:
        console.print(f"It came of the job {top.root}.")
    if top.error:
        console.print(f"It is or was undone: {top.error.get('text')}", markup=False)
    console.print()
    console.print(tree.journal(top) if told is None else tree.story(told))


@jobs.command()
@click.argument("uuid")
@option.data
@option.database
def watch(uuid: str, data: Path, database: str) -> None:
    """One job and all that came of it, live, until it has ended; exit code 1 if it failed or was cancelled."""
    with option.reading(Settings(data=data, database=database)) as opened:
        with opened.reading() as connection:
            root = ledger.find(connection, uuid).root
        top = _live(opened, root) if sys.stdout.isatty() else _plain(opened, root)
    if top.outcome != Outcome.SUCCEEDED:
        raise click.exceptions.Exit(1)


def _log(data: Path) -> tuple[Path, ...]:
    found = data / LOG
    return (found,) if found.is_file() else ()


def _story(connection: Connection, family: list[Facts], files: tuple[Path, ...]) -> list[Told]:
    request = ledger.request(connection, family[0].root)
    names = ledger.names(family, request)
    logged: list[Line] = []
    for path in files:
        with path.open(errors="replace") as stream:
            logged += about(stream, names)
    return ledger.story(connection, family, request, logged)


def _live(database: Database, root: str) -> Facts:
    registry, clock = _registry(), database.world.clock
    with Live(console=_console(), auto_refresh=False, vertical_overflow="visible") as live:
        while True:
            top, family = _family(database, root)
            live.update(tree.draw(top, family, registry, clock.now()), refresh=True)
            if top.state is State.ENDED:
                return top
            time.sleep(POLL)


def _plain(database: Database, root: str) -> Facts:
    """A line for each thing that happened since the last look, in order."""
    told: dict[str, int] = {}
    ended: set[str] = set()
    while True:
        top, family = _family(database, root)
        lines = [(line.at, each, f"{line.step}: {line.text}") for each in family for line in each.journal]
        lines = [line for line in lines if line[0] > told.get(line[1].uuid, 0)]
        over = [each for each in family if each.outcome and each.uuid not in ended]
        lines += [(ledger.last(each), each, str(each.outcome)) for each in over]
        told = {each.uuid: ledger.last(each) for each in family}
        ended |= {each.uuid for each in over}
        for at, each, text in sorted(lines, key=lambda line: line[0]):
            click.echo(f"{tree.moment(at)} {each.kind} {each.uuid} {text}")
        if top.state is State.ENDED:
            return top
        time.sleep(POLL)


def _family(database: Database, root: str) -> tuple[Facts, list[Facts]]:
    with database.reading() as connection:
        family = inspect.tree(connection, root)
    return next(each for each in family if each.uuid == root), family


def _table(found: list[Facts], now: int) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("job", "kind", "state", "steps", "step", "resource", "waits"):
        table.add_column(name, overflow="fold", no_wrap=name == "job")
    for each in found:
        state = each.outcome or each.state
        steps = f"{each.done}/{each.steps}"
        table.add_row(each.uuid, each.kind, state, steps, each.step, each.resource or "", ledger.waits(each, now))
    return table


def _nested(top: Facts, family: list[Facts], now: int) -> Mapping[str, object]:
    children = [_nested(each, family, now) for each in family if each.parent == top.uuid]
    facts: Mapping[str, object] = msgspec.to_builtins(top)
    return {**facts, "waits": ledger.waits(top, now), "children": children}


def _registry() -> Registry:
    return plugins.one("stratiform.engine", bootstrap.ENGINE, engine.Program).plugin.registry


def _console() -> Console:
    """Standard output, wide where nobody looks at it, so that no line is folded."""
    return Console(width=None if sys.stdout.isatty() else 200, highlight=False)
