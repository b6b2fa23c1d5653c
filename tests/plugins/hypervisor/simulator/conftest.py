"""Simulators as real processes, and somebody who asks their hosts as a server would."""

import os
import queue
import signal
import time
import uuid
from collections import defaultdict
from functools import partial, wraps
from inspect import isfunction
from types import SimpleNamespace

import msgspec
import pytest

from stratiform.api.adapters.hypervisor import Hypervisor
from stratiform.api.adapters.storage import PrimaryStorage
from stratiform.api.spec import HostSpec, PoolSpec, VmSpec, VolumeSpec
from stratiform.framework.agents import abort
from stratiform.framework.agents.frame import Act, Fate, Reply, Request, pack
from stratiform.framework.agents.message import answer, message
from stratiform.framework.agents.socket import SocketTransport
from stratiform.framework.base.clock import SystemClock
from stratiform.framework.base.errors import restore
from stratiform.framework.base.threads import SystemThreads
from stratiform.plugins.hypervisor.simulator.client import SimulatorClient
from stratiform.plugins.hypervisor.simulator.place import Place
from stratiform.plugins.hypervisor.simulator.provider import simulator as provider

SECONDS = 30
POOL = PoolSpec(uuid="pool-1", url="nfs://store.invalid/pool")


class Server:
    """Asks hosts over one link."""

    def __init__(self, address):
        self.transport = SocketTransport(SystemThreads(), SystemClock())
        self.arrived, self.kept = queue.SimpleQueue(), defaultdict(list)
        self.link = self.transport.open(address, self.arrived.put, self.arrived.put)

    def put(self, act, host, command="", epoch=1, sent=None):
        self.link.send(
            pack(Request(act=act, resource=host, address=url(host), command=command, epoch=epoch, message=sent))
        )

    def send(self, host, sent, command=None, epoch=1):
        """Send a command and do not wait; answers its id."""
        command = command or f"{uuid.uuid4()}/1"
        self.put(Act.SEND, host, command, epoch, sent)
        return command

    def hear(self, act, host, command):
        """Wait for the next reply to that command."""
        while not self.kept[act, host, command]:
            frame = self.arrived.get(timeout=SECONDS)
            assert isinstance(frame, bytes), f"the link ended: {frame}"
            reply = msgspec.json.decode(frame, type=Reply)
            self.kept[reply.act, reply.resource, reply.command].append(reply)
        return self.kept[act, host, command].pop(0)

    def sent(self, host, sent, command=None, epoch=1):
        """Send a command and wait for its reply."""
        return self.hear(Act.SEND, host, self.send(host, sent, command, epoch))

    def query(self, host, command, epoch=1):
        self.put(Act.QUERY, host, command, epoch)
        return self.hear(Act.QUERY, host, command)

    def ask(self, host, verb, *given, **named):
        """What a verb returned; raises what it raised, `Aborted` if it was ended early."""
        command = f"{uuid.uuid4()}/1"
        with abort.current().by(lambda: self.put(Act.ABORT, host, command)):
            reply = self.sent(host, message(verb, *given, **named), command)
        if reply.fate is not Fate.DONE:
            raise restore(reply.error)
        return answer(verb, reply.answer)

    def unanswered(self, act, host, command):
        """Whether nothing was answered by when everything before now has been: another host answers."""
        assert self.query("host-that-answers", f"{uuid.uuid4()}").fate is Fate.UNKNOWN
        return not self.kept[act, host, command]

    def create(self, *volumes, host="host-1"):
        for volume in volumes:
            self.ask(host, PrimaryStorage.create, volume)

    def start(self, machine, host="host-1"):
        return self.ask(host, Hypervisor.start, machine)

    def running(self, host="host-1"):
        return [each.name for each in self.ask(host, Hypervisor.inventory).vms]

    def close(self):
        self.transport.close()


def url(host):
    return f"http://{host}.invalid"


def volume(number=1, **other):
    given = {"uuid": f"volume-{number}", "name": "root", "pool": POOL, "path": f"disk-{number}", "size": 1 << 30}
    return VolumeSpec(**{**given, "device": 0, **other})


def vm(number=1, run=1, volumes=(), **other):
    name = f"i-2-{number}-VM.{run}"
    given = {"uuid": f"vm-{number}", "name": name, "cpus": 1, "speed": 500, "memory": 512}
    return VmSpec(**{**given, "volumes": volumes, **other})


def kill(data):
    """End the simulator as kill -9 does, and wait until it is gone: then its lock is free."""
    place = Place(data)
    if place.serves():
        os.kill(int(place.pid.read_text()), signal.SIGKILL)
    with place.locked("simulator.lock"):
        pass


def remote(protocol, ask):
    """An effector whose verbs are carried out by asking for them."""

    def method(declared):
        return wraps(declared)(lambda self, *given, **named: ask(declared, *given, **named))

    declared = {name: each for name, each in vars(protocol).items() if isfunction(each) and name[0] != "_"}
    return type("Remote", (), {name: method(each) for name, each in declared.items()})()


@pytest.fixture
def data(tmp_path):
    """A directory for a simulator, which is ended with the test."""
    yield tmp_path / "data"
    kill(tmp_path / "data")


@pytest.fixture
def serve(data):
    """Start a simulator, or start it again, and answer somebody who asks its hosts."""
    servers = []

    def serving():
        provider.prepare(data)
        host = HostSpec(
            uuid="h", name="h", url=url("h"), hypervisor="Simulator", zone="z", pod="p", cluster="c"
        )
        servers.append(Server(provider.route(host, data).address))
        return servers[-1]

    yield serving
    for server in servers:
        server.close()


@pytest.fixture
def server(serve):
    return serve()


@pytest.fixture
def client(data):
    with SimulatorClient(data) as made:
        yield made


@pytest.fixture
def until():
    """Wait until a condition holds; fail if it does not in time."""

    def waiting(condition):
        deadline = time.monotonic() + SECONDS
        while not condition():
            assert time.monotonic() < deadline, "it did not come to be in time"
            time.sleep(0.01)

    return waiting


@pytest.fixture
def make():
    """Builders: `make.vm(number)` and `make.volume(number)`, and the pool of all volumes."""
    return SimpleNamespace(vm=vm, volume=volume, pool=POOL, url=url)


@pytest.fixture
def killed(data):
    """End the simulator as kill -9 does."""
    return lambda: kill(data)


@pytest.fixture(scope="module")
def lasting(tmp_path_factory):
    """Somebody who asks the hosts of one simulator for all tests of a module."""
    data = tmp_path_factory.mktemp("lasting")
    provider.prepare(data)
    server = Server(Place(data).address())
    yield server
    server.close()
    kill(data)


@pytest.fixture
def names():
    """The UUIDs of two hosts of a test's own."""
    return tuple(f"host-{uuid.uuid4()}" for _ in range(2))


@pytest.fixture
def effector(lasting, names):
    """An effector of the first of these hosts, or of another, at the other end of a socket."""
    return lambda protocol, number=0: remote(protocol, partial(lasting.ask, names[number]))
