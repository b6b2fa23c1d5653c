"""Hosts come in by a command, are opened and closed, come back after a silence, and are removed."""

import threading

import pytest
import sqlalchemy
from tests.engine.jobs.farm import Broken
from tests.engine.jobs.test_races import meddle

from stratiform.api.errors import InUse
from stratiform.engine import api, schema
from stratiform.engine.check import BadParameter
from stratiform.engine.host import rules
from stratiform.engine.registry import Taken
from stratiform.framework import context
from stratiform.framework.agents.channel import Removed
from stratiform.framework.agents.monitor import Monitor
from stratiform.framework.agents.table import resource
from stratiform.framework.base import errors
from stratiform.framework.base.clock import SECOND
from stratiform.framework.jobs.table import job, lane

NO = Broken(reason="no")


def add(cloud, **more):
    site = cloud.site
    arguments = {
        "zoneid": site.zone.uuid,
        "podid": site.pod.uuid,
        "clusterid": site.cluster.uuid,
        "hypervisor": "simulator",
        "url": "http://host9",
    }
    given = {name: value for name, value in (arguments | more).items() if value is not None}
    return cloud.submit("addHost", site.root_admin, **given)


def update(cloud, host, **arguments):
    filed = cloud.submit("updateHost", cloud.site.root_admin, id=host.uuid, **arguments)
    cloud.settle()
    return filed


def delete(cloud, host, **arguments):
    return cloud.server.engine.change("deleteHost", cloud.site.root_admin, {"id": host.uuid, **arguments})


def row_of(cloud, filed):
    (row,) = cloud.rows(schema.host.select().where(schema.host.c.uuid == filed.entity))
    return row


def connection_of(cloud, host):
    (row,) = cloud.rows(resource.select().where(resource.c.id == host.id))
    return row


def monitor(cloud):
    """The monitor of the server, that everybody heard once."""
    made = Monitor(
        cloud.world, cloud.database, cloud.server.channel, cloud.server.tools.config, api.watch(cloud.server.kernel)
    )
    made.look()
    return made


def test_a_host_is_added_connected_and_takes_machines(cloud):
    for each in cloud.hosts:
        update(cloud, each, allocationstate="Disable")
    filed = add(cloud, hosttags=("ssd", " fast ", "ssd"))
    cloud.settle()
    row = row_of(cloud, filed)
    assert cloud.job(filed).outcome == "succeeded"
    assert (row.name, row.address, row.state, row.tags) == ("host9", "host9", "Enabled", "ssd,fast")
    assert cloud.job(filed).fair_key == cloud.site.root_admin.account
    told = cloud.server.engine.find("host", cloud.site.root_admin, "listHosts", filed.entity)
    assert (told["state"], told["resourcestate"], told["hosttags"]) == ("Up", "Enabled", "ssd,fast")
    assert cloud.vm(cloud.running()).host_id == row.id
    assert [kind for kind, _ in cloud.events(row.uuid)][:2] == ["HOST.CREATE", "HOST.EDIT"]


def test_a_host_may_be_added_closed(cloud):
    filed = add(cloud, allocationstate="Disable")
    cloud.settle()
    assert row_of(cloud, filed).state == "Disabled"


@pytest.mark.parametrize(
    ("url", "name", "text"),
    [
        ("http://10.0.0.5", "10.0.0.5", "http://10.0.0.5"),
        ("HTTP://Host-1.Example.org/", "host-1.example.org", "http://host-1.example.org"),
        ("http://sim/c0/h1", "sim-c0-h1", "http://sim/c0/h1"),
        ("qemu+tls://kvm7:16514/system", "kvm7-system", "qemu+tls://kvm7:16514/system"),
    ],
)
def test_a_host_is_called_after_its_url(url, name, text):
    assert (rules.url(url).name, rules.url(url).text) == (name, text)


@pytest.mark.parametrize("url", ["10.0.0.5", "http://", "http:///x", "", "http://[::1", "http://a?b=c", "http://a\n"])
def test_a_url_that_is_none(url):
    with pytest.raises(BadParameter, match=r"url cannot be .* such as http://10\.0\.0\.5"):
        rules.url(url)


