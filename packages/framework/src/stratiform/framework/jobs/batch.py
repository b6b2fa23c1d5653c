"""A batch of jobs carried on in one transaction: all of them, or all but those that must not hurt the others."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import sqlalchemy
import structlog

from stratiform.framework import context
from stratiform.framework.base import errors
from stratiform.framework.base.world import World
from stratiform.framework.cluster.membership import Expired, Membership
from stratiform.framework.db import rows
from stratiform.framework.db.database import ATTEMPTS, Database, transient
from stratiform.framework.db.flush import DiskFailed
from stratiform.framework.jobs import spans, statement
from stratiform.framework.jobs.advance import LONGEST_PAUSE, Advance, Fault, Place
from stratiform.framework.jobs.effects import Effects
from stratiform.framework.jobs.kind import Registry
from stratiform.framework.jobs.meter import Meter
from stratiform.framework.jobs.provided import Provided
from stratiform.framework.jobs.setting import Settings
from stratiform.framework.jobs.stage import Answer, AnyCall, AnyRun
from stratiform.framework.jobs.state import Direction, State
from stratiform.framework.jobs.turnstile import Turnstile
from stratiform.framework.jobs.work import Work
from stratiform.framework.telemetry.tracing import Tracer

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """What one transaction is to carry on, and how."""

    stage: str
    ids: Sequence[int] | None = None
    """These jobs; None for the ready ones of the stage with the lowest tickets."""
    answers: Mapping[int, Answer] = field(default_factory=dict)
    """How the effects of some of them ended."""
    verdicts: Mapping[Place, BaseException] = field(default_factory=dict)
    """Steps that raised when they were run before, and are not run again."""
    fuse: bool = True
    left: int = ATTEMPTS
    """How often more it may be repeated because the database asks for it."""


class Batches:
    """Carries jobs on, a batch in a transaction. May be called from any thread.

    What a step wrote before it raised is rolled back with the whole batch. The batch is then repeated with a
    verdict on the one that raised, or in halves if it cannot be told which it was. A database that went away is
    nobody's fault: that is raised, and everything stays as it was.
    """

    def __init__(
        self,
        *,
        world: World,
        database: Database,
        registry: Registry,
        membership: Membership,
        provided: Provided,
        effects: Effects,
        settings: Settings,
        turnstile: Turnstile,
        meter: Meter,
        more: Callable[[str], None],
        committed: Callable[[str, int, Work], None],
    ) -> None:
        """`committed(stage, clock, work)` is told of each commit, before effects begin.

        `more(stage)` is told as soon as a claim was full: others may take up what is left meanwhile.
        """
        self._more = more
        self._settings = settings
        self._turnstile = turnstile
        self._meter = meter
        self._world = world
        self._database = database
        self._registry = registry
        self._membership = membership
        self._provided = provided
        self._effects = effects
        self._committed = committed
        self._kinds = rows.encode([{"kind": name, "version": version} for name, version in registry.jobs])

    def claim(self, stage: str) -> bool:
        """Take up ready jobs of a stage; true if it took more than one transaction and nobody looked for others."""
        return self._carry_on(Attempt(stage=stage))

    def record(self, stage: str, answers: Sequence[Answer]) -> None:
        """Record how effects ended, and carry their jobs on."""
        newest: dict[int, Answer] = {}
        for answer in answers:  # one of an older epoch is stale
            if answer[0].id not in newest or newest[answer[0].id][0].epoch < answer[0].epoch:
                newest[answer[0].id] = answer
        self._carry_on(Attempt(stage=stage, ids=sorted(newest), answers=newest))
        self._effects.forget(call for call, _, _ in answers)

    def _carry_on(self, attempt: Attempt) -> bool:
        seen: dict[int, Place] = {}
        try:
            self._transact(attempt, seen)
            return False
        except Expired:
            raise
        except Fault as fault:
            self._repeat(attempt, seen, fault.error, fault.runs)
        except Exception as error:
            self._repeat(attempt, seen, error, [])
        return True

    def _transact(self, attempt: Attempt, seen: dict[int, Place]) -> None:
        calls: list[AnyCall] = []
        waits: list[int] = []
        weight = self._settings.of(attempt.stage).weight
        try:
            busy, turn = self._meter.busy(attempt.stage), self._turnstile.turn(attempt.stage, weight)
            with busy, turn, self._database.transaction() as tx:
                began = self._world.clock.monotonic()
                owner = self._membership.id
                self._check(owner)
                work = Work(tx, self._registry, self._world, self._provided)
                advance = self._advance(attempt, work, owner)
                limit = self._registry.stages[attempt.stage].batch
                if attempt.ids is None:
                    runs = advance.claim(attempt.stage, limit)
                    if len(runs) == limit:
                        self._more(attempt.stage)
                    seen.update((run.id, _place(run)) for run in runs)
                    waits = [work.now - run.changed for run in runs]
                else:
                    runs = self._again(attempt, advance, seen)
                if not seen:
                    return
                advance.go(runs, alone=None if attempt.answers else attempt.stage)
                work.flush()
                self._check(owner)  # what is said to be carried out by somebody else would be taken over
                calls = [self._effects.register(run) for run in advance.begun]
        except BaseException:
            self._effects.forget(calls)  # if it was committed after all, the kernel finds them lost
            raise
        if attempt.ids is None and len(runs) == limit:
            work.touched.add(attempt.stage)  # there may be more
        self._count(attempt.stage, waits, self._world.clock.monotonic() - began, advance)
        self._committed(attempt.stage, max((run.ticket for run in runs), default=0), work)
        self._effects.begin(calls)

    def _count(self, stage: str, waits: Sequence[int], took: int, advance: Advance) -> None:
        self._meter.claimed(stage, waits)
        self._meter.transaction(stage, took)
        for runs, step, direction, _, us in advance.stepped:
            if direction is Direction.FORWARD:
                self._meter.stepped(runs[0].job.name, step, us)
        for run in advance.retried:
            self._meter.retried(run.job.stage, run.job.name)
        for run in advance.work.ended:
            self._meter.ended(run.job.stage, run.job.name, str(run.outcome), run.changed - run.created)
        if self._meter.tracer is not None:
            self._trace(self._meter.tracer, advance)

    def _trace(self, tracer: Tracer, advance: Advance) -> None:
        for runs, step, direction, began, us in advance.stepped:
            for span in spans.steps(runs, step, direction, spans.since(self._world.clock, began, us)):
                tracer.emit(span)
        for run in advance.work.ended:
            tracer.emit(spans.job(run, advance.spawners.get(run.id)))

    def _check(self, owner: str) -> None:
        self._membership.check()
        if self._membership.id != owner:
            raise Expired(name=self._membership.name, id=owner)

    def _advance(self, attempt: Attempt, work: Work, owner: str) -> Advance:
        return Advance(
            work,
            self._registry,
            owner=owner,
            floor=self._membership.floor,
            kinds=self._kinds,
            verdicts=attempt.verdicts,
            fuse=attempt.fuse,
            settings=self._settings,
            tracing=self._meter.tracer is not None,
        )

    def _again(self, attempt: Attempt, advance: Advance, seen: dict[int, Place]) -> list[AnyRun]:
        """The jobs that are still ours to carry on: ready ones, and effects whose epoch the answer carries."""
        known = advance.lock(attempt.ids or [])
        runs: list[AnyRun] = []
        for run in [known[number] for number in attempt.ids or [] if number in known]:
            answer = attempt.answers.get(run.id)
            if answer is None:
                if run.state is State.READY:
                    seen[run.id] = _place(run)
                    runs.append(run)
                continue
            call, value, error = answer
            if run.owner == self._membership.id and run.epoch == call.epoch and run.state is State.RUNNING:
                seen[run.id] = _place(run)
                runs += advance.settle(run, value, error)
            else:
                log.warning("a stale answer was dropped", job=call.job, epoch=call.epoch)
        return runs

    def _repeat(
        self, attempt: Attempt, seen: Mapping[int, Place], error: BaseException, guilty: Sequence[AnyRun]
    ) -> None:
        """Carry on again what was rolled back, without what raised."""
        again = replace(attempt, ids=list(seen))
        if isinstance(error, sqlalchemy.exc.DBAPIError) and transient(error) and attempt.left:
            self._carry_on(replace(attempt, left=attempt.left - 1))
        elif not seen or gone(error):
            raise error
        elif len(guilty) == 1 and not guilty[0].new and _place(guilty[0]) not in attempt.verdicts:
            self._report(error, guilty[0])
            self._carry_on(_with(again, error, _place(guilty[0])))
        elif len(seen) > 1:
            self._halve(again)
        elif attempt.fuse:
            self._carry_on(replace(again, fuse=False))
        elif not attempt.verdicts.keys() & seen.values():
            self._report(error, guilty[0] if guilty else None)
            self._carry_on(_with(again, error, *seen.values()))
        else:
            self._set_aside(again, error)

    def _halve(self, attempt: Attempt) -> None:
        ids = attempt.ids or []
        middle = len(ids) // 2
        for half in (ids[:middle], ids[middle:]):
            self._carry_on(replace(attempt, ids=half))

    def _set_aside(self, attempt: Attempt, error: BaseException) -> None:
        """Neither carried on nor failed: let it not stand before the others; it is tried again after a while."""
        now = self._world.clock.now()
        log.critical("a job can be neither carried on nor failed", jobs=attempt.ids, exc_info=error)
        with self._database.transaction() as tx:
            for id in attempt.ids or []:
                parameters = {"id": id, "now": now, "until": now + LONGEST_PAUSE}
                tx.execute(statement.set_aside(tx.dialect), parameters)

    def _report(self, error: BaseException, run: AnyRun | None) -> None:
        if isinstance(error, errors.Error):
            return
        ids = context.attributes(run.context) if run else {}
        log.error("a step raised", step=run.step if run else None, exc_info=error, **ids)


def gone(error: BaseException) -> bool:
    """Whether the database went away or cannot work now, which says nothing of what it was asked to do."""
    if isinstance(error, (sqlalchemy.exc.TimeoutError, DiskFailed)):  # the former: no connection was free
        return True
    if not isinstance(error, sqlalchemy.exc.DBAPIError):
        return False
    state = str(getattr(error.orig, "sqlstate", None) or "")
    code = getattr(error.orig, "sqlite_errorname", "").split("_")[:2]
    return (
        error.connection_invalidated
        or state.startswith(("08", "25P03", "53", "55P03", "57P", "58"))  # https://www.postgresql.org/docs/current/errcodes-appendix.html
        or "_".join(code) in _SQLITE_GONE
    )


_SQLITE_GONE = frozenset(
    f"SQLITE_{name}" for name in ("BUSY", "LOCKED", "NOMEM", "READONLY", "INTERRUPT", "IOERR", "FULL", "CANTOPEN")
)
"""https://sqlite.org/rescode.html"""


def _place(run: AnyRun) -> Place:
    return run.id, run.direction, run.step


def _with(attempt: Attempt, error: BaseException, *places: Place) -> Attempt:
    return replace(attempt, verdicts={**attempt.verdicts, **dict.fromkeys(places, error)})
