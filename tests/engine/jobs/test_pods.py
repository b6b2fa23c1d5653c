"""A Basic zone: a machine has an address of the pod that it is placed in, wherever it is started."""

from types import SimpleNamespace

import pytest

from stratiform.api.cloud import Query
from stratiform.engine import api, schema
from stratiform.engine.vm.jobs.read import machine


@pytest.fixture
def flat(cloud):
    """Two pods with a host and two addresses each, and a pool that both reach."""
    site, world = cloud.site, cloud.world
    made = SimpleNamespace(pods=[], hosts=[])
    with cloud.server.kernel.transaction() as work:
        tx = work.tx
        made.zone = api.create_zone(
            tx, world, name="flat", dns1="8.8.8.8", internal_dns1="10.0.0.2", network_type="Basic", state="Enabled"
        )
        made.network = api.create_network(
            tx, world, zone=made.zone, offering=site.network_offering, account=site.root, name="guests"
        )
        for number in (1, 2):
            pod = api.create_pod(tx, world, zone=made.zone, name=f"pod{number}")
            cluster = api.create_cluster(tx, world, pod=pod, name=f"c{number}", hypervisor="Simulator")
            api.create_ip_range(
                tx, world, network=made.network, zone=made.zone, pod=pod, gateway=f"172.16.{number}.1",
                netmask="255.255.255.0", start_ip=f"172.16.{number}.10", end_ip=f"172.16.{number}.11",
            )  # fmt: skip
            made.pods.append(pod)
            host, _ = api.add_host(
                work, zone=made.zone, pod=pod, cluster=cluster, name=f"flat{number}", url=f"http://flat{number}"
            )
            made.hosts.append(host)
    cloud.settle()
    for host in made.hosts:
        cloud.connection(host, "Up")
    with cloud.server.kernel.transaction() as work:
        api.add_pool(work, zone=made.zone, name="wide", url="nfs://10.0.0.9/wide", hypervisor="Simulator")
    cloud.settle()
    return made


def start_only_on(cloud, flat, chosen):
    """Let new machines of the zone be placed on one host alone."""
    with cloud.database.transaction() as tx:
        for number, host in enumerate(flat.hosts):
            state = "Enabled" if number == chosen else "Disabled"
            tx.execute(schema.host.update().where(schema.host.c.id == host.id).values(state=state))


def deploy(cloud, flat, number):
    """A machine in a pod."""
    start_only_on(cloud, flat, number)
    return cloud.running(zoneid=flat.zone.uuid, networkids=None)


def card(cloud, vm):
    (row,) = cloud.server.engine.list("vm", cloud.site.tenant, "list", Query(filters={"id": vm})).rows
    (found,) = row["nic"]
    return found


def test_a_machine_has_an_address_of_its_pod(cloud, flat):
    for number in (1, 0, 1):
        found = card(cloud, deploy(cloud, flat, number))
        assert found["networkid"] == flat.network.uuid
        assert found["ipaddress"].startswith(f"172.16.{number + 1}.1")
        assert (found["gateway"], found["netmask"]) == (f"172.16.{number + 1}.1", "255.255.255.0")


def test_the_host_is_told_what_goes_with_the_address(cloud, flat):
    vm = cloud.vm(deploy(cloud, flat, 1))
    with cloud.database.transaction() as tx:
        (told,) = machine(tx, vm.id).spec().nics
    assert (told.ip4, told.gateway, told.netmask) == ("172.16.2.10", "172.16.2.1", "255.255.255.0")


def test_one_that_starts_in_another_pod_gets_an_address_of_that_one(cloud, flat):
    vm = deploy(cloud, flat, 0)
    cloud.do("stopVirtualMachine", vm)
    cloud.do("startVirtualMachine", vm)
    assert card(cloud, vm)["ipaddress"] == "172.16.1.10", "it keeps the one that it has"
    cloud.do("stopVirtualMachine", vm)
    start_only_on(cloud, flat, 1)
    cloud.do("startVirtualMachine", vm)
    assert (card(cloud, vm)["ipaddress"], card(cloud, vm)["gateway"]) == ("172.16.2.10", "172.16.2.1")
    assert card(cloud, deploy(cloud, flat, 0))["ipaddress"] == "172.16.1.10", "the old one is free again"


def test_a_pod_without_an_address_takes_none_of_anothers(cloud, flat):
    homeless = deploy(cloud, flat, 0)
    cloud.do("stopVirtualMachine", homeless)
    for _ in range(2):
        deploy(cloud, flat, 1)
    row = cloud.do("startVirtualMachine", homeless)
    assert cloud.error(row.uuid) == "insufficient_address_capacity"
    assert "ipaddress" not in card(cloud, homeless), "it gave the other pod's back"
    start_only_on(cloud, flat, 0)
    cloud.do("startVirtualMachine", homeless)
    assert card(cloud, homeless)["ipaddress"] == "172.16.1.10"