def test_a_password_in_a_url_is_refused_and_not_repeated(cloud):
    for url in ("http://root:secret@host9", "http:root:secret@host9"):
        with pytest.raises(BadParameter, match="give those as username and password") as refused:
            add(cloud, url=url)
        assert "secret" not in str(refused.value)


def test_the_same_url_is_one_host_of_a_zone_and_may_be_another_of_another_zone(cloud, farm):
    add(cloud)
    cloud.settle()
    for url in ("http://host9", "http://HOST9/"):
        with pytest.raises(Taken):
            add(cloud, url=url)
    with cloud.database.transaction() as tx:
        zone = api.create_zone(
            tx, cloud.world, name="zone2", dns1="8.8.8.8", internal_dns1="10.0.0.2", network_type="Advanced"
        )
        pod = api.create_pod(tx, cloud.world, zone=zone, name="pod2")
    filed = add(cloud, zoneid=zone.uuid, podid=pod.uuid, clusterid=None, clustername="made")
    cloud.settle()
    assert cloud.job(filed).outcome == "succeeded"
    assert cloud.rows(sqlalchemy.select(schema.cluster.c.name).where(schema.cluster.c.pod_id == pod.id)) == [("made",)]
    with cloud.database.transaction() as tx:
        tx.execute(schema.host.delete().where(schema.host.c.zone_id == zone.id))


def test_a_cluster_is_found_by_its_name(cloud):
    filed = add(cloud, clusterid=None, clustername="CLUSTER1")
    cloud.settle()
    assert row_of(cloud, filed).cluster_id == cloud.site.cluster.id


@pytest.mark.parametrize(
    ("wrong", "parameter"),
    [
        ({"hypervisor": "KVM"}, "hypervisor"),
        ({"clusterid": None}, "clusterid"),
        ({"clustername": "both"}, "clusterid"),
        ({"allocationstate": "Deactivate"}, "allocationstate"),
        ({"allocationstate": "Sleepy"}, "allocationstate"),
    ],
)
def test_what_cannot_be_added_is_refused_with_nothing_written(cloud, wrong, parameter):
    with pytest.raises(BadParameter) as refused:
        add(cloud, **wrong)
    assert refused.value.parameters["parameter"] == parameter
    assert len(cloud.rows(schema.host.select())) == len(cloud.hosts)


def test_a_pod_or_cluster_of_somewhere_else_is_refused(cloud):
    with cloud.database.transaction() as tx:
        zone = api.create_zone(
            tx, cloud.world, name="zone2", dns1="8.8.8.8", internal_dns1="10.0.0.2", network_type="Advanced"
        )
        pod = api.create_pod(tx, cloud.world, zone=cloud.site.zone, name="pod2")
    with pytest.raises(BadParameter, match="podid"):
        add(cloud, zoneid=zone.uuid)
    with pytest.raises(BadParameter, match="clusterid"):
        add(cloud, podid=pod.uuid)


@pytest.mark.parametrize("verb", ["describe", "attach"])
def test_a_host_in_error_is_connected_anew_when_it_is_enabled(cloud, farm, verb):
    farm.then(verb, NO)
    filed = add(cloud)
    cloud.settle()
    assert (cloud.error(filed), row_of(cloud, filed).state) == ("broken", "Error")
    row = row_of(cloud, filed)
    farm.then(verb, NO)
    assert cloud.error(update(cloud, row, allocationstate="Enable")) == "broken"
    again = update(cloud, row, allocationstate="Enable")
    assert (cloud.job(again).outcome, row_of(cloud, filed).state) == ("succeeded", "Enabled")
    assert farm.attached[row.uuid] == {cloud.site.pool.uuid}


@pytest.mark.parametrize(
    "path",
    [
        ("Disable", "Disabled", "Enable", "Enabled"),
        ("Deactivate", "Inactive", "Disable", "Disabled", "Deactivate", "Inactive", "Enable", "Enabled"),
        ("Enable", "Enabled", "disabled", "Disabled", "disable", "Disabled"),
    ],
)
def test_a_host_is_opened_and_closed(cloud, path):
    host = cloud.hosts[0]
    for wanted, state in zip(path[::2], path[1::2], strict=True):
        assert cloud.job(update(cloud, host, allocationstate=wanted)).outcome == "succeeded"
        assert cloud.host(host).state == state


