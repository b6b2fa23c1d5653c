"""Steering jobs, stages and lanes, each with the event that tells of it; and everything about one job."""

from collections.abc import Callable, Mapping, Sequence

import sqlalchemy
from sqlalchemy import Connection

from stratiform.api.access import Access, Filter
from stratiform.api.cloud import Page, Query
from stratiform.api.principal import Principal
from stratiform.engine import check
from stratiform.engine.debt import service as debt
from stratiform.engine.listing import ALL, Listing
from stratiform.engine.queue import rules
from stratiform.engine.queue.listing import JOB, STEERED
from stratiform.engine.stage import rules as stage_rules
from stratiform.engine.stage import service as stage
from stratiform.framework.base import errors
from stratiform.framework.base.clock import SECOND
from stratiform.framework.db.database import Database
from stratiform.framework.events import outbox
from stratiform.framework.jobs import control, inspect
from stratiform.framework.jobs.control import BadSetting, Done, Place
from stratiform.framework.jobs.kind import Registry
from stratiform.framework.jobs.state import Mode
from stratiform.framework.jobs.table import job
from stratiform.framework.jobs.work import Work

NONE = -1
"""What clears a limit."""

SETTINGS: Mapping[str, str] = {
    "workers": "workers",
    "inflight": "in_flight",
    "depth": "depth",
    "weight": "weight",
    "deadline": "deadline",
    "target": "target",
    "least": "least",
    "most": "most",
}
"""The numbers that a stage is set by: their columns by the wire's parameters."""

ALWAYS = frozenset({"workers", "weight"})
"""Those of them that every stage has."""

SPANS = ("target", "deadline")
"""Those that are given in seconds."""

NARROWING = (
    "state", "outcome", "stage", "kind", "resource", "resourceid", "accountid", "hostid", "lane", "rootid",
    "startdate", "enddate", "minage", "maxage", "text",
)  # fmt: skip
"""The filters of which one at least must be given: nobody steers everything by a slip."""
AGES = ("minage", "maxage")
USUAL, MOST = 500, 1000
"""Jobs that one call goes through: unless told otherwise, and whatever it is told."""

Act = Callable[[str], str]
"""Does what is to be done to the job of a UUID and says what happens next. Raises what forbids it."""


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


def retry(work: Work, registry: Registry, uuid: str) -> Done:
    """File a job anew that failed or was cancelled; the event is of the old one. Raises what `control.retry` raises."""
    done = control.retry(work, registry, uuid)
    return _told(work, uuid, "JOB.RETRY", done, retriedas=done.uuid) if done.jobs else done


def set_stage(work: Work, name: str, given: Mapping[str, object]) -> None:
    """Set a stage by the wire's parameters: `mode` and those of `SETTINGS`; None leaves something as it is.

    -1 clears a limit, and that of `target` the bounds that go with it. Raises `NoStage`, `BadParameter`, or `Invalid`
    if there is nothing to set.
    """
    stage_rules.settable(name)
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
    spans = {name: numbers[name] for name in SPANS if numbers.get(name, NONE) != NONE}
    values |= {SETTINGS[name]: check.at_least(name, each, 1) * SECOND for name, each in spans.items()}
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


def aged(filters: Mapping[str, object], now: int) -> Mapping[str, object]:
    """The filters of a list of jobs, the ages of it not in seconds but as times. Raises `BadParameter`."""
    given = {name: value for name in AGES if isinstance(value := filters.get(name), int)}
    return {**filters, **{name: now - check.at_least(name, age, 0) * SECOND for name, age in given.items()}}


def steer(
    database: Database, visible: Filter, who: Principal, command: str, arguments: Mapping[str, object], act: Act
) -> Mapping[str, object]:
    """Steer what `arguments` match, at most `limit`, the oldest first; with `position` first, the youngest.

    What came of a job that is steered goes with it and is not told of. Each job is done, or refused with the reason,
    before the next: whoever is interrupted gives the command again. Raises `Invalid` if nothing says which jobs or a
    filter is empty, and `NotFound` if there is no job that `after` names.
    """
    page = _match(database, visible, who, command, arguments)
    done: list[Mapping[str, object]] = []
    refused: list[Mapping[str, object]] = []
    moves_up = command == "prioritizeJob" and str(arguments.get("position") or Place.FIRST).lower() == Place.FIRST
    rows = [*_tops(page.rows)]
    for row in reversed(rows) if moves_up else rows:
        about = {name: row[name] for name in ("id", "kind", "resourcetype", "resourceid", "account") if name in row}
        try:
            done.append({**about, "displaytext": act(str(row["id"]))})
        except errors.Error as error:
            refused.append({**about, "errorcode": error.code, "errortext": str(error)})
    left = page.count - len(page.rows)
    told: dict[str, object] = {
        "count": len(done),
        "left": left,
        "dryrun": arguments.get("dryrun") is True,
        "displaytext": _summary(len(done), len(refused), left, dry=arguments.get("dryrun") is True),
        "affected": done,
        "refused": refused,
    }
    return told | ({"last": page.rows[-1]["id"]} if left else {})


