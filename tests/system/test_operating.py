"""An operator at a running cloud: through the API and at a terminal, effective within two seconds."""

import json
import subprocess

import pytest
from cs import CloudStackException
from tests.system.killing import client
from tests.system.running import ON_EACH_DATABASE, STRATIFORM
from tests.system.truth import Truth, wait_until

from stratiform.plugins.hypervisor.simulator.client import SimulatorClient
from stratiform.plugins.hypervisor.simulator.rule import Action, Rule

SOON = 2
"""Seconds within which every server goes by what an operator set."""
PATIENCE = 10
"""Seconds for what follows from it, on a busy machine."""


@pytest.fixture
def cloud(quickstart):
    """A cloud of one host."""
    return quickstart(hosts=1)


@pytest.fixture
def truth(cloud):
    truth = Truth(cloud.data, cloud.database)
    yield truth
    truth.close()


def deploy(cloud):
    """Ask for a machine: its job's id and its own."""
    cs = client(cloud)
    zone, offering = cs.listZones()["zone"][0], cs.listServiceOfferings(name="Small Instance")["serviceoffering"][0]
    template = cs.listTemplates(templatefilter="featured")["template"][0]
    asked = {"zoneid": zone["id"], "serviceofferingid": offering["id"], "templateid": template["id"]}
    return cs.deployVirtualMachine(**asked)


def terminal(cloud, *words):
    """What a command at a terminal tells."""
    done = subprocess.run(
        [STRATIFORM, *words, *cloud.where(), "--json"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@ON_EACH_DATABASE
def test_a_deployment_on_a_host_that_hangs_is_cancelled_and_nothing_is_left(cloud, truth):
    cs = client(cloud)
    host = cs.listHosts(type="Routing")["host"][0]["id"]
    with SimulatorClient(cloud.data) as simulator:
        simulator.hang(host)
        filed = deploy(cloud)

        def told():
            found = cs.getJob(id=filed["jobid"])["job"]
            return found if any(each["state"] == "running" for each in found.get("command", ())) else None

        stuck = wait_until(told)
        assert stuck["state"] == "waiting"
        assert {each["resourceid"] for each in stuck["command"]} >= {host}
        assert "then it ends, for somebody cancelled it" in cs.cancelJob(id=filed["jobid"])["job"]["waitsfor"]
        simulator.restore(host)
        truth.settle()
    ended = cs.listJobs(id=filed["jobid"])["job"][0]
    assert (ended["outcome"], ended["errorcode"]) == ("cancelled", "cancelled")
    result = cs.queryAsyncJobResult(jobid=filed["jobid"])
    assert (result["jobstatus"], "asked for the end" in result["jobresult"]["errortext"]) == (2, True)
    assert truth.really_running() == set()
    truth.check()
    told = {each["type"] for each in cs.listEvents(listall="true", resourceid=filed["jobid"])["event"]}
    assert told == {"JOB.CANCEL"}


@ON_EACH_DATABASE
def test_deployments_that_failed_are_filed_anew_and_their_machines_keep_their_ids(cloud, truth):
    cs = client(cloud)
    with SimulatorClient(cloud.data) as simulator:
        rule = simulator.add_rule(Rule(verb="Hypervisor.start", action=Action.FAIL))
        filed = [deploy(cloud) for _ in range(3)]
        truth.settle()
        simulator.remove_rule(rule)
    assert {each["state"] for each in cs.listVirtualMachines()["virtualmachine"]} == {"Error"}
    would = terminal(cloud, "job", "retry", "--kind", "vm.deploy", "--outcome", "failed", "--dry-run")
    assert (would["count"], would["dryrun"]) == (3, True)
    assert [each["id"] for each in would["affected"]] == [each["jobid"] for each in filed]
    first = cs.retryJob(id=filed[0]["jobid"])["job"]
    assert cs.retryJob(id=filed[0]["jobid"])["job"]["id"] == first["id"]
    rest = terminal(cloud, "job", "retry", "--text", "vm.deploy", "--newer-than", "1h")
    assert (rest["count"], rest["left"], rest["refused"]) == (2, 0, [])
    truth.settle()
    machines = {each["id"]: each["state"] for each in cs.listVirtualMachines()["virtualmachine"]}
    assert machines == {each["id"]: "Running" for each in filed}
    assert cs.getJob(id=first["id"])["job"]["retryof"] == filed[0]["jobid"]
    truth.check()


@ON_EACH_DATABASE
def test_a_running_server_goes_by_what_is_set_beside_it(cloud, truth):
    cs = client(cloud)
    terminal(cloud, "stage", "set", "vm", "--mode", "pause")
    filed = deploy(cloud)
    assert cs.listJobs(id=filed["jobid"])["job"][0]["waitsfor"] == "stage vm is paused"
    assert terminal(cloud, "job", "hold", filed["jobid"])["jobs"] == 1
    assert cs.listJobs(id=filed["jobid"])["job"][0]["state"] == "held"
    terminal(cloud, "stage", "set", "vm", "--mode", "drain", "--depth", "1")

    def refused():
        try:
            deploy(cloud)
        except CloudStackException as error:
            return error.error["errorcode"] == 503 and "drains it" in error.error["errortext"]

    wait_until(refused, SOON)
    assert {each["mode"] for each in cs.listStages(name="vm")["stage"]} == {"drain"}
    terminal(cloud, "job", "release", filed["jobid"])
    wait_until(lambda: cs.queryAsyncJobResult(jobid=filed["jobid"])["jobstatus"] == 1, SOON + PATIENCE)
    terminal(cloud, "stage", "set", "vm", "--mode", "run", "--depth", "-1", "--weight", "3")
    wait_until(lambda: not refused(), SOON)
    truth.settle()
    cloud.kill9()
    cloud.restart()
    (stage,) = client(cloud).listStages(name="vm")["stage"]
    assert (stage["mode"], stage["weight"], "depth" in stage) == ("run", 3, False)
    truth.check()
