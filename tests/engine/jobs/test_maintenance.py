"""A host is emptied by a plan that can be seen first; cancelled in the midst, interrupted, or unable to."""

import json
import threading

import pytest
import sqlalchemy
from tests.engine.jobs.farm import Broken
from tests.engine.jobs.test_races import meddle

from stratiform.engine import registry, schema
from stratiform.engine.maintenance.service import Plans
from stratiform.engine.vm.service import NOUN
from stratiform.engine.vm.states import Event, machine
from stratiform.framework import context
from stratiform.framework.agents.states import State as Connection
from stratiform.framework.base import errors
from stratiform.framework.events.table import event
from stratiform.framework.jobs.table import job as job_table
from stratiform.framework.testing.statements import count

NO = Broken(reason="no")


def cancel(cloud, host):
    return cloud.submit("cancelHostMaintenance", cloud.site.root_admin, id=host.uuid)


def plan(cloud, host, who=None):
    plans = Plans(cloud.database, cloud.gate, cloud.server.tools)
    return plans.rows(who or cloud.site.root_admin, "listHostMaintenancePlan", host.uuid)


def on(cloud, host, number=1):
    """Machines that run on a host."""
    return [cloud.running(hostid=host.uuid, who=cloud.site.root_admin) for _ in range(number)]


def told(cloud, job):
    return json.loads(cloud.job(job).error)


@pytest.fixture
def host(cloud):
    """The host that is emptied."""
    return cloud.hosts[0]


@pytest.fixture
def other(cloud):
    """Where to."""
    return cloud.hosts[1]


def test_an_empty_host_is_in_maintenance_at_once_and_opens_again(cloud, host):
    job = cloud.prepare(host)
    assert cloud.host(host).state == "PrepareForMaintenance", "from the moment that it was accepted"
    cloud.settle()
    assert (cloud.job(job).outcome, cloud.host(host).state) == ("succeeded", "Maintenance")
    back = cancel(cloud, host)
    assert cloud.host(host).state == "Enabled"
    cloud.settle()
    assert cloud.job(back).outcome == "succeeded"
    assert [kind for kind, _ in cloud.events(host.uuid)][-3:] == ["MAINT.PREPARE", "HOST.EDIT", "MAINT.CANCEL"]


def test_the_machines_move_as_planned_and_the_host_is_in_maintenance(cloud, farm, host, other):
    vms = on(cloud, host, 5)
    planned = plan(cloud, host)
    assert {row["virtualmachineid"] for row in planned} == set(vms)
    first = planned[0]
    assert first == {
        "virtualmachineid": vms[0],
        "virtualmachinename": cloud.vm(vms[0]).name,
        "virtualmachinestate": "Running",
        "sourcehostid": host.uuid,
        "sourcehostname": "host1",
        "destinationhostid": other.uuid,
        "destinationhostname": "host2",
    }
    job = cloud.prepare(host)
    cloud.settle()
    assert (cloud.job(job).outcome, cloud.host(host).state) == ("succeeded", "Maintenance")
    assert {cloud.vm(vm).state for vm in vms} == {"Running"}
    assert {row["virtualmachineid"]: row["destinationhostid"] for row in planned} == {
        vm: cloud.home(vm).uuid for vm in vms
    }
    assert (cloud.host(host).vms, cloud.host(other).vms) == (0, 5)
    assert [farm.calls[verb] for verb in ("migrate", "stop", "start")] == [5, 0, 5]


def test_the_plan_changes_nothing_and_costs_the_same_for_any_number(cloud, host):
    on(cloud, host)
    with count(cloud.database) as one:
        plan(cloud, host)
    on(cloud, host, 5)
    with count(cloud.database) as more:
        plan(cloud, host)
    assert len(one) == len(more)
    assert not [text for text in more.statements if text.startswith(("INSERT", "UPDATE", "DELETE", "WITH"))]


