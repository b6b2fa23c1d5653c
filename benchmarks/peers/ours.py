"""Stratiform's job engine, as any program has it: a kernel with two workers on one stage, that takes up 250 at once."""

import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import msgspec
import sqlalchemy
from peers import lent

from stratiform.framework.base.world import World
from stratiform.framework.cluster.membership import Membership
from stratiform.framework.context import begin, use
from stratiform.framework.db.database import Database
from stratiform.framework.db.migrate import Layer
from stratiform.framework.db.store import DriverStore
from stratiform.framework.jobs.kernel import Kernel
from stratiform.framework.jobs.kind import Job, Lane, Priority, Registry, Stage, effect, step
from stratiform.framework.schema import FRAMEWORK
from stratiform.framework.testing import databases

CHUNK = 1000
PAUSE = 0.002
DONE: list[object] = []
"""What reached its last step in this process: who asks the database all the time would be measured too."""
LEFT = sqlalchemy.text("SELECT count(*) FROM job WHERE state <> 'ended'")


class Nothing(msgspec.Struct, frozen=True, kw_only=True):
    """The payload of a job that does nothing, about one of many things."""

    thing: int


def nothing(work, run):
    """Nothing."""


def last(work, run):
    """Nothing, but that it counts."""
    DONE.append(run)


def last_of_all(work, runs):
    """Nothing, but that they count."""
    DONE.extend(runs)


def answer(call):
    """Nothing, at once."""
    call.answer()


def last_answer(call):
    """Nothing, at once, but that it counts."""
    call.answer()
    DONE.append(call)


def named(name, declare, function):
    """A step of this name that does nothing."""
    made = partial(function)
    made.__name__ = name
    return declare(made)


plain = step(priority=Priority.CONTROL)
at_once = step(priority=Priority.CONTROL, batch=True)
outside = effect(priority=Priority.CONTROL, limit=60, answers=True)


def child(kind):
    """A step that spawns a job of this kind."""
    return named("ask", plain, lambda work, run: work.spawn(run, kind, run.payload) and None)


FREE = Job("free", 1, Nothing, "bench", [named("do", plain, last)])
BATCH = Job("batch", 1, Nothing, "bench", [named("do", at_once, last_of_all)])
LANED = Job("laned", 1, Nothing, "bench", [named("do", plain, last)], lane="thing/{thing}")
FIRST = [named(f"step{n}", plain, nothing) for n in range(4)]
STEPS = Job("steps", 1, Nothing, "bench", [*FIRST, named("step4", plain, last)])
FOUR = [named(f"step{n}", outside, answer) for n in range(4)]
EFFECTS = Job("effects", 1, Nothing, "bench", [*FOUR, named("step4", outside, last_answer)])
THIRD = Job("third", 1, Nothing, "bench", [named("do", plain, nothing)])
SECOND = Job("second", 1, Nothing, "bench", [child(THIRD), named("end", plain, nothing)])
CHAIN = Job("chain", 1, Nothing, "bench", [child(SECOND), named("end", plain, last)])
KINDS = {each.name: each for each in (FREE, BATCH, LANED, STEPS, EFFECTS, THIRD, SECOND, CHAIN)}


class Begun:
    """When the first step of a job began."""

    def __init__(self):
        self.at = 0.0
        self.said = threading.Event()


def say(work, run):
    """Tell when it begins."""
    begun = work.the(Begun)
    begun.at = time.perf_counter()
    begun.said.set()


SAY = Job("say", 1, Nothing, "bench", [named("say", plain, say)])


@contextmanager
def engine(
    server: str, *, provide: Sequence[object] = (), also: Sequence[Layer] = ()
) -> Iterator[tuple[Database, Kernel]]:
    """A kernel that knows these kinds, on a database of its own, with the tables of `also`; not yet at work."""
    registry = Registry(
        jobs=[*KINDS.values(), SAY],
        stages=[Stage(name="bench", workers=2, batch=lent.BATCH)],
        lanes=[Lane(kind="thing", rank=1)],
    )
    world = World(store=DriverStore())
    with lent.database(server) as url, databases.opened(url, world, [FRAMEWORK, *also]) as database:
        kernel = Kernel(
            world=world,
            database=database,
            registry=registry,
            membership=Membership(database, world, "bench"),
            provide=provide,
        )
        kernel.join()
        with use(begin(world.ids, "bench")):
            yield database, kernel


def file(kernel: Kernel, kind: Job, count: int) -> None:
    """File so many jobs, a thousand in a transaction."""
    for first in range(0, count, CHUNK):
        with kernel.transaction() as work:
            for number in range(first, min(first + CHUNK, count)):
                work.submit(kind, Nothing(thing=number), fair_key="bench")


def left(database: Database) -> int:
    """How many jobs have not ended."""
    with database.reading() as connection:
        return connection.execute(LEFT).scalar_one()


def rate(server: str, name: str, count: int) -> float:
    """Jobs per second of a kind that lie in the queue, from the first claim to the last commit."""
    DONE.clear()
    with engine(server) as (database, kernel):
        file(kernel, KINDS[name], count)
        lent.analyse(database.engine)
        began = time.perf_counter()
        kernel.start()
        while len(DONE) < count:
            time.sleep(PAUSE)
        ended = lent.until_none(partial(left, database))
        kernel.stop()
    return count / (ended - began)


def latency(server: str, times: int) -> tuple[float, float]:
    """Seconds from the commit of a filing to the job's first step, while nothing else is to do; and of one commit.

    Medians, each measurement beside the other.
    """
    begun, filed, waits, commits = Begun(), [], [], []
    with engine(server, provide=[begun]) as (database, kernel):
        with database.transaction() as tx:
            tx.execute(sqlalchemy.text("CREATE TABLE probe (id INTEGER PRIMARY KEY, n INTEGER)"))
            tx.execute(sqlalchemy.text("INSERT INTO probe VALUES (1, 0)"))
        kernel.start()
        for number in range(times):
            begun.said.clear()
            with kernel.transaction() as work:
                work.tx.after_commit(lambda: filed.append(time.perf_counter()))
                work.submit(SAY, Nothing(thing=number), fair_key="bench")
            begun.said.wait(lent.PATIENCE)
            waits.append(begun.at - filed[-1])
            time.sleep(0.01)  # it is idle again
            commits.append(_commit(database))
        kernel.stop()
    return statistics.median(waits), statistics.median(commits)


def _commit(database: Database) -> float:
    began = time.perf_counter()
    with database.transaction() as tx:
        tx.execute(sqlalchemy.text("UPDATE probe SET n = n + 1 WHERE id = 1"))
    return time.perf_counter() - began
