"""A host that answers probes and ends no command gets no new machines, until it ends them."""

import json
import threading

import pytest

from stratiform.api.cloud import Query
from stratiform.engine import schema
from stratiform.framework.agents import circuit, command
from stratiform.framework.jobs.control import set_lane
from stratiform.framework.jobs.table import job, lane

LATE = command.LIMIT + 5
"""Seconds after which a command is past its limit, and a beat has told so."""


@pytest.fixture
def stuck(cloud, farm):
    """Let a host have commands that do not end: `stuck(host, 3)` answers the jobs, and `stuck.let` lets them end."""
    let = threading.Event()

    def stuck(host, count, verb="start"):
        before = farm.calls[verb]
        farm.then(verb, *[let] * count)
        filed = [cloud.deploy(who=cloud.site.root_admin, hostid=host.uuid) for _ in range(count)]
        cloud.until(lambda: farm.calls[verb] == before + count)
        return filed

    stuck.let = let.set
    yield stuck
    let.set()


@pytest.fixture
def sick(cloud, stuck):
    """A host that has just as many late commands as open its circuit."""
    host = cloud.hosts[0]
    stuck(host, circuit.LATE)
    cloud.pass_time(LATE)
    return host


def told(cloud, host):
    """What `listHosts` says of a host."""
    return cloud.server.engine.find("host", cloud.site.root_admin, "listHosts", host.uuid)


def home(cloud, **more):
    """Where a new machine is placed, and runs."""
    filed = cloud.deploy(**more)
    cloud.until(lambda: cloud.job(filed).outcome)
    assert cloud.job(filed).outcome == "succeeded"
    return cloud.home(filed.entity)


def test_machines_go_elsewhere_until_the_host_ends_its_commands(cloud, stuck, sick):
    assert [home(cloud) for _ in range(circuit.LATE + 3)] == [cloud.hosts[1]] * (circuit.LATE + 3)
    assert told(cloud, sick)["state"] == "Up", "it answers probes"
    assert told(cloud, sick)["circuitopen"] <= cloud.clock.now()
    assert "circuitopen" not in told(cloud, cloud.hosts[1])
    stuck.let()
    cloud.settle()
    assert "circuitopen" not in told(cloud, sick)
    assert home(cloud) == sick, "it has fewer machines"


def test_the_first_end_closes_what_just_as_many_opened(cloud, farm, stuck):
    host, first = cloud.hosts[0], threading.Event()
    farm.then("start", first)
    cloud.deploy(who=cloud.site.root_admin, hostid=host.uuid)
    cloud.until(lambda: farm.calls["start"] == 1)
    stuck(host, circuit.LATE - 1)
    cloud.pass_time(LATE)
    assert "circuitopen" in told(cloud, host)
    first.set()
    cloud.until(lambda: "circuitopen" not in told(cloud, host))
    assert len(farm.running) == 1


def test_commands_in_time_and_a_few_late_ones_open_nothing(cloud, stuck):
    few, many = cloud.hosts
    stuck(few, circuit.LATE - 1)
    stuck(many, circuit.LATE)
    cloud.pass_time(command.LIMIT - 10)
    assert not any("circuitopen" in told(cloud, each) for each in cloud.hosts)
    cloud.pass_time(15)
    assert ["circuitopen" in told(cloud, each) for each in cloud.hosts] == [False, True]


def test_a_lane_that_an_operator_made_narrow_has_a_circuit_too(cloud, stuck):
    host = cloud.hosts[0]
    with cloud.server.kernel.transaction() as work:
        set_lane(work, cloud.server.registry, f"host/{host.uuid}", width=1)
    stuck(host, 1)
    cloud.pass_time(LATE)
    assert "circuitopen" in told(cloud, host)


def test_what_must_go_there_goes_there(cloud, farm, stuck):
    """A machine that it runs is stopped, and an operator's choice is the operator's."""
    host = cloud.hosts[0]
    vm = cloud.running(who=cloud.site.root_admin, hostid=host.uuid)
    stuck(host, circuit.LATE)
    cloud.pass_time(LATE)
    stopped = cloud.submit("stopVirtualMachine", cloud.site.root_admin, id=vm)
    cloud.until(lambda: cloud.job(stopped).outcome == "succeeded")
    assert home(cloud, who=cloud.site.root_admin, hostid=host.uuid) == host


def test_who_finds_no_room_is_told_that_there_are_such_hosts(cloud, sick):
    healthy = schema.host.c.uuid == cloud.hosts[1].uuid
    with cloud.database.transaction() as tx:
        tx.execute(schema.host.update().where(healthy).values(cpu_total=schema.host.c.cpu_used))
    filed = cloud.deploy()
    cloud.until(lambda: cloud.job(filed).outcome)
    assert cloud.error(filed) == "insufficient_server_capacity"
    assert "; 1 more answer no commands now" in json.loads(cloud.job(filed).error)["text"]


def test_where_every_circuit_is_open_none_is_avoided(cloud, stuck, sick):
    """What they share is slow then; there is no better place."""
    stuck(cloud.hosts[1], circuit.LATE)
    cloud.pass_time(LATE)
    assert all("circuitopen" in told(cloud, each) for each in cloud.hosts)
    assert {home(cloud).uuid for _ in range(2)} == {each.uuid for each in cloud.hosts}


def test_a_disk_is_deleted_through_a_host_that_ends_its_commands(cloud, farm, stuck):
    vm = cloud.running(who=cloud.site.root_admin, hostid=cloud.hosts[0].uuid)
    cloud.do("stopVirtualMachine", vm, cloud.site.root_admin)
    stuck(cloud.hosts[0], circuit.LATE)
    cloud.pass_time(LATE)
    gone = cloud.submit("destroyVirtualMachine", cloud.site.root_admin, id=vm, expunge=True)
    cloud.until(lambda: cloud.job(gone).outcome == "succeeded" and ("delete", cloud.hosts[1].uuid) in farm.asked)
    assert ("delete", cloud.hosts[0].uuid) not in farm.asked


def test_whoever_takes_the_commands_over_finds_the_circuit_open(cloud, stuck, sick):
    cloud.crash()
    cloud.server.turns()
    assert {row.owner for row in cloud.rows(job.select().where(job.c.state == "running"))} == {
        cloud.server.kernel.membership.id
    }
    assert "circuitopen" in told(cloud, sick)
    assert home(cloud) == cloud.hosts[1]


def test_who_waits_for_it_is_told_why(cloud, stuck, sick):
    (width,) = cloud.rows(lane.select().where(lane.c.key == f"host/{sick.uuid}"))
    stuck(sick, width.width - circuit.LATE)
    blocked = cloud.deploy(who=cloud.site.root_admin, hostid=sick.uuid)
    cloud.until(lambda: any(row.state == "blocked" for row in cloud.live()))
    rows = cloud.server.engine.list("job", cloud.site.root_admin, "listJobs", Query(filters={"state": "blocked"})).rows
    assert {row["rootid"] for row in rows} == {blocked.job}
    assert {row["waitsfor"].partition(" since 20")[0] for row in rows} == {
        f"waits for lane host/{sick.uuid}: its circuit is open"
    }
