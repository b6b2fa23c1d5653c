"""Crash-point enumeration: an operation is carried out once for each point at which the process may die, and dies.

A first run, in which nobody dies, learns the points. What is durable is kept; everything that the process held in
memory is thrown away, another process takes over, and the operation must end as if nothing had happened.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Generic, Protocol, TypeVar

from stratiform.framework.base.clock import SECOND
from stratiform.framework.cluster.membership import LEASE
from stratiform.framework.db.database import Database
from stratiform.framework.jobs.kernel import Kernel
from stratiform.framework.jobs.kind import Registry
from stratiform.framework.testing.crash_points import Crash, Place, Point, declared
from stratiform.framework.testing.crash_process import Process, watching
from stratiform.framework.testing.world import ManualClock

ATTEMPTS = 3
"""How often a point that did not come by is tried again."""


class Server(Protocol):
    """Everything that one process holds in memory."""

    @property
    def kernel(self) -> Kernel:
        """The job engine of the process."""


S = TypeVar("S", bound=Server)
A = TypeVar("A")


def _nothing(server: object) -> None:
    """There is nothing to prepare."""


def settle(process: Process, server: Server) -> None:
    """Carry on until every job has ended, at most for half a minute of the world's time."""
    process.settle(server.kernel)


@dataclass(frozen=True, kw_only=True)
class Operation(Generic[S, A]):
    """What is interrupted everywhere. Each run is one of these, from `begin` to `check`."""

    name: str
    begin: Callable[[Process], S]
    """A process begins: make what it holds in memory from its world and its database, join, and take over."""
    ask: Callable[[S], A]
    """Ask for the operation, as a client would; what this answers was accepted."""
    check: Callable[[S, A | None], None]
    """All is over: AssertionError if anything is lost, doubled or leaked. None: it died before it was accepted."""
    prepare: Callable[[S], object] = _nothing
    """Make what the operation is about, in the database that the run before left. Nobody dies until it has settled."""
    work: Callable[[Process, S], None] = settle
    """Carry on until nothing is on its way."""


class NotRepeatable(AssertionError):
    """An operation does not come by the same points each time, so that one of them could not be tried."""


@dataclass(frozen=True, kw_only=True)
class Exploration:
    """One operation: which points there are, and at which of them the process died."""

    name: str
    existing: Sequence[Point]
    died: Sequence[Point]
    pairs: Sequence[tuple[Point, Point]] = ()
    """Where the first process died, and then the second."""

    @property
    def places(self) -> set[Place]:
        """The steps at which a process died."""
        points = [*self.died, *(second for _, second in self.pairs)]
        return {place for point in points for place in point.places}

    @property
    def runs(self) -> int:
        """How often the operation was carried out, the learning included."""
        return 1 + len(self.died) + len(self.pairs)

    def __str__(self) -> str:
        """What was covered of what there is."""
        return f"{self.name}: died at {len(self.died)} of {len(self.existing)} points, and at {len(self.pairs)} pairs"


@dataclass(frozen=True)
class Report:
    """What was covered of what there is."""

    explorations: Sequence[Exploration]

    def uncovered(self, registry: Registry, kinds: Sequence[str]) -> list[Place]:
        """What is declared of these kinds of jobs and no process died at."""
        covered = {place for each in self.explorations for place in each.places}
        return [place for place in declared(registry, kinds) if place not in covered]

    def require(self, registry: Registry, kinds: Sequence[str], excused: Mapping[Place, str] | None = None) -> None:
        """AssertionError unless a process died at every declared step of these kinds; `excused` are told why not."""
        left = [str(place) for place in self.uncovered(registry, kinds) if place not in (excused or {})]
        assert not left, f"no process died at {', '.join(left)}\n{self}"

    def __str__(self) -> str:
        """A line for each operation."""
        return "\n".join(map(str, self.explorations))


