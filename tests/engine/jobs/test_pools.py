"""Storage pools by their commands: made, opened and closed, tried again, and removed."""

import threading

import pytest
import sqlalchemy
from tests.engine.jobs.farm import GIB, Broken

from stratiform.api.errors import InUse
from stratiform.engine import api, schema
from stratiform.engine.check import BadParameter
from stratiform.engine.pool.jobs.attach import Unreached
from stratiform.engine.registry import Taken
from stratiform.framework.base import errors

NO = Broken(reason="no")


def create(cloud, **more):
    site = cloud.site
    arguments = {
        "name": "new",
        "url": "nfs://10.0.0.9/new",
        "zoneid": site.zone.uuid,
        "podid": site.pod.uuid,
        "clusterid": site.cluster.uuid,
    }
    given = {name: value for name, value in (arguments | more).items() if value is not None}
    return cloud.submit("createStoragePool", site.root_admin, **given)


def do(cloud, command, uuid, **arguments):
    filed = cloud.submit(command, cloud.site.root_admin, id=uuid, **arguments)
    cloud.settle()
    return filed


def row_of(cloud, filed):
    uuid = getattr(filed, "entity", filed)
    (row,) = cloud.rows(schema.pool.select().where(schema.pool.c.uuid == uuid))
    return row


def attached(cloud, filed):
    return [filed.entity in cloud.farm.attached[each.uuid] for each in cloud.hosts]


def test_a_pool_is_made_attached_and_takes_volumes(cloud):
    do(cloud, "updateStoragePool", cloud.site.pool.uuid, enabled=False)
    filed = create(cloud, tags="ssd,fast")
    cloud.settle()
    row = row_of(cloud, filed)
    assert (cloud.job(filed).outcome, row.state, row.scope, row.tags) == ("succeeded", "Up", "CLUSTER", "ssd,fast")
    assert (row.capacity, row.total, attached(cloud, filed)) == (1000 * GIB, 1000 * GIB, [True, True])
    assert cloud.job(filed).fair_key == cloud.site.root_admin.account
    vm = cloud.running()
    assert cloud.volumes(vm)[0].pool_id == row.id
    told = cloud.server.engine.find("storage_pool", cloud.site.root_admin, "listStoragePools", filed.entity)
    assert (told["disksizetotal"], told["capacitybytes"]) == (1000 * GIB, 1000 * GIB)
    assert told["provider"] == "DefaultPrimary"


def test_a_pool_of_the_whole_zone(cloud):
    filed = create(cloud, podid=None, clusterid=None, scope="zone", hypervisor="Simulator")
    cloud.settle()
    row = row_of(cloud, filed)
    assert (row.state, row.scope, row.cluster_id, attached(cloud, filed)) == ("Up", "ZONE", None, [True, True])


def test_an_operator_who_says_how_large_it_is_is_believed(cloud):
    filed = create(cloud, capacitybytes=5 * GIB)
    cloud.settle()
    assert (row_of(cloud, filed).capacity, row_of(cloud, filed).total) == (5 * GIB, 5 * GIB)
    do(cloud, "updateStoragePool", filed.entity, capacitybytes=7 * GIB)
    assert row_of(cloud, filed).total == 7 * GIB


def test_a_pool_is_not_made_smaller_than_what_was_promised_of_it(cloud):
    for _ in range(3):
        cloud.running()
    with pytest.raises(BadParameter, match=f"capacitybytes cannot be {GIB}: it is {3 * GIB} or more"):
        do(cloud, "updateStoragePool", cloud.site.pool.uuid, capacitybytes=GIB)


@pytest.mark.parametrize(
    ("wrong", "parameter"),
    [
        ({"url": "ftp://x/y"}, "url"),
        ({"url": "nfs://x"}, "url"),
        ({"scope": "HOST"}, "scope"),
        ({"scope": "CLUSTER", "clusterid": None}, "clusterid"),
        ({"podid": None, "clusterid": None}, "hypervisor"),
        ({"capacitybytes": 0}, "capacitybytes"),
        ({"name": " "}, "name"),
    ],
)
def test_what_cannot_be_made_is_refused_with_nothing_written(cloud, wrong, parameter):
    with pytest.raises(BadParameter) as refused:
        create(cloud, **wrong)
    assert refused.value.parameters["parameter"] == parameter
    assert len(cloud.rows(schema.pool.select())) == 1


def test_a_cluster_of_another_pod_or_zone_is_refused(cloud):
    with cloud.database.transaction() as tx:
        pod = api.create_pod(tx, cloud.world, zone=cloud.site.zone, name="pod2")
        zone = api.create_zone(
            tx, cloud.world, name="zone2", dns1="8.8.8.8", internal_dns1="10.0.0.2", network_type="Advanced"
        )
    with pytest.raises(BadParameter, match="clusterid"):
        create(cloud, podid=pod.uuid)
    with pytest.raises(BadParameter, match="podid"):
        create(cloud, zoneid=zone.uuid)


def test_without_a_connected_host_nothing_is_half_made(cloud):
    for each in cloud.hosts:
        cloud.connection(each, "Disconnected")
    with pytest.raises(Unreached, match="No connected host reaches the storage pool new"):
        create(cloud)
    assert len(cloud.rows(schema.pool.select())) == 1
    cloud.connection(cloud.hosts[0], "Up")
    create(cloud)


def test_the_same_name_or_url_in_one_zone_is_refused(cloud):
    create(cloud)
    for more in ({"name": "other"}, {"url": "nfs://10.0.0.9/other"}):
        with pytest.raises(Taken):
            create(cloud, **more)


