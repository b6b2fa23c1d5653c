"""How work is declared: jobs as lists of steps, and the stages and lanes that they pass."""

import string
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import TypeVar

import msgspec

from stratiform.framework.base.errors import Error

K = TypeVar("K")
V = TypeVar("V")

END = ""
"""The name of the step after the last."""


class Priority(IntEnum):
    """What a step serves, in the order of importance; the value is its weight when tickets are drawn."""

    STORAGE_PATH = 8
    NETWORK_PATH = 4
    OPERATIONAL = 2
    CONTROL = 1


class Declaration(Error):
    """{what} is declared wrongly: {reason}."""

    code = "declaration"


@dataclass(eq=False, kw_only=True)
class Step:
    """A durable checkpoint of a job. Made by `step` or `effect`; its undo by the `undo` of what they return."""

    name: str
    run: Callable[..., object]
    priority: Priority
    outside: bool
    """Runs outside any transaction: it acts on the world."""
    batch: bool = False
    """Given all the runs at this step at once, instead of one."""
    answers: bool = False
    """Only begins its effect; the answer comes later, through `Call.answer`, and holds no thread."""
    once: bool = False
    """Never run again when its outcome is unknown."""
    destroys: bool = False
    """May destroy what a tenant has."""
    filed: bool = False
    """Stands for what was written with the job's filing: it is undone even if it never ran."""
    limit: int | None = None
    """Seconds after which an effect's fate is asked for."""
    reverse: Callable[..., object] | None = None
    rewinds: Callable[..., "Step | None"] | None = None
    inquire: Callable[..., object] | None = None
    halt: Callable[..., object] | None = None

    def undo(self, function: Callable[..., object]) -> Callable[..., object]:
        """Declare `function(work, run)` as what takes this step back; it may run twice and may wait like a step."""
        self.reverse = function
        return function

    def rewind(self, function: Callable[..., "Step | None"]) -> Callable[..., "Step | None"]:
        """Declare `function(work, run, error)` as what decides where to begin again when this step, or a child that it
        spawned, failed: an earlier step, or None to give up, which it must some time.

        The steps between are undone, that one last, and the job goes forward from there. The function is asked once
        for each failure; what later steps must know it puts into `run.memory`, for the step from which the job begins
        again finds no answer.
        """
        self.rewinds = function
        return function

    def ask(self, function: Callable[..., object]) -> Callable[..., object]:
        """Declare `function(call)` as how to learn what became of the effect when its outcome is unknown.

        It tells by `call.answer` or `call.fail`, now or later; until then it is called again each time the limit
        has passed. Without it, an effect of a process that died is run again, or failed if it is `once`.
        """
        self.inquire = function
        return function

    def stop(self, function: Callable[..., object]) -> Callable[..., object]:
        """Declare `function(call)` as how to end the effect early, for somebody cancels the job.

        It asks for it and returns at once; the effect ends by its own answer or failure, which may come all the same.
        It may be asked more than once. Without it, a job that is cancelled waits until the effect ends.
        """
        self.halt = function
        return function


def step(
    *, priority: Priority, batch: bool = False, destroys: bool = False, filed: bool = False
) -> Callable[[Callable[..., object]], Step]:
    """Declare a step that only writes the database: `function(work, run)`, or `function(work, runs)` for a batch.

    It runs inside a transaction that also records it, so it is carried out exactly once. It may spawn children or
    sleep: the job then waits, without a thread, and goes on with the next step. What it returns is the `answer` of
    the next step, and of the last step the result of the job. In a batch, `run.answer` is set instead, and a member
    that must fail is told so by `work.fail`.

    A first step that is `filed` stands for what whoever files the job writes with it: a job that is cancelled before
    it ran is undone from there, in its turn in the lane.
    """

    def declare(function: Callable[..., object]) -> Step:
        return Step(
            name=function.__name__,
            run=function,
            priority=priority,
            outside=False,
            batch=batch,
            destroys=destroys,
            filed=filed,
        )

    return declare


def effect(
    *, priority: Priority, limit: int, once: bool = False, destroys: bool = False, answers: bool = False
) -> Callable[[Callable[..., object]], Step]:
    """Declare a step that acts on the world: `function(call)`, outside any transaction, after its intent is durable.

    After a crash it runs again, so it must be idempotent, or declared `once`: then an unknown outcome is reported
    and never repeated. With `answers` the function only begins the effect, quickly, and `call.answer` ends it;
    else it has a worker's thread to itself until it returns, and what it returns is its answer.
    """

    def declare(function: Callable[..., object]) -> Step:
        return Step(
            name=function.__name__,
            run=function,
            priority=priority,
            outside=True,
            limit=limit,
            once=once,
            destroys=destroys,
            answers=answers,
        )

    return declare


