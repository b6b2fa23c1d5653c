"""The spans of jobs, their steps, and the commands that these send; only called where there is a tracer."""

from collections.abc import Mapping, Sequence

import msgspec

from stratiform.framework.base.clock import Clock
from stratiform.framework.jobs.call import Call
from stratiform.framework.jobs.run import Run
from stratiform.framework.jobs.state import Direction, Outcome
from stratiform.framework.telemetry.redaction import redact
from stratiform.framework.telemetry.tracing import Role, Span, identifier, of_request

AnyRun = Run[msgspec.Struct]
AnyCall = Call[msgspec.Struct]

SYSTEM = "system:"
"""How principals begin that no request came from."""


def of_job(uuid: str) -> str:
    """The id of a job's span."""
    return identifier("job", uuid)


def of_step(uuid: str, step: str, direction: Direction) -> str:
    """The id of the span of a step that only writes the database."""
    return identifier("step", uuid, step, str(direction))


def of_effect(command: str) -> str:
    """The id of the span of an effect, by its command's id."""
    return identifier("effect", command)


def spawner(parent: AnyRun) -> str:
    """The id of the span of the step that children came of, whose parent still waits for them."""
    at = parent.done - (parent.direction is Direction.FORWARD)
    step = parent.job.steps[max(0, min(at, len(parent.job.steps) - 1))]
    return of_step(parent.uuid, step.name, parent.direction)


def job(run: AnyRun, parent: str | None) -> Span:
    """A job that ended; `parent` is the span of the step that it came of, None for a root."""
    if parent is None and not run.principal.startswith(SYSTEM):
        parent = of_request(run.request)
    failed = run.outcome is not Outcome.SUCCEEDED
    return Span(
        trace=run.trace,
        id=of_job(run.uuid),
        parent=parent,
        name=run.job.name,
        began=run.created,
        ended=run.changed,
        attributes={**_about(run), "stratiform.outcome": str(run.outcome)},
        error=_told((run.error or {}).get("text") or run.outcome) if failed else None,
    )


def steps(runs: Sequence[AnyRun], step: str, direction: Direction, took: tuple[int, int]) -> list[Span]:
    """A step that ran for one job or for a batch of them, from when to when (µs UTC)."""
    began, ended = took
    undo = direction is Direction.UNDO
    return [
        Span(
            trace=run.trace,
            id=of_step(run.uuid, step, direction),
            parent=of_job(run.uuid),
            name=f"{run.job.name} {'undo ' if undo else ''}{step}",
            began=began,
            ended=ended,
            attributes={**_about(run), "stratiform.step": step, "stratiform.batch": len(runs)},
        )
        for run in runs
    ]


def effect(call: AnyCall, error: BaseException | None, clock: Clock) -> Span:
    """An effect that was answered."""
    began, ended = since(clock, call.began)
    return Span(
        trace=call.context.trace,
        id=of_effect(call.command),
        parent=of_job(call.job),
        name=f"{call.kind} {call.step.name}",
        began=began,
        ended=ended,
        attributes={**_of(call), "stratiform.step": call.step.name, "stratiform.attempt": call.attempt},
        error=None if error is None else _told(error),
    )


def command(call: AnyCall, verb: str, fate: str, error: str | None, clock: Clock) -> Span:
    """What a far end told of a command that it was sent."""
    began, ended = since(clock, call.began)
    return Span(
        trace=call.context.trace,
        id=identifier("command", call.command, str(call.epoch), fate),
        parent=of_effect(call.command),
        name=verb,
        role=Role.CLIENT,
        began=began,
        ended=ended,
        attributes={**_of(call), "stratiform.command": call.command, "stratiform.fate": fate},
        error=None if error is None else _told(error),
    )


def since(clock: Clock, began: int, took: int | None = None) -> tuple[int, int]:
    """From when to when (µs UTC) something went that began at a time of the monotonic clock, until now or so long."""
    shift = clock.now() - clock.monotonic()
    return began + shift, shift + (clock.monotonic() if took is None else began + took)


def _about(run: AnyRun) -> Mapping[str, str]:
    named = {
        "job": run.uuid,
        "root": run.root,
        "kind": run.job.name,
        "stage": run.job.stage,
        "resource": run.resource,
        "account": run.fair_key,
        "principal": run.principal,
        "request": run.request,
    }
    return {f"stratiform.{name}": value for name, value in named.items() if value is not None}


def _of(call: AnyCall) -> Mapping[str, str]:
    named = {"job": call.job, "root": call.context.root, "kind": call.kind, "resource": call.resource}
    return {f"stratiform.{name}": value for name, value in named.items() if value is not None}


def _told(error: object) -> str:
    return str(redact(str(error)))
