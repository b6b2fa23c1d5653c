"""State machines: checked when they are declared, moved by guarded updates, drawn from the table."""

from enum import StrEnum

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Column, MetaData, Table, Text

from stratiform.framework.base import errors
from stratiform.framework.db.migrate import Layer
from stratiform.framework.machine import Lost, Machine, Malformed, Member, WrongState
from stratiform.framework.testing.statements import count


class State(StrEnum):
    STOPPED = "stopped"
    STARTING = "starting"
    RUNNING = "running"
    GONE = "gone"


class Event(StrEnum):
    START = "start"
    SUCCEED = "succeed"
    FAIL = "fail"
    STOP = "stop"
    REMOVE = "remove"


ROWS = [
    (State.STOPPED, Event.START, State.STARTING),
    (State.STARTING, Event.SUCCEED, State.RUNNING),
    (State.STARTING, Event.FAIL, State.STOPPED),
    (State.RUNNING, Event.STOP, State.STOPPED),
    (State.STOPPED, Event.REMOVE, State.GONE),
]
MACHINE = Machine(kind="oven", initial=State.STOPPED, rows=ROWS, final=[State.GONE])

metadata = MetaData()
oven = Table(
    "oven",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("state", Text, nullable=False),
    Column("generation", BigInteger, nullable=False),
    Column("baker", BigInteger),
    Column("note", Text),
)


@pytest.fixture
def layers(layers):
    return (*layers, Layer(name="bakery", package="bakery", metadata=[metadata], version=0, oldest=0))


def fill(database, many, state=State.STOPPED):
    rows = [{"id": id, "state": state, "generation": 7} for id in range(1, many + 1)]
    with database.transaction() as tx:
        tx.insert(oven, rows)
    return [Member(row["id"], state, 7) for row in rows]


def stored(database):
    with database.reading() as connection:
        return {row.id: row for row in connection.execute(oven.select())}


def test_a_batch_moves_in_one_statement(database):
    members = fill(database, 32)
    with count(database) as asked, database.transaction() as tx:
        moved = MACHINE.transition(tx, oven, members, Event.START, note="hot")
    asked.expect(statements=1, commits=1)
    assert moved == set(range(1, 33))
    found = {(row.state, row.generation, row.note) for row in stored(database).values()}
    assert found == {("starting", 8, "hot")}


def test_each_member_may_have_columns_of_its_own(database):
    members = fill(database, 3)
    each = {member.id: {"baker": member.id * 10} for member in members}
    with database.transaction() as tx:
        MACHINE.transition(tx, oven, members, Event.START, each=each, note="hot")
    assert {id: (row.baker, row.note) for id, row in stored(database).items()} == {
        1: (10, "hot"),
        2: (20, "hot"),
        3: (30, "hot"),
    }


@pytest.mark.parametrize("change", [{"generation": 8}, {"state": State.RUNNING}])
def test_a_rival_is_left_alone_and_its_neighbours_are_not(database, change):
    members = fill(database, 3)
    with database.transaction() as tx:
        tx.execute(oven.update().where(oven.c.id == 2).values(**change))
    before = stored(database)[2]
    with database.transaction() as tx:
        assert MACHINE.transition(tx, oven, members, Event.START) == {1, 3}
    assert stored(database)[2] == before


def test_members_in_different_states_move_by_their_own_rows(database):
    fill(database, 2)
    with database.transaction() as tx:
        tx.execute(oven.update().where(oven.c.id == 2).values(state="starting"))
    rows = [*ROWS, (State.STARTING, Event.REMOVE, State.GONE)]
    mixed = Machine(kind="oven", initial=State.STOPPED, rows=rows, final=[State.GONE])
    with database.transaction() as tx:
        assert mixed.transition(tx, oven, [(1, "stopped", 7), (2, "starting", 7)], Event.REMOVE) == {1, 2}
    assert {row.state for row in stored(database).values()} == {"gone"}


def test_a_wrong_state_is_told_before_anything_is_written(database):
    members = fill(database, 2)
    wrong = Member(2, State.RUNNING, 7)
    with count(database) as asked, database.transaction() as tx, pytest.raises(WrongState) as told:
        MACHINE.transition(tx, oven, [members[0], wrong], Event.START)
    asked.expect(statements=0)
    assert str(told.value) == "oven 2 is running, which does not allow start; allowed: stop."
    assert isinstance(told.value, errors.Conflict)


