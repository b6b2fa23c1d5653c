"""Deadlines: a job that has not ended by then is cancelled and undone; one that cannot be goes on."""

import pytest
from tests.framework.jobs.conftest import Order

from stratiform.framework.base.clock import SECOND
from stratiform.framework.jobs import control
from stratiform.framework.jobs.kind import Job


def nothing(work, run):
    """An undo that does nothing."""


def set_stage(server, name, **values):
    with server.kernel.transaction() as work:
        control.set_stage(work, name, **values)
    server.run()


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
    told = [line for line in logged if line["event"] == "a job cannot be cancelled though its deadline passed"]
    assert [line["job"] for line in told] == [uuid], "and it is said once"
    server.wait(15)
    assert server.row(uuid).outcome == "succeeded"
