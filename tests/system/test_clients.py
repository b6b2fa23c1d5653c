"""Unmodified clients against a whole server: everything a tenant's script does with a machine."""

import time

import pytest
from cs import CloudStack
from libcloud.compute.providers import get_driver
from libcloud.compute.types import NodeState, Provider

DEADLINE = 60


@pytest.fixture(scope="module")
def cloud(module_quickstart):
    return module_quickstart


@pytest.fixture
def cs(cloud):
    return CloudStack(
        endpoint=cloud.url,
        key=cloud.apikey,
        secret=cloud.secretkey,
        timeout=30,
        poll_interval=0.05,
        job_timeout=DEADLINE,
    )


def deployable(cs):
    (zone,) = cs.listZones()["zone"]
    offering = cs.listServiceOfferings(name="Small Instance")["serviceoffering"][0]
    template = cs.listTemplates(templatefilter="featured", zoneid=zone["id"])["template"][0]
    return {"zoneid": zone["id"], "serviceofferingid": offering["id"], "templateid": template["id"]}


def test_cs_takes_a_machine_through_its_whole_life(cs):
    deployed = cs.deployVirtualMachine(**deployable(cs), name="web-1", fetch_result=True)["virtualmachine"]
    assert (deployed["name"], deployed["state"]) == ("web-1", "Running")
    assert deployed["nic"][0]["ipaddress"]
    seen = cs.listVirtualMachines(id=deployed["id"], fetch_list=True)
    assert [each["hostname"] for each in seen] == [deployed["hostname"]]

    stopped = cs.stopVirtualMachine(id=deployed["id"], fetch_result=True)["virtualmachine"]
    assert stopped["state"] == "Stopped"
    started = cs.startVirtualMachine(id=deployed["id"], fetch_result=True)["virtualmachine"]
    assert started["state"] == "Running"
    assert started["nic"] == deployed["nic"]
    rebooted = cs.rebootVirtualMachine(id=deployed["id"], fetch_result=True)["virtualmachine"]
    assert rebooted["state"] == "Running"
    renamed = cs.updateVirtualMachine(id=deployed["id"], displayname="the shop")["virtualmachine"]
    assert renamed["displayname"] == "the shop"

    cs.destroyVirtualMachine(id=deployed["id"], expunge=True, fetch_result=True)
    assert cs.listVirtualMachines(id=deployed["id"]) == {}


def test_a_destroyed_machine_can_be_recovered_until_it_is_expunged(cs):
    made = cs.deployVirtualMachine(**deployable(cs), startvm=False, fetch_result=True)["virtualmachine"]
    assert made["state"] == "Stopped"
    assert cs.destroyVirtualMachine(id=made["id"], fetch_result=True)["virtualmachine"]["state"] == "Destroyed"
    assert cs.recoverVirtualMachine(id=made["id"])["virtualmachine"]["state"] == "Stopped"
    assert cs.startVirtualMachine(id=made["id"], fetch_result=True)["virtualmachine"]["state"] == "Running"
    cs.destroyVirtualMachine(id=made["id"], fetch_result=True)
    cs.expungeVirtualMachine(id=made["id"], fetch_result=True)
    assert cs.listVirtualMachines(id=made["id"]) == {}


def test_jobs_are_polled_and_listed(cs):
    filed = cs.deployVirtualMachine(**deployable(cs))
    until = time.monotonic() + DEADLINE
    while (job := cs.queryAsyncJobResult(jobid=filed["jobid"]))["jobstatus"] == 0:
        assert time.monotonic() < until
    assert job["jobstatus"] == 1
    assert job["jobresult"]["virtualmachine"]["id"] == filed["id"]
    assert filed["jobid"] in {each["jobid"] for each in cs.listAsyncJobs(fetch_list=True)}
    cs.destroyVirtualMachine(id=filed["id"], expunge=True, fetch_result=True)


@pytest.fixture
def libcloud(cloud):
    host, _, port = cloud.url.split("/")[2].partition(":")
    driver = get_driver(Provider.CLOUDSTACK)(
        cloud.apikey, cloud.secretkey, secure=False, host=host, port=int(port), path="/client/api"
    )
    driver.async_poll_frequency = 0.05
    return driver


def test_libcloud_takes_a_node_through_its_whole_life(libcloud):
    size = next(each for each in libcloud.list_sizes() if each.name == "Small Instance")
    image = libcloud.list_images()[0]
    node = libcloud.create_node(name="node-1", size=size, image=image, ex_start_vm=True)
    assert node.state == NodeState.RUNNING
    (seen,) = [each for each in libcloud.list_nodes() if each.id == node.id]
    assert seen.private_ips or seen.public_ips
    assert libcloud.reboot_node(seen)
    assert libcloud.destroy_node(seen, ex_expunge=True)
    assert node.id not in {each.id for each in libcloud.list_nodes()}
