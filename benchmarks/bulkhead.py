"""What deployments on 99 hosts feel of a hundredth that takes every command and answers none: p50 and p99, by pairs.

One process with the engine's own stages, and hosts in memory that answer at once; machines are filed at a steady rate
and placed on whichever host is emptiest, so that the silent one gets its share. It answers probes still, so nothing
tells placement to avoid it, which is the worst case. A pair is a run where all are well and one where it is silent, in
turn the one first and the other; then it answers again, what it owed is settled, and the next pair begins. Times are
from a job's filing to its end. On SQLite and on PostgreSQL; trust the ratios.
"""

import logging
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import sqlalchemy
import structlog

sys.path.insert(0, str(Path(__file__).parents[1]))
from peers import lent
from tests import postgres
from tests.engine.conftest import Open, Site
from tests.engine.jobs.cloud import Cloud
from tests.engine.jobs.farm import Farm, Way

from stratiform.engine import api, schema
from stratiform.framework.agents.frame import Act, Request
from stratiform.framework.base.clock import SystemClock
from stratiform.framework.base.world import World
from stratiform.framework.context import begin, use
from stratiform.framework.db.store import DriverStore
from stratiform.framework.jobs.table import job
from stratiform.framework.schema import FRAMEWORK
from stratiform.framework.testing import databases
from stratiform.server import foreground

HOSTS = 100
PAIRS = 5
MACHINES = 400
"""In each run: p99 is the fourth slowest."""
RATE = 40
"""Machines filed in a second: far fewer than can be deployed."""
GOAL = 1.1
PAUSE = 0.2
"""Seconds between two looks whether all have ended."""
DEPLOYED = (
    sqlalchemy.select(
        schema.vm.c.uuid, schema.host.c.uuid.label("host"), job.c.outcome, job.c.error, job.c.created, job.c.changed
    )
    .join(job, job.c.resource == sqlalchemy.literal("vm/") + schema.vm.c.uuid)
    .outerjoin(schema.host, schema.host.c.id == schema.vm.c.host_id)
    .where(job.c.kind == "vm.deploy")
)
LIVE = sqlalchemy.select(sqlalchemy.func.count()).where(job.c.state != "ended")


class Clock(SystemClock):
    """The machine's; what turns a clock by hand waits."""

    def advance(self, microseconds):
        """Let time pass."""
        time.sleep(microseconds / 1e6)


class Mouth:
    """A link that loses what is told to a silent host, but not whether it lives."""

    def __init__(self, link, way):
        self._link, self._way = link, way

    def send(self, frame):
        """Pass a frame on, unless it is swallowed."""
        request = msgspec.json.decode(frame, type=Request)
        if request.resource == self._way.silent and request.act is not Act.PROBE:
            return
        self._link.send(frame)

    def close(self):
        """Close it."""
        self._link.close()


class Swallowing(Way):
    """The transport to the farm, of which one host may be silent."""

    silent = ""
    """UUID of the host that takes everything and answers nothing; empty if there is none."""

    def open(self, address, received, closed):
        """A link to all hosts."""
        return Mouth(super().open(address, received, closed), self)


@contextmanager
def cloud_of(server: str) -> Iterator[tuple[Cloud, Swallowing, object]]:
    """A hundred hosts and a network, with the engine at work."""
    farm = Farm()
    way = Swallowing(farm, clock := Clock())
    farm.host = msgspec.structs.replace(farm.host, cpus=512, memory=1 << 40)
    farm.capacity = 1 << 60
    world = World(store=DriverStore(), clock=clock, transports={"farm": way})
    with (
        tempfile.TemporaryDirectory() as data,
        lent.database(server) as url,
        databases.opened(url, world, (FRAMEWORK, schema.LAYER)) as database,
        use(begin(world.ids, "bench")),
    ):
        site = Site(database=database, world=world)
        site.lay_out()
        cloud = Cloud(site, farm, way, Open(), Path(data), hosts=HOSTS)
        network = _network(cloud)
        lent.analyse(database.engine)
        cloud.server.kernel.start()
        foreground.tune()
        yield cloud, way, network
        cloud.server.kernel.stop()
        cloud.server.channel.close()
        way.close()
        assert not farm.wrongs, farm.wrongs


def _network(cloud):
    site = cloud.site
    with cloud.database.transaction() as tx:
        tx.execute(sqlalchemy.update(schema.pool).values(capacity=1 << 60, total=1 << 60))
        return api.create_network(
            tx, cloud.world, zone=site.zone, offering=site.network_offering, account=site.root, name="bench",
            gateway="10.4.0.1", netmask="255.255.0.0", start_ip="10.4.0.2", end_ip="10.4.63.254",
        )  # fmt: skip


def run(cloud: Cloud, way: Swallowing, network: object, silent: str) -> tuple[float, float]:
    """Milliseconds of p50 and p99 of the deployments on the hosts that are well."""
    way.silent = silent
    began, filed = time.perf_counter(), set()
    for number in range(MACHINES):
        time.sleep(max(0.0, began + number / RATE - time.perf_counter()))
        filed.add(cloud.deploy(networkids=[network.uuid]).entity)
    _until(lambda: {row.host for row in _deployed(cloud, filed) if row.outcome is None} <= {silent})
    there = _deployed(cloud, filed)
    owed = {row.uuid for row in there if row.outcome is None}
    assert bool(owed) == bool(silent), "nothing was placed on the silent host"
    failed = [row.error for row in there if row.uuid not in owed and row.outcome != "succeeded"]
    assert not failed, failed[0]
    way.silent = ""
    way.cut()  # so that what it owes is asked for anew
    _until(lambda: not cloud.rows(LIVE)[0][0])
    took = sorted((row.changed - row.created) / 1000 for row in there if row.uuid not in owed)
    return statistics.median(took), took[int(len(took) * 0.99)]


def _deployed(cloud, filed) -> Sequence[object]:
    return [row for row in cloud.rows(DEPLOYED) if row.uuid in filed]


def _until(condition) -> None:
    deadline = time.perf_counter() + lent.PATIENCE
    while not condition():
        if time.perf_counter() > deadline:
            raise TimeoutError
        time.sleep(PAUSE)


def compare(server: str, dialect: str) -> None:
    """Print every pair of one database, and the medians."""
    ratios = []
    with cloud_of(server) as (cloud, way, network):
        run(cloud, way, network, "")  # so that the first is not the one that has everything compiled
        host = cloud.hosts[HOSTS // 2].uuid
        for number in range(PAIRS):
            order = ("", host) if number % 2 == 0 else (host, "")
            found = {silent: run(cloud, way, network, silent) for silent in order}
            (p50, p99), (slow50, slow99) = found[""], found[host]
            ratios.append((slow50 / p50, slow99 / p99))
            told = f"p50 {p50:.1f} and p99 {p99:.1f} ms; one silent: {slow50:.1f} and {slow99:.1f} ms"
            print(f"{dialect}: all well: {told}", flush=True)
    half, most = (statistics.median(each) for each in zip(*ratios, strict=True))
    print(f"{dialect}: one silent / all well: p50 {half:.2f}, p99 {most:.2f} (goal <= {GOAL})", flush=True)


def main() -> None:
    """Compare on both databases."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    compare("sqlite", "sqlite")
    with postgres.server(**lent.DURABLE) as server:
        compare(server, "postgresql")


if __name__ == "__main__":
    main()
