"""The kernel: one loop of housekeeping for a process, and the workers of its stages."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import sqlalchemy
import structlog

from stratiform.framework.base.clock import SECOND
from stratiform.framework.base.threads import Handle
from stratiform.framework.base.world import World
from stratiform.framework.cluster.membership import Expired, Membership
from stratiform.framework.db import rows
from stratiform.framework.db.database import ATTEMPTS, Database, transient
from stratiform.framework.jobs import statement
from stratiform.framework.jobs.agenda import Agenda
from stratiform.framework.jobs.batch import Batches
from stratiform.framework.jobs.deadline import Deadlines
from stratiform.framework.jobs.effects import Effects
from stratiform.framework.jobs.kind import Registry
from stratiform.framework.jobs.meter import Meter
from stratiform.framework.jobs.provided import Provided
from stratiform.framework.jobs.run import decode
from stratiform.framework.jobs.scale import Scaler
from stratiform.framework.jobs.setting import Settings
from stratiform.framework.jobs.stage import Answer, Workers
from stratiform.framework.jobs.state import Mode
from stratiform.framework.jobs.turnstile import Turnstile
from stratiform.framework.jobs.work import Work

T = TypeVar("T")
log = structlog.get_logger(__name__)

TICK = SECOND
"""Microseconds between two looks at the database when nothing happens."""

TURNS = {"sqlite": 1, "postgresql": 2}
"""Transactions of workers at a time: one writer where there can be but one, and else as many as keep Python busy.

