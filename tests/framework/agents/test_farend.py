"""The far end: each command once, whoever asks how often; and nobody waits for anybody else."""

import pathlib
import queue
import threading
from typing import Protocol

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratiform.framework import context
from stratiform.framework.agents.clerk import Clerk
from stratiform.framework.agents.commandlog import MemoryLog
from stratiform.framework.agents.farend import KEEP_FOR, PRUNE_EVERY, FarEnd
from stratiform.framework.agents.fate import Entry, done, ended, judge
from stratiform.framework.agents.frame import Act, Fate, Reply, Request, pack
from stratiform.framework.agents.message import message
from stratiform.framework.agents.workers import EACH, far_end
from stratiform.framework.base.clock import SystemClock
from stratiform.framework.base.errors import Error
from stratiform.framework.base.threads import SystemThreads
from stratiform.framework.testing.world import ManualClock

SECONDS = 20
WHO = {"principal": "baker", "request": "r-1", "trace": "a" * 32, "job": "j-1"}


class Burnt(Error):
    """{loaf} is burnt."""

    code = "burnt"


class Oven(Protocol):
    def bake(self, loaf: str) -> str: ...


class Ovens:
    """Effectors that note what they do; one whose door is shut does not return until it is opened."""

    def __init__(self):
        self.baked = []
        self.began = queue.SimpleQueue()
        self.doors = {}
        self.who = []

    def resolve(self, resource, address, protocol):
        assert protocol == "Oven"
        return _Oven(self, resource)

    def shut(self, resource):
        return self.doors.setdefault(resource, threading.Event())


class _Oven:
    def __init__(self, ovens, resource):
        self.ovens, self.resource = ovens, resource

    def bake(self, loaf):
        self.ovens.began.put(loaf)
        self.ovens.who.append(context.find())
        if self.resource in self.ovens.doors:
            assert self.ovens.doors[self.resource].wait(SECONDS)
        self.ovens.baked.append(loaf)
        if loaf == "toast":
            raise Burnt(loaf=loaf)
        if loaf == "path":
            raise Burnt(loaf=pathlib.Path("bread"))
        if loaf == "stone":
            raise ZeroDivisionError
        return f"warm {loaf}"


class Kept(MemoryLog):
    """A log that notes in which order it is written and made durable."""

    def __init__(self):
        super().__init__()
        self.story = []

    def write(self, entry):
        super().write(entry)
        self.story.append(entry.fate.value)

    def sync(self):
        if self.story and self.story[-1] != "durable":
            self.story.append("durable")


class Link:
    """Somebody who asks, and what he was told."""

    def __init__(self, end):
        self.end, self.told = end, queue.SimpleQueue()

    def ask(self, act, command="job/1", epoch=5, loaf="bread", resource="oven-1", **more):
        sent = message(Oven.bake, loaf) if act is Act.SEND else None
        request = Request(act=act, resource=resource, command=command, epoch=epoch, message=sent, **more)
        self.end.receive(pack(request), self.told.put)

    def hear(self) -> Reply:
        return msgspec.json.decode(self.told.get(timeout=SECONDS), type=Reply)

    def send(self, *given, **named) -> Reply:
        self.ask(Act.SEND, *given, **named)
        return self.hear()

    def query(self, *given, **named) -> Reply:
        self.ask(Act.QUERY, *given, **named)
        return self.hear()


@pytest.fixture
def ovens():
    made = Ovens()
    yield made
    for door in made.doors.values():
        door.set()


@pytest.fixture
def log():
    return Kept()


@pytest.fixture
def end(ovens, log):
    made = far_end(ovens.resolve, [Oven], log, SystemThreads(), SystemClock())
    yield made
    made.close()


@pytest.fixture
def link(end):
    return Link(end)


def test_a_command_that_is_sent_fifty_times_is_carried_out_once(link, ovens):
    answers = [link.send() for _ in range(50)]
    assert ovens.baked == ["bread"]
    assert {(reply.fate, reply.answer) for reply in answers} == {(Fate.DONE, "warm bread")}


def test_a_running_command_answers_the_newest_link_that_asked(end, ovens):
    door = ovens.shut("oven-1")
    links = [Link(end) for _ in range(5)]
    for each in links:
        each.ask(Act.SEND)
    assert Link(end).query("another").fate is Fate.UNKNOWN  # all before it have been taken
    door.set()
    assert links[-1].hear().fate is Fate.DONE
    assert ovens.baked == ["bread"]
    assert all(each.told.empty() for each in links)


