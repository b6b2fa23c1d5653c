"""Commands to simulated hosts that are wanted no more: what did not act yet never does, and the journal proves it."""

import pytest

from stratiform.api.adapters.hypervisor import Hypervisor, Peer
from stratiform.api.adapters.storage import PrimaryStorage
from stratiform.framework.agents.frame import Act, Fate
from stratiform.framework.agents.message import message
from stratiform.plugins.hypervisor.simulator.latency import Constant
from stratiform.plugins.hypervisor.simulator.rule import Action, Rule

HOUR = Constant(3_600_000_000)
ABORTED = (Fate.FAILED, "aborted")


def code(reply):
    return reply.fate, reply.error and reply.error["code"]


@pytest.fixture
def abort(server):
    """Abort a command; what is said to that, and what was told of the command itself."""

    def aborting(host, command, epoch=1):
        server.put(Act.ABORT, host, command, epoch)
        return code(server.hear(Act.ABORT, host, command))

    return aborting


def outcomes(client, command):
    return [(entry.act, entry.outcome) for entry in client.journal() if entry.command == command]


def test_a_command_that_takes_its_time_is_aborted_and_its_neighbour_is_not(server, client, make, abort):
    client.set_latency("Hypervisor.start", HOUR)
    first, second = (server.send("host-1", message(Hypervisor.start, make.vm(number))) for number in (1, 2))
    assert abort("host-1", first) == ABORTED
    assert code(server.hear(Act.SEND, "host-1", first)) == ABORTED
    assert server.query("host-1", second).fate is Fate.RUNNING
    assert outcomes(client, first) == [("send", "aborted"), ("abort", "aborted")]
    assert server.running() == []
    client.set_latency("Hypervisor.start", Constant(0))
    assert code(server.sent("host-1", message(Hypervisor.start, make.vm(1)), first, epoch=2)) == ABORTED
    assert server.running() == []
    assert server.start(make.vm(1)).running


VERBS = {
    Hypervisor.start: lambda make: (make.vm(2, volumes=(make.volume(2),)),),
    Hypervisor.stop: lambda make: (make.vm(1).name,),
    Hypervisor.reboot: lambda make: (make.vm(1).name,),
    Hypervisor.receive: lambda make: (make.vm(1, volumes=(make.volume(1),)),),
    Hypervisor.migrate: lambda make: (make.vm(1).name, Peer(uuid="host-2", url=make.url("host-2"))),
    PrimaryStorage.create: lambda make: (make.volume(3),),
    PrimaryStorage.delete: lambda make: (make.volume(2),),
    PrimaryStorage.attach: lambda make: (make.pool,),
    PrimaryStorage.detach: lambda make: (make.pool,),
}
"""Whatever changes something, and what it is given on a host where machine 1 runs on disk 1, and disk 2 is free."""


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.__qualname__)
def test_whatever_is_aborted_left_everything_as_it_was_and_can_be_asked_for_again(server, client, make, abort, verb):
    server.ask("host-1", PrimaryStorage.attach, make.pool)
    server.create(make.volume(1), make.volume(2))
    server.start(make.vm(1, volumes=(make.volume(1),)))
    server.running("host-2")
    before = client.inventory()
    client.set_latency(verb.__qualname__, HOUR)
    asked = message(verb, *VERBS[verb](make))
    command = server.send("host-1", asked)
    assert server.query("host-1", command).fate is Fate.RUNNING
    assert abort("host-1", command) == ABORTED
    assert client.inventory() == before
    (entry,) = [each for each in client.journal() if (each.act, each.command) == ("send", command)]
    assert (entry.verb, entry.outcome) == (verb.__qualname__, "aborted")
    client.set_latency(verb.__qualname__, Constant(0))
    assert server.sent("host-1", asked).fate is Fate.DONE


def test_a_command_that_hangs_is_aborted(server, client, make, abort):
    rule = client.add_rule(Rule(subject="vm-1", action=Action.HANG, count=1))
    command = server.send("host-1", message(Hypervisor.start, make.vm()))
    assert server.query("host-1", command).fate is Fate.RUNNING
    assert [abort("host-1", command) for _ in range(2)] == [ABORTED] * 2
    told = outcomes(client, command)
    assert told == [("send", "aborted"), ("query", "running"), ("abort", "aborted"), ("abort", "failed")]
    assert [entry.rule for entry in client.journal() if entry.act == "send" and entry.command == command] == [rule]
    assert server.running() == []