def test_the_plan_says_why_a_machine_has_nowhere_to_go(cloud, host, other):
    vms = on(cloud, host, 3)
    with cloud.database.transaction() as tx:
        there = schema.host.c.id == other.id
        tx.execute(schema.host.update().where(there).values(memory_total=cloud.host(other).memory_used + 512))
    rows = plan(cloud, host)
    assert [row.get("destinationhostid") for row in rows] == [other.uuid, None, None], "it counts those before it"
    assert all("memory: 512 MiB needed" in row["reason"] for row in rows[1:])
    assert [row["virtualmachineid"] for row in rows] == vms


def test_the_plan_tells_of_machines_that_are_changing(cloud, farm, host, other):
    starting, stopping, coming, going = (threading.Event() for _ in range(4))
    stop, go = on(cloud, host, 2)
    (come,) = on(cloud, other)
    farm.then("start", starting)
    filed = cloud.deploy(hostid=host.uuid, who=cloud.site.root_admin)
    farm.then("stop", stopping)
    cloud.submit("stopVirtualMachine", id=stop, who=cloud.site.root_admin)
    farm.then("migrate", coming, going)
    cloud.migrate(come, host)
    cloud.until(lambda: farm.calls["migrate"] == 1)
    cloud.migrate(go, other)
    cloud.until(lambda: [farm.calls[verb] for verb in ("start", "stop", "migrate")] == [4, 1, 2])
    rows = {row["virtualmachineid"]: row for row in plan(cloud, host)}
    assert rows[filed.entity]["destinationhostid"] == rows[go]["destinationhostid"] == other.uuid
    assert rows[stop]["reason"] == "It is being stopped."
    assert "moved on when it has arrived" in rows[come]["reason"]
    for each in (starting, stopping, coming, going):
        each.set()


def test_tenants_see_no_plan(cloud, host):
    with pytest.raises(errors.NotFound):
        plan(cloud, host, cloud.site.tenant)


def test_what_starts_and_stops_is_waited_for(cloud, farm, host, other):
    """The start ends where it began, then the machine moves; the one that stops needs no other host."""
    starting, stopping = threading.Event(), threading.Event()
    (stop,) = on(cloud, host)
    farm.then("start", starting)
    filed = cloud.deploy(hostid=host.uuid, who=cloud.site.root_admin)
    farm.then("stop", stopping)
    cloud.submit("stopVirtualMachine", id=stop, who=cloud.site.root_admin)
    cloud.until(lambda: farm.calls["start"] == 2 and farm.calls["stop"] == 1)
    job = cloud.prepare(host)
    cloud.pass_time(30)
    assert (cloud.job(job).outcome, cloud.host(host).state) == (None, "PrepareForMaintenance")
    starting.set()
    cloud.until(lambda: farm.calls["migrate"] == 1)
    stopping.set()
    cloud.settle()
    assert (cloud.job(job).outcome, cloud.host(host).state) == ("succeeded", "Maintenance")
    assert (cloud.vm(filed.entity).state, cloud.home(filed.entity)) == ("Running", other)
    assert (cloud.vm(stop).state, farm.calls["migrate"]) == ("Stopped", 1)


def test_what_is_on_its_way_to_the_host_moves_on(cloud, farm, host, other):
    coming = threading.Event()
    (vm,) = on(cloud, other)
    farm.then("migrate", coming)
    cloud.migrate(vm, host)
    cloud.until(lambda: farm.calls["migrate"])
    job = cloud.prepare(host)
    cloud.pass_time(5)
    assert cloud.host(host).state == "PrepareForMaintenance", "there is room claimed on it"
    coming.set()
    cloud.settle()
    assert (cloud.job(job).outcome, cloud.home(vm), farm.calls["migrate"]) == ("succeeded", other, 2)
    assert cloud.host(host).state == "Maintenance"


@pytest.mark.parametrize("state", ["PrepareForMaintenance", "Maintenance", "ErrorInPrepareForMaintenance", "Inactive"])
@pytest.mark.parametrize("chosen", [False, True])
def test_nothing_new_comes_to_a_host_that_takes_none(cloud, host, other, state, chosen):
    """Not even what an operator chose it for."""
    with cloud.database.transaction() as tx:
        tx.execute(schema.host.update().where(schema.host.c.id == host.id).values(state=state))
        tx.execute(schema.host.update().where(schema.host.c.id == other.id).values(state="Disabled"))
    filed = cloud.deploy(who=cloud.site.root_admin, hostid=host.uuid if chosen else None)
    cloud.settle()
    assert cloud.error(filed) == "insufficient_server_capacity"


