"""Children: a parent waits for all of them without a thread, is given their results, and is undone if one fails."""

import threading

import msgspec
import pytest

from stratiform.framework.base import errors
from stratiform.framework.base.clock import SECOND
from stratiform.framework.jobs.kind import Job, Priority, Stage, effect


class Loaf(msgspec.Struct, frozen=True, kw_only=True):
    number: int = 0


def nothing(work, run):
    pass


def burn(work, run):
    raise errors.Invalid(reason=f"burnt {run.payload.number}")


def spawning(child, *numbers):
    def spawn(work, run):
        for number in numbers:
            work.spawn(run, child, Loaf(number=number))

    return spawn


def test_results_come_in_the_order_of_spawning_however_late_each_child_is(serve, noting, clock):
    seen = []

    def late(work, run):
        work.sleep(run, work.now + (4 - run.payload.number) * SECOND)
        return f"loaf {run.payload.number}"

    def result(work, run):
        return run.answer

    child = Job("child", 1, Loaf, "oven", [noting("late", late), noting("give", result)])
    parent = Job("parent", 1, Loaf, "hall", [
        noting("part", spawning(child, 1, 2, 3)), noting("sell", lambda work, run: seen.append(run.answer)),
    ])  # fmt: skip
    server = serve(parent, child)
    uuid = server.submit(parent)
    server.run()
    row = server.row(uuid)
    assert (row.state, row.pending, row.done, row.step) == ("waiting", 3, 1, "sell")
    server.wait(2)
    assert server.row(uuid).pending == 1
    assert seen == []
    server.wait(2)
    assert seen == [["loaf 1", "loaf 2", "loaf 3"]]
    assert server.row(uuid).outcome == "succeeded"


def test_children_that_only_write_the_database_are_done_in_the_transaction_that_filed_them(serve, noting):
    """Depth first or not, a tree of such jobs is one commit."""
    leaf = Job("leaf", 1, Loaf, "oven", [noting("crumb", lambda work, run: run.payload.number)])
    total, both = noting("sum", lambda work, run: sum(run.answer)), noting("all", lambda work, run: run.answer)
    child = Job("child", 1, Loaf, "oven", [noting("half", spawning(leaf, 1, 2)), total])
    parent = Job("parent", 1, Loaf, "hall", [noting("part", spawning(child, 1, 2)), both])
    server = serve(parent, child, leaf)
    uuid = server.submit(parent)
    server.kernel.look()
    server.kernel.turn("hall")
    assert server.row(uuid).answer == [3, 3]
    assert {(row.root, row.state) for row in server.rows()} == {(uuid, "ended")}
    assert len(server.rows()) == 7


def test_a_paused_stage_is_not_worked_behind_its_back(serve, noting, steer):
    child = Job("child", 1, Loaf, "oven", [noting("crumb")])
    parent = Job("parent", 1, Loaf, "hall", [noting("part", spawning(child, 1)), noting("sell")])
    server = serve(parent, child)
    steer("oven", "pause")
    uuid = server.submit(parent)
    server.run()
    assert [row.state for row in server.rows()] == ["waiting", "ready"]
    steer("hall", "pause")
    steer("oven", "run")
    server.run()
    assert [(row.state, row.done) for row in server.rows()] == [("ready", 1), ("ended", 1)]
    steer("hall", "run")
    server.run()
    assert server.row(uuid).outcome == "succeeded"


def test_a_failed_child_undoes_its_parent_in_reverse_order_once_all_children_have_ended(serve, noting, log, clock):
    wait = noting("wait", lambda work, run: work.sleep(run, work.now + SECOND), undo=nothing)
    slow = Job("slow", 1, Loaf, "oven", [wait, noting("rest")])
    bad = Job("bad", 1, Loaf, "oven", [noting("begin", undo=nothing), noting("fall", burn)])

    def both(work, run):
        work.spawn(run, bad, Loaf(number=7))
        work.spawn(run, slow, Loaf())

    parent = Job("parent", 1, Loaf, "hall", [
        noting("first", undo=nothing),
        noting("second", undo=nothing),
        noting("both", both, undo=nothing),
        noting("never"),
    ])  # fmt: skip
    server = serve(parent, bad, slow)
    uuid = server.submit(parent)
    server.run()
    assert server.row(uuid).state == "waiting"
    assert "-both" not in log
    clock.advance(SECOND)
    server.run()
    assert "never" not in log
    assert log[-4:] == ["rest", "-both", "-second", "-first"]
    assert server.row(uuid).error["text"] == "burnt 7"
    assert [text for _, text in server.lines(uuid)].count("undone") == 3
    assert [row.outcome for row in server.rows()] == ["failed", "failed", "succeeded"]


def test_an_error_that_the_parents_process_does_not_know_is_passed_on_as_it_was(serve, noting, database):
    class Local(errors.Error):
        """Only the child knows of {what}."""

        code = "local_to_a_test"

    def fall(work, run):
        raise Local(what="it")

    leaf = Job("leaf", 1, Loaf, "oven", [noting("fall", fall)])
    child = Job("child", 1, Loaf, "oven", [noting("half", spawning(leaf, 1))])
    parent = Job("parent", 1, Loaf, "hall", [noting("part", spawning(child, 1))])
    server = serve(parent, child, leaf)
    uuid = server.submit(parent)
    Local.code = "changed"
    server.run()
    Local.code = "local_to_a_test"
    text = "Only the child knows of it."
    assert server.row(uuid).error == {"code": "changed", "parameters": {"what": "it"}, "text": text}


