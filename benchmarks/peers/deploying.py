"""Machines deployed by a whole server on instant hosts: the farm in memory of the engine's tests, as a hypervisor.

Each is asked for by a signed request of a tenant's that the server's WSGI application answers, with all that a request
goes through but the socket: one transaction, one commit, one job. As many threads ask as `CALLERS` says.
"""

import multiprocessing
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from unittest.mock import patch
from urllib.parse import urlencode

import falcon.testing
import msgspec
import sqlalchemy
from peers import lent
from tests.engine.conftest import Site
from tests.engine.jobs.farm import Farm, Host, Provider, Way

from stratiform.api.adapters.hypervisor import Hypervisor
from stratiform.api.adapters.storage import PrimaryStorage
from stratiform.engine import api, schema
from stratiform.framework.agents.clerk import Clerk
from stratiform.framework.agents.farend import FarEnd
from stratiform.framework.agents.local import LocalTransport
from stratiform.framework.agents.table import resource
from stratiform.framework.agents.workers import Workers
from stratiform.framework.base.clock import SystemClock
from stratiform.framework.base.threads import SystemThreads
from stratiform.framework.base.world import World
from stratiform.framework.context import begin, use
from stratiform.framework.db.store import DriverStore
from stratiform.framework.jobs.table import job
from stratiform.server import bootstrap, foreground, signature
from stratiform.server.bootstrap import Server, Settings

HOSTS = 20
CALLERS = 4
"""Threads that ask, as many as waitress has unless it is told otherwise."""
WARM = 8
ROOM = 1 << 60
"""Bytes of the pool: it is never full."""
UP = sqlalchemy.select(sqlalchemy.func.count()).select_from(resource).where(resource.c.state == "Up")
LEFT = sqlalchemy.select(sqlalchemy.func.count()).select_from(schema.vm).where(schema.vm.c.state != "Running")
FAILED = sqlalchemy.select(job.c.kind, job.c.error).where(job.c.outcome == "failed").limit(1)


class Prompt(Way):
    """The way to hosts that carry out a command as soon as it is told, without a thread for each."""

    def _begin(self):
        clerk = Clerk("far end", self._threads, self._clock)
        protocols = [Hypervisor, PrimaryStorage]
        perform = Workers(clerk, lambda uuid, *rest: Host(self._farm, uuid), protocols, AtOnce())
        self.farend = FarEnd(clerk, self._clock, perform, self._log)
        self._local = LocalTransport(self.farend, self._threads, self._clock)


class AtOnce(SystemThreads):
    """No thread: whoever starts one does its work, and is given none to wait for. For `Workers`, who wait for none."""

    def start(self, name, target):
        """Call `target`."""
        target()


@dataclass(frozen=True)
class Asking:
    """A server and what it is asked."""

    server: Server
    target: str

    def ask(self, count: int) -> None:
        """Ask so many times, from several threads at once; every answer is a job."""
        with ThreadPoolExecutor(CALLERS) as callers:
            for each in [callers.submit(self._ask) for _ in range(count)]:
                each.result()

    def _ask(self) -> None:
        said = []
        environment = falcon.testing.create_environ("/client/api", query_string=self.target)
        body = b"".join(self.server.serving.app(environment, lambda status, headers, *_: said.append(status)))
        assert said == ["200 OK"], body


def rates(server: str, count: int) -> tuple[float, ...]:
    """Machines per second: of those that lie in the queue, that are filed while this process works, and by another.

    The last is told of PostgreSQL alone: SQLite has one process.
    """
    way = Prompt(farm := Farm(), SystemClock())
    farm.host = msgspec.structs.replace(farm.host, cpus=512, memory=1 << 40)
    farm.capacity = ROOM
    with tempfile.TemporaryDirectory() as data, lent.database(server) as url:
        settings = Settings(data=Path(data), database=url, port=0)
        bootstrap.prepare(settings)
        with _composed(settings, way) as running:
            running.start()
            asking = Asking(running, _lay_out(running))
            lent.until_none(lambda: HOSTS - _asked(running, UP))
            asking.ask(WARM)  # so that the first is not the one that has everything compiled
            _until_running(running)
            foreground.tune()
            figures = [_queued(asking, count), _live(asking, count)]
            if server != "sqlite":
                figures.append(_apart(asking, settings, 2 * count))
            running.kernel.stop()
        way.close()
    assert not farm.wrongs, farm.wrongs
    return tuple(figures)


