"""The engine's jobs on a farm of hosts in memory; after each test everything must agree."""

from dataclasses import replace

import pytest
import structlog
from tests.engine.jobs.cloud import Cloud
from tests.engine.jobs.farm import Farm, Way

from stratiform.api.access import Any, Equals, Everything, Nothing, SharedWith
from stratiform.api.principal import Role
from stratiform.framework.base.clock import SystemClock
from stratiform.framework.testing.world import seeded

OWN = {"vm", "volume", "job", "address", "event"}
LENT = {"template", "network"}
HARDWARE = {"host", "pod", "cluster", "storage_pool", "physical_network"}


def seen(who, action, kind):
    """What tenants see: their own, what is shared with them, and no hardware."""
    if who.role is Role.ADMIN:
        return Everything()
    if kind in OWN:
        return Equals("owner", who.account)
    if kind in LENT:
        return Any((Equals("owner", who.account), SharedWith(who.account)))
    if kind == "account":
        return Equals("id", who.account)
    return Nothing() if kind in HARDWARE else Everything()


@pytest.fixture(autouse=True)
def logs():
    """What was logged, kept from the terminal: to render what steps raise on purpose takes seconds."""
    with structlog.testing.capture_logs() as captured:
        yield captured


@pytest.fixture
def farm():
    return Farm()


@pytest.fixture
def way(farm):
    way = Way(farm, SystemClock())
    yield way
    way.close()


@pytest.fixture
def world(clock, way):
    """The seeded world, with the farm at the end of its one transport."""
    return replace(seeded(clock=clock), transports={"farm": way})


@pytest.fixture
def cloud(site, farm, way, gate, tmp_path):
    """A cloud of two hosts; when the test is over everything in it must agree."""
    cloud = Cloud(site, farm, way, gate(seen), tmp_path)
    yield cloud
    if not cloud.unsettled:
        cloud.check()
    cloud.server.channel.close()
