"""Half a minute after a restart nothing is on its way but what a host does of which nobody knows; and that says so."""

import threading

import sqlalchemy
from tests.engine.jobs.operations import living, says_why, under_way

from stratiform.framework.agents.table import resource
from stratiform.framework.jobs.inspect import Reason


def test_only_what_an_undecided_host_has_is_left_and_says_why(cloud, farm):
    hanging = threading.Event()
    farm.then("start", hanging)
    stuck = cloud.deploy()
    cloud.until(lambda: farm.calls["start"])
    home = cloud.vm(stuck.entity).host_id
    cloud.connection(next(each for each in cloud.hosts if each.id == home), "Disconnected")
    others = [cloud.deploy() for _ in range(3)]
    cloud.crash()
    cloud.pass_time(30)
    assert {cloud.job(each).outcome for each in others} == {"succeeded"}
    assert under_way(cloud) == [("vm", "Starting", home)]
    [host] = cloud.rows(sqlalchemy.select(resource.c.state).where(resource.c.id == home))
    assert host.state == "Disconnected"
    assert living(cloud)
    for job in living(cloud):
        assert Reason.EFFECT in {each.reason for each in says_why(cloud, job)}
        assert any("an effect is under way" in str(each) for each in says_why(cloud, job))
    hanging.set()
    cloud.settle()
    assert cloud.vm(stuck.entity).state == "Running"
