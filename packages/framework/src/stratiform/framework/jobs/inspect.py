"""What an operator sees of jobs: where each stands, why it waits and for whom, its tree and its journal."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import msgspec
import sqlalchemy
from sqlalchemy import ColumnElement, Connection, Row

from stratiform.framework.cluster.table import process
from stratiform.framework.jobs.run import Line as Written
from stratiform.framework.jobs.state import Direction, Mode, Outcome, State
from stratiform.framework.jobs.table import HOLDING, job, stage

IN_FRONT = 1000
"""Places of a queue that are told."""


class Reason(StrEnum):
    """Why a job does not go on at this moment."""

    CHILDREN = "children"
    """So many of its children have not ended."""
    TIME = "time"
    """It sleeps, or tries again, at a time."""
    LANE = "lane"
    """Others hold its lane."""
    WORKER = "worker"
    """It stands in the queue of its stage."""
    STAGE = "stage"
    """Its stage is paused."""
    HELD = "held"
    """An operator holds it."""
    EFFECT = "effect"
    """What it does outside is under way."""


@dataclass(frozen=True, kw_only=True)
class Holder:
    """A job that holds a slot of a lane."""

    uuid: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class Wait:
    """What a job waits for; what does not belong to the reason is None or empty."""

    reason: Reason
    count: int | None = None
    """Children that have not ended, or the place in the queue, from 1; None for one behind `IN_FRONT` others."""
    key: str | None = None
    """The lane, the stage, or the name of the process that carries the effect out."""
    holders: Sequence[Holder] = ()
    at: int | None = None
    """When it goes on, or since when the effect is under way (µs UTC)."""

    def __str__(self) -> str:
        """A sentence for people."""
        match self.reason:
            case Reason.CHILDREN:
                return f"waits for {self.count} {'child' if self.count == 1 else 'children'}"
            case Reason.TIME:
                return f"waits until {self.at}"
            case Reason.LANE:
                held = ", ".join(f"job {each.uuid} ({each.kind})" for each in self.holders) or "nobody"
                return f"waits for lane {self.key}, held by {held}"
            case Reason.WORKER if self.count is None:
                return f"waits for a worker: behind {IN_FRONT} others in stage {self.key}"
            case Reason.WORKER:
                return f"waits for a worker: place {self.count} in stage {self.key}"
            case Reason.STAGE:
                return f"stage {self.key} is paused"
            case Reason.HELD:
                return "is held by an operator until it is released"
            case Reason.EFFECT:
                return f"an effect is under way on {self.key or 'a process that is gone'} since {self.at}"


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of a job's journal."""

    at: int
    step: str
    undone: bool
    text: str


@dataclass(frozen=True, kw_only=True)
class Facts:
    """A job, as it stands now or as it ended."""

    uuid: str
    root: str
    parent: str | None
    """UUID of the job that waits for this one."""
    kind: str
    version: int
    stage: str
    state: State
    outcome: Outcome | None
    """How it ended; None while it lives."""
    step: str
    """The step that it is at, by name; empty when none is left."""
    done: int
    """Steps behind it, of `steps`."""
    steps: int
    direction: Direction
    """`undo` while it is taken back, and after it was."""
    attempt: int
    """How often the step was tried before."""
    created: int
    changed: int
    finished: int | None
    resource: str | None
    principal: str
    fair_key: str
    lane: str | None
    cancel: int | None
    """When somebody asked for its end."""
    hold: int | None
    """When somebody asked for it to wait."""
    due: int | None
    """When it is cancelled unless it has ended."""
    rewind: str | None
    """The step that its way back ends with; it begins again from there."""
    error: Mapping[str, object] | None
    """Why it failed or is being undone, as `errors.describe` tells it."""
    answer: object
    """Its result; of one that lives, what its last step left for the next."""
    waits_for: Wait | None
    """Why it does not go on; None once it has ended."""
    journal: Sequence[Line]
    """What happened to it, in order; of a very long one the middle is left out."""


def find(connection: Connection, uuid: str) -> Facts | None:
    """The job of this UUID, live or ended. At most three statements."""
    return next(iter(_facts(connection, job.c.uuid == uuid, limit=1)), None)


def tree(connection: Connection, uuid: str) -> list[Facts]:
    """The whole tree that a job belongs to, the root first, in the order it was filed. At most three statements."""
    root = sqlalchemy.select(job.c.root).where(job.c.uuid == uuid).scalar_subquery()
    return _facts(connection, job.c.root == root, newest=False)


def listing(
    connection: Connection,
    *,
    uuids: Collection[str] | None = None,
    state: State | None = None,
    outcome: Outcome | None = None,
    stage: str | None = None,
    kind: str | None = None,
    fair_keys: Collection[str] | None = None,
    resource: str | None = None,
    roots: bool = False,
    after: str | None = None,
    limit: int = 100,
) -> list[Facts]:
    """Jobs, the newest first, narrowed by what is given; `roots` leaves children out. At most three statements.

    `after` is the UUID of the last one of the page before.
    """
    wanted = {"state": state, "outcome": outcome, "stage": stage, "kind": kind, "resource": resource}
    where = [job.c[name] == value for name, value in wanted.items() if value is not None]
    if uuids is not None:
        where.append(job.c.uuid.in_(sorted(uuids)))
    if fair_keys is not None:
        where.append(job.c.fair_key.in_(sorted(fair_keys)))
    if roots:
        where.append(job.c.parent.is_(None))
    if after is not None:
        last = job.alias("last")
        where.append(job.c.id < sqlalchemy.select(last.c.id).where(last.c.uuid == after).scalar_subquery())
    return _facts(connection, *where, limit=limit)


