"""A job engine to drive by hand: no thread of its own, every turn of a worker is asked for, time is turned."""

import json
import time
from types import SimpleNamespace

import msgspec
import pytest
import sqlalchemy
from structlog.testing import capture_logs

from stratiform.framework import context
from stratiform.framework.base.clock import SECOND
from stratiform.framework.cluster.membership import LEASE, Membership
from stratiform.framework.jobs.kernel import Kernel
from stratiform.framework.jobs.kind import Priority, Registry, Stage, step
from stratiform.framework.jobs.run import Run
from stratiform.framework.jobs.state import MACHINE
from stratiform.framework.jobs.table import job as job_table
from stratiform.framework.jobs.table import lane as lane_table
from stratiform.framework.jobs.table import stage as stage_table


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A payload for every test."""

    name: str = ""
    number: int = 0


class Crash(BaseException):
    """What happens when a process is killed, seen from inside it."""


class Log(list):
    """What steps and effects did, in order."""


def nothing(work, run):
    """A step, or its undo, that does nothing."""


class Server:
    """The engine of one process."""

    def __init__(self, database, registry, log, name="a"):
        self.database, self.registry = database, registry
        self.world = database.world
        self.membership = Membership(database, self.world, name, database_time=False)
        self.kernel = Kernel(
            world=self.world, database=database, registry=registry, membership=self.membership, provide=[log]
        )
        self.kernel.join()
        self.kernel.take_over()

    def submit(self, kind, payload=None, *, fair_key="ann", **more):
        """File one job and answer its UUID."""
        with self.kernel.transaction() as work:
            return work.submit(kind, payload or Order(), fair_key=fair_key, **more).uuid

    def run(self):
        """Work until there is nothing left to do now."""
        self.kernel.look()
        while sum(self.kernel.turn(stage) for stage in self.registry.stages):  # each stage has its turn
            pass

    def wait(self, seconds):
        """Let time pass, with the housekeeping that goes with it, and work."""
        for _ in range(int(seconds)):
            self.world.clock.advance(SECOND)
            self.run()

    def row(self, uuid):
        """A job as it is in the database, decoded."""
        return self.rows(job_table.c.uuid == uuid)[0]

    def rows(self, *where):
        """Jobs as they are in the database, in the order they were filed."""
        with self.database.reading() as connection:
            found = connection.execute(job_table.select().where(*where).order_by(job_table.c.id)).mappings().all()
        return [SimpleNamespace(**{name: _decoded(name, value) for name, value in row.items()}) for row in found]

    def lines(self, uuid):
        """The journal of a job as (step, text), with `-` before a step that was undone."""
        return [("-" * undo + step, text) for _, step, undo, text in self.row(uuid).journal]


def _decoded(name, value):
    return json.loads(value) if name in ("answer", "error", "journal", "held", "payload", "memory") and value else value


@pytest.fixture(autouse=True)
def in_somebodys_name(somebody):
    with context.use(somebody):
        yield


@pytest.fixture(autouse=True)
def logged():
    """What was logged, which is much where steps raise on purpose."""
    with capture_logs() as lines:
        yield lines


@pytest.fixture(autouse=True)
def moves(monkeypatch):
    """How jobs in memory went from state to state, in pairs: as `state.MACHINE` says, in every test."""
    seen = set()

    def watched(run, name, value):
        before = run.__dict__.get("state", value)
        if name == "state" and before is not value:
            seen.add((before, value))
        run.__dict__[name] = value

    monkeypatch.setattr(Run, "__setattr__", watched)
    yield seen
    assert seen <= {(state, following) for state, _, following in MACHINE.rows}


@pytest.fixture
def log():
    return Log()


@pytest.fixture
def noting(log):
    """Make a step that says that it ran, and does something else: `noting("mix", …, undo=…)`."""

    def make(name, does=nothing, undo=None):
        def function(work, run):
            log.append(name)
            return does(work, run)

        function.__name__ = name
        made = step(priority=Priority.CONTROL)(function)
        if undo is not None:
            made.undo(lambda work, run: log.append(f"-{name}") or undo(work, run))
        return made

    return make


@pytest.fixture
def steer(database):
    """Set the mode of a stage, as an operator would."""

    def set_mode(name, mode):
        with database.transaction() as tx:
            tx.execute(sqlalchemy.update(stage_table).where(stage_table.c.name == name).values(mode=mode))

    return set_mode


@pytest.fixture
def serve(database, log):
    """Make a server of some jobs: `serve(kind, …, lanes=[…])`; more of them on one database are other processes."""

    def make(*jobs, lanes=(), stages=None, name="a"):
        named = stages or [Stage(name=name) for name in dict.fromkeys(each.stage for each in jobs)]
        return Server(database, Registry(jobs=jobs, stages=named, lanes=lanes), log, name)

    return make


@pytest.fixture
def lease_out(clock):
    """Let every lease run out."""
    return lambda: clock.advance(LEASE)


@pytest.fixture
def until():
    """Wait for a condition of something that other threads do; fails when it does not come true."""

    def wait(condition, seconds=20.0):
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "it did not come true"
            time.sleep(0.005)

    return wait


@pytest.fixture
def lanes_are_right(database):
    """The invariant of lanes: busy = holders, queued = blocked, none idle that is wanted, none too full."""

    def check():
        holding = job_table.c.state.in_(["ready", "running", "waiting"])
        with database.reading() as connection:
            lanes = connection.execute(  # in one statement, for others may be at work
                sqlalchemy.select(
                    lane_table,
                    sqlalchemy.func.count().filter(holding).label("holders"),
                    sqlalchemy.func.count().filter(job_table.c.state == "blocked").label("blocked"),
                )
                .outerjoin(job_table, job_table.c.lane == lane_table.c.key)
                .group_by(lane_table.c.key)
            ).all()
        for lane in lanes:
            assert (lane.busy, lane.queued) == (lane.holders, lane.blocked), lane
            assert lane.busy <= lane.width, lane
            assert not lane.queued or lane.busy == lane.width, lane

    return check
