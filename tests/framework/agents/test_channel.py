"""The channel: commands go out once, answers come back, and what is lost is asked for, whatever hangs or breaks."""

import queue
import random
import threading
import time
from typing import Protocol

import msgspec
import pytest

from stratiform.framework import context
from stratiform.framework.agents import abort
from stratiform.framework.agents.abort import Aborted
from stratiform.framework.agents.channel import Channel, Command
from stratiform.framework.agents.clerk import Clerk
from stratiform.framework.agents.command import command, send
from stratiform.framework.agents.command import control as control_lane
from stratiform.framework.agents.commandlog import MemoryLog
from stratiform.framework.agents.farend import FarEnd
from stratiform.framework.agents.fate import Interrupted, Outcome, StaleEpoch
from stratiform.framework.agents.frame import Act, Fate, Reply, Request, pack
from stratiform.framework.agents.local import LocalTransport
from stratiform.framework.agents.message import Message, message
from stratiform.framework.agents.workers import far_end
from stratiform.framework.base.clock import SystemClock
from stratiform.framework.base.errors import Invalid, Unreachable, describe
from stratiform.framework.base.threads import SystemThreads
from stratiform.framework.base.world import World
from stratiform.framework.cluster.membership import Membership
from stratiform.framework.db.store import DriverStore
from stratiform.framework.jobs import control
from stratiform.framework.jobs.kernel import Kernel
from stratiform.framework.jobs.kind import Lane, Registry, Stage
from stratiform.framework.jobs.table import job as job_table

OVEN = "oven-1"
BAKE = Message(verb="Oven.bake", version=1, body=msgspec.Raw(b"{}"))


@pytest.fixture
def until():
    def wait(condition, seconds=10.0):
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "it did not come true"
            time.sleep(0.005)

    return wait


class Call:
    """A call as the channel knows it; it keeps its answers."""

    stage = "oven"

    def __init__(self, somebody, number=1, epoch=5, address="here", **more):
        self.command = f"job-{number}/send/0"
        self.epoch, self.context = epoch, somebody
        self.payload = Command(resource=OVEN, transport="fake", address=address, location="x", message=BAKE, **more)
        self.outcomes = []

    def answer(self, value=None):
        self.outcomes.append(value)

    def fail(self, error):
        self.outcomes.append(error)


class Fake:
    """A transport whose far end is the test."""

    def __init__(self):
        self.sent, self.links = [], []
        self.refuse, self.hang, self.lose_at_once = False, threading.Event(), False
        self.hang.set()

    def open(self, address, received, closed):
        if address == "hung":
            self.hang.wait(20)
        if self.refuse:
            raise Unreachable(address=address, reason="refused")
        link = Link(self, received, closed)
        self.links.append(link)
        if self.lose_at_once:
            link.lost("at once")
        return link

    def requests(self, act):
        return [each for each in self.sent if each.act is act]


class Link:
    def __init__(self, fake, received, lost):
        self.fake, self.received, self.lost = fake, received, lost
        self.closed = self.broken = False

    def send(self, frame):
        if self.broken:
            raise OSError("broken")
        self.fake.sent.append(msgspec.json.decode(frame, type=Request))

    def close(self):
        self.closed = True

    def reply(self, request, fate, **more):
        self.received(
            pack(
                Reply(
                    act=request.act,
                    resource=request.resource,
                    command=request.command,
                    epoch=more.pop("epoch", request.epoch),
                    fate=fate,
                    **more,
                )
            )
        )


@pytest.fixture
def fake():
    return Fake()


@pytest.fixture
def channel(fake):
    channel = Channel(World(store=DriverStore(), transports={"fake": fake}))
    yield channel
    fake.hang.set()
    channel.close()


def test_a_command_opens_its_link_and_is_sent_once(channel, fake, somebody, until):
    call = Call(somebody)
    channel.send(call)
    until(lambda: fake.sent)
    (request,) = fake.sent
    assert (request.act, request.command, request.epoch, request.message) == (Act.SEND, call.command, 5, BAKE)
    assert request.context == context.attributes(somebody)
    fake.links[0].reply(request, Fate.DONE, answer={"loaf": 1})
    assert call.outcomes == [{"loaf": 1}]
    fake.links[0].reply(request, Fate.DONE, answer={"loaf": 2})
    channel.tend()
    assert (len(call.outcomes), len(fake.sent)) == (1, 1)


