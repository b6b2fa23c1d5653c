"""What fails is undone, in its order: nothing is released that somebody may still use, and nothing is left over."""

import threading

import pytest
from tests.engine.jobs.farm import GIB, Broken, after

from stratiform.engine import api, schema
from stratiform.engine.capacity import service as capacity

NO = Broken(reason="no")


def nothing_is_claimed(cloud):
    assert [(cloud.host(each).vms, cloud.host(each).cpu_used) for each in cloud.hosts] == [(0, 0)] * len(cloud.hosts)
    assert cloud.farm.running == {}


def test_no_room_on_any_host(cloud):
    with cloud.database.transaction() as tx:
        tx.execute(schema.host.update().values(memory_total=100))
    filed = cloud.deploy()
    cloud.settle()
    assert (cloud.error(filed), cloud.vm(filed.entity).state) == ("insufficient_server_capacity", "Error")
    assert "memory: 512 MiB needed" in cloud.job(filed).error
    nothing_is_claimed(cloud)
    assert (cloud.farm.disks, cloud.taken()) == ({}, 0)
    assert cloud.events(filed.entity)[-1] == ("VM.CREATE", "Error")


@pytest.mark.parametrize("how", ["Disconnected", "Disabled"])
def test_hosts_that_take_nothing(cloud, how):
    for each in cloud.hosts:
        cloud.connection(each, "Disconnected" if how == "Disconnected" else "Up")
    with cloud.database.transaction() as tx:
        tx.execute(schema.host.update().values(state="Disabled" if how == "Disabled" else "Enabled"))
    filed = cloud.deploy()
    cloud.settle()
    assert (cloud.error(filed), cloud.vm(filed.entity).state) == ("insufficient_server_capacity", "Error")