def test_a_host_is_renamed_and_tagged(cloud):
    host = cloud.hosts[0]
    update(cloud, host, name="new", hosttags=("a", "b"))
    assert (cloud.host(host).name, cloud.host(host).tags) == ("new", "a,b")
    update(cloud, host, hosttags=())
    assert cloud.host(host).tags is None
    with pytest.raises(Taken):
        update(cloud, host, name="HOST2")


def test_tags_of_hosts_are_honoured(cloud):
    """A machine whose offering wants tags goes where they are, and nowhere else when it moves."""
    tagged = cloud.hosts[1]
    with cloud.database.transaction() as tx:
        offering = api.create_service_offering(
            tx, cloud.world, name="tagged", cpus=1, speed=500, memory=512, host_tags="ssd, fast"
        )
    update(cloud, cloud.hosts[0], hosttags=("ssd",))
    filed = cloud.deploy(serviceofferingid=offering.uuid)
    cloud.settle()
    assert cloud.error(filed) == "insufficient_server_capacity"
    update(cloud, tagged, hosttags=("fast", "ssd", "big"))
    vms = [cloud.running(serviceofferingid=offering.uuid) for _ in range(3)]
    assert {cloud.vm(vm).host_id for vm in vms} == {tagged.id}
    moved = cloud.migrate(vms[0])
    cloud.settle()
    assert cloud.error(moved) == "insufficient_server_capacity"


@pytest.mark.parametrize("table", ["zone", "pod", "cluster"])
def test_what_is_closed_for_tenants_takes_what_root_has_or_chose_a_host_for(cloud, table):
    site = cloud.site
    vm = cloud.running()
    cloud.do("stopVirtualMachine", vm)
    with cloud.database.transaction() as tx:
        tx.execute(getattr(schema, table).update().values(state="Disabled"))
    assert cloud.do("startVirtualMachine", vm).outcome == "failed", "a tenant's"
    for who, more in ((site.root_admin, {}), (site.root_admin, {"hostid": cloud.hosts[0].uuid})):
        cloud.running(who=who, **more)
    other = cloud.deploy(
        who=site.root_admin, account="ann", domainid=site.domain.uuid, hostid=cloud.hosts[1].uuid,
        networkids=[cloud.wide.uuid],
    )  # fmt: skip
    cloud.settle()
    assert cloud.vm(other.entity).state == "Running"


# What was silent.


def test_a_host_that_comes_back_gets_what_it_missed_before_it_takes_anything(cloud, farm):
    """While it was silent a pool came and another went; and it may have lost what it had."""
    host, other = cloud.hosts
    cloud.connection(host, "Disconnected")
    new = pool(cloud, "new")
    cloud.settle()
    farm.attached[host.uuid].clear()  # it was started anew
    assert farm.attached[other.uuid] == {cloud.site.pool.uuid, new.entity}
    attaching = threading.Event()
    farm.then("attach", attaching)
    before = farm.calls["attach"]
    cloud.connection(host, "Up")
    cloud.until(lambda: farm.calls["attach"] == before + 2)
    with cloud.database.transaction() as tx:
        tx.execute(schema.host.update().where(schema.host.c.id == other.id).values(state="Disabled"))
    early = cloud.deploy()
    cloud.until(lambda: cloud.job(early).outcome)
    assert cloud.error(early) == "insufficient_server_capacity"
    attaching.set()
    cloud.settle()
    assert farm.attached[host.uuid] == {cloud.site.pool.uuid, new.entity}
    assert cloud.home(cloud.running()) == host


