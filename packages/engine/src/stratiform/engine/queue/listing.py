"""The lists of jobs, stages and lanes, over the framework's tables."""

from datetime import UTC, datetime
from functools import cache

import msgspec
import sqlalchemy
from sqlalchemy import FromClause, func, literal_column, true

from stratiform.api import registry, resource
from stratiform.engine.account.table import account
from stratiform.engine.domain.table import domain
from stratiform.engine.entity import metadata
from stratiform.engine.listing import Asked, Listing
from stratiform.engine.visible import Binding, Condition
from stratiform.framework.base.clock import SECOND
from stratiform.framework.cluster.table import process
from stratiform.framework.jobs.state import Direction, Mode, Outcome, State
from stratiform.framework.jobs.table import HOLDING, job, lane, stage

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


def _holds() -> Condition:
    """Whether a job holds a slot of its lane, as `HOLDING` says it."""
    return job.c.state.in_([literal_column(f"'{each}'") for each in HOLDERS])


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


def _called(value: object, _: Asked) -> Condition:
    return func.lower(job.c.kind).contains(str(value).lower(), autoescape=True)


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
    if row["state"] != State.ENDED:
        row["waitsfor"] = _waits(row, int(str(pending)), *modes) + _then(row)


def _waits(row: dict[str, object], pending: int, stage_mode: object, lane_mode: object) -> str:
    match row["state"]:
        case State.BLOCKED if lane_mode == Mode.PAUSE:
            return f"lane {row['lane']} is paused"
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


def _then(row: dict[str, object]) -> str:
    if "cancelasked" in row and row["direction"] == Direction.FORWARD:
        return "; then it ends, for somebody cancelled it"
    if "holdasked" in row and row["state"] != State.HELD:
        return "; then it is held"
    return ""


def _moment(at: object) -> str:
    return datetime.fromtimestamp(int(str(at)) // SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


JOB = Listing(
    kind="job",
    table=job,
    joins=[
        (_parent, _parent.c.id == job.c.parent),
        (stage, stage.c.name == job.c.stage),
        (lane, lane.c.key == job.c.lane),
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
        "cancelasked": job.c.cancel,
        "holdasked": job.c.hold,
        "resource": job.c.resource,
        "error": job.c.error,
        "pending": job.c.pending,
        "stagemode": stage.c.mode,
        "lanemode": lane.c.mode,
    },
    times=frozenset({"created", "changed", "notbefore", "deadline", "cancelasked", "holdasked"}),
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
        "keyword": _called,
    },
    binding=Binding(table=job, owner=job.c.fair_key, owner_key=job.c.fair_key, scope=domain.c.path),
    live=true(),
    finish=_tell,
    adds=frozenset({"resourcetype", "resourceid", "errorcode", "errortext", "waitsfor"}),
    newest_first=True,
)
"""Every job, live or ended, those that came of others too: what `queryAsyncJobResult` tells tenants is elsewhere."""


def _count(*states: State) -> sqlalchemy.ColumnElement[int]:
    named = ", ".join(f"'{each}'" for each in states)
    return func.sum(sqlalchemy.case((literal_column(f"job.state IN ({named})", sqlalchemy.Boolean), 1), else_=0))


def _queues() -> tuple[FromClause, FromClause, FromClause]:
    """How many jobs of each stage are where, counted once for all stages by indexes that hold only what lives."""
    counts = [_count(each).label(each) for each in HOLDERS]
    going = sqlalchemy.select(job.c.stage, *counts).where(sqlalchemy.text(HOLDING)).group_by(job.c.stage)
    waits = sqlalchemy.text("state IN ('ready', 'blocked')")
    queued = sqlalchemy.select(job.c.stage, func.count().label("queued")).where(waits).group_by(job.c.stage)
    return going.subquery("going"), queued.subquery("queued"), job.alias("first")


_going, _queued, _first = _queues()
_SINCE = (
    sqlalchemy.select(_first.c.changed)
    .where(_first.c.stage == stage.c.name, literal_column("first.state", sqlalchemy.Text) == literal_column("'ready'"))
    .order_by(_first.c.ticket, _first.c.id)
    .limit(literal_column("1"))
    .correlate(stage)
    .scalar_subquery()
)


def _seconds(row: dict[str, object]) -> None:
    if "target" in row:
        row["target"] = int(str(row["target"])) // SECOND


STAGE = Listing(
    kind="stage",
    table=stage,
    joins=[(_going, _going.c.stage == stage.c.name), (_queued, _queued.c.stage == stage.c.name)],
    columns={
        "name": stage.c.name,
        "mode": stage.c.mode,
        "workers": stage.c.workers,
        "least": stage.c.least,
        "most": stage.c.most,
        "target": stage.c.target,
        "inflight": stage.c.in_flight,
        "depth": stage.c.depth,
        "weight": stage.c.weight,
        **{each: func.coalesce(_going.c[each], 0) for each in ("ready", "running", "waiting", "held")},
        "blocked": func.coalesce(_queued.c.queued, 0) - func.coalesce(_going.c.ready, 0),
        "readysince": _SINCE,
    },
    times=frozenset({"readysince"}),
    filters={"name": stage.c.name},
    keyword=[stage.c.name],
    binding=Binding(table=stage),
    live=true(),
    identity=lambda name: stage.c.name == name,
    finish=_seconds,
    order=[stage.c.name],
)
"""Stages as they are set, and how many jobs are where in each."""


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
