"""Fakes of a hypervisor."""

import itertools
import threading

import pytest

from stratiform.api.adapters.hypervisor import NotRunning, Peer
from stratiform.api.spec import HostFact, Inventory, VmFact
from stratiform.api.testing.hypervisor import HypervisorContract
from stratiform.framework.agents import abort
from stratiform.framework.base.errors import Error


class Host:
    def __init__(self, others):
        self.vms, self.others = {}, others

    def describe(self):
        return HostFact(cpus=4, speed=2000, memory=1 << 33, hypervisor_version="1")

    def start(self, vm):
        abort.current().check()
        self.vms[vm.name] = VmFact(uuid=vm.uuid, name=vm.name, running=True)
        return self.vms[vm.name]

    def stop(self, name, forced=False):
        self.vms.pop(name, None)

    def reboot(self, name):
        if name not in self.vms:
            raise NotRunning(name=name)
        return self.vms[name]

    def receive(self, vm):
        pass

    def migrate(self, name, to):
        there = self.others[to.uuid].vms
        abort.current().check()
        if name in self.vms:
            broken_off = threading.Event()
            with abort.current().by(broken_off.set):
                broken_off.wait(0.01)  # while its memory is copied
            if broken_off.is_set():
                raise abort.Aborted(command="")
            there[name] = self.vms.pop(name)
        elif name not in there:
            raise NotRunning(name=name)

    def stay(self, name):
        return name in self.vms

    def inventory(self):
        return Inventory(vms=tuple(self.vms.values()))


class TestRight(HypervisorContract):
    host = Host

    @pytest.fixture
    def hosts(self):
        hosts = {}
        hosts |= {"one": self.host(hosts), "two": self.host(hosts)}
        return hosts

    @pytest.fixture
    def hypervisor(self, hosts):
        return hosts["one"]

    @pytest.fixture
    def peer(self, hosts):
        return hosts["two"]

    @pytest.fixture
    def addresses(self, hosts):
        return tuple(Peer(uuid=each, url=f"test://{each}") for each in hosts)


class StartsTwice(Host):
    count = itertools.count()

    def start(self, vm):
        self.vms[next(self.count)] = fact = VmFact(uuid=vm.uuid, name=vm.name, running=True)
        return fact

    def stop(self, name, forced=False):
        self.vms = {key: fact for key, fact in self.vms.items() if fact.name != name}

    def reboot(self, name):
        return next((fact for fact in self.vms.values() if fact.name == name), None) or super().reboot(name)


class TestStartsTwice(TestRight):
    host = StartsTwice
    caught_by = {"test_any_story_told_twice_ends_the_same"}


class StopsEveryRun(Host):
    def stop(self, name, forced=False):
        self.vms = {key: fact for key, fact in self.vms.items() if not name.startswith(key)}


class TestStopsEveryRun(TestRight):
    host = StopsEveryRun
    caught_by = {"test_an_earlier_runs_name_stops_nothing"}


class RebootStarts(Host):
    def reboot(self, name):
        self.vms.setdefault(name, VmFact(uuid="?", name=name, running=True))
        return self.vms[name]


class TestRebootStarts(TestRight):
    host = RebootStarts
    caught_by = {"test_any_story_told_twice_ends_the_same", "test_an_earlier_runs_name_reboots_nothing"}


class StopFailsTheSecondTime(Host):
    def stop(self, name, forced=False):
        if not forced and name not in self.vms:
            raise NotRunning(name=name)
        super().stop(name)


class TestStopFailsTheSecondTime(TestRight):
    host = StopFailsTheSecondTime
    caught_by = {"test_any_story_told_twice_ends_the_same", "test_stopping_what_never_was_is_done"}


class RestartsTheHost(Host):
    def reboot(self, name):
        fact = super().reboot(name)
        self.vms = {name: fact}
        return fact


class TestRestartsTheHost(TestRight):
    host = RestartsTheHost
    caught_by = {"test_a_neighbour_does_not_notice"}


class Terse(NotRunning):
    """{name} not running"""


class SaysNotWhatToDo(Host):
    def reboot(self, name):
        if name not in self.vms:
            raise Terse(name=name)
        return self.vms[name]


class TestSaysNotWhatToDo(TestRight):
    host = SaysNotWhatToDo
    caught_by = {"test_an_earlier_runs_name_reboots_nothing"}


class RaisesAnything(Host):
    def reboot(self, name):
        if name not in self.vms:
            raise Error(reason="no")
        return self.vms[name]


class TestRaisesAnything(TestRight):
    host = RaisesAnything
    caught_by = {"test_any_story_told_twice_ends_the_same"}


class OtherWords(Host):
    def stop(self, vm_name, force=False):
        super().stop(vm_name)


class TestOtherWords(TestRight):
    host = OtherWords
    caught_by = {"test_its_methods_are_called_as_the_protocol_says"}


class LeavesACopy(Host):
    def migrate(self, name, to):
        fact = self.vms.get(name)
        super().migrate(name, to)
        if fact:
            self.vms[name] = fact


class TestLeavesACopy(TestRight):
    host = LeavesACopy
    caught_by = {
        "test_what_moved_runs_there_alone_and_is_what_it_was",
        "test_moving_again_what_moved_already_is_done",
        "test_what_moved_can_move_back",
        "test_a_neighbour_stays_where_it_is",
        "test_what_moved_stays_where_it_is",
    }


