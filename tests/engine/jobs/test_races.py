"""Two at once: commands on one machine, changes that need no lane, hosts that answer late, twice or not at all."""

import threading

import pytest
import sqlalchemy
from tests.engine.jobs.farm import Broken, after

from stratiform.engine import schema
from stratiform.framework.base import errors


def outcomes(cloud, filed):
    return [cloud.job(each).outcome for each in filed]


def test_commands_on_one_machine_are_carried_out_in_their_order(cloud):
    vm = cloud.running()
    verbs = ("stop", "start", "reboot", "stop", "start", "destroy")
    filed = [cloud.submit(f"{verb}VirtualMachine", id=vm) for verb in verbs]
    cloud.settle(cloud.server, cloud.serve("second"))
    assert outcomes(cloud, filed) == ["succeeded"] * len(verbs)
    assert [cloud.farm.calls[verb] for verb in ("start", "stop", "reboot")] == [3, 3, 1]
    assert (cloud.vm(vm).state, cloud.vm(vm).run) == ("Destroyed", 3)


def test_the_same_command_twice_at_once(cloud):
    vm = cloud.running()
    filed = [cloud.submit("destroyVirtualMachine", id=vm, expunge=True) for _ in range(2)]
    cloud.settle(cloud.server, cloud.serve("second"))
    assert outcomes(cloud, filed) == ["succeeded", "failed"]
    assert cloud.error(filed[1]) == "conflict"


def test_a_destroy_waits_for_a_start_that_is_under_way(cloud, farm):
    booting = threading.Event()
    farm.then("start", booting)
    filed = cloud.deploy()
    cloud.until(lambda: farm.calls["start"])
    gone = cloud.submit("destroyVirtualMachine", id=filed.entity, expunge=True)
    cloud.pass_time(5)
    assert (cloud.job(gone).state, cloud.vm(filed.entity).state, farm.calls["stop"]) == ("blocked", "Starting", 0)
    booting.set()
    cloud.settle()
    assert outcomes(cloud, [filed, gone]) == ["succeeded", "succeeded"]


def test_what_its_owner_took_back_is_not_expunged(cloud):
    vm = cloud.running()
    cloud.do("destroyVirtualMachine", vm)
    filed = cloud.submit("expungeVirtualMachine", id=vm)
    cloud.server.engine.change("recoverVirtualMachine", cloud.site.tenant, {"id": vm})
    cloud.settle()
    assert cloud.error(filed) == "conflict"
    assert (cloud.vm(vm).state, cloud.volumes(vm)[0].state, len(cloud.farm.disks)) == ("Stopped", "Ready", 1)


def test_what_is_being_expunged_cannot_be_taken_back(cloud, farm):
    deleting = threading.Event()
    vm = cloud.running()
    farm.then("delete", deleting)
    cloud.submit("destroyVirtualMachine", id=vm, expunge=True)
    cloud.until(lambda: farm.calls["delete"])
    with pytest.raises(errors.Conflict, match="is Expunging, which does not allow recovering it"):
        cloud.server.engine.change("recoverVirtualMachine", cloud.site.tenant, {"id": vm})
    deleting.set()


def test_a_rename_while_it_boots(cloud, farm):
    booting = threading.Event()
    farm.then("start", booting)
    filed = cloud.deploy()
    cloud.until(lambda: farm.calls["start"])
    cloud.server.engine.change("updateVirtualMachine", cloud.site.tenant, {"id": filed.entity, "displayname": "new"})
    booting.set()
    cloud.settle()
    assert (cloud.vm(filed.entity).state, cloud.vm(filed.entity).display_name) == ("Running", "new")


def meddle(cloud, beginning, action, times=1):
    """Before the next statements that begin so, somebody else commits `action`; only where two may write at once."""
    if cloud.database.dialect == "sqlite":
        pytest.skip("SQLite has one writer: nothing comes between a look and a change")
    left, acting = [times], []

    def before(connection, cursor, statement, *rest):
        if left[0] and not acting and statement.startswith(beginning):
            left[0] -= 1
            acting.append(True)
            action()
            acting.clear()

    sqlalchemy.event.listen(cloud.database.engine, "before_cursor_execute", before)
    return left


def touch(cloud, table):
    """Somebody who needs no lane changes every row of a table."""
    with cloud.database.engine.begin() as rival:
        rival.execute(table.update().values(generation=table.c.generation + 1))


@pytest.mark.parametrize("noun", ["vm", "volume"])
@pytest.mark.parametrize("command", ["deploy", "stop", "destroy"])
def test_a_change_between_the_look_and_the_change_of_a_step(cloud, command, noun):
    table = getattr(schema, noun)
    vm = None if command == "deploy" else cloud.running()
    left = meddle(cloud, f"UPDATE {noun} SET", lambda: touch(cloud, table), times=2)
    more = {"expunge": True} if command == "destroy" else {}
    filed = cloud.deploy() if vm is None else cloud.submit(f"{command}VirtualMachine", id=vm, **more)
    cloud.settle()
    assert cloud.job(filed).outcome == "succeeded"
    assert left == [2 if (command, noun) == ("stop", "volume") else 0]


def test_a_change_that_meets_a_step_is_done_again(cloud):
    vm = cloud.running()
    left = meddle(cloud, "UPDATE vm SET", lambda: touch(cloud, schema.vm))
    done = cloud.server.engine.change("updateVirtualMachine", cloud.site.tenant, {"id": vm, "displayname": "new"})
    assert (left, done["displayname"]) == ([0], "new")


