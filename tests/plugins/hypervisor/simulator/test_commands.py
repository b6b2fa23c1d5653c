"""Commands to simulated hosts: once, by rule, and what became of them can always be asked."""

from collections import Counter

import pytest

from stratiform.api.adapters.hypervisor import Hypervisor
from stratiform.api.adapters.storage import PrimaryStorage
from stratiform.framework.agents.frame import Act, Fate
from stratiform.framework.agents.message import message
from stratiform.plugins.hypervisor.simulator.latency import Constant, Uniform
from stratiform.plugins.hypervisor.simulator.rule import Action, Rule

MILLISECOND = 1000
HOUR = Constant(3_600_000_000)


def test_a_command_that_is_sent_fifty_times_has_one_effect(server, client, make):
    start = message(Hypervisor.start, make.vm())
    for _ in range(50):
        server.send("host-1", start, "job/1")
    assert server.query("host-1", "job/1").fate in (Fate.RUNNING, Fate.DONE)
    assert server.running() == ["i-2-1-VM.1"]
    outcomes = Counter(entry.outcome for entry in client.journal("host-1") if entry.command == "job/1")
    answered = 1 + outcomes["repeated: done"]  # whoever found it running waits for its end, the newest only
    replies = [server.hear(Act.SEND, "host-1", "job/1") for _ in range(answered)]
    assert {reply.fate for reply in replies} == {Fate.DONE}
    assert outcomes["repeated: done"] + outcomes["repeated: running"] == 49


def test_a_command_that_was_carried_out_is_answered_and_not_done_again(server, client, make):
    start, stop = message(Hypervisor.start, make.vm()), message(Hypervisor.stop, make.vm().name)
    server.sent("host-1", start, "job/1")
    server.sent("host-1", stop, "job/2")
    assert server.sent("host-1", start, "job/1").fate is Fate.DONE
    assert server.running() == []


def test_a_stale_epoch_is_refused_and_written_down(server, client, make):
    stop = message(Hypervisor.stop, make.vm().name)
    server.start(make.vm())
    assert server.query("host-1", "job/1", epoch=9).fate is Fate.UNKNOWN
    assert server.sent("host-1", stop, "job/1", epoch=8).fate is Fate.REFUSED
    assert server.running() == ["i-2-1-VM.1"]
    refused = [entry for entry in client.journal() if entry.outcome.startswith("refused")]
    assert [(entry.command, entry.epoch, entry.name) for entry in refused] == [("job/1", 8, "i-2-1-VM.1")]
    assert server.sent("host-1", stop, "job/1", epoch=9).fate is Fate.DONE


def test_a_lost_answer_is_found_by_asking(server, client, make):
    client.add_rule(Rule(verb="Hypervisor.start", action=Action.LOSE, count=1))
    command = server.send("host-1", message(Hypervisor.start, make.vm()))
    assert server.unanswered(Act.SEND, "host-1", command)
    assert server.running() == ["i-2-1-VM.1"]
    assert server.query("host-1", command).fate is Fate.DONE
    assert server.sent("host-1", message(Hypervisor.start, make.vm()), command).fate is Fate.DONE


def test_an_answer_may_come_twice(server, client):
    client.add_rule(Rule(action=Action.TWICE))
    command = server.send("host-1", message(Hypervisor.describe))
    assert server.hear(Act.SEND, "host-1", command) == server.hear(Act.SEND, "host-1", command)


def test_a_command_that_hangs_neither_acts_nor_answers(server, client, make):
    rule = client.add_rule(Rule(subject="vm-1", action=Action.HANG))
    command = server.send("host-1", message(Hypervisor.start, make.vm()))
    assert server.unanswered(Act.SEND, "host-1", command)
    assert server.query("host-1", command).fate is Fate.RUNNING
    assert server.running() == []
    server.start(make.vm(2))
    (hung,) = [entry for entry in client.journal("host-1") if entry.rule]
    assert (hung.command, hung.outcome, hung.rule) == (command, "running", rule)


def test_a_command_may_fail_in_given_words(server, client, make):
    client.add_rule(Rule(host=make.url("host-1"), action=Action.FAIL, error="the disk is on fire", count=1))
    reply = server.sent("host-1", message(Hypervisor.start, make.vm()))
    assert (reply.fate, reply.error["text"]) == (Fate.FAILED, "the disk is on fire")
    assert server.running() == []


def test_a_rule_takes_its_time(server, client):
    """The delayed one is overtaken by one that was sent later."""
    client.add_rule(Rule(host="host-1", delay=Constant(1000 * MILLISECOND)))
    slow = server.send("host-1", message(Hypervisor.describe))
    server.ask("host-2", Hypervisor.describe)
    assert server.query("host-1", slow).fate is Fate.RUNNING
    assert server.hear(Act.SEND, "host-1", slow).fate is Fate.DONE


