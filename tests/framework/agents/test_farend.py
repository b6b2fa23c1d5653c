"""The far end: each command once, whoever asks how often; and nobody waits for anybody else."""

import pathlib
import queue
import threading
from typing import Protocol

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stratiform.framework import context
from stratiform.framework.agents import abort
from stratiform.framework.agents.clerk import Clerk
from stratiform.framework.agents.commandlog import MemoryLog
from stratiform.framework.agents.farend import KEEP_FOR, PRUNE_EVERY, FarEnd
from stratiform.framework.agents.fate import ABANDONED, Entry, done, ended, interrupted, judge
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
        if loaf == "dough":
            with abort.current().by(self.ovens.shut(self.resource).set):
                assert self.ovens.shut(self.resource).wait(SECONDS)
            abort.current().check()
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

    def abort(self, *given, **named) -> Reply:
        """What an ABORT is answered, whatever is told before."""
        self.ask(Act.ABORT, *given, **named)
        return next(reply for reply in iter(self.hear, None) if reply.act is Act.ABORT)


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


LATE = [{}, {"epoch": 9}, {"epoch": 9, "again": True}]
"""How a SEND may come after an ABORT of epoch 5."""


def code(reply):
    return reply.fate, reply.error and reply.error["code"]


@pytest.mark.parametrize("late", LATE)
@pytest.mark.parametrize("restarted", [False, True])
def test_what_was_aborted_before_it_came_is_never_carried_out(ovens, log, late, restarted):
    end = far_end(ovens.resolve, [Oven], log, SystemThreads(), SystemClock())
    assert [code(Link(end).abort()) for _ in range(2)] == [(Fate.FAILED, "aborted")] * 2
    if restarted:
        end.close()
        end = far_end(ovens.resolve, [Oven], log, SystemThreads(), SystemClock())
    assert code(Link(end).send(**late)) == (Fate.FAILED, "aborted")
    assert code(Link(end).query()) == (Fate.FAILED, "aborted")
    assert Link(end).send("another").fate is Fate.DONE
    assert ovens.baked == ["bread"]
    end.close()


def test_an_abort_is_durable_before_it_is_told(end, log):
    told = queue.SimpleQueue()
    request = Request(act=Act.ABORT, resource="oven-1", command="job/1", epoch=5)
    end.receive(pack(request), lambda frame: told.put([*log.story]))
    assert told.get(timeout=SECONDS) == ["failed", "durable"]


def test_what_waits_for_a_thread_is_aborted_and_its_neighbours_are_not(link, ovens):
    door = ovens.shut("oven-1")
    for number in range(EACH + 2):
        link.ask(Act.SEND, f"slow/{number}", loaf=f"slow {number}")
    for _ in range(EACH):
        ovens.began.get(timeout=SECONDS)
    assert code(link.abort(f"slow/{EACH}")) == (Fate.FAILED, "aborted")
    door.set()
    assert {code(link.hear()) for _ in range(EACH + 1)} == {(Fate.DONE, None)}
    assert code(link.send(f"slow/{EACH}")) == (Fate.FAILED, "aborted")
    assert sorted(ovens.baked) == [f"slow {number}" for number in range(EACH + 2) if number != EACH]


def test_who_sent_what_is_aborted_while_it_waits_is_told_by_whoever_aborted_it(end, ovens):
    """As with a QUERY, the newest link hears how it ends; it hears it as of the SEND, and then of the ABORT."""
    door = ovens.shut("oven-1")
    older, newer = Link(end), Link(end)
    for number in range(EACH + 1):
        older.ask(Act.SEND, f"slow/{number}")
    newer.ask(Act.ABORT, f"slow/{EACH}", epoch=6)
    heard = [newer.hear() for _ in range(2)]
    assert [(each.act, each.epoch, *code(each)) for each in heard] == [
        (Act.SEND, 6, Fate.FAILED, "aborted"),
        (Act.ABORT, 6, Fate.FAILED, "aborted"),
    ]
    assert older.told.empty()
    door.set()


def test_a_verb_that_can_be_ended_early_is_and_its_command_is_aborted(link, ovens):
    link.ask(Act.SEND, loaf="dough")
    ovens.began.get(timeout=SECONDS)
    assert link.abort().fate is Fate.RUNNING
    reply = link.hear()
    assert (reply.act, *code(reply)) == (Act.SEND, Fate.FAILED, "aborted")
    assert ovens.baked == []
    assert [code(each()) for each in (link.send, link.abort)] == [(Fate.FAILED, "aborted")] * 2


def test_a_verb_that_cannot_be_ended_early_runs_on_and_ends_as_it_ends(link, ovens):
    door = ovens.shut("oven-1")
    link.ask(Act.SEND)
    ovens.began.get(timeout=SECONDS)
    assert [link.abort().fate for _ in range(3)] == [Fate.RUNNING] * 3
    door.set()
    assert (link.hear().answer, link.abort().answer) == ("warm bread", "warm bread")