def _match(
    database: Database, visible: Filter, who: Principal, command: str, arguments: Mapping[str, object]
) -> Page:
    given = {name: value for name, value in arguments.items() if name in JOB.filters and value is not None}
    for name, value in given.items():
        if not str(value).strip():
            raise check.BadParameter(parameter=name, value=value, reason="it is empty; leave it out, or say which jobs")
    if not given.keys() & set(NARROWING):
        raise errors.Invalid(reason=f"nothing says which jobs; give id, or one at least of {', '.join(NARROWING)}")
    limit = arguments.get("limit")
    size = limit if isinstance(limit, int) else USUAL
    if not 1 <= size <= MOST:
        raise check.BadParameter(parameter="limit", value=size, reason=f"it is from 1 to {MOST}")
    return match(database, visible, who, STEERED[command], given, size)


def match(
    database: Database, visible: Filter, who: Principal, jobs: Listing, given: Mapping[str, object], size: int
) -> Page:
    """So many of the jobs that match, ages given in seconds. Raises `BadParameter`, or `NotFound` for `after`."""
    query = Query(filters=aged(given, database.world.clock.now()), pagesize=size)
    with database.reading() as connection:
        after = given.get("after")
        if after is not None and JOB.find(connection, visible, who, str(after)) is None:
            raise errors.NotFound(kind=JOB.label, key="id", value=after)
        return jobs.page(connection, visible, who, query)


def _tops(rows: Sequence[Mapping[str, object]]) -> Sequence[Mapping[str, object]]:
    """Those that came of no other among them, as far as their parents and roots tell."""
    named = {row["id"] for row in rows}
    return [
        row
        for row in rows
        if row.get("parentid") not in named and (row["rootid"] == row["id"] or row["rootid"] not in named)
    ]


def _summary(done: int, refused: int, left: int, *, dry: bool) -> str:
    text = f"{done} {'job' if done == 1 else 'jobs'} {'would be' if dry else 'were' if done != 1 else 'was'} steered"
    if refused:
        text += f"; {refused} refused, with the reason"
    if left:
        text += f"; {left} more match, behind the last of these"
    return text


class Queues:
    """What of the queues takes more than a list."""

    def __init__(self, database: Database, gate: Access, registry: Registry) -> None:
        self._database = database
        self._gate = gate
        self._registry = registry

    def stages(self, who: Principal, action: str, query: Query) -> Page:
        """A page of stages, with what servers tell of them, and of what else has a queue."""
        visible, now = self._gate.visible(who, action, "stage"), self._database.world.clock.now()
        with self._database.reading() as connection:
            return stage.page(connection, visible, who, query, now)

    def job(self, who: Principal, action: str, uuid: str) -> Mapping[str, object]:
        """Everything about a job. Raises `NotFound`. A constant number of statements."""
        visible = self._gate.visible(who, action, JOB.kind)
        with self._database.reading() as connection:
            row = JOB.find(connection, visible, who, uuid)
            if row is None:
                raise errors.NotFound(kind=JOB.label, key="id", value=uuid)
            tree = inspect.tree(connection, uuid)
            kept = debt.keeps(connection, uuid, tree)
            family = JOB.page(connection, visible, who, Query(filters={"rootid": row["rootid"]}, pagesize=ALL)).rows
            payloads = _payloads(connection, [each.uuid for each in tree if each.kind.endswith(debt.COMMAND)])
            before = connection.execute(sqlalchemy.select(job.c.uuid).where(job.c.retried == uuid)).scalar()
        facts = next(each for each in tree if each.uuid == uuid)
        below = [rules.command(each, payloads[each.uuid]) for each in rules.below(facts, tree) if each.uuid in payloads]
        return {
            **row,
            **rules.queued(facts),
            "timeline": [*rules.timeline(facts, self._registry)],
            "journal": [rules.line(each) for each in facts.journal],
            "family": family[::-1],
            "command": below,
            "keeps": kept,
            **({} if before is None else {"retryof": before}),
        }

    def steer(self, who: Principal, action: str, arguments: Mapping[str, object], act: Act) -> Mapping[str, object]:
        """Do something to each job that the arguments match. See `steer`."""
        visible = self._gate.visible(who, action, JOB.kind)
        return steer(self._database, visible, who, action, arguments, act)

    def aged(self, filters: Mapping[str, object]) -> Mapping[str, object]:
        """The filters of a list of jobs with ages as times. Raises `BadParameter`."""
        return aged(filters, self._database.world.clock.now())


def _payloads(connection: Connection, uuids: Sequence[str]) -> Mapping[str, str]:
    if not uuids:
        return {}
    wanted = sqlalchemy.select(job.c.uuid, job.c.payload).where(job.c.uuid.in_(uuids))
    return {row.uuid: row.payload for row in connection.execute(wanted)}
