"""Carry jobs through their steps in rounds, as far as one transaction reaches.

Everything here happens inside the transaction that claimed or locked the jobs: a crash leaves them as they were.
Children that only write the database, and parents whose last child has ended, go on in the same transaction.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from stratiform.framework import context
from stratiform.framework.base import errors
from stratiform.framework.base.clock import SECOND
from stratiform.framework.db import rows
from stratiform.framework.jobs import statement
from stratiform.framework.jobs.kind import END, Registry, Step
from stratiform.framework.jobs.run import Run, decode
from stratiform.framework.jobs.state import Direction, Outcome, State
from stratiform.framework.jobs.work import Work

AnyRun = Run[msgspec.Struct]

LONGEST_PAUSE = 60 * SECOND


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

    `verdicts` names runs that are to fail at their step without being run, since they raised before. `fuse` says
    whether children and parents go on in this transaction.
    """

    def __init__(
        self,
        work: Work,
        registry: Registry,
        *,
        owner: str,
        floor: int,
        verdicts: Mapping[int, BaseException],
        fuse: bool = True,
    ) -> None:
        self.work = work
        self.begun: list[AnyRun] = []
        """Runs whose effect begins once this is committed."""
        self._registry = registry
        self._owner = owner
        self._floor = floor
        self._verdicts = verdicts
        self._fuse = fuse
        self._known: dict[int, AnyRun] = {}
        self._ended: list[AnyRun] = []
        self._born = 0

    def lock(self, ids: Iterable[int]) -> dict[int, AnyRun]:
        """Lock and decode these jobs and their ancestors; those that are gone are absent."""
        wanted = rows.encode([{"id": each} for each in sorted(set(ids))])
        found = self.work.tx.execute(statement.lock(self.work.tx.dialect), {"rows": wanted})
        for row in found.mappings():
            self._known.setdefault(int(row["id"]), decode(dict(row), self._registry))
        return self._known

    def claim(self, stage: str, limit: int) -> list[AnyRun]:
        """Take up the ready jobs of a stage."""
        kinds = [{"kind": name, "version": version} for name, version in self._registry.jobs]
        parameters = {"stage": stage, "limit": limit, "kinds": rows.encode(kinds)}
        found = self.work.tx.execute(statement.claim(self.work.tx.dialect), parameters)
        runs = [decode(dict(row), self._registry) for row in found.mappings()]
        self._known.update((run.id, run) for run in runs)
        return runs

    def go(self, runs: Sequence[AnyRun], *, alone: str | None = None) -> None:
        """Carry the runs on until each has ended, waits, or begins an effect.

        `alone`: the stage whose worker calls; one effect of this stage may hold its thread afterwards.
        """
        due = list(runs)
        while due:
            due = self._round(due, alone)

    def settle(self, run: AnyRun, value: object, error: BaseException | None) -> list[AnyRun]:
        """Take note of how the effect of a run ended, and answer the run if it can go on."""
        step = run.job.step(run.step)
        run.owner, run.deadline, run.state = None, None, State.READY
        if error is None:
            self._done(run, step, value)
        elif isinstance(error, errors.Again):
            self._again(run, error)
        else:
            self.work.note(run, f"failed: {error}")
            self._turn(run, error, step)
        return self._rest(run)

    def _round(self, due: Sequence[AnyRun], alone: str | None) -> list[AnyRun]:
        groups: dict[tuple[str, int, Direction, str], list[AnyRun]] = {}
        for run in due:
            groups.setdefault((run.job.name, run.job.version, run.direction, run.step), []).append(run)
        following = [run for group in groups.values() for run in self._group(group, alone)]
        following += self._adopt_born()
        following += self._report()
        return following

    def _group(self, runs: Sequence[AnyRun], alone: str | None) -> list[AnyRun]:
        step = runs[0].current
        if step is None:
            outcome = Outcome.SUCCEEDED if runs[0].direction is Direction.FORWARD else Outcome.FAILED
            for run in runs:
                self._end(run, outcome)
            return []
        if runs[0].direction is Direction.UNDO:
            return [run for each in runs for run in self._undo(each, step)]
        if step.outside:
            for run in runs:
                self._begin(run, step, alone)
            return []
        return self._forward(runs, step)

    def _forward(self, runs: Sequence[AnyRun], step: Step) -> list[AnyRun]:
        sound = [run for run in runs if run.id not in self._verdicts]
        if step.batch and sound:
            self._guarded(sound, lambda: step.run(self.work, sound))
        elif not step.batch:
            for run in sound:
                with context.use(run.context):
                    run.answer = self._guarded([run], lambda run=run: step.run(self.work, run))
        following = []
        for run in runs:
            error = self._verdicts.get(run.id) or self.work.failed(run)
            if error is None:
                self._done(run, step, run.answer)
            elif isinstance(error, errors.Again):
                self._again(run, error)
            else:
                self.work.note(run, f"failed: {error}")
                self._turn(run, error, None)
            following += self._rest(run)
        return following

    def _undo(self, run: AnyRun, step: Step) -> list[AnyRun]:
        error = self._verdicts.get(run.id)
        if error is not None:
            self.work.note(run, f"cannot be undone yet: {error}")
            run.attempt += 1
            run.not_before = self.work.now + pause(run.attempt)
            return self._rest(run)
        if step.reverse is not None:
            reverse = step.reverse
            with context.use(run.context):
                self._guarded([run], lambda: reverse(self.work, run))
            self.work.note(run, "undone")
        run.attempt = 0
        run.done = run.job.index(step.name)
        run.step = self._before(run, run.done)
        return self._rest(run)

    def _guarded(self, runs: Sequence[AnyRun], call: object) -> object:
        try:
            return call()  # type: ignore[operator]
        except Exception as error:
            raise Fault(runs, error) from error

    def _done(self, run: AnyRun, step: Step, value: object) -> None:
        self.work.note(run, "done", step.name)
        run.answer = msgspec.to_builtins(value)
        run.attempt = 0
        run.done += 1
        run.step = END if self.work.completed(run) else run.job.after(step.name)

    def _again(self, run: AnyRun, error: errors.Again) -> None:
        self.work.note(run, str(error))
        run.attempt += 1
        wait = error.parameters.get("after")
        run.not_before = self.work.now + (wait if isinstance(wait, int) else pause(run.attempt))

    def _turn(self, run: AnyRun, error: BaseException, effect: Step | None) -> None:
        """Turn the run round: undo what is behind it, and the effect under way, whose outcome may be partial."""
        run.error = errors.describe(error)
        run.direction = Direction.UNDO
        run.attempt = 0
        if effect is None:
            run.step = self._before(run, run.job.index(run.step))

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
        run.state = State.READY
        return [run]

    def _begin(self, run: AnyRun, step: Step, alone: str | None) -> None:
        self.work.change(run)
        if run.id in self._verdicts:
            if self.settle(run, None, self._verdicts[run.id]):
                self.work.touched.add(run.job.stage)
        elif step.answers or (alone == run.job.stage and not self.begun):
            run.state, run.owner = State.RUNNING, self._owner
            run.epoch = max(run.epoch, self._floor) + 1
            run.deadline = self.work.now + (step.limit or 0) * SECOND
            self.begun.append(run)
        else:
            run.state = State.READY
            self.work.touched.add(run.job.stage)

    def _end(self, run: AnyRun, outcome: Outcome) -> None:
        self.work.end(run, outcome)
        self._ended.append(run)

    def _adopt_born(self) -> list[AnyRun]:
        """Grant lanes to the children of this round; those that may go on in this transaction do."""
        born, self._born = self.work.born[self._born :], len(self.work.born)
        self.work.grant(born)
        self._known.update((run.id, run) for run in born)
        return [run for run in born if run.state is State.READY and self._fuse]

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
            ok = child.outcome is Outcome.SUCCEEDED
            parent.children[str(child.id)] = {"ok": child.answer} if ok else {"failed": child.error}
            parent.pending -= 1
            self.work.change(parent)
            if not parent.pending and parent.state is State.WAITING:
                following += self._woken(parent)
        return following

    def _woken(self, run: AnyRun) -> list[AnyRun]:
        failures = [each["failed"] for each in run.children.values() if "failed" in each]
        run.answer = [each.get("ok") for each in run.children.values()]
        run.children = {}
        if failures and run.direction is Direction.FORWARD:
            failure = failures[0]
            self._turn(run, errors.restore(failure if isinstance(failure, dict) else {}), None)
        elif failures:
            run.step = run.job.steps[run.done].name
            run.attempt += 1
            run.not_before = self.work.now + pause(run.attempt)
        following = self._rest(run)
        if following and not self._fuse:
            self.work.touched.add(run.job.stage)
            return []
        return following
