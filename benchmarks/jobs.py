"""No-op durable jobs against the database alone: the same rows claimed and ended in bare batches of 100.

Prints jobs per second of both and their ratio, on SQLite in one process; trust the ratio.
"""

import json
import statistics
import tempfile
import time
from pathlib import Path

import msgspec
import sqlalchemy

from stratiform.framework.base.world import World
from stratiform.framework.cluster.membership import Membership
from stratiform.framework.context import begin, use
from stratiform.framework.db.database import Database
from stratiform.framework.db.store import DriverStore
from stratiform.framework.jobs.kernel import Kernel
from stratiform.framework.jobs.kind import Job, Lane, Priority, Registry, Stage, step
from stratiform.framework.jobs.table import job
from stratiform.framework.schema import FRAMEWORK
from stratiform.framework.testing import databases

JOBS = 10_000
ROUNDS = 3
BATCH = 100
PAUSE = 0.01


class Nothing(msgspec.Struct, frozen=True, kw_only=True):
    """The payload of a job that does nothing, about one of many things."""

    thing: int


@step(priority=Priority.CONTROL, batch=True)
def do_nothing(work, runs):
    """Nothing, for all at once."""


FREE = Job("free", 1, Nothing, "bench", [do_nothing])
LANED = Job("laned", 1, Nothing, "bench", [do_nothing], lane="thing/{thing}")
REGISTRY = Registry(
    jobs=[FREE, LANED], stages=[Stage(name="bench", workers=1, batch=BATCH)], lanes=[Lane(kind="thing", rank=1)]
)


def engine(database: Database, kind: Job) -> float:
    """Jobs per second from the first claim to the last commit."""
    kernel = Kernel(
        world=database.world, database=database, registry=REGISTRY, membership=Membership(database, database.world, "b")
    )
    kernel.join()
    with use(begin(database.world.ids, "bench")):
        for first in range(0, JOBS, 1000):
            with kernel.transaction() as work:
                for number in range(first, first + 1000):
                    work.submit(kind, Nothing(thing=number), fair_key="bench")
    left = sqlalchemy.select(sqlalchemy.func.count()).where(job.c.state != "ended")
    began = time.perf_counter()
    kernel.start()
    while True:
        with database.reading() as connection:
            if not connection.execute(left).scalar_one():
                break
        time.sleep(PAUSE)
    took = time.perf_counter() - began
    kernel.stop()
    return JOBS / took


def bare(database: Database) -> float:
    """The same number of rows, claimed and ended by two statements and one commit for each batch."""
    with database.transaction() as tx:
        tx.execute(sqlalchemy.text("CREATE TABLE bare (id INTEGER PRIMARY KEY, state TEXT, payload TEXT)"))
        tx.execute(sqlalchemy.text("CREATE INDEX bare_ready ON bare (id) WHERE state = 'ready'"))
        rows = json.dumps([{"id": number} for number in range(JOBS)])
        fill = "INSERT INTO bare SELECT value->>'id', 'ready', '{}' FROM json_each(:rows)"
        tx.execute(sqlalchemy.text(fill), {"rows": rows})
    claim = sqlalchemy.text("SELECT id, payload FROM bare WHERE state = 'ready' ORDER BY id LIMIT :n")
    end = sqlalchemy.text("UPDATE bare SET state = 'done' WHERE id IN (SELECT value FROM json_each(:ids))")
    began = time.perf_counter()
    done = 0
    while done < JOBS:
        with database.transaction() as tx:
            ids = [row.id for row in tx.execute(claim, {"n": BATCH})]
            tx.execute(end, {"ids": json.dumps(ids)})
        done += len(ids)
    return JOBS / (time.perf_counter() - began)


def once() -> tuple[float, float, float]:
    """One round of each on databases of their own."""
    world, figures = World(store=DriverStore()), []
    for measure in (bare, lambda d: engine(d, FREE), lambda d: engine(d, LANED)):
        with (
            tempfile.TemporaryDirectory() as folder,
            databases.sqlite(Path(folder)) as url,
            databases.opened(url, world, [FRAMEWORK]) as database,
        ):
            figures.append(measure(database))
    return figures[0], figures[1], figures[2]


def main() -> None:
    """Print the medians and their ratios."""
    rounds = [once() for _ in range(ROUNDS)]
    alone, free, laned = (statistics.median(column) for column in zip(*rounds, strict=True))
    print(f"bare batches of {BATCH}: {alone:,.0f} jobs/s")
    print(f"engine, no lane:       {free:,.0f} jobs/s = {free / alone:.2f} of the bare loop")
    print(f"engine, a lane each:   {laned:,.0f} jobs/s = {laned / alone:.2f} of the bare loop")


if __name__ == "__main__":
    main()