def test_who_asks_what_became_of_a_running_command_is_told_when_it_ends(end, ovens):
    door = ovens.shut("oven-1")
    Link(end).ask(Act.SEND, epoch=5)
    taken_over = Link(end)
    assert taken_over.query(epoch=6).fate is Fate.RUNNING
    door.set()
    reply = taken_over.hear()
    assert (reply.act, reply.fate, reply.epoch, reply.answer) == (Act.SEND, Fate.DONE, 6, "warm bread")


def test_an_older_owner_neither_begins_nor_hears(end, ovens):
    door = ovens.shut("oven-1")
    newer, older = Link(end), Link(end)
    newer.ask(Act.SEND, epoch=6)
    assert older.send(epoch=5).fate is Fate.REFUSED
    assert older.query(epoch=5).fate is Fate.RUNNING
    door.set()
    assert newer.hear().fate is Fate.DONE
    assert older.told.empty()


def test_what_became_of_a_command_can_be_asked(link, ovens):
    assert link.query("never").fate is Fate.UNKNOWN
    link.send("good")
    assert (link.query("good").fate, link.query("good").answer) == (Fate.DONE, "warm bread")
    link.send("bad", loaf="toast")
    assert link.query("bad").fate is Fate.FAILED
    door = ovens.shut("oven-1")
    link.ask(Act.SEND, "slow")
    assert link.query("slow").fate is Fate.RUNNING
    door.set()


def test_a_query_that_finds_nothing_keeps_an_older_send_from_ever_beginning(link, ovens):
    assert link.query(epoch=7).fate is Fate.UNKNOWN
    refused = link.send(epoch=6)
    assert (refused.fate, refused.error["code"]) == (Fate.REFUSED, "stale_epoch")
    assert ovens.baked == []
    assert link.send(epoch=7).fate is Fate.DONE


def test_a_send_older_than_the_one_that_was_carried_out_is_refused(link, ovens):
    assert link.send(epoch=7).fate is Fate.DONE
    assert link.send(epoch=6).fate is Fate.REFUSED
    assert link.send(epoch=8).fate is Fate.DONE
    assert link.send(epoch=7).fate is Fate.REFUSED
    assert ovens.baked == ["bread"]


def test_the_same_command_to_another_resource_is_another_command(link, ovens):
    link.send(resource="oven-1")
    link.send(resource="oven-2")
    assert len(ovens.baked) == 2


def test_a_command_is_durably_logged_before_it_is_begun_and_before_it_is_told(log):
    begun, told = queue.SimpleQueue(), queue.SimpleQueue()

    def perform(request, end):
        begun.put([*log.story])
        end(done("bread"))

    clerk = Clerk("test", SystemThreads(), SystemClock())
    end = FarEnd(clerk, SystemClock(), perform, log)
    end.receive(
        pack(Request(act=Act.SEND, resource="oven-1", command="1", message=message(Oven.bake, "bread"))),
        lambda frame: told.put([*log.story]),
    )
    assert begun.get(timeout=SECONDS) == ["running", "durable"]
    assert told.get(timeout=SECONDS) == ["running", "durable", "done", "durable"]
    end.close()


def test_a_hung_resource_holds_its_own_threads_only(link, ovens):
    door = ovens.shut("oven-1")
    for number in range(EACH * 3):
        link.ask(Act.SEND, f"slow/{number}", loaf=f"slow {number}")
    assert [ovens.began.get(timeout=SECONDS) for _ in range(EACH)] == [f"slow {n}" for n in range(EACH)]
    assert link.send("quick", resource="oven-2", loaf="roll").fate is Fate.DONE
    ovens.began.get(timeout=SECONDS)
    assert ovens.began.empty()
    door.set()
    assert {link.hear().fate for _ in range(EACH * 3)} == {Fate.DONE}


def test_a_probe_is_answered_past_a_disk_that_hangs(ovens):
    hung = threading.Event()

    class Hung(MemoryLog):
        def sync(self):
            assert hung.wait(SECONDS)

    clerk = Clerk("test", SystemThreads(), SystemClock())
    end = FarEnd(clerk, SystemClock(), lambda request, end: None, Hung(), facts=lambda request: {"warm": True})
    link = Link(end)
    link.ask(Act.SEND)
    link.ask(Act.PROBE, command="anything")
    reply = link.hear()
    assert (reply.act, reply.command, reply.answer) == (Act.PROBE, "anything", {"warm": True})
    hung.set()
    end.close()


