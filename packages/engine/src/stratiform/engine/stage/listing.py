"""The list of stages, over the framework's tables; what servers tell of them is added by the service."""

import sqlalchemy
from sqlalchemy import FromClause, func, literal_column, true

from stratiform.engine.listing import Asked, Listing
from stratiform.engine.visible import Binding, Condition
from stratiform.framework.base.clock import SECOND
from stratiform.framework.jobs.state import State
from stratiform.framework.jobs.table import HOLDING, UNDER_WAY, job, stage
from stratiform.framework.telemetry.figures import Type

HOLDERS = (State.READY, State.RUNNING, State.WAITING, State.HELD)
"""The states that hold a slot of a lane."""


def _count(*states: State) -> sqlalchemy.ColumnElement[int]:
    named = ", ".join(f"'{each}'" for each in states)
    return func.sum(sqlalchemy.case((literal_column(f"job.state IN ({named})", sqlalchemy.Boolean), 1), else_=0))


def _by_stage(where: str, *counts: sqlalchemy.ColumnElement[int]) -> FromClause:
    """How many jobs of each stage are where, counted once for all stages by an index that holds only those."""
    return sqlalchemy.select(job.c.stage, *counts).where(sqlalchemy.text(where)).group_by(job.c.stage).subquery()


_going = _by_stage(HOLDING, *(_count(each).label(each) for each in HOLDERS)).alias("going")
_queued = _by_stage("state IN ('ready', 'blocked')", func.count().label("queued")).alias("queued")
_begun = _by_stage(UNDER_WAY, func.count().label("begun")).alias("begun")
_first = job.alias("first")
_SINCE = (
    sqlalchemy.select(_first.c.changed)
    .where(_first.c.stage == stage.c.name, literal_column("first.state", sqlalchemy.Text) == literal_column("'ready'"))
    .order_by(_first.c.ticket, _first.c.id)
    .limit(literal_column("1"))
    .correlate(stage)
    .scalar_subquery()
)


def _type(value: object, _: Asked) -> Condition:
    return true() if value == Type.STAGE else sqlalchemy.false()


def _seconds(row: dict[str, object]) -> None:
    for span in ("target", "deadline"):
        if span in row:
            row[span] = int(str(row[span])) // SECOND


STAGE = Listing(
    kind="stage",
    table=stage,
    joins=[
        (_going, _going.c.stage == stage.c.name),
        (_queued, _queued.c.stage == stage.c.name),
        (_begun, _begun.c.stage == stage.c.name),
    ],
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
        "deadline": stage.c.deadline,
        **{each: func.coalesce(_going.c[each], 0) for each in ("ready", "running", "waiting", "held")},
        "blocked": func.coalesce(_queued.c.queued, 0) - func.coalesce(_going.c.ready, 0),
        "underway": func.coalesce(_begun.c.begun, 0),
        "readysince": _SINCE,
        "scaled": stage.c.scaled,
        "scalereason": stage.c.reason,
    },
    constants={"type": Type.STAGE.value},
    times=frozenset({"readysince", "scaled"}),
    filters={"name": stage.c.name, "type": _type},
    keyword=[stage.c.name],
    binding=Binding(table=stage),
    live=true(),
    identity=lambda name: stage.c.name == name,
    finish=_seconds,
    order=[stage.c.name],
)
"""Stages as they are set, and how many jobs are where in each."""