def test_an_undo_may_have_children_and_is_done_again_while_they_fail(serve, noting, log):
    times = []

    def sweep(work, run):
        times.append(work.now)
        if work.now < times[0] + 2 * SECOND:
            raise errors.Invalid(reason="no broom")

    broom = Job("broom", 1, Loaf, "oven", [noting("sweep", sweep)])
    parent = Job("parent", 1, Loaf, "hall", [
        noting("first", undo=nothing), noting("second", undo=spawning(broom, 1)), noting("fall", burn),
    ])  # fmt: skip
    server = serve(parent, broom)
    uuid = server.submit(parent)
    server.run()
    assert server.row(uuid).state == "waiting"
    server.wait(10)
    row = server.row(uuid)
    assert (row.state, row.outcome) == ("ended", "failed")
    assert row.error["text"] == "burnt 0"
    undone = [step for step, text in server.lines(uuid) if text == "undone"]
    assert undone == ["-second"] * (len(undone) - 1) + ["-first"]
    assert len(set(times)) == len(undone) - 1 < 4  # it waits longer each time


def test_a_child_of_a_member_that_fails_is_taken_back(serve, noting):
    def spawn_and_fail(work, run):
        work.spawn(run, child, Loaf())
        work.fail(run, errors.Invalid(reason="no"))

    child = Job("child", 1, Loaf, "oven", [noting("crumb")])
    parent = Job("parent", 1, Loaf, "hall", [noting("first", undo=nothing), noting("part", spawn_and_fail)])
    server = serve(parent, child)
    uuid = server.submit(parent)
    server.run()
    assert [(row.uuid, row.outcome) for row in server.rows()] == [(uuid, "failed")]


def test_a_parent_that_survives_a_refused_child_does_not_wait_for_it(serve, noting):
    def try_to(work, run):
        with pytest.raises(errors.Error):
            work.spawn(run, child, Loaf(), lane="nowhere/1")

    child = Job("child", 1, Loaf, "oven", [noting("crumb")])
    parent = Job("parent", 1, Loaf, "hall", [noting("part", try_to)])
    server = serve(parent, child)
    uuid = server.submit(parent)
    server.run()
    assert server.row(uuid).outcome == "succeeded"


@pytest.mark.parametrize("longer", ["sleep", "child"])
def test_a_job_that_sleeps_and_has_a_child_waits_for_both(serve, noting, log, longer):
    seconds = {"sleep": 2, "child": 2} | {longer: 4}

    def spawn_and_sleep(work, run):
        work.spawn(run, child, Loaf())
        work.sleep(run, work.now + seconds["sleep"] * SECOND)

    def half(work, run):
        work.sleep(run, work.now + seconds["child"] * SECOND // 2)

    child = Job("child", 1, Loaf, "oven", [noting("rise", half), noting("rest", half)])
    parent = Job("parent", 1, Loaf, "hall", [noting("part", spawn_and_sleep), noting("sell")])
    server = serve(parent, child)
    uuid = server.submit(parent)
    server.run()
    server.wait(3)
    assert (server.row(uuid).state, log) == ("waiting", ["part", "rise", "rest"])
    server.wait(1)
    server.run()
    assert (server.row(uuid).outcome, log) == ("succeeded", ["part", "rise", "rest", "sell"])


def test_a_thousand_children_are_not_all_one_transaction(serve, noting, database):
    child = Job("child", 1, Loaf, "oven", [noting("crumb", lambda work, run: run.payload.number)])
    total = noting("sum", lambda work, run: sum(run.answer))
    parent = Job("parent", 1, Loaf, "hall", [noting("part", spawning(child, *range(1200))), total])
    server = serve(parent, child)
    uuid = server.submit(parent)
    server.kernel.look()
    server.kernel.turn("hall")
    assert 0 < server.row(uuid).pending < 1200
    server.run()
    assert server.row(uuid).answer == sum(range(1200))


def test_ten_thousand_waiting_jobs_hold_no_thread(serve, noting, clock):
    @effect(priority=Priority.CONTROL, limit=600, answers=True)
    def ask(call):
        pass

    answers = Job("answers", 1, Loaf, "oven", [ask])
    sleeps = Job("sleeps", 1, Loaf, "oven", [noting("nap", lambda work, run: work.sleep(run, work.now + 600 * SECOND))])
    server = serve(answers, sleeps, stages=[Stage(name="oven", batch=500)])
    before = threading.active_count()
    for _ in range(5):
        with server.kernel.transaction() as work:
            for number in range(1000):
                work.submit(answers, Loaf(number=number), fair_key="ann")
                work.submit(sleeps, Loaf(number=number), fair_key="bob")
    server.run()
    assert threading.active_count() == before
    assert {row.state for row in server.rows()} == {"running", "waiting"}
