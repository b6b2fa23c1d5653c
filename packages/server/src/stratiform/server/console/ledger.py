"""Jobs as the database knows them, read beside whoever works on them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import msgspec
import sqlalchemy
from sqlalchemy import Connection

from stratiform.framework.base import errors
from stratiform.framework.cluster.table import process
from stratiform.framework.jobs.kind import Registry
from stratiform.framework.jobs.run import Line
from stratiform.framework.jobs.state import Outcome, State
from stratiform.framework.jobs.table import job, stage

_COLUMNS = (
    *(job.c[name] for name in ("id", "uuid", "root", "parent", "kind", "version", "stage", "lane", "state", "outcome")),
    *(job.c[name] for name in ("step", "done", "steps", "direction", "attempt", "pending", "not_before", "deadline")),
    *(job.c[name] for name in ("resource", "principal", "request", "created", "changed", "error", "journal")),
    stage.c.mode,
    process.c.name.label("process"),
)
_JOBS = sqlalchemy.select(*_COLUMNS).select_from(
    job.outerjoin(stage, stage.c.name == job.c.stage).outerjoin(process, process.c.id == job.c.owner)
)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One job as it stands."""

    id: int
    uuid: str
    root: str
    parent: int | None
    kind: str
    version: int
    stage: str
    lane: str | None
    state: str
    outcome: str | None
    step: str
    done: int
    steps: int
    direction: str
    attempt: int
    pending: int
    not_before: int | None
    deadline: int | None
    resource: str | None
    principal: str
    request: str
    created: int
    changed: int
    error: Mapping[str, object] | None
    journal: Sequence[Line]
    mode: str | None
    """Of its stage."""
    process: str | None
    """The name of the server that runs its step."""
    holders: Sequence[str]
    """The jobs that hold the lane it wants."""

    @property
    def ended(self) -> bool:
        """Whether it is over."""
        return self.state == State.ENDED

    @property
    def failed(self) -> bool:
        """Whether it is over and failed."""
        return self.outcome == Outcome.FAILED

    @property
    def last(self) -> int:
        """When something last happened to it: `changed` is when that transaction began."""
        return max(self.changed, *(at for at, _, _, _ in self.journal[-1:]), self.created)

    def data(self) -> dict[str, object]:
        """Everything as JSON can hold it."""
        return asdict(self)


def find(connection: Connection, uuid: str) -> Entry:
    """The job of this UUID. Raises `NotFound`."""
    found = _read(connection, _JOBS.where(job.c.uuid == uuid))
    if not found:
        raise errors.NotFound(kind="job", key="id", value=uuid)
    return found[0]


def family(connection: Connection, root: str) -> list[Entry]:
    """A root job and all that came of it, oldest first."""
    return _read(connection, _JOBS.where(job.c.root == root).order_by(job.c.id))


def listing(
    connection: Connection,
    *,
    state: str | None = None,
    stage: str | None = None,
    kind: str | None = None,
    resource: str | None = None,
    limit: int = 50,
) -> list[Entry]:
    """Jobs, newest first."""
    wanted = {"state": state, "stage": stage, "kind": kind, "resource": resource}
    where = [job.c[name] == value for name, value in wanted.items() if value is not None]
    return _read(connection, _JOBS.where(*where).order_by(job.c.id.desc()).limit(limit))


def declared(entry: Entry, registry: Registry) -> Sequence[str]:
    """The names of its steps, as far as this program knows its kind."""
    kind = registry.jobs.get((entry.kind, entry.version))
    return [each.name for each in kind.steps] if kind else []


def waits(entry: Entry, now: int) -> str:
    """Why it does not go on, in words; empty if it does."""
    match entry.state:
        case State.BLOCKED:
            return f"waits for the lane {entry.lane}, held by {', '.join(entry.holders) or 'nobody by now'}"
        case State.READY if entry.mode != "run":
            return f"waits for the stage {entry.stage}, which is set to {entry.mode}"
        case State.READY:
            return f"waits for a worker of the stage {entry.stage}"
        case State.WAITING if entry.pending:
            return f"waits for {entry.pending} of its own jobs"
        case State.WAITING if entry.not_before:
            return f"waits for {max(0, entry.not_before - now) / 1e6:.1f} s more"
        case State.RUNNING:
            where = f"on {entry.process}" if entry.process else "on a server that is gone; another takes it over"
            return f"waits for the answer to {entry.step} {where}"
        case _:
            return ""


def _read(connection: Connection, wanted: sqlalchemy.Select[tuple[object, ...]]) -> list[Entry]:
    rows = connection.execute(wanted).mappings().all()
    holders = _holders(connection, {row["lane"] for row in rows if row["state"] == State.BLOCKED})
    return [
        Entry(
            **{
                **row,
                "error": None if row["error"] is None else msgspec.json.decode(row["error"], type=dict[str, object]),
                "journal": msgspec.json.decode(row["journal"], type=list[Line]),
            },
            holders=holders.get(row["lane"], ()) if row["state"] == State.BLOCKED else (),
        )
        for row in rows
    ]


def _holders(connection: Connection, lanes: set[str]) -> dict[str, list[str]]:
    if not lanes:
        return {}
    busy = (State.READY, State.RUNNING, State.WAITING)
    found: dict[str, list[str]] = {}
    held = sqlalchemy.select(job.c.lane, job.c.uuid).where(job.c.lane.in_(lanes), job.c.state.in_(busy))
    for lane, uuid in connection.execute(held.order_by(job.c.id)):
        found.setdefault(lane, []).append(uuid)
    return found
