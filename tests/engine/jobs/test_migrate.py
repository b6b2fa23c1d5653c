"""A machine moves while it runs: one copy at every instant, room on both hosts until its place is certain."""

import threading

import pytest
import sqlalchemy
from tests.engine.jobs.farm import Broken, after, instead
from tests.engine.jobs.test_races import meddle

from stratiform.api.spec import Inventory, VmFact
from stratiform.engine import api, schema
from stratiform.engine.host.jobs import reach
from stratiform.engine.vm.jobs.locate import Locate, locate

NO = Broken(reason="no")


def counts(cloud):
    return [cloud.host(each).vms for each in cloud.hosts]


def other(cloud, host):
    return next(each for each in cloud.hosts if each.id != host.id)


def exact(cloud):
    with cloud.database.reading() as connection:
        assert api.recount(connection) == []


def paused(fact):
    return VmFact(uuid=fact.uuid, name=fact.name, running=False)


def set_host(cloud, host, **values):
    with cloud.database.transaction() as tx:
        tx.execute(schema.host.update().where(schema.host.c.id == host.id).values(**values))


def test_a_machine_moves_and_is_the_run_that_it_was(cloud, farm):
    vm = cloud.running()
    home, name = cloud.home(vm), farm.names()
    job = cloud.migrate(vm)
    cloud.settle()
    row = cloud.vm(vm)
    assert cloud.job(job).outcome == "succeeded"
    assert (row.state, row.power, row.run) == ("Running", "PowerOn", 1)
    assert (row.host_id, row.to_host_id, row.last_host_id) == (other(cloud, home).id, None, home.id)
    assert (farm.names(home.uuid), farm.names()) == ([], name)
    assert sorted(counts(cloud)) == [0, 1]
    assert [farm.calls[verb] for verb in ("receive", "migrate", "stay", "start", "stop")] == [1, 1, 0, 1, 0]
    assert cloud.events(vm)[-2:] == [("VM.MIGRATE", "Migrating"), ("VM.MIGRATE", "Running")]


def test_on_its_way_it_has_room_on_both_hosts_and_everything_else_waits(cloud, farm):
    vm = cloud.running()
    home = cloud.home(vm)
    moving = threading.Event()
    farm.then("migrate", moving)
    job = cloud.migrate(vm)
    cloud.until(lambda: farm.calls["migrate"])
    stop = cloud.submit("stopVirtualMachine", id=vm)
    cloud.pass_time(100)
    row = cloud.vm(vm)
    assert (row.state, row.host_id, row.to_host_id) == ("Migrating", home.id, other(cloud, home).id)
    assert (counts(cloud), farm.calls["stop"]) == ([1, 1], 0)
    exact(cloud)
    moving.set()
    cloud.settle()
    assert [cloud.job(each).outcome for each in (job, stop)] == ["succeeded"] * 2
    assert (cloud.vm(vm).state, counts(cloud), farm.running) == ("Stopped", [0, 0], {})


@pytest.mark.parametrize("verb", ["receive", "migrate"])
@pytest.mark.parametrize("had", [False, True], ids=["without effect", "after its effect"])
def test_a_move_that_fails_leaves_it_where_it_runs(cloud, farm, verb, had):
    """A host that says no may have moved it all the same: it is asked, and the database says what is so."""
    vm = cloud.running()
    home = cloud.home(vm)
    farm.then(verb, after(NO) if had else NO)
    job = cloud.migrate(vm)
    cloud.settle()
    assert cloud.error(job) == "broken"
    moved = verb == "migrate" and had
    assert cloud.home(vm) is (other(cloud, home) if moved else home)
    assert (cloud.vm(vm).state, cloud.vm(vm).to_host_id, sum(counts(cloud))) == ("Running", None, 1)
    assert [farm.calls["stay"], farm.calls["inventory"]] == [verb == "migrate", moved]
    assert cloud.events(vm)[-1] == ("VM.MIGRATE", "Running")
    assert farm.calls["stop"] == 0, "nobody stops a tenant's machine to tidy up"