def test_on_an_inactive_host_everything_goes_on(cloud, host, other):
    vms = on(cloud, host, 2)
    update = {"id": host.uuid, "allocationstate": "Deactivate"}
    cloud.submit("updateHost", cloud.site.root_admin, **update)
    cloud.settle()
    assert cloud.host(host).state == "Inactive"
    who = cloud.site.root_admin
    assert cloud.do("rebootVirtualMachine", vms[0], who).outcome == "succeeded"
    assert cloud.do("stopVirtualMachine", vms[0], who).outcome == "succeeded"
    cloud.migrate(vms[1])
    cloud.settle()
    assert cloud.home(vms[1]) == other
    assert cloud.do("startVirtualMachine", vms[0], who).outcome == "succeeded"
    assert cloud.home(vms[0]) == other


def test_placed_before_and_sent_after_it_is_seen(cloud, farm, host, other):
    """A deployment has claimed room and sent nothing yet when the host closes."""
    making = threading.Event()
    farm.then("create", making)
    filed = cloud.deploy(hostid=host.uuid, who=cloud.site.root_admin)
    cloud.until(lambda: farm.calls["create"])
    assert cloud.vm(filed.entity).state == "Starting"
    job = cloud.prepare(host)
    cloud.pass_time(10)
    assert (cloud.host(host).state, farm.calls["start"]) == ("PrepareForMaintenance", 0)
    making.set()
    cloud.settle()
    assert (cloud.job(job).outcome, cloud.host(host).state, cloud.home(filed.entity)) == (
        "succeeded", "Maintenance", other,
    )  # fmt: skip


def test_placed_at_the_very_moment_it_closes_it_is_seen_or_refused(cloud, host, other):
    """The host closes between the look of a placement and its claim: the claim finds it closed and goes elsewhere."""
    with cloud.database.transaction() as tx:
        tx.execute(schema.host.update().where(schema.host.c.id == other.id).values(cpu_used=0, memory_total=600))
    jobs = []
    left = meddle(
        cloud, "WITH locked AS MATERIALIZED (SELECT id FROM host", lambda: jobs.append(cloud.prepare(host))
    )
    filed = cloud.deploy()
    cloud.settle()
    assert left == [0]
    assert cloud.host(host).state == "Maintenance"
    assert cloud.home(filed.entity) == other


def test_a_claim_that_is_not_committed_yet_is_waited_for(cloud, host, other):
    """The other way round: a placement has claimed room when the maintenance is accepted."""
    if cloud.database.dialect == "sqlite":
        pytest.skip("SQLite has one writer: nobody comes before a claim is committed")
    accepted = []

    def prepare():
        accepted.append(threading.Thread(target=lambda: jobs.append(in_context(cloud, host))))
        accepted[0].start()
        accepted[0].join(0.5)
        assert accepted[0].is_alive(), "it waits for the claim"

    jobs = []
    left = meddle(cloud, "UPDATE vm SET", prepare)
    filed = cloud.deploy(hostid=host.uuid, who=cloud.site.root_admin)
    cloud.settle()
    accepted[0].join()
    cloud.settle()
    assert left == [0]
    assert (cloud.job(jobs[0]).outcome, cloud.host(host).state) == ("succeeded", "Maintenance")
    assert cloud.home(filed.entity) == other


def in_context(cloud, host):
    with context.use(context.begin(cloud.world.ids, "operator")):
        return cloud.prepare(host)


