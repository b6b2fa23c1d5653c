"""Every command that changes something tells of it, and whose it is sees it: listEvents after each of them."""

import pathlib
import re
from dataclasses import replace

import pytest

from stratiform.api import registry
from stratiform.api.cloud import Query
from stratiform.engine import api, schema
from stratiform.engine.program import COMMANDS
from stratiform.framework import context

COMMANDS_OF_THE_API = registry.collect()
UNTRIED = set()
"""Commands that take a longer story, told where they are tested themselves."""


class Script:
    """Carries commands out, one after the other, and looks for the event of each."""

    def __init__(self, cloud):
        self.cloud, self.site, self.done = cloud, cloud.site, set()
        self.engine = cloud.server.engine

    def events(self, who, **filters):
        page = self.engine.list("event", who, "listEvents", Query(filters=filters, pagesize=-1))
        return page.rows

    def __call__(self, command, who=None, *, others=(), **arguments):
        """What the command answers, its job ended; its event is told to whoever did it, or to whom it belongs."""
        who = who or self.site.root_admin
        kind = COMMANDS_OF_THE_API[command].event
        before = {each["id"] for each in self.events(self.site.root_admin, listall=True, type=kind)}
        with context.use(replace(context.begin(self.cloud.world.ids, who.user), account=who.account)):
            if isinstance(COMMANDS[command], api.Change):
                row = self.engine.change(command, who, arguments)
                entity = row.get("id")
            else:
                filed = self.engine.submit(command, who, arguments)
                self.cloud.settle()
                assert self.cloud.error(filed) is None, self.cloud.job(filed)
                entity = filed.entity
        for each in others or (who,):
            new = [row for row in self.events(each, listall=True, type=kind) if row["id"] not in before]
            assert new, f"{command} told nothing of {kind}"
            assert {row["level"] for row in new} == {"INFO"}
            assert new[0]["state"] == "Completed"
        self.done.add(command)
        return entity


@pytest.fixture
def do(cloud):
    return Script(cloud)


def test_a_machine_from_its_first_day_to_its_last(do, cloud):
    site, tenant = do.site, do.site.tenant
    machine = {
        "zoneid": site.zone.uuid, "serviceofferingid": site.offering.uuid, "templateid": site.template.uuid,
        "networkids": [cloud.wide.uuid],
    }  # fmt: skip
    vm = do("deployVirtualMachine", tenant, name="web-1", **machine)
    do("updateVirtualMachine", tenant, id=vm, displayname="the first")
    do("rebootVirtualMachine", tenant, id=vm)
    do("stopVirtualMachine", others=[tenant], id=vm)
    do("startVirtualMachine", tenant, id=vm)
    do("destroyVirtualMachine", tenant, id=vm)
    do("recoverVirtualMachine", tenant, id=vm)
    do("destroyVirtualMachine", tenant, id=vm)
    do("expungeVirtualMachine", tenant, id=vm)
    told = do.events(tenant, resourceid=vm, resourcetype="virtualmachine")
    assert {row["resourcename"] for row in told} == {"web-1"}, "events outlive what they tell of"
    assert told[0]["description"] == "Virtual machine web-1 was expunged"
    assert told[-1]["description"] == "Virtual machine web-1 was created"
    assert {row["resourcetype"] for row in told} == {"VirtualMachine"}
    assert {row["username"] for row in told if row["type"] == "VM.REBOOT"} == {"ann"}
    assert {row["username"] for row in told if row["type"] == "VM.START"} == {"ann"}
    assert "admin" in {row["username"] for row in told if row["type"] == "VM.STOP"}
    assert {row["account"] for row in told} == {"ann"}, "whoever does it, it is the owner's"
    assert not do.events(site.root_admin, resourceid=vm), "without listall one sees one's own"
    assert len(do.events(site.root_admin, resourceid=vm, listall=True)) == len(told)


def test_an_operators_day(do, cloud):
    site = do.site
    zone = do("createZone", name="zone2", networktype="Advanced", dns1="8.8.8.8", internaldns1="10.0.0.2")
    do("updateZone", id=zone, allocationstate="Enabled")
    physical = do("createPhysicalNetwork", zoneid=zone, name="physical", vlan="100-199")
    do("updatePhysicalNetwork", id=physical, state="Enabled")
    traffic = do("addTrafficType", physicalnetworkid=physical, traffictype="Guest")
    do("deleteTrafficType", id=traffic)
    pod = do(
        "createPod", name="pod2", zoneid=zone, gateway="172.16.1.1", netmask="255.255.255.0", startip="172.16.1.2",
        endip="172.16.1.100",
    )  # fmt: skip
    do("updatePod", id=pod, name="pod3")
    cluster = do(
        "addCluster", clustername="cluster2", zoneid=zone, podid=pod, hypervisor="Simulator", clustertype="CloudManaged"
    )
    do("updateCluster", id=cluster, clustername="cluster3")
    store = do("addImageStore", provider="NFS", url="nfs://10.0.0.9/export/secondary", zoneid=zone)
    do("deleteImageStore", id=store)
    staging = do("createSecondaryStagingStore", provider="NFS", url="nfs://10.0.0.9/export/staging", zoneid=zone)
    do("deleteSecondaryStagingStore", id=staging)
    do("deleteCluster", id=cluster)
    do("deletePod", id=pod)
    do("deletePhysicalNetwork", id=physical)
    do("deleteZone", id=zone)
    pool = do(
        "createStoragePool", name="pool2", url="nfs://10.0.0.9/export/primary", zoneid=site.zone.uuid,
        podid=site.pod.uuid, clusterid=site.cluster.uuid,
    )  # fmt: skip
    do("updateStoragePool", id=pool, enabled=False)
    do("deleteStoragePool", id=pool)
    offering = do("createServiceOffering", name="small", displaytext="small", cpunumber=1, cpuspeed=500, memory=512)
    do("deleteServiceOffering", id=offering)
    do("registerTemplate", name="x", displaytext="x", url="https://x.example/x.qcow2", format="QCOW2",
       hypervisor="Simulator", zoneid="-1", ostypeid=site.os_type.uuid)  # fmt: skip
    host = cloud.hosts[0].uuid
    do("updateHost", id=host, hosttags=["fast"])
    do("prepareHostForMaintenance", id=host)
    do("cancelHostMaintenance", id=host)
    assert {row["account"] for row in do.events(site.root_admin)} == {"admin"}
    theirs = {row["resourcetype"] for row in do.events(site.tenant, listall=True)}
    assert theirs <= {"Account", "User"}, "the hardware is not theirs"


