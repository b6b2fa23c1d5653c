"""The outbox: what is committed is numbered, in an order that every reader can rely on."""

import dataclasses
import random
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event as listen

from stratiform.framework import context
from stratiform.framework.base.clock import SECOND
from stratiform.framework.events import identity, outbox
from stratiform.framework.events.outbox import Event
from stratiform.framework.events.sequencer import Sequencer
from stratiform.framework.events.table import WAITING, event
from stratiform.framework.schema import FRAMEWORK
from stratiform.framework.testing import databases
from stratiform.framework.testing.statements import count
from stratiform.framework.testing.world import START, ManualClock, seeded


def baked(loaf, generation, **payload):
    what = {"resource_kind": "loaf", "resource": loaf, "generation": generation}
    return Event(kind="loaf.baked", **what, payload=payload)


def number(database, **limit):
    with database.transaction() as tx:
        return Sequencer().number(tx, **limit)


def read(database, after=0, **limit):
    with database.reading() as connection:
        return outbox.after(connection, after, **limit)


def test_an_event_keeps_everything_it_was_told(database, world, somebody):
    with context.use(somebody), database.transaction() as tx:
        outbox.publish(tx, [baked("x", 3, grams=500, note="crisp \u0000 ü")])
    assert number(database) == 1
    (found,) = read(database)
    assert (found.number, found.at, found.context) == (1, world.clock.now(), somebody)
    assert (found.kind, found.resource_kind) == ("loaf.baked", "loaf")
    assert (found.resource, found.generation) == ("x", 3)
    assert found.payload == {"grams": 500, "note": "crisp \u0000 ü"}


def test_nobody_publishes_nothing(database):
    with pytest.raises(context.NoContext), database.transaction() as tx:
        outbox.publish(tx, [baked("x", 1)])


def test_any_number_of_events_is_one_statement(database, somebody):
    with count(database) as asked, context.use(somebody), database.transaction() as tx:
        outbox.publish(tx, [baked("x", generation) for generation in range(500)])
    asked.expect(statements=1, commits=1)


def test_numbering_costs_the_same_for_one_and_for_many(database, somebody):
    costs = []
    for many in (1, 300):
        with context.use(somebody), database.transaction() as tx:
            outbox.publish(tx, [baked("x", generation) for generation in range(many)])
        with count(database) as asked:
            assert number(database) == many
        costs.append(len(asked))
    assert costs == [3, 3]


def test_a_batch_may_have_events_of_several_contexts(database, world):
    people = [context.begin(world.ids, f"p{index}") for index in range(3)]
    with database.transaction() as tx:
        outbox.record(tx, [(who, baked(who.principal, 1)) for who in people])
    number(database)
    assert {each.resource: each.context for each in read(database)} == {who.principal: who for who in people}


def test_what_is_rolled_back_never_gets_a_number(database, somebody):
    with context.use(somebody):
        with pytest.raises(ZeroDivisionError):
            database.run(lambda tx: (outbox.publish(tx, [baked("x", 1)]), 1 / 0))
        with database.transaction() as tx:
            outbox.publish(tx, [baked("y", 1)])
    number(database)
    assert [(each.number, each.resource) for each in read(database)] == [(1, "y")]


def test_the_generation_rules_even_against_clock_and_identity(database, somebody):
    """The server whose clock is late takes identifiers from an older block, and yet comes second."""
    rows = [(5003, "x", 1, 50 * SECOND), (5001, "x", 2, 10 * SECOND), (5002, "y", 1, 20 * SECOND)]
    with context.use(somebody), database.transaction() as tx:
        outbox.publish(tx, [baked(name, generation) for _, name, generation, _ in rows])
        for id, name, generation, at in rows:
            mine = (event.c.resource == name) & (event.c.generation == generation)
            tx.execute(event.update().where(mine).values(id=id, at=at))
    number(database)
    found = [(each.resource, each.generation) for each in read(database)]
    assert found == [("y", 1), ("x", 1), ("x", 2)]


def test_a_limit_cuts_no_order_and_the_next_call_goes_on(database, somebody):
    events = [baked(f"{resource}", generation) for generation in range(5) for resource in range(4)]
    random.Random(1).shuffle(events)
    with context.use(somebody), database.transaction() as tx:
        outbox.publish(tx, events)
    assert [number(database, limit=7) for _ in range(4)] == [7, 7, 6, 0]
    found = read(database)
    assert [each.number for each in found] == list(range(1, 21))
    for resource in "0123":
        assert [each.generation for each in found if each.resource == resource] == list(range(5))


def test_what_comes_before_the_oldest_is_numbered_with_them(database, somebody):
    """A server whose clock is late is the first in line, but not before what it builds on."""
    with context.use(somebody), database.transaction() as tx:
        outbox.publish(tx, [baked("x", generation) for generation in range(6)])
        for generation in range(6):
            tx.execute(event.update().where(event.c.generation == generation).values(at=100 - generation))
    assert [number(database, limit=2) for _ in range(4)] == [2, 2, 2, 0]
    assert [each.generation for each in read(database)] == list(range(6))


