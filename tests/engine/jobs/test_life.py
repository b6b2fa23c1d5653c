"""The life of a machine: each command as it should go, seen in the database and on the hosts."""

import pytest

from stratiform.engine import schema


def test_a_deployed_machine_runs_with_a_disk_an_address_and_its_share_of_a_host(cloud):
    vm = cloud.running(name="web", displayname="The web")
    row = cloud.vm(vm)
    assert (row.state, row.power, row.run, row.name, row.display_name) == ("Running", "PowerOn", 1, "web", "The web")
    (volume,) = cloud.volumes(vm)
    assert (volume.state, volume.pool_id, volume.path) == ("Ready", cloud.site.pool.id, volume.uuid)
    (card,) = cloud.cards(vm)
    assert card.ip4 == "10.2.0.2"
    home = cloud.host(next(each for each in cloud.hosts if each.id == row.host_id))
    assert (home.cpu_used, home.memory_used, home.vms) == (row.cpus * row.speed, row.memory, 1)
    assert cloud.pool().used == volume.size
    assert cloud.farm.names(home.uuid) == [f"{row.instance_name}.1"]
    assert cloud.events(vm) == [("VM.CREATE", None), ("VM.START", "Starting"), ("VM.START", "Running")]
    assert cloud.events(volume.uuid) == [("VOLUME.CREATE", "Creating"), ("VOLUME.CREATE", "Ready")]


def test_a_machine_that_is_not_to_start_stays_stopped_and_starts_when_asked(cloud):
    filed = cloud.deploy(startvm=False)
    cloud.settle()
    assert cloud.job(filed).outcome == "succeeded"
    assert (cloud.vm(filed.entity).state, cloud.taken(), cloud.farm.calls["start"]) == ("Stopped", 0, 0)
    assert cloud.do("startVirtualMachine", filed.entity).outcome == "succeeded"
    assert cloud.vm(filed.entity).state == "Running"


def test_stop_gives_the_host_back_and_keeps_disk_and_address(cloud):
    vm = cloud.running()
    home = cloud.vm(vm).host_id
    assert cloud.do("stopVirtualMachine", vm).outcome == "succeeded"
    row = cloud.vm(vm)
    assert (row.state, row.power, row.host_id, row.last_host_id) == ("Stopped", "PowerOff", None, home)
    assert [cloud.host(each).vms for each in cloud.hosts] == [0, 0]
    assert (cloud.taken(), len(cloud.farm.disks), cloud.farm.names()) == (1, 1, [])
    assert cloud.events(vm)[-2:] == [("VM.STOP", "Stopping"), ("VM.STOP", "Stopped")]


def test_a_run_has_a_name_of_its_own(cloud):
    vm = cloud.running()
    cloud.do("stopVirtualMachine", vm)
    cloud.do("startVirtualMachine", vm)
    assert cloud.farm.names() == [f"{cloud.vm(vm).instance_name}.2"]
    assert cloud.farm.calls["create"] == 1, "the disk is made once"


@pytest.mark.parametrize(("command", "calls"), [("startVirtualMachine", 0), ("stopVirtualMachine", 1)])
def test_what_is_so_already_needs_nothing(cloud, command, calls):
    vm = cloud.running()
    verb = command.removesuffix("VirtualMachine")
    for _ in range(2):
        assert cloud.do(command, vm).outcome == "succeeded"
    assert cloud.farm.calls[verb] == 1
    assert calls == (cloud.vm(vm).state == "Stopped")


def test_reboot_resets_it_each_time_it_is_asked_for(cloud):
    vm = cloud.running()
    for _ in range(2):
        assert cloud.do("rebootVirtualMachine", vm).outcome == "succeeded"
    assert (cloud.farm.calls["reboot"], cloud.vm(vm).state) == (2, "Running")
    assert cloud.events(vm)[-1] == ("VM.REBOOT", None)


