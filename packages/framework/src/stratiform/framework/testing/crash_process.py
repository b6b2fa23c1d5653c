"""One life of a process: the world and the database that it is given, which notice each point that it comes by."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TypeVar, cast

import msgspec
import sqlalchemy
from sqlalchemy import Connection

from stratiform.framework.agents.frame import Act, Fate, Reply, Request
from stratiform.framework.base.clock import SECOND
from stratiform.framework.base.transport import Link, Transport
from stratiform.framework.db.database import Database
from stratiform.framework.jobs.call import Call
from stratiform.framework.jobs.kernel import Kernel
from stratiform.framework.jobs.kind import Registry, Step
from stratiform.framework.jobs.table import job
from stratiform.framework.testing.crash_mail import Mail
from stratiform.framework.testing.crash_points import Crash, Ledger, Place, Point, Side, Way, What
from stratiform.framework.testing.crash_threads import Inline
from stratiform.framework.testing.world import ManualClock

WITHIN = 30
"""Seconds of the world's time after which nothing is to be on its way any more."""

_WRITTEN = re.compile(r"\b(?:INSERT INTO|DELETE FROM|(?<!FOR )UPDATE)\s+(?!SET\b)(\w+)")

_WAYS = {Act.SEND: Way.FORWARD, Act.QUERY: Way.ASK, Act.ABORT: Way.STOP}

Taken = Callable[[bytes], None]
A = TypeVar("A")


class Process:
    """What is given to whoever begins a process: `world`, `database` and `name`, and a way to drive its kernel.

    All of it happens on the caller's thread: what would be started on a thread of its own is done at once, and what
    far ends answer is taken by `deliver`, in the order in which it was asked for. So each run comes by the same points.
    Once the process is dead, everything that it tries raises `Crash`.
    """

    def __init__(self, name: str, observer: Database, clock: ManualClock) -> None:
        self.name = name
        self.clock = clock
        self.dead = False
        self.points: list[Point] = []
        """Those that it came by since it was watched."""
        self.world = replace(
            observer.world,
            threads=Inline(),
            transports={name: _Wire(self, each) for name, each in observer.world.transports.items()},
        )
        self.database: Database = _Database(observer, self)
        self.mail = Mail()
        self._links: list[Link] = []
        self._fatal: Point | None = None
        self._ledger: Ledger | None = None
        self._numbers: Counter[tuple[Side, What, str]] = Counter()
        self._kinds: dict[str, str] = {}

    def settle(self, kernel: Kernel, within: int = WITHIN) -> None:
        """Carry on until every job has ended; time passes only when nothing else helps.

        Raises AssertionError if some have not after so many seconds of the world's time.
        """
        until = self.clock.now() + within * SECOND
        while True:
            kernel.look()
            while sum(kernel.turn(stage) for stage in kernel.registry.stages):  # each has its turn
                pass
            if self.deliver():
                continue
            left = self._left()
            if not left:
                return
            assert self.clock.now() < until, f"after {within} s there are still {', '.join(left)}"
            self.clock.advance(SECOND)

    def deliver(self) -> bool:
        """Take one answer of a far end, once all that were asked have answered or are late; false if there is none."""
        self.check()
        return self.mail.deliver()

    def check(self) -> None:
        """Raise `Crash` if the process is dead."""
        if self.dead:
            raise Crash(self.name)

    def watch(self, fatal: Point | None = None) -> None:
        """Notice points from now on, and die at that one."""
        self._ledger = Ledger(self.clock.now())
        with self.database.reading() as connection:
            self._ledger.begin(connection)
        self._fatal = fatal

    def end(self) -> None:
        """Whatever it was, it is dead now: its links are closed, and the file of its database is."""
        self.dead = True
        for link in self._links:
            link.close()
        self.database.close()

    def adapter(self, name: str, adapter: A) -> A:
        """The adapter, each call of which is a point, before and after."""
        return cast(A, _Adapter(self, name, adapter))

    @contextmanager
    def acting(self, what: What, label: str, places: frozenset[Place]) -> Iterator[None]:
        """Before and after what is done inside, the process may die."""
        self.passing(Side.BEFORE, what, label, places)
        yield
        self.passing(Side.AFTER, what, label, places)

    def passing(self, side: Side, what: What, label: str, places: frozenset[Place]) -> None:
        """The process comes by a point. Raises `Crash` if it is dead, or dies here."""
        self.check()
        if self._ledger is None:
            return
        self._numbers[side, what, label] += 1
        point = Point(side, what, label, self._numbers[side, what, label], places)
        self.points.append(point)
        if point == self._fatal:
            self.dead = True
            raise Crash(str(point))

    def committing(self, connection: Connection) -> "_Commit | None":
        """A transaction is about to be committed; what it says, if it is of interest."""
        self.check()
        tables = sorted(connection.info.get(_Database.TABLES, ()))
        if self._ledger is None or not tables or not _wrote(connection):
            return None
        words, places = self._ledger.difference(connection)
        return _Commit(", ".join(words or tables), places)

    def committed(self) -> None:
        """It was committed."""
        if self._ledger is not None:
            self._ledger.keep()

    def place(self, command: str, way: Way) -> Place:
        """The place that a command's id tells of: the job's UUID, the step and the attempt."""
        uuid, step, *_ = command.split("/")
        if uuid not in self._kinds:
            with self.database.reading() as connection:
                kind = connection.execute(sqlalchemy.select(job.c.kind).where(job.c.uuid == uuid)).scalar()
            self._kinds[uuid] = str(kind)
        return Place(self._kinds[uuid], step, way)

    def opened(self, link: Link) -> None:
        """A link is closed when the process dies."""
        self._links.append(link)

    def _left(self) -> list[str]:
        live = sqlalchemy.select(job.c.kind, job.c.step, job.c.state).where(job.c.state != "ended")
        with self.database.reading() as connection:
            return [f"{kind}/{step} ({state})" for kind, step, state in connection.execute(live.order_by(job.c.id))]