def test_machines_that_cannot_leave_are_told_one_by_one_and_the_others_have_left(cloud, farm, host, other):
    vms = on(cloud, host, 3)
    with cloud.database.transaction() as tx:
        tx.execute(schema.host.update().where(schema.host.c.id == other.id).values(memory_total=512))
    job = cloud.prepare(host)
    cloud.settle()
    assert (cloud.job(job).outcome, cloud.host(host).state) == ("failed", "ErrorInPrepareForMaintenance")
    homes = [cloud.home(vm) for vm in vms]
    assert sorted(each.name for each in homes) == ["host1", "host1", "host2"]
    error = told(cloud, job)
    assert (error["code"], error["parameters"]["count"]) == ("not_emptied", 2)
    for vm, home in zip(vms, homes, strict=True):
        assert (f"{cloud.vm(vm).name}: No host can take" in error["text"]) == (home == host)
    assert farm.calls["stop"] == 0


@pytest.mark.parametrize("last", [False, True])
def test_a_machine_whose_host_refuses_to_move_it_is_told_and_tried_again(cloud, farm, host, last):
    vms = on(cloud, host, 3)
    farm.then("migrate", *[None] * (2 * last), NO)
    job = cloud.prepare(host)
    cloud.settle()
    assert cloud.host(host).state == "ErrorInPrepareForMaintenance"
    (stuck,) = [vm for vm in vms if cloud.home(vm) == host]
    assert told(cloud, job)["text"].endswith(f"{cloud.vm(stuck).name}: The host says no: no.")
    again = cloud.prepare(host)
    cloud.settle()
    assert (cloud.job(again).outcome, cloud.host(host).state) == ("succeeded", "Maintenance")


def test_a_machine_that_nobody_knows_the_state_of_is_told(cloud, host):
    (vm,) = on(cloud, host)
    with cloud.database.transaction() as tx:
        row = registry.move(tx, NOUN, cloud.vm(vm), machine, Event.DOUBT)
        registry.publish(tx, NOUN, row, "DOUBT", state=row.state)
    job = cloud.prepare(host)
    cloud.settle()
    assert "Unknown" in told(cloud, job)["text"]
    assert cloud.host(host).state == "ErrorInPrepareForMaintenance"
    with cloud.database.transaction() as tx:
        row = registry.move(tx, NOUN, cloud.vm(vm), machine, Event.SEEN_RUNNING)
        registry.publish(tx, NOUN, row, "SEEN", state=row.state)


@pytest.mark.parametrize("how", ["PrepareForMaintenance", "ErrorInPrepareForMaintenance", "Maintenance"])
def test_a_maintenance_is_cancelled_from_each_of_its_states(cloud, farm, host, how):
    moving = threading.Event()
    if how == "PrepareForMaintenance":
        on(cloud, host)
        farm.then("migrate", moving)
    elif how == "ErrorInPrepareForMaintenance":
        on(cloud, host)
        farm.then("migrate", NO)
    job = cloud.prepare(host)
    if how == "PrepareForMaintenance":
        cloud.until(lambda: farm.calls["migrate"])
    else:
        cloud.settle()
    assert cloud.host(host).state == how
    cancel(cloud, host)
    assert cloud.host(host).state == "Enabled"
    moving.set()
    cloud.settle()
    assert cloud.host(host).state == "Enabled"
    assert cloud.error(job) == {"PrepareForMaintenance": "maintenance_cancelled", "Maintenance": None}.get(
        how, "not_emptied"
    )


def test_a_cancel_lets_the_moves_under_way_end_and_begins_no_other(cloud, farm, host, other):
    """Two move at once: those whose turn has not come stay where they are, and are their tenants' all the while."""
    vms = on(cloud, host, 8)
    moving = threading.Event()
    farm.then("migrate", *[moving] * 2)
    job = cloud.prepare(host)
    cloud.until(lambda: farm.calls["migrate"] == 2)
    waiting = [vm for vm in vms if cloud.vm(vm).state == "Running"]
    assert len(waiting) == 6
    assert cloud.host(other).vms == 2, "only what moves has room claimed elsewhere"
    stop = cloud.submit("stopVirtualMachine", id=waiting[-1], who=cloud.site.root_admin)
    cloud.until(lambda: cloud.job(stop).outcome)
    cancel(cloud, host)
    moving.set()
    cloud.settle()
    assert (cloud.error(job), farm.calls["migrate"]) == ("maintenance_cancelled", 2)
    assert (cloud.host(host).vms, cloud.host(other).vms, cloud.host(host).state) == (5, 2, "Enabled")


