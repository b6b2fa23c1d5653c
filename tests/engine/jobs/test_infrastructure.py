"""Hosts and pools come in, in any order, and find one another; machines stay where their disks can be reached."""

import threading

import pytest
import sqlalchemy
from tests.engine.jobs.farm import GIB, Broken

from stratiform.engine import api, schema
from stratiform.engine.pool.jobs.attach import Unreached


def add_pool(cloud, name="extra", **where):
    with cloud.server.kernel.transaction() as work:
        row, uuid = api.add_pool(work, zone=cloud.site.zone, name=name, url=f"nfs://10.0.0.9/{name}", **where)
    return row, uuid


def state(cloud, table, row):
    return cloud.rows(sqlalchemy.select(table.c.state).where(table.c.id == row.id))[0][0]


def attached(cloud, pool):
    return [pool.uuid in cloud.farm.attached[each.uuid] for each in cloud.hosts]


def test_a_host_tells_what_it_is_and_takes_machines(cloud):
    row = cloud.host(cloud.hosts[0])
    assert (row.state, row.cpus, row.speed, row.memory) == ("Enabled", 8, 2000, 16384)
    assert (row.cpu_total, row.memory_total) == (16000, 16384)
    assert (row.hypervisor_version, row.capabilities) == ("1", "a,b")


def test_a_host_gets_the_pools_that_are_there_before_it_takes_anything(cloud, farm):
    attaching = threading.Event()
    farm.then("attach", attaching)
    row = cloud.add_host("late", connected=False, settle=False)
    cloud.until(lambda: farm.calls["attach"] == 3)
    assert state(cloud, schema.host, row) == "Creating"
    attaching.set()
    cloud.settle()
    assert (state(cloud, schema.host, row), farm.attached[row.uuid]) == ("Enabled", {cloud.site.pool.uuid})


@pytest.mark.parametrize("verb", ["describe", "attach"])
def test_a_host_that_cannot_be_connected_is_in_error(cloud, farm, verb):
    farm.then(verb, Broken(reason="no"))
    row = cloud.add_host("bad", connected=False)
    assert state(cloud, schema.host, row) == "Error"
    assert cloud.events(row.uuid)[-1][0] == "HOST.EDIT"


def test_what_an_operator_decided_while_it_connected_stays(cloud, farm):
    describing = threading.Event()
    farm.then("describe", describing)
    row = cloud.add_host("held", connected=False, settle=False)
    cloud.until(lambda: farm.calls["describe"] == 3)
    with cloud.database.transaction() as tx:
        tx.execute(schema.host.update().where(schema.host.c.id == row.id).values(state="PrepareForMaintenance"))
    describing.set()
    cloud.settle()
    assert state(cloud, schema.host, row) == "PrepareForMaintenance"


def test_a_pool_is_attached_to_the_hosts_that_answer(cloud):
    cloud.connection(cloud.hosts[1], "Disconnected")
    row, uuid = add_pool(cloud, cluster=cloud.site.cluster)
    cloud.settle()
    assert (cloud.job(uuid).outcome, state(cloud, schema.pool, row)) == ("succeeded", "Up")
    assert attached(cloud, row) == [True, False]
    assert cloud.rows(sqlalchemy.select(schema.pool.c.total).where(schema.pool.c.id == row.id)) == [(1000 * GIB,)]


def test_a_pool_that_a_host_cannot_reach_stays_unused(cloud, farm):
    farm.then("attach", Broken(reason="no"))
    row, uuid = add_pool(cloud, cluster=cloud.site.cluster)
    cloud.settle()
    assert (cloud.error(uuid), state(cloud, schema.pool, row)) == ("broken", "Initial")


def test_a_pool_needs_a_connected_host_and_waits_if_the_last_one_goes(cloud):
    for each in cloud.hosts:
        cloud.connection(each, "Disconnected")
    with pytest.raises(Unreached):
        add_pool(cloud, cluster=cloud.site.cluster)
    cloud.connection(cloud.hosts[0], "Up")
    row, uuid = add_pool(cloud, cluster=cloud.site.cluster)
    cloud.connection(cloud.hosts[0], "Disconnected")
    for _ in range(10):
        cloud.turn()
    assert "No connected host reaches the storage pool extra" in cloud.job(uuid).journal
    cloud.connection(cloud.hosts[1], "Up")
    cloud.settle()
    assert attached(cloud, row) == [False, True]


def test_a_host_and_a_pool_that_come_at_the_same_time_find_one_another(cloud, farm):
    """The pool looks for hosts when the new one was measured already, though the monitor has not seen it yet."""
    attaching = threading.Event()
    farm.then("attach", attaching)
    host = cloud.add_host("late", connected=False, settle=False)
    cloud.until(lambda: farm.calls["attach"] == 3)
    row, _ = add_pool(cloud, cluster=cloud.site.cluster)
    cloud.until(lambda: row.uuid in farm.attached[host.uuid])
    attaching.set()
    cloud.settle()
    assert {row.uuid, cloud.site.pool.uuid} == farm.attached[host.uuid]


def test_a_pool_of_a_zone_is_for_hosts_of_its_hypervisor(cloud):
    with cloud.database.transaction() as tx:
        tx.execute(schema.host.update().where(schema.host.c.id == cloud.hosts[1].id).values(hypervisor="KVM"))
    row, _ = add_pool(cloud, hypervisor="Simulator")
    cloud.settle()
    assert attached(cloud, row) == [True, False]
    other, _ = add_pool(cloud, "kvm", hypervisor="KVM")
    cloud.settle()
    assert attached(cloud, other) == [False, True]
    with cloud.database.transaction() as tx:  # the largest by far, yet no host of the machine's reaches it
        tx.execute(schema.pool.update().where(schema.pool.c.id == other.id).values(total=9000 * GIB))
    vm = cloud.running()
    assert cloud.volumes(vm)[0].pool_id != other.id


def test_a_machine_starts_again_only_where_its_disk_can_be_reached(cloud):
    """Its cluster's pool is out of reach from the other cluster, however empty that is."""
    site = cloud.site
    vm = cloud.running()
    cloud.do("stopVirtualMachine", vm)
    with cloud.database.transaction() as tx:
        cluster = api.create_cluster(tx, cloud.world, pod=site.pod, name="cluster2", hypervisor="Simulator")
    cloud.add_host("far", cluster=cluster)
    with cloud.database.transaction() as tx:
        for each in cloud.hosts:
            tx.execute(schema.host.update().where(schema.host.c.id == each.id).values(state="Disabled"))
    assert cloud.do("startVirtualMachine", vm).outcome == "failed"
    assert cloud.vm(vm).state == "Stopped"
    with cloud.database.transaction() as tx:
        tx.execute(schema.host.update().where(schema.host.c.id == cloud.hosts[1].id).values(state="Enabled"))
    assert cloud.do("startVirtualMachine", vm).outcome == "succeeded"
    assert cloud.vm(vm).host_id == cloud.hosts[1].id