@contextmanager
def watching(registry: Registry, here: Callable[[], Process]) -> Iterator[None]:
    """While inside, each effect that `here` carries out, asks for or stops is a point, before and after."""

    def point(function: Callable[..., object], way: Way) -> Callable[..., object]:
        def watched(call: Call[msgspec.Struct]) -> object:
            place = here().place(call.command, way)
            with here().acting(What.EFFECT, str(place), frozenset({place})):
                return function(call)

        return watched

    with ExitStack() as stack:
        for step in {step for job in registry.jobs.values() for step in job.steps if step.outside}:
            stack.callback(_restore, step, step.run, step.inquire, step.halt)
            step.run = point(step.run, Way.FORWARD)
            step.inquire = step.inquire and point(step.inquire, Way.ASK)
            step.halt = step.halt and point(step.halt, Way.STOP)
        yield


def _restore(step: Step, run: Callable[..., object], *others: Callable[..., object] | None) -> None:
    step.run = run
    step.inquire, step.halt = others


@dataclass(frozen=True)
class _Adapter:
    _process: Process
    _name: str
    _inner: object

    def __getattr__(self, verb: str) -> object:
        found = getattr(self._inner, verb)
        if not callable(found):
            return found

        def call(*arguments: object, **options: object) -> object:
            with self._process.acting(What.ADAPTER, f"{self._name}.{verb}", frozenset()):
                return found(*arguments, **options)

        return call


@dataclass(frozen=True)
class _Commit:
    label: str
    places: frozenset[Place]


