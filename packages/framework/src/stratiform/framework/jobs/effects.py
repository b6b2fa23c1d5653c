"""The effects of this process: begun once their intent is durable, and kept until their outcome is recorded."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from functools import partial

import structlog

from stratiform.framework import context
from stratiform.framework.base import errors
from stratiform.framework.base.clock import SECOND, Clock
from stratiform.framework.cluster.membership import Membership
from stratiform.framework.jobs import spans
from stratiform.framework.jobs.meter import Meter
from stratiform.framework.jobs.provided import Provided
from stratiform.framework.jobs.stage import AnyCall, AnyRun, Workers

log = structlog.get_logger(__name__)


class OutcomeUnknown(errors.Error):
    """Nobody can tell whether {step} happened: the process that did it died, and it is never done twice."""

    code = "outcome_unknown"


class Effects:
    """What this process does to the world. May be called from any thread."""

    def __init__(
        self,
        stages: Mapping[str, Workers],
        provided: Provided,
        membership: Membership,
        clock: Clock,
        meter: Meter,
    ) -> None:
        self._stages = stages
        self._provided = provided
        self._membership = membership
        self._clock = clock
        self._meter = meter
        self._lock = threading.Lock()
        self._calls: dict[tuple[int, int], AnyCall] = {}

    def register(self, run: AnyRun) -> AnyCall:
        """Know of an effect, before its intent is durable: so none that the database knows is ever unknown here."""
        call = AnyCall(run, run.job.step(run.step), self._provided, self.answered)
        call.began = self._clock.monotonic()
        with self._lock:
            self._calls[call.id, call.epoch] = call
        return call

    def forget(self, calls: Iterable[AnyCall]) -> None:
        """Know no more of effects that are recorded or were not begun, unless another call took their place."""
        with self._lock:
            for call in calls:
                if self._calls.get((call.id, call.epoch)) is call:
                    del self._calls[call.id, call.epoch]

    def abandon(self) -> None:
        """Know of no effect any more: they are not this process's own."""
        with self._lock:
            self._calls.clear()

    def unknown(self, found: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
        """Of jobs and epochs that the database says are carried out here, those that are not."""
        with self._lock:
            return [each for each in found if each not in self._calls]

    def begin(self, calls: Sequence[AnyCall]) -> None:
        """Begin effects whose intent is durable; the one that holds this thread, if there is one, comes last."""
        for call in sorted(calls, key=lambda call: not call.step.answers):
            self._act(call)

    def inquire(self, call: AnyCall) -> None:
        """Learn what became of an effect whose outcome is unknown, or do it again if that is harmless."""
        ask = call.step.inquire
        if ask is not None and call.step.answers:
            self._ask(call)
        elif ask is not None:
            self._stages[call.stage].push_task(partial(self._ask, call))
        elif call.step.once:
            call.fail(OutcomeUnknown(step=call.step.name))
        elif call.step.answers:
            self._act(call)
        else:
            self._stages[call.stage].push_task(partial(self._act, call))

    def chase(self) -> None:
        """Ask what became of effects that are past their limit."""
        now = self._clock.now()
        with self._lock:
            late = [call for call in self._calls.values() if call.deadline is not None and call.deadline <= now]
        for call in late:
            call.deadline = now + (call.step.limit or 60) * SECOND
            if call.step.inquire is not None:
                self.inquire(call)

    def halt(self, wanted: Iterable[tuple[int, int]]) -> None:
        """Ask for the end of effects, by id and epoch, whose jobs are cancelled; those that cannot be stopped go on."""
        with self._lock:
            calls = [self._calls[each] for each in wanted if each in self._calls]
        for call in calls:
            if call.step.halt is None:
                continue
            try:
                with context.use(call.context):
                    call.step.halt(call)
            except Exception as error:
                self._report("an effect could not be stopped", call, error)

    def answered(self, call: AnyCall, value: object, error: BaseException | None) -> None:
        """Queue the outcome of an effect to be recorded."""
        outcome = "done" if error is None else "unknown" if isinstance(error, OutcomeUnknown) else "failed"
        self._meter.effect(call.stage, call.kind, self._clock.monotonic() - call.began, outcome)
        if self._meter.tracer is not None:
            self._meter.tracer.emit(spans.effect(call, error, self._clock))
        self._stages[call.stage].push_answer((call, value, error))

    def _act(self, call: AnyCall) -> None:
        """Do it, on this thread. Raises nothing but `Expired`."""
        if not self._ours(call):
            return
        try:
            with context.use(call.context), self._meter.busy(call.stage):
                value = call.step.run(call)
        except Exception as error:
            if not isinstance(error, errors.Error):
                self._report("an effect raised", call, error)
            call.fail(error)
        else:
            if not call.step.answers:
                call.answer(value)

    def _ask(self, call: AnyCall) -> None:
        """Ask for it, on this thread; an answer that is none is no answer: it is asked again. Raises `Expired`."""
        if not self._ours(call):
            return
        try:
            with context.use(call.context):
                if call.step.inquire is not None:
                    call.step.inquire(call)
        except Exception as error:
            self._report("the fate of an effect could not be asked for", call, error)

    def _ours(self, call: AnyCall) -> bool:
        """Whether it is still for this process to do. Raises `Expired`."""
        self._membership.check()
        return call.owner == self._membership.id

    def _report(self, event: str, call: AnyCall, error: Exception) -> None:
        log.error(event, step=call.step.name, exc_info=error, **context.attributes(call.context))