def test_what_goes_wrong_is_told(link):
    burnt = link.send("1", loaf="toast")
    assert (burnt.fate, burnt.error["code"], burnt.error["text"]) == (Fate.FAILED, "burnt", "toast is burnt.")
    assert link.send("2", loaf="stone").error["code"] == "internal"
    assert link.send("2", loaf="stone").fate is Fate.FAILED
    assert link.send("3", loaf="path").error["text"] == "bread is burnt."


def test_a_verb_that_nobody_has_is_told_with_those_that_there_are(end, link):
    unknown = msgspec.structs.replace(message(Oven.bake, "bread"), verb="Fridge.cool")
    end.receive(
        pack(Request(act=Act.SEND, resource="oven-1", command="1", message=unknown)), link.told.put
    )
    reply = link.hear()
    assert (reply.fate, reply.error["code"]) == (Fate.FAILED, "unknown_verb")
    assert "Oven" in reply.error["text"]


def test_what_is_no_request_is_dropped_and_another_version_refused(end, link):
    end.receive(b"hello", link.told.put)
    end.receive(pack(Request(v=99, act=Act.SEND, resource="oven-1", command="1")), link.told.put)
    assert link.hear().fate is Fate.REFUSED
    assert link.query("1").fate is Fate.UNKNOWN


def test_the_context_travels_to_the_verb(link, ovens):
    link.send("1", context=WHO)
    link.send("2", context={"principal": "nobody else"})
    assert [who and who.job for who in ovens.who] == ["j-1", None]


def test_a_command_that_an_earlier_process_left_running_is_told_as_interrupted(ovens, log):
    log.write(Entry(resource="oven-1", command="job/1", epoch=5, fate=Fate.RUNNING, at=0))
    end = far_end(ovens.resolve, [Oven], log, SystemThreads(), SystemClock())
    for reply in (Link(end).query(), Link(end).send()):
        assert (reply.fate, reply.error["code"]) == (Fate.INTERRUPTED, "interrupted")
    assert ovens.baked == [], "neither a question nor the same frame again carries it out"
    assert Link(end).send(epoch=4, again=True).fate is Fate.REFUSED
    assert [Link(end).send(again=True).answer for _ in range(2)] == ["warm bread"] * 2
    assert ovens.baked == ["bread"]
    end.close()


def test_old_commands_are_forgotten_in_the_end(ovens):
    log, clock = MemoryLog(), ManualClock()
    end = far_end(ovens.resolve, [Oven], log, SystemThreads(), clock)
    link = Link(end)
    link.send("old")
    clock.advance(KEEP_FOR + 1)
    for number in range(PRUNE_EVERY):
        link.send(f"new/{number}")
    assert link.query("old").fate is Fate.UNKNOWN
    assert link.query("new/0").fate is Fate.DONE
    end.close()


def test_a_log_keeps_no_more_than_it_is_told_and_whatever_runs():
    log = MemoryLog()
    fates = [Fate.RUNNING, Fate.DONE, Fate.FAILED, Fate.UNKNOWN, Fate.DONE]
    for number, fate in enumerate(fates):
        log.write(Entry(resource="oven-1", command=f"{number}", epoch=1, fate=fate, at=number))
    log.prune(before=0, keep=2)
    assert [number for number in range(5) if log.read("oven-1", f"{number}")] == [0, 3, 4]


ASKED = st.lists(st.tuples(st.sampled_from([Act.SEND, Act.QUERY, "end"]), st.integers(1, 5)), max_size=30)


@given(ASKED)
def test_in_any_story_a_command_begins_once_and_never_for_an_owner_who_was_overtaken(story):
    known, begun, highest = None, 0, 0
    for act, epoch in story:
        if act == "end":
            known = ended(known, done(None), 0) if known and known.fate is Fate.RUNNING else known
            continue
        verdict = judge(known, Request(act=act, resource="r", command="c", epoch=epoch), 0)
        assert not (verdict.begin and epoch < highest)
        assert (verdict.fate is Fate.REFUSED) == (act is Act.SEND and epoch < highest)
        begun += verdict.begin
        highest = max(highest, epoch)
        known = verdict.entry or known
    assert begun == any(act is Act.SEND for act, epoch in story) or begun == 0
    assert begun <= 1