def test_a_host_that_falls_silent_again_is_equipped_for_its_last_return(cloud, farm):
    host = cloud.hosts[0]
    attaching = threading.Event()
    cloud.connection(host, "Disconnected")
    farm.then("attach", attaching)
    before = farm.calls["attach"]
    cloud.connection(host, "Up")
    cloud.until(lambda: farm.calls["attach"] == before + 1)
    cloud.connection(host, "Disconnected")
    attaching.set()
    cloud.settle()
    assert (cloud.host(host).silences, cloud.host(host).equipped) == (2, 0), "the first return does not count"
    cloud.connection(host, "Up")
    cloud.settle()
    assert (cloud.host(host).silences, cloud.host(host).equipped) == (2, 2)


def test_a_host_that_cannot_attach_a_pool_is_tried_again_and_takes_nothing_meanwhile(cloud, farm):
    host, other = cloud.hosts
    cloud.connection(host, "Disconnected")
    farm.then("attach", NO, NO)
    cloud.connection(host, "Up")
    cloud.until(lambda: [row.step for row in cloud.live() if row.kind == "host.equip"] == ["attach"])
    assert {cloud.vm(cloud_running(cloud)).host_id for _ in range(3)} == {other.id}
    cloud.settle()
    assert cloud.host(host).equipped == 1
    tried = sqlalchemy.select(job.c.outcome).where(job.c.kind == "host.equip", job.c.parent.is_(None))
    assert [row.outcome for row in cloud.rows(tried.order_by(job.c.id))] == ["failed", "failed", "succeeded"]


def cloud_running(cloud):
    """A machine that was deployed while other jobs wait for their time."""
    filed = cloud.deploy()
    cloud.until(lambda: cloud.job(filed).outcome)
    return filed.entity


def test_a_host_that_comes_back_leaves_the_pools_that_are_gone(cloud, farm):
    host, other = cloud.hosts
    new = pool(cloud, "new")
    cloud.settle()
    cloud.connection(host, "Disconnected")
    cloud.submit("deleteStoragePool", cloud.site.root_admin, id=new.entity)
    cloud.settle()
    assert [new.entity in farm.attached[each.uuid] for each in (host, other)] == [True, False]
    cloud.connection(host, "Up")
    cloud.settle()
    assert new.entity not in farm.attached[host.uuid]
    assert cloud.rows(live_attachments(new)) == []


def live_attachments(filed):
    mine = sqlalchemy.select(schema.pool.c.id).where(schema.pool.c.uuid == filed.entity).scalar_subquery()
    attachment = schema.metadata.tables["attachment"]
    return attachment.select().where(attachment.c.pool_id == mine, attachment.c.removed.is_(None))


def pool(cloud, name):
    site = cloud.site
    where = {"zoneid": site.zone.uuid, "clusterid": site.cluster.uuid}
    arguments = {"name": name, "url": f"nfs://10.0.0.9/{name}", **where}
    return cloud.submit("createStoragePool", site.root_admin, **arguments)


def test_the_monitor_tells_of_a_silence_and_of_its_end_in_one_transaction(cloud):
    """With the real monitor, on channels that answer and do not."""
    host = cloud.hosts[0]
    watching = monitor(cloud)
    with cloud.database.transaction() as tx:
        gone = resource.c.id == host.id
        tx.execute(resource.update().where(gone).values(transport="nowhere", generation=resource.c.generation + 1))
    for _ in range(5):
        cloud.clock.advance(6 * SECOND)
        watching.look()
    assert (connection_of(cloud, host).state, cloud.host(host).silences) == ("Disconnected", 1)
    with cloud.database.transaction() as tx:
        tx.execute(resource.update().where(gone).values(transport="farm"))
    for _ in range(3):
        cloud.clock.advance(6 * SECOND)
        watching.look()
        threading.Event().wait(0.05)
    assert connection_of(cloud, host).state == "Up"
    cloud.settle()
    assert cloud.host(host).equipped == 1


# What is removed.


@pytest.mark.parametrize("state", ["Maintenance", "Disabled", "Error"])
def test_a_host_without_machines_is_removed_and_its_url_is_free_again(cloud, farm, state):
    host = cloud.hosts.pop()
    with cloud.database.transaction() as tx:
        tx.execute(schema.host.update().where(schema.host.c.id == host.id).values(state=state))
    delete(cloud, host)
    assert cloud.host(host).removed is not None
    assert connection_of(cloud, host).state == "Removed"
    assert [row.key for row in cloud.rows(lane.select()) if host.uuid in row.key] == []
    filed = add(cloud, url=host.url)
    cloud.settle()
    assert (cloud.job(filed).outcome, row_of(cloud, filed).name) == ("succeeded", host.name)
    with pytest.raises(errors.NotFound):
        delete(cloud, host)


