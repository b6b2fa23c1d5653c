"""Deadlines: a job that has not ended by then is cancelled and undone; one that cannot be goes on."""

import contextvars
import threading

import pytest
import sqlalchemy
from tests.framework.jobs.conftest import Order

from stratiform.framework.base import errors
from stratiform.framework.base.clock import SECOND
from stratiform.framework.jobs import control, deadline
from stratiform.framework.jobs.kind import Job, Priority, effect
from stratiform.framework.jobs.table import job

PROMPT = 5.0
"""Seconds: far above what a look waits for a lock, far below what any other statement does."""
CANCELLED = "its end was asked for"
TOO_LATE = "a job cannot be cancelled though its deadline passed"


def nothing(work, run):
    """An undo that does nothing."""


def set_stage(server, name, **values):
    with server.kernel.transaction() as work:
        control.set_stage(work, name, **values)
    server.run()


def asked(server, uuid):
    """How often the journal of a job says that its end was asked for."""
    return [text for _, text in server.lines(uuid)].count(CANCELLED)


def look_promptly(server):
    """One round of housekeeping, on a thread of its own as in a process; fails if it waits for somebody."""
    looking = threading.Thread(target=contextvars.copy_context().run, args=(server.kernel.look,))
    looking.start()
    looking.join(PROMPT)
    prompt = not looking.is_alive()
    looking.join()
    assert prompt, "the loop of the process was stopped"


@pytest.fixture
def once_found(database):
    """Let somebody act after the next look has found what is overdue, and before it cancels that."""

    def let(action):
        waiting = [action]

        def found(connection, cursor, statement, *rest):
            if waiting and statement.startswith("SELECT job.uuid") and "job.due <=" in statement:
                waiting.pop()()

        sqlalchemy.event.listen(database.engine, "after_cursor_execute", found)
        return waiting

    return let


@pytest.fixture
def acting(noting):
    """A job that acts outside in its middle until it is told to stop."""

    @effect(priority=Priority.CONTROL, limit=60, answers=True)
    def heat(call):
        """Never ends by itself."""

    @heat.stop
    def cool(call):
        call.fail(errors.Error(reason="stopped"))

    return Job("acting", 1, Order, "hall", [noting("mix", undo=nothing), heat, noting("sell")])


@pytest.fixture
def slow(noting):
    """A job that sleeps for a minute in its middle."""
    rest = noting("rest", lambda work, run: work.sleep(run, work.now + 60 * SECOND), undo=nothing)
    return Job("slow", 1, Order, "hall", [noting("mix", undo=nothing), rest, noting("sell")])


def test_a_job_that_is_due_is_undone_and_says_why(serve, slow, log, clock):
    server = serve(slow)
    late = server.submit(slow, due=clock.now() + 10 * SECOND)
    free = server.submit(slow)
    server.wait(9)
    assert server.row(late).state == "waiting"
    server.wait(2)
    row = server.row(late)
    assert (row.outcome, row.error["code"]) == ("cancelled", "overdue")
    assert log[-2:] == ["-rest", "-mix"]
    server.wait(60)
    assert server.row(free).outcome == "succeeded"


def test_one_is_cancelled_at_its_own_deadline_and_not_at_anothers(serve, slow, clock):
    server = serve(slow)
    soon, later = (server.submit(slow, due=clock.now() + seconds * SECOND) for seconds in (5, 30))
    server.wait(7)
    assert [server.row(uuid).outcome for uuid in (soon, later)] == ["cancelled", None]
    server.wait(25)
    assert server.row(later).outcome == "cancelled"


def test_one_that_ends_in_time_is_left_alone(serve, noting, clock):
    quick = Job("quick", 1, Order, "hall", [noting("sell")])
    server = serve(quick)
    uuid = server.submit(quick, due=clock.now() + SECOND)
    server.run()
    server.wait(5)
    assert server.row(uuid).outcome == "succeeded"


def test_a_stage_gives_its_roots_a_deadline_and_only_those_filed_since(serve, slow):
    server = serve(slow)
    before = server.submit(slow)
    set_stage(server, "hall", deadline=5 * SECOND)
    after = server.submit(slow)
    server.wait(7)
    assert server.row(after).outcome == "cancelled"
    assert server.row(before).outcome is None


def test_a_deadline_is_the_trees_and_its_children_go_with_it(serve, slow, noting, clock):
    spawning = noting("part", lambda work, run: work.spawn(run, slow, Order()) and None, undo=nothing)
    parent = Job("parent", 1, Order, "hall", [spawning, noting("end")])
    server = serve(parent, slow)
    uuid = server.submit(parent, due=clock.now() + 5 * SECOND)
    server.wait(7)
    assert [(each.kind, each.outcome, each.error["code"]) for each in server.rows()] == [
        ("parent", "cancelled", "overdue"), ("slow", "cancelled", "cancelled"),
    ]  # fmt: skip
    assert server.row(uuid).pending == 0