def test_what_ended_is_told_as_it_ended(link, ovens):
    link.send("good")
    link.send("bad", loaf="toast")
    for _ in range(2):
        assert (link.abort("good").fate, link.abort("good").answer) == (Fate.DONE, "warm bread")
        assert code(link.abort("bad")) == (Fate.FAILED, "burnt")
    assert link.send("good").fate is Fate.DONE


def test_an_older_owner_aborts_nothing(end, ovens):
    newer, older = Link(end), Link(end)
    newer.ask(Act.SEND, epoch=6, loaf="dough")
    ovens.began.get(timeout=SECONDS)
    assert code(older.abort(epoch=5)) == (Fate.REFUSED, "stale_epoch")
    assert newer.query("another", resource="oven-2", epoch=6).fate is Fate.UNKNOWN
    assert code(older.abort("another", resource="oven-2", epoch=5)) == (Fate.REFUSED, "stale_epoch")
    assert newer.send("another", resource="oven-2", epoch=6).fate is Fate.DONE
    assert newer.abort(epoch=6).fate is Fate.RUNNING
    assert code(newer.hear()) == (Fate.FAILED, "aborted")


def test_a_newer_owners_abort_overtakes_an_older_ones_send(link, ovens):
    assert code(link.abort(epoch=7)) == (Fate.FAILED, "aborted")
    assert link.send(epoch=6).fate is Fate.REFUSED
    assert ovens.baked == []


def test_an_abort_right_behind_its_command_finds_it_not_performed_yet(log):
    """Both are taken in one turn, and what is performed is performed at its end."""
    performed, stopped, told = [], [], queue.SimpleQueue()
    clerk = Clerk("test", SystemThreads(), SystemClock())
    end = FarEnd(clerk, SystemClock(), lambda request, end: performed.append(request), log, stop=stopped.append)
    send = Request(act=Act.SEND, resource="oven-1", command="1", message=message(Oven.bake, "bread"))
    other = msgspec.structs.replace(send, command="2")

    def take():
        for request in (send, other, msgspec.structs.replace(send, act=Act.ABORT, message=None)):
            end.take(request, told.put)

    clerk.post(take)
    heard = [told.get(timeout=SECONDS) for _ in range(2)]
    assert [(each.act, *code(each)) for each in heard] == [
        (Act.SEND, Fate.FAILED, "aborted"),
        (Act.ABORT, Fate.FAILED, "aborted"),
    ]
    assert [each.command for each in stopped] == ["1"]
    end.close()
    clerk.join(SECONDS)
    assert [each.command for each in performed] == ["2"]


@pytest.mark.parametrize("late", LATE)
@pytest.mark.parametrize("restarted", ["before the abort", "after it"])
def test_what_was_wanted_no_more_when_its_process_ended_is_not_known_and_never_carried_out_again(
    ovens, log, late, restarted
):
    door = ovens.shut("oven-1")
    end = far_end(ovens.resolve, [Oven], log, SystemThreads(), SystemClock())
    Link(end).ask(Act.SEND)
    ovens.began.get(timeout=SECONDS)
    if restarted == "after it":
        assert Link(end).abort().fate is Fate.RUNNING
    end.close()
    end = far_end(ovens.resolve, [Oven], log, SystemThreads(), SystemClock())
    if restarted == "before the abort":
        assert Link(end).query().fate is Fate.INTERRUPTED
    told = [Link(end).abort(), Link(end).abort(), Link(end).query(), Link(end).send(**late)]
    assert [code(each) for each in told] == [(Fate.FAILED, "interrupted")] * 4
    assert ovens.began.empty()
    door.set()
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


ENDS = {"end": done(None), "die": interrupted("c"), "abandon": ABANDONED}
ASKED = st.lists(st.tuples(st.sampled_from([Act.SEND, Act.QUERY, "end"]), st.integers(1, 5)), max_size=30)
ANYTHING = st.lists(
    st.tuples(st.sampled_from([Act.SEND, Act.QUERY, Act.ABORT, "again", *ENDS]), st.integers(1, 5)), max_size=30
)


@given(ANYTHING)
@example([(Act.SEND, 1), ("die", 1), ("again", 1), ("abandon", 1), (Act.ABORT, 1)])
def test_in_any_story_nothing_begins_after_an_abort_and_what_was_begun_is_aborted_only_if_it_had_no_effect(story):
    known, aborted, highest, begun = None, False, 0, 0
    for act, epoch in story:
        if act in ENDS:
            if known and known.fate is Fate.RUNNING:
                known = ended(known, ENDS[act], 0)
                begun -= act == "abandon"
            continue
        send = {"act": Act.SEND, "again": True} if act == "again" else {"act": act}
        request = Request(resource="r", command="c", epoch=epoch, **send)
        verdict = judge(known, request, 0)
        assert (verdict.fate is Fate.REFUSED) == (request.act is not Act.QUERY and epoch < highest)
        assert not (verdict.begin and aborted)
        begun += verdict.begin
        aborted |= request.act is Act.ABORT and verdict.fate is not Fate.REFUSED
        highest = max(highest, epoch)
        known = verdict.entry or known
    if known and known.error and known.error["code"] == "aborted":
        assert begun == 0
    if aborted:
        assert known.fate in (Fate.FAILED, Fate.DONE, Fate.RUNNING)


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