def _queued(asking: Asking, count: int) -> float:
    """Filed while every stage pauses."""
    running = asking.server
    _set_stages(running, "pause")
    asking.ask(count)
    lent.analyse(running.database.engine)
    began = perf_counter()
    _set_stages(running, "run")
    running.kernel.look()
    return count / (_until_running(running) - began)


def _live(asking: Asking, count: int) -> float:
    began = perf_counter()
    asking.ask(count)
    return count / (_until_running(asking.server) - began)


def _apart(asking: Asking, settings: Settings, count: int) -> float:
    """Filed by another server of the same cloud, which does no work."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as other:
        other.submit(_file, settings, asking.target, WARM).result()
        _until_running(asking.server)
        began = perf_counter()
        other.submit(_file, settings, asking.target, count).result()
        return count / (_until_running(asking.server) - began)


_SERVERS: dict[str, Server] = {}
"""The server of a process that only files."""


def _file(settings: Settings, target: str, count: int) -> None:
    if settings.url not in _SERVERS:
        _SERVERS[settings.url] = bootstrap.compose(settings)
        foreground.tune()
    Asking(_SERVERS[settings.url], target).ask(count)


@contextmanager
def _composed(settings: Settings, way: Way) -> Iterator[Server]:
    world = World(store=DriverStore(), clock=SystemClock(), transports={"farm": way})
    with patch.object(bootstrap, "world", lambda: world):
        running = bootstrap.compose(settings)
    running.tools.hypervisors["Simulator"] = Provider()
    try:
        yield running
    finally:
        running.serving.close()
        running.stop()


def _lay_out(running: Server) -> str:
    """A zone with hosts that answer, a tenant with a key, and what it asks: the query of a deployment."""
    with use(begin(running.world.ids, "bench")):
        site = Site(database=running.database, world=running.world)
        site.lay_out()
        with running.database.transaction() as tx:
            tx.execute(schema.pool.update().values(capacity=ROOM, total=ROOM))
            network = api.create_network(
                tx, running.world, zone=site.zone, offering=site.network_offering, account=site.root, name="bench",
                gateway="10.4.0.1", netmask="255.255.0.0", start_ip="10.4.0.2", end_ip="10.4.31.254",
            )  # fmt: skip
            pair = running.keys.issue(tx, site.user.uuid)
        for number in range(HOSTS):
            with running.kernel.transaction() as work:
                api.add_host(
                    work, zone=site.zone, pod=site.pod, cluster=site.cluster, name=f"host{number}",
                    url=f"http://host{number}",
                )  # fmt: skip
    asked = {
        "command": "deployVirtualMachine",
        "response": "json",
        "apiKey": pair.api_key,
        "zoneid": site.zone.uuid,
        "serviceofferingid": site.offering.uuid,
        "templateid": site.template.uuid,
        "networkids": network.uuid,
    }
    return urlencode(asked | {"signature": signature.sign(asked, pair.secret)})


def _set_stages(running: Server, mode: str) -> None:
    with running.database.transaction() as tx:
        tx.execute(sqlalchemy.text("UPDATE stage SET mode = :mode"), {"mode": mode})
    running.kernel.look()


def _until_running(running: Server) -> float:
    def left() -> int:
        with running.database.reading() as connection:
            failed = connection.execute(FAILED).all()
            assert not failed, failed
        return _asked(running, LEFT)

    return lent.until_none(left)


def _asked(running: Server, count: sqlalchemy.Select[int]) -> int:
    with running.database.reading() as connection:
        return connection.execute(count).scalar_one()