def test_prepared_cancelled_and_prepared_again_while_the_first_is_under_way(cloud, farm, host):
    on(cloud, host, 6)
    moving = threading.Event()
    farm.then("migrate", *[moving] * 2)
    first = cloud.prepare(host)
    cloud.until(lambda: farm.calls["migrate"] == 2)
    cancel(cloud, host)
    second = cloud.prepare(host)
    cloud.pass_time(3)
    assert cloud.job(second).state == "blocked", "two would disturb each other"
    moving.set()
    cloud.settle(cloud.server, cloud.serve("second"))
    assert [cloud.job(each).outcome for each in (first, second)] == ["succeeded"] * 2
    assert (cloud.host(host).state, cloud.host(host).vms, farm.calls["migrate"]) == ("Maintenance", 0, 6)


def test_what_cannot_be_prepared_or_cancelled_is_refused_and_stays_as_it_is(cloud, host):
    with pytest.raises(errors.Conflict, match="is Enabled, which does not allow cancelling its maintenance"):
        cancel(cloud, host)
    cloud.prepare(host)
    with pytest.raises(errors.Conflict, match="is PrepareForMaintenance, which does not allow maintain"):
        cloud.prepare(host)
    cloud.settle()
    with pytest.raises(errors.Conflict, match="is Maintenance, which does not allow maintain"):
        cloud.prepare(host)


def test_a_host_that_does_not_answer_is_prepared_only_if_nothing_is_there(cloud, host, other):
    on(cloud, host)
    for each in (host, other):
        cloud.connection(each, "Disconnected")
    with pytest.raises(errors.Conflict, match=r"host1 is Disconnected: .* 1 virtual machines are there"):
        cloud.prepare(host)
    assert cloud.host(host).state == "Enabled"
    job = cloud.prepare(other)
    cloud.settle()
    assert (cloud.job(job).outcome, cloud.host(other).state) == ("succeeded", "Maintenance")
    cloud.connection(host, Connection.UP)


def test_two_hosts_are_emptied_at_once_into_what_is_left(cloud, farm):
    third = cloud.add_host("third")
    cloud.hosts.append(third)
    first, second = cloud.hosts[:2]
    vms = [*on(cloud, first, 6), *on(cloud, second, 6)]
    jobs = [cloud.prepare(each) for each in (first, second)]
    cloud.settle(cloud.server, cloud.serve("second"))
    assert {cloud.job(each).outcome for each in jobs} == {"succeeded"}
    assert {cloud.home(vm).id for vm in vms} == {third.id}
    assert farm.calls["migrate"] == 12, "none went from one that is emptied to the other"


def test_the_tree_of_a_maintenance_shows_each_machine(cloud, farm, host):
    vms = on(cloud, host, 2)
    job = cloud.prepare(host)
    cloud.settle()
    tree = cloud.rows(sqlalchemy.select(job_table.c.kind, job_table.c.resource).where(job_table.c.root == job.job))
    kinds = sorted(row.kind for row in tree)
    assert kinds == ["host.command"] * 4 + ["host.leave"] * 2 + ["host.maintain"] + ["vm.migrate"] * 2
    leaving = {row.resource for row in tree if row.kind in ("host.leave", "vm.migrate")}
    assert leaving == {f"vm/{vm}" for vm in vms}


def test_tenants_are_told_that_their_machines_moved(cloud, host):
    """The event is the owner's, though an operator emptied the host."""
    vm = cloud.running()
    if cloud.home(vm) != host:
        cloud.migrate(vm, host)
        cloud.settle()
    cloud.prepare(host)
    cloud.settle()
    told = sqlalchemy.select(event.c.owner).where(event.c.resource == vm, event.c.kind == "VM.MIGRATE")
    assert {row.owner for row in cloud.rows(told)} == {cloud.site.account.uuid}