class LosesItOnTheWay(Host):
    def migrate(self, name, to):
        super().migrate(name, to)
        self.others[to.uuid].vms.pop(name)


class TestLosesItOnTheWay(TestRight):
    host = LosesItOnTheWay
    caught_by = {
        "test_what_moved_runs_there_alone_and_is_what_it_was",
        "test_what_moved_stays_where_it_is",
        "test_a_neighbour_stays_where_it_is",
    }


class CallsItOtherwise(Host):
    def migrate(self, name, to):
        super().migrate(name, to)
        there = self.others[to.uuid].vms
        there[f"{name}-moved"] = VmFact(uuid=there.pop(name).uuid, name=f"{name}-moved", running=True)

    def stop(self, name, forced=False):
        self.vms = {key: fact for key, fact in self.vms.items() if not key.startswith(name)}


class TestCallsItOtherwise(TestRight):
    host = CallsItOtherwise
    caught_by = {"test_what_moved_runs_there_alone_and_is_what_it_was", "test_what_moved_stays_where_it_is"}


class MovesOnlyOnce(Host):
    def migrate(self, name, to):
        if name not in self.vms:
            raise NotRunning(name=name)
        super().migrate(name, to)


class TestMovesOnlyOnce(TestRight):
    host = MovesOnlyOnce
    caught_by = {"test_moving_again_what_moved_already_is_done"}


class StartsWhatItReceives(Host):
    def receive(self, vm):
        self.start(vm)


class TestStartsWhatItReceives(TestRight):
    host = StartsWhatItReceives
    caught_by = {"test_to_be_ready_runs_nothing", "test_what_runs_nowhere_does_not_move"}


class StopsWhatItReceives(Host):
    def receive(self, vm):
        self.vms.pop(vm.name, None)


class TestStopsWhatItReceives(TestRight):
    host = StopsWhatItReceives
    caught_by = {
        "test_to_be_ready_for_what_runs_there_leaves_it_alone",
        "test_moving_again_what_moved_already_is_done",
    }


class StopsItEverywhere(Host):
    def stop(self, name, forced=False):
        for each in self.others.values():
            each.vms.pop(name, None)


class TestStopsItEverywhere(TestRight):
    host = StopsItEverywhere
    caught_by = {"test_what_moved_is_stopped_where_it_is_and_can_start_where_it_was"}


class MovesTheHost(Host):
    def migrate(self, name, to):
        super().migrate(name, to)
        self.others[to.uuid].vms |= self.vms
        self.vms = {}


class TestMovesTheHost(TestRight):
    host = MovesTheHost
    caught_by = {"test_a_neighbour_stays_where_it_is"}


class SaysThatAllStay(Host):
    def stay(self, name):
        return True


class TestSaysThatAllStay(TestRight):
    host = SaysThatAllStay
    caught_by = {"test_a_host_tells_what_stays_with_it", "test_what_moved_stays_where_it_is"}


class EndsWhatItAsksFor(Host):
    def stay(self, name):
        return self.vms.pop(name, None) is not None


class TestEndsWhatItAsksFor(TestRight):
    host = EndsWhatItAsksFor
    caught_by = {"test_a_host_tells_what_stays_with_it", "test_what_moved_stays_where_it_is"}


class LooksWhenItIsDone(Host):
    def start(self, vm):
        fact = super().start(vm)
        abort.current().check()
        return fact


class TestLooksWhenItIsDone(TestRight):
    host = LooksWhenItIsDone
    caught_by = {"test_what_is_ended_early_has_no_effect_or_all_of_it"}


class BreaksOffAfterTheCopy(Host):
    def migrate(self, name, to):
        fact = self.vms.get(name)
        super().migrate(name, to)
        if abort.current().asked:
            self.vms[name] = fact
            raise abort.Aborted(command="")


class TestBreaksOffAfterTheCopy(TestRight):
    host = BreaksOffAfterTheCopy
    caught_by = {"test_what_is_ended_early_has_no_effect_or_all_of_it"}


class SaysThatItIsDone(Host):
    def stop(self, name, forced=False):
        if not abort.current().asked:
            super().stop(name)


class TestSaysThatItIsDone(TestRight):
    host = SaysThatItIsDone
    caught_by = {"test_what_is_ended_early_has_no_effect_or_all_of_it"}


class StopsWhatIsNotToReboot(Host):
    def reboot(self, name):
        fact = super().reboot(name)
        if abort.current().asked:
            self.stop(name)
        abort.current().check()
        return fact


class TestStopsWhatIsNotToReboot(TestRight):
    host = StopsWhatIsNotToReboot
    caught_by = {"test_what_is_ended_early_has_no_effect_or_all_of_it"}


class KeepsItsLock(Host):
    locked = False

    def start(self, vm):
        if self.locked:
            raise NotRunning(name=vm.name)
        self.locked = abort.current().asked
        return super().start(vm)


class TestKeepsItsLock(TestRight):
    host = KeepsItsLock
    caught_by = {"test_what_is_ended_early_has_no_effect_or_all_of_it"}
