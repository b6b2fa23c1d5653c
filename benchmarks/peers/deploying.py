"""Machines deployed by the engine on instant hosts: the farm in memory of the engine's tests, and a transport to it.

`Engine.submit` is called as the wire's handler calls it, one transaction for each machine; a server's stages work on
what was filed.
"""

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import sqlalchemy
from peers import lent
from tests.engine.conftest import Open, Site
from tests.engine.jobs.cloud import Cloud
from tests.engine.jobs.farm import Farm, Way

from stratiform.engine import api, schema
from stratiform.framework.base.clock import SystemClock
from stratiform.framework.base.world import World
from stratiform.framework.context import begin, use
from stratiform.framework.db.store import DriverStore
from stratiform.framework.jobs.table import job
from stratiform.framework.schema import FRAMEWORK
from stratiform.framework.testing import databases

HOSTS = 20
CALLERS = 8
"""Threads that submit, as many as answer HTTP requests by default."""
LEFT = sqlalchemy.select(sqlalchemy.func.count()).where(schema.vm.c.state != "Running")
FAILED = sqlalchemy.select(job.c.kind, job.c.error).where(job.c.outcome == "failed").limit(1)


class Clock(SystemClock):
    """The machine's; what turns a clock by hand waits."""

    def advance(self, microseconds):
        """Let time pass."""
        time.sleep(microseconds / 1e6)


def rates(server: str, count: int) -> tuple[float, float]:
    """Machines per second: of those that lie in the queue, and of those that are filed while the engine works."""
    way = Way(farm := Farm(), clock := Clock())
    farm.host = msgspec.structs.replace(farm.host, cpus=512, memory=1 << 40)
    farm.capacity = 1 << 60
    world = World(store=DriverStore(), clock=clock, transports={"farm": way})
    layers = (FRAMEWORK, schema.LAYER)
    with (
        tempfile.TemporaryDirectory() as data,
        lent.database(server) as url,
        databases.opened(url, world, layers) as database,
        use(begin(world.ids, "bench")),
    ):
        site = Site(database=database, world=world)
        site.lay_out()
        cloud = Cloud(site, farm, way, Open(), Path(data), hosts=HOSTS)
        network = _network(cloud)
        kernel = cloud.server.kernel
        _warm(cloud, network)
        for _ in range(count):
            cloud.deploy(networkids=[network.uuid])
            kernel.look()  # its lease must not run out meanwhile
        lent.analyse(database.engine)
        began = time.perf_counter()
        kernel.start()
        queued = _running(cloud) - began
        began = time.perf_counter()
        with ThreadPoolExecutor(CALLERS) as callers:
            for filed in [callers.submit(_deploy, cloud, network) for _ in range(count)]:
                filed.result()
        live = _running(cloud) - began
        kernel.stop()
        cloud.server.channel.close()
        way.close()
        assert not farm.wrongs, farm.wrongs
    return count / queued, count / live


def _deploy(cloud, network):
    with use(begin(cloud.world.ids, "bench")):
        cloud.deploy(networkids=[network.uuid])


def _network(cloud):
    site = cloud.site
    with cloud.database.transaction() as tx:
        return api.create_network(
            tx, cloud.world, zone=site.zone, offering=site.network_offering, account=site.root, name="bench",
            gateway="10.4.0.1", netmask="255.255.0.0", start_ip="10.4.0.2", end_ip="10.4.15.254",
        )  # fmt: skip


def _warm(cloud, network):
    """One machine, so that the first is not the one that has everything compiled."""
    _deploy(cloud, network)
    cloud.settle()


def _running(cloud):
    def left():
        with cloud.database.reading() as connection:
            failed = connection.execute(FAILED).all()
            assert not failed, failed
            return connection.execute(LEFT).scalar_one()

    return lent.until_none(left)