def test_a_failure_is_told_as_it_was(channel, fake, somebody, until):
    call = Call(somebody)
    channel.send(call)
    until(lambda: fake.sent)
    fake.links[0].reply(fake.sent[0], Fate.FAILED, error=describe(Invalid(reason="cold")))
    assert [str(each) for each in call.outcomes] == ["cold"]


def test_after_a_lost_link_the_fate_is_asked_for_and_the_command_sent_again_only_if_it_never_came(
    channel, fake, somebody, until
):
    seen, unseen = Call(somebody, 1), Call(somebody, 2)
    for call in (seen, unseen):
        channel.send(call)
    until(lambda: len(fake.requests(Act.SEND)) == 2)
    fake.links[0].lost("cable")
    channel.tend()
    until(lambda: len(fake.requests(Act.QUERY)) == 2)
    for request in fake.requests(Act.QUERY):
        assert request.message is None
        fate = Fate.RUNNING if request.command == seen.command else Fate.UNKNOWN
        fake.links[1].reply(request, fate)
    assert [each.command for each in fake.requests(Act.SEND)].count(seen.command) == 1
    assert [each.command for each in fake.requests(Act.SEND)].count(unseen.command) == 2
    for request in fake.requests(Act.SEND)[:2]:
        fake.links[1].reply(request, Fate.DONE, answer=request.command)
    assert (seen.outcomes, unseen.outcomes) == ([seen.command], [unseen.command])


def test_what_was_never_sent_is_sent_and_not_asked_for_once_the_far_end_can_be_reached(channel, fake, somebody, until):
    fake.refuse = True
    channel.send(Call(somebody))
    until(lambda: not channel._opening)
    channel.tend()
    until(lambda: not channel._opening)
    assert fake.sent == []
    fake.refuse = False
    channel.tend()
    until(lambda: fake.sent)
    assert [each.act for each in fake.sent] == [Act.SEND]


def test_an_address_that_hangs_delays_neither_the_caller_nor_any_other(channel, fake, somebody, until):
    fake.hang.clear()
    begun = time.monotonic()
    for number in range(20):
        channel.send(Call(somebody, number, address="hung"))
    channel.tend(frozenset({("fake", "hung"), ("fake", "there")}))
    other = Call(somebody, 99)
    channel.send(other)
    until(lambda: other.command in [each.command for each in fake.sent])
    assert time.monotonic() - begun < 5
    fake.hang.set()
    until(lambda: len(fake.requests(Act.SEND)) == 21)
    assert len(fake.links) == 3


def test_a_link_that_is_lost_before_it_is_open_is_opened_again(channel, fake, somebody, until):
    fake.lose_at_once = True
    channel.send(Call(somebody))
    until(lambda: fake.links and not channel._opening)
    assert fake.sent == []
    fake.lose_at_once = False
    channel.tend()
    until(lambda: fake.sent)


def test_the_end_of_an_older_link_does_not_end_the_newer_one(channel, fake, somebody, until):
    channel.send(Call(somebody))
    until(lambda: fake.sent)
    fake.links[0].lost("cable")
    channel.tend()
    until(lambda: len(fake.links) == 2 and not channel._opening)
    fake.links[0].lost("told twice")
    channel.tend()
    assert len(fake.links) == 2


def test_a_link_that_breaks_on_sending_loses_a_frame_and_never_the_command(channel, fake, somebody, until):
    channel.tend(frozenset({("fake", "here")}))
    until(lambda: fake.links and not channel._opening)
    fake.links[0].broken = True
    call = Call(somebody)
    channel.send(call)
    assert call.outcomes == []
    fake.links[0].lost("broken")
    channel.tend()
    until(lambda: fake.requests(Act.QUERY))


def test_a_command_that_cannot_be_written_is_refused_and_never_sent_later(channel, fake, somebody, until):
    call = Call(somebody)
    call.payload = Command(resource="\ud800", transport="fake", address="here", location="x", message=BAKE)
    with pytest.raises(UnicodeEncodeError):
        channel.send(call)
    channel.tend(frozenset({("fake", "here")}))
    until(lambda: fake.links and not channel._opening)
    assert fake.sent == []


