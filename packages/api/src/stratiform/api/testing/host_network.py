"""The contract of host networks, which carry plans out. Subclass and give one; the kit makes documents."""

import random
from typing import ClassVar

import pytest

from stratiform.api.adapters.network import HostNetwork
from stratiform.api.testing.contract import Contract, crosses
from stratiform.api.testing.wiring import NETWORKS, document, macs


class HostNetworkContract(Contract):
    """The newest document wins whatever the order, twice is once, and networks do not touch each other."""

    protocol: ClassVar[type] = HostNetwork

    @pytest.fixture
    def host_network(self) -> HostNetwork:
        """The effector on a host that has none of the kit's networks: the plug-in's to define."""
        raise NotImplementedError("define the fixture `host_network`")

    @pytest.fixture
    def adapter(self, host_network: HostNetwork) -> object:
        """The effector."""
        return host_network

    @pytest.mark.parametrize("ports", range(4))
    def test_what_is_in_the_document_is_plugged_in(self, host_network: HostNetwork, ports: int) -> None:
        applied = host_network.apply(document(version=1, ports=ports))
        assert (applied.network, applied.version, applied.macs) == ("network-1", 1, macs(ports))
        crosses(applied)

    @pytest.mark.parametrize("ports", range(4))
    def test_twice_is_once(self, host_network: HostNetwork, ports: int) -> None:
        doc = document(version=1, ports=ports)
        assert host_network.apply(doc) == host_network.apply(doc)

    @pytest.mark.parametrize("before", range(4))
    @pytest.mark.parametrize("after", range(4))
    def test_what_is_not_in_the_newer_document_is_gone(
        self, host_network: HostNetwork, before: int, after: int
    ) -> None:
        host_network.apply(document(version=1, ports=before))
        assert host_network.apply(document(version=2, ports=after)).macs == macs(after)

    @pytest.mark.parametrize("ports", range(4))
    def test_an_older_document_changes_nothing(self, host_network: HostNetwork, ports: int) -> None:
        newest = host_network.apply(document(version=7, ports=2))
        assert host_network.apply(document(version=6, ports=ports)) == newest
        assert host_network.apply(document(version=7, ports=2)) == newest

    @pytest.mark.parametrize("seed", NETWORKS)
    def test_the_newest_document_wins_in_any_order(self, host_network: HostNetwork, seed: int) -> None:
        source = random.Random(seed)
        docs = [document(version=version, ports=source.randrange(5)) for version in range(1, 8)]
        newest = docs[-1]
        source.shuffle(docs)
        for doc in docs:
            last = host_network.apply(doc)
        assert (last.version, last.macs) == (newest.version, macs(len(newest.ports)))

    @pytest.mark.parametrize("ports", range(4))
    def test_networks_do_not_touch_each_other(self, host_network: HostNetwork, ports: int) -> None:
        other = host_network.apply(document(network="network-2", version=3, ports=2))
        host_network.apply(document(version=9, ports=ports))
        assert host_network.apply(document(network="network-2", version=2, ports=0)) == other

    def test_a_network_that_was_taken_away_does_not_come_back(self, host_network: HostNetwork) -> None:
        host_network.apply(document(version=1, ports=2))
        host_network.apply(document(version=2, ports=0))
        assert host_network.apply(document(version=1, ports=2)).macs == ()