def journal(connection: Connection, uuid: str) -> list[Line]:
    """What happened to a job, in order; empty if there is none. Of a very long one the middle is left out."""
    text = connection.execute(sqlalchemy.select(job.c.journal).where(job.c.uuid == uuid)).scalar_one_or_none()
    return _lines(text or "[]")


def _lines(text: str) -> list[Line]:
    lines = msgspec.json.decode(text, type=list[Written])
    return [Line(at=at, step=step, undone=undone, text=said) for at, step, undone, said in lines]


def _facts(
    connection: Connection, *where: ColumnElement[bool], newest: bool = True, limit: int | None = None
) -> list[Facts]:
    parent = job.alias("parent")
    wanted = (
        sqlalchemy.select(
            job, parent.c.uuid.label("parent_uuid"), stage.c.mode.label("mode"), process.c.name.label("carrier")
        )
        .outerjoin(parent, parent.c.id == job.c.parent)
        .outerjoin(stage, stage.c.name == job.c.stage)
        .outerjoin(process, process.c.id == job.c.owner)
        .where(*where)
        .order_by(job.c.id.desc() if newest else job.c.id)
        .limit(limit)
    )
    rows = connection.execute(wanted).all()
    holders = _holders(connection, {row.lane for row in rows if row.state == State.BLOCKED})
    places = _places(connection, [row for row in rows if row.state == State.READY])
    return [_fact(row, _wait(row, holders, places)) for row in rows]


def _holders(connection: Connection, lanes: Collection[str]) -> dict[str, list[Holder]]:
    found: dict[str, list[Holder]] = {}
    if lanes:
        wanted = sqlalchemy.select(job.c.lane, job.c.uuid, job.c.kind).where(
            job.c.lane.in_(sorted(lanes)), sqlalchemy.text(HOLDING)
        )
        for row in connection.execute(wanted.order_by(job.c.id)):
            found.setdefault(row.lane, []).append(Holder(uuid=row.uuid, kind=row.kind))
    return found


def _places(connection: Connection, ready: Sequence[Row[tuple[object, ...]]]) -> dict[int, int]:
    """The places of ready jobs in the queues of their stages, from 1; of those in front, for a queue may be long."""
    if not ready:
        return {}
    queues = [
        sqlalchemy.select(job.c.id, job.c.stage, job.c.ticket)
        .where(job.c.state == State.READY, job.c.stage == name)
        .order_by(job.c.ticket, job.c.id)
        .limit(IN_FRONT)
        .subquery()
        for name in sorted({row.stage for row in ready})
    ]
    front = sqlalchemy.union_all(*map(sqlalchemy.select, queues)).subquery()
    order = sqlalchemy.func.row_number().over(partition_by=front.c.stage, order_by=[front.c.ticket, front.c.id])
    return dict(connection.execute(sqlalchemy.select(front.c.id, order)).all())


def _wait(
    row: Row[tuple[object, ...]], holders: Mapping[str, Sequence[Holder]], places: Mapping[int, int]
) -> Wait | None:
    match State(row.state):
        case State.BLOCKED:
            return Wait(reason=Reason.LANE, key=row.lane, holders=tuple(holders.get(row.lane, ())))
        case State.HELD:
            return Wait(reason=Reason.HELD, at=row.hold)
        case State.READY if row.mode == Mode.PAUSE:
            return Wait(reason=Reason.STAGE, key=row.stage)
        case State.READY:
            return Wait(reason=Reason.WORKER, key=row.stage, count=places.get(row.id))
        case State.RUNNING:
            return Wait(reason=Reason.EFFECT, key=row.carrier, at=row.changed)
        case State.WAITING if row.pending:
            return Wait(reason=Reason.CHILDREN, count=row.pending)
        case State.WAITING:
            return Wait(reason=Reason.TIME, at=row.not_before)
        case State.ENDED:
            return None


def _fact(row: Row[tuple[object, ...]], wait: Wait | None) -> Facts:
    state = State(row.state)
    return Facts(
        uuid=row.uuid,
        root=row.root,
        parent=row.parent_uuid,
        kind=row.kind,
        version=row.version,
        stage=row.stage,
        state=state,
        outcome=None if row.outcome is None else Outcome(row.outcome),
        step=row.step,
        done=row.done,
        steps=row.steps,
        direction=Direction(row.direction),
        attempt=row.attempt,
        created=row.created,
        changed=row.changed,
        finished=row.changed if state is State.ENDED else None,
        resource=row.resource,
        principal=row.principal,
        fair_key=row.fair_key,
        lane=row.lane,
        cancel=row.cancel,
        hold=row.hold,
        due=row.due,
        rewind=row.rewind,
        error=None if row.error is None else msgspec.json.decode(row.error, type=dict[str, object]),
        answer=None if row.answer is None or row.pending else msgspec.json.decode(row.answer),
        waits_for=wait,
        journal=_lines(row.journal),
    )
