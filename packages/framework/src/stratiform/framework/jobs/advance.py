"""Carry jobs through their steps in rounds, as far as one transaction reaches.

Everything here happens inside the transaction that claimed or locked the jobs: a crash leaves them as they were.
Children that only write the database, and parents whose last child has ended, go on in the same transaction if a
worker of their stage might take them up.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TypeVar, cast

import msgspec
import sqlalchemy

from stratiform.framework import context
from stratiform.framework.base import errors
from stratiform.framework.base.clock import SECOND
from stratiform.framework.db import rows
from stratiform.framework.db.database import transient
from stratiform.framework.jobs import spans, statement
from stratiform.framework.jobs.kind import END, Registry, Step
from stratiform.framework.jobs.run import Run, decode, plain, told
from stratiform.framework.jobs.setting import Settings
from stratiform.framework.jobs.state import Direction, Outcome, State
from stratiform.framework.jobs.work import Work

AnyRun = Run[msgspec.Struct]
T = TypeVar("T")

LONGEST_PAUSE = 60 * SECOND
FUSED = 500
"""New jobs that are carried on at most in the transaction that filed them, so that it stays short."""

Place = tuple[int, Direction, str]
"""A job at a step, on its way there or back."""

Stepped = tuple[Sequence[AnyRun], str, Direction, int, int]
"""A step's function that was called: for which jobs, forward or back, when by the monotonic clock, and how long."""


class Cancelled(errors.Error):
    """Somebody asked for the end of this job; what it had done is undone."""

    code = "cancelled"


class Overdue(errors.Error):
    """This job had not ended when its deadline passed; what it had done is undone."""

    code = "overdue"


class Fault(Exception):
    """A step raised: the transaction is rolled back, and carried out again without what raised."""

    def __init__(self, runs: Sequence[AnyRun], error: BaseException) -> None:
        super().__init__(str(error))
        self.runs = runs
        self.error = error


