"""The lists of jobs, stages and lanes, over the framework's tables."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

import msgspec
import sqlalchemy
from sqlalchemy import FromClause, func, literal_column, true

from stratiform.api import registry, resource
from stratiform.engine.account.table import account
from stratiform.engine.domain.table import domain
from stratiform.engine.entity import metadata
from stratiform.engine.host.table import circuit
from stratiform.engine.listing import Asked, Listing, Narrow
from stratiform.engine.visible import Binding, Condition
from stratiform.framework.base.clock import SECOND
from stratiform.framework.cluster.table import process
from stratiform.framework.jobs.state import Direction, Mode, Outcome, State
from stratiform.framework.jobs.table import job, lane, stage

HOLDERS = (State.READY, State.RUNNING, State.WAITING, State.HELD)
"""Those of which the index of `HOLDING` is, in its own order."""

_parent, _running = job.alias("parent"), job.alias("running")


def _state(value: object, _: Asked) -> Condition:
    """Spelled out, no parameter, with what the indexes say of what they hold: else no database would use them."""
    if value not in set(State):
        return sqlalchemy.false()
    if value == State.RUNNING:
        there = (_running.c.state == literal_column("'running'"), _running.c.owner.is_not(None))
        return job.c.id.in_(sqlalchemy.select(_running.c.id).where(*there))
    here = job.c.state == literal_column(f"'{value}'")
    return sqlalchemy.and_(here, _holds()) if value in (State.WAITING, State.HELD) else here


def _holds(of: FromClause = job) -> Condition:
    """Whether a job holds a slot of its lane, as `HOLDING` says it."""
    return of.c.state.in_([literal_column(f"'{each}'") for each in HOLDERS])


def _lane(value: object, _: Asked) -> Condition:
    """Of those that live: what ended holds none."""
    mine = job.c.lane == value
    blocked = job.c.state == literal_column("'blocked'")
    return sqlalchemy.or_(sqlalchemy.and_(mine, _holds()), sqlalchemy.and_(mine, blocked))


def _outcome(value: object, _: Asked) -> Condition:
    return job.c.outcome == value if value in set(Outcome) else sqlalchemy.false()


def _about(value: object, _: Asked) -> Condition:
    """About a resource of whatever kind: each may have it, and an index has them all."""
    return job.c.resource.in_([f"{kind}/{str(value).lower()}" for kind in _kinds()])


@cache
def _kinds() -> list[str]:
    named = {each.kind for each in registry.collect().values() if each.kind is not None}
    return sorted({*named, *metadata.tables})


def _roots(value: object, _: Asked) -> Condition:
    return job.c.parent.is_(None) if value is True else true()


def _said(value: object, _: Asked) -> Condition:
    """In its kind, in what it is about, or in the error's text, which is the last that is written of an error."""
    part = str(value).lower()
    told = [func.lower(each).contains(part, autoescape=True) for each in (job.c.kind, job.c.resource)]
    plain = msgspec.json.encode(part).decode()[1:-1].replace("/", "//").replace("%", "/%").replace("_", "/_")
    return sqlalchemy.or_(*told, func.lower(job.c.error).like(f'%"text":"%{plain}%', escape="/"))


def _host(value: object, _: Asked) -> Condition:
    """About a host, which commands to it are, and the jobs that those came of in the first place."""
    return _there(value, live=False)


def _host_now(value: object, _: Asked) -> Condition:
    """As `_host`, but only by what lives."""
    return _there(value, live=True)


def _there(value: object, *, live: bool) -> Condition:
    here, root = job.alias("here"), job.alias("root")
    named = f"host/{str(value).lower()}"
    theirs = sqlalchemy.select(here.c.root).where(here.c.resource == named)
    if live:
        theirs = theirs.where(_lives(here))
    roots = sqlalchemy.select(root.c.id).where(root.c.uuid.in_(theirs))
    return job.c.id.in_(sqlalchemy.select(here.c.id).where(here.c.resource == named).union(roots))


def _lives(of: FromClause = job) -> Condition:
    """Whether a job has not ended, spelled as the indexes of those are."""
    return sqlalchemy.or_(_holds(of), of.c.state == literal_column("'blocked'"))


