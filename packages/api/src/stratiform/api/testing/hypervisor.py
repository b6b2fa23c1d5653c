"""The contract of hypervisors. Subclass, give two hosts; give `vm` too where an empty one cannot start."""

from collections.abc import Iterator
from itertools import product
from typing import ClassVar

import msgspec
import pytest

from stratiform.api.adapters.hypervisor import Hypervisor, NotRunning, Peer
from stratiform.api.spec import VmFact, VmSpec
from stratiform.api.testing.abort import all_or_nothing
from stratiform.api.testing.contract import Contract, crosses, explained

VERBS = ("start", "stop", "force", "reboot")
STORIES = [verbs for length in (1, 2, 3) for verbs in product(VERBS, repeat=length)]
"""Everything that can be asked of one virtual machine in up to three verbs."""
CHANGING = (*VERBS, "receive", "migrate")


class HypervisorContract(Contract):
    """Idempotence of every verb in every order, one machine per run and place, no effect on the neighbours."""

    protocol: ClassVar[type] = Hypervisor

    @pytest.fixture
    def hypervisor(self) -> Hypervisor:
        """The hypervisor of a host where nothing of this kit runs: the plug-in's to define."""
        raise NotImplementedError("define the fixture `hypervisor`")

    @pytest.fixture
    def peer(self) -> Hypervisor:
        """The hypervisor of another host, between which and the first machines can move: the plug-in's to define."""
        raise NotImplementedError("define the fixture `peer`")

    @pytest.fixture
    def addresses(self) -> tuple[Peer, Peer]:
        """How `peer` finds the host of `hypervisor`, and how that one finds `peer`: the plug-in's to define."""
        raise NotImplementedError("define the fixture `addresses`")

    @pytest.fixture
    def vm(self) -> VmSpec:
        """A virtual machine that these hosts can start, and that stops when it is asked to."""
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
        self, hypervisor: Hypervisor, peer: Hypervisor, vm: VmSpec, earlier: VmSpec, neighbour: VmSpec
    ) -> Iterator[None]:
        """Cut the power of what a test started."""
        yield
        for host in (hypervisor, peer):
            for each in (vm, earlier, neighbour):
                host.stop(each.name, forced=True)

    @pytest.fixture
    def home(self, addresses: tuple[Peer, Peer]) -> Peer:
        """How the other host finds the first."""
        return addresses[0]

    @pytest.fixture
    def away(self, addresses: tuple[Peer, Peer]) -> Peer:
        """How the first host finds the other."""
        return addresses[1]

    @pytest.fixture
    def moved(self, hypervisor: Hypervisor, peer: Hypervisor, vm: VmSpec, away: Peer) -> None:
        """The virtual machine was started on the first host and has moved to the other."""
        hypervisor.start(vm)
        peer.receive(vm)
        hypervisor.migrate(vm.name, away)

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

    @pytest.mark.usefixtures("moved")
    def test_what_moved_runs_there_alone_and_is_what_it_was(
        self, hypervisor: Hypervisor, peer: Hypervisor, vm: VmSpec
    ) -> None:
        assert self.running(hypervisor) == []
        fact = VmFact(uuid=vm.uuid, name=vm.name, running=True)
        assert [each for each in peer.inventory().vms if each.uuid == vm.uuid] == [fact]

    @pytest.mark.usefixtures("moved")
    def test_moving_again_what_moved_already_is_done(
        self, hypervisor: Hypervisor, peer: Hypervisor, vm: VmSpec, away: Peer
    ) -> None:
        peer.receive(vm)
        hypervisor.migrate(vm.name, away)
        assert (self.running(hypervisor), self.running(peer)) == ([], [vm.name])

    @pytest.mark.usefixtures("moved")
    def test_what_moved_can_move_back(
        self, hypervisor: Hypervisor, peer: Hypervisor, vm: VmSpec, home: Peer, away: Peer
    ) -> None:
        hypervisor.receive(vm)
        peer.migrate(vm.name, home)
        assert (self.running(hypervisor), self.running(peer)) == ([vm.name], [])
        hypervisor.migrate(vm.name, away)
        assert (self.running(hypervisor), self.running(peer)) == ([], [vm.name])

    @pytest.mark.usefixtures("moved")
    def test_what_moved_is_stopped_where_it_is_and_can_start_where_it_was(
        self, hypervisor: Hypervisor, peer: Hypervisor, vm: VmSpec
    ) -> None:
        hypervisor.stop(vm.name, forced=True)
        assert self.running(peer) == [vm.name]
        peer.stop(vm.name, forced=True)
        hypervisor.start(vm)
        assert (self.running(hypervisor), self.running(peer)) == ([vm.name], [])

    @pytest.mark.parametrize("started", [False, True])
    def test_to_be_ready_runs_nothing(
        self, hypervisor: Hypervisor, peer: Hypervisor, vm: VmSpec, started: bool
    ) -> None:
        """Told twice, of a machine that never comes: nothing runs for it, and nothing is in its way."""
        if started:
            hypervisor.start(vm)
        for _ in range(2):
            peer.receive(vm)
        assert (self.running(hypervisor), self.running(peer)) == ([vm.name] if started else [], [])
        if not started:
            assert hypervisor.start(vm).running

    def test_to_be_ready_for_what_runs_there_leaves_it_alone(self, hypervisor: Hypervisor, vm: VmSpec) -> None:
        hypervisor.start(vm)
        hypervisor.receive(vm)
        assert self.running(hypervisor) == [vm.name]

    def test_what_runs_nowhere_does_not_move(
        self, hypervisor: Hypervisor, peer: Hypervisor, vm: VmSpec, earlier: VmSpec, away: Peer
    ) -> None:
        """Nor is it started by that; an earlier run's name moves nothing either."""
        peer.receive(vm)
        with pytest.raises(NotRunning) as raised:
            hypervisor.migrate(vm.name, away)
        explained(raised.value, vm.name)
        hypervisor.start(vm)
        with pytest.raises(NotRunning):
            hypervisor.migrate(earlier.name, away)
        assert (self.running(hypervisor), self.running(peer)) == ([vm.name], [])

    def test_a_neighbour_stays_where_it_is(
        self, hypervisor: Hypervisor, peer: Hypervisor, vm: VmSpec, neighbour: VmSpec, away: Peer
    ) -> None:
        for each in (neighbour, vm):
            hypervisor.start(each)
        peer.receive(vm)
        hypervisor.migrate(vm.name, away)
        assert (self.running(hypervisor), self.running(peer)) == ([neighbour.name], [vm.name])

    def test_a_host_tells_what_stays_with_it(
        self, hypervisor: Hypervisor, vm: VmSpec, earlier: VmSpec, neighbour: VmSpec
    ) -> None:
        hypervisor.start(vm)
        told = [hypervisor.stay(name) for name in (vm.name, vm.name, earlier.name, neighbour.name)]
        assert told == [True, True, False, False]
        assert self.running(hypervisor) == [vm.name]

    @pytest.mark.usefixtures("moved")
    def test_what_moved_stays_where_it_is(self, hypervisor: Hypervisor, peer: Hypervisor, vm: VmSpec) -> None:
        assert (hypervisor.stay(vm.name), peer.stay(vm.name)) == (False, True)
        assert (self.running(hypervisor), self.running(peer)) == ([], [vm.name])

    @pytest.mark.parametrize("verb", CHANGING)
    def test_what_is_ended_early_has_no_effect_or_all_of_it(
        self, hypervisor: Hypervisor, peer: Hypervisor, vm: VmSpec, away: Peer, verb: str
    ) -> None:
        """Wherever it looks; and what was aborted can be asked for again."""
        calls = {
            "start": lambda: hypervisor.start(vm),
            "stop": lambda: hypervisor.stop(vm.name),
            "force": lambda: hypervisor.stop(vm.name, forced=True),
            "reboot": lambda: hypervisor.reboot(vm.name),
            "receive": lambda: peer.receive(vm),
            "migrate": lambda: hypervisor.migrate(vm.name, away),
        }

        def begin() -> None:
            for host in (hypervisor, peer):
                host.stop(vm.name, forced=True)
            if verb != "start":
                hypervisor.start(vm)
            if verb == "migrate":
                peer.receive(vm)

        all_or_nothing(begin, calls[verb], lambda: (self.running(hypervisor), self.running(peer)))

    @staticmethod
    def running(hypervisor: Hypervisor) -> list[str]:
        """The names of what runs, sorted."""
        return sorted(fact.name for fact in hypervisor.inventory().vms if fact.running)
