"""Many at once: a batch costs what one costs, and a bad member fails alone."""

import pytest
from tests.engine.jobs.farm import GIB, Broken

from stratiform.engine import api, registry, schema
from stratiform.engine.vm.service import NOUN
from stratiform.engine.vm.states import Event, machine
from stratiform.framework.testing.statements import count

MANY = 32


def work_of(counted):
    """The statements but for the look-ups of steps, which are plain SELECTs of what they change."""
    jobs = ("SELECT job.", "INSERT", "UPDATE", "WITH", "DELETE")
    return [text for text in counted.statements if text.startswith(jobs)]


def test_a_machine_alone_takes_four_commits_and_22_statements(cloud):
    cloud.running()
    commits = statements = 0
    with count(cloud.database) as counted:
        filed = cloud.deploy()
    at = next(place for place, text in enumerate(counted.statements) if text.startswith("INSERT INTO job "))
    statements += len(counted.statements) - at
    commits += counted.commits
    for stage, condition in (("vm", lambda: True), ("host", "create"), ("host", "start")):
        if isinstance(condition, str):
            cloud.until_answered(condition)
        with count(cloud.database) as counted:
            cloud.server.kernel.turn(stage)
        statements += len(work_of(counted))
        commits += counted.commits
    assert cloud.vm(filed.entity).state == "Running"
    assert (commits, statements) == (4, 22)


def test_many_are_placed_planned_and_given_addresses_as_one_is(cloud):
    cloud.running()
    costs = []
    for number in (1, MANY - 2):
        filed = [cloud.deploy() for _ in range(number)]
        with count(cloud.database) as counted:
            cloud.server.kernel.turn("vm")
        costs.append((counted.commits, len(counted)))
        assert {cloud.vm(each.entity).state for each in filed} == {"Starting"}
        assert {volume.state for each in filed for volume in cloud.volumes(each.entity)} == {"Creating"}
        assert None not in {card.ip4 for each in filed for card in cloud.cards(each.entity)}
        cloud.settle()
    (commits, one), (more_commits, many) = costs
    assert (commits, more_commits) == (1, 1)
    assert one == many


def test_many_end_as_one_does(cloud):
    filed = [cloud.deploy() for _ in range(MANY)]
    cloud.settle()
    assert {cloud.job(each).outcome for each in filed} == {"succeeded"}
    assert sorted(cloud.host(each).vms for each in cloud.hosts) == [MANY // 2, MANY // 2]
    assert (cloud.pool().used, cloud.taken()) == (MANY * GIB, MANY)
    for command in ("stopVirtualMachine", "startVirtualMachine", "destroyVirtualMachine", "expungeVirtualMachine"):
        filed = [cloud.submit(command, id=each.entity) for each in filed]
        cloud.settle()
        assert {cloud.job(each).outcome for each in filed} == {"succeeded"}, command
    assert (cloud.pool().used, cloud.taken(), cloud.farm.disks) == (0, 0, {})


def no_host(cloud):
    with cloud.database.transaction() as tx:
        tx.execute(schema.host.update().where(schema.host.c.id == cloud.hosts[0].id).values(memory_total=1))
    return cloud.deploy(who=cloud.site.root_admin, hostid=cloud.hosts[0].uuid), "insufficient_server_capacity"


def no_pool(cloud):
    with cloud.database.transaction() as tx:
        huge = api.register_template(
            tx, cloud.world, account=cloud.site.root, os_type=cloud.site.os_type, name="huge", url="https://x.example/t",
            format="QCOW2", hypervisor="Simulator", is_public=True, size=5000 * GIB,
        )  # fmt: skip
    return cloud.deploy(templateid=huge.uuid), "insufficient_storage_capacity"


def no_address(cloud):
    site = cloud.site
    with cloud.database.transaction() as tx:
        full = api.create_network(
            tx, cloud.world, zone=site.zone, offering=site.network_offering, account=site.root, name="full",
            gateway="10.3.0.1", netmask="255.255.255.0", start_ip="10.3.0.2", end_ip="10.3.0.2",
        )  # fmt: skip
    cloud.deploy(networkids=[full.uuid])
    return cloud.deploy(networkids=[full.uuid]), "insufficient_address_capacity"


def wrong_state(cloud):
    filed = cloud.deploy()
    with cloud.database.transaction() as tx:
        row = registry.move(tx, NOUN, cloud.vm(filed.entity), machine, Event.BREAK)
        registry.publish(tx, NOUN, row, "BREAK", state=row.state)
    return filed, "conflict"


def broken_adviser(cloud):
    filed = cloud.deploy()
    cloud.server.tools.placements["spread"].poison = {filed.entity}
    return filed, "internal"


def broken_pool(cloud):
    cloud.farm.then("create", Broken(reason="no"))
    return None, "broken"


@pytest.mark.parametrize("spoil", [no_host, no_pool, no_address, wrong_state, broken_adviser, broken_pool])
def test_a_bad_member_fails_alone(cloud, farm, spoil):
    filed = [cloud.deploy() for _ in range(MANY // 4)]
    bad, code = spoil(cloud)
    filed += [cloud.deploy() for _ in range(MANY // 4)]
    cloud.settle()
    failed = [each for each in (*filed, bad) if each and cloud.job(each).outcome == "failed"]
    assert len(failed) == 1
    assert bad in (None, failed[0])
    assert (cloud.error(failed[0]), cloud.vm(failed[0].entity).state) == (code, "Error")
    assert cloud.volumes(failed[0].entity)[0].state in ("Allocated", "Ready")


def test_what_was_advised_to_one_host_and_does_not_fit_goes_elsewhere(cloud):
    with cloud.database.transaction() as tx:
        tx.execute(schema.host.update().values(memory_total=10 * 512))
    cloud.server.tools.placements["spread"].stubborn = True
    filed = [cloud.deploy() for _ in range(20)]
    cloud.settle()
    assert {cloud.job(each).outcome for each in filed} == {"succeeded"}
    assert [cloud.host(each).vms for each in cloud.hosts] == [10, 10]


def test_more_than_there_is_room_for(cloud):
    """16 fit on each host; each claim is granted once, whatever the advice was."""
    filed = [cloud.deploy() for _ in range(80)]
    cloud.settle()
    outcomes = [cloud.job(each).outcome for each in filed]
    assert (outcomes.count("succeeded"), outcomes.count("failed")) == (64, 16)
    assert [(cloud.host(each).memory_used, cloud.host(each).vms) for each in cloud.hosts] == [(16384, 32)] * 2
