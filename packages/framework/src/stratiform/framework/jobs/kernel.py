"""The kernel: one loop of housekeeping for a process, and the workers of its stages."""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import msgspec
import sqlalchemy
import structlog

from stratiform.framework import context
from stratiform.framework.base import errors
from stratiform.framework.base.clock import SECOND
from stratiform.framework.base.world import World
from stratiform.framework.cluster.membership import Expired, Membership
from stratiform.framework.db import rows
from stratiform.framework.db.database import ATTEMPTS, Database, transient
from stratiform.framework.jobs import statement
from stratiform.framework.jobs.advance import Advance, Fault
from stratiform.framework.jobs.call import Call
from stratiform.framework.jobs.kind import Registry
from stratiform.framework.jobs.provided import Provided
from stratiform.framework.jobs.run import Run, decode
from stratiform.framework.jobs.stage import Answer, AnyCall, Workers
from stratiform.framework.jobs.state import State
from stratiform.framework.jobs.table import stage as stage_table
from stratiform.framework.jobs.work import Work

AnyRun = Run[msgspec.Struct]
T = TypeVar("T")
log = structlog.get_logger(__name__)

TICK = SECOND
"""Microseconds between two looks at the database when nothing happens."""


class OutcomeUnknown(errors.Error):
    """Nobody can tell whether {step} happened: the process that did it died, and it is never done twice."""

    code = "outcome_unknown"


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
        self.duties: list[Callable[[], None]] = []
        """What else the one loop of this process does each second; each must be short."""
        self._bell = world.threads.wakeup()
        self._stages = {name: Workers(name, world.threads, self._turn) for name in registry.stages}
        self._calls: dict[int, AnyCall] = {}
        self._lock = threading.Lock()
        self._kinds = rows.encode([{"kind": name, "version": version} for name, version in registry.jobs])
        self._next = 0
        """When the next timer of a job is due, as far as is known; 0 if there is none."""
        self._beat_at = 0
        self._stopping = False
        self._clocks: dict[str, int] = {}

    @contextmanager
    def transaction(self) -> Iterator[Work]:
        """Open a transaction in which jobs may be submitted; on commit their workers are woken."""
        with self.database.transaction() as tx:
            work = Work(tx, self.registry, self.world, self.provided)
            yield work
            work.finish()
            tx.after_commit(lambda: self._ring(work))

    def run(self, action: Callable[[Work], T]) -> T:
        """Run `action` in a transaction in which jobs may be submitted, again if the database asks for it."""
        for left in reversed(range(ATTEMPTS)):
            try:
                with self.transaction() as work:
                    result = action(work)
                return result
            except sqlalchemy.exc.DBAPIError as error:
                if not left or not transient(error):
                    raise
        raise AssertionError("unreachable")

    def join(self) -> None:
        """Become a member and make the stages known; jobs of processes that are gone are taken over by `start`."""
        with self.database.transaction() as tx:
            self.membership.join(tx)
            known = set(tx.connection.execute(sqlalchemy.select(stage_table.c.name)).scalars())
            absent = [each for each in self.registry.stages.values() if each.name not in known]
            tx.insert(
                stage_table, [{"name": each.name, "workers": each.workers, "mode": "run", "clock": 0} for each in absent]
            )

    def start(self) -> None:
        """Take over what dead processes left, then work until `stop`."""
        self.take_over()
        with self.database.reading() as connection:
            counts = dict(connection.execute(sqlalchemy.select(stage_table.c.name, stage_table.c.workers)).tuples().all())
        for name, workers in self._stages.items():
            workers.start(counts.get(name, 1))
            workers.ring()
        self._loop = self.world.threads.start("kernel", self._housekeeping)

    def stop(self) -> None:
        """Finish the transactions under way and stop; effects under way are left to whoever takes them over."""
        self._stopping = True
        self._bell.ring()
        for workers in self._stages.values():
            workers.stop()
        self._loop.join(10)
        with self.database.transaction() as tx:
            self.membership.leave(tx)

    def take_over(self) -> None:
        """Bury processes whose lease ran out and take over their effects: ask what became of each, never assume."""
        parameters = {
            "kinds": self._kinds,
            "owner": self.membership.id,
            "floor": self.membership.floor,
            "now": self.world.clock.now(),
        }
        with self.database.transaction() as tx:
            self.membership.bury(tx, self.membership.dead(tx))
            found = tx.execute(statement.adopt(self.database.dialect), parameters).mappings().all()
        for row in found:
            self._inquire(self._call(decode(dict(row), self.registry)))

    def answered(self, call: AnyCall, value: object, error: BaseException | None) -> None:
        """Queue the outcome of an effect to be recorded."""
        workers = self._stages[call.stage]
        workers.push(workers.answers, (call, value, error))

    def _call(self, run: AnyRun) -> AnyCall:
        call = Call(run, run.job.step(run.step), self.provided, self.answered)
        with self._lock:
            self._calls[run.id] = call
        return call

    def _inquire(self, call: AnyCall) -> None:
        """Learn what became of an effect whose outcome is unknown."""
        if call.step.inquire is not None:
            with context.use(call.context):
                call.step.inquire(call)
        elif call.step.once:
            call.fail(OutcomeUnknown(step=call.step.name))
        else:
            workers = self._stages[call.stage]
            workers.push(workers.effects, call)

    # What a worker does.

    def _turn(self, workers: Workers) -> bool:
        """One turn of a worker: record answers, else run an effect that was taken over, else take up ready jobs."""
        try:
            if workers.answers:
                self._record(workers)
                return True
            if workers.effects:
                self._act(workers.effects.popleft())
                return True
            return workers.take_ring() and self._batch(workers.name, None, {})
        except IndexError:
            return True  # another worker was quicker
        except Expired:
            return False
        except Exception:
            log.exception("a worker's turn failed; its jobs stay as they were", stage=workers.name)
            return False

    def _record(self, workers: Workers) -> None:
        answers: dict[int, Answer] = {}
        limit = self.registry.stages[workers.name].batch
        while workers.answers and len(answers) < limit:
            answer = workers.answers.popleft()
            answers.setdefault(answer[0].id, answer)
        try:
            self._batch(workers.name, sorted(answers), answers)
        except Exception:
            workers.answers.extend(answers.values())  # the next tick tries again
            raise

    def _batch(
        self,
        stage: str,
        ids: Sequence[int] | None,
        answers: dict[int, Answer],
        verdicts: dict[int, BaseException] | None = None,
        fuse: bool = True,
    ) -> bool:
        """Carry on these jobs, or the ready ones of the stage, in one transaction; without the guilty if one raises.

        Whatever a step wrote before it raised is rolled back. The batch is then repeated with a verdict on the one
        that raised, or in halves if it cannot be told which it was.
        """
        verdicts = verdicts or {}
        taken: list[int] = []
        try:
            return self._transact(stage, ids, answers, verdicts, fuse, taken)
        except Fault as fault:
            guilty, error = fault.runs, fault.error
        except sqlalchemy.exc.DBAPIError as failure:
            guilty, error = [], failure
        if isinstance(error, sqlalchemy.exc.DBAPIError) and transient(error):
            return self._batch(stage, taken, answers, verdicts, fuse)
        if len(guilty) == 1 and not guilty[0].new and guilty[0].id not in verdicts:
            self._report(error, guilty[0])
            return self._batch(stage, taken, answers, {**verdicts, guilty[0].id: error}, fuse)
        if len(taken) > 1:
            half = len(taken) // 2
            for part in (taken[:half], taken[half:]):
                self._batch(stage, part, answers, verdicts, fuse)
            return True
        if fuse:
            return self._batch(stage, taken, answers, verdicts, fuse=False)
        if not taken or taken[0] in verdicts:
            raise error
        self._report(error, guilty[0] if guilty else None)
        return self._batch(stage, taken, answers, {**verdicts, **dict.fromkeys(taken, error)}, fuse=False)

    def _transact(
        self,
        stage: str,
        ids: Sequence[int] | None,
        answers: dict[int, Answer],
        verdicts: dict[int, BaseException],
        fuse: bool,
        taken: list[int],
    ) -> bool:
        with self.database.transaction() as tx:
            self.membership.check()
            work = Work(tx, self.registry, self.world, self.provided)
            advance = Advance(
                work,
                self.registry,
                owner=self.membership.id,
                floor=self.membership.floor,
                verdicts=verdicts,
                fuse=fuse,
            )
            limit = self.registry.stages[stage].batch
            runs = advance.claim(stage, limit) if ids is None else self._again(advance, ids, answers, taken)
            taken.extend(run.id for run in runs if run.id not in taken)
            if not taken:
                return False
            advance.go(runs, alone=None if answers else stage)
            work.flush()
            clock = max((run.ticket for run in runs), default=0)
            tx.after_commit(lambda: self._committed(stage, clock, work, answers))
        self._dispatch(advance.begun)
        return self._more(stage, ids is None and len(runs) == limit)

    def _more(self, stage: str, full: bool) -> bool:
        """A full batch hints at more: let another worker look too."""
        if full:
            self._stages[stage].ring()
        return full

    def _again(
        self, advance: Advance, ids: Sequence[int], answers: dict[int, Answer], taken: list[int]
    ) -> list[AnyRun]:
        """The jobs that are still ours to carry on: ready ones, and effects whose epoch the answer carries."""
        known = advance.lock(ids)
        runs: list[AnyRun] = []
        for run in [known[number] for number in ids if number in known]:
            if run.id not in answers:
                runs += [run] if run.state is State.READY else []
                continue
            call, value, error = answers[run.id]
            if run.owner == self.membership.id and run.epoch == call.epoch and run.state is State.RUNNING:
                taken.append(run.id)
                runs += advance.settle(run, value, error)
            else:
                log.warning("a stale answer was dropped", job=call.job, epoch=call.epoch)
        return runs

    def _report(self, error: BaseException, run: AnyRun | None) -> None:
        if isinstance(error, errors.Error):
            return
        ids = context.attributes(run.context) if run else {}
        log.error("a step raised", step=run.step if run else None, exc_info=error, **ids)

    def _committed(self, stage: str, clock: int, work: Work, answers: dict[int, Answer]) -> None:
        with self._lock:
            self._clocks[stage] = max(clock, self._clocks.get(stage, 0))
            for number, answer in answers.items():
                if self._calls.get(number) is answer[0]:
                    del self._calls[number]
        self._ring(work)

    def _ring(self, work: Work) -> None:
        for name in work.touched:
            if name in self._stages:
                self._stages[name].ring()
        if work.wake_at is not None and (not self._next or work.wake_at < self._next):
            self._next = work.wake_at
            self._bell.ring()

    def _dispatch(self, begun: Sequence[AnyRun]) -> None:
        """Begin effects whose intent is durable now; one that holds the thread comes last."""
        calls = [self._call(run) for run in begun]
        for call in sorted(calls, key=lambda call: not call.step.answers):
            if call.step.answers:
                self._begin(call)
            else:
                self._act(call)

    def _begin(self, call: AnyCall) -> None:
        try:
            self.membership.check()
            with context.use(call.context):
                call.step.run(call)
        except Expired:
            raise
        except Exception as error:
            call.fail(error)

    def _act(self, call: AnyCall) -> None:
        """Run an effect on this thread."""
        try:
            self.membership.check()
            with context.use(call.context):
                value = call.step.run(call)
        except Expired:
            raise
        except Exception as error:
            if not isinstance(error, errors.Error):
                log.error("an effect raised", step=call.step.name, exc_info=error, **context.attributes(call.context))
            call.fail(error)
        else:
            call.answer(value)

    # What the one loop does.

    def _housekeeping(self) -> None:
        while not self._stopping:
            now = self.world.clock.now()
            wait = TICK if not self._next else max(0, min(TICK, self._next - now))
            self._bell.wait(wait)
            if self._stopping:
                return
            try:
                self._look()
                for duty in self.duties:
                    duty()
            except Expired:
                log.critical("the lease of this process ran out; it stops working")
                self._stopping = True
            except Exception:
                log.exception("housekeeping failed; it is tried again")

    def _look(self) -> None:
        """Beat, wake what is due, and ring where there is ready work: at most one statement in most seconds."""
        stages: set[str] = set()
        now = self.world.clock.now()
        if now >= self._beat_at:
            self._beat()
            self.take_over()
            self._beat_at = now + self.membership.lease // 3
        if self._next and self._next <= now:
            with self.database.transaction() as tx:
                stages |= {str(name) for (name,) in tx.execute(statement.wake(self.database.dialect), {"now": now})}
        with self.database.reading() as connection:
            found = connection.execute(statement.agenda(self.database.dialect)).all()
        self._next = next((int(at) for name, at in found if name is None and at is not None), 0)
        for name, workers in self._stages.items():
            if name in stages or workers.answers or workers.effects or any(name == ready for ready, _ in found):
                workers.ring()
        self._chase()

    def _beat(self) -> None:
        with self._lock:
            clocks, self._clocks = self._clocks, {}
        with self.database.transaction() as tx:
            self.membership.beat(tx)
            tx.alter(stage_table, [{"name": name, "clock": clock} for name, clock in clocks.items()], ["name"])

    def _chase(self) -> None:
        """Ask what became of effects that are past their limit."""
        now = self.world.clock.now()
        with self._lock:
            late = [call for call in self._calls.values() if call.deadline is not None and call.deadline <= now]
        for call in late:
            call.deadline = now + (call.step.limit or 60) * SECOND
            if call.step.inquire is not None:
                with context.use(call.context):
                    call.step.inquire(call)
