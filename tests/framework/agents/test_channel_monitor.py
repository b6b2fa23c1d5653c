"""The monitor: who answers is Up, who is silent is Disconnected, and who slept himself blames nobody."""

import msgspec
import pytest
import sqlalchemy

from stratiform.framework.agents.channel import Channel, Command, Removed, _Pending
from stratiform.framework.agents.message import Message
from stratiform.framework.agents.monitor import Monitor
from stratiform.framework.agents.states import State
from stratiform.framework.agents.table import resource
from stratiform.framework.base.clock import SECOND
from stratiform.framework.config.values import Config
from stratiform.framework.events.table import event


class Answering(Channel):
    """A channel to resources that answer at once as long as they are in `alive`."""

    def __init__(self, world):
        super().__init__(world)
        self.alive = set()
        self.wanted = frozenset()

    def tend(self, wanted=frozenset()):
        self.wanted = wanted

    def probe(self, resource, transport, address, location=""):
        if resource in self.alive:
            self.answer(resource)

    def answer(self, resource):
        self._seen[resource] = self._world.clock.now()
        self._heard[resource] = self._world.clock.monotonic()


@pytest.fixture
def channel(world):
    return Answering(world)


@pytest.fixture
def changes():
    return []


@pytest.fixture
def monitor(world, database, channel, changes):
    config = Config(database, lambda scope: None)
    return Monitor(world, database, channel, config, lambda tx, ids, state: changes.append((len(ids), state)))


class Call:
    """A command under way to a resource."""

    context, epoch, stage = None, 1, "oven"

    def __init__(self, resource):
        self.command = f"job-{resource}/send/0"
        message = Message(verb="Oven.bake", version=1, body=msgspec.Raw(b"{}"))
        self.payload = Command(resource=resource, transport="t", address="a", message=message)
        self.outcomes = []

    def fail(self, error):
        self.outcomes.append(error.code)


@pytest.fixture
def ovens(database, world):
    """Three ovens that were registered just now."""
    with database.transaction() as tx:
        rows = [
            {
                "id": tx.new_id(),
                "uuid": f"oven-{number}",
                "kind": "oven",
                "transport": "t",
                "address": f"a{number}",
                "location": "",
                "state": State.CONNECTING,
                "generation": 1,
                "since": world.clock.now(),
                "last_seen": None,
            }
            for number in range(3)
        ]
        tx.insert(resource, rows)
    return [row["uuid"] for row in rows]


@pytest.fixture
def states(database):
    def read():
        with database.reading() as connection:
            return [row.state for row in connection.execute(resource.select().order_by(resource.c.id))]

    return read


@pytest.fixture
def wait(monitor, clock):
    """Let seconds pass, with a look at each."""

    def waiting(seconds):
        for _ in range(seconds):
            clock.advance(SECOND)
            monitor.look()

    return waiting


def test_who_answers_is_up_and_who_does_not_is_disconnected_after_three_intervals(
    monitor, channel, ovens, states, wait, changes, database
):
    channel.alive = {ovens[0], ovens[1]}
    wait(6)
    assert states() == ["Up", "Up", "Connecting"]
    wait(8)
    assert states()[2] == "Connecting"
    wait(8)
    assert states() == ["Up", "Up", "Disconnected"]
    channel.alive = {ovens[2]}
    wait(25)
    assert states() == ["Disconnected", "Disconnected", "Up"]
    assert sum(count for count, _ in changes) == 6
    with database.reading() as connection:
        told = connection.execute(sqlalchemy.select(event.c.kind, event.c.generation).order_by(event.c.id)).all()
    assert [kind for kind, _ in told].count("OVEN.UP") == 3
    assert channel.wanted == {("t", "a0"), ("t", "a1"), ("t", "a2")}


def test_an_answer_is_recorded_without_waiting_for_the_next_interval(monitor, channel, ovens, states, wait):
    wait(1)
    channel.answer(ovens[0])
    wait(2)
    assert states()[0] == "Up"


def test_a_jump_of_the_clock_disconnects_nobody(monitor, channel, ovens, states, wait, clock):
    channel.alive = {*ovens}
    wait(12)
    for jump in (3600 * SECOND, -7200 * SECOND):
        clock.set(clock.now() + jump)
        wait(1)
        assert states() == ["Up"] * 3
    channel.alive = set()
    wait(30)
    assert states() == ["Disconnected"] * 3


def test_a_process_that_slept_blames_nobody_for_its_own_silence(monitor, channel, ovens, states, wait, clock):
    channel.alive = {*ovens}
    wait(12)
    channel.alive = set()  # the answers to the first probe after the sleep are still on their way
    clock.advance(600 * SECOND)
    wait(5)
    assert states() == ["Up"] * 3
    channel.alive = {ovens[0]}
    wait(20)
    assert states() == ["Up", "Disconnected", "Disconnected"]


def test_a_database_that_was_away_disconnects_nobody(monitor, channel, ovens, states, wait, clock, monkeypatch):
    channel.alive = {*ovens}
    wait(12)
    monkeypatch.setattr(monitor, "_resources", lambda: 1 / 0)
    for _ in range(60):
        clock.advance(SECOND)
        with pytest.raises(ZeroDivisionError):
            monitor.look() or clock.advance(5 * SECOND) or monitor.look()
    monkeypatch.undo()
    channel.alive = set()
    wait(5)
    assert states() == ["Up"] * 3


def test_a_command_to_what_was_removed_fails_and_any_other_waits_on(monitor, channel, database, ovens, world):
    calls = [Call(each) for each in (*ovens, "never-registered")]
    for call in calls:
        channel._pending[call.command] = _Pending(call, asking=False)
    monitor.look()
    assert [call.outcomes for call in calls] == [[], [], [], [Removed.code]]
    with database.transaction() as tx:
        tx.execute(resource.update().where(resource.c.uuid == ovens[1]).values(state=State.REMOVED))
    world.clock.advance(6 * SECOND)
    monitor.look()
    monitor.look()
    assert [call.outcomes for call in calls] == [[], [Removed.code], [], [Removed.code]]
    assert channel.waited_for() == {ovens[0], ovens[2]}
