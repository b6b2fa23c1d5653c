"""A host takes ten minutes over a command and somebody cancels the job: within five seconds it is as if never asked."""

import json
import subprocess

import pytest
import sqlalchemy
from tests.system.killing import client
from tests.system.running import ON_EACH_DATABASE, STRATIFORM
from tests.system.truth import Truth, wait_until

from stratiform.engine.schema import host
from stratiform.plugins.hypervisor.simulator.client import SimulatorClient
from stratiform.plugins.hypervisor.simulator.latency import Constant
from stratiform.plugins.hypervisor.simulator.rule import Rule

TEN_MINUTES = Constant(600_000_000)
SOON = 5
"""Seconds within which what was cancelled has ended."""


@pytest.fixture
def cloud(quickstart):
    """A cloud of one host."""
    return quickstart(hosts=1)


@pytest.fixture
def truth(cloud):
    truth = Truth(cloud.data, cloud.database)
    yield truth
    truth.close()


@pytest.fixture
def simulator(cloud):
    with SimulatorClient(cloud.data) as simulator:
        yield simulator


@pytest.fixture
def slow(simulator):
    """Let the next command of a verb take ten minutes."""
    return lambda verb: simulator.add_rule(Rule(verb=verb, delay=TEN_MINUTES, count=1))


@pytest.fixture
def under_way(simulator):
    """Wait until a host is in the middle of a verb; what its journal says of that command from then on."""

    def begun(verb):
        return next((each for each in simulator.journal() if (each.verb, each.outcome) == (verb, "running")), None)

    def waiting(verb):
        command = wait_until(lambda: begun(verb)).command
        return lambda: [(each.act, each.outcome) for each in simulator.journal() if each.command == command]

    return waiting


def deploy(cs, **more):
    """Ask for a machine: its job's id and its own."""
    zone, offering = cs.listZones()["zone"][0], cs.listServiceOfferings(name="Small Instance")["serviceoffering"][0]
    template = cs.listTemplates(templatefilter="featured")["template"][0]
    asked = {"zoneid": zone["id"], "serviceofferingid": offering["id"], "templateid": template["id"]}
    return cs.deployVirtualMachine(**asked, **more)


def succeeds(cs, job):
    return wait_until(lambda: cs.queryAsyncJobResult(jobid=job)["jobstatus"]) == 1


def at_a_terminal(cloud, uuid):
    words = [STRATIFORM, "job", "cancel", uuid, *cloud.where(), "--json"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "was told to stop" in json.loads(done.stdout)["text"]


@ON_EACH_DATABASE
def test_a_start_that_hangs_is_stopped_on_its_host_and_can_be_asked_for_again(cloud, truth, slow, under_way):
    cs = client(cloud)
    made = deploy(cs, startvm="false")
    assert succeeds(cs, made["jobid"])
    machine = made["id"]
    slow("Hypervisor.start")
    filed = cs.startVirtualMachine(id=machine)["jobid"]
    journal = under_way("Hypervisor.start")
    assert truth.rows(sqlalchemy.select(host.c.vms)) == [(1,)]
    cs.cancelJob(id=filed)
    wait_until(lambda: cs.queryAsyncJobResult(jobid=filed)["jobstatus"] == 2, SOON)
    assert cs.listJobs(id=filed)["job"][0]["outcome"] == "cancelled"
    assert journal() == [("send", "aborted"), ("abort", "aborted")]
    assert cs.listVirtualMachines(id=machine)["virtualmachine"][0]["state"] == "Stopped"
    assert truth.rows(sqlalchemy.select(host.c.vms, host.c.cpu_used, host.c.memory_used)) == [(0, 0, 0)]
    assert truth.really_running() == set()
    truth.check()
    assert succeeds(cs, cs.startVirtualMachine(id=machine)["jobid"])
    assert cs.listVirtualMachines(id=machine)["virtualmachine"][0]["state"] == "Running"
    truth.check()


@ON_EACH_DATABASE
def test_a_disk_that_takes_its_time_is_made_no_more(cloud, truth, simulator, slow, under_way):
    """Of what was asked for nothing is left but the machine, in Error as every deployment that failed."""
    cs = client(cloud)
    slow("PrimaryStorage.create")
    filed = deploy(cs)
    journal = under_way("PrimaryStorage.create")
    at_a_terminal(cloud, filed["jobid"])
    wait_until(lambda: cs.queryAsyncJobResult(jobid=filed["jobid"])["jobstatus"] == 2, SOON)
    assert journal() == [("send", "aborted"), ("abort", "aborted")]
    assert cs.listVirtualMachines(id=filed["id"])["virtualmachine"][0]["state"] == "Error"
    assert truth.rows(sqlalchemy.select(host.c.vms)) == [(0,)]
    assert simulator.inventory().volumes == ()
    truth.check()
