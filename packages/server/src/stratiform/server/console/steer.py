"""Steering jobs at a terminal: one, or all that options match, in the database beside the servers."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec
from sqlalchemy import Connection

from stratiform.api.access import Everything
from stratiform.api.cloud import Query
from stratiform.engine import api as engine
from stratiform.framework.base import errors
from stratiform.framework.db.database import Database
from stratiform.framework.jobs.kind import Registry
from stratiform.framework.jobs.state import State
from stratiform.framework.jobs.work import Work
from stratiform.server.bootstrap import Settings
from stratiform.server.console import option, queue
from stratiform.server.console.queue import OPERATOR

Option = Callable[[Callable[..., object]], Callable[..., object]]
Act = Callable[[Work, Registry, str], engine.Done]

WIRE = {"account": "accountid", "host": "hostid", "root": "rootid", "roots_only": "rootsonly"}
"""Options of another name than the API's parameters."""
STANDING = (
    click.option("--lane", help="Those that hold this lane or wait for it, for example host/UUID."),
    click.option("--roots-only", is_flag=True, help="Only those that came of no other."),
)
"""The options that tell of jobs that hold something, or came of something."""
LIVING = (
    click.option("--state", type=click.Choice([each.value for each in State if each is not State.ENDED])),
    *STANDING,
)
"""The options that tell of jobs that live."""


class Spell(click.ParamType[int]):
    """A span of time in seconds, minutes, hours or days: `90s`, `10m`, `2h`, `1d`; without a unit, seconds."""

    name = "TIME"
    _units: Mapping[str, int] = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The span in seconds."""
        found = re.fullmatch(r"(\d{1,9})([smhd]?)", str(value))
        if found is None:
            self.fail(f"{value!r} is no span of time such as 90s, 10m or 2h", param, ctx)
        return int(found[1]) * self._units[found[2]]


FILTERS = (
    click.option("--stage", help="Those of this stage, for example vm."),
    click.option("--kind", help="Those of this kind, for example vm.deploy."),
    click.option("--resource", help="Those about this, for example vm/UUID."),
    click.option("--account", help="Those that take the share of this account: its UUID, or its name."),
    click.option("--host", help="Those that send commands to this host, and the commands: its UUID, or its name."),
    click.option("--root", help="Those that came of this job, and itself."),
    click.option("--text", help="Those with this in their kind, their resource or their error."),
    click.option("--older-than", "minage", type=Spell(), help="Those filed so long ago, as 90s, 10m or 2h."),
    click.option("--newer-than", "maxage", type=Spell(), help="Those filed since so long."),
    click.option("--after", help="Those behind this one, the last of the call before."),
)
"""The options that tell of any job."""


def taking(options: Sequence[Option]) -> Option:
    """Give a command options, in this order."""

    def give(function: Callable[..., object]) -> Callable[..., object]:
        for each in reversed(options):
            function = each(function)
        return function

    return give


def narrowed(*own: Option) -> Option:
    """Give a command on jobs its options: those of its own, what it is done to, and where."""
    options: list[Option] = [
        click.argument("uuid", required=False),
        *own,
        *FILTERS,
        click.option("--limit", type=int, help="How many are looked at at most.  [default: 500]"),
        click.option("--dry-run", "dryrun", is_flag=True, help="Do nothing, and tell what would be done."),
        option.data,
        option.database,
        queue.as_json,
    ]
    return taking(options)


@click.command()
@narrowed(*LIVING)
def cancel(uuid: str | None, data: Path, database: str, as_json: bool, **given: object) -> None:
    """End a job, or all that the options match, with all that came of it, and undo what it did."""
    _steer(Settings(data=data, database=database), "cancelJob", engine.cancel_job, uuid, given, as_json)


@click.command()
@narrowed(*LIVING)
def hold(uuid: str | None, data: Path, database: str, as_json: bool, **given: object) -> None:
    """Let a job, or all that the options match, stop before the next step until it is released."""
    _steer(Settings(data=data, database=database), "holdJob", engine.hold_job, uuid, given, as_json)


@click.command()
@narrowed(*LIVING)
def release(uuid: str | None, data: Path, database: str, as_json: bool, **given: object) -> None:
    """Let a job that is held, or all that the options match, go on."""
    _steer(Settings(data=data, database=database), "releaseJob", engine.release_job, uuid, given, as_json)


@click.command()
@narrowed(click.option("--outcome", type=click.Choice(["failed", "cancelled"]), help="Those that ended so."))
def retry(uuid: str | None, data: Path, database: str, as_json: bool, **given: object) -> None:
    """File a job that failed or was cancelled anew, or all that the options match; what it is about keeps its id."""
    _steer(Settings(data=data, database=database), "retryJob", engine.retry_job, uuid, given, as_json)


@click.command()
@narrowed(click.option("--last", is_flag=True, help="Behind everything, not before it."), *LIVING)
def prioritize(
    uuid: str | None, last: bool, data: Path, database: str, as_json: bool, **given: object
) -> None:
    """Put a job, or all that the options match, with all that came of it, before everything in their queues."""
    place = engine.Place.LAST if last else engine.Place.FIRST

    def put(work: Work, registry: Registry, uuid: str) -> engine.Done:
        return engine.prioritize_job(work, registry, uuid, place)

    _steer(Settings(data=data, database=database), "prioritizeJob", put, uuid, {**given, "position": place}, as_json)


def add_to(jobs: click.Group) -> None:
    """Give the commands on jobs to their group."""
    for each in (cancel, hold, release, retry, prioritize):
        jobs.add_command(each)


def _steer(
    where: Settings, command: str, act: Act, uuid: str | None, given: Mapping[str, object], as_json: bool
) -> None:
    """Steer one job, or those that match, each in a transaction of its own. Exit code 1 if one of them was refused."""
    asked = {name: value for name, value in given.items() if value is not None and value is not False}
    dry, registry = "dryrun" in asked, queue.known()
    with option.reading(where) as opened:

        def one(uuid: str) -> engine.Done:
            return queue.run(opened, lambda work: act(work, registry, uuid), registry, dry=dry)

        if uuid is not None:
            if more := sorted(asked.keys() - {"dryrun", "position"}):
                raise errors.Invalid(reason=f"either a job is named or options tell which, not both: {more[0]}")
            _tell_one(one(uuid), dry=dry, as_json=as_json)
            return
        wired = by_wire(opened, asked)
        told = engine.steer_jobs(opened, Everything(), OPERATOR, command, wired, lambda uuid: one(uuid).text)
    _tell_many(told, as_json=as_json)
    if told["refused"]:
        raise click.exceptions.Exit(1)


def by_wire(database: Database, asked: Mapping[str, object]) -> Mapping[str, object]:
    """What is asked by the names of the wire's parameters."""
    given = {WIRE.get(name, name): value for name, value in asked.items()}
    with database.reading() as connection:
        for name, kind in (("accountid", "account"), ("hostid", "host")):
            if name in given:
                given[name] = uuid_of(connection, kind, str(given[name]))
    return given


