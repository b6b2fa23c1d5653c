"""The contract of hypervisors. Subclass, give a hypervisor; give `vm` too where an empty one cannot start."""

from collections.abc import Iterator
from itertools import product
from typing import ClassVar

import msgspec
import pytest

from stratiform.api.adapters.hypervisor import Hypervisor, NotRunning
from stratiform.api.spec import VmFact, VmSpec
from stratiform.api.testing.contract import Contract, crosses, explained

VERBS = ("start", "stop", "force", "reboot")
STORIES = [verbs for length in (1, 2, 3) for verbs in product(VERBS, repeat=length)]
"""Everything that can be asked of one virtual machine in up to three verbs."""


class HypervisorContract(Contract):
    """Idempotence of every verb in every order, one machine per run, no effect on the neighbours."""

    protocol: ClassVar[type] = Hypervisor

    @pytest.fixture
    def hypervisor(self) -> Hypervisor:
        """The hypervisor of a host where nothing of this kit runs: the plug-in's to define."""
        raise NotImplementedError("define the fixture `hypervisor`")

    @pytest.fixture
    def vm(self) -> VmSpec:
        """A virtual machine that this host can start, and that stops when it is asked to."""
        uuid = "5f0e0f5c-0000-7000-8000-000000000001"
        return VmSpec(uuid=uuid, name="i-2-42-VM.18", cpus=1, speed=500, memory=128)

    @pytest.fixture
    def earlier(self, vm: VmSpec) -> VmSpec:
        """An earlier run of it."""
        return msgspec.structs.replace(vm, name=f"{vm.name}-earlier")

    @pytest.fixture
    def neighbour(self, vm: VmSpec) -> VmSpec:
        """Another virtual machine."""
        uuid = "5f0e0f5c-0000-7000-8000-000000000002"
        return msgspec.structs.replace(vm, uuid=uuid, name=f"{vm.name}-neighbour", volumes=(), nics=())

    @pytest.fixture
    def adapter(self, hypervisor: Hypervisor) -> object:
        """The hypervisor."""
        return hypervisor

    @pytest.fixture(autouse=True)
    def leave_nothing(
        self, hypervisor: Hypervisor, vm: VmSpec, earlier: VmSpec, neighbour: VmSpec
    ) -> Iterator[None]:
        """Cut the power of what a test started."""
        yield
        for each in (vm, earlier, neighbour):
            hypervisor.stop(each.name, forced=True)

    def test_a_host_is_made_of_something(self, hypervisor: Hypervisor) -> None:
        fact = hypervisor.describe()
        assert min(fact.cpus, fact.speed, fact.memory) > 0
        assert fact.hypervisor_version
        crosses(fact)

    def test_a_host_stays_what_it_is(self, hypervisor: Hypervisor, vm: VmSpec) -> None:
        before = hypervisor.describe()
        hypervisor.start(vm)
        assert hypervisor.describe() == before

    def test_what_was_started_is_in_the_inventory(self, hypervisor: Hypervisor, vm: VmSpec) -> None:
        fact = hypervisor.start(vm)
        assert fact == VmFact(uuid=vm.uuid, name=vm.name, running=True)
        assert [each for each in hypervisor.inventory().vms if each.uuid == vm.uuid] == [fact]

    def test_the_inventory_crosses_the_wire(self, hypervisor: Hypervisor, vm: VmSpec) -> None:
        hypervisor.start(vm)
        crosses(hypervisor.inventory())

    def test_looking_changes_nothing(self, hypervisor: Hypervisor, vm: VmSpec) -> None:
        hypervisor.start(vm)
        assert hypervisor.inventory() == hypervisor.inventory()

    @pytest.mark.parametrize("verbs", STORIES, ids="-".join)
    def test_any_story_told_twice_ends_the_same(
        self, hypervisor: Hypervisor, vm: VmSpec, verbs: tuple[str, ...]
    ) -> None:
        """Every verb is given twice, and afterwards as much runs as if each had been given once."""
        runs = False
        for verb in verbs:
            for _ in range(2):
                if verb == "start":
                    assert hypervisor.start(vm).running
                elif verb == "reboot" and runs:
                    assert hypervisor.reboot(vm.name) == VmFact(uuid=vm.uuid, name=vm.name, running=True)
                elif verb == "reboot":
                    with pytest.raises(NotRunning):
                        hypervisor.reboot(vm.name)
                else:
                    hypervisor.stop(vm.name, forced=verb == "force")
            runs = verb == "start" or (runs and verb == "reboot")
            assert self.running(hypervisor) == ([vm.name] if runs else [])

    @pytest.mark.parametrize("forced", [False, True])
    def test_stopping_what_never_was_is_done(self, hypervisor: Hypervisor, vm: VmSpec, forced: bool) -> None:
        hypervisor.stop(vm.name, forced=forced)
        assert self.running(hypervisor) == []

    @pytest.mark.parametrize("forced", [False, True])
    def test_an_earlier_runs_name_stops_nothing(
        self, hypervisor: Hypervisor, vm: VmSpec, earlier: VmSpec, forced: bool
    ) -> None:
        hypervisor.start(vm)
        hypervisor.stop(earlier.name, forced=forced)
        assert self.running(hypervisor) == [vm.name]

    def test_an_earlier_runs_name_reboots_nothing(
        self, hypervisor: Hypervisor, vm: VmSpec, earlier: VmSpec
    ) -> None:
        hypervisor.start(vm)
        with pytest.raises(NotRunning) as raised:
            hypervisor.reboot(earlier.name)
        explained(raised.value, earlier.name)

    @pytest.mark.parametrize("verb", VERBS)
    def test_a_neighbour_does_not_notice(
        self, hypervisor: Hypervisor, vm: VmSpec, neighbour: VmSpec, verb: str
    ) -> None:
        hypervisor.start(neighbour)
        hypervisor.start(vm)
        if verb == "reboot":
            hypervisor.reboot(vm.name)
        elif verb != "start":
            hypervisor.stop(vm.name, forced=verb == "force")
        assert neighbour.name in self.running(hypervisor)

    @staticmethod
    def running(hypervisor: Hypervisor) -> list[str]:
        """The names of what runs, sorted."""
        return sorted(fact.name for fact in hypervisor.inventory().vms if fact.running)