def test_a_pool_that_could_not_be_attached_can_be_tried_again(cloud, farm):
    farm.then("attach", NO)
    filed = create(cloud)
    cloud.settle()
    assert (cloud.error(filed), row_of(cloud, filed).state) == ("broken", "Initial")
    farm.then("attach", None, NO)
    assert cloud.error(do(cloud, "updateStoragePool", filed.entity, enabled=True)) == "broken"
    again = do(cloud, "updateStoragePool", filed.entity, enabled=True)
    assert (cloud.job(again).outcome, row_of(cloud, filed).state) == ("succeeded", "Up")


def test_a_pool_that_could_not_be_attached_can_be_removed_and_is_left_where_it_was(cloud, farm):
    farm.then("attach", None, NO)
    filed = create(cloud)
    cloud.settle()
    assert sum(attached(cloud, filed)) == 1
    assert cloud.job(do(cloud, "deleteStoragePool", filed.entity)).outcome == "succeeded"
    assert (row_of(cloud, filed).state, attached(cloud, filed)) == ("Removed", [False, False])
    create(cloud)


def test_a_closed_pool_takes_no_new_volumes_and_keeps_those_it_has(cloud):
    vm = cloud.running()
    do(cloud, "updateStoragePool", cloud.site.pool.uuid, enabled=False)
    assert cloud.pool().state == "Disabled"
    filed = cloud.deploy()
    cloud.settle()
    assert cloud.error(filed) == "insufficient_storage_capacity"
    cloud.do("stopVirtualMachine", vm)
    assert cloud.do("startVirtualMachine", vm).outcome == "succeeded"
    for _ in range(2):
        do(cloud, "updateStoragePool", cloud.site.pool.uuid, enabled=True)
    assert cloud.pool().state == "Up"
    cloud.running()


def test_a_pool_is_renamed_and_tagged(cloud):
    uuid = cloud.site.pool.uuid
    do(cloud, "updateStoragePool", uuid, name="other", tags=("a", " b", ""))
    assert (cloud.pool().name, cloud.pool().tags) == ("other", "a,b")
    do(cloud, "updateStoragePool", uuid, tags=())
    assert cloud.pool().tags is None


@pytest.mark.parametrize("state", ["Up", "Disabled"])
def test_a_pool_with_volumes_is_not_removed(cloud, state):
    vms = [cloud.running() for _ in range(2)]
    cloud.do("destroyVirtualMachine", vms[0])
    do(cloud, "updateStoragePool", cloud.site.pool.uuid, enabled=state == "Up")
    with pytest.raises(InUse, match="storage pool pool1 is in use by 2 volumes, those that were thrown away included"):
        do(cloud, "deleteStoragePool", cloud.site.pool.uuid)
    assert (cloud.pool().state, cloud.pool().removed) == (state, None)


def test_a_pool_without_volumes_is_removed_and_left_by_its_hosts(cloud):
    filed = create(cloud)
    cloud.settle()
    gone = do(cloud, "deleteStoragePool", filed.entity)
    assert cloud.job(gone).outcome == "succeeded"
    assert (row_of(cloud, filed).removed is not None, attached(cloud, filed)) == (True, [False, False])
    with pytest.raises(errors.NotFound):
        do(cloud, "deleteStoragePool", filed.entity)
    create(cloud)


def test_a_host_that_cannot_leave_a_pool_keeps_nobody_waiting_and_leaves_it_when_it_comes_back(cloud, farm):
    filed = create(cloud)
    cloud.settle()
    farm.then("detach", NO)
    assert cloud.job(do(cloud, "deleteStoragePool", filed.entity)).outcome == "succeeded"
    assert sum(attached(cloud, filed)) == 1
    for each in cloud.hosts:
        cloud.connection(each, "Disconnected")
        cloud.connection(each, "Up")
    cloud.settle()
    assert attached(cloud, filed) == [False, False]
    assert farm.calls["detach"] == 3


def test_a_pool_that_is_being_attached_is_not_removed(cloud, farm):
    attaching = threading.Event()
    farm.then("attach", attaching)
    before = farm.calls["attach"]
    filed = create(cloud)
    cloud.until(lambda: farm.calls["attach"] > before)
    with pytest.raises(errors.Conflict, match="is Attaching, which does not allow remove"):
        cloud.submit("deleteStoragePool", cloud.site.root_admin, id=filed.entity)
    attaching.set()
    cloud.settle()
    assert row_of(cloud, filed).state == "Up"


def test_what_is_deleted_in_a_pool_is_deleted_through_a_host_that_has_it(cloud, farm):
    """A host that came back and has not attached it yet is not asked, nor one that is being emptied if another can."""
    vms = [cloud.running() for _ in range(2)]
    for vm in vms:
        cloud.do("destroyVirtualMachine", vm)
    first, second = cloud.hosts
    cloud.connection(first, "Disconnected")
    attaching = threading.Event()
    farm.then("attach", attaching)
    before = farm.calls["attach"]
    cloud.connection(first, "Up")
    cloud.until(lambda: farm.calls["attach"] == before + 1)
    cloud.submit("expungeVirtualMachine", id=vms[0])
    cloud.until(lambda: farm.calls["delete"] == 1)
    attaching.set()
    cloud.settle()
    with cloud.database.transaction() as tx:
        tx.execute(schema.host.update().where(schema.host.c.id == first.id).values(state="Maintenance"))
    assert cloud.do("expungeVirtualMachine", vms[1]).outcome == "succeeded"
    assert [host for verb, host in farm.asked if verb == "delete"] == [second.uuid] * 2
    assert cloud.rows(sqlalchemy.select(schema.volume.c.id).where(schema.volume.c.removed.is_(None))) == []
