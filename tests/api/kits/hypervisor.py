"""Fakes of a hypervisor."""

import itertools

import pytest

from stratiform.api.adapters.hypervisor import NotRunning
from stratiform.api.spec import HostFact, Inventory, VmFact
from stratiform.api.testing.hypervisor import HypervisorContract
from stratiform.framework.base.errors import Error


class Host:
    def __init__(self):
        self.vms = {}

    def describe(self):
        return HostFact(cpus=4, speed=2000, memory=1 << 33, hypervisor_version="1")

    def start(self, vm):
        self.vms[vm.name] = VmFact(uuid=vm.uuid, name=vm.name, running=True)
        return self.vms[vm.name]

    def stop(self, name, forced=False):
        self.vms.pop(name, None)

    def reboot(self, name):
        if name not in self.vms:
            raise NotRunning(name=name)
        return self.vms[name]

    def inventory(self):
        return Inventory(vms=tuple(self.vms.values()))


class TestRight(HypervisorContract):
    host = Host

    @pytest.fixture
    def hypervisor(self):
        return self.host()


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