def test_a_machine_that_ends_on_its_way_is_stopped_and_starts_again(cloud, farm):
    vm = cloud.running()
    moving = threading.Event()
    farm.then("migrate", [moving, NO])
    job = cloud.migrate(vm)
    cloud.until(lambda: farm.calls["migrate"])
    farm.running.clear()  # its guest shut down
    moving.set()
    cloud.settle()
    row = cloud.vm(vm)
    assert (cloud.error(job), row.state, row.power, row.host_id, row.to_host_id) == (
        "broken", "Stopped", "PowerOff", None, None,
    )  # fmt: skip
    assert counts(cloud) == [0, 0]
    assert cloud.events(vm)[-1] == ("VM.MIGRATE", "Stopped")
    assert cloud.do("startVirtualMachine", vm).outcome == "succeeded"


@pytest.mark.parametrize("silent", ["stay", "inventory"])
@pytest.mark.parametrize("moved", [False, True])
def test_nothing_is_given_back_before_its_place_is_certain(cloud, farm, silent, moved):
    vm = cloud.running()
    home, asking = cloud.home(vm), threading.Event()
    farm.then("migrate", after(NO) if moved else NO)
    farm.then(silent, NO, NO, asking)
    cloud.migrate(vm)
    cloud.until(lambda: farm.calls["migrate"])
    if silent == "inventory" and not moved:
        asking.set()  # the host kept it, so the other one is not asked
    while farm.calls[silent] < 3 and not asking.is_set():
        cloud.turn()
        assert (cloud.vm(vm).state, cloud.vm(vm).host_id, counts(cloud)) == ("Migrating", home.id, [1, 1])
        exact(cloud)
    asking.set()
    cloud.settle()
    assert cloud.home(vm) is (other(cloud, home) if moved else home)
    assert sum(counts(cloud)) == 1


def test_a_machine_that_has_not_arrived_for_certain_is_looked_for_again(cloud, farm):
    """The other host has it and does not run it yet: that is neither here nor gone."""
    vm = cloud.running()
    home = cloud.home(vm)
    farm.then("migrate", after(NO))
    farm.then("inventory", *[instead(lambda told: Inventory(vms=tuple(map(paused, told.vms))))] * 2)
    cloud.migrate(vm)
    cloud.settle()
    assert (cloud.home(vm), farm.calls["inventory"]) == (other(cloud, home), 3)


def test_where_it_is_is_asked_of_the_host_it_was_on_first(cloud, farm):
    """Else it could leave the one after the other was asked, and be taken for gone."""
    vm = cloud.running()
    farm.then("migrate", after(NO))
    home = cloud.home(vm)
    cloud.migrate(vm)
    cloud.settle()
    assert farm.asked[-2:] == [("stay", home.uuid), ("inventory", other(cloud, home).uuid)]


def test_only_what_runs_can_move(cloud):
    vm = cloud.running()
    cloud.do("stopVirtualMachine", vm)
    job = cloud.migrate(vm)
    cloud.settle()
    assert (cloud.error(job), cloud.vm(vm).state) == ("conflict", "Stopped")


def test_a_machine_moves_to_the_host_that_an_operator_chose_and_to_no_other(cloud):
    third = cloud.add_host("third")
    cloud.hosts.append(third)
    vm = cloud.running()
    for host in (third, *(each for each in cloud.hosts if each.id != cloud.vm(vm).host_id)):
        if host.id == cloud.vm(vm).host_id:
            continue
        set_host(cloud, host, state="Disabled")
        cloud.migrate(vm, host)
        cloud.settle()
        assert cloud.home(vm) is host
        set_host(cloud, host, state="Enabled")
    job = cloud.migrate(vm, cloud.home(vm))
    cloud.settle()
    assert cloud.error(job) == "insufficient_server_capacity", "it is there already"


@pytest.mark.parametrize(
    "closed",
    [
        {"state": "Disabled"},
        {"state": "Inactive"},
        {"state": "PrepareForMaintenance"},
        {"memory_total": 100},
        {"silences": 1},
        {"hypervisor": "KVM"},
        {"connection": "Disconnected"},
    ],
    ids=str,
)
def test_where_a_machine_does_not_move(cloud, farm, closed):
    vm = cloud.running()
    home = cloud.home(vm)
    closed = dict(closed)
    if "connection" in closed:
        cloud.connection(other(cloud, home), closed.pop("connection"))
    if closed:
        set_host(cloud, other(cloud, home), **closed)
    job = cloud.migrate(vm)
    cloud.settle()
    assert cloud.error(job) == "insufficient_server_capacity"
    assert (cloud.vm(vm).state, cloud.home(vm), farm.calls["receive"]) == ("Running", home, 0)
    if closed.get("memory_total"):
        set_host(cloud, other(cloud, home), memory_total=16384)


