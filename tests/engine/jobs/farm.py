"""Hosts and pools in memory, as they really are: what a test compares the database with, and makes misbehave."""

import threading
from collections import Counter, defaultdict, deque

import msgspec

from stratiform.api.adapters.hypervisor import Hypervisor, NotRunning, Route
from stratiform.api.adapters.storage import PrimaryStorage
from stratiform.api.spec import HostFact, Inventory, PoolFact, VmFact, VolumeFact
from stratiform.framework.agents.commandlog import MemoryLog
from stratiform.framework.agents.frame import Act, Reply
from stratiform.framework.agents.local import LocalTransport
from stratiform.framework.agents.workers import far_end
from stratiform.framework.base import errors
from stratiform.framework.base.threads import SystemThreads

GIB = 1 << 30


class Broken(errors.Error):
    """The host says no: {reason}."""

    code = "broken"


class Farm:
    """Every host and pool. It keeps a list of what must never have been asked of it: `wrongs`."""

    def __init__(self):
        self.running = {}  # (host, name of the run) → uuid of the machine
        self.specs = {}  # name of the run → the machine as it was started
        self.ready = set()  # (host, name of the run) that may be moved there
        self.disks = {}  # (pool, path) → uuid of the volume
        self.attached = defaultdict(set)  # host → pools
        self.capacity = 1000 * GIB
        self.host = HostFact(cpus=8, speed=2000, memory=16 * GIB, hypervisor_version="1", capabilities=("a", "b"))
        self.calls = Counter()  # by verb
        self.asked = []  # verb and host, in the order in which they had their effect
        self.wrongs = []
        self.lock = threading.Lock()
        self._scripts = defaultdict(deque)

    def then(self, verb, *acts):
        """Let the next calls of a verb do this first: an error is raised; an Event is waited for.

        `after(error)` has its effect and then raises, `instead(make)` and then answers something else. A list of them
        is done one after another.
        """
        self._scripts[verb].extend(acts)

    def names(self, host=None):
        """The runs that there are."""
        return sorted(name for home, name in self.running if host in (None, home))

    def wrong(self, text):
        self.wrongs.append(text)
        raise Broken(reason=text)

    def scripted(self, verb):
        with self.lock:
            self.calls[verb] += 1
            return self._scripts[verb].popleft() if self._scripts[verb] else None


class after:  # noqa: N801 -- reads as a word
    """An error that is raised when the effect was had."""

    def __init__(self, error):
        self.error = error


class instead:  # noqa: N801 -- reads as a word
    """An answer that is given in place of the true one, made of that."""

    def __init__(self, make):
        self.make = make