def test_destroy_cuts_the_power_and_recover_gives_it_back(cloud):
    vm = cloud.running()
    assert cloud.do("destroyVirtualMachine", vm).outcome == "succeeded"
    (volume,) = cloud.volumes(vm)
    assert (cloud.vm(vm).state, volume.state, cloud.farm.names()) == ("Destroyed", "Destroy", [])
    back = cloud.server.engine.change("recoverVirtualMachine", cloud.site.tenant, {"id": vm})
    (volume,) = cloud.volumes(vm)
    assert (back["state"], cloud.vm(vm).state, volume.state) == ("Stopped", "Stopped", "Ready")
    assert cloud.events(vm)[-2:] == [("VM.DESTROY", "Destroyed"), ("VM.RECOVER", "Stopped")]
    assert cloud.events(volume.uuid)[-2:] == [("VOLUME.DESTROY", "Destroy"), ("VOLUME.RECOVER", "Ready")]
    assert cloud.do("startVirtualMachine", vm).outcome == "succeeded"


def test_expunge_leaves_nothing_but_a_memory(cloud):
    vm = cloud.running()
    cloud.do("destroyVirtualMachine", vm)
    assert cloud.taken() == 1
    assert cloud.do("expungeVirtualMachine", vm).outcome == "succeeded"
    (volume,) = cloud.volumes(vm)
    (card,) = cloud.cards(vm)
    assert None not in (cloud.vm(vm).removed, volume.removed, card.removed)
    assert (volume.state, cloud.taken(), cloud.farm.disks, cloud.pool().used) == ("Expunged", 0, {}, 0)
    assert cloud.events(vm)[-2:] == [("VM.EXPUNGE", "Expunging"), ("VM.EXPUNGE", "Expunging")]
    assert cloud.events(volume.uuid)[-2:] == [("VOLUME.EXPUNGE", "Expunging"), ("VOLUME.EXPUNGE", "Expunged")]


@pytest.mark.parametrize("state", ["Running", "Stopped", "Error", "Destroyed", "never started"])
def test_destroy_with_expunge_from_each_state(cloud, farm, state):
    if state == "Error":
        farm.then("start", ValueError("no"), ValueError("no"))
    filed = cloud.deploy(startvm=state != "never started")
    cloud.settle()
    vm = filed.entity
    if state in ("Stopped", "Destroyed"):
        cloud.do({"Stopped": "stopVirtualMachine", "Destroyed": "destroyVirtualMachine"}[state], vm)
    assert cloud.vm(vm).state == {"never started": "Stopped"}.get(state, state)
    assert cloud.do("destroyVirtualMachine", vm, expunge=True).outcome == "succeeded"
    assert cloud.vm(vm).removed is not None
    assert (cloud.taken(), farm.disks, farm.running, cloud.pool().used) == (0, {}, {}, 0)


def test_a_name_is_free_again_when_its_machine_is_gone(cloud):
    vm = cloud.running(name="web")
    cloud.do("destroyVirtualMachine", vm, expunge=True)
    cloud.running(name="WEB")


def test_a_machine_with_a_card_on_each_network(cloud):
    vm = cloud.running(networkids=[cloud.wide.uuid, cloud.site.network.uuid])
    assert [(card.ip4, card.is_default) for card in cloud.cards(vm)] == [("10.2.0.2", True), ("10.1.1.2", False)]


def test_without_networks_the_first_shared_one_is_taken(cloud):
    vm = cloud.running(networkids=None)
    assert [card.network_id for card in cloud.cards(vm)] == [cloud.site.network.id]


def test_a_disabled_host_takes_what_an_operator_chose_it_for_and_nothing_else(cloud):
    with cloud.database.transaction() as tx:
        tx.execute(schema.host.update().where(schema.host.c.id == cloud.hosts[0].id).values(state="Disabled"))
    chosen = cloud.running(who=cloud.site.root_admin, hostid=cloud.hosts[0].uuid)
    others = [cloud.running() for _ in range(2)]
    assert [cloud.vm(each).host_id for each in (chosen, *others)] == [cloud.hosts[number].id for number in (0, 1, 1)]


def test_the_host_that_an_operator_chose(cloud):
    for host in (*cloud.hosts, *cloud.hosts):
        vm = cloud.running(who=cloud.site.root_admin, hostid=host.uuid)
        assert cloud.vm(vm).host_id == host.id


