"""A thousand hosts, and machines on them through the wire: five hundred unless `--sample` says otherwise."""

import time
from functools import partial

import pytest
from tests.system.killing import client, deploy_at_once
from tests.system.running import ON_EACH_DATABASE
from tests.system.truth import Truth

from stratiform.framework import context
from stratiform.framework.testing.statements import count
from stratiform.server import bootstrap
from stratiform.server.bootstrap import Settings, compose
from stratiform.server.foreground import Ending
from stratiform.server.quickstart import waiting, zone

pytestmark = ON_EACH_DATABASE

HOSTS = 1000
READY_SECONDS = 180
"""On any machine; a quiet one with two cores takes less than 30."""
MACHINES = 500
AT_ONCE = 50
BATCH = 100
STATEMENTS = 30
"""For each host until it is connected, at most: 16 where work piles up and batches are full, 23 where each is small."""


def test_many_machines_on_a_thousand_hosts(quickstart, sample):
    began = time.monotonic()
    cloud = quickstart(hosts=HOSTS, patience=READY_SECONDS)
    ready = time.monotonic()
    truth = Truth(cloud.data, cloud.database)
    wanted = sample or MACHINES
    for first in range(0, wanted, AT_ONCE):
        threads, accepted = deploy_at_once(cloud, min(AT_ONCE, wanted - first))
        for each in threads:
            each.join(60)
        assert len(accepted) == len(threads)
    truth.settle(300)
    print(f"{HOSTS} hosts in {ready - began:.1f} s, {wanted} machines in {time.monotonic() - ready:.1f} s")
    truth.check()
    assert truth.states() == {"Running": wanted}
    assert len(client(cloud).listHosts(type="Routing", fetch_list=True)) == HOSTS
    truth.close()


@pytest.fixture
def server(tmp_path, postgresql_url):
    """A server in this process that has nothing yet."""
    settings = Settings(data=tmp_path / "data", database=postgresql_url, port=0)
    bootstrap.prepare(settings)
    server = compose(settings)
    server.start()
    yield server
    server.serving.close()
    server.stop()
    for each in server.tools.hypervisors.values():
        each.retire(settings.data)


def test_the_tenth_hundred_of_hosts_costs_what_the_first_does(server):
    asked = []
    with context.use(context.begin(server.world.ids, "system:quickstart")), Ending() as ending:
        server.kernel.run(zone.ground)
        for first in range(1, HOSTS + 1, BATCH):
            with count(server.database) as counted:
                server.kernel.run(partial(zone.hosts, numbers=range(first, first + BATCH)))
                waiting.wait(server.database, waiting.HOSTS, ending, lambda left: None, str)
            asked.append(len(counted))
    print(f"statements for each hundred hosts: {asked}")
    assert max(asked) <= STATEMENTS * BATCH
    assert asked[-1] <= asked[0] * 1.25