def _behind(value: object, _: Asked) -> Condition:
    return job.c.id < _place(value)


def _before(value: object, _: Asked) -> Condition:
    return job.c.id > _place(value)


def _place(value: object) -> sqlalchemy.ScalarSelect[int]:
    last = job.alias("last")
    return sqlalchemy.select(last.c.id).where(last.c.uuid == str(value)).scalar_subquery()


def _tell(row: dict[str, object]) -> None:
    """Put what operators read in the place of what is stored."""
    about, error = row.pop("resource", None), row.pop("error", None)
    if about is not None:
        kind, _, row["resourceid"] = str(about).partition("/")
        row["resourcetype"] = resource.name(kind)
    if error is not None:
        told = msgspec.json.decode(str(error), type=dict[str, object])
        row["errorcode"], row["errortext"] = str(told.get("code")), str(told.get("text"))
    if not row["step"]:
        del row["step"]
    pending, modes = row.pop("pending"), (row.pop("stagemode", None), row.pop("lanemode", None))
    circuit_open, rewind = row.pop("lanecircuit", None), row.pop("rewind", None)
    if row["state"] != State.ENDED:
        row["waitsfor"] = _waits(row, int(str(pending)), *modes, circuit_open) + _then(row, rewind)


def _waits(row: dict[str, object], pending: int, stage_mode: object, lane_mode: object, circuit_open: object) -> str:
    match row["state"]:
        case State.BLOCKED if lane_mode == Mode.PAUSE:
            return f"lane {row['lane']} is paused"
        case State.BLOCKED if circuit_open is not None:
            return f"waits for lane {row['lane']}: its circuit is open since {_moment(circuit_open)}"
        case State.BLOCKED:
            return f"waits for lane {row['lane']}"
        case State.HELD:
            return "is held by an operator until it is released"
        case State.READY if stage_mode == Mode.PAUSE:
            return f"stage {row['stage']} is paused"
        case State.READY:
            return f"waits for a worker of stage {row['stage']}"
        case State.RUNNING:
            where = row.get("servername", "a server that is gone; another takes it over")
            return f"waits for the answer to {row['step']} on {where}, since {_moment(row['changed'])}"
        case _ if pending:
            return f"waits for {pending} {'job' if pending == 1 else 'jobs'} that came of it"
        case _:
            return f"waits until {_moment(row['notbefore'])}" if "notbefore" in row else "waits for a time"


def _then(row: dict[str, object], rewind: object) -> str:
    if "cancelasked" in row and (row["direction"] == Direction.FORWARD or rewind is not None):
        late = "due" in row and int(str(row["cancelasked"])) >= int(str(row["due"]))
        return f"; then it ends, for {'its deadline has passed' if late else 'somebody cancelled it'}"
    held = "; then it is held" if "holdasked" in row and row["state"] != State.HELD else ""
    return held if rewind is None else f"{held}; it goes back to {rewind}, from which it begins again"