@pytest.mark.parametrize("state", ["Enabled", "Inactive", "PrepareForMaintenance", "Creating"])
def test_a_host_that_takes_machines_is_removed_only_if_forced(cloud, state):
    host = cloud.hosts.pop()
    with cloud.database.transaction() as tx:
        tx.execute(schema.host.update().where(schema.host.c.id == host.id).values(state=state))
    with pytest.raises(errors.Conflict, match=f"is {state}, which does not allow removing it; prepare it"):
        delete(cloud, host)
    assert cloud.host(host).removed is None
    delete(cloud, host, forced=True)
    assert cloud.host(host).removed is not None


@pytest.mark.parametrize("forced", [False, True])
def test_a_host_with_machines_is_never_removed(cloud, forced):
    host = cloud.hosts[0]
    for _ in range(2):
        cloud.running(hostid=host.uuid, who=cloud.site.root_admin)
    update(cloud, host, allocationstate="Disable")
    with pytest.raises(InUse, match="host host1 is in use by 2 virtual machines; move or stop them first"):
        delete(cloud, host, forced=forced)


def test_a_host_that_a_machine_is_on_its_way_to_is_not_removed(cloud, farm):
    moving = threading.Event()
    vm = cloud.running(hostid=cloud.hosts[0].uuid, who=cloud.site.root_admin)
    farm.then("migrate", moving)
    cloud.migrate(vm, cloud.hosts[1])
    cloud.until(lambda: farm.calls["migrate"])
    with pytest.raises(InUse, match="1 virtual machine; move or stop it first"):
        delete(cloud, cloud.hosts[1], forced=True)
    moving.set()


def test_a_host_is_not_removed_under_a_claim_that_is_not_committed_yet(cloud):
    """Nor the other way round: whoever comes second finds what the first left."""
    host = cloud.hosts[0]
    done = []

    def remove():
        thread = threading.Thread(target=attempt)
        thread.start()
        thread.join(0.5)
        assert thread.is_alive(), "it waits for the claim"
        done.append(thread)

    def attempt():
        with context.use(context.begin(cloud.world.ids, "operator")):
            try:
                delete(cloud, host, forced=True)
            except InUse as refused:
                done.append(refused)

    left = meddle(cloud, "UPDATE vm SET", remove)
    vm = cloud.running(hostid=host.uuid, who=cloud.site.root_admin)
    done[0].join()
    assert (left, len(done), cloud.home(vm)) == ([0], 2, host)


def test_a_host_about_which_a_job_is_under_way_is_removed_only_if_forced(cloud, farm):
    """The job fails by itself once the monitor has seen that there is nobody to ask."""
    describing = threading.Event()
    farm.then("describe", describing)
    filed = add(cloud)
    cloud.until(lambda: farm.calls["describe"] == 3)
    host = row_of(cloud, filed)
    with cloud.database.transaction() as tx:
        tx.execute(schema.host.update().where(schema.host.c.id == host.id).values(state="Disabled"))
    with pytest.raises(InUse, match=f"the job {filed.job}; let it end first, or force it"):
        delete(cloud, host)
    delete(cloud, host, forced=True)
    monitor(cloud)
    cloud.settle()
    assert cloud.error(filed) == Removed.code
    assert row_of(cloud, filed).state == "Disabled", "what is removed does not change any more"
    describing.set()


def test_a_removed_host_is_watched_no_more(cloud):
    host = cloud.hosts.pop()
    watching = monitor(cloud)
    delete(cloud, host, forced=True)
    assert host.uuid not in {row.uuid for row in watching._resources()}
    cloud.clock.advance(60 * SECOND)
    watching.look()
    assert connection_of(cloud, host).state == "Removed"