def test_a_lost_answer_is_asked_for_and_nothing_is_done_twice(cloud, farm, way):
    way.losing = 2
    filed = cloud.deploy()
    cloud.until(lambda: way.lost == 1)
    cloud.pass_time(30)
    assert cloud.job(filed).outcome is None, "nobody assumes anything"
    for _ in range(2):
        cloud.pass_time(61)
    cloud.settle()
    assert (cloud.job(filed).outcome, farm.calls["create"], farm.calls["start"]) == ("succeeded", 1, 1)


def test_answers_that_come_twice(cloud, farm, way):
    way.doubling = True
    vm = cloud.running()
    for verb in ("stop", "start", "reboot", "destroy"):
        assert cloud.do(f"{verb}VirtualMachine", vm).outcome == "succeeded"
    assert [farm.calls[verb] for verb in ("create", "start", "stop", "reboot")] == [1, 2, 2, 1]


@pytest.mark.parametrize("verb", ["create", "start"])
def test_a_link_that_is_cut_while_the_host_works(cloud, farm, way, verb):
    working = threading.Event()
    farm.then(verb, working)
    filed = cloud.deploy()
    cloud.until(lambda: farm.calls[verb])
    way.cut()
    working.set()
    cloud.settle()
    assert (cloud.job(filed).outcome, farm.calls[verb]) == ("succeeded", 1)


@pytest.mark.parametrize("verb", ["create", "start", "receive", "migrate"])
def test_a_far_end_that_dies_in_the_midst_of_a_command_fails_nobody(cloud, farm, way, verb):
    """How far it came is unknown, which is not failed: what may be done twice is done again, and finds itself done."""
    working = threading.Event()
    vm = cloud.running() if verb in ("receive", "migrate") else None
    before = farm.calls[verb]
    farm.then(verb, working)
    filed = cloud.deploy() if vm is None else cloud.migrate(vm)
    cloud.until(lambda: farm.calls[verb] > before)
    way.restart()
    cloud.until(lambda: farm.calls[verb] == before + 2)
    working.set()
    cloud.settle()
    assert (cloud.job(filed).outcome, farm.calls["stop"], farm.calls["stay"]) == ("succeeded", 0, 0)


def test_a_far_end_that_dies_in_the_midst_of_a_reboot_is_not_asked_for_another(cloud, farm, way):
    resetting = threading.Event()
    vm = cloud.running()
    farm.then("reboot", resetting)
    filed = cloud.submit("rebootVirtualMachine", id=vm)
    cloud.until(lambda: farm.calls["reboot"])
    way.restart()
    cloud.settle()
    assert (cloud.error(filed), farm.calls["reboot"], cloud.vm(vm).state) == ("interrupted", 1, "Running")
    resetting.set()


def test_a_host_that_hangs_delays_only_those_on_it_and_nobody_is_placed_elsewhere_meanwhile(cloud, farm):
    hanging = threading.Event()
    farm.then("start", hanging)
    stuck = cloud.deploy()
    cloud.until(lambda: farm.calls["start"])
    home = cloud.vm(stuck.entity).host_id
    cloud.connection(next(each for each in cloud.hosts if each.id == home), "Disconnected")
    others = [cloud.deploy() for _ in range(3)]
    cloud.until(lambda: all(cloud.job(each).outcome for each in others))
    assert outcomes(cloud, others) == ["succeeded"] * 3
    assert home not in {cloud.vm(each.entity).host_id for each in others}
    cloud.pass_time(300)
    row = cloud.vm(stuck.entity)
    assert (row.state, row.host_id, farm.calls["start"]) == ("Starting", home, 4)
    hanging.set()
    cloud.settle()
    assert (cloud.vm(stuck.entity).state, cloud.vm(stuck.entity).host_id) == ("Running", home)


@pytest.mark.parametrize("how", ["destroy", "the undo of a boot"])
def test_what_ends_a_machine_passes_a_host_that_is_full_of_commands(cloud, farm, how):
    """Commands that hang fill the host's lane; a stop that must pass them has a slot of its own."""
    home = {"hostid": cloud.hosts[0].uuid, "who": cloud.site.root_admin}
    hanging, booting = threading.Event(), threading.Event()
    vms = [cloud.running(**home) for _ in range(5)]
    if how == "the undo of a boot":
        farm.then("start", [booting, after(Broken(reason="no"))])
        ending = cloud.deploy(**home)
        cloud.until(lambda: farm.calls["start"] == 6)
    farm.then("reboot", *[hanging] * 4)
    reboots = [cloud.submit("rebootVirtualMachine", id=vm, who=cloud.site.root_admin) for vm in vms[:4]]
    if how == "destroy":
        ending = cloud.submit("destroyVirtualMachine", id=vms[4], who=cloud.site.root_admin)
    else:
        booting.set()
        farm.then("stop", Broken(reason="not yet"))
        cloud.until(lambda: farm.calls["reboot"] == 4 and farm.calls["stop"] == 1)
        cloud.pass_time(3)
    cloud.until(lambda: cloud.job(ending).outcome and farm.calls["reboot"] == 4)
    assert cloud.vm(ending.entity).state == ("Destroyed" if how == "destroy" else "Error")
    assert outcomes(cloud, reboots) == [None] * 4, "it passed them, and did not wait until they had ended"
    hanging.set()
