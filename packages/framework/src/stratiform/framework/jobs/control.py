"""The operator's hand: what an operator does to jobs, stages and lanes, each in one transaction with its event.

A job is always taken with all that came of it, locked from the top down: a child that a step files at this moment is
found by the next look, for whoever files it holds its parent's row.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec
import sqlalchemy
from sqlalchemy import Row

from stratiform.framework.base import errors
from stratiform.framework.db import rows
from stratiform.framework.jobs import share as shares
from stratiform.framework.jobs import statement
from stratiform.framework.jobs.kind import Registry
from stratiform.framework.jobs.run import Run, decode
from stratiform.framework.jobs.setting import Setting
from stratiform.framework.jobs.state import Direction, Mode, Outcome, State
from stratiform.framework.jobs.table import job, lane, stage
from stratiform.framework.jobs.work import Work

AnyRun = Run[msgspec.Struct]

SETTABLE = frozenset({"name", "workers", "least", "most", "target", "mode", "in_flight", "depth", "weight", "deadline"})

MOST_WORKERS = 256
"""Of a stage in one process: each is a thread and, while it writes, a connection."""


class NoJob(errors.NotFound):
    """There is no job {uuid}."""

    code = "no_job"


class NoStage(errors.NotFound):
    """There is no stage {name}; there are {known}."""

    code = "no_stage"


class NoLane(errors.NotFound):
    """Nobody has used or set the lane {key} yet, and no kind of lane is called so; there are {known}."""

    code = "no_lane"


class Over(errors.Conflict):
    """The job {uuid} has ended ({outcome}): there is nothing left to {action}."""

    code = "job_over"


class OnItsWayBack(errors.Conflict):
    """The job {uuid} undoes, or serves what undoes; an undo is never cancelled, for what it leaves would be lost."""

    code = "job_on_its_way_back"


class Irrevocable(errors.Conflict):
    """The job {uuid} cannot be cancelled any more: the step {step} may have destroyed something. It goes on."""

    code = "job_irrevocable"


class Unread(errors.Conflict):
    """The job {uuid} is of kind {kind} version {version}, which this server does not know. Ask one that does."""

    code = "job_unread"


class Descended(errors.Conflict):
    """The job {uuid} came of the job {root}; only that one can be filed anew."""

    code = "job_descended"


class Lives(errors.Conflict):
    """The job {uuid} has not ended, so there is nothing to file anew: it is {state}."""

    code = "job_lives"


class Succeeded(errors.Conflict):
    """The job {uuid} succeeded: there is nothing to file anew."""

    code = "job_succeeded"


class Unrepeatable(errors.Conflict):
    """Jobs of kind {kind}, as {uuid} is one, cannot be filed anew. Ask for the same by the command that filed it."""

    code = "job_unrepeatable"


class Followed(errors.Conflict):
    """The job {uuid} was followed by {later}, of the same kind about the same, which is {state}. Look at that one."""

    code = "job_followed"


class BadSetting(errors.Invalid):
    """{name} cannot be {value}: {reason}."""

    code = "bad_setting"


class Place(StrEnum):
    """Where in its queue a job is put."""

    FIRST = "first"
    LAST = "last"


@dataclass(frozen=True, kw_only=True)
class Done:
    """What became of what was asked for."""

    uuid: str
    jobs: int
    """Jobs that it concerns: the one that was named and those that came of it and live."""
    text: str
    """What happens next, for people."""


def cancel(work: Work, registry: Registry, uuid: str) -> Done:
    """Ask for the end of a job and of all that came of it; what was done is undone.

    What waits goes back at once, what acts outside when that has ended or was stopped. Raises `NoJob`, `Over`,
    `OnItsWayBack`, `Irrevocable` or `Unread`.
    """
    top, below = _family(work, registry, uuid, "cancel")
    above = _ancestors(work, registry, top)
    forward = _forward([top, *below])
    if top not in forward or any(run.direction is Direction.UNDO for run in above):
        raise OnItsWayBack(uuid=uuid)
    for run in (*forward, *above):
        if run.irrevocable is not None:
            raise Irrevocable(uuid=uuid, step=f"{run.job.name}/{run.irrevocable.name}")
    blocked = [run for run in forward if run.state is State.BLOCKED and not run.begun]
    for run in forward:
        if run in blocked or run.state is State.HELD or (run.state is State.WAITING and not run.pending):
            run.state, run.not_before = State.READY, None
        if run.state is State.READY:
            work.touched.add(run.job.stage)
        if run.cancel is None:
            work.note(run, "its end was asked for")
        work.change(run)
    _mark(work, "cancel", [run for run in forward if run.cancel is None])
    _leave_queues(work, blocked)
    queued = [run for run in forward if run.state is State.BLOCKED]
    if queued:
        return Done(uuid=uuid, jobs=len(forward), text=f"it is undone as soon as it has the lane {queued[0].lane}")
    under_way = [run for run in forward if run.state is State.RUNNING]
    if not under_way:
        return Done(uuid=uuid, jobs=len(forward), text="it is undone at once")
    which = ", ".join(sorted({f"{run.job.name}/{run.step}" for run in under_way}))
    ends = "was told to stop" if all(_stops(run) for run in under_way) else "cannot be stopped and ends first"
    return Done(uuid=uuid, jobs=len(forward), text=f"it is undone as soon as {which} has ended, which {ends}")


def hold(work: Work, registry: Registry, uuid: str) -> Done:
    """Let a job and all that came of it stop at the next step's border until it is released.

    Raises `NoJob`, `Over` or `Unread`.
    """
    top, below = _family(work, registry, uuid, "hold")
    runs = [top, *below]
    for run in runs:
        if run.state is State.READY:
            run.state = State.HELD
        if run.hold is None:
            work.note(run, "held")
        work.change(run)
    _mark(work, "hold", [run for run in runs if run.hold is None])
    held = sum(run.state is State.HELD for run in runs)
    return Done(uuid=uuid, jobs=len(runs), text=f"{held} of {len(runs)} jobs stand; the others stop at their next step")


def release(work: Work, registry: Registry, uuid: str) -> Done:
    """Let a job that was held, and all that came of it, go on. Raises `NoJob`, `Over` or `Unread`."""
    top, below = _family(work, registry, uuid, "release")
    runs = [run for run in (top, *below) if run.hold is not None]
    for run in runs:
        if run.state is State.HELD:
            run.state = State.READY
            work.touched.add(run.job.stage)
        work.note(run, "released")
        work.change(run)
    _unmark(work, "hold", runs)
    return Done(uuid=uuid, jobs=len(runs), text="it goes on")


def prioritize(work: Work, registry: Registry, uuid: str, place: Place) -> Done:
    """Put a job and all that came of it before, or behind, everything in their queues.

    Raises `NoJob`, `Over` or `Unread`.
    """
    top, below = _family(work, registry, uuid, "prioritize")
    runs = [top, *below]
    queue = (
        sqlalchemy.select(job.c.stage, sqlalchemy.func.min(job.c.ticket), sqlalchemy.func.max(job.c.ticket))
        .where(job.c.state.in_((State.READY, State.BLOCKED)), job.c.stage.in_({run.job.stage for run in runs}))
        .group_by(job.c.stage)
    )
    ends = {name: (int(least), int(most)) for name, least, most in work.tx.connection.execute(queue)}
    for run in runs:
        least, most = ends.get(run.job.stage, (run.ticket, run.ticket))
        ticket = least - 1 if place is Place.FIRST else most + 1
        work.tx.execute(sqlalchemy.update(job).where(job.c.id == run.id).values(ticket=ticket))
        work.note(run, f"put {place} in its queue")
        work.change(run)
    return Done(uuid=uuid, jobs=len(runs), text=f"{len(runs)} jobs are {place} in their queues")


def retry(work: Work, registry: Registry, uuid: str) -> Done:
    """File a job anew that failed or was cancelled: the same kind, payload and resource, for the same account.

    `Done.uuid` is the new job, whose principal is that of the context. One that was filed anew already is not filed
    again: however often and from wherever this is asked, there is one new job, and that is answered, of 0 jobs.

    Only the last of its kind about its resource may be: what came later has seen what it left. Raises `NoJob`,
    `Descended`, `Lives`, `Succeeded`, `Followed`, `Unread`, `Unrepeatable`, what the `retry` of its kind raises, and
    what filing a job raises.
    """
    found = sqlalchemy.select(job).where(job.c.uuid == uuid).with_for_update()
    row = work.tx.execute(found).one_or_none()
    if row is None:
        raise NoJob(uuid=uuid)
    if row.retried is not None:
        return Done(uuid=row.retried, jobs=0, text=f"it was filed anew before, as {row.retried}")
    _refuse_again(work, row)
    run = _read(row, registry)
    if run.job.retry is None:
        raise Unrepeatable(uuid=uuid, kind=row.kind)
    if run.unreadable is not None:
        raise run.unreadable
    new = work.submit(run.job, run.payload, fair_key=run.fair_key, resource=run.resource)
    run.job.retry(work, new)
    work.note(new, f"filed anew for {uuid}")
    work.tx.execute(sqlalchemy.update(job).where(job.c.id == run.id).values(retried=new.uuid))
    return Done(uuid=new.uuid, jobs=1, text=f"it is filed anew, as {new.uuid}")


def set_stage(work: Work, name: str, **values: object) -> Setting:
    """Set a stage: workers, least, most, target, mode, in_flight, depth, weight, deadline; others stay as they are.

    Every server goes by it within two seconds. Raises `NoStage` or `BadSetting`.
    """
    found = sqlalchemy.select(stage).where(stage.c.name == name).with_for_update()
    row = work.tx.execute(found).mappings().one_or_none()
    if row is None:
        known = work.tx.connection.execute(sqlalchemy.select(stage.c.name).order_by(stage.c.name)).scalars()
        raise NoStage(name=name, known=", ".join(known))
    after = {key: row[key] for key in row if key in SETTABLE} | values
    _check(after)
    if values:
        work.tx.execute(sqlalchemy.update(stage).where(stage.c.name == name).values(**values))
    work.touched.add(name)
    return Setting(**after | {"mode": Mode(after["mode"])})


def set_lane(work: Work, registry: Registry, key: str, *, mode: Mode | None = None, width: int | None = None) -> None:
    """Set a lane's mode, run or pause, and its width; those who wait for it go on as far as there is room.

    Raises `NoLane` or `BadSetting`.
    """
    kind = registry.lanes.get(key.partition("/")[0])
    if kind is None or not key.partition("/")[2]:
        raise NoLane(key=key, known=", ".join(f"{each}/…" for each in sorted(registry.lanes)))
    if mode is Mode.DRAIN:
        raise BadSetting(name="mode", value=mode, reason="a lane runs or is paused")
    if width is not None and not 1 <= width <= MOST_WORKERS:
        raise BadSetting(name="width", value=width, reason=f"it is from 1 to {MOST_WORKERS}")
    work.grant_none(key, kind.width)
    found = sqlalchemy.select(lane).where(lane.c.key == key).with_for_update()
    row = work.tx.execute(found).one()
    width, mode = width or row.width, mode or Mode(row.mode)
    steered = int(mode is not Mode.RUN or width != kind.width)
    work.tx.execute(sqlalchemy.update(lane).where(lane.c.key == key).values(mode=mode, width=width, steered=steered))
    if mode is Mode.RUN and row.queued:
        work.promote({key: min(max(0, width - row.busy), row.queued)})


def set_share(work: Work, fair_key: str, weight: int) -> None:
    """Set the weight of an account: of two that always have work, one of weight 3 gets three times as much as one of 1.

    Its roots that are queued get the tickets that they would have with this weight, but for those that were put first
    and those that are taken up at this moment. Raises `BadSetting`.
    """
    if not 1 <= weight <= 1000:
        raise BadSetting(name="weight", value=weight, reason="it is from 1 to 1000")
    shares.weigh(work.tx, fair_key, weight)


def _family(work: Work, registry: Registry, uuid: str, action: str) -> tuple[AnyRun, list[AnyRun]]:
    """A job and those that came of it and live, all locked."""
    found = sqlalchemy.select(job).where(job.c.uuid == uuid).with_for_update()
    row = work.tx.execute(found).one_or_none()
    if row is None:
        raise NoJob(uuid=uuid)
    if row.state == State.ENDED:
        raise Over(uuid=uuid, outcome=row.outcome, action=action)
    known = {row.id: _read(row, registry)}
    new = [row.id]
    while new:
        children = (
            sqlalchemy.select(job)
            .where(job.c.parent.in_(new), job.c.state != State.ENDED)
            .order_by(job.c.id)
            .with_for_update()
        )
        listed = work.tx.execute(children).all()
        new = [each.id for each in listed if each.id not in known]
        known |= {each.id: _read(each, registry) for each in listed if each.id in new}
    top = known.pop(row.id)
    return top, list(known.values())


def _forward(runs: Sequence[AnyRun]) -> list[AnyRun]:
    """Those that go forward, or are to again, and serve nothing that is being undone; parents come before children."""
    back: set[int] = set()
    forward = []
    for run in runs:
        if run.direction is Direction.UNDO or run.parent in back:
            back.add(run.id)
        if run.id not in back or (run.rewind is not None and run.parent not in back):
            forward.append(run)
    return forward


def _ancestors(work: Work, registry: Registry, run: AnyRun) -> list[AnyRun]:
    """What a job came of. They need no lock: none of them takes a step before this job has ended."""
    if run.parent is None:
        return []
    up = sqlalchemy.select(job.c.id, job.c.parent).where(job.c.id == run.parent).cte("up", recursive=True)
    up = up.union_all(sqlalchemy.select(job.c.id, job.c.parent).join(up, job.c.id == up.c.parent))
    found = work.tx.execute(sqlalchemy.select(job).where(job.c.id.in_(sqlalchemy.select(up.c.id))))
    return [_read(row, registry) for row in found]


def _refuse_again(work: Work, row: Row[Any]) -> None:
    """Raise for a job that is not to be filed anew whatever its kind."""
    if row.parent is not None:
        raise Descended(uuid=row.uuid, root=row.root)
    if row.state != State.ENDED:
        raise Lives(uuid=row.uuid, state=row.state)
    if row.outcome == Outcome.SUCCEEDED:
        raise Succeeded(uuid=row.uuid)
    if row.resource is None:
        return
    later = (
        sqlalchemy.select(job.c.uuid, job.c.state, job.c.outcome)
        .where(job.c.resource == row.resource, job.c.kind == row.kind, job.c.parent.is_(None))
        .where(sqlalchemy.tuple_(job.c.created, job.c.id) > sqlalchemy.tuple_(row.created, row.id))
        .order_by(job.c.created.desc(), job.c.id.desc())
        .limit(1)
    )
    other = work.tx.execute(later).one_or_none()
    if other is not None:
        raise Followed(uuid=row.uuid, later=other.uuid, state=other.outcome or other.state)


def _read(row: Row[Any], registry: Registry) -> AnyRun:
    if (row.kind, row.version) not in registry.jobs:
        raise Unread(uuid=row.uuid, kind=row.kind, version=row.version)
    return decode(row, registry)


def _mark(work: Work, column: str, runs: Iterable[AnyRun]) -> None:
    """Steps read these columns under the lock that is held here, and never write them."""
    ids = [run.id for run in runs]
    if ids:
        also = {"hold": None} if column == "cancel" else {}
        work.tx.execute(sqlalchemy.update(job).where(job.c.id.in_(ids)).values({column: work.now, **also}))


def _unmark(work: Work, column: str, runs: Sequence[AnyRun]) -> None:
    if runs:
        ids = [run.id for run in runs]
        work.tx.execute(sqlalchemy.update(job).where(job.c.id.in_(ids)).values({column: None}))


def _leave_queues(work: Work, blocked: Sequence[AnyRun]) -> None:
    """Jobs that were blocked and are cancelled want no slot any more."""
    if not blocked:
        return
    queues = Counter(run.lane for run in blocked)
    left = {"rows": rows.encode([{"key": key, "n": n} for key, n in sorted(queues.items(), key=str)])}
    if work.tx.dialect == "postgresql":
        work.tx.execute(statement.lock_lanes(work.tx.dialect), left)
    work.tx.execute(statement.leave_queue(work.tx.dialect), left)
    work.tx.execute(sqlalchemy.update(job).where(job.c.id.in_([run.id for run in blocked])).values(lane=None))


def _stops(run: AnyRun) -> bool:
    return run.current is not None and run.current.halt is not None


def _check(values: Mapping[str, object]) -> None:
    """Raise `BadSetting` for what no stage can be."""
    limits = {"workers": (0, MOST_WORKERS), "least": (1, MOST_WORKERS), "most": (1, MOST_WORKERS)}
    limits |= {"in_flight": (0, 1 << 31), "depth": (0, 1 << 31), "weight": (1, 1000), "target": (1, 1 << 62)}
    limits |= {"deadline": (1, 1 << 62)}
    for name, (low, high) in limits.items():
        value = values[name]
        if value is None and name not in ("workers", "weight"):
            continue
        if not isinstance(value, int) or not low <= value <= high:
            raise BadSetting(name=name, value=value, reason=f"it is from {low} to {high}")
    if values["mode"] not in set(Mode):
        raise BadSetting(name="mode", value=values["mode"], reason=f"it is one of {', '.join(Mode)}")
    bounds = [values[name] for name in ("least", "most", "target")]
    if bounds.count(None) not in (0, 3):
        raise BadSetting(name="target", value=values["target"], reason="least, most and target go together")
    if values["least"] is not None and int(str(values["least"])) > int(str(values["most"])):
        raise BadSetting(name="least", value=values["least"], reason="it is above most")
