"""Simulated hosts: what they are made of, how they fail, and the locks that nobody gets past."""

import pytest

from stratiform.api.adapters.hypervisor import Hypervisor, Peer
from stratiform.api.adapters.storage import PrimaryStorage
from stratiform.framework.agents.frame import Act, Fate, Request, pack
from stratiform.framework.agents.message import message
from stratiform.framework.base.errors import Error, NotFound
from stratiform.plugins.hypervisor.simulator.control import Shape
from stratiform.plugins.hypervisor.simulator.hosts import Condition
from stratiform.plugins.hypervisor.simulator.latency import Constant


def peer(make, host):
    return Peer(uuid=host, url=make.url(host))


def locked(client):
    """The starts that a lock kept from happening twice."""
    return [entry for entry in client.journal() if "is locked by" in entry.outcome]


def test_a_host_comes_to_be_by_being_named(server, client, make):
    server.put(Act.PROBE, "host-1", "ping-1")
    assert server.hear(Act.PROBE, "host-1", "ping-1").answer["hypervisor_version"]
    server.running("host-2")
    (first, second) = client.inventory().hosts
    assert (first.uuid, first.url, first.condition) == ("host-1", make.url("host-1"), Condition.UP)
    assert (second.uuid, second.shape) == ("host-2", Shape(cpus=32, speed=2500, memory=128 << 30))


def test_hosts_have_the_shape_they_are_given(server, client, make):
    client.set_shape("*", Shape(cpus=4))
    client.set_shape("http://big-*", Shape(cpus=400, memory=1 << 40))
    assert server.ask("host-1", Hypervisor.describe).cpus == 4
    big = server.ask("big-1", Hypervisor.describe)
    assert (big.cpus, big.speed, big.memory) == (400, 2500, 1 << 40)


def test_a_machine_starts_only_if_its_disks_are_there(server, make):
    needy = make.vm(volumes=(make.volume(1), make.volume(2)))
    server.create(make.volume(1))
    with pytest.raises(Error, match=r"no disk at disk-2.*Create it"):
        server.start(needy)
    assert server.running() == []
    server.create(make.volume(2), host="host-2")
    assert server.start(needy).running
    assert {fact.path for fact in server.ask("host-1", Hypervisor.inventory).volumes} == {"disk-1", "disk-2"}


def test_a_machine_that_runs_elsewhere_on_the_same_disks_is_refused_and_it_is_written_down(
    server, client, make
):
    server.create(make.volume(1))
    server.start(make.vm(1, run=1, volumes=(make.volume(1),)))
    assert locked(client) == []
    with pytest.raises(Error, match=r"i-2-1-VM\.2 cannot start: disk disk-1 .* on host host-1"):
        server.start(make.vm(1, run=2, volumes=(make.volume(1),)), host="host-2")
    (entry,) = locked(client)
    assert (entry.host, entry.verb, entry.subject) == ("host-2", "Hypervisor.start", "vm-1")
    assert server.running("host-2") == []


def test_two_runs_of_one_machine_exclude_each_other_even_without_disks(server, client, make):
    server.start(make.vm(1, run=1))
    with pytest.raises(Error, match="is locked by"):
        server.start(make.vm(1, run=2), host="host-2")
    server.ask("host-1", Hypervisor.stop, make.vm(1, run=1).name)
    assert server.start(make.vm(1, run=2), host="host-2").running
    assert len(locked(client)) == 1


def test_a_disk_in_use_is_not_deleted_and_a_taken_path_not_given_again(server, make):
    server.create(make.volume(1))
    server.start(make.vm(volumes=(make.volume(1),)))
    with pytest.raises(Error, match="in use by"):
        server.ask("host-2", PrimaryStorage.delete, make.volume(1))
    with pytest.raises(Error, match="another disk"):
        server.create(make.volume(2, path="disk-1"))
    server.ask("host-1", Hypervisor.stop, make.vm().name)
    server.ask("host-2", PrimaryStorage.delete, make.volume(1))
    assert server.ask("host-1", PrimaryStorage.attach, make.pool).used == 0