def uuid_of(connection: Connection, kind: str, named: str) -> str:
    """The UUID of what is called so, or that it is. Raises `NotFound`, or `Invalid` if several are."""
    listing = engine.LISTINGS[kind]
    if listing.find(connection, Everything(), OPERATOR, named) is not None:
        return named
    filters = {"name": named, "listall": True} if listing.own else {"name": named}
    rows = listing.page(connection, Everything(), OPERATOR, Query(filters=filters, pagesize=-1)).rows
    if not rows:
        raise errors.NotFound(kind=kind, key="name", value=named)
    if len(rows) > 1:
        raise errors.Invalid(reason=f"there are {len(rows)} {kind}s of the name {named}; give the UUID of one")
    return str(rows[0]["id"])


def _tell_one(done: engine.Done, *, dry: bool, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode({**msgspec.to_builtins(done), "dryrun": dry}))
    else:
        click.echo(f"{done.uuid}: {done.text}{' (dry run: nothing was done)' if dry else ''}.")


def _tell_many(told: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode(told))
        return
    rows = [(each, "", each["displaytext"]) for each in told["affected"]]
    rows += [(each, "refused", each["errortext"]) for each in told["refused"]]
    if rows:
        table = queue.blank(("job", "kind", "about", "account", "", "what happens"))
        for each, mark, text in rows:
            about = f"{each['resourcetype']} {each['resourceid']}" if "resourceid" in each else "-"
            table.add_row(each["id"], each["kind"], about, each.get("account", "-"), mark, text)
        queue.draw(table)
    more = f"; go on with --after {told['last']}" if told["left"] else ""
    click.echo(f"{told['displaytext']}{more}.")
