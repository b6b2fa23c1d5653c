"""Where a process may die: the points that an operation comes by, each with a name that is the same in every run."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec
from sqlalchemy import Connection, or_, select

from stratiform.framework.jobs.kind import Job, Registry
from stratiform.framework.jobs.table import job


class Crash(BaseException):
    """The process is killed here, seen from inside it. Nothing but the kit may catch it."""


class Side(StrEnum):
    """On which side of something that lasts the process dies."""

    BEFORE = "before"
    AFTER = "after"


class What(StrEnum):
    """What it is that lasts, or that goes out or comes in."""

    COMMIT = "commit"
    SEND = "send"
    RECEIVE = "receive"
    EFFECT = "effect"
    ADAPTER = "adapter"


class Way(StrEnum):
    """What is done at a step."""

    FORWARD = "forward"
    UNDO = "undo"
    ASK = "ask"
    """Its effect is asked for, since nobody knows what became of it."""
    STOP = "stop"
    """Its effect is told to end early."""


@dataclass(frozen=True, order=True)
class Place:
    """A declared step of a kind of job, and what is done there."""

    kind: str
    step: str
    way: Way = Way.FORWARD

    def __str__(self) -> str:
        """As in `vm.start/boot` and `undo of vm.start/boot`."""
        name = f"{self.kind}/{self.step}"
        return name if self.way is Way.FORWARD else f"{self.way} of {name}"


@dataclass(frozen=True)
class Point:
    """One point at which a process may die."""

    side: Side
    what: What
    label: str
    """What is committed, sent, received or done, in words."""
    number: int = 1
    """Which of those with the same label it is."""
    places: frozenset[Place] = field(default=frozenset(), compare=False)

    def __str__(self) -> str:
        """As in `before commit 2 of vm.start/boot begun`."""
        return f"{self.side} {self.what} {self.number} of {self.label}"


def declared(registry: Registry, kinds: Sequence[str]) -> list[Place]:
    """Everything that is declared of these kinds of jobs, in every version. Raises ValueError for an unknown kind."""
    jobs = [each for each in registry.jobs.values() if each.name in kinds]
    unknown = set(kinds) - {each.name for each in jobs}
    if unknown:
        raise ValueError(f"no such kind of job: {', '.join(sorted(unknown))}")
    return list(dict.fromkeys(place for each in jobs for place in _places(each)))


def _places(job: Job) -> Iterator[Place]:
    for step in job.steps:
        ways = {Way.FORWARD: step.run, Way.UNDO: step.reverse, Way.ASK: step.inquire, Way.STOP: step.halt}
        yield from (Place(job.name, step.name, way) for way, function in ways.items() if function is not None)


@dataclass(frozen=True)
class _Row:
    kind: str
    state: str
    step: str
    epoch: int
    journal: Sequence[tuple[int, str, bool, str]] = ()


@dataclass
class Ledger:
    """Reads off what a transaction says of jobs: which steps it records, begins, files and ends."""

    since: int
    """Jobs that ended before this time (µs UTC) are of no interest."""
    _known: Mapping[int, _Row] = field(default_factory=dict)
    _read: Mapping[int, _Row] = field(default_factory=dict)

    def begin(self, connection: Connection) -> None:
        """Take what there is for known."""
        self._known = self._read = self._rows(connection)

    def difference(self, connection: Connection) -> tuple[list[str], frozenset[Place]]:
        """What the open transaction changes, in words and by place."""
        self._read = self._rows(connection)
        words: list[str] = []
        places: set[Place] = set()
        for id, row in sorted(self._read.items()):
            for word, place in _news(self._known.get(id), row):
                words.append(word)
                places |= {place} if place else set()
        return [f"{word} ×{n}" if n > 1 else word for word, n in Counter(words).items()], frozenset(places)

    def keep(self) -> None:
        """What was read last is committed."""
        self._known = self._read

    def _rows(self, connection: Connection) -> Mapping[int, _Row]:
        columns = (job.c.id, job.c.kind, job.c.state, job.c.step, job.c.epoch, job.c.journal)
        found = connection.execute(select(*columns).where(or_(job.c.state != "ended", job.c.changed >= self.since)))
        lines = list[tuple[int, str, bool, str]]
        return {
            row.id: _Row(row.kind, row.state, row.step, row.epoch, msgspec.json.decode(row.journal, type=lines))
            for row in found
        }


def _news(before: _Row | None, row: _Row) -> Iterator[tuple[str, Place | None]]:
    if before is None:
        yield f"{row.kind} filed", None
        before = _Row(row.kind, "ready", "", 0)
    for _, step, undo, _ in row.journal[len(before.journal) :]:
        place = Place(row.kind, step, Way.UNDO if undo else Way.FORWARD)
        yield str(place), place
    if row.state == "running" and (before.state, before.epoch) != ("running", row.epoch):
        word = "begun" if before.state != "running" else "taken over"
        yield f"{row.kind}/{row.step} {word}", Place(row.kind, row.step)
    if row.state == "ended" != before.state:
        yield f"{row.kind} ended", None