def test_a_rule_that_was_counted_out_is_gone(server, client):
    client.add_rule(Rule(action=Action.FAIL, count=2))
    fates = [server.sent("host-1", message(Hypervisor.describe)).fate for _ in range(4)]
    assert fates == [Fate.FAILED, Fate.FAILED, Fate.DONE, Fate.DONE]
    assert client.rules() == []


def test_a_command_that_is_sent_again_does_not_use_a_rule_up(server, client):
    client.add_rule(Rule(action=Action.FAIL, count=2))
    for _ in range(5):
        assert server.sent("host-1", message(Hypervisor.describe), "job/1").fate is Fate.FAILED
    assert [rule.count for rule in client.rules()] == [1]


def test_the_most_specific_rule_wins(server, client, make):
    for rule in (
        Rule(action=Action.FAIL, error="anything"),
        Rule(verb="Hypervisor.*", action=Action.FAIL, error="any verb of a hypervisor"),
        Rule(host="host-*", verb="Hypervisor.start", action=Action.FAIL, error="start on some hosts"),
        Rule(host="host-1", verb="Hypervisor.start", action=Action.FAIL, error="start on this host"),
        Rule(
            host="host-1", verb="Hypervisor.start", subject="vm-1", action=Action.FAIL, error="start of this one"
        ),
    ):
        client.add_rule(rule)

    def said(host, sent):
        return server.sent(host, sent).error["text"]

    assert said("host-1", message(Hypervisor.start, make.vm(1))) == "start of this one"
    assert said("host-1", message(Hypervisor.start, make.vm(2))) == "start on this host"
    assert said("host-2", message(Hypervisor.start, make.vm(1))) == "start on some hosts"
    assert said("strange", message(Hypervisor.start, make.vm(1))) == "any verb of a hypervisor"
    assert said("host-1", message(PrimaryStorage.attach, make.pool)) == "anything"


def test_a_rule_for_a_machine_knows_it_by_uuid_where_only_its_name_is_said(server, client, make):
    server.start(make.vm(1))
    client.add_rule(Rule(subject="vm-1", action=Action.FAIL, error="not this one"))
    assert server.sent("host-1", message(Hypervisor.stop, make.vm(1).name)).error["text"] == "not this one"
    assert server.sent("host-1", message(Hypervisor.stop, make.vm(2).name)).fate is Fate.DONE


def test_chance_is_drawn_from_the_seed(server, client):
    client.add_rule(Rule(action=Action.FAIL, probability=0.3))

    def fates(host):
        ids = [f"job-{number}/1" for number in range(200)]
        return [server.sent(host, message(Hypervisor.describe), command).fate for command in ids]

    first = fates("host-1")
    assert 30 <= first.count(Fate.FAILED) <= 90
    assert first != fates("host-2")
    assert first == fates("host-1")


def test_ten_thousand_commands_wait_at_once(server, client, make):
    """Each takes half a second, and all of them together not a thousand times that."""
    client.set_latency("Hypervisor.start", Uniform(400 * MILLISECOND, 600 * MILLISECOND))
    commands = {}
    for number in range(10_000):
        host = f"host-{number % 100}"
        commands[server.send(host, message(Hypervisor.start, make.vm(number)))] = host
    assert {server.hear(Act.SEND, host, command).fate for command, host in commands.items()} == {Fate.DONE}
    assert sum(len(host.vms) for host in client.inventory().hosts) == 10_000


def test_a_verb_that_no_host_has_is_told(server):
    sent = message(Hypervisor.describe)
    strange = type(sent)(verb="Hypervisor.dance", version=1, body=sent.body)
    assert server.sent("host-1", strange).error["code"] == "unknown_verb"


@pytest.mark.parametrize("act", [Act.SEND, Act.QUERY])
def test_the_journal_says_who_was_told_what(server, client, make, act):
    if act is Act.SEND:
        server.sent("host-1", message(Hypervisor.start, make.vm()), "job/1", epoch=3)
    else:
        server.query("host-1", "job/1", epoch=3)
    since = client.journal()[-1].id
    (entry,) = client.journal("host-1")
    assert client.journal(since=since) == []
    assert (entry.act, entry.command, entry.epoch) == (act, "job/1", 3)
    if act is Act.SEND:
        assert (entry.verb, entry.subject, entry.name) == ("Hypervisor.start", "vm-1", "i-2-1-VM.1")
    assert entry.outcome == ("done" if act is Act.SEND else "unknown")
