"""A unit of work: what steps write, and everything that the engine writes with it, in one transaction."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence

import msgspec
from sqlalchemy import TextClause

from stratiform.framework import context
from stratiform.framework.base import errors
from stratiform.framework.base.world import World
from stratiform.framework.context import Context
from stratiform.framework.db import rows
from stratiform.framework.db.database import Transaction
from stratiform.framework.events import outbox
from stratiform.framework.events.outbox import Event
from stratiform.framework.jobs import statement
from stratiform.framework.jobs.kind import Job, Registry
from stratiform.framework.jobs.provided import Provided
from stratiform.framework.jobs.run import Run
from stratiform.framework.jobs.setting import Draining, Full, Settings
from stratiform.framework.jobs.state import Mode, Outcome, State
from stratiform.framework.jobs.table import COLUMNS

SHARE = 1_000_000
"""Ticket units that a job of weight 1 takes of its account's share."""


class LaneOrder(errors.Error):
    """A job of {kind} would wait for lane {lane} while {held} is held: lanes are taken in the order of their ranks."""

    code = "lane_order"


class Work:
    """One transaction's work. Steps write through `tx`; submit, spawn, publish and note are written at its end."""

    def __init__(
        self,
        tx: Transaction,
        registry: Registry,
        world: World,
        provided: Provided,
        settings: Settings | None = None,
    ) -> None:
        """`settings` bind the roots that are filed; those that steps file are bound by none."""
        self.tx = tx
        self.world = world
        self.the = provided.the
        """What the composition of the program provides for steps, by its type."""
        self.now = world.clock.now()
        self.born: list[Run[msgspec.Struct]] = []
        self.changed: dict[int, Run[msgspec.Struct]] = {}
        self.ended: list[Run[msgspec.Struct]] = []
        self.touched: set[str] = set()
        """Stages that may have ready work once this is committed."""
        self.wake_at: int | None = None
        self._registry = registry
        self._settings = settings
        self._bound: Counter[str] = Counter()
        self._events: list[tuple[Context, Event]] = []
        self._failed: dict[int, errors.Error] = {}
        self._bequeathed: set[int] = set()
        self._complete: set[int] = set()
        self._wish: tuple[str, Collection[str]] | None = None

    def submit(
        self,
        job: Job,
        payload: msgspec.Struct,
        *,
        fair_key: str,
        resource: str | None = None,
        uuid: str | None = None,
        bound: bool = True,
        due: int | None = None,
    ) -> Run[msgspec.Struct]:
        """File a job for the current context; it exists, with all that `tx` wrote, only if the transaction commits.

        `fair_key` is whose share it takes, for example the account. It is cancelled if it has not ended when it is
        `due` (µs UTC), or within the time that its stage gives. What the system files for its own sake is not
        `bound` by what operators set. Raises `Draining`; at the end of the transaction `Full` may be raised.
        """
        if bound and self._settings is not None:
            setting = self._settings.of(job.stage)
            if setting.mode is Mode.DRAIN:
                raise Draining(stage=job.stage)
            if due is None and setting.deadline is not None:
                due = self.now + setting.deadline
            self._bound[job.stage] += 1
        who = context.current()
        number, name = self.tx.new_id(), uuid or self._wished(job) or self.world.ids.uuid()
        return self._file(
            Run(
                job=job,
                id=number,
                uuid=name,
                root=name,
                parent=None,
                lane=job.lane_key(payload),
                held=(),
                fair_key=fair_key,
                priority=int(job.steps[0].priority),
                ticket=0,
                resource=resource,
                principal=who.principal,
                request=who.request,
                trace=who.trace,
                payload=payload,
                created=self.now,
                changed=self.now,
                due=due,
                new=True,
            )
        )

    def wish(self, uuid: str, kinds: Collection[str]) -> None:
        """Let the first job of one of these kinds that is submitted from now on have this UUID."""
        self._wish = (uuid, kinds)

    def _wished(self, job: Job) -> str | None:
        if self._wish is None or job.name not in self._wish[1]:
            return None
        (uuid, _), self._wish = self._wish, None
        return uuid

    def spawn(
        self,
        parent: Run[msgspec.Struct],
        job: Job,
        payload: msgspec.Struct,
        *,
        resource: str | None = None,
        lane: str | None = None,
    ) -> Run[msgspec.Struct]:
        """Give the parent a child; the parent waits after this step until all its children have ended.

        A child serves what the parent's step serves. The children's results are the `answer` of the parent's
        next step, in the order they were spawned. If one fails, the parent is undone once all have ended.
        `lane` replaces the lane that the kind declares. Raises `LaneOrder`.
        """
        number = self.tx.new_id()
        serves = parent.current or parent.job.steps[-1]
        child = Run(
            job=job,
            id=number,
            uuid=self.world.ids.uuid(),
            root=parent.root,
            parent=parent.id,
            lane=lane or job.lane_key(payload),
            held=parent.held,
            fair_key=parent.fair_key,
            priority=int(serves.priority),
            ticket=0,
            resource=resource or parent.resource,
            principal=parent.principal,
            request=parent.request,
            trace=parent.trace,
            payload=payload,
            created=self.now,
            changed=self.now,
            new=True,
        )
        if parent.lane and self._registry.lane(parent.lane).leaf:
            raise LaneOrder(kind=job.name, lane=child.lane or "-", held=parent.lane)
        self._file(child)
        parent.pending += 1
        parent.children[str(child.id)] = {}
        return child

    def sleep(self, run: Run[msgspec.Struct], until: int) -> None:
        """Let the job wait until a time (µs UTC) after this step."""
        run.not_before = until

    def fail(self, run: Run[msgspec.Struct], error: errors.Error) -> None:
        """Let this member of a batch fail without a trace of its step; its neighbours go on.

        The step must have written nothing for it. (Children that it spawned for it are taken back.)
        """
        self._failed[run.id] = error

    def complete(self, run: Run[msgspec.Struct]) -> None:
        """Let the job succeed after this step, without those that are left: there is nothing more to do."""
        self._complete.add(run.id)

    def completed(self, run: Run[msgspec.Struct]) -> bool:
        """Whether `complete` was said of a run."""
        return run.id in self._complete

    def failed(self, run: Run[msgspec.Struct]) -> errors.Error | None:
        """What `fail` said of a run, once."""
        return self._failed.pop(run.id, None)

    def publish(self, event: Event, run: Run[msgspec.Struct] | None = None) -> None:
        """Publish an event for a job, or for the current context."""
        self._events.append((run.context if run else context.current(), event))

    def note(self, run: Run[msgspec.Struct], text: str, step: str | None = None) -> None:
        """Write a line into the job's journal."""
        run.note(self.world.clock.now(), text, step)

    def change(self, run: Run[msgspec.Struct]) -> None:
        """The run has to be written at the end."""
        run.changed = self.now
        if not run.new:
            self.changed[run.id] = run

    def end(self, run: Run[msgspec.Struct], outcome: Outcome) -> None:
        """The run is over."""
        run.state, run.outcome, run.owner = State.ENDED, outcome, None
        self.change(run)
        self.ended.append(run)

    def grant(self, runs: Sequence[Run[msgspec.Struct]]) -> None:
        """Give slots of lanes to new runs; those that get none are blocked.

        A run inherits the slot of one that ended here: work under way ends before new work starts.
        """
        wanting: dict[str, list[Run[msgspec.Struct]]] = {}
        for run in runs:
            if run.lane is not None and not self._inherit(run.lane):
                wanting.setdefault(run.lane, []).append(run)
        asked = [
            {"key": key, "width": self._registry.lane(key).width, "n": len(members)} for key, members in wanting.items()
        ]
        for key, queued in self._rows(statement.grant, asked):
            members = wanting[str(key)]
            for run in members[max(0, len(members) - int(str(queued))) :]:
                run.state = State.BLOCKED

    def _inherit(self, lane: str) -> bool:
        heir = next((run for run in self.ended if run.lane == lane and run.id not in self._bequeathed), None)
        if heir is None:
            return False
        self._bequeathed.add(heir.id)
        return True

    def finish(self) -> None:
        """Write a unit of work in which jobs were only filed; again for what comes later. Raises `Full`."""
        self._refuse_too_many()
        self.grant(self.born)
        self.flush()
        self.forget()

    def forget(self) -> None:
        """Let what was gathered not be written, for it is already or is not to be."""
        self.born.clear()
        self.changed.clear()
        self._events.clear()
        self._bound.clear()

    def _refuse_too_many(self) -> None:
        for stage, filed in self._bound.items():
            depth = self._settings.of(stage).depth if self._settings else None
            if depth is not None:
                limit = {"stage": stage, "limit": depth}
                waiting = self.tx.execute(statement.queued(self.tx.dialect), limit).scalar_one()
                if int(str(waiting)) + filed > depth:
                    raise Full(stage=stage, depth=depth)

    def flush(self) -> None:
        """Write everything that was gathered; the last thing before the commit."""
        self._rows(statement.update, [run.values() for run in self.changed.values()])
        self._insert_jobs()
        self._release_lanes()
        if self._events:
            outbox.record(self.tx, self._events)

    def _insert_jobs(self) -> None:
        if not self.born:
            return
        self.touched.update(run.job.stage for run in self.born if run.state is State.READY)
        insert = statement.insert(self.tx.dialect)
        if self.tx.dialect == "sqlite":
            each = [run.values(COLUMNS) | {"cost": SHARE // run.priority} for run in self.born]
            inserted = self.tx.connection.execute(insert, each)
        else:
            inserted = self.tx.execute(insert, self._filed())
        assert inserted.rowcount == len(self.born), "a job without an account would be lost"

    def _filed(self) -> Mapping[str, object]:
        """All that are filed as one parameter, each with what those of its account before it and itself cost."""
        shares: Counter[tuple[str, str]] = Counter()
        filed = []
        for run in self.born:
            shares[run.job.stage, run.fair_key] += SHARE // run.priority
            filed.append(run.values(COLUMNS) | {"cost": shares[run.job.stage, run.fair_key]})
        places = [{"stage": stage, "fair_key": fair_key} for stage, fair_key in shares]
        return {"rows": rows.encode(filed), "places": rows.encode(places)}

    def _release_lanes(self) -> None:
        freed = Counter(run.lane for run in self.ended if run.lane is not None and run.id not in self._bequeathed)
        if not freed:
            return
        given = [{"key": key, "n": n} for key, n in sorted(freed.items())]
        if self.tx.dialect == "postgresql":
            self._rows(statement.lock_lanes, given)
        free = {
            str(key): min(int(str(slots)), int(str(queued)))
            for key, slots, queued in self._rows(statement.release, given)
            if queued
        }
        self.promote(free)

    def grant_none(self, key: str, width: int) -> None:
        """Lock a lane's row, which is made if there is none, and take nothing."""
        self._rows(statement.grant, [{"key": key, "width": width, "n": 0}])

    def promote(self, free: dict[str, int]) -> None:
        """Fill free slots from the lanes' queues, one slot of each lane at a time."""
        taken: Counter[str] = Counter()
        for place in range(max(free.values(), default=0)):
            lanes = [{"key": key} for key, slots in free.items() if slots > place]
            found = self._rows(statement.promote, lanes, now=self.now)
            self.touched.update(str(stage) for _, stage in found)
            taken.update(str(lane) for lane, _ in found)
        self._rows(statement.promoted, [{"key": key, "n": n} for key, n in sorted(taken.items())])

    def _file(self, run: Run[msgspec.Struct]) -> Run[msgspec.Struct]:
        if run.lane is not None:
            rank = self._registry.lane(run.lane).rank
            if run.lane in run.held:
                run.lane = None
            elif run.held and self._registry.lane(run.held[-1]).rank >= rank:
                raise LaneOrder(kind=run.job.name, lane=run.lane, held=run.held[-1])
            else:
                run.held = (*run.held, run.lane)
        run.step = run.job.steps[0].name
        self.born.append(run)
        return run

    def _rows(
        self, make: Callable[[str], TextClause], values: Sequence[Mapping[str, object]], **parameters: object
    ) -> list[tuple[object, ...]]:
        if not values:
            return []
        result = self.tx.execute(make(self.tx.dialect), {"rows": rows.encode(values), **parameters})
        return [tuple(row) for row in result] if result.returns_rows else []