def test_a_crash_stops_what_runs_and_frees_its_disks(server, client, make):
    server.create(make.volume(1))
    server.start(make.vm(1, run=1, volumes=(make.volume(1),)))
    client.crash("host-1")
    assert client.inventory().hosts[0].vms == ()
    assert server.start(make.vm(1, run=2, volumes=(make.volume(1),)), host="host-2").running
    assert locked(client) == []


def test_a_crashed_host_answers_nothing_and_forgets_what_it_was_told(server, client, make):
    server.running()
    client.crash("host-1")
    server.put(Act.PROBE, "host-1", "ping")
    server.put(Act.QUERY, "host-1", "job/0")
    command = server.send("host-1", message(Hypervisor.start, make.vm()))
    assert server.unanswered(Act.PROBE, "host-1", "ping")
    assert server.unanswered(Act.QUERY, "host-1", "job/0")
    assert server.unanswered(Act.SEND, "host-1", command)
    client.restore("host-1")
    assert server.query("host-1", command).fate is Fate.UNKNOWN
    assert server.running() == []
    assert "lost" in [entry.outcome for entry in client.journal("host-1") if entry.command == command]


def test_a_command_under_way_when_its_host_crashes_never_happens(server, client, make):
    client.set_latency("Hypervisor.start", Constant(1_000_000))
    start = message(Hypervisor.start, make.vm())
    command = server.send("host-1", start, epoch=4)
    assert server.query("host-1", command, epoch=4).fate is Fate.RUNNING
    client.crash("host-1")
    client.restore("host-1")
    assert server.query("host-1", command, epoch=5).fate is Fate.UNKNOWN
    assert server.sent("host-1", start, command, epoch=4).fate is Fate.REFUSED
    server.start(make.vm(2), host="host-2")  # would have been later than what was under way
    assert server.running() == []


def test_a_hung_host_takes_everything_and_does_it_when_it_is_restored(server, client, make):
    server.start(make.vm(1))
    client.hang("host-1")
    command = server.send("host-1", message(Hypervisor.start, make.vm(2)))
    server.put(Act.PROBE, "host-1", "ping")
    assert server.unanswered(Act.SEND, "host-1", command)
    assert server.unanswered(Act.PROBE, "host-1", "ping")
    assert [fact.name for fact in client.inventory().hosts[0].vms] == ["i-2-1-VM.1"]
    client.restore("host-1")
    assert server.hear(Act.SEND, "host-1", command).fate is Fate.DONE
    assert server.running() == ["i-2-1-VM.1", "i-2-2-VM.1"]


def test_a_hung_host_keeps_a_zombies_order_which_is_refused_when_it_wakes(server, client, make):
    """The nastiest case: an old owner's stop reaches the host, and is looked at long after the takeover."""
    server.start(make.vm(1))
    client.hang("host-1")
    server.put(Act.QUERY, "host-1", "job/1", 8)
    server.send("host-1", message(Hypervisor.stop, make.vm(1).name), "job/1", epoch=7)
    assert server.unanswered(Act.SEND, "host-1", "job/1")
    client.restore("host-1")
    assert server.hear(Act.SEND, "host-1", "job/1").fate is Fate.REFUSED
    assert server.running() == ["i-2-1-VM.1"]


def test_a_partitioned_host_runs_on_and_its_answers_are_lost(server, client, make, until):
    client.set_latency("Hypervisor.start", Constant(1_000_000))
    command = server.send("host-1", message(Hypervisor.start, make.vm()))
    assert server.query("host-1", command).fate is Fate.RUNNING
    client.partition("host-1")
    later = server.send("host-1", message(Hypervisor.stop, make.vm().name))
    until(lambda: client.inventory().hosts[0].vms)
    assert server.unanswered(Act.SEND, "host-1", command)
    client.restore("host-1")
    assert server.query("host-1", command).fate is Fate.DONE
    assert server.query("host-1", later).fate is Fate.UNKNOWN


