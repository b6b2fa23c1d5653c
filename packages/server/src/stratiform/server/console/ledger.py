"""Jobs in the words of an operator at a terminal."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import sqlalchemy
from sqlalchemy import Connection

from stratiform.framework.base import errors
from stratiform.framework.base.clock import SECOND
from stratiform.framework.events.table import event
from stratiform.framework.jobs import inspect
from stratiform.framework.jobs.inspect import Facts, Reason, Wait
from stratiform.framework.jobs.kind import Registry
from stratiform.framework.jobs.state import State
from stratiform.framework.jobs.table import job as job_table
from stratiform.framework.telemetry import logs

AROUND = 60 * SECOND
"""How long before the first job of a request, and after the last, its events are looked for."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """Something that is told of a family of jobs."""

    at: int
    source: str
    """Who tells it: a job, `event` or `log`."""
    text: str


def find(connection: Connection, uuid: str) -> Facts:
    """The job of this UUID. Raises `NotFound`."""
    found = inspect.find(connection, uuid)
    if found is None:
        raise errors.NotFound(kind="job", key="id", value=uuid)
    return found


def last(job: Facts) -> int:
    """When something last happened to a job: `changed` is when that transaction began."""
    return max(job.changed, job.created, *(line.at for line in job.journal[-1:]))


def declared(job: Facts, registry: Registry) -> Sequence[str]:
    """The names of its steps, as far as this program knows its kind."""
    kind = registry.jobs.get((job.kind, job.version))
    return [each.name for each in kind.steps] if kind else []


def waits(job: Facts, now: int) -> str:
    """Why it does not go on, in words; empty if it has ended."""
    if job.waits_for is None:
        return ""
    back = "" if job.rewind is None else f"; it goes back to {job.rewind}, from which it begins again"
    return _waits(job, job.waits_for, now) + back


def _waits(job: Facts, wait: Wait, now: int) -> str:
    match wait.reason:
        case Reason.TIME if wait.at is not None:
            return f"waits for {max(0, wait.at - now) / 1e6:.1f} s more"
        case Reason.EFFECT:
            where = f"on {wait.key}" if wait.key else "on a server that is gone; another takes it over"
            return f"waits for the answer to {job.step} {where}"
        case _:
            return str(wait)


def request(connection: Connection, root: str) -> str | None:
    """The request that a family of jobs came of."""
    wanted = sqlalchemy.select(job_table.c.request).where(job_table.c.uuid == root)
    return connection.execute(wanted).scalar()


def names(family: Sequence[Facts], request: str | None) -> Collection[str]:
    """What a log line of these jobs, or of the request that they came of, names."""
    return {each.uuid for each in family} | ({request} if request else set())


def story(
    connection: Connection, family: Sequence[Facts], request: str | None, logged: Iterable[logs.Line]
) -> list[Told]:
    """Everything that is known of a family of jobs, in order of time: journals, events and log lines."""
    told = [Told(at=line.at, source="log", text=line.text) for line in logged]
    told += [Told(at=each.created, source=each.kind, text=f"filed as {each.uuid}") for each in family]
    told += [
        Told(at=line.at, source=each.kind, text=f"{line.step}: {'undo: ' * line.undone}{line.text}")
        for each in family
        for line in each.journal
    ]
    told += [Told(at=last(each), source=each.kind, text=f"{each.outcome}") for each in family if each.outcome]
    told += [_event(row) for row in _events(connection, family, request)]
    return sorted(told, key=lambda each: each.at)


def _events(connection: Connection, family: Sequence[Facts], request: str | None) -> list[Mapping[str, object]]:
    lives = any(each.state is not State.ENDED for each in family)
    where = [event.c.at >= min(each.created for each in family) - AROUND]
    if not lives:
        where.append(event.c.at <= max(map(last, family)) + AROUND)
    theirs = sqlalchemy.or_(event.c.root == family[0].root, event.c.request == request)
    found = connection.execute(sqlalchemy.select(event).where(theirs, *where).order_by(event.c.at, event.c.id))
    return [dict(row) for row in found.mappings()]


def _event(row: Mapping[str, object]) -> Told:
    payload = msgspec.json.decode(str(row["payload"]), type=dict[str, object])
    rest = " ".join(f"{name}={value}" for name, value in payload.items())
    text = f"{row['kind']} {row['resource_kind']}/{row['resource']} {rest}".rstrip()
    return Told(at=int(str(row["at"])), source="event", text=text)