def test_a_machine_stays_in_its_cluster_whose_hosts_are_alike(cloud, farm):
    """Its disk is in a pool of the whole zone, and a host of another cluster is empty: it is not moved there."""
    site = cloud.site
    with cloud.database.transaction() as tx:
        tx.execute(schema.pool.update().values(cluster_id=None, pod_id=None, scope="ZONE"))
        cluster = api.create_cluster(tx, cloud.world, pod=site.pod, name="cluster2", hypervisor="Simulator")
    vm = cloud.running()
    home = cloud.home(vm)
    far = cloud.add_host("far", cluster=cluster)
    set_host(cloud, other(cloud, home), state="Disabled")
    job = cloud.migrate(vm)
    cloud.settle()
    assert (cloud.error(job), cloud.home(vm)) == ("insufficient_server_capacity", home)
    assert farm.attached[far.uuid] == {site.pool.uuid}


def test_a_cluster_that_is_closed_for_tenants_keeps_what_it_has_and_may_move_it(cloud):
    vm = cloud.running()
    home = cloud.home(vm)
    with cloud.database.transaction() as tx:
        for table in (schema.zone, schema.pod, schema.cluster):
            tx.execute(table.update().values(state="Disabled"))
    job = cloud.migrate(vm)
    cloud.settle()
    assert (cloud.job(job).outcome, cloud.home(vm)) == ("succeeded", other(cloud, home))


def test_a_host_that_closes_between_the_look_and_the_claim_takes_nothing(cloud):
    """The adviser named it; the database does not confirm."""
    vm = cloud.running()
    home = cloud.home(vm)

    def close():
        with cloud.database.engine.begin() as rival:
            away = schema.host.c.id == other(cloud, home).id
            rival.execute(schema.host.update().where(away).values(state="PrepareForMaintenance"))

    left = meddle(cloud, "WITH locked AS MATERIALIZED (SELECT id FROM host", close)
    job = cloud.migrate(vm)
    cloud.settle()
    assert left == [0]
    assert (cloud.error(job), cloud.home(vm)) == ("insufficient_server_capacity", home)


def test_a_lost_answer_is_asked_for_and_it_moves_once(cloud, farm, way):
    vm = cloud.running()
    home = cloud.home(vm)
    way.losing = 2
    job = cloud.migrate(vm)
    cloud.until(lambda: way.lost == 1)
    for _ in range(2):
        cloud.pass_time(61)
    cloud.settle()
    assert (cloud.job(job).outcome, cloud.home(vm)) == ("succeeded", other(cloud, home))
    assert (farm.calls["receive"], farm.calls["migrate"]) == (1, 1)


def test_two_servers_move_many_at_once(cloud, farm):
    vms = [cloud.running() for _ in range(8)]
    homes = {vm: cloud.home(vm) for vm in vms}
    jobs = [cloud.migrate(vm) for vm in vms]
    cloud.settle(cloud.server, cloud.serve("second"))
    assert {cloud.job(each).outcome for each in jobs} == {"succeeded"}
    assert all(cloud.home(vm) is other(cloud, homes[vm]) for vm in vms)
    assert (farm.calls["receive"], farm.calls["migrate"]) == (8, 8)


def test_the_place_of_a_machine_is_a_job_of_its_own(cloud, farm):
    """Told of each of the three places that it may be at."""
    vm = cloud.running()
    (name,), home = farm.names(), cloud.home(vm)
    with cloud.server.kernel.transaction() as work:
        known = reach.by_id(work.tx, [each.id for each in cloud.hosts])
        here, there = known[home.id].target, known[other(cloud, home).id].target
        asked = [(name, here, there), (name, there, here), ("nobody", here, there)]
        filed = [
            work.submit(locate, Locate(name=each, source=source, destination=to), fair_key="x").uuid
            for each, source, to in asked
        ]
    cloud.settle()
    assert [cloud.job(each).answer for each in filed] == ['"here"', '"there"', '"gone"']


def test_the_listing_of_hosts_counts_what_is_on_its_way_twice(cloud, farm):
    vm = cloud.running()
    moving = threading.Event()
    farm.then("migrate", moving)
    cloud.migrate(vm)
    cloud.until(lambda: farm.calls["migrate"])
    claimed = cloud.rows(sqlalchemy.select(sqlalchemy.func.sum(schema.host.c.memory_used)))[0][0]
    assert claimed == 2 * cloud.vm(vm).memory
    moving.set()