def test_no_room_in_any_pool(cloud):
    with cloud.database.transaction() as tx:
        tx.execute(schema.pool.update().values(total=GIB // 2))
    filed = cloud.deploy()
    cloud.settle()
    assert (cloud.error(filed), cloud.vm(filed.entity).state) == ("insufficient_storage_capacity", "Error")
    nothing_is_claimed(cloud)
    assert (cloud.pool().used, cloud.volumes(filed.entity)[0].state) == (0, "Allocated")


def test_no_address_left(cloud):
    with cloud.database.transaction() as tx:
        site = cloud.site
        small = api.create_network(
            tx, cloud.world, zone=site.zone, offering=site.network_offering, account=site.root, name="small",
            gateway="10.3.0.1", netmask="255.255.255.0", start_ip="10.3.0.2", end_ip="10.3.0.2",
        )  # fmt: skip
    cloud.running(networkids=[small.uuid])
    filed = cloud.deploy(networkids=[small.uuid])
    cloud.settle()
    assert (cloud.error(filed), cloud.vm(filed.entity).state) == ("insufficient_address_capacity", "Error")
    assert cloud.volumes(filed.entity)[0].state == "Ready", "what was made stays until it is destroyed"
    assert cloud.do("destroyVirtualMachine", filed.entity, expunge=True).outcome == "succeeded"
    assert len(cloud.farm.disks) == 1


@pytest.mark.parametrize("had", [False, True], ids=["without effect", "after its effect"])
def test_a_disk_that_cannot_be_made(cloud, farm, had):
    farm.then("create", after(NO) if had else NO)
    filed = cloud.deploy()
    cloud.settle()
    (volume,) = cloud.volumes(filed.entity)
    assert (cloud.error(filed), cloud.vm(filed.entity).state) == ("broken", "Error")
    assert (volume.state, volume.pool_id, volume.path, cloud.pool().used) == ("Allocated", None, None, 0)
    assert (farm.disks, farm.calls["delete"], farm.calls["start"]) == ({}, 1, 0)
    assert cloud.events(volume.uuid) == [("VOLUME.CREATE", "Creating"), ("VOLUME.CREATE", "Allocated")]
    nothing_is_claimed(cloud)


@pytest.mark.parametrize("had", [False, True], ids=["without effect", "after its effect"])
def test_a_boot_that_fails_everywhere(cloud, farm, had):
    farm.then("start", *([after(NO) if had else NO] * len(cloud.hosts)))
    filed = cloud.deploy()
    cloud.settle()
    row = cloud.vm(filed.entity)
    assert (cloud.error(filed), row.state, row.power, row.host_id) == ("broken", "Error", "PowerOff", None)
    assert (farm.calls["stop"], cloud.volumes(filed.entity)[0].state, cloud.taken()) == (2, "Ready", 1)
    nothing_is_claimed(cloud)
    assert cloud.events(filed.entity)[-3:] == [
        ("VM.START", "Starting"), ("VM.START", "Stopped"), ("VM.CREATE", "Error"),
    ]  # fmt: skip


@pytest.mark.parametrize("had", [False, True], ids=["without effect", "after its effect"])
def test_a_machine_that_one_host_does_not_start_is_started_on_another(cloud, farm, had):
    farm.then("start", after(NO) if had else NO)
    filed = cloud.deploy()
    cloud.settle()
    row = cloud.vm(filed.entity)
    assert (cloud.error(filed), row.state, row.run, row.host_id) == (None, "Running", 2, cloud.hosts[1].id)
    assert (farm.calls["start"], farm.calls["stop"], len(farm.running)) == (2, 1, 1)
    assert [cloud.host(each).vms for each in cloud.hosts] == [0, 1]
    assert cloud.taken() == 1


def test_a_machine_is_not_moved_to_a_host_that_nobody_chose(cloud, farm):
    farm.then("start", NO)
    filed = cloud.deploy(who=cloud.site.root_admin, hostid=cloud.hosts[0].uuid)
    cloud.settle()
    assert (cloud.error(filed), cloud.vm(filed.entity).state) == ("broken", "Error")
    assert farm.calls["start"] == 1


def test_a_start_that_fails_leaves_it_stopped_and_it_can_be_started_again(cloud, farm):
    vm = cloud.running()
    cloud.do("stopVirtualMachine", vm)
    farm.then("start", after(NO), after(NO))
    assert cloud.do("startVirtualMachine", vm).outcome == "failed"
    assert (cloud.vm(vm).state, farm.running) == ("Stopped", {})
    assert cloud.do("startVirtualMachine", vm).outcome == "succeeded"


def test_nothing_is_released_before_the_host_says_that_it_does_not_run(cloud, farm):
    """The host neither starts nor stops it for certain: its room, disk and address stay claimed."""
    stopping = threading.Event()
    farm.then("start", after(NO), after(NO))
    farm.then("stop", NO, NO, stopping)
    filed = cloud.deploy()
    cloud.until(lambda: farm.calls["start"])
    while farm.calls["stop"] < 3:
        cloud.turn()
        row = cloud.vm(filed.entity)
        assert (row.state, row.host_id is None, cloud.taken(), cloud.pool().used) == ("Starting", False, 1, GIB)
    assert sum(cloud.host(each).vms for each in cloud.hosts) == 1
    assert any("cannot be undone yet" in row.journal or row.direction == "undo" for row in cloud.live())
    stopping.set()
    cloud.settle()
    assert cloud.vm(filed.entity).state == "Error"
    nothing_is_claimed(cloud)


def test_room_in_a_pool_is_not_given_back_before_the_disk_is_known_to_be_gone(cloud, farm):
    deleting = threading.Event()
    farm.then("create", after(NO))
    farm.then("delete", NO, deleting)
    filed = cloud.deploy()
    while farm.calls["delete"] < 2:
        cloud.turn()
        assert (cloud.pool().used, cloud.volumes(filed.entity)[0].state) == (GIB, "Creating")
    deleting.set()
    cloud.settle()
    assert cloud.pool().used == 0


def test_a_stop_that_the_host_refuses(cloud, farm):
    vm = cloud.running()
    farm.then("stop", NO)
    assert cloud.do("stopVirtualMachine", vm).outcome == "failed"
    row = cloud.vm(vm)
    assert (row.state, row.power, sum(cloud.host(each).vms for each in cloud.hosts)) == ("Running", "PowerOn", 1)
    assert cloud.events(vm)[-2:] == [("VM.STOP", "Stopping"), ("VM.STOP", "Running")]


def test_a_stop_that_fails_after_it_had_its_effect(cloud, farm):
    """The host says that it could not; asked what runs there, it says nothing: so its room is free."""
    vm = cloud.running()
    farm.then("stop", after(NO))
    farm.then("inventory", NO)
    assert cloud.do("stopVirtualMachine", vm).outcome == "failed"
    assert (cloud.vm(vm).state, farm.calls["inventory"]) == ("Stopped", 2)
    nothing_is_claimed(cloud)
    assert cloud.do("startVirtualMachine", vm).outcome == "succeeded"


@pytest.mark.parametrize("expunge", [False, True])
def test_a_destroy_whose_stop_is_refused_destroys_nothing(cloud, farm, expunge):
    vm = cloud.running()
    farm.then("stop", NO)
    assert cloud.do("destroyVirtualMachine", vm, expunge=expunge).outcome == "failed"
    assert (cloud.vm(vm).state, cloud.volumes(vm)[0].state, len(farm.disks)) == ("Running", "Ready", 1)


def test_a_tenants_machine_is_never_stopped_to_tidy_up(cloud, farm):
    vm = cloud.running()
    farm.then("reboot", after(NO))
    assert cloud.do("rebootVirtualMachine", vm).outcome == "failed"
    assert cloud.do("startVirtualMachine", vm).outcome == "succeeded"
    assert (cloud.vm(vm).state, farm.calls["stop"]) == ("Running", 0)


def test_a_disk_that_cannot_be_deleted_keeps_its_room_and_can_be_expunged_again(cloud, farm):
    vm = cloud.running()
    farm.then("delete", NO)
    assert cloud.do("destroyVirtualMachine", vm, expunge=True).outcome == "failed"
    assert (cloud.vm(vm).state, cloud.vm(vm).removed, cloud.pool().used, cloud.taken()) == ("Expunging", None, GIB, 1)
    assert cloud.do("expungeVirtualMachine", vm).outcome == "succeeded"
    assert (cloud.vm(vm).removed is not None, cloud.pool().used, cloud.taken()) == (True, 0, 0)


def test_an_expunge_waits_visibly_for_a_host_that_reaches_the_pool(cloud, farm):
    vm = cloud.running()
    cloud.do("destroyVirtualMachine", vm)
    for each in cloud.hosts:
        cloud.connection(each, "Disconnected")
    filed = cloud.submit("expungeVirtualMachine", id=vm)
    for _ in range(20):
        cloud.turn()
    waiting = next(row for row in cloud.live() if row.kind == "volume.expunge")
    assert waiting.state == "waiting"
    assert "No connected host reaches the storage pool pool1" in waiting.journal
    assert (cloud.vm(vm).removed, cloud.pool().used, farm.calls["delete"]) == (None, GIB, 0)
    cloud.connection(cloud.hosts[1], "Up")
    cloud.settle()
    assert (cloud.job(filed).outcome, cloud.pool().used) == ("succeeded", 0)


def test_a_volume_goes_to_another_pool_if_the_best_one_filled_up_meanwhile(cloud, monkeypatch):
    """A rival took the room between the look and the claim; the second best has room still."""
    with cloud.database.transaction() as tx:
        api.create_pool(
            tx, cloud.world, zone=cloud.site.zone, cluster=cloud.site.cluster, name="pool2", url="nfs://10.0.0.4/x",
            capacity=10 * GIB,
        )  # fmt: skip
        tx.execute(schema.pool.update().values(state="Up"))
    for each in cloud.hosts:
        cloud.farm.attached[each.uuid] |= {row.uuid for row in cloud.rows(schema.pool.select())}
    real = capacity.claim_pools

    def claim(tx, claims):
        return real(tx, [each for each in claims if each[0] != cloud.site.pool.id])

    monkeypatch.setattr(capacity, "claim_pools", claim)
    vm = cloud.running()
    assert cloud.volumes(vm)[0].pool_id != cloud.site.pool.id
