"""A host that hangs delays nothing that does not live on it."""

import sqlalchemy
from tests.system.killing import client, deploy_at_once
from tests.system.running import ON_EACH_DATABASE
from tests.system.truth import Truth, wait_until

from stratiform.engine.api import program
from stratiform.framework.agents import command
from stratiform.framework.base.clock import SECOND
from stratiform.framework.jobs.table import job
from stratiform.plugins.hypervisor.simulator.client import SimulatorClient
from stratiform.plugins.hypervisor.simulator.rule import Action, Rule

WIDTH = program.registry.lanes["host"].width
"""Commands that a host is given at once."""


def commands(truth, host):
    """How many commands to a host are where, of those that have not ended."""
    mine = (job.c.lane == f"host/{host}", job.c.state != "ended")
    counted = sqlalchemy.select(job.c.state, sqlalchemy.func.count()).where(*mine).group_by(job.c.state)
    return dict(map(tuple, truth.rows(counted)))


@ON_EACH_DATABASE
def test_a_hung_host_delays_no_machine_elsewhere(quickstart):
    cloud = quickstart(hosts=4)
    truth = Truth(cloud.data, cloud.database)
    hung = client(cloud).listHosts(type="Routing")["host"][0]["id"]
    with SimulatorClient(cloud.data) as simulator:
        simulator.hang(hung)
        threads, accepted = deploy_at_once(cloud, 40)
        for each in threads:
            each.join(30)
        assert len(accepted) == 40
        machines = {each["id"]: each for each in client(cloud).listVirtualMachines(fetch_list=True)}
        assert len(machines) == 40

        def elsewhere():
            found = client(cloud).listVirtualMachines(fetch_list=True)
            states = {each["state"] for each in found if each.get("hostid") != hung}
            return states == {"Running"} and found

        there = [each for each in wait_until(elsewhere) if each.get("hostid") == hung]
        assert there, "no machine was placed on the hung host, so this proves nothing"
        assert {each["state"] for each in there} == {"Starting"}
        swallowed = commands(truth, hung)
        assert swallowed == {"running": WIDTH, "blocked": len(there) - WIDTH}
        (stage,) = client(cloud).listStages(name="host")["stage"]
        assert stage["workers"] < WIDTH, "it holds more commands than there are workers, and others went on"

        def disconnected():
            found = client(cloud).listHosts(id=hung)["host"][0]
            return found["state"] == "Disconnected"

        wait_until(disconnected)
        threads, more = deploy_at_once(cloud, 10)
        for each in threads:
            each.join(30)
        wait_until(
            lambda: {row.outcome for row in truth.outcomes([each["jobid"] for each in more]).values()} == {"succeeded"}
        )
        placed = {each["id"] for each in more}
        homes = {
            each["hostid"] for each in client(cloud).listVirtualMachines(fetch_list=True) if each["id"] in placed
        }
        assert hung not in homes, "placement knows that it is silent"
        assert commands(truth, hung) == swallowed
        simulator.restore(hung)
        truth.settle()
        truth.check()
        assert truth.states() == {"Running": 50}
    truth.close()


def age(truth, host):
    """Let the commands that a host has be past their limit, as if that time had passed."""
    mine = (job.c.lane == f"host/{host}", job.c.state == "running")
    with truth.database.transaction() as tx:
        tx.execute(job.update().where(*mine).values(deadline=job.c.deadline - command.LIMIT * SECOND))


@ON_EACH_DATABASE
def test_a_host_that_answers_probes_and_swallows_commands_gets_no_more_machines(quickstart):
    cloud = quickstart(hosts=4)
    truth, operator = Truth(cloud.data, cloud.database), client(cloud)
    sick = operator.listHosts(type="Routing")["host"][0]["id"]

    def deploy(number):
        threads, accepted = deploy_at_once(cloud, number)
        for each in threads:
            each.join(30)
        assert len(accepted) == number
        return accepted

    def homes():
        return {each["id"]: each.get("hostid") for each in operator.listVirtualMachines(fetch_list=True)}

    with SimulatorClient(cloud.data) as simulator:
        rule = simulator.add_rule(Rule(host=sick, verb="Hypervisor.start", action=Action.HANG))
        before = deploy(40)
        wait_until(lambda: commands(truth, sick).get("running") == WIDTH)
        wait_until(lambda: truth.states().get("Running", 0) + list(homes().values()).count(sick) == len(before))
        age(truth, sick)
        (host,) = wait_until(lambda: [each for each in operator.listHosts(id=sick)["host"] if "circuitopen" in each])
        assert host["state"] == "Up"
        swallowed = commands(truth, sick)
        after = deploy(10)
        wait_until(
            lambda: {row.outcome for row in truth.outcomes([each["jobid"] for each in after]).values()} == {"succeeded"}
        )
        assert sick not in {homes()[each["id"]] for each in after}
        assert commands(truth, sick) == swallowed
        simulator.remove_rule(rule)
        operator.cancelJob(hostid=sick)
        truth.settle()
        assert "circuitopen" not in operator.listHosts(id=sick)["host"][0]
        truth.check()
    truth.close()