def pause(attempt: int) -> int:
    """Microseconds to wait before an attempt: from a quarter of a second, doubling, to a minute."""
    return int(min(LONGEST_PAUSE, SECOND // 4 << min(attempt, 20)))


class Advance:
    """One transaction's rounds.

    `verdicts` are the errors of steps that are not run, since they raised before. `fuse` says whether children and
    parents go on in this transaction; those in paused stages never do.
    """

    def __init__(
        self,
        work: Work,
        registry: Registry,
        *,
        owner: str,
        floor: int,
        kinds: str,
        verdicts: Mapping[Place, BaseException],
        settings: Settings,
        fuse: bool = True,
        tracing: bool = False,
    ) -> None:
        self.work = work
        self.begun: list[AnyRun] = []
        """Runs whose effect begins once this is committed."""
        self.retried: list[AnyRun] = []
        """Runs whose step is to be tried again."""
        self.stepped: list[Stepped] = []
        """The functions of steps that were called."""
        self.spawners: dict[int, str] = {}
        """The spans of the steps that jobs came of which ended here, by the job's id, if `tracing`."""
        self._tracing = tracing
        self._registry = registry
        self._owner = owner
        self._floor = floor
        self._kinds = kinds
        self._verdicts = verdicts
        self._fuse = fuse
        self._settings = settings
        self._known: dict[int, AnyRun] = {}
        self._ended: list[AnyRun] = []
        self._born = 0
        self._thread: str | None = None

    def lock(self, ids: Iterable[int]) -> dict[int, AnyRun]:
        """Lock and decode these jobs and their ancestors; those of unknown kinds are absent."""
        wanted = rows.encode([{"id": each} for each in sorted(set(ids))])
        found = self.work.tx.execute(statement.lock(self.work.tx.dialect), {"rows": wanted})
        for row in found:
            if (row.kind, row.version) in self._registry.jobs:
                self._known.setdefault(row.id, decode(row, self._registry))
        return self._known

    def claim(self, stage: str, limit: int) -> list[AnyRun]:
        """Take up the ready jobs of a stage."""
        tx, parameters = self.work.tx, {"stage": stage, "limit": limit, "kinds": self._kinds}
        if stage in self._settings.limited:
            found = tx.execute(statement.claim_some(tx.dialect), parameters | {"fresh": self._free(stage, limit)})
        else:
            found = tx.execute(statement.claim(tx.dialect), parameters)
        runs = [decode(row, self._registry) for row in found]
        self._known.update((run.id, run) for run in runs)
        return runs

    def _free(self, stage: str, limit: int) -> int:
        """How many roots of a limited stage may be begun now; nobody else begins any until this is committed."""
        tx, asked = self.work.tx, {"stage": stage}
        in_flight = tx.execute(statement.lock_stage(tx.dialect), asked).scalar_one()
        if in_flight is None:
            return limit
        return max(0, int(str(in_flight)) - int(str(tx.execute(statement.under_way(tx.dialect), asked).scalar_one())))

    def go(self, runs: Sequence[AnyRun], *, alone: str | None = None) -> None:
        """Carry the runs on until each has ended, waits, or begins an effect.

        `alone`: the stage whose worker calls; one effect of this stage may hold its thread afterwards.
        """
        self._thread = alone
        due = list(runs)
        while due:
            due = self._round(due)

    def settle(self, run: AnyRun, value: object, error: BaseException | None) -> list[AnyRun]:
        """Take note of how the effect of a run ended, and answer the run if it can go on."""
        step = run.job.step(run.step)
        error = self._verdict(run) or error
        run.owner, run.deadline, run.state = None, None, State.READY
        if error is None:
            self._done(run, step, value)
        elif isinstance(error, errors.Again):
            self._again(run, error)
        else:
            self.work.note(run, f"failed: {error}")
            self._fail(run, step, error, run.done + 1)  # it may have happened in part
        return self._rest(run)

    def _verdict(self, run: AnyRun) -> BaseException | None:
        return run.unreadable or self._verdicts.get((run.id, run.direction, run.step))

    def _round(self, due: Sequence[AnyRun]) -> list[AnyRun]:
        due = [run for run in due if self._directed(run)]
        groups: dict[tuple[str, int, Direction, str], list[AnyRun]] = {}
        for run in due:
            groups.setdefault((run.job.name, run.job.version, run.direction, run.step), []).append(run)
        following = [run for group in groups.values() for run in self._group(group)]
        following += self._adopt_born()
        following += self._report()
        return following

    def _group(self, runs: Sequence[AnyRun]) -> list[AnyRun]:
        step = runs[0].current
        if step is None:
            for run in runs:
                self._end(run, _outcome(run))
            return []
        if runs[0].direction is Direction.UNDO:
            return [run for each in runs for run in self._undo(each, step)]
        if step.outside:
            for run in runs:
                self._begin(run, step)
            return []
        return self._forward(runs, step)

    def _forward(self, runs: Sequence[AnyRun], step: Step) -> list[AnyRun]:
        sound = [run for run in runs if self._verdict(run) is None]
        if step.batch and sound:
            self._timed(step, sound, lambda: step.run(self.work, sound))
        elif not step.batch:
            for run in sound:
                with context.use(run.context):
                    run.answer = self._timed(step, [run], partial(step.run, self.work, run))
        following = []
        for run in runs:
            error = self._verdict(run) or self.work.failed(run)
            if error is None:
                self._done(run, step, run.answer)
            elif run.pending:
                raise Fault([run], error)  # what it spawned must go
            elif isinstance(error, errors.Again):
                self._again(run, error)
            else:
                self.work.note(run, f"failed: {error}")
                self._fail(run, step, error, run.begun)
            following += self._rest(run)
        return following

    def _undo(self, run: AnyRun, step: Step) -> list[AnyRun]:
        error = self._verdict(run)
        if error is not None:
            self.work.note(run, f"cannot be undone yet: {error}")
            self._later(run)
            return self._rest(run)
        if step.reverse is not None:
            reverse = step.reverse
            with context.use(run.context):
                self._timed(step, [run], lambda: reverse(self.work, run))
            self.work.note(run, "undone")
        if not run.pending:
            run.attempt = 0
        run.done = run.job.index(step.name)
        run.step = self._before(run, run.done)
        return self._rest(run)

    def _timed(self, step: Step, runs: Sequence[AnyRun], call: Callable[[], T]) -> T:
        clock = self.work.world.clock
        began = clock.monotonic()
        value = self._guarded(runs, call)
        self.stepped.append((runs, step.name, runs[0].direction, began, clock.monotonic() - began))
        return value

    def _guarded(self, runs: Sequence[AnyRun], call: Callable[[], T]) -> T:
        try:
            return call()
        except Exception as error:
            raise Fault(runs, error) from error

    def _done(self, run: AnyRun, step: Step, value: object) -> None:
        run.answer, run.memory = self._guarded([run], lambda: (plain(value), plain(run.memory)))
        self.work.note(run, "done", step.name)
        run.attempt = 0
        run.done += 1
        run.step = END if self.work.completed(run) else run.job.after(step.name)

    def _again(self, run: AnyRun, error: errors.Again) -> None:
        self.work.note(run, str(error))
        wait = error.parameters.get("after")
        self._later(run, wait if isinstance(wait, int) else None)

    def _later(self, run: AnyRun, wait: int | None = None) -> None:
        run.attempt += 1
        self.retried.append(run)
        run.not_before = self.work.now + (pause(run.attempt) if wait is None else wait)

    def _directed(self, run: AnyRun) -> bool:
        """Turn the run as far as it is to be turned before it goes on; false if it goes on later."""
        if run.direction is Direction.FORWARD:
            if run.cancel is not None and run.irrevocable is None:
                self._turn(run, None, run.begun)
        elif run.rewind is not None and run.step == self._before(run, run.job.index(run.rewind)):
            if run.cancel is not None:
                run.rewind, run.error = None, told(_ended(run))
            else:
                run.direction, run.step = Direction.FORWARD, run.rewind
                run.rewind, run.error, run.answer = None, None, None
                run.way += 1
                self.work.note(run, "begins again from here")
                if any(run.id == id for id, _, _ in self._verdicts):  # they are of the way before
                    self._rest(run)
                    self.work.touched.add(run.job.stage)
                    return False
        return True

    def _fail(self, run: AnyRun, step: Step, error: BaseException, begun: int) -> None:
        """A step failed: let the run begin again where the step says, or give up."""
        target = self._rewound(run, step, error, begun)
        self._turn(run, error, begun)
        run.rewind = None if target is None else target.name

    def _rewound(self, run: AnyRun, step: Step, error: BaseException, begun: int) -> Step | None:
        """Where the run begins again: at a step that was begun, unless one of these may have destroyed something."""
        rewinds, raised = step.rewinds, errors.restore(told(error))
        given_up = run.cancel is not None or isinstance(raised, (Cancelled, Overdue))
        if rewinds is None or given_up or any(each.destroys for each in run.job.steps[:begun]):
            return None
        memory = run.memory
        try:
            with context.use(run.context), self.work.tx.connection.begin_nested():
                target = rewinds(self.work, run, raised)
                run.memory = plain(run.memory)
                return None if target is None or run.job.index(target.name) >= begun else target
        except Exception as reason:
            if isinstance(reason, sqlalchemy.exc.DBAPIError) and (transient(reason) or reason.connection_invalidated):
                raise
            run.memory = memory
            self.work.note(run, f"it was not told where to begin again: {reason}")
            return None

    def _turn(self, run: AnyRun, error: BaseException | None, begun: int) -> None:
        """Turn the run round: the steps that were begun, so many, are undone."""
        run.error = told(_ended(run) if error is None or run.cancel is not None else error)
        run.direction = Direction.UNDO
        run.attempt = 0
        run.not_before = None
        run.step = self._before(run, begun)

    def _before(self, run: AnyRun, index: int) -> str:
        return run.job.steps[index - 1].name if index else END

    def _rest(self, run: AnyRun) -> list[AnyRun]:
        """Let the run wait if it has reason to, else carry it on."""
        self.work.change(run)
        if run.pending or run.not_before is not None:
            run.state = State.WAITING
            if run.not_before is not None and not run.pending:
                self.work.wake_at = min(self.work.wake_at or run.not_before, run.not_before)
            return []
        run.state = State.READY if run.hold is None else State.HELD
        return [run] if run.hold is None else []

    def _begin(self, run: AnyRun, step: Step) -> None:
        if self._verdict(run) is not None:
            if self.settle(run, None, None):
                self.work.touched.add(run.job.stage)
        elif step.answers or self._thread == run.job.stage:
            self._thread = self._thread if step.answers else None
            run.state, run.owner = State.RUNNING, self._owner
            run.epoch = max(run.epoch, self._floor) + 1
            run.deadline = self.work.now + (step.limit or 0) * SECOND
            self.begun.append(run)
            self.work.change(run)
        else:  # as it was found: ready
            self.work.touched.add(run.job.stage)

    def _end(self, run: AnyRun, outcome: Outcome) -> None:
        self.work.end(run, outcome)
        self._ended.append(run)
        if run.parent is None and run.job.stage in self._settings.limited:
            self.work.touched.add(run.job.stage)  # another may be begun

    def _adopt_born(self) -> list[AnyRun]:
        """Grant lanes to the jobs filed in this round; those that may go on in this transaction do."""
        before, self._born = self._born, len(self.work.born)
        born = self.work.born[before:]
        self.work.grant(born)
        self._known.update((run.id, run) for run in born)
        fused = born[: max(0, FUSED - before)]
        return [run for run in fused if run.state is State.READY and self._fusable(run)]

    def _fusable(self, run: AnyRun) -> bool:
        """Whether the run may go on here: as a worker of its stage might have claimed it."""
        stage = run.job.stage
        if not self._fuse or stage in self._settings.paused:
            return False
        return stage not in self._settings.limited if run.parent is None else run.parent in self._known

    def _report(self) -> list[AnyRun]:
        """Tell parents that children have ended; a parent whose last child it was goes on."""
        children = [run for run in self._ended if run.parent is not None]
        self._ended.clear()
        missing = {run.parent for run in children if run.parent is not None} - set(self._known)
        if missing:
            self.lock(missing)
        following = []
        for child in children:
            parent = self._known[child.parent or 0]
            if self._tracing:
                self.spawners[child.id] = spans.spawner(parent)
            ok = child.outcome is Outcome.SUCCEEDED
            parent.children[str(child.id)] = {"ok": child.answer} if ok else {"failed": child.error}
            parent.pending -= 1
            self.work.change(parent)
            if not parent.pending and parent.state is State.WAITING:
                following += self._woken(parent)
        return following

    def _woken(self, run: AnyRun) -> list[AnyRun]:
        failures = [cast(Mapping[str, object], each["failed"]) for each in run.children.values() if "failed" in each]
        run.answer = [each.get("ok") for each in run.children.values()]
        run.children = {}
        if failures and run.direction is Direction.FORWARD:
            self._fail(run, run.job.steps[run.done - 1], errors.restore(failures[0]), run.done)
        elif failures:
            run.step = run.job.steps[run.done].name  # what undoes it was undone itself
            self._later(run)
        elif run.direction is Direction.UNDO:
            run.attempt = 0
        following = self._rest(run)
        if following and not self._fusable(run):
            self.work.touched.add(run.job.stage)
            return []
        return following


def _ended(run: AnyRun) -> errors.Error:
    """Why a run that was cancelled ends."""
    return Overdue() if run.due is not None and (run.cancel or 0) >= run.due else Cancelled()


def _outcome(run: AnyRun) -> Outcome:
    if run.direction is Direction.FORWARD:
        return Outcome.SUCCEEDED
    return Outcome.FAILED if run.cancel is None else Outcome.CANCELLED