class _Database(Database):
    """The way into the observer's database of a process that may die."""

    TABLES = "crash_tables"
    """Of a connection: the tables that its transaction may have written to."""
    CHANGES = "crash_changes"
    """Of a connection to SQLite: how many rows it had changed before."""

    def __init__(self, observer: Database, process: Process) -> None:
        super().__init__(observer.url, process.world)
        self.engine.dispose()
        self.engine = observer.engine.execution_options()  # what SQLAlchemy has compiled is compiled once
        self._flush = None  # the machine outlives the process
        self._process = process
        self._commit: _Commit | None = None
        sqlalchemy.event.listen(self.engine, "begin", self._began)
        sqlalchemy.event.listen(self.engine, "before_cursor_execute", self._executed)
        sqlalchemy.event.listen(self.engine, "commit", self._committing)

    @contextmanager
    def _written(self, *, always: bool = False) -> Iterator[Connection]:
        """A connection that may write: before and after each commit the process may die."""
        self._process.check()
        with super()._written(always=always) as connection:
            _hasten(connection)
            try:
                yield connection
            except Crash:
                connection.invalidate()  # nobody is left to roll it back
                raise
        commit, self._commit = self._commit, None
        if commit is not None:
            self._process.committed()
            self._process.passing(Side.AFTER, What.COMMIT, commit.label, commit.places)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection to read with."""
        self._process.check()
        with super().reading() as connection:
            yield connection

    def _began(self, connection: Connection) -> None:
        connection.info[self.TABLES] = set()
        connection.info[self.CHANGES] = _changes(connection)

    def _executed(self, connection: Connection, cursor: object, statement: str, *rest: object) -> None:
        connection.info.setdefault(self.TABLES, set()).update(_WRITTEN.findall(statement))

    def _committing(self, connection: Connection) -> None:
        commit = self._process.committing(connection)
        if commit is not None:
            self._process.passing(Side.BEFORE, What.COMMIT, commit.label, commit.places)
            self._commit = commit


def _changes(connection: Connection) -> int:
    return int(getattr(connection.connection.dbapi_connection, "total_changes", 0))


def _wrote(connection: Connection) -> bool:
    """Whether the transaction changed a row: statements may have found none to change."""
    if connection.dialect.name == "sqlite":
        return _changes(connection) > int(connection.info[_Database.CHANGES])
    return connection.exec_driver_sql("SELECT pg_current_xact_id_if_assigned()").scalar() is not None


def _hasten(connection: Connection) -> None:
    """SQLite need not wait for the disk either, until its connections are closed."""
    if connection.dialect.name == "sqlite":
        connection.connection.cursor().execute("PRAGMA synchronous=OFF")


@dataclass(frozen=True)
class _Wire:
    """A transport whose sends and receives are points."""

    process: Process
    inner: Transport

    def open(self, address: str, received: Taken, closed: Callable[[str], None]) -> Link:
        self.process.check()

        def ended(reason: str) -> None:
            self.process.mail.arrive("", False, lambda: closed(reason))

        link = _Link(self.process, received)
        link.inner = self.inner.open(address, link.arrived, ended)
        self.process.opened(link.inner)
        return link


class _Link:
    inner: Link

    def __init__(self, process: Process, received: Taken) -> None:
        self._process = process
        self._received = received
        self._sent: dict[str, tuple[str, frozenset[Place]]] = {}

    def send(self, frame: bytes) -> None:
        request = msgspec.json.decode(frame, type=Request)
        if request.act is Act.PROBE:
            self._process.check()
            self.inner.send(frame)
            return
        place = self._process.place(request.command, _WAYS[request.act])
        label = f"{place} ({request.message.verb})" if request.message else f"{place}"
        self._sent[request.command] = label, frozenset({place})
        with self._process.acting(What.SEND, label, frozenset({place})):
            self._process.mail.ask(request.command)
            self.inner.send(frame)

    def close(self) -> None:
        self.inner.close()

    def arrived(self, frame: bytes) -> None:
        """On a thread of the transport: it is kept for whoever drives the process."""
        reply = msgspec.json.decode(frame, type=Reply)
        settled = reply.fate is not Fate.RUNNING
        self._process.mail.arrive(reply.command, settled, lambda: self._take(reply, frame))

    def _take(self, reply: Reply, frame: bytes) -> None:
        if reply.act is Act.PROBE:
            self._received(frame)
            return
        label, places = self._sent.get(reply.command, (reply.command, frozenset()))
        with self._process.acting(What.RECEIVE, f"{label}: {reply.fate}", places):
            self._received(frame)