@dataclass(frozen=True, kw_only=True)
class Lane:
    """A kind of lane: the part of its keys before the slash.

    A job may hold a lane while it waits only for lanes of a higher rank, which is what keeps lanes free of
    deadlocks. A `leaf` lane is held only by jobs without children.
    """

    kind: str
    rank: int
    width: int = 1
    """Jobs that may hold one such lane at once."""
    leaf: bool = False


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A named queue with its workers."""

    name: str
    workers: int = 2
    """Threads of each process at the first start; afterwards the database decides."""
    batch: int = 32
    """Jobs that a worker takes up at once."""


@dataclass(frozen=True, eq=False)
class Job:
    """A kind of job: a registered name, a versioned payload, a stage, a lane, and its steps."""

    name: str
    version: int
    payload: type[msgspec.Struct]
    stage: str
    steps: Sequence[Step]
    lane: str | None = None
    """A template over the payload, for example `vm/{vm}`."""
    retry: Callable[..., object] | None = None
    """Whether one that failed or was cancelled may be filed anew, and how: `function(work, run)` makes what the new job
    is about ready for it, in the transaction that files it, or raises what forbids it. None: it may not."""

    @cached_property
    def decoder(self) -> msgspec.json.Decoder[msgspec.Struct]:
        """Reads its payloads."""
        return msgspec.json.Decoder(self.payload)

    def __post_init__(self) -> None:
        names = [each.name for each in self.steps]
        if not names or len(set(names)) != len(names) or END in names:
            raise Declaration(what=self.name, reason="it needs steps with names of their own")
        fields = [name for _, name, _, _ in string.Formatter().parse(self.lane or "") if name]
        if any(each.filed for each in self.steps[1:]):
            raise Declaration(what=self.name, reason="only its first step can have been filed with it")
        unknown = set(fields) - set(self.payload.__struct_fields__)
        if unknown:
            raise Declaration(what=self.name, reason=f"its lane names {sorted(unknown)}, which its payload lacks")

    def step(self, name: str) -> Step:
        """The step of this name."""
        return self.steps[self.index(name)]

    def index(self, name: str) -> int:
        """Where the step of this name stands, from 0; `END` stands behind the last."""
        if name == END:
            return len(self.steps)
        return next(at for at, each in enumerate(self.steps) if each.name == name)

    def after(self, name: str) -> str:
        """The step behind this one."""
        at = self.index(name) + 1
        return self.steps[at].name if at < len(self.steps) else END

    def lane_key(self, payload: msgspec.Struct) -> str | None:
        """The lane of a job with this payload."""
        if self.lane is None:
            return None
        return self.lane.format_map({name: getattr(payload, name) for name in payload.__struct_fields__})


def as_it_is(work: object, run: object) -> None:
    """The `retry` of a kind whose first step looks for itself whether it may begin."""


class UnknownKind(Error):
    """No job kind {kind} version {version} is registered here; this process serves: {known}."""

    code = "unknown_kind"


class Registry:
    """Everything declared, collected by whoever composes the program."""

    def __init__(self, *, jobs: Iterable[Job], stages: Iterable[Stage], lanes: Iterable[Lane]) -> None:
        self.stages: Mapping[str, Stage] = _by("stage", ((each.name, each) for each in stages))
        self.lanes: Mapping[str, Lane] = _by("lane", ((each.kind, each) for each in lanes))
        self.jobs: Mapping[tuple[str, int], Job] = _by("job", (((each.name, each.version), each) for each in jobs))
        for each in self.jobs.values():
            if each.stage not in self.stages:
                raise Declaration(what=each.name, reason=f"there is no stage {each.stage}")
            if each.lane is not None and each.lane.partition("/")[0] not in self.lanes:
                raise Declaration(what=each.name, reason=f"there is no lane of the kind of {each.lane}")

    def job(self, kind: str, version: int) -> Job:
        """The declaration of a kind of job; raises `UnknownKind`."""
        try:
            return self.jobs[kind, version]
        except KeyError:
            known = ", ".join(sorted(f"{name} {number}" for name, number in self.jobs))
            raise UnknownKind(kind=kind, version=version, known=known) from None

    def lane(self, key: str) -> Lane:
        """The kind of a lane's key. Raises `Declaration` if it is not declared."""
        kind = key.partition("/")[0]
        if kind not in self.lanes:
            raise Declaration(what=key, reason=f"there is no lane of the kind {kind}")
        return self.lanes[kind]


def _by(what: str, named: Iterable[tuple[K, V]]) -> dict[K, V]:
    found: dict[K, V] = {}
    for name, value in named:
        if name in found:
            raise Declaration(what=f"{what} {name}", reason="it is there twice")
        found[name] = value
    return found