def test_what_was_interrupted_is_carried_out_again_and_has_not_failed(channel, fake, somebody, until):
    call = Call(somebody)
    channel.ask(call)
    until(lambda: fake.sent)
    error = describe(Interrupted(command=call.command))
    for _ in range(2):  # the second time while it was being repeated
        fake.links[0].reply(fake.sent[-1], Fate.INTERRUPTED, error=error)
    assert [(each.act, each.again) for each in fake.sent] == [(Act.QUERY, False), (Act.SEND, True), (Act.SEND, True)]
    assert fake.sent[-1].message == BAKE
    assert call.outcomes == []
    fake.links[0].reply(fake.sent[-1], Fate.DONE, answer=1)
    assert call.outcomes == [1]


def test_what_must_not_happen_twice_is_reported_when_it_was_interrupted(channel, fake, somebody, until):
    call = Call(somebody, once=True)
    channel.send(call)
    until(lambda: fake.sent)
    fake.links[0].reply(fake.sent[0], Fate.INTERRUPTED, error=describe(Interrupted(command=call.command)))
    channel.tend()
    assert ([each.code for each in call.outcomes], len(fake.sent)) == (["interrupted"], 1)


def test_a_stale_epoch_is_left_to_whoever_has_it_now(channel, fake, somebody, until):
    call = Call(somebody)
    channel.send(call)
    until(lambda: fake.sent)
    stale = describe(StaleEpoch(command=call.command, epoch=5, known=6))
    fake.links[0].reply(fake.sent[0], Fate.REFUSED, error=stale)
    channel.tend()
    assert (call.outcomes, len(fake.sent)) == ([], 1)


def test_a_refusal_of_an_older_epoch_does_not_concern_the_newer_one(channel, fake, somebody, until):
    channel.send(Call(somebody, epoch=4))
    until(lambda: fake.sent)
    call = Call(somebody, epoch=6)
    channel.ask(call)
    stale = describe(StaleEpoch(command=call.command, epoch=4, known=6))
    fake.links[0].reply(fake.sent[0], Fate.REFUSED, error=stale)
    fake.links[0].reply(fake.sent[1], Fate.DONE, answer=1)
    assert call.outcomes == [1]


def test_a_command_that_the_far_end_does_not_understand_fails(channel, fake, somebody, until):
    call = Call(somebody)
    channel.send(call)
    until(lambda: fake.sent)
    fake.links[0].reply(fake.sent[0], Fate.REFUSED, error=describe(Invalid(reason="version 9")))
    assert [str(each) for each in call.outcomes] == ["version 9"]


def codes(call):
    return [getattr(each, "code", each) for each in call.outcomes]


def test_an_abort_is_sent_past_the_command_and_what_became_of_it_is_its_outcome(channel, fake, somebody, until):
    call = Call(somebody)
    channel.send(call)
    until(lambda: fake.sent)
    channel.abort(call)
    first, second = fake.sent
    assert (second.act, second.command, second.epoch, second.message) == (Act.ABORT, call.command, 5, None)
    assert second.context == context.attributes(somebody)
    fake.links[0].reply(second, Fate.RUNNING)
    assert call.outcomes == []
    fake.links[0].reply(first, Fate.FAILED, error=describe(Aborted(command=call.command)))
    fake.links[0].reply(second, Fate.FAILED, error=describe(Aborted(command=call.command)))
    assert codes(call) == ["aborted"]


def test_who_asks_again_is_not_heard_before_the_first_abort_was_answered(channel, fake, somebody, until):
    call = Call(somebody)
    channel.send(call)
    until(lambda: fake.sent)
    for asked in (1, 2):
        for _ in range(3):
            channel.abort(call)
        assert len(fake.requests(Act.ABORT)) == asked
        fake.links[0].reply(fake.sent[-1], Fate.RUNNING)
    assert call.outcomes == []


