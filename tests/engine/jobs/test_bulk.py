"""What machines cost the database when many are deployed at once."""

import time

import msgspec
import pytest
from tests.engine.jobs.cloud import PATIENCE, Cloud
from tests.engine.jobs.conftest import seen

from stratiform.framework.testing.statements import count

MANY = 64
HOSTS = 8
FILED = 9
"""Statements that file one deployment: what is named, the account, its networks; and one for each table written."""


@pytest.fixture
def roomy(site, farm, way, gate, tmp_path):
    """Hosts with room for all of them, each of which does eight things at once."""
    farm.host = msgspec.structs.replace(farm.host, cpus=64, memory=1 << 40)
    cloud = Cloud(site, farm, way, gate(seen), tmp_path, hosts=HOSTS)
    yield cloud
    cloud.check()
    cloud.server.channel.close()


def work_off(cloud):
    """Work as hosts do that answer at once: every answer is there when the engine looks."""
    deadline = time.monotonic() + PATIENCE
    host = cloud.server.kernel._stages["host"]
    while live := cloud.live():
        assert time.monotonic() < deadline, live[:6]
        if len(host._answers) == sum(row.state == "running" for row in live):
            cloud.server.turns()
        else:
            time.sleep(0.001)


def test_in_bulk_a_machine_costs_less_than_a_commit_and_three_statements(roomy):
    roomy.running()
    with count(roomy.database) as counted:
        filed = [roomy.deploy() for _ in range(MANY)]
    assert counted.commits == MANY
    assert len(counted) == MANY * FILED, counted
    with count(roomy.database) as counted:
        work_off(roomy)
    assert {roomy.vm(each.entity).state for each in filed} == {"Running"}
    asked = [text for text in counted.statements if not text.startswith("SELECT job.kind, job.state")]  # `live`
    assert len(asked) <= 3 * MANY, counted
    assert counted.commits <= MANY, counted
