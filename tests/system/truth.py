"""What is true of a cloud: its database and its simulated hosts, read from outside and compared."""

import time
from pathlib import Path

import sqlalchemy

from stratiform.engine.api import recount
from stratiform.engine.schema import host, vm, volume
from stratiform.framework.base.world import World
from stratiform.framework.db.database import Database
from stratiform.framework.db.store import DriverStore
from stratiform.framework.jobs.table import job, lane
from stratiform.plugins.hypervisor.simulator.client import SimulatorClient

POLL = 0.05


def wait_until(look, seconds=60):
    """What `look` answers once it is true; fails with what it last said."""
    until = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < until, f"still {found!r} after {seconds} s"
        time.sleep(POLL)
    return found


class Truth:
    """Reads a cloud's database and asks its hosts, beside the server or without it."""

    def __init__(self, data: Path, database: str = "") -> None:
        self.data = data
        self.database = Database(database or f"sqlite:///{data / 'stratiform.db'}", World(store=DriverStore()))

    def close(self):
        self.database.close()

    def rows(self, statement):
        with self.database.reading() as connection:
            return connection.execute(statement).all()

    def live_jobs(self):
        columns = (job.c.uuid, job.c.kind, job.c.state, job.c.step, job.c.direction, job.c.lane, job.c.journal)
        return self.rows(sqlalchemy.select(*columns).where(job.c.state != "ended"))

    def settle(self, seconds=60):
        """Wait until every job has ended."""
        until = time.monotonic() + seconds
        while left := self.live_jobs():
            assert time.monotonic() < until, f"{len(left)} jobs have not ended: {left[:5]}"
            time.sleep(POLL)

    def outcomes(self, uuids):
        columns = (job.c.uuid, job.c.outcome, job.c.error)
        return {row.uuid: row for row in self.rows(sqlalchemy.select(*columns).where(job.c.uuid.in_(uuids)))}

    def running(self):
        """The machines that should run: name of the run and UUID of the host."""
        columns = (vm.c.instance_name, vm.c.run, host.c.uuid)
        found = sqlalchemy.select(*columns).join(host, host.c.id == vm.c.host_id).where(vm.c.state == "Running")
        return {(f"{name}.{run}", home) for name, run, home in self.rows(found)}

    def states(self):
        counted = sqlalchemy.select(vm.c.state, sqlalchemy.func.count()).where(vm.c.removed.is_(None))
        return dict(map(tuple, self.rows(counted.group_by(vm.c.state))))

    def really_running(self):
        """The machines that the hosts say they run."""
        with SimulatorClient(self.data) as simulator:
            hosts = simulator.inventory().hosts
        return {(each.name, home.uuid) for home in hosts for each in home.vms if each.running}

    def disks(self):
        found = sqlalchemy.select(volume.c.path).where(volume.c.pool_id.is_not(None), volume.c.removed.is_(None))
        return {path for (path,) in self.rows(found)}

    def real_disks(self):
        with SimulatorClient(self.data) as simulator:
            return {each.path for each in simulator.inventory().volumes}

    def check(self):
        """Nothing is lost, doubled or leaked, and nothing is on its way any more."""
        assert self.really_running() == self.running()
        assert self.real_disks() == self.disks()
        with self.database.reading() as connection:
            assert recount(connection) == []
        assert set(self.states()) <= {"Running", "Stopped", "Destroyed", "Error"}
        assert self.rows(sqlalchemy.select(lane).where((lane.c.busy != 0) | (lane.c.queued != 0))) == []