def test_what_ended_all_the_same_is_told_as_it_ended(channel, fake, somebody, until):
    """The answer and the abort cross each other; whichever is heard first says the same."""
    first, second = Call(somebody, 1), Call(somebody, 2)
    for call in (first, second):
        channel.send(call)
    until(lambda: len(fake.requests(Act.SEND)) == 2)
    for call in (first, second):
        channel.abort(call)
    fake.links[0].reply(fake.requests(Act.SEND)[0], Fate.DONE, answer=1)
    for request in fake.requests(Act.ABORT):
        fake.links[0].reply(request, Fate.DONE, answer=1)
    assert (first.outcomes, second.outcomes) == ([1], [1])
    channel.tend()
    assert len(fake.sent) == 4


def test_what_no_link_was_given_is_aborted_at_once_and_never_sent(channel, fake, somebody, until):
    fake.refuse = True
    call, other = Call(somebody, 1), Call(somebody, 2)
    for each in (call, other):
        channel.send(each)
    channel.abort(call)
    assert (codes(call), other.outcomes) == (["aborted"], [])
    until(lambda: not channel._opening)
    fake.refuse = False
    channel.tend()
    until(lambda: fake.sent)
    assert [(each.act, each.command) for each in fake.sent] == [(Act.SEND, other.command)]
    assert codes(call) == ["aborted"]


def test_an_abort_never_blocks(channel, fake, somebody):
    fake.hang.clear()
    sent, taken_over = Call(somebody, 1, address="hung"), Call(somebody, 2, address="hung")
    begun = time.monotonic()
    channel.send(sent)
    for call in (sent, taken_over):
        channel.abort(call)
    assert time.monotonic() - begun < 5
    assert (codes(sent), taken_over.outcomes) == (["aborted"], [])


def test_of_what_a_silent_far_end_was_sent_nothing_is_assumed(channel, fake, somebody, until):
    call = Call(somebody)
    channel.send(call)
    until(lambda: fake.sent)
    fake.refuse = True
    fake.links[0].lost("cable")
    for _ in range(2):
        channel.abort(call)
        channel.tend()
    until(lambda: not channel._opening)
    assert call.outcomes == []
    assert channel.waited_for() == {OVEN}


def test_after_a_lost_link_the_abort_is_asked_for_again_and_the_command_not_sent(channel, fake, somebody, until):
    call, other = Call(somebody, 1), Call(somebody, 2)
    for each in (call, other):
        channel.send(each)
    until(lambda: len(fake.sent) == 2)
    channel.abort(call)
    for number in (1, 2):
        fake.links[-1].lost("cable")
        channel.tend()
        until(lambda number=number: len(fake.requests(Act.ABORT)) == 1 + number)
    assert {each.command for each in fake.requests(Act.QUERY)} == {other.command}
    assert len(fake.requests(Act.SEND)) == 2
    error = describe(Aborted(command=call.command))
    fake.links[-1].reply(fake.requests(Act.ABORT)[-1], Fate.FAILED, error=error)
    assert codes(call) == ["aborted"]


def test_an_abort_is_not_forgotten_when_the_fate_is_asked_for(channel, fake, somebody, until):
    call = Call(somebody)
    channel.send(call)
    until(lambda: fake.sent)
    channel.abort(call)
    newer = Call(somebody, epoch=6)
    channel.ask(newer)
    assert [(each.act, each.epoch) for each in fake.sent] == [(Act.SEND, 5), (Act.ABORT, 5), (Act.ABORT, 6)]
    fake.links[0].reply(fake.sent[-1], Fate.FAILED, error=describe(Aborted(command=call.command)))
    assert (call.outcomes, codes(newer)) == ([], ["aborted"])


@pytest.mark.parametrize("fate", [Fate.UNKNOWN, Fate.INTERRUPTED])
def test_an_answer_that_an_abort_overtook_sends_nothing_again(channel, fake, somebody, until, fate):
    """The far end is asked; before its answer is here the command is aborted."""
    call = Call(somebody)
    channel.ask(call)
    until(lambda: fake.sent)
    channel.abort(call)
    fake.links[0].reply(fake.requests(Act.QUERY)[0], fate, error=describe(Interrupted(command=call.command)))
    assert fake.requests(Act.SEND) == []
    assert len(fake.requests(Act.ABORT)) == 2
    fake.links[0].reply(fake.sent[-1], Fate.FAILED, error=describe(Interrupted(command=call.command)))
    assert codes(call) == ["interrupted"]


