"""A server that gets a signal at a point of an operation, or ends it: `python -m tests.crash.victim FILE`."""

import json
import os
import pickle
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import structlog
from tests.engine.conftest import Open
from tests.engine.jobs.cloud import Cloud
from tests.engine.jobs.conftest import seen
from tests.engine.jobs.operations import ALL, Mortal

from stratiform.framework import context
from stratiform.framework.agents.socket import SocketTransport
from stratiform.framework.base.clock import SystemClock
from stratiform.framework.base.threads import SystemThreads
from stratiform.framework.db.database import Database
from stratiform.framework.testing.crash_points import Crash
from stratiform.framework.testing.crash_process import Process, watching
from stratiform.framework.testing.world import ManualClock, seeded


class Far:
    """The farm, which is at another address here."""

    def __init__(self, address):
        self.address, self.inner = address, SocketTransport(SystemThreads(), SystemClock())

    def open(self, address, received, closed):
        return self.inner.open(self.address, received, closed)


class Victim(Process):
    """A process that really dies, or stands still for ever."""

    def __init__(self, *process, signal):
        super().__init__(*process)
        self.signal = signal

    def passing(self, *point):
        try:
            super().passing(*point)
        except Crash:
            os.kill(os.getpid(), self.signal)


class Remnant(Cloud):
    """The cloud as another process made it."""

    def __init__(self, life, database):
        self.site = SimpleNamespace(**life.rows, database=database, world=database.world)
        self.database, self.world, self.clock = database, database.world, database.world.clock
        self.gate, self.data, self.wide, self.hosts = Open(seen), life.data, life.wide, life.hosts


def main(file):
    """Live."""
    life = SimpleNamespace(**pickle.loads(Path(file).read_bytes()))
    clock = ManualClock(life.now)
    world = replace(seeded(life.seed, clock=clock), transports={"farm": Far(life.address)})
    cloud = Remnant(life, Database(life.url, world))
    process = Victim(f"victim {life.seed}", cloud.database, clock, signal=life.signal)
    cloud.server = Mortal(process, cloud).join()
    (act,) = (each for each in ALL if each.name == life.act)
    with context.use(context.begin(world.ids, "somebody")), watching(cloud.server.registry, lambda: process):
        process.settle(cloud.server.kernel)
        process.watch(life.fatal)
        accepted = act.ask(cloud, life.it)
        told = {"job": getattr(accepted, "job", accepted), "entity": getattr(accepted, "entity", None)}
        print(json.dumps(told), flush=True)
        process.settle(cloud.server.kernel, act.within)


if __name__ == "__main__":
    structlog.configure(processors=[lambda *line: ""], logger_factory=structlog.ReturnLoggerFactory())  # unread
    main(sys.argv[1])
