"""Fakes of a network element."""

import msgspec
import pytest

from stratiform.api.adapters.network import Appliance, HostNetworkDoc, NetworkPlan, Rule
from stratiform.api.testing.network import NetworkElementContract

replace = msgspec.structs.replace


class Bridges:
    name = "bridges"
    order = 1

    def plan(self, network):
        hosts = sorted({port.host for port in network.ports})
        return NetworkPlan(
            network=network.uuid,
            version=network.version,
            documents=tuple(self.document(network, host) for host in hosts),
            rules=network.rules,
            appliances=(Appliance(role="router", cpus=1, memory=256),),
        )

    def document(self, network, host):
        return HostNetworkDoc(
            host=host,
            network=network.uuid,
            version=network.version,
            broadcast=network.broadcast,
            ports=tuple(port for port in network.ports if port.host == host),
            rules=network.rules,
        )


class TestRight(NetworkElementContract):
    kind = Bridges

    @pytest.fixture
    def element(self):
        return self.kind()


class PlugsInEverywhere(Bridges):
    def document(self, network, host):
        return replace(super().document(network, host), ports=network.ports)


class TestPlugsInEverywhere(TestRight):
    kind = PlugsInEverywhere
    caught_by = {"test_each_port_is_on_its_host_and_nowhere_else"}


class CountsVersionsItself(Bridges):
    version = 0

    def plan(self, network):
        self.version += 1
        return super().plan(replace(network, version=self.version))


class TestCountsVersionsItself(TestRight):
    kind = CountsVersionsItself
    caught_by = {"test_the_same_network_has_the_same_plan", "test_a_plan_is_of_this_version_of_this_network"}


class OpensADoor(Bridges):
    def plan(self, network):
        door = Rule(uuid="mine", direction="ingress", protocol="all", cidr="0.0.0.0/0")
        return super().plan(replace(network, rules=(*network.rules, door)))


class TestOpensADoor(TestRight):
    kind = OpensADoor
    caught_by = {"test_the_rules_are_the_networks_own"}


class KeepsTheLastPort(Bridges):
    def plan(self, network):
        by_host = {port.host: port for port in network.ports}
        return super().plan(replace(network, ports=tuple(by_host.values())))


class TestKeepsTheLastPort(TestRight):
    kind = KeepsTheLastPort
    caught_by = {
        "test_each_port_is_on_its_host_and_nowhere_else",
        "test_the_order_of_ports_does_not_matter",
    }


class TwoRouters(Bridges):
    def plan(self, network):
        plan = super().plan(network)
        return replace(plan, appliances=plan.appliances * 2)


class TestTwoRouters(TestRight):
    kind = TwoRouters
    caught_by = {"test_there_is_one_appliance_of_a_role"}


class Logs(Bridges):
    def plan(self, network):
        with open("/dev/null", "w") as log:
            print(network.name, file=log)
        return super().plan(network)


class TestLogs(TestRight):
    kind = Logs
    caught_by = {"test_it_only_looks_at_what_it_is_given"}