def test_an_abort_that_comes_before_its_command_is_sent_keeps_it_from_being_sent(channel, fake, somebody, until):
    call = Call(somebody)
    channel.abort(call)
    until(lambda: fake.sent)
    channel.send(call)
    assert [each.act for each in fake.sent] == [Act.ABORT, Act.ABORT]
    fake.links[0].reply(fake.sent[-1], Fate.FAILED, error=describe(Aborted(command=call.command)))
    assert codes(call) == ["aborted"]


def test_an_abort_with_a_stale_epoch_is_left_to_whoever_has_the_command_now(channel, fake, somebody, until):
    call = Call(somebody)
    channel.send(call)
    until(lambda: fake.sent)
    channel.abort(call)
    stale = describe(StaleEpoch(command=call.command, epoch=5, known=6))
    fake.links[0].reply(fake.requests(Act.ABORT)[0], Fate.REFUSED, error=stale)
    channel.tend()
    assert (call.outcomes, len(fake.sent)) == ([], 2)


@pytest.mark.parametrize("frame", [b"", b"{", b"[]", b'{"act": "dance"}', b'{"act":"send","fate":"odd"}'])
def test_a_frame_that_is_none_hurts_nobody(channel, fake, somebody, until, frame):
    call = Call(somebody)
    channel.send(call)
    until(lambda: fake.sent)
    fake.links[0].received(frame)
    fake.links[0].reply(fake.sent[0], Fate.DONE, answer=1)
    assert call.outcomes == [1]


def test_a_probe_waits_for_its_link_and_what_answers_was_seen(channel, fake, until):
    channel.probe(OVEN, "fake", "here", "x")
    assert OVEN not in channel.seen()
    channel.tend(frozenset({("fake", "here")}))
    until(lambda: fake.requests(Act.PROBE))
    fake.links[0].reply(fake.sent[0], Fate.DONE)
    assert OVEN in channel.seen()
    assert OVEN in channel.heard()


def test_a_channel_that_is_closed_opens_nothing_and_closes_what_was_being_opened(channel, fake, somebody, until):
    fake.hang.clear()
    channel.tend(frozenset({("fake", "hung"), ("fake", "here")}))
    until(lambda: len(fake.links) == 1)
    channel.close()
    fake.hang.set()
    until(lambda: len(fake.links) == 2 and all(link.closed for link in fake.links))
    channel.tend(frozenset({("fake", "here")}))
    assert len(fake.links) == 2


def test_nobody_knows_the_transport(channel, somebody):
    call = Call(somebody)
    call.payload = Command(resource=OVEN, transport="pigeon", address="x", message=BAKE)
    channel.send(call)
    channel.tend()
    assert call.outcomes == []


class Oven(Protocol):
    def bake(self, loaf: str) -> None: ...


class Baker:
    """Before every second loaf it looks whether that is still wanted."""

    def __init__(self):
        self.baked = []

    def bake(self, loaf):
        if int(loaf) % 2:
            abort.current().check()
        self.baked.append(loaf)


def test_whenever_a_command_is_aborted_its_outcome_says_whether_it_took_effect(somebody, until):
    """Over links that are cut, and racing with the answer: aborted is never carried out, anything else is, once."""
    baker, threads, clock, chance = Baker(), SystemThreads(), SystemClock(), random.Random(4)
    farend = far_end(lambda *given: baker, [Oven], MemoryLog(), threads, clock, each=2)
    transport, closers = LocalTransport(farend, threads, clock), []

    class Cut:
        def open(self, address, received, closed):
            link = transport.open(address, received, closed)
            closers.append((link, closed))
            return link

    channel = Channel(World(store=DriverStore(), transports={"fake": Cut()}))
    calls = [Call(somebody, number) for number in range(300)]
    for number, call in enumerate(calls):
        call.payload = msgspec.structs.replace(call.payload, message=message(Oven.bake, f"{number}"))
        call.the = lambda kind: channel
        channel.send(call)
        if chance.random() < 0.7:
            send.halt(chance.choice(calls[: number + 1]))
        if chance.random() < 0.1 and closers:
            link, closed = closers.pop()
            link.close()
            closed("it was cut")
        channel.tend()
    until(lambda: channel.tend() or all(call.outcomes for call in calls))
    carried_out = {number for number, call in enumerate(calls) if call.outcomes[0] is None}
    assert sorted(map(int, baker.baked)) == sorted(carried_out)
    assert {codes(call)[0] for call in calls} == {None, "aborted"}
    channel.close()
    transport.close()
    farend.close()


