"""listStages: what every server tells of its stages, and of what else has a queue."""

from dataclasses import replace

import pytest
import sqlalchemy
from tests.server.test_generator import pytestmark as needs_plugins
from tests.server.test_users import (
    clock,
    database,
    database_url,
    domains,
    layers,
    root,
    server,
    world,
)

from stratiform.api.access import Everything, Nothing
from stratiform.api.cloud import Query
from stratiform.api.principal import Principal, Role
from stratiform.engine import api
from stratiform.framework import context
from stratiform.framework.base.clock import SECOND
from stratiform.framework.cluster.membership import LEASE, Membership
from stratiform.framework.cluster.table import process
from stratiform.framework.jobs.kernel import Kernel
from stratiform.framework.jobs.kind import Registry
from stratiform.framework.jobs.table import stage
from stratiform.framework.telemetry.figures import Figures
from stratiform.framework.testing.statements import count
from stratiform.framework.testing.world import ManualClock
from stratiform.server import bootstrap
from stratiform.server.bootstrap import Settings

__all__ = ["clock", "database", "database_url", "domains", "layers", "root", "server", "world"]

NAMES = ["host", "infrastructure", "network", "vm", "volume"]


def beat(kernel):
    """Let a kernel tell its figures."""
    kernel.world.clock.advance(LEASE // 3)
    kernel.look()


@pytest.fixture
def other(server):
    """The kernel of a second server that knows the stage `vm` alone."""
    registry = Registry(jobs=(), stages=[server.kernel.registry.stages["vm"]], lanes=())
    membership = Membership(server.database, server.world, "other", database_time=False)
    kernel = Kernel(world=server.world, database=server.database, registry=registry, membership=membership)
    kernel.join()
    return kernel


def stages(root, **given):
    return {row["name"]: row for row in root.get("listStages", **given)["stage"]}


def test_a_stage_tells_what_was_done_on_each_server_and_on_all_together(server, other, root):
    filed = root.get("deleteDomain", id=root.get("createDomain", name="d")["domain"]["id"])
    server.world.clock.advance(SECOND)
    server.settle()
    assert root.get("queryAsyncJobResult", jobid=filed["jobid"])["jobstatus"] == 1
    server.kernel.meter.claimed("vm", [10_000] * 99)
    other.meter.claimed("vm", [1_000_000])
    beat(server.kernel)
    beat(other)
    found = stages(root)
    assert list(found) == NAMES
    infrastructure = found["infrastructure"]
    (own,) = infrastructure["server"]
    assert (own["name"], own["busy"]) == ("server", 0)
    assert own["workers"] == server.kernel.registry.stages["infrastructure"].workers
    assert own["waitp50"] == infrastructure["waitp50"] == pytest.approx(1000, rel=0.05)
    assert infrastructure["servicep99"] == pytest.approx(1000, rel=0.05)
    vm = found["vm"]
    assert [each["name"] for each in vm["server"]] == ["other", "server"]
    assert vm["server"][0]["waitp50"] == pytest.approx(1000, rel=0.05)
    assert (vm["waitp50"], vm["waitp99"]) == (pytest.approx(10, rel=0.1), pytest.approx(10, rel=0.1))
    assert vm["server"][1]["waitp99"] == pytest.approx(10, rel=0.1)
    times = [each["updated"] for each in vm["server"]]
    assert times[0] > times[1]
    assert "warning" not in vm
    assert "servicep50" not in vm


def test_what_is_under_way_and_how_many_work_on_it(server, root, domains):
    root.get("updateStage", name="infrastructure", inflight=3)
    with server.kernel.meter.busy("infrastructure"):
        beat(server.kernel)
    row = stages(root)["infrastructure"]
    assert (row["inflight"], row["underway"], row["busy"], row["type"]) == (3, 0, 1, "stage")
    with server.database.transaction() as tx:
        tx.execute(sqlalchemy.update(stage).values(scaled=server.world.clock.now(), reason="1 to 2: it waited"))
    row = stages(root)["vm"]
    assert row["scalereason"] == "1 to 2: it waited"
    assert row["scaled"].endswith("+0000")


def test_a_stage_that_nobody_serves_says_so_once_every_server_has_told(server, other, root):
    server.kernel.stop()
    assert "warning" not in stages(root)["volume"]  # the other one has not said what it does
    beat(other)
    found = stages(root)
    assert found["volume"]["warning"] == "no server serves this"
    assert found["volume"].get("server", []) == []
    assert "warning" not in found["vm"]


def test_what_else_queues_is_listed_after_the_stages_and_cannot_be_set(server, other, root):
    http = Figures(name="http", type="http", workers=8, busy=2, queued=5, services={100: 3})
    loop = Figures(name="housekeeping", type="monitor", last=server.world.clock.now(), waits={0: 7})
    for kernel in (server.kernel, other):
        kernel.meter.sources += [lambda: http, lambda: loop]
        beat(kernel)
    found = stages(root)
    assert list(found) == [*NAMES, "housekeeping", "http"]
    assert found["http"]["type"] == "http"
    assert (found["http"]["workers"], found["http"]["busy"], found["http"]["queued"]) == (16, 4, 10)
    assert found["http"]["servicep50"] > 0
    assert [each["name"] for each in found["http"]["server"]] == ["other", "server"]
    assert found["housekeeping"]["server"][0]["last"].endswith("+0000")
    assert list(stages(root, type="monitor")) == ["housekeeping"]
    assert list(stages(root, type="stage")) == NAMES
    assert list(stages(root, name="http")) == ["http"]
    assert list(stages(root, keyword="HOUSE")) == ["housekeeping"]
    page = root.get("listStages", page=2, pagesize=6)
    assert (page["count"], [each["name"] for each in page["stage"]]) == (7, ["http"])
    for name, why in (("http", "--threads"), ("housekeeping", "each second"), ("monitor", "ping.interval")):
        assert why in root.refused(431, "updateStage", name=name, workers=2)


def test_it_takes_two_statements_however_many_servers_there_are(server, other):
    queues = api.program.queues(server.database, Gate(Everything()))
    beat(server.kernel)
    beat(other)
    who = Principal(user="u", account="a", role=Role.ADMIN, scope="root/")
    with count(server.database) as asked:
        assert queues.stages(who, "listStages", Query(filters={})).count == 5
    asked.expect(statements=2)
    assert api.program.queues(server.database, Gate(Nothing())).stages(who, "listStages", Query(filters={})).count == 0


class Gate:
    """Lets everybody see the same."""

    def __init__(self, seen):
        self.seen = seen

    def visible(self, who, action, kind):
        return self.seen


@pytest.fixture
def whole(database_url, tmp_path, monkeypatch):
    """A whole server, whose one loop is turned by hand."""
    outside = replace(bootstrap.world(), clock=ManualClock())
    monkeypatch.setattr(bootstrap, "world", lambda: outside)
    settings = Settings(data=tmp_path / "data", database=database_url, port=0)
    bootstrap.prepare(settings)
    made = bootstrap.compose(settings)
    made.kernel.join()
    yield made
    made.serving.close()
    made.stop()


@needs_plugins
def test_a_whole_server_tells_of_its_http_queue_its_monitor_and_its_loop(whole):
    clock = whole.world.clock
    for seconds in (1, 1, 1, 4, 1, 1, 1, 1):
        clock.advance(seconds * SECOND)
        whole.kernel.look()
    queues = api.program.queues(whole.database, Gate(Everything()))
    who = Principal(user="u", account="a", role=Role.ADMIN, scope="root/")
    found = {row["name"]: row for row in queues.stages(who, "listStages", Query(filters={})).rows}
    assert list(found) == [*NAMES, "housekeeping", "http", "monitor"]
    assert (found["http"]["workers"], found["http"]["queued"]) == (8, 0)
    assert found["housekeeping"]["waitp99"] == pytest.approx(3000, rel=0.05)
    assert found["housekeeping"]["waitp50"] <= 1
    assert found["monitor"]["queued"] == 0
    assert {each["type"] for each in found.values()} == {"stage", "http", "monitor"}
    assert clock.now() - found["monitor"]["server"][0]["last"] <= 6 * SECOND
    assert not any("warning" in each for each in found.values())


@needs_plugins
def test_figures_stay_small(whole):
    with context.use(context.begin(whole.world.ids, "test")):
        for number in range(20_000):
            whole.kernel.meter.claimed("vm", [number * number])
    text = whole.kernel.meter.figures({"vm": 8})
    assert len(text) < 16_000
    with whole.database.transaction() as tx:
        tx.execute(sqlalchemy.update(process).values(figures=text))