class Crashes:
    """Lets processes die on one database, whose world has a manual clock."""

    def __init__(self, database: Database, *, lease: int = LEASE, seed: int = 0) -> None:
        assert isinstance(database.world.clock, ManualClock), "the world's clock is to be turned by hand"
        self._database = database
        self._clock = database.world.clock
        self._lease = lease
        self._random = random.Random(seed)
        self._process: Process | None = None
        self._count = 0

    def explore(
        self, *operations: Operation[S, A], every: int = 1, some: int | None = None, pairs: int = 0
    ) -> Report:
        """Die at every point of each operation, or at every so many-th and once at each step; then at `pairs`.

        With `some`, at no more points than so many, drawn by the seed. An error of `check` is raised with a note that
        tells where the processes died. Raises `NotRepeatable`.
        """
        return Report([self._explore(each, every, some, pairs) for each in operations])

    def learn(self, operation: Operation[S, A]) -> list[Point]:
        """Carry the operation out with nobody dying: the points that it comes by."""
        with self._noted(operation, "nobody died"):
            server = self._prepared(operation)
            process = self._here
            with watching(server.kernel.registry, lambda: self._here):
                process.watch()
                asked = operation.ask(server)
                operation.work(process, server)
            points = process.points
            operation.check(server, asked)
        return points

    def die(self, operation: Operation[S, A], first: Point, second: Point | None = None) -> list[Point] | None:
        """Carry the operation out with a process that dies at a point, and perhaps the next one at another.

        Answers the points that the one that took over came by; None if a fatal one did not come by.
        """
        text = f"the process died {first}" + (f", and the next one {second}" if second else "")
        with self._noted(operation, text):
            server = self._prepared(operation)
            recovery: list[Point] = []
            with watching(server.kernel.registry, lambda: self._here):
                life = self.first_life(operation, server, first)
                died, asked = life
                if died:
                    server, recovery = self._recover(operation, second)
            operation.check(server, asked)
        return recovery if died and (second is None or second in recovery) else None

    def first_life(self, operation: Operation[S, A], server: S, fatal: Point) -> tuple[bool, A | None]:
        """Ask for the operation and carry it out: whether the process died at the point, and what it had accepted."""
        asked: list[A] = []

        def live() -> None:
            self._here.watch(fatal)
            asked.append(operation.ask(server))
            operation.work(self._here, server)

        return not self._survives(live), asked[0] if asked else None

    def _recover(self, operation: Operation[S, A], fatal: Point | None) -> tuple[S, list[Point]]:
        """Others take over until one survives; it, and the points that the first of them came by."""
        successor = None
        while True:
            self._end()
            survivor: list[S] = []
            alive = self._survives(partial(self._take_over, operation, survivor, fatal))
            successor = successor or self._here
            if alive:
                return survivor[0], successor.points
            fatal = None

    def _take_over(self, operation: Operation[S, A], survivor: list[S], fatal: Point | None) -> None:
        process = self._new()
        process.watch(fatal)
        survivor.append(operation.begin(process))
        operation.work(process, survivor[0])

    def _survives(self, life: Callable[[], None]) -> bool:
        try:
            life()
        except Crash:
            return False
        return True

    def _explore(self, operation: Operation[S, A], every: int, some: int | None, pairs: int) -> Exploration:
        points = self.learn(operation)
        chosen = _chosen(points, every) if some is None else self._random.sample(points, min(some, len(points)))
        recoveries = {point: self._sure(operation, point) for point in chosen}
        found = [(first, second) for first, points in recoveries.items() for second in points]
        died = list(recoveries)
        drawn = self._drawn(found, {place for point in died for place in point.places}, pairs)
        for first, second in drawn:
            self._sure(operation, first, second)
        return Exploration(name=operation.name, existing=points, died=died, pairs=drawn)

    def _drawn(self, pairs: list[tuple[Point, Point]], covered: set[Place], count: int) -> list[tuple[Point, Point]]:
        """So many pairs by chance, those first whose second death is at a step where nobody died yet."""
        by_chance = self._random.sample(pairs, len(pairs))
        first = []
        for pair in by_chance:
            if not pair[1].places <= covered:
                covered |= pair[1].places
                first.append(pair)
        return list(dict.fromkeys([*first, *by_chance]))[:count]

    def _sure(self, operation: Operation[S, A], *fatal: Point) -> list[Point]:
        for _ in range(ATTEMPTS):
            recovery = self.die(operation, *fatal)
            if recovery is not None:
                return recovery
        raise NotRepeatable(f"{operation.name} did not come by {', then '.join(map(str, fatal))}")

    @contextmanager
    def _noted(self, operation: Operation[S, A], text: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            error.add_note(f"{operation.name}: {text}")
            raise
        finally:
            if self._process is not None:
                self._process.end()

    def _prepared(self, operation: Operation[S, A]) -> S:
        """A process that has made what the operation is about, and extended its lease right now."""
        self._end()
        server = operation.begin(self._new())
        operation.prepare(server)
        self._here.settle(server.kernel)
        self._clock.advance(self._lease // 3)
        self._here.settle(server.kernel)
        return server

    @property
    def _here(self) -> Process:
        assert self._process is not None
        return self._process

    def _new(self) -> Process:
        self._count += 1
        self._process = Process(f"process {self._count}", self._database, self._clock)
        return self._process

    def _end(self) -> None:
        """The process is gone, and every lease has run out."""
        if self._process is not None:
            self._process.end()
        self._clock.advance(self._lease + SECOND)


def _chosen(points: Sequence[Point], every: int) -> list[Point]:
    """Every so many-th, and whatever else is the first at a step."""
    covered: set[Place] = set()
    chosen = []
    for number, point in enumerate(points):
        if number % every == 0 or not point.places <= covered:
            covered |= point.places
            chosen.append(point)
    return chosen