def test_a_command_as_a_job_reaches_a_far_end_that_carries_it_out_once(database, somebody, until):
    """From the job to the far end and back, over a server that dies in between."""
    done, gate = [], threading.Event()
    threads, clock = SystemThreads(), SystemClock()
    clerk = Clerk("far end", threads, clock)

    def perform(request, end):
        def work():
            gate.wait(20)
            done.append(request.command)
            clerk.post(lambda: end(Outcome(fate=Fate.DONE, answer={"loaf": len(done)})))

        threads.start("perform", work)

    farend = FarEnd(clerk, clock, perform, MemoryLog())
    transport = LocalTransport(farend, threads, clock)
    world = World(store=DriverStore(), transports={"local": transport})
    kind = command("oven")
    lanes = [Lane(kind="oven", rank=1, leaf=True), Lane(kind="oven-control", rank=1, leaf=True)]
    registry = Registry(jobs=[kind], stages=[Stage(name="oven")], lanes=lanes)

    def server(name):
        channel = Channel(world)
        membership = Membership(database, world, name, database_time=False, lease=1_000_000)
        kernel = Kernel(world=world, database=database, registry=registry, membership=membership, provide=[channel])
        kernel.join()
        return kernel, channel

    def outcomes():
        with database.reading() as connection:
            return [row.outcome for row in connection.execute(job_table.select())]

    one, _ = server("a")  # has no threads: it dies when the test lets go of it
    with context.use(somebody), one.transaction() as work:
        payload = Command(resource=OVEN, transport="local", address="x", message=BAKE)
        work.submit(kind, payload, fair_key="ann")
    one.look()
    one.turn("oven")
    until(lambda: farend._running)
    time.sleep(1.1)  # the lease of the dead
    other, channel = server("b")
    other.start()
    gate.set()
    try:
        until(lambda: outcomes() == ["succeeded"])
    finally:
        other.stop()
        channel.close()
        transport.close()
        farend.close()
    assert len(done) == 1
    assert control_lane(OVEN, "oven") == f"oven-control/{OVEN}"


def test_a_job_that_is_cancelled_has_its_command_aborted_past_the_resources_full_lane(database, somebody, until):
    """From the operator's word to the verb that runs, and back."""
    began, baked, threads, clock = queue.SimpleQueue(), [], SystemThreads(), SystemClock()

    class Stoppable:
        def bake(self, loaf):
            taken_out = threading.Event()
            with abort.current().by(taken_out.set):
                began.put(loaf)
                assert taken_out.wait(20)
            abort.current().check()
            baked.append(loaf)

    farend = far_end(lambda *given: Stoppable(), [Oven], MemoryLog(), threads, clock, each=1)
    transport = LocalTransport(farend, threads, clock)
    world = World(store=DriverStore(), transports={"local": transport})
    kind, channel = command("oven"), Channel(world)
    registry = Registry(jobs=[kind], stages=[Stage(name="oven")], lanes=[Lane(kind="oven", rank=1, width=2, leaf=True)])
    membership = Membership(database, world, "a", database_time=False)
    kernel = Kernel(world=world, database=database, registry=registry, membership=membership, provide=[channel])
    kernel.join()
    with context.use(somebody), kernel.transaction() as work:
        filed = [
            work.submit(
                kind,
                Command(resource=OVEN, transport="local", address="x", message=message(Oven.bake, loaf)),
                fair_key="ann",
            )
            for loaf in ("bread", "roll", "bun")  # one is in the oven, one before it, one in the lane
        ]
    kernel.start()
    try:
        began.get(timeout=20)
        with context.use(somebody), kernel.transaction() as work:
            for job in filed:
                control.cancel(work, registry, job.uuid)

        def outcomes():
            with database.reading() as connection:
                return [row.outcome for row in connection.execute(job_table.select())]

        until(lambda: outcomes() == ["cancelled"] * 3)
    finally:
        kernel.stop()
        channel.close()
        transport.close()
        farend.close()
    assert baked == []
