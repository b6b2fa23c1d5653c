"""A job being carried out: one row, decoded."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar, cast

import msgspec

from stratiform.framework.base import errors
from stratiform.framework.context import Context
from stratiform.framework.jobs.kind import END, Job, Registry, Step
from stratiform.framework.jobs.state import Direction, Outcome, State

P_co = TypeVar("P_co", bound=msgspec.Struct, covariant=True)

MUTABLE = (
    "state",
    "outcome",
    "step",
    "done",
    "direction",
    "attempt",
    "epoch",
    "owner",
    "pending",
    "not_before",
    "deadline",
    "answer",
    "error",
    "journal",
    "changed",
)
"""The columns of a job that change while it lives."""


Line = tuple[int, str, bool, str]
"""What the journal holds of a step's end: when (µs UTC), which step, whether it was undone, and a text."""

LONGEST_JOURNAL = 100
"""Lines kept of a job; of more the first half and the last half are."""

LONGEST_LINE = 2000


@dataclass(eq=False, kw_only=True)
class Run(Generic[P_co]):
    """One job of payload type P. Steps read it; only the engine changes what is durable of it."""

    job: Job
    id: int
    uuid: str
    root: str
    parent: int | None
    lane: str | None
    held: tuple[str, ...]
    fair_key: str
    priority: int
    ticket: int
    resource: str | None
    principal: str
    request: str
    trace: str
    payload: P_co
    created: int
    changed: int
    state: State = State.READY
    step: str = END
    done: int = 0
    direction: Direction = Direction.FORWARD
    attempt: int = 0
    epoch: int = 0
    owner: str | None = None
    pending: int = 0
    not_before: int | None = None
    deadline: int | None = None
    cancel: int | None = None
    """When somebody asked for its end (µs UTC)."""
    hold: int | None = None
    """When somebody asked for it to wait (µs UTC)."""
    answer: object = None
    """What the step before left: its return value, an effect's answer, or the results of its children in order."""
    error: Mapping[str, object] | None = None
    """Why the job is being undone."""
    journal: list[Line] = field(default_factory=list)
    new: bool = False
    """Has no row yet."""
    outcome: Outcome | None = None
    children: dict[str, dict[str, object]] = field(default_factory=dict)
    """How the children of this step ended, by their id, in the order they were spawned: `ok` or `failed`."""
    unreadable: errors.Error | None = None
    """Why there is no payload: then no step can run."""

    @property
    def current(self) -> Step | None:
        """The step to run or to undo next."""
        return None if self.step == END else self.job.step(self.step)

    @property
    def irrevocable(self) -> Step | None:
        """The step that was begun and may have destroyed something, so that nothing can take the job back."""
        begun = self.done + (self.state is State.RUNNING)
        return next((each for each in self.job.steps[:begun] if each.destroys), None)

    @property
    def context(self) -> Context:
        """The context that everything done for this job carries."""
        return Context(
            principal=self.principal,
            request=self.request,
            root=self.root,
            job=self.uuid,
            trace=self.trace,
            account=self.fair_key,
        )

    def note(self, at: int, text: str, step: str | None = None) -> None:
        """Write a line into the journal; a long one is cut."""
        text = text[:LONGEST_LINE].encode(errors="replace").decode()  # whatever it is, it can be written
        self.journal.append((at, self.step if step is None else step, self.direction is Direction.UNDO, text))
        if len(self.journal) > LONGEST_JOURNAL:
            del self.journal[LONGEST_JOURNAL // 2]

    def failure(self) -> errors.Error:
        """The error that this job is being undone for."""
        return errors.restore(self.error or {})

    def values(self, names: tuple[str, ...] = MUTABLE) -> dict[str, object]:
        """Columns of the row, as they are to be written."""
        return {"id": self.id} | {name: _column(self, name) for name in names}


class Unreadable(errors.Error):
    """The payload of this {kind}, version {version}, cannot be read: {reason}."""

    code = "unreadable_payload"


def plain(value: object) -> object:
    """A value as it is read back from the database. Raises what `msgspec.json` raises if it cannot be written."""
    return None if value is None else msgspec.json.decode(msgspec.json.encode(value))


def told(error: BaseException) -> Mapping[str, object]:
    """An error as data that can be written whatever it was raised with."""
    try:
        return cast(Mapping[str, object], plain(errors.describe(error)))
    except Exception:
        return errors.describe(errors.Internal(reason=type(error).__name__))


def _column(run: Run[P_co], name: str) -> object:
    match name:
        case "answer":
            value = run.children if run.pending else run.answer
            return None if value is None else msgspec.json.encode(value).decode()
        case "error":
            return None if run.error is None else msgspec.json.encode(run.error).decode()
        case "payload":
            return msgspec.json.encode(run.payload).decode()
        case "held" | "journal":
            return msgspec.json.encode(getattr(run, name)).decode()
        case "kind":
            return run.job.name
        case "version":
            return run.job.version
        case "stage":
            return run.job.stage
        case "steps":
            return len(run.job.steps)
        case _:
            return getattr(run, name)


def decode(row: Mapping[str, object], registry: Registry) -> Run[msgspec.Struct]:
    """The run of a row of `job`; raises `UnknownKind` for a kind that is not served here."""
    job = registry.job(str(row["kind"]), int(str(row["version"])))
    answer = None if row["answer"] is None else msgspec.json.decode(str(row["answer"]))
    payload, unreadable = _payload(str(row["payload"]), job)
    same = {
        name: row[name]
        for name in (
            "id", "uuid", "root", "parent", "lane", "fair_key", "priority", "ticket", "resource", "principal",
            "request", "trace", "created", "changed", "step", "done", "attempt", "epoch", "owner", "pending",
            "not_before", "deadline", "cancel", "hold",
        )
    }  # fmt: skip
    return Run(
        **same,  # type: ignore[arg-type]
        job=job,
        journal=msgspec.json.decode(str(row["journal"]), type=list[Line]),
        held=tuple(msgspec.json.decode(str(row["held"]), type=list[str])),
        payload=payload,
        unreadable=unreadable,
        state=State(str(row["state"])),
        direction=Direction(str(row["direction"])),
        answer=None if row["pending"] else answer,
        children=answer if row["pending"] and isinstance(answer, dict) else {},
        error=None if row["error"] is None else msgspec.json.decode(str(row["error"])),
    )


def _payload(text: str, job: Job) -> tuple[msgspec.Struct, errors.Error | None]:
    try:
        return msgspec.json.decode(text, type=job.payload), None
    except msgspec.DecodeError as error:
        return msgspec.Struct(), Unreadable(kind=job.name, version=job.version, reason=str(error))
