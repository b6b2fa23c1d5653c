"""The simulator keeps the contracts, asked as a server asks: over a socket, of another process."""

import pytest

from stratiform.api.adapters.hypervisor import Hypervisor, HypervisorProvider, Peer
from stratiform.api.adapters.storage import PrimaryStorage
from stratiform.api.testing.hypervisor import HypervisorContract
from stratiform.api.testing.storage import PrimaryStorageContract
from stratiform.framework import plugins
from stratiform.plugins.hypervisor.simulator.provider import simulator


class TestHypervisor(HypervisorContract):
    @pytest.fixture
    def hypervisor(self, effector):
        return effector(Hypervisor)

    @pytest.fixture
    def peer(self, effector):
        return effector(Hypervisor, 1)

    @pytest.fixture
    def addresses(self, names, make):
        return tuple(Peer(uuid=name, url=make.url(name)) for name in names)


class TestPrimaryStorage(PrimaryStorageContract):
    @pytest.fixture
    def storage(self, effector):
        return effector(PrimaryStorage)

    @pytest.fixture
    def pool(self, make):
        return make.pool


def test_it_is_loaded_by_its_name():
    assert plugins.one("stratiform.hypervisor", "Simulator", HypervisorProvider).plugin is simulator
