"""Jobs that wait are rows and nothing else: no thread and hardly any memory, however many there are."""

import gc
import os
import threading
from pathlib import Path

import msgspec
import pytest
import sqlalchemy

from stratiform.framework import context
from stratiform.framework.base.clock import SECOND
from stratiform.framework.base.world import World
from stratiform.framework.cluster.membership import Membership
from stratiform.framework.db.store import DriverStore
from stratiform.framework.jobs.kernel import Kernel
from stratiform.framework.jobs.kind import Job, Priority, Registry, Stage, effect, step
from stratiform.framework.jobs.table import job
from stratiform.framework.testing.fixtures import database, layers

__all__ = ["database", "layers"]

MANY = 10_000
PARENTS = 100_000
WORKERS = 2
CHUNK = 1_000
EACH = 1_024
"""Bytes that a parent may cost while it waits."""
YEAR = 365 * 24 * 3600 * SECOND


class Thing(msgspec.Struct, frozen=True, kw_only=True):
    """What a job is about."""

    number: int


@step(priority=Priority.CONTROL)
def rest(work, run):
    """Sleep for a year."""
    work.sleep(run, work.now + YEAR)


@step(priority=Priority.CONTROL)
def end(work, run):
    """Nothing."""


@effect(priority=Priority.CONTROL, limit=3600, answers=True)
def ask(call):
    """Ask somebody who never answers."""


SLEEPER = Job("sleeper", 1, Thing, "wait", [rest, end])
ASKER = Job("asker", 1, Thing, "wait", [ask, end])


@step(priority=Priority.CONTROL)
def delegate(work, run):
    """Wait for a child."""
    work.spawn(run, SLEEPER, run.payload)


PARENT = Job("parent", 1, Thing, "wait", [delegate, end])


@pytest.fixture
def world():
    """The real one: time goes on, workers are threads."""
    return World(store=DriverStore())


@pytest.fixture
def kernel(database, world):
    """A kernel at work, of one stage."""
    registry = Registry(
        jobs=[SLEEPER, ASKER, PARENT], stages=[Stage(name="wait", workers=WORKERS, batch=500)], lanes=[]
    )
    kernel = Kernel(world=world, database=database, registry=registry, membership=Membership(database, world, "a"))
    kernel.join()
    kernel.start()
    yield kernel
    kernel.stop()


def file(kernel, kind, count):
    """File so many jobs."""
    with context.use(context.begin(kernel.world.ids, "principal-1")):
        for first in range(0, count, CHUNK):
            with kernel.transaction() as work:
                for number in range(first, first + CHUNK):
                    work.submit(kind, Thing(number=number), fair_key="ann")


def wait_for(kernel, kind, state, count):
    """Wait until so many jobs of a kind are in a state."""
    such = sqlalchemy.select(sqlalchemy.func.count()).where(job.c.kind == kind.name, job.c.state == state)
    ever = threading.Event()
    for _ in range(1200):
        with kernel.database.reading() as connection:
            found = connection.execute(such).scalar_one()
        if found == count:
            return
        ever.wait(0.1)
    raise AssertionError(f"{found} of {count} are {state}")


def resident():
    """Bytes of memory that this process has, once what it needs no more is gone."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


@pytest.mark.parametrize(("kind", "state"), [(SLEEPER, "waiting"), (ASKER, "running"), (PARENT, "waiting")])
def test_ten_thousand_jobs_that_wait_hold_no_thread(kernel, kind, state):
    """For a time, for the answer to an effect, for a child."""
    before = threading.active_count()
    file(kernel, kind, MANY)
    wait_for(kernel, kind, state, MANY)
    assert threading.active_count() <= before
    with kernel.database.reading() as connection:
        left = sqlalchemy.select(sqlalchemy.func.count()).where(job.c.state == "ready")
        assert connection.execute(left).scalar_one() == 0


def test_a_hundred_thousand_parents_that_wait_cost_hardly_any_memory(kernel):
    file(kernel, PARENT, CHUNK)
    wait_for(kernel, PARENT, "waiting", CHUNK)
    before = resident()
    file(kernel, PARENT, PARENTS)
    wait_for(kernel, PARENT, "waiting", CHUNK + PARENTS)
    cost = (resident() - before) / PARENTS
    print(f"{cost:.0f} bytes for each of {PARENTS} parents")
    assert cost < EACH