def test_a_round_costs_the_same_however_many_wait(database, somebody):
    if database.dialect != "sqlite":
        pytest.skip("the steps of a statement are SQLite's to count")
    steps = []
    for backlog in (500, 10_000):
        with context.use(somebody):
            for first in range(0, backlog, 500):
                with database.transaction() as tx:
                    outbox.publish(tx, [baked(f"{backlog}-{first + n}", 1) for n in range(500)])
        counted = []
        with database.transaction() as tx:
            tx.connection.connection.set_progress_handler(lambda counted=counted: counted.append(1), 100)
            Sequencer().number(tx, limit=200)
            tx.connection.connection.set_progress_handler(None, 0)
        steps.append(len(counted))
        while number(database):
            pass
    assert steps[1] < 1.2 * steps[0], steps


def test_an_event_is_known_by_a_uuid_that_tells_its_place():
    made = identity.made(START, 7)
    assert identity.read(made) == (START, 7)
    assert uuid.UUID(made).version == 8
    assert made < identity.made(START + 1, 6) < identity.made(START + 1, 7)
    for other in ("7", "", "0190f3c2-2222-7000-8000-000000000001", made.replace("-8", "-7", 1)):
        assert identity.read(other) is None


@given(at=st.integers(0, 2**52 - 1), id=st.integers(1, 2**62 - 1))
def test_every_event_has_a_uuid_of_its_own(at, id):
    assert identity.read(identity.made(at, id)) == (at, id)


def test_an_event_is_its_owners_or_who_it_happened_for(database, world, somebody):
    acting = dataclasses.replace(somebody, account="a-1")
    with context.use(acting), database.transaction() as tx:
        outbox.publish(tx, [baked("x", 1), dataclasses.replace(baked("y", 1), owner="a-2")])
    with context.use(somebody), database.transaction() as tx:
        outbox.publish(tx, [baked("z", 1)])
    number(database)
    assert {each.resource: each.owner for each in read(database)} == {"x": "a-1", "y": "a-2", "z": None}


def test_readers_go_on_where_they_stopped(database, somebody):
    with context.use(somebody), database.transaction() as tx:
        outbox.publish(tx, [baked("x", generation) for generation in range(5)])
    number(database)
    first = read(database, limit=2)
    rest = read(database, after=first[-1].number)
    assert [each.number for each in first + rest] == [1, 2, 3, 4, 5]


def test_an_idle_system_can_see_that_it_has_nothing_to_number(database, somebody):
    with database.reading() as connection:
        assert not connection.execute(WAITING).scalar_one()
    with context.use(somebody), database.transaction() as tx:
        outbox.publish(tx, [baked("x", 1)])
    with database.reading() as connection:
        assert connection.execute(WAITING).scalar_one()


def test_who_waited_for_the_counter_sees_what_was_committed_meanwhile(database, somebody):
    """The lock and the look are two statements: between them the other sequencer and a writer both commit."""
    if database.dialect != "postgresql":
        pytest.skip("SQLite has one writer")
    with context.use(somebody), database.transaction() as tx:
        outbox.publish(tx, [baked("x", 1)])

    writers = [2]

    def meanwhile(connection, cursor, statement, *rest):
        if statement.startswith("WITH oldest") and writers:
            with context.use(somebody), database.transaction() as other:
                outbox.publish(other, [baked("x", writers.pop())])

    listen.listen(database.engine, "before_cursor_execute", meanwhile)
    assert number(database) == 2
    assert [each.generation for each in read(database)] == [1, 2]


def test_an_open_transaction_is_left_for_the_next_time_without_a_gap(database, somebody):
    if database.dialect != "postgresql":
        pytest.skip("SQLite has one writer")
    with context.use(somebody):
        with database.transaction() as slow:
            outbox.publish(slow, [baked("x", 1)])
            with database.transaction() as quick:
                outbox.publish(quick, [baked("y", 1)])
            assert number(database) == 1
        assert number(database) == 1
    assert [(each.number, each.resource) for each in read(database)] == [(1, "y"), (2, "x")]


@given(data=st.data())
def test_every_resource_is_in_order_whatever_the_clocks_say(data, tmp_path_factory):
    clock = ManualClock()
    world = seeded(clock=clock)
    folder = tmp_path_factory.mktemp("order")
    step = st.tuples(st.sampled_from("abc"), st.integers(-5, 5), st.booleans())
    steps = data.draw(st.lists(step, max_size=15))
    generations = dict.fromkeys("abc", 0)
    with databases.opened(f"sqlite:///{folder}/t.db", world, [FRAMEWORK]) as database:
        with context.use(context.begin(world.ids, "p")):
            for resource, skew, numbered in steps:
                clock.set(clock.now() + skew * SECOND)
                generations[resource] += 1
                with database.transaction() as tx:
                    outbox.publish(tx, [baked(resource, generations[resource])])
                if numbered:
                    number(database)
        number(database)
        found = read(database)
    assert [each.number for each in found] == list(range(1, len(steps) + 1))
    for resource, last in generations.items():
        mine = [each.generation for each in found if each.resource == resource]
        assert mine == list(range(1, last + 1))