def test_a_disk_that_is_being_made_is_not_there_afterwards(server, client, make, abort):
    server.ask("host-1", PrimaryStorage.attach, make.pool)
    client.set_latency("PrimaryStorage.create", HOUR)
    command = server.send("host-1", message(PrimaryStorage.create, make.volume()))
    assert abort("host-1", command) == ABORTED
    assert client.inventory().volumes == ()


def test_a_machine_whose_move_is_aborted_runs_where_it_was(server, client, make, abort):
    client.set_latency("Hypervisor.migrate", HOUR)
    server.start(make.vm(1))
    server.running("host-2")
    peer = Peer(uuid="host-2", url=make.url("host-2"))
    command = server.send("host-1", message(Hypervisor.migrate, make.vm(1).name, peer))
    assert abort("host-1", command) == ABORTED
    assert (server.running("host-1"), server.running("host-2")) == ([make.vm(1).name], [])


def test_what_acted_is_told_as_it_ended(server, client, make, abort):
    start = message(Hypervisor.start, make.vm())
    server.sent("host-1", start, "job/1")
    assert abort("host-1", "job/1") == (Fate.DONE, None)
    assert server.running() == [make.vm().name]
    assert outcomes(client, "job/1") == [("send", "done"), ("abort", "done")]


def test_what_was_aborted_before_it_came_is_never_done_also_by_the_next_process(
    server, serve, client, killed, make, abort
):
    client.set_latency("Hypervisor.start", HOUR)
    running = server.send("host-1", message(Hypervisor.start, make.vm(1)))
    assert [abort("host-1", command) for command in ("job/1", running)] == [ABORTED] * 2
    killed()
    again = serve()
    client.set_latency("Hypervisor.start", Constant(0))
    for number, command in enumerate(("job/1", running), start=1):
        assert code(again.sent("host-1", message(Hypervisor.start, make.vm(number)), command, epoch=2)) == ABORTED
    assert again.running() == []
    assert outcomes(client, "job/1")[0] == ("abort", "aborted")


def test_an_older_owner_aborts_nothing(server, client, make, abort):
    client.set_latency("Hypervisor.start", HOUR)
    command = server.send("host-1", message(Hypervisor.start, make.vm()), epoch=6)
    assert abort("host-1", command, epoch=5) == (Fate.REFUSED, "stale_epoch")
    assert server.query("host-1", command, epoch=6).fate is Fate.RUNNING
    assert outcomes(client, command)[:2] == [("send", "running"), ("abort", "refused: stale epoch")]


@pytest.mark.parametrize("wrong", ["partition", "crash"])
def test_a_host_that_cannot_be_reached_says_nothing_and_nothing_was_done_to_the_command(server, client, make, wrong):
    """A crash ends the command by itself; behind a partition it goes on and takes effect."""
    command = server.send("host-1", message(Hypervisor.start, make.vm()), "job/1")
    assert server.hear(Act.SEND, "host-1", command).fate is Fate.DONE
    client.set_latency("Hypervisor.stop", HOUR)
    stop = server.send("host-1", message(Hypervisor.stop, make.vm().name))
    assert server.query("host-1", stop).fate is Fate.RUNNING  # it came before what is wrong, which goes another way
    getattr(client, wrong)("host-1")
    server.put(Act.ABORT, "host-1", stop)
    assert server.unanswered(Act.ABORT, "host-1", stop)
    client.restore("host-1")
    assert server.query("host-1", stop).fate is (Fate.RUNNING if wrong == "partition" else Fate.UNKNOWN)
    assert server.running() == ([make.vm().name] if wrong == "partition" else [])
    assert ("abort", "lost") in outcomes(client, stop)


@pytest.mark.parametrize("hangs", ["before it came", "before it acted"])
def test_a_hung_host_that_is_restored_takes_the_abort_first(server, client, make, hangs):
    start = message(Hypervisor.start, make.vm())
    if hangs == "before it acted":
        client.set_latency("Hypervisor.start", Constant(500_000))
        server.send("host-1", start, "job/1")
        assert server.query("host-1", "job/1").fate is Fate.RUNNING
        client.hang("host-1")
        server.start(make.vm(2), host="host-2")  # begun later: by then the other would have acted
    else:
        server.running()
        client.hang("host-1")
        server.send("host-1", start, "job/1")
    server.put(Act.ABORT, "host-1", "job/1")
    assert server.unanswered(Act.ABORT, "host-1", "job/1")
    client.restore("host-1")
    assert code(server.hear(Act.ABORT, "host-1", "job/1")) == ABORTED
    assert code(server.hear(Act.SEND, "host-1", "job/1")) == ABORTED
    assert server.running() == []
