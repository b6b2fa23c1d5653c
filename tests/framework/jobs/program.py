"""A program that works on orders until it is killed: `program.py URL FOLDER`."""

import sys
import time
from pathlib import Path

import msgspec
import sqlalchemy
import structlog

from stratiform.framework.base.clock import SECOND
from stratiform.framework.base.world import World
from stratiform.framework.cluster.alone import alone
from stratiform.framework.cluster.membership import Membership
from stratiform.framework.db.database import Database
from stratiform.framework.db.store import DriverStore
from stratiform.framework.jobs.kernel import Kernel
from stratiform.framework.jobs.kind import Job, Lane, Priority, Registry, Stage, effect, step

SOLD = sqlalchemy.text("INSERT INTO sold (job) VALUES (:job)")


class Loaf(msgspec.Struct, frozen=True, kw_only=True):
    number: int
    burns: bool = False


@step(priority=Priority.CONTROL)
def take(work, run):
    """Two loaves, of which the second may burn."""
    for burns in (False, run.payload.burns):
        work.spawn(run, BAKE, Loaf(number=run.payload.number, burns=burns))


@step(priority=Priority.CONTROL)
def wrap(work, run):
    work.sleep(run, work.now + SECOND // 50)


@step(priority=Priority.CONTROL)
def sell(work, run):
    work.tx.execute(SOLD, {"job": run.uuid})


@take.undo
def refund(work, run):
    work.tx.execute(SOLD, {"job": f"-{run.uuid}"})


@effect(priority=Priority.CONTROL, limit=60)
def bake(call):
    folder = call.the(Folder).path
    with (folder / "begun").open("a") as begun:
        begun.write(f"{call.job} {call.epoch}\n")
    time.sleep(0.01)
    if call.payload.burns:
        raise ValueError("burnt")
    (folder / call.job).write_text("baked")


@bake.undo
def throw_away(work, run):
    work.tx.execute(SOLD, {"job": f"-{run.uuid}"})


class Folder:
    """Where loaves are put."""

    def __init__(self, path):
        self.path = Path(path)


BAKE = Job("bake", 1, Loaf, "oven", [bake], lane="oven/{number}")
ORDER = Job("order", 1, Loaf, "hall", [take, wrap, sell], lane="order/{number}")
REGISTRY = Registry(
    jobs=[ORDER, BAKE],
    stages=[Stage(name="hall"), Stage(name="oven", workers=3)],
    lanes=[Lane(kind="order", rank=1), Lane(kind="oven", rank=2, leaf=True)],
)


def kernel(url, folder):
    """An engine on this database; alone on SQLite, with a short lease on PostgreSQL."""
    world = World(store=DriverStore())
    database = Database(url, world)
    lock = alone(Path(database.engine.url.database)) if url.startswith("sqlite") else None
    membership = Membership(database, world, "program", lease=SECOND, alone=lock)
    return Kernel(
        world=world, database=database, registry=REGISTRY, membership=membership, provide=[Folder(folder)]
    )


if __name__ == "__main__":
    structlog.configure(processors=[lambda *line: ""], logger_factory=structlog.ReturnLoggerFactory())  # unread
    engine = kernel(*sys.argv[1:])
    engine.join()
    engine.start()
    print("working", flush=True)
    while engine.working:
        time.sleep(0.1)