def test_a_machine_moves_with_the_locks_of_its_disks(server, client, make):
    server.create(make.volume(1))
    server.start(make.vm(1, volumes=(make.volume(1),)))
    server.ask("host-2", Hypervisor.receive, make.vm(1, volumes=(make.volume(1),)))
    server.ask("host-1", Hypervisor.migrate, make.vm(1).name, peer(make, "host-2"))
    assert (server.running("host-1"), server.running("host-2")) == ([], [make.vm(1).name])
    (disk,) = client.inventory().volumes
    assert (disk.host, disk.vm) == ("host-2", make.vm(1).name)
    with pytest.raises(Error, match="is locked by"):
        server.start(make.vm(1, run=2, volumes=(make.volume(1),)))


def test_a_host_receives_no_machine_whose_disks_are_not_there(server, make):
    with pytest.raises(Error, match=r"no disk at disk-1.*Create it"):
        server.ask("host-2", Hypervisor.receive, make.vm(1, volumes=(make.volume(1),)))


@pytest.mark.parametrize("wrong", ["crash", "hang", "partition", None])
def test_a_machine_stays_where_it_is_if_the_other_host_does_not_answer(server, client, make, wrong):
    server.start(make.vm(1))
    if wrong:
        server.running("host-2")
        getattr(client, wrong)("host-2")
    with pytest.raises(Error, match=r"cannot move to host host-2: that is .*It runs on here"):
        server.ask("host-1", Hypervisor.migrate, make.vm(1).name, peer(make, "host-2"))
    assert server.running() == [make.vm(1).name]


def test_what_is_to_stay_is_not_moved_by_what_was_under_way(server, client, make):
    client.set_latency("Hypervisor.migrate", Constant(60_000_000))
    for number in (1, 2):
        server.start(make.vm(number))
    server.running("host-2")
    moves = [
        server.send("host-1", message(Hypervisor.migrate, make.vm(number).name, peer(make, "host-2")))
        for number in (1, 2)
    ]
    assert server.ask("host-1", Hypervisor.stay, make.vm(1).name) is True
    broken = server.hear(Act.SEND, "host-1", moves[0])
    assert (broken.fate, broken.error["code"]) == (Fate.FAILED, "broken_off")
    assert server.query("host-1", moves[1]).fate is Fate.RUNNING
    assert server.running() == [make.vm(1).name, make.vm(2).name]


def test_a_host_knows_which_pools_it_attached_until_it_loses_its_power(server, client, make):
    for host in ("host-1", "host-2"):
        server.ask(host, PrimaryStorage.attach, make.pool)
    server.ask("host-2", PrimaryStorage.detach, make.pool)
    assert [each.pools for each in client.inventory().hosts] == [(make.pool.uuid,), ()]
    client.crash("host-1")
    assert client.inventory().hosts[0].pools == ()


def test_hosts_of_two_zones_may_share_a_url_and_are_two_hosts(server, client, make):
    """Each is who its UUID says; a URL that several have names none of them."""
    for host in ("zone-1", "zone-2"):
        server.link.send(pack(Request(act=Act.SEND, resource=host, address="http://same", command=f"{host}/1", epoch=1,
                                      message=message(Hypervisor.start, make.vm(1, uuid=f"vm-{host}")))))  # fmt: skip
        assert server.hear(Act.SEND, host, f"{host}/1").fate is Fate.DONE
    assert [[vm.uuid for vm in each.vms] for each in client.inventory().hosts] == [["vm-zone-1"], ["vm-zone-2"]]
    with pytest.raises(Error, match="Name one by its UUID: zone-1, zone-2"):
        client.crash("http://same")
    client.crash("zone-2")
    assert [len(each.vms) for each in client.inventory().hosts] == [1, 0]


def test_one_host_that_fails_is_not_another(server, client):
    server.running("host-1")
    server.running("host-2")
    client.hang("host-1")
    assert server.running("host-2") == []


def test_a_host_is_steered_by_its_url_too_and_a_stranger_is_told(server, client, make):
    server.running()
    client.hang(make.url("host-1"))
    assert client.inventory().hosts[0].condition is Condition.HUNG
    with pytest.raises(NotFound, match="nobody"):
        client.crash("nobody")
