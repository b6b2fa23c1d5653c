"""A job being carried out: one row, decoded."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from operator import attrgetter, itemgetter
from typing import Any, Generic, TypeVar, cast

import msgspec

from stratiform.framework.base import errors
from stratiform.framework.context import Context
from stratiform.framework.jobs.kind import END, Job, Registry, Step
from stratiform.framework.jobs.state import Direction, Outcome, State
from stratiform.framework.jobs.table import COLUMNS

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
    "rewind",
    "way",
    "memory",
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
    due: int | None = None
    """When it is cancelled if it has not ended (µs UTC)."""
    rewind: str | None = None
    """The step that the way back ends with, by name; the job then goes forward again from there."""
    way: int = 0
    """How often it began again."""
    memory: object = None
    """What its steps keep for later ones. A step sets it; it outlasts the way back, unlike `answer`."""
    cancel: int | None = None
    """When somebody asked for its end (µs UTC)."""
    hold: int | None = None
    """When somebody asked for it to wait (µs UTC)."""
    retried: str | None = None
    """UUID of the job that was filed anew for it."""
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
    def begun(self) -> int:
        """How many steps are to be undone if it turns round now."""
        return max(self.done, int(self.job.steps[0].filed))

    @property
    def irrevocable(self) -> Step | None:
        """The step that was begun and may have destroyed something, so that nothing can take the job back."""
        begun = self.begun + (self.state is State.RUNNING)
        return next((each for each in self.job.steps[:begun] if each.destroys), None)

    @cached_property
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
        same, fields, coded = _writing(names)
        values: dict[str, object] = dict(zip(same, fields(self), strict=True))
        for name, write in coded:
            values[name] = write(self)
        return values


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


def _text(value: object) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


_WRITTEN: Mapping[str, Callable[[Run[Any]], object]] = {
    "answer": lambda run: _text(run.children if run.pending else run.answer),
    "error": lambda run: _text(run.error),
    "memory": lambda run: _text(run.memory),
    "payload": lambda run: _text(run.payload),
    "held": lambda run: _text(run.held),
    "journal": lambda run: _text(run.journal),
    "kind": lambda run: run.job.name,
    "version": lambda run: run.job.version,
    "stage": lambda run: run.job.stage,
    "steps": lambda run: len(run.job.steps),
}
"""The columns that are not as the run has them."""

_Coded = list[tuple[str, Callable[[Run[Any]], object]]]


@lru_cache
def _writing(names: tuple[str, ...]) -> tuple[Sequence[str], Callable[[Run[Any]], tuple[object, ...]], _Coded]:
    """How columns are written: those that are as the run has them, all at once, and the others."""
    same = ("id", *(name for name in names if name not in _WRITTEN and name != "id"))
    return same, attrgetter(*same), [(name, _WRITTEN[name]) for name in names if name in _WRITTEN]


def decode(row: Sequence[Any], registry: Registry) -> Run[msgspec.Struct]:
    """The run of a row of `job`, its columns in order; raises `UnknownKind` for a kind that is not served here."""
    fields = dict(zip(_SAME, _same(row), strict=True))
    kind, version, payload, held, state, direction, memory, answer, error, journal = _coded(row)
    job = registry.job(kind, version)
    what, unreadable = _payload(payload, job)
    left = None if answer is None else _ANY.decode(answer)
    pending = fields["pending"]
    return Run(
        **fields,
        job=job,
        payload=what,
        unreadable=unreadable,
        held=() if held == "[]" else tuple(_NAMES.decode(held)),
        state=_STATES[state],
        direction=_DIRECTIONS[direction],
        memory=None if memory is None else _ANY.decode(memory),
        answer=None if pending else left,
        children=left if pending and isinstance(left, dict) else {},
        error=None if error is None else _ANY.decode(error),
        journal=[] if journal == "[]" else _LINES.decode(journal),
    )


_SAME = (
    "id", "uuid", "root", "parent", "lane", "fair_key", "priority", "ticket", "resource", "principal", "request",
    "trace", "created", "changed", "step", "done", "attempt", "epoch", "owner", "pending", "not_before", "deadline",
    "cancel", "hold", "retried", "due", "rewind", "way",
)  # fmt: skip
_CODED = ("kind", "version", "payload", "held", "state", "direction", "memory", "answer", "error", "journal")
_same = itemgetter(*map(COLUMNS.index, _SAME))
_coded = itemgetter(*map(COLUMNS.index, _CODED))
_ANY: msgspec.json.Decoder[Any] = msgspec.json.Decoder()
_NAMES = msgspec.json.Decoder(list[str])
_LINES = msgspec.json.Decoder(list[Line])
_STATES = {each.value: each for each in State}
_DIRECTIONS = {each.value: each for each in Direction}


def _payload(text: str, job: Job) -> tuple[msgspec.Struct, errors.Error | None]:
    try:
        return job.decoder.decode(text), None
    except msgspec.DecodeError as error:
        return msgspec.Struct(), Unreadable(kind=job.name, version=job.version, reason=str(error))
