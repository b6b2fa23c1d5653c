"""Steering jobs, stages and lanes, each with the event that tells of it; and everything about one job."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec
import sqlalchemy
from sqlalchemy import Connection

from stratiform.api import resource
from stratiform.api.access import Access
from stratiform.api.cloud import Page, Query
from stratiform.api.principal import Principal
from stratiform.engine import check
from stratiform.engine.listing import ALL
from stratiform.engine.queue.listing import JOB, STAGE
from stratiform.framework.base import errors
from stratiform.framework.base.clock import SECOND
from stratiform.framework.db.database import Database
from stratiform.framework.events import outbox
from stratiform.framework.jobs import control, inspect
from stratiform.framework.jobs.control import BadSetting, Done, Place
from stratiform.framework.jobs.inspect import Facts, Line
from stratiform.framework.jobs.kind import Registry
from stratiform.framework.jobs.state import Direction, Mode, State
from stratiform.framework.jobs.table import job
from stratiform.framework.jobs.work import Work

COMMAND = ".command"
"""How kinds of jobs end that carry a command to a resource."""

NONE = -1
"""What clears a limit."""

SETTINGS: Mapping[str, str] = {
    "workers": "workers",
    "inflight": "in_flight",
    "depth": "depth",
    "weight": "weight",
    "target": "target",
    "least": "least",
    "most": "most",
}
"""The numbers that a stage is set by: their columns by the wire's parameters."""

ALWAYS = frozenset({"workers", "weight"})
"""Those of them that every stage has."""


def cancel(work: Work, registry: Registry, uuid: str) -> Done:
    """Ask for the end of a job. Raises what `control.cancel` raises."""
    return _told(work, uuid, "JOB.CANCEL", control.cancel(work, registry, uuid))


def hold(work: Work, registry: Registry, uuid: str) -> Done:
    """Let a job stop before its next step. Raises what `control.hold` raises."""
    return _told(work, uuid, "JOB.HOLD", control.hold(work, registry, uuid))


def release(work: Work, registry: Registry, uuid: str) -> Done:
    """Let a job that is held go on. Raises what `control.release` raises."""
    return _told(work, uuid, "JOB.RELEASE", control.release(work, registry, uuid))


def prioritize(work: Work, registry: Registry, uuid: str, place: Place) -> Done:
    """Put a job before or behind everything in its queue. Raises what `control.prioritize` raises."""
    done = control.prioritize(work, registry, uuid, place)
    return _told(work, uuid, "JOB.PRIORITIZE", done, position=str(place))


def set_stage(work: Work, name: str, given: Mapping[str, object]) -> None:
    """Set a stage by the wire's parameters: `mode` and those of `SETTINGS`; None leaves something as it is.

    -1 clears a limit, and that of `target` the bounds that go with it. Raises `NoStage`, `BadParameter`, or `Invalid`
    if there is nothing to set.
    """
    values = _values(given)
    try:
        setting = control.set_stage(work, name, **values)
    except BadSetting as error:
        raise _refused(error, given) from error
    told = {each: getattr(setting, each) for each in values}
    _publish(work, "STAGE.UPDATE", "stage", name, {"name": name, "set": told})


def set_lane(work: Work, registry: Registry, key: str, *, mode: str | None, width: int | None) -> None:
    """Set mode and width of a lane; None leaves it as it is. Raises `NoLane`, `BadParameter`, or `Invalid`."""
    wanted = None if mode is None else check.choice("mode", mode, Mode)
    told = {name: value for name, value in (("mode", wanted), ("width", width)) if value is not None}
    if not told:
        raise errors.Invalid(reason="nothing is to be set; give mode or width")
    try:
        control.set_lane(work, registry, key, mode=wanted, width=width)
    except BadSetting as error:
        raise _refused(error, {"mode": mode, "width": width}) from error
    _publish(work, "LANE.UPDATE", "lane", key, {"name": key, "set": told})


def _values(given: Mapping[str, object]) -> dict[str, object]:
    """The columns of a stage that are to be set."""
    numbers = {name: each for name, each in given.items() if name in SETTINGS and isinstance(each, int)}
    values: dict[str, object] = {
        SETTINGS[name]: None if each == NONE and name not in ALWAYS else each for name, each in numbers.items()
    }
    if numbers.get("target") == NONE:
        values |= {"least": None, "most": None}
    elif "target" in numbers:
        values["target"] = numbers["target"] * SECOND
    if given.get("mode") is not None:
        values["mode"] = check.choice("mode", str(given["mode"]), Mode)
    if not values:
        raise errors.Invalid(reason=f"nothing is to be set; give one of mode, {', '.join(SETTINGS)}")
    return values


def _refused(error: BadSetting, given: Mapping[str, object]) -> check.BadParameter:
    """The error in the words of the wire."""
    column = error.parameters["name"]
    parameter = next((name for name, each in SETTINGS.items() if each == column), str(column))
    return check.BadParameter(parameter=parameter, value=given.get(parameter), reason=error.parameters["reason"])


def _told(work: Work, uuid: str, event: str, done: Done, **payload: object) -> Done:
    row = work.tx.execute(sqlalchemy.select(job.c.kind, job.c.fair_key).where(job.c.uuid == uuid)).one()
    more = {"jobs": done.jobs, **payload}
    _publish(work, event, "job", uuid, {"name": row.kind, **more}, owner=row.fair_key)
    return done


