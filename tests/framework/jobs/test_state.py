"""A job goes from state to state as it is drawn, in memory and in the database, and every way that is drawn is gone."""

import pytest
import sqlalchemy
from tests.framework.jobs.conftest import Order

from stratiform.framework.base.clock import SECOND
from stratiform.framework.db import rows
from stratiform.framework.jobs import control, statement
from stratiform.framework.jobs.kind import Job, Lane, Priority, effect
from stratiform.framework.jobs.state import MACHINE, State

DRAWN = {(state, following) for state, _, following in MACHINE.rows}
INTO = "INSERT INTO moved VALUES (OLD.state, NEW.state);"
WATCH = {
    "sqlite": [f"CREATE TRIGGER watch AFTER UPDATE ON job WHEN OLD.state <> NEW.state BEGIN {INTO} END"],
    "postgresql": [
        f"CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN {INTO} RETURN NULL; END'",
        "CREATE TRIGGER watch AFTER UPDATE ON job FOR EACH ROW EXECUTE FUNCTION watch()",
    ],
}
"""Writes down how rows go from state to state."""


@pytest.fixture
def moved(database):
    """How rows went from state to state so far, in pairs."""
    with database.transaction() as tx:
        for statement in ("CREATE TABLE moved (before text, after text)", *WATCH[database.dialect]):
            tx.execute(sqlalchemy.text(statement))

    def look():
        with database.reading() as connection:
            found = connection.execute(sqlalchemy.text("SELECT * FROM moved"))
            return {(State(before), State(after)) for before, after in found if before != after}

    return look


def reachable(pairs):
    """Whence one can get where along these, in one go or several."""
    found = set(pairs)
    while more := {(a, d) for a, b in found for c, d in found if b is c} - found:
        found |= more
    return found


def test_every_way_that_is_drawn_is_gone_and_no_other(serve, noting, moves, moved):
    calls = []

    @effect(priority=Priority.CONTROL, limit=60, answers=True)
    def heat(call):
        calls.append(call)

    rest = noting("rest", lambda work, run: work.sleep(run, work.now + SECOND))
    bake = Job("bake", 1, Order, "oven", [rest, heat, noting("eat")], lane="oven/{number}")
    server = serve(bake, lanes=[Lane(kind="oven", rank=1, width=1, leaf=True)])

    def steer(action, uuid):
        with server.kernel.transaction() as work:
            action(work, server.registry, uuid)

    def row(uuid):
        return server.row(uuid).state

    first, blocked, later = (server.submit(bake) for _ in range(3))  # blocked twice
    steer(control.hold, later)  # while it is blocked: held when it is granted its lane
    server.run()
    assert [row(each) for each in (first, blocked, later)] == ["waiting", "blocked", "blocked"]
    steer(control.cancel, blocked)  # while it is blocked
    server.run()
    server.wait(1)  # it wakes, and acts
    assert row(first) == "running"
    calls.pop().answer()
    server.run()
    assert [row(each) for each in (first, later)] == ["ended", "held"]
    steer(control.release, later)
    server.run()
    steer(control.hold, later)  # while it waits
    server.wait(1)
    assert row(later) == "held"
    steer(control.cancel, later)
    server.run()
    asleep, ready = server.submit(bake), server.submit(bake, Order(number=1))
    steer(control.hold, ready)
    server.run()
    steer(control.cancel, asleep)  # while it waits
    steer(control.release, ready)
    server.run()
    server.wait(1)
    calls.pop().answer()
    server.run()
    assert {each.state for each in server.rows()} == {"ended"}
    assert moved() <= reachable(DRAWN)
    assert moves | moved() >= DRAWN


def test_what_is_moved_by_a_statement_alone_goes_along_one_way_that_is_drawn(serve, noting, database, clock, moved):
    rest = noting("rest", lambda work, run: work.sleep(run, work.now + SECOND))
    kind = Job("bake", 1, Order, "oven", [rest], lane="oven/{number}")
    server = serve(kind, lanes=[Lane(kind="oven", rank=1, width=1, leaf=True)])
    filed = [server.submit(kind, Order(number=number)) for number in (0, 0, 1, 1)]
    server.run()  # of each two the first waits, and the second is blocked
    with server.kernel.transaction() as work:
        for uuid in filed[2:]:
            control.hold(work, server.registry, uuid)
    lanes = rows.encode([{"key": "oven/0"}, {"key": "oven/1"}])
    with database.transaction() as tx:
        tx.execute(sqlalchemy.text("DELETE FROM moved"))
        asked = {"now": clock.now() + SECOND}
        tx.execute(statement.wake(tx.dialect), asked)
        tx.execute(statement.promote(tx.dialect), {**asked, "rows": lanes})
        (ready,) = tx.execute(sqlalchemy.text("SELECT MIN(id) FROM job WHERE state = 'ready'")).one()
        tx.execute(statement.set_aside(tx.dialect), {**asked, "id": ready, "until": clock.now() + 2 * SECOND})
        tx.execute(sqlalchemy.text("UPDATE lane SET busy = 2, width = 2, queued = 0"))
    assert moved() == {
        (State.WAITING, State.READY), (State.WAITING, State.HELD), (State.BLOCKED, State.READY),
        (State.BLOCKED, State.HELD), (State.READY, State.WAITING),
    }  # fmt: skip
    assert moved() <= DRAWN