def test_one_that_destroyed_something_goes_on_past_its_deadline(serve, noting, logged, clock):
    burn = noting("burn", lambda work, run: work.sleep(run, work.now + 30 * SECOND))
    burn.destroys = True
    kind = Job("kind", 1, Order, "hall", [burn, noting("sell")])
    server = serve(kind)
    uuid = server.submit(kind, due=clock.now() + 5 * SECOND)
    server.wait(20)
    told = [line for line in logged if line["event"] == TOO_LATE]
    assert [line["job"] for line in told] == [uuid], "and it is said once"
    server.wait(15)
    assert server.row(uuid).outcome == "succeeded"


@pytest.mark.parametrize("whose", ["its own", "its child's"])
def test_a_look_waits_for_no_job_that_somebody_has_locked(
    serve, slow, noting, database, clock, logged, monkeypatch, whose
):
    if database.dialect != "postgresql":
        pytest.skip("SQLite has one writer: it locks no rows")
    monkeypatch.setattr(deadline, "AT_ONCE", 2 if whose == "its own" else 3)  # one that is locked takes no place
    spread = noting("spread", lambda work, run: work.spawn(run, slow, Order()) and None)
    parent = Job("parent", 1, Order, "hall", [spread])
    server = serve(slow, parent)
    kinds = [slow if whose == "its own" else parent, slow, slow]
    dues = [clock.now() + seconds * SECOND for seconds in (1, 2, 3)]
    locked, *others = (server.submit(kind, due=due) for kind, due in zip(kinds, dues, strict=True))
    server.run()
    clock.advance(4 * SECOND)
    duties = []
    server.kernel.duties.append(lambda: duties.append(server.row(locked).cancel))
    with database.transaction() as tx:
        row = job.c.uuid == locked if whose == "its own" else job.c.parent.is_not(None)
        tx.execute(sqlalchemy.select(job.c.id).where(row).with_for_update()).one()
        look_promptly(server)
        assert duties == [None], "the rest of the round came after it"
        assert [asked(server, uuid) for uuid in (locked, *others)] == [0, 1, 1]
        look_promptly(server)
        assert (asked(server, locked), server.row(locked).due) == (0, clock.now() - 3 * SECOND), "its deadline stands"
    server.run()
    for uuid in (locked, *others):
        row = server.row(uuid)
        assert (row.outcome, row.error["code"], asked(server, uuid)) == ("cancelled", "overdue", 1)
    assert not [line for line in logged if line["log_level"] in ("warning", "error", "critical")]


@pytest.mark.parametrize("first", ["the other", "its own"])
def test_whichever_server_looks_first_cancels_it_and_the_one_that_carries_it_out_undoes_it(
    serve, acting, log, clock, first
):
    other, own = serve(acting, name="a"), serve(acting, name="b")
    uuid = own.submit(acting, due=clock.now() + SECOND)
    own.run()
    assert own.row(uuid).owner == own.membership.id
    clock.advance(2 * SECOND)
    judges = [other, own] if first == "the other" else [own, other]
    judges[0].kernel.look()
    cancelled = own.row(uuid).cancel
    assert (cancelled, asked(own, uuid)) == (clock.now(), 1)
    clock.advance(SECOND)
    if first == "its own":
        judges[1].kernel.look()
    other.run()
    row = own.row(uuid)
    assert (row.state, row.owner, log) == ("running", own.membership.id, ["mix"]), "it is not the other's to undo"
    own.run()
    row = own.row(uuid)
    assert (row.state, row.outcome, row.error["code"]) == ("ended", "cancelled", "overdue")
    assert (row.cancel, asked(own, uuid), log) == (cancelled, 1, ["mix", "-mix"])
    journal = row.journal
    for server in judges:
        server.wait(2)
    assert own.row(uuid).journal == journal, "it ended once"


def test_of_two_servers_that_find_it_overdue_at_once_one_cancels_it(serve, acting, log, clock, once_found):
    one, own = serve(acting, name="a"), serve(acting, name="b")
    uuid = own.submit(acting, due=clock.now() + SECOND)
    own.run()
    clock.advance(2 * SECOND)
    before = clock.now()
    waiting = once_found(lambda: one.kernel.look() or clock.advance(1))
    own.kernel.look()
    assert not waiting, "it was found"
    assert (own.row(uuid).cancel, asked(own, uuid)) == (before, 1)
    own.run()
    assert own.row(uuid).error["code"] == "overdue"
    assert (asked(own, uuid), log) == (1, ["mix", "-mix"])


def test_one_that_another_server_cancelled_and_undid_meanwhile_is_not_said_to_go_on(
    serve, slow, log, clock, logged, once_found
):
    one, other = serve(slow, name="a"), serve(slow, name="b")
    uuid = one.submit(slow, due=clock.now() + SECOND)
    one.run()
    clock.advance(2 * SECOND)
    waiting = once_found(one.run)
    other.kernel.look()
    assert not waiting, "it was found"
    row = other.row(uuid)
    assert (row.outcome, row.error["code"], asked(other, uuid)) == ("cancelled", "overdue", 1)
    assert row.due == clock.now() - SECOND
    assert log == ["mix", "rest", "-rest", "-mix"]
    assert not [line for line in logged if line["event"] == TOO_LATE]