def test_one_member_moves_or_is_told_that_it_lost(database):
    (member,) = fill(database, 1)
    with database.transaction() as tx:
        now = MACHINE.transition_one(tx, oven, member, Event.START, baker=5)
    assert now == (1, State.STARTING, 8)
    assert tuple(stored(database)[1])[:4] == (1, "starting", 8, 5)
    with database.transaction() as tx, pytest.raises(Lost, match="oven 1 is no longer stopped"):
        MACHINE.transition_one(tx, oven, member, Event.START)
    with database.transaction() as tx:
        assert MACHINE.transition_one(tx, oven, now, Event.SUCCEED) == (1, State.RUNNING, 9)


def test_nobody_moves_without_a_statement(database):
    with count(database) as asked, database.transaction() as tx:
        assert MACHINE.transition(tx, oven, [], Event.START) == set()
    asked.expect(statements=0)


def test_questions():
    assert MACHINE.after("stopped", Event.START) is State.STARTING
    assert MACHINE.allowed("stopped") == (Event.START, Event.REMOVE)
    assert MACHINE.allows(State.RUNNING, Event.STOP)
    assert not MACHINE.allows(State.GONE, Event.START)
    with pytest.raises(WrongState, match="allowed: nothing"):
        MACHINE.after(State.GONE, Event.START)


@pytest.mark.parametrize(
    ("rows", "final", "reason"),
    [
        (ROWS[1:], [State.GONE], "cannot be reached"),
        (ROWS, [], "gone has no way out and is not final"),
        ([*ROWS, (State.STOPPED, Event.START, State.GONE)], [State.GONE], "stopped tells twice what start"),
        ([*ROWS, ROWS[0]], [State.GONE], "tells twice"),
        ([*ROWS, (State.GONE, Event.START, State.STOPPED)], [State.GONE], "gone is final and has a way out"),
    ],
)
def test_a_wrong_table_is_refused_at_once(rows, final, reason):
    with pytest.raises(Malformed, match=reason):
        Machine(kind="oven", initial=State.STOPPED, rows=rows, final=final)


ANY_ROW = st.tuples(*map(st.sampled_from, (State, Event, State)))


@given(st.lists(ANY_ROW, max_size=8), st.sets(st.sampled_from(State)))
def test_every_machine_that_is_accepted_keeps_its_promises(rows, final):
    try:
        machine = Machine(kind="oven", initial=State.STOPPED, rows=rows, final=sorted(final))
    except Malformed:
        return
    assert len({row[:2] for row in rows}) == len(rows)
    reached = {State.STOPPED}
    while more := {then for origin, _, then in rows if origin in reached} - reached:
        reached |= more
    assert reached == set(State)
    for state in State:
        assert bool(machine.allowed(state)) != (state in final)


@given(st.permutations(ROWS), st.data())
def test_a_sound_table_is_accepted_in_any_order_and_no_row_is_idle(rows, data):
    Machine(kind="oven", initial=State.STOPPED, rows=rows, final=[State.GONE])
    dropped = data.draw(st.sampled_from(rows))
    assume(dropped not in (ROWS[2], ROWS[3]))
    with pytest.raises(Malformed):
        Machine(kind="oven", initial=State.STOPPED, rows=[row for row in rows if row != dropped])


def test_the_picture_and_the_table_are_drawn_from_the_rows():
    picture = MACHINE.mermaid().splitlines()
    assert picture[:2] == ["stateDiagram-v2", "    [*] --> stopped"]
    assert "    stopped --> starting: start" in picture
    assert picture[-1] == "    gone --> [*]"
    assert len(MACHINE.table().splitlines()) == 2 + len(ROWS)
    assert "| stopped | start | starting |" in MACHINE.table()


def test_names_that_mermaid_cannot_spell_get_an_alias():
    class Odd(StrEnum):
        ONE = "not-yet"
        TWO = "all done"

    odd = Machine(kind="x", initial=Odd.ONE, rows=[(Odd.ONE, Event.START, Odd.TWO)], final=[Odd.TWO])
    assert '    state "not-yet" as not_yet' in odd.mermaid()
    assert "    not_yet --> all_done: start" in odd.mermaid()