class Host:
    """One host: the effectors `Hypervisor` and `PrimaryStorage`."""

    def __init__(self, farm, uuid):
        self.farm, self.uuid = farm, uuid

    def __getattribute__(self, name):
        verb = object.__getattribute__(self, name)
        if name.startswith("_") or name in ("farm", "uuid"):
            return verb

        def call(*args, **kwargs):
            acts = self.farm.scripted(name)
            acts = acts if isinstance(acts, list) else [acts]
            for act in acts:
                if isinstance(act, threading.Event):
                    assert act.wait(30), f"{name} was never let go on"
                elif isinstance(act, Exception):
                    raise act
            with self.farm.lock:
                self.farm.asked.append((name, self.uuid))
                answer = verb(*args, **kwargs)
            for act in acts:
                if isinstance(act, instead):
                    answer = act.make(answer)
                if isinstance(act, after):
                    raise act.error
            return answer

        return call

    def describe(self):
        return self.farm.host

    def start(self, vm):
        for (home, name), uuid in self.farm.running.items():
            if uuid == vm.uuid and (home, name) != (self.uuid, vm.name):
                self.farm.wrong(f"{vm.name} would run twice: it runs as {name} on {home}")
        self._reaches(vm)
        if not vm.volumes or not all(each.ip4 for each in vm.nics):
            self.farm.wrong(f"{vm.name} lacks a disk or an address")
        self.farm.running[self.uuid, vm.name] = vm.uuid
        self.farm.specs[vm.name] = vm
        return VmFact(uuid=vm.uuid, name=vm.name, running=True)

    def stop(self, name, forced=False):
        self.farm.running.pop((self.uuid, name), None)

    def reboot(self, name):
        if (self.uuid, name) not in self.farm.running:
            raise NotRunning(name=name)
        return VmFact(uuid=self.farm.running[self.uuid, name], name=name, running=True)

    def receive(self, vm):
        self._reaches(vm)
        if not any(name == vm.name for _, name in self.farm.running):
            self.farm.wrong(f"{vm.name} would be received and runs nowhere")
        self.farm.ready.add((self.uuid, vm.name))

    def migrate(self, name, to):
        if (to.uuid, name) in self.farm.running:
            return
        if (self.uuid, name) not in self.farm.running:
            raise NotRunning(name=name)
        if (to.uuid, name) not in self.farm.ready:
            self.farm.wrong(f"{name} would be moved to where nothing is ready for it")
        self.farm.ready.discard((to.uuid, name))
        self.farm.running[to.uuid, name] = self.farm.running.pop((self.uuid, name))

    def stay(self, name):
        return (self.uuid, name) in self.farm.running

    def inventory(self):
        mine = [(name, uuid) for (home, name), uuid in self.farm.running.items() if home == self.uuid]
        return Inventory(vms=tuple(VmFact(uuid=uuid, name=name, running=True) for name, uuid in mine))

    def attach(self, pool):
        self.farm.attached[self.uuid].add(pool.uuid)
        return PoolFact(capacity=self.farm.capacity, used=0)

    def detach(self, pool):
        mine = [self.farm.specs[name] for home, name in self.farm.running if home == self.uuid]
        if pool.uuid in {each.pool.uuid for vm in mine for each in vm.volumes}:
            self.farm.wrong(f"{pool.uuid} would be left by a host that uses it")
        self.farm.attached[self.uuid].discard(pool.uuid)

    def create(self, volume):
        if volume.pool.uuid not in self.farm.attached[self.uuid]:
            self.farm.wrong(f"{volume.path} would be made through a host that does not reach its pool")
        self.farm.disks[volume.pool.uuid, volume.path] = volume.uuid
        return VolumeFact(uuid=volume.uuid, path=volume.path, size=volume.size)

    def _reaches(self, vm):
        for volume in vm.volumes:
            if (volume.pool.uuid, volume.path) not in self.farm.disks:
                self.farm.wrong(f"{vm.name} has no disk at {volume.path}")
            if volume.pool.uuid not in self.farm.attached[self.uuid]:
                self.farm.wrong(f"{vm.name} was placed where the pool of its disk is not attached")

    def delete(self, volume):
        if volume.pool.uuid not in self.farm.attached[self.uuid]:
            self.farm.wrong(f"{volume.path} would be deleted through a host that does not reach its pool")
        self.farm.disks.pop((volume.pool.uuid, volume.path), None)


class Way:
    """A transport to the farm that loses, doubles and cuts as a test says; the same for every server."""

    def __init__(self, farm, clock):
        self._farm, self._clock, self._threads, self._log = farm, clock, SystemThreads(), MemoryLog()
        self._begin()
        self._closers = []
        self.doubling = False
        self.losing = 0
        """How many answers more are lost on their way."""
        self.lost = 0

    def open(self, address, received, closed):
        def receive(frame):
            if msgspec.json.decode(frame, type=Reply).act is not Act.PROBE and self.losing:
                self.losing, self.lost = self.losing - 1, self.lost + 1
                return
            for _ in range(1 + self.doubling):
                received(frame)

        link = self._local.open(address, receive, closed)
        self._closers.append((link, closed))
        return link

    def _begin(self):
        protocols, threads, clock = [Hypervisor, PrimaryStorage], self._threads, self._clock
        self.farend = far_end(lambda uuid, *rest: Host(self._farm, uuid), protocols, self._log, threads, clock, each=8)
        self._local = LocalTransport(self.farend, threads, clock)

    def restart(self):
        """The process at the far end dies in the midst of what it does; the next one has its log and nothing else."""
        self.close()
        self._begin()
        self.cut()

    def cut(self):
        """Lose every link, with what is on its way."""
        closers, self._closers = self._closers, []
        for link, closed in closers:
            link.close()
            closed("it was cut")

    def close(self):
        self.farend.close()
        self._local.close()


class Provider:
    """A hypervisor plug-in whose hosts are the farm's."""

    name = "Simulator"
    order = 0

    def prepare(self, data):
        """Nothing stands beside the server."""

    def route(self, host, data):
        return Route(transport="farm", address="farm")

    def retire(self, data):
        """Nothing to end."""
