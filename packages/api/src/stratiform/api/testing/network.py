"""The contract of network elements, which plan. Subclass and give one; the kit makes its own networks."""

from typing import ClassVar

import msgspec
import pytest

from stratiform.api.adapters.network import NetworkElement
from stratiform.api.testing.contract import Contract, crosses
from stratiform.api.testing.purity import pure
from stratiform.api.testing.wiring import NETWORKS, made


class NetworkElementContract(Contract):
    """Purity, every port on its own host and nowhere else, and no rule that nobody asked for."""

    protocol: ClassVar[type] = NetworkElement

    @pytest.fixture
    def element(self) -> NetworkElement:
        """The element: the plug-in's to define."""
        raise NotImplementedError("define the fixture `element`")

    @pytest.fixture
    def adapter(self, element: NetworkElement) -> object:
        """The element."""
        return element

    @pytest.mark.parametrize("seed", NETWORKS)
    def test_it_only_looks_at_what_it_is_given(self, element: NetworkElement, seed: int) -> None:
        network = made(seed)
        with pure(network):
            element.plan(network)

    @pytest.mark.parametrize("seed", NETWORKS)
    def test_the_same_network_has_the_same_plan(self, element: NetworkElement, seed: int) -> None:
        plan = element.plan(made(seed))
        element.plan(made(seed + 1))
        assert element.plan(made(seed)) == plan
        crosses(plan)

    @pytest.mark.parametrize("seed", NETWORKS)
    def test_a_plan_is_of_this_version_of_this_network(self, element: NetworkElement, seed: int) -> None:
        network = made(seed)
        plan = element.plan(network)
        assert {(doc.network, doc.version, doc.broadcast) for doc in plan.documents} <= {
            (network.uuid, network.version, network.broadcast)
        }
        assert (plan.network, plan.version) == (network.uuid, network.version)

    @pytest.mark.parametrize("seed", NETWORKS)
    def test_each_port_is_on_its_host_and_nowhere_else(self, element: NetworkElement, seed: int) -> None:
        network = made(seed)
        plan = element.plan(network)
        hosts = [doc.host for doc in plan.documents]
        assert hosts == sorted(set(hosts))
        for doc in plan.documents:
            mine = {port for port in network.ports if port.host == doc.host}
            assert set(doc.ports) == mine
            assert len(doc.ports) == len(mine)
        assert set(hosts) >= {port.host for port in network.ports}

    @pytest.mark.parametrize("seed", NETWORKS)
    def test_the_rules_are_the_networks_own(self, element: NetworkElement, seed: int) -> None:
        network = made(seed)
        plan = element.plan(network)
        assert set(plan.rules) <= set(network.rules)
        for doc in plan.documents:
            assert set(doc.rules) <= set(plan.rules)

    @pytest.mark.parametrize("seed", NETWORKS)
    def test_the_order_of_ports_does_not_matter(self, element: NetworkElement, seed: int) -> None:
        network = made(seed)
        backwards = msgspec.structs.replace(network, ports=network.ports[::-1])
        assert {(doc.host, frozenset(doc.ports)) for doc in element.plan(network).documents} == {
            (doc.host, frozenset(doc.ports)) for doc in element.plan(backwards).documents
        }

    @pytest.mark.parametrize("seed", NETWORKS)
    def test_there_is_one_appliance_of_a_role(self, element: NetworkElement, seed: int) -> None:
        appliances = element.plan(made(seed)).appliances
        assert len({appliance.role for appliance in appliances}) == len(appliances)
        assert all(min(appliance.cpus, appliance.memory) > 0 for appliance in appliances)