def _moment(at: object) -> str:
    return datetime.fromtimestamp(int(str(at)) // SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


JOB = Listing(
    kind="job",
    table=job,
    joins=[
        (_parent, _parent.c.id == job.c.parent),
        (stage, stage.c.name == job.c.stage),
        (lane, lane.c.key == job.c.lane),
        (circuit, circuit.c.lane == job.c.lane),
        (process, process.c.id == job.c.owner),
        (account, account.c.uuid == job.c.fair_key),
        (domain, domain.c.id == account.c.domain_id),
    ],
    columns={
        "id": job.c.uuid,
        "kind": job.c.kind,
        "state": job.c.state,
        "outcome": job.c.outcome,
        "direction": job.c.direction,
        "stage": job.c.stage,
        "lane": job.c.lane,
        "step": job.c.step,
        "done": job.c.done,
        "steps": job.c.steps,
        "attempt": job.c.attempt,
        "account": account.c.name,
        "accountid": account.c.uuid,
        "domainid": domain.c.uuid,
        "rootid": job.c.root,
        "parentid": _parent.c.uuid,
        "servername": process.c.name,
        "created": job.c.created,
        "changed": job.c.changed,
        "notbefore": job.c.not_before,
        "deadline": job.c.deadline,
        "due": job.c.due,
        "cancelasked": job.c.cancel,
        "holdasked": job.c.hold,
        "retriedas": job.c.retried,
        "resource": job.c.resource,
        "error": job.c.error,
        "pending": job.c.pending,
        "rewind": job.c.rewind,
        "stagemode": stage.c.mode,
        "lanemode": lane.c.mode,
        "lanecircuit": circuit.c.since,
    },
    times=frozenset({"created", "changed", "notbefore", "deadline", "due", "cancelasked", "holdasked"}),
    filters={
        "state": _state,
        "outcome": _outcome,
        "stage": job.c.stage,
        "kind": job.c.kind,
        "resource": job.c.resource,
        "resourceid": _about,
        "accountid": job.c.fair_key,
        "lane": _lane,
        "rootid": job.c.root,
        "rootsonly": _roots,
        "startdate": lambda value, _: job.c.created >= value,
        "enddate": lambda value, _: job.c.created <= value,
        "hostid": _host,
        "minage": lambda value, _: job.c.created <= value,
        "maxage": lambda value, _: job.c.created >= value,
        "text": _said,
        "keyword": _said,
        "after": _behind,
    },
    binding=Binding(table=job, owner=job.c.fair_key, owner_key=job.c.fair_key, scope=domain.c.path),
    live=true(),
    finish=_tell,
    adds=frozenset({"resourcetype", "resourceid", "errorcode", "errortext", "waitsfor"}),
    newest_first=True,
    counts_whole=True,
)
"""Every job, live or ended, those that came of others too: what `queryAsyncJobResult` tells tenants is elsewhere.

The times of `minage` and `maxage` are those that such an age began at: `service.aged` makes them of seconds.
"""


def _steered(*where: Condition, **filters: Narrow) -> Listing:
    """The jobs that a command is for, the oldest first: whoever came of another comes behind it."""
    named = {**JOB.filters, "after": _before, **filters}
    return replace(JOB, live=sqlalchemy.and_(*where), filters=named, newest_first=False)


STEERED: Mapping[str, Listing] = {
    "cancelJob": _steered(_lives(), job.c.cancel.is_(None), hostid=_host_now),
    "holdJob": _steered(_lives(), job.c.hold.is_(None), hostid=_host_now),
    "releaseJob": _steered(_lives(), job.c.hold.is_not(None), hostid=_host_now),
    "prioritizeJob": _steered(_lives(), hostid=_host_now),
    "retryJob": _steered(
        job.c.state == literal_column("'ended'"),
        job.c.parent.is_(None),
        job.c.outcome.in_((Outcome.FAILED, Outcome.CANCELLED)),
        job.c.retried.is_(None),
    ),
}
"""By command, those of the jobs that it has not been done to yet."""


def _of_kind(value: object, _: Asked) -> Condition:
    return lane.c.key.startswith(f"{value}/", autoescape=True)


def _above_zero(column: sqlalchemy.Column[int], value: object) -> Condition:
    return column > 0 if value is True else column == 0


def _kind(row: dict[str, object]) -> None:
    row["kind"] = str(row["key"]).partition("/")[0]


LANE = Listing(
    kind="lane",
    table=lane,
    columns={
        "key": lane.c.key,
        "mode": lane.c.mode,
        "width": lane.c.width,
        "busy": lane.c.busy,
        "queued": lane.c.queued,
        "steered": lane.c.steered == literal_column("1"),
    },
    times=frozenset(),
    filters={
        "key": lane.c.key,
        "kind": _of_kind,
        "busy": lambda value, _: _above_zero(lane.c.busy, value),
        "queued": lambda value, _: _above_zero(lane.c.queued, value),
    },
    keyword=[lane.c.key],
    binding=Binding(table=lane),
    live=true(),
    identity=lambda key: lane.c.key == key,
    finish=_kind,
    adds=frozenset({"kind"}),
    order=[lane.c.key],
)
"""Lanes that are in use, or that an operator set."""
