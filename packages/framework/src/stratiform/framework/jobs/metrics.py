"""The metrics of the job engine: what this process counted, and the queues as the database has them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy

from stratiform.framework.base.clock import SECOND
from stratiform.framework.config.values import Config
from stratiform.framework.db.database import Database
from stratiform.framework.jobs.kind import Registry
from stratiform.framework.jobs.meter import Meter
from stratiform.framework.jobs.purge import kept
from stratiform.framework.jobs.state import State
from stratiform.framework.jobs.table import HOLDING
from stratiform.framework.telemetry.metrics import Fresh, Metric, Shape, Values

COUNTED = (
    Metric(
        name="stratiform_stage_workers",
        shape=Shape.GAUGE,
        help="Workers of a stage in this process.",
        labels=("stage",),
    ),
    Metric(
        name="stratiform_stage_busy",
        shape=Shape.GAUGE,
        help="Workers of a stage in this process that have something under way.",
        labels=("stage",),
    ),
    Metric(
        name="stratiform_job_wait_seconds",
        shape=Shape.HISTOGRAM,
        help="From ready to taken up by a worker; its count is how often jobs were taken up.",
        labels=("stage",),
    ),
    Metric(
        name="stratiform_job_service_seconds",
        shape=Shape.HISTOGRAM,
        help="From filed to ended; its count is how many jobs ended.",
        labels=("stage", "kind", "outcome"),
    ),
    Metric(
        name="stratiform_job_retries_total",
        shape=Shape.COUNTER,
        help="Steps that were put off to be tried again.",
        labels=("stage", "kind"),
    ),
    Metric(
        name="stratiform_step_seconds",
        shape=Shape.HISTOGRAM,
        help="How long the functions of steps ran that only write the database, for one job or a batch.",
        labels=("kind", "step"),
    ),
    Metric(
        name="stratiform_transaction_seconds",
        shape=Shape.HISTOGRAM,
        help="How long workers had transactions open.",
        labels=("stage",),
    ),
    Metric(
        name="stratiform_effect_seconds",
        shape=Shape.HISTOGRAM,
        help="How long effects were under way, from the intent to the answer.",
        labels=("stage", "kind", "outcome"),
    ),
    Metric(
        name="stratiform_commands_total",
        shape=Shape.COUNTER,
        help="What far ends told of commands to resources.",
        labels=("kind", "fate"),
    ),
)
"""Of this process, since it began: summed over the processes they are the cloud's."""

QUEUED = (
    Metric(
        name="stratiform_jobs",
        shape=Shape.GAUGE,
        help="Jobs that have not ended.",
        labels=("stage", "state"),
    ),
    Metric(
        name="stratiform_job_oldest_seconds",
        shape=Shape.GAUGE,
        help="How long the job that stood longest has not moved.",
        labels=("stage", "state"),
    ),
    Metric(
        name="stratiform_lane_jobs",
        shape=Shape.GAUGE,
        help="Jobs that hold or want a slot of a lane, by the kind of the lane.",
        labels=("lane", "state"),
    ),
    Metric(
        name="stratiform_job_ended_oldest_seconds",
        shape=Shape.GAUGE,
        help="How long ago the oldest tree that is kept ended.",
    ),
    Metric(
        name="stratiform_job_retention_seconds",
        shape=Shape.GAUGE,
        help="How long trees are kept after they ended.",
    ),
)
"""Of the whole cloud: every process tells the same."""

_KINDS = {
    "sqlite": "substr(lane, 1, instr(lane || '/', '/') - 1)",
    "postgresql": "split_part(lane, '/', 1)",
}


class Counted:
    """What a meter counted."""

    metrics = COUNTED

    def __init__(self, meter: Meter) -> None:
        self._meter = meter

    def read(self) -> Mapping[str, Values]:
        """The counts since the process began."""
        found = self._meter.readings()
        return {
            "stratiform_stage_workers": found.workers,
            "stratiform_stage_busy": found.busy,
            "stratiform_job_wait_seconds": found.waits,
            "stratiform_job_service_seconds": found.services,
            "stratiform_job_retries_total": found.retries,
            "stratiform_step_seconds": found.steps,
            "stratiform_transaction_seconds": found.transactions,
            "stratiform_effect_seconds": found.effects,
            "stratiform_commands_total": found.commands,
        }


@dataclass(frozen=True, kw_only=True)
class Queue:
    """Jobs of a stage in one state, and the kind of the lane that they hold or want."""

    stage: str
    state: str
    lane: str
    number: int
    since: int
    """When the one that stood longest came there (µs UTC)."""


class Queued:
    """The queues, asked for in one statement, at most once a second; every stage and kind of lane is told of.

    What is not in the registry is told of only while there are jobs.
    """

    metrics = QUEUED

    def __init__(self, database: Database, config: Config, registry: Registry) -> None:
        self._database = database
        self._config = config
        self._clock = database.world.clock
        self._stages = _each(registry.stages)
        self._lanes = _each(registry.lanes)
        self._statement = _queues(database.dialect)
        self._found = Fresh(self._clock, self._ask)

    def read(self) -> Mapping[str, Values]:
        """The queues as they stand."""
        now, found = self._clock.now(), self._found.value()
        ended = next((each.since for each in found if each.state == "ended"), now)
        jobs: dict[tuple[str, ...], float] = defaultdict(float, self._stages)
        since: dict[tuple[str, ...], int] = dict.fromkeys(self._stages, now)
        lanes: dict[tuple[str, ...], float] = defaultdict(float, self._lanes)
        for each in found:
            if each.state == "ended":
                continue
            label = each.stage, each.state
            jobs[label] += each.number
            since[label] = min(each.since, since.get(label, each.since))
            if each.lane:
                lanes[each.lane, each.state] += each.number
        return {
            "stratiform_jobs": jobs,
            "stratiform_job_oldest_seconds": {label: _age(now, at) for label, at in since.items()},
            "stratiform_lane_jobs": lanes,
            "stratiform_job_ended_oldest_seconds": {(): _age(now, ended)},
            "stratiform_job_retention_seconds": {(): kept(self._config)},
        }

    def _ask(self) -> list[Queue]:
        with self._database.reading() as connection:
            found = connection.execute(self._statement).mappings().all()
        return [Queue(**row) for row in found]


def _each(names: Iterable[str]) -> dict[tuple[str, ...], float]:
    """Nothing, in each state of each."""
    return {(name, str(state)): 0 for name in names for state in State if state is not State.ENDED}


def _queues(dialect: str) -> sqlalchemy.TextClause:
    """Live jobs in groups, read through the indexes that hold nothing else, and the oldest tree that ended."""
    live = f"SELECT stage, state, changed, COALESCE({_KINDS[dialect]}, '') AS kind FROM job WHERE"
    return sqlalchemy.text(
        "SELECT stage, state, kind AS lane, count(*) AS number, min(changed) AS since"
        f" FROM ({live} {HOLDING} UNION ALL {live} state = 'blocked') AS live GROUP BY stage, state, kind"
        " UNION ALL SELECT '', 'ended', '', 1, changed FROM (SELECT changed FROM job"
        " WHERE state = 'ended' AND parent IS NULL ORDER BY changed LIMIT 1) AS old"
    )


def _age(now: int, at: int) -> float:
    return max(0, now - at) / SECOND
