"""Debts: what a command of unknown outcome may still use is kept, visibly, and given back once when that is known."""

import threading
from functools import partial

import pytest
import sqlalchemy
from tests.engine.jobs.test_cancel import CANCELLED, cancel

from stratiform.api.spec import HostFact
from stratiform.engine import api, schema
from stratiform.engine.debt import service as debt
from stratiform.framework.jobs import inspect
from stratiform.framework.jobs.table import job

MINUTES = 180
"""Seconds that a host says nothing: longer than any limit after which it is asked again."""

GIB = 1 << 30


@pytest.fixture
def small(cloud, farm):
    """A host with room for two machines."""
    usual, farm.host = farm.host, HostFact(cpus=2, speed=500, memory=GIB, hypervisor_version="1")
    host = cloud.add_host("small")
    farm.host = usual
    cloud.hosts.append(host)
    return host


@pytest.fixture
def narrow(cloud):
    """A network with two addresses."""
    site = cloud.site
    with cloud.database.transaction() as tx:
        return api.create_network(
            tx, cloud.world, zone=site.zone, offering=site.network_offering, account=site.root, name="narrow",
            gateway="10.3.0.1", netmask="255.255.255.0", start_ip="10.3.0.2", end_ip="10.3.0.3",
        )  # fmt: skip


def kept(cloud, uuid):
    """What a job keeps, by type: UUID of the thing, the host that owes the answer, and since when."""
    with cloud.database.reading() as connection:
        found = debt.keeps(connection, uuid, inspect.tree(connection, uuid))
    return {each["resourcetype"]: (each["resourceid"], each["hostid"], each["since"]) for each in found}


def swallowed(cloud, farm, verb, ask):
    """The host takes a command of this verb and says nothing: what was asked for, what it waits for, and since when."""
    stuck = threading.Event()
    called = farm.calls[verb]
    farm.then(verb, stuck)
    filed = ask()
    cloud.until(lambda: farm.calls[verb] > called)
    return filed, stuck, cloud.clock.now()


@pytest.mark.parametrize("verb", ["create", "start"])
@pytest.mark.parametrize("then", ["nobody asks", "it is cancelled", "it is cancelled and the server dies"])
def test_nobody_gets_what_a_swallowed_command_may_use(cloud, farm, small, narrow, verb, then):
    """Host, address and disk are given to nobody else until the host answers, and then exactly once."""

    def deploy(**more):
        return cloud.deploy(cloud.site.root_admin, hostid=small.uuid, **more)

    filed, stuck, since = swallowed(cloud, farm, verb, lambda: deploy(networkids=[narrow.uuid]))
    if then != "nobody asks":
        assert cancel(cloud, filed.job) == CANCELLED
    if "dies" in then:
        cloud.crash()
    cloud.pass_time(MINUTES)
    assert cloud.vm(filed.entity).state == "Starting"
    (card,), (disk,) = cloud.cards(filed.entity), cloud.volumes(filed.entity)
    address = cloud.rows(schema.address.select().where(schema.address.c.nic_id == card.id))
    owes = kept(cloud, filed.job)
    assert {kind: (uuid, owing) for kind, (uuid, owing, _) in owes.items()} == {
        "VirtualMachine": (filed.entity, small.uuid),
        "Host": (small.uuid, small.uuid),
        "IpAddress": (address[0].uuid, small.uuid),
        "Volume": (disk.uuid, small.uuid),
    }
    assert {at for *_, at in owes.values()} == {since}, "a server that dies makes no debt younger"

    beside = [deploy(), cloud.deploy(networkids=[narrow.uuid])]  # the one place and the one address that are left
    cloud.until(lambda: all(cloud.job(each).state == "ended" for each in beside))
    refused = [deploy(), cloud.deploy(networkids=[narrow.uuid])]
    cloud.until(lambda: all(cloud.job(each).state == "ended" for each in refused))
    assert [cloud.job(each).outcome for each in beside] == ["succeeded"] * 2
    assert [cloud.error(each) for each in refused] == ["insufficient_server_capacity", "insufficient_address_capacity"]
    with cloud.database.reading() as connection:
        assert api.recount(connection) == []

    stuck.set()
    cloud.settle()
    assert kept(cloud, filed.job) == {}
    ended = cloud.job(filed)
    cancelled = then != "nobody asks"
    assert (ended.outcome, cloud.vm(filed.entity).state) == (
        ("cancelled", "Error") if cancelled else ("succeeded", "Running")
    )
    again = deploy()
    cloud.settle()
    assert cloud.job(again).outcome == ("succeeded" if cancelled else "failed")


def test_both_hosts_of_a_move_are_kept(cloud, farm):
    """Nobody knows where the machine is before its host has told."""
    uuid = cloud.running()
    source = cloud.home(uuid)
    (target,) = [each for each in cloud.hosts if each is not source]
    filed, stuck, _ = swallowed(cloud, farm, "migrate", lambda: cloud.migrate(uuid))
    assert cancel(cloud, filed) == CANCELLED
    cloud.pass_time(MINUTES)
    with cloud.database.reading() as connection:
        found = debt.keeps(connection, filed, inspect.tree(connection, filed))
    hosts = {each["resourceid"]: each["memory"] for each in found if each["resourcetype"] == "Host"}
    assert hosts == dict.fromkeys((source.uuid, target.uuid), cloud.vm(uuid).memory)
    assert {each["hostid"] for each in found} == {source.uuid}
    stuck.set()
    cloud.settle()
    assert kept(cloud, filed) == {}
    assert (cloud.home(uuid), cloud.host(source).vms) == (target, 0)


def test_a_disk_that_is_being_deleted_keeps_its_room(cloud, farm):
    uuid = cloud.running()
    (disk,), used = cloud.volumes(uuid), cloud.pool().used
    ask = partial(cloud.submit, "destroyVirtualMachine", cloud.site.root_admin, id=uuid, expunge=True)
    filed, stuck, _ = swallowed(cloud, farm, "delete", ask)
    cloud.pass_time(MINUTES)
    assert kept(cloud, filed.job)["Volume"][0] == disk.uuid
    assert cloud.pool().used == used
    stuck.set()
    cloud.settle()
    assert (kept(cloud, filed.job), cloud.pool().used) == ({}, used - disk.size)


def test_an_ancestor_a_command_and_their_neighbour_tell_their_own_debts(cloud, farm):
    """A command tells what was filed it for; a neighbour that owes nothing tells nothing."""
    neighbour = cloud.deploy()
    cloud.settle()
    filed, stuck, _ = swallowed(cloud, farm, "start", cloud.deploy)
    (command,) = cloud.rows(sqlalchemy.select(job.c.uuid).where(job.c.state == "running"))
    assert kept(cloud, command.uuid) == kept(cloud, filed.job) != {}
    assert kept(cloud, neighbour.job) == {}
    stuck.set()