def _publish(
    work: Work, event: str, kind: str, name: str, payload: Mapping[str, object], owner: str | None = None
) -> None:
    told = outbox.Event(
        kind=event, resource_kind=kind, resource=name, generation=work.now, payload=payload, owner=owner
    )
    outbox.publish(work.tx, [told])


class Queues:
    """What of the queues takes more than a list."""

    def __init__(self, database: Database, gate: Access, registry: Registry) -> None:
        self._database = database
        self._gate = gate
        self._registry = registry

    def stages(self, who: Principal, action: str, query: Query) -> Page:
        """A page of stages, with the age of the first in line."""
        with self._database.reading() as connection:
            page = STAGE.page(connection, self._gate.visible(who, action, STAGE.kind), who, query)
        now = self._database.world.clock.now()
        rows = [{**row, **_age(row.get("readysince"), now)} for row in page.rows]
        return Page(count=page.count, rows=rows)

    def job(self, who: Principal, action: str, uuid: str) -> Mapping[str, object]:
        """Everything about a job. Raises `NotFound`. A constant number of statements."""
        visible = self._gate.visible(who, action, JOB.kind)
        with self._database.reading() as connection:
            row = JOB.find(connection, visible, who, uuid)
            if row is None:
                raise errors.NotFound(kind=JOB.label, key="id", value=uuid)
            tree = inspect.tree(connection, uuid)
            family = JOB.page(connection, visible, who, Query(filters={"rootid": row["rootid"]}, pagesize=ALL)).rows
            payloads = _payloads(connection, [each.uuid for each in tree if each.kind.endswith(COMMAND)])
        facts = next(each for each in tree if each.uuid == uuid)
        below = [_command(each, payloads[each.uuid]) for each in _below(facts, tree) if each.uuid in payloads]
        return {
            **row,
            **_queued(facts),
            "timeline": [*_timeline(facts, self._registry)],
            "journal": [_line(each) for each in facts.journal],
            "family": family[::-1],
            "command": below,
        }


def _age(since: object, now: int) -> Mapping[str, int]:
    return {} if since is None else {"age": max(0, now - int(str(since))) // SECOND}


def _payloads(connection: Connection, uuids: Sequence[str]) -> Mapping[str, str]:
    if not uuids:
        return {}
    wanted = sqlalchemy.select(job.c.uuid, job.c.payload).where(job.c.uuid.in_(uuids))
    return {row.uuid: row.payload for row in connection.execute(wanted)}


def _queued(facts: Facts) -> Mapping[str, object]:
    """The place in the queue, or who holds the lane that is waited for."""
    wait = facts.waits_for
    if wait is not None and wait.reason is inspect.Reason.WORKER and wait.count is not None:
        return {"position": wait.count}
    if wait is not None and wait.holders:
        return {"holder": [{"id": each.uuid, "kind": each.kind} for each in wait.holders]}
    return {}


def _below(facts: Facts, tree: Sequence[Facts]) -> list[Facts]:
    """The job and all that came of it."""
    found, known = [], {facts.uuid}
    for each in tree:  # parents come before their children
        if each.uuid in known or each.parent in known:
            known.add(each.uuid)
            found.append(each)
    return found


def _line(line: Line) -> Mapping[str, object]:
    return {"created": line.at, "step": line.step, "undo": line.undone, "text": line.text}


def _timeline(facts: Facts, registry: Registry) -> Iterator[Mapping[str, object]]:
    """Each step as far as it came; of a kind that is not known here, those that the journal tells of."""
    kind = registry.jobs.get((facts.kind, facts.version))
    told = [line.step for line in facts.journal if line.step]
    names = [each.name for each in kind.steps] if kind else [*dict.fromkeys([*told, *filter(None, [facts.step])])]
    ends = {line.step: line for line in facts.journal if line.text in ("done", "undone")}
    before = facts.created
    for name in names:
        row: dict[str, object] = {"name": name, "state": _standing(facts, name, ends)}
        if name in ends:
            row |= {"ended": ends[name].at, "milliseconds": max(0, ends[name].at - before) // 1000}
            before = max(before, ends[name].at)
        yield row


def _standing(facts: Facts, name: str, ends: Mapping[str, Line]) -> str:
    if name == facts.step and facts.state is not State.ENDED:
        return "undoing" if facts.direction is Direction.UNDO else "next"
    if name in ends:
        return ends[name].text
    return "failed" if any(each.step == name and each.text.startswith("failed") for each in facts.journal) else "open"


class _Message(msgspec.Struct):
    verb: str


class _Carried(msgspec.Struct):
    message: _Message


def _command(facts: Facts, payload: str) -> Mapping[str, object]:
    kind, _, uuid = (facts.resource or "").partition("/")
    row: dict[str, object] = {
        "id": facts.uuid,
        "name": msgspec.json.decode(payload, type=_Carried).message.verb,
        "resourcetype": resource.name(kind),
        "resourceid": uuid,
        "state": str(facts.state),
        "created": facts.created,
        "changed": facts.changed,
    }
    if facts.outcome is not None:
        row["outcome"] = str(facts.outcome)
    if facts.error is not None:
        row["errortext"] = str(facts.error.get("text"))
    return row
