"""The simulator's process: one for all servers, outliving them, and losing nothing when it is killed."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from stratiform.api.adapters.hypervisor import Hypervisor
from stratiform.framework.agents.frame import Act, Fate
from stratiform.framework.agents.message import message
from stratiform.framework.base.errors import Unreachable
from stratiform.plugins.hypervisor.simulator import process
from stratiform.plugins.hypervisor.simulator.client import SimulatorClient
from stratiform.plugins.hypervisor.simulator.control import Shape
from stratiform.plugins.hypervisor.simulator.latency import Constant
from stratiform.plugins.hypervisor.simulator.place import LONGEST, Place
from stratiform.plugins.hypervisor.simulator.provider import simulator
from stratiform.plugins.hypervisor.simulator.rule import Action, Rule

HOUR = Constant(3_600_000_000)
PREPARE = """
import pathlib, sys
from stratiform.plugins.hypervisor.simulator.place import Place
from stratiform.plugins.hypervisor.simulator.provider import simulator
data = pathlib.Path(sys.argv[1])
simulator.prepare(data)
print(Place(data).pid.read_text())
"""


def control(data, *words):
    command = [sys.executable, "-m", process.PACKAGE, "--data", str(data), "control", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=50)


def test_many_servers_that_start_at_once_share_one_and_it_outlives_them(data, client):
    command = [sys.executable, "-c", PREPARE, str(data)]
    servers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    told = {server.communicate(timeout=50)[0].strip() for server in servers}
    assert [server.returncode for server in servers] == [0] * 4
    assert told == {Place(data).pid.read_text()}
    assert Place(data).log.read_text() == ""
    assert client.inventory().hosts == ()


def test_a_second_process_waits_until_the_first_has_ended(server, data, client, make, until):
    server.start(make.vm())
    first = Place(data).pid.read_text()
    with subprocess.Popen([sys.executable, "-m", process.PACKAGE, "--data", str(data)]) as second:
        assert server.running() == ["i-2-1-VM.1"]
        assert Place(data).pid.read_text() == first
        client.shutdown()
        until(lambda: Place(data).pid.read_text() == str(second.pid) and Place(data).serves())
        assert [vm.name for vm in client.inventory().hosts[0].vms] == ["i-2-1-VM.1"]
        second.kill()


def test_what_runs_goes_on_running_when_it_is_killed(serve, killed, client, make):
    first = serve()
    first.create(make.volume(1), make.volume(2))
    first.start(make.vm(1, volumes=(make.volume(1),)))
    first.start(make.vm(2, volumes=(make.volume(2),)), host="host-2")
    first.running("host-3")
    client.partition("host-3")
    client.set_shape("host-1", Shape(cpus=8))
    rule = client.add_rule(Rule(verb="Hypervisor.stop", action=Action.FAIL, count=7))
    before = client.inventory(), client.journal()
    killed()

    again = serve()
    assert (client.inventory(), client.journal()) == before
    assert [(each.id, each.count) for each in client.rules()] == [(rule, 7)]
    assert again.running() == ["i-2-1-VM.1"]
    assert again.running("host-2") == ["i-2-2-VM.1"]
    assert again.ask("host-1", Hypervisor.describe).cpus == 8


def test_a_command_that_was_carried_out_is_remembered_when_it_is_killed(serve, killed, make):
    first, start = serve(), message(Hypervisor.start, make.vm())
    command = first.send("host-1", start, epoch=5)
    assert first.hear(Act.SEND, "host-1", command).fate is Fate.DONE
    killed()

    again = serve()
    assert again.query("host-1", command, epoch=4).fate is Fate.DONE
    assert again.sent("host-1", start, command, epoch=4).fate is Fate.REFUSED
    assert again.sent("host-1", start, command, epoch=6).answer["name"] == "i-2-1-VM.1"


def test_a_command_that_was_waiting_had_no_effect_when_it_is_killed(serve, killed, client, make):
    first, start = serve(), message(Hypervisor.start, make.vm())
    client.set_latency("Hypervisor.start", HOUR)
    command = first.send("host-1", start, epoch=5)
    assert first.query("host-1", command, epoch=5).fate is Fate.RUNNING
    killed()

    again = serve()
    assert client.journal("host-1")[0].outcome == "abandoned: the simulator ended"
    assert again.query("host-1", command, epoch=5).fate is Fate.UNKNOWN
    assert again.running() == []
    assert again.sent("host-1", start, command, epoch=4).fate is Fate.REFUSED
    client.set_latency("Hypervisor.start", Constant(0))
    assert again.sent("host-1", start, command, epoch=5).fate is Fate.DONE
    assert again.running() == ["i-2-1-VM.1"]


@pytest.mark.parametrize("after", [1, 60, 400])
def test_whenever_it_is_killed_effect_and_outcome_agree(serve, data, killed, make, after):
    first = serve()
    numbers = range(1500)
    starts = [message(Hypervisor.start, make.vm(number)) for number in numbers]
    commands = [first.send(f"host-{number % 7}", start) for number, start in zip(numbers, starts, strict=True)]
    for number in range(after):
        first.hear(Act.SEND, f"host-{number % 7}", commands[number])
    os.kill(int(Place(data).pid.read_text()), signal.SIGKILL)
    killed()

    again = serve()
    fates = [again.query(f"host-{number % 7}", commands[number]).fate for number in numbers]
    ran = {name for host in range(7) for name in again.running(f"host-{host}")}
    assert set(fates[:after]) == {Fate.DONE}
    assert set(fates) <= {Fate.DONE, Fate.UNKNOWN}
    assert ran == {make.vm(number).name for number in numbers if fates[number] is Fate.DONE}


def test_a_directory_with_a_long_path_has_a_short_socket(tmp_path, client):
    deep = tmp_path / ("a" * 200) / "data"
    address = Place(deep).address()
    assert len(address) <= LONGEST
    assert {Place(deep).address() for _ in range(3)} == {address}
    simulator.prepare(deep)
    with SimulatorClient(deep) as client:
        assert client.inventory().hosts == ()
        client.shutdown()
    Path(address.removeprefix("unix:")).unlink()
    Path(address.removeprefix("unix:")).parent.rmdir()
    assert Place(deep).address() != address


def test_one_that_does_not_start_is_an_error_that_names_its_log(data):
    data.mkdir()
    Place(data).state.write_text("this is no database " * 100)
    with pytest.raises(process.NotStarted, match=r"simulator\.log"):
        simulator.prepare(data)
    assert "file is not a database" in Place(data).log.read_text()


def test_a_client_without_a_simulator_says_so(client):
    with pytest.raises(Unreachable):
        client.inventory()


def test_one_that_is_shut_down_can_be_started_again(serve, client, make):
    serve().start(make.vm())
    client.shutdown()
    assert serve().running() == ["i-2-1-VM.1"]


def test_operators_steer_it_from_the_command_line(server, data, make):
    server.start(make.vm())
    assert control(data, "hosts").stdout.split() == ["host-1", "up", "1", "VMs", "http://host-1.invalid"]
    assert control(data, "vms").stdout.split() == ["vm-1", "i-2-1-VM.1", "host-1"]
    assert control(data, "add", '{"verb": "Hypervisor.stop", "action": "hang"}').stdout == "1\n"
    assert '"action":"hang"' in control(data, "rules").stdout
    assert control(data, "remove", "1").returncode == 0
    assert control(data, "rules").stdout == ""
    assert '"verb":"Hypervisor.start"' in control(data, "journal", "--host", "host-1").stdout
    for verb, shown in (("hang", "hung"), ("partition", "partitioned"), ("crash", "crashed"), ("restore", "up")):
        assert control(data, verb, make.url("host-1")).returncode == 0
        assert control(data, "hosts").stdout.split()[1] == shown
    assert control(data, "vms").stdout == ""
    unknown = control(data, "crash", "nobody")
    assert (unknown.returncode, "nobody" in unknown.stderr) == (1, True)
    assert control(data, "shutdown").returncode == 0
    assert control(data, "hosts").returncode == 1


def test_it_holds_few_threads_however_much_waits(server, data, client, make):
    """Ten thousand commands in flight, from a thousand hosts: three threads and a handful of files."""
    before = threading.active_count()
    client.set_latency("*", HOUR)
    describe = message(Hypervisor.describe)
    for number in range(10_000):
        last = server.send(f"host-{number % 1000}", describe)
    assert server.query("host-999", last).fate is Fate.RUNNING
    of_process = Path("/proc", Place(data).pid.read_text())
    if of_process.exists():
        assert len(list((of_process / "task").iterdir())) <= 3
        assert len(list((of_process / "fd").iterdir())) <= 20
    assert threading.active_count() < before + 10