With more, each takes up fewer jobs. One that waits for a row which a frozen process has locked holds its turn until it
is told that it waited too long.
"""

GRACE = 10.0
"""Seconds that `stop` waits for the work under way."""


class Kernel:
    """The job engine of one process. Made once, given to whoever files jobs; `start` makes it work on them too."""

    def __init__(
        self,
        *,
        world: World,
        database: Database,
        registry: Registry,
        membership: Membership,
        provide: Iterable[object] = (),
    ) -> None:
        self.world = world
        self.database = database
        self.registry = registry
        self.membership = membership
        self.provided = Provided(provide)
        self.agenda = Agenda(database, membership)
        """What it asks the database each second."""
        self.duties: list[Callable[[], None]] = []
        """What else the one loop of this process does, at least each second; each must be short and never wait."""
        self.settings = Settings()
        """How the stages are set, as of the last look."""
        self._scaler = Scaler(database)
        self._deadlines = Deadlines(world, database, registry, self.provided)
        self.meter = Meter(world.clock)
        """What this process counts of its work."""
        self._bell = world.threads.wakeup()
        self._stages = {name: Workers(name, world.threads, self._turn) for name in registry.stages}
        self._effects = Effects(self._stages, self.provided, membership, world.clock, self.meter)
        self._batches = Batches(
            world=world,
            database=database,
            registry=registry,
            membership=membership,
            provided=self.provided,
            effects=self._effects,
            settings=self.settings,
            turnstile=Turnstile(TURNS[database.dialect], world.threads, world.clock),
            meter=self.meter,
            more=lambda stage: self._stages[stage].ring(),
            committed=self._committed,
        )
        self._kinds = rows.encode([{"kind": name, "version": version} for name, version in registry.jobs])
        self._lock = threading.Lock()
        self._clocks: dict[str, int] = {}
        self._next = 0
        """When the next timer of a job is due, as far as is known; 0 if there is none."""
        self._due = self._beat_at = 0
        self._started = self._stopping = False
        self._loop: Handle | None = None

    @property
    def working(self) -> bool:
        """False once it was stopped: then this process does nothing more."""
        return not self._stopping

    @contextmanager
    def transaction(self) -> Iterator[Work]:
        """Open a transaction in which jobs may be submitted; on commit their workers are woken."""
        with self.database.transaction() as tx:
            work = Work(tx, self.registry, self.world, self.provided, self.settings)
            yield work
            work.finish()
            tx.after_commit(lambda: self._ring(work))

    def run(self, action: Callable[[Work], T]) -> T:
        """Run `action` in a transaction in which jobs may be submitted, again if the database asks for it."""
        for left in reversed(range(ATTEMPTS)):
            try:
                with self.transaction() as work:
                    return action(work)
            except sqlalchemy.exc.DBAPIError as error:
                if not left or not transient(error):
                    raise
        raise AssertionError("unreachable")

    def join(self) -> None:
        """Become a member and make the stages known; jobs of processes that are gone are taken over by `start`."""
        stages = [{"name": each.name, "workers": each.workers} for each in self.registry.stages.values()]
        with self.database.transaction() as tx:
            self.membership.join(tx)
            tx.execute(statement.introduce(tx.dialect), {"rows": rows.encode(stages)})

    def start(self) -> None:
        """Take over what dead processes left, then work until `stop`."""
        self.take_over()
        self._agenda()
        for name, workers in self._stages.items():
            workers.resize(self.settings.of(name).workers)
            workers.ring()
        self._started = True
        self._loop = self.world.threads.start("kernel", self._housekeeping)

    def stop(self) -> None:
        """Finish the transactions under way and stop; effects under way are left to whoever takes them over.

        If one does not end in time, they must wait until the lease of this process has run out, for it may go on.
        """
        self._stopping = True
        self._bell.ring()
        for workers in self._stages.values():
            workers.stop()
        ended = [workers.join(GRACE) for workers in self._stages.values()]
        if self._loop is not None:
            self._loop.join(GRACE)
        if all(ended):
            with self.database.transaction() as tx:
                self.membership.leave(tx)

    def take_over(self) -> None:
        """Bury processes whose lease ran out and take over their effects: ask what became of each, never assume.

        So is done with effects of this very process that it does not know: a commit may have been lost sight of.
        """
        left = self.agenda.left()
        unknown = self._effects.unknown(left.mine)
        if not (left.dead or unknown or left.orphans):
            return
        lost = [{"id": id, "epoch": epoch} for id, epoch in unknown]
        parameters = {
            "rows": rows.encode(lost),
            "kinds": self._kinds,
            "owner": self.membership.id,
            "floor": self.membership.floor,
            "now": self.world.clock.now(),
        }
        with self.database.transaction() as tx:
            self.membership.bury(tx, left.dead)
            adopted = tx.execute(statement.adopt(tx.dialect), parameters).all()
        runs = [decode(row, self.registry) for row in adopted]
        calls = [self._effects.register(run) for run in runs if run.unreadable is None]
        for run in runs:
            if run.unreadable is not None:
                log.error("an effect was taken over that cannot be asked for", job=run.uuid, reason=str(run.unreadable))
        for call in calls:
            self._effects.inquire(call)

    # What a worker does.

    def turn(self, stage: str) -> bool:
        """One turn of a worker: record answers, else do a task, else take up ready jobs; true if there may be more."""
        return self._turn(self._stages[stage])

    def _turn(self, workers: Workers) -> bool:
        try:
            if workers.first() and workers.take_ring():
                return self._claim(workers)
            answers = workers.take_answers(self.registry.stages[workers.name].batch)
            if answers:
                return self._record(workers, answers)
            task = workers.take_task()
            if task is not None:
                task()
                return True
            return workers.take_ring() and self._claim(workers)
        except Expired:
            return False
        except Exception:
            log.exception("a worker's turn failed; its jobs stay as they were", stage=workers.name)
            return False

    def _claim(self, workers: Workers) -> bool:
        paused = self.settings.of(workers.name).mode is Mode.PAUSE  # once it is not, the next look rings
        if not paused and self._batches.claim(workers.name):
            workers.ring()
        return True

    def _record(self, workers: Workers, answers: list[Answer]) -> bool:
        try:
            self._batches.record(workers.name, answers)
        except Exception:
            workers.return_answers(answers)  # the next tick tries again
            raise
        return True

    def _committed(self, stage: str, clock: int, work: Work) -> None:
        with self._lock:
            self._clocks[stage] = max(clock, self._clocks.get(stage, 0))
        self._ring(work)

    def _ring(self, work: Work) -> None:
        for name in work.touched:
            if name in self._stages:
                self._stages[name].ring()
        if work.wake_at is not None and (not self._next or work.wake_at < self._next):
            self._next = work.wake_at
            self._bell.ring()

    # What the one loop does.

    def _housekeeping(self) -> None:
        while not self._stopping:
            now = self.world.clock.now()
            longest = min(TICK, self.membership.lease // 3)
            self._bell.wait(longest if not self._next else max(0, min(longest, self._next - now)))
            if not self._stopping:
                self.look()

    def look(self) -> None:
        """One round of housekeeping: beat, wake what is due, ring where there is work, ask for late effects, duties."""
        for duty in (self._beat, self._look, self._effects.chase, *self.duties):
            try:
                duty()
            except Expired:
                self._begin_anew()
            except Exception:
                log.exception("housekeeping failed; it is tried again", duty=getattr(duty, "__qualname__", None))

    def _begin_anew(self) -> None:
        """The lease ran out, so others may have taken this process's work over: come back as somebody else.

        What was under way here is asked for like any dead process's, once the old identity is buried.
        """
        log.critical("the lease of this process ran out; it begins anew", process=self.membership.id)
        self._effects.abandon()
        self.membership.begin_anew()
        try:
            self.join()
            self.take_over()
        except Exception:
            log.exception("this process cannot begin anew yet; it is tried again")
        for workers in self._stages.values():
            workers.ring()

    def _look(self) -> None:
        """Wake what is due, and ring where there is ready work: one statement in most seconds."""
        stages: set[str] = set()
        now = self.world.clock.now()
        if self._next and self._next <= now:
            with self.database.transaction() as tx:
                stages |= {str(name) for (name,) in tx.execute(statement.wake(tx.dialect), {"now": now})}
        stages |= self._agenda()
        if self._due and self._due <= now:
            stages |= self._deadlines.look()
        for name, workers in self._stages.items():
            if self._started:
                workers.resize(self.settings.of(name).workers)
            if name in stages or workers.waiting():
                workers.ring()

    def _agenda(self) -> set[str]:
        """Learn how the stages are set, when the next timer is due, and what to stop; answer where there is work."""
        now = self.agenda.now()
        self.settings.replace(setting for setting, _ in now.stages.values())
        self._next = now.timer
        self._due = now.due
        self._effects.halt(now.cancelled)
        if self._started:
            self._scaler.look(now.stages, self.world.clock.now())
        return {name for name, (setting, since) in now.stages.items() if since and setting.mode is not Mode.PAUSE}

    def _beat(self) -> None:
        """Extend the lease in good time, by the clock that never jumps; bury who did not."""
        now = self.world.clock.monotonic()
        if now < self._beat_at:
            return
        with self._lock:
            clocks, self._clocks = self._clocks, {}
        moved = [{"name": name, "clock": clock} for name, clock in clocks.items()]
        figures = self.meter.figures({name: self.settings.of(name).workers for name in self._stages})
        with self.database.transaction() as tx:
            self.membership.beat(tx, figures)
            if moved:
                tx.execute(statement.tick(tx.dialect), {"rows": rows.encode(moved)})
        self.take_over()
        self._beat_at = now + self.membership.lease // 3
