"""A host that hangs delays nothing that does not live on it."""

from tests.system.killing import client, deploy_at_once
from tests.system.running import ON_EACH_DATABASE
from tests.system.truth import Truth, wait_until

from stratiform.plugins.hypervisor.simulator.client import SimulatorClient


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

        def disconnected():
            found = client(cloud).listHosts(id=hung)["host"][0]
            return found["state"] == "Disconnected"

        wait_until(disconnected)
        threads, more = deploy_at_once(cloud, 10)
        for each in threads:
            each.join(30)
        wait_until(
            lambda: {row.outcome for row in truth.outcomes([job["jobid"] for job in more]).values()} == {"succeeded"}
        )
        simulator.restore(hung)
        truth.settle()
        truth.check()
        assert truth.states() == {"Running": 50}
    truth.close()