def test_a_network_from_its_plan_to_its_end(do, cloud):
    site = do.site

    def first(kind, **filters):
        return do.engine.list(kind, site.root_admin, "list", Query(filters=filters)).rows[0]["id"]

    physical = do("createPhysicalNetwork", zoneid=site.zone.uuid, name="physical", vlan="100-199")
    do("addTrafficType", physicalnetworkid=physical, traffictype="Guest")
    do("updatePhysicalNetwork", id=physical, state="Enabled")
    provider = first("service_provider", physicalnetworkid=physical, name="VirtualRouter")
    do("configureVirtualRouterElement", id=first("network_element", nspid=provider), enabled=True)
    do("updateNetworkServiceProvider", id=provider, state="Enabled")
    balancer = first("service_provider", physicalnetworkid=physical, name="InternalLbVm")
    do("configureInternalLoadBalancerElement", id=first("network_element", nspid=balancer), enabled=True)
    do("deleteNetworkServiceProvider", id=balancer)
    do("addNetworkServiceProvider", physicalnetworkid=physical, name="InternalLbVm")
    network = do(
        "createNetwork", zoneid=site.zone.uuid, networkofferingid=site.network_offering.uuid, name="shared",
        displaytext="shared", gateway="10.9.0.1", netmask="255.255.255.0", startip="10.9.0.10", endip="10.9.0.20",
        vlan="150", physicalnetworkid=physical,
    )  # fmt: skip
    addresses = {"startip": "10.9.0.30", "endip": "10.9.0.40"}
    further = do("createVlanIpRange", networkid=network, forvirtualnetwork=False, **addresses)
    do("deleteVlanIpRange", id=further)
    do("deleteNetwork", id=network)


def test_a_host_that_comes_and_goes(do, cloud):
    site = do.site
    host = do(
        "addHost", zoneid=site.zone.uuid, podid=site.pod.uuid, clusterid=site.cluster.uuid, hypervisor="Simulator",
        url="http://host9",
    )  # fmt: skip
    do("prepareHostForMaintenance", id=host)
    do("deleteHost", id=host)


def test_accounts_and_what_belongs_to_them(do):
    site = do.site
    do("createSSHKeyPair", site.tenant, name="laptop", publickey="ssh-rsa AAAA", fingerprint="00:11")
    do("deleteSSHKeyPair", site.tenant, name="laptop")
    domain = do("createDomain", name="other")
    do("deleteDomain", id=domain)
    do("deleteAccount", others=[site.root_admin], id=site.account.uuid)


def test_an_operators_hand_on_the_queues(do, cloud):
    root = do.site.root_admin
    job = cloud.deploy().job
    do("holdJob", id=job)
    do("prioritizeJob", id=job, position="last")
    do("releaseJob", id=job)
    do("cancelJob", others=[root, do.site.tenant], id=job)
    cloud.settle()
    again = do("retryJob", others=[root, do.site.tenant], id=job)
    assert again != job
    cloud.settle()
    assert cloud.job(again).outcome == "succeeded"
    do("updateStage", name="vm", weight=2)
    do("updateLane", key="vm/1", width=2)
    do("updateShare", accountid=do.site.account.uuid, weight=3)
    told = do.events(root, listall=True, resourceid=job)
    assert told[0]["description"] == "Job vm.deploy was filed anew"
    assert {row["username"] for row in told} == {"admin"}


def test_what_failed_is_an_error(do, cloud):
    for host in cloud.hosts:
        with cloud.database.transaction() as tx:
            tx.execute(schema.host.update().where(schema.host.c.id == host.id).values(state="Disabled"))
    filed = cloud.deploy()
    cloud.settle()
    assert cloud.error(filed)
    (told,) = do.events(cloud.site.tenant, level="ERROR")
    assert told["level"] == "ERROR"
    assert told["description"].endswith("could not be created")
    assert not [row for row in do.events(cloud.site.tenant, level="INFO") if row["id"] == told["id"]]


def test_every_command_is_tried_here_or_known_not_to_be():
    tried = set(re.findall(r'do\(\s*"(\w+)"', pathlib.Path(__file__).read_text()))
    assert set(COMMANDS) - tried == UNTRIED
