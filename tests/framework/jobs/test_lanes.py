"""Lanes: never two holders of one slot, never an idle lane that somebody wants, never a circle of waiters."""

import random
import threading

import msgspec
import pytest

from stratiform.framework.base import errors
from stratiform.framework.base.clock import SECOND
from stratiform.framework.jobs.kind import Job, Lane, Priority, effect
from stratiform.framework.jobs.kind import step as declare

TIN, VAT, OVEN = Lane(kind="tin", rank=1), Lane(kind="vat", rank=2, width=3), Lane(kind="oven", rank=3, leaf=True)


class Loaf(msgspec.Struct, frozen=True, kw_only=True):
    number: int = 0


def submit(server, kind, numbers, fair_key="ann"):
    with server.kernel.transaction() as work:
        return [work.submit(kind, Loaf(number=number), fair_key=fair_key).uuid for number in numbers]


@pytest.fixture
def calls():
    """The effects that were begun and wait for an answer from the test."""
    return []


@pytest.fixture
def hold(calls):
    """An effect that ends when the test says so."""

    @effect(priority=Priority.CONTROL, limit=3600, answers=True)
    def hold(call):
        calls.append(call)

    hold.ask(calls.append)
    return hold


def test_one_lane_holds_one_job_at_a_time_and_the_others_queue_in_order(serve, hold, calls, lanes_are_right):
    kind = Job("bake", 1, Loaf, "oven", [hold], lane="tin/{number}")
    server = serve(kind, lanes=[TIN])
    uuids = submit(server, kind, [7] * 5)
    order = []
    for _ in range(5):
        server.run()
        lanes_are_right()
        assert [row.state for row in server.rows()].count("running") == 1
        call = calls.pop()
        order.append(call.job)
        call.answer()
    server.run()
    lanes_are_right()
    assert order == uuids
    assert {row.outcome for row in server.rows()} == {"succeeded"}


def test_a_wide_lane_holds_as_many_as_it_is_wide(serve, hold, calls, lanes_are_right):
    kind = Job("bake", 1, Loaf, "oven", [hold], lane="vat/{number}")
    server = serve(kind, lanes=[VAT])
    submit(server, kind, [1] * 2)
    submit(server, kind, [1] * 5)
    server.run()
    assert len(calls) == 3
    for left in (4, 4):
        while calls:
            calls.pop().answer()
        server.run()
        lanes_are_right()
        assert len(calls) == min(3, left) or left == 4
    while calls:
        calls.pop().answer()
        server.run()
    assert {row.outcome for row in server.rows()} == {"succeeded"}


def test_lanes_of_one_kind_do_not_know_each_other(serve, hold, calls):
    kind = Job("bake", 1, Loaf, "oven", [hold], lane="tin/{number}")
    server = serve(kind, lanes=[TIN])
    submit(server, kind, range(20))
    server.run()
    assert len(calls) == 20


def test_a_job_that_waits_or_sleeps_keeps_its_slot(serve, noting, log, lanes_are_right):
    kind = Job("bake", 1, Loaf, "oven", [
        noting("nap", lambda work, run: work.sleep(run, work.now + SECOND)), noting("wake"),
    ], lane="tin/{number}")  # fmt: skip
    server = serve(kind, lanes=[TIN])
    submit(server, kind, [1, 1])
    server.run()
    lanes_are_right()
    assert log == ["nap"]
    server.wait(5)
    assert log == ["nap", "wake", "nap", "wake"]


@pytest.mark.parametrize("lane", ["tin/8", "tin/{number}"])
def test_waiting_for_a_lane_of_the_same_or_a_lower_rank_is_refused(serve, noting, lane):
    child = Job("child", 1, Loaf, "oven", [noting("crumb")], lane=lane)
    for held in (TIN, VAT):
        parent = Job("parent", 1, Loaf, "hall", [
            noting("part", lambda work, run: work.spawn(run, child, Loaf(number=9)) and None),
        ], lane=held.kind + "/{number}")  # fmt: skip
        server = serve(parent, child, lanes=[TIN, VAT])
        (uuid,) = submit(server, parent, [1])
        server.run()
        assert server.row(uuid).error["code"] == "lane_order"


def test_a_leaf_lane_is_held_by_no_job_with_children(serve, noting):
    child = Job("child", 1, Loaf, "oven", [noting("crumb")])
    parent = Job("parent", 1, Loaf, "hall", [
        noting("part", lambda work, run: work.spawn(run, child, Loaf()) and None),
    ], lane="oven/1")  # fmt: skip
    server = serve(parent, child, lanes=[OVEN])
    (uuid,) = submit(server, parent, [1])
    server.run()
    assert server.row(uuid).error["code"] == "lane_order"


def test_a_descendant_re_enters_a_lane_that_its_ancestor_holds(serve, noting, lanes_are_right):
    leaf = Job("leaf", 1, Loaf, "oven", [noting("crumb")], lane="tin/{number}")
    child = Job("child", 1, Loaf, "hall", [
        noting("half", lambda work, run: work.spawn(run, leaf, Loaf(number=1)) and None),
    ], lane="vat/1")  # fmt: skip
    parent = Job("parent", 1, Loaf, "hall", [
        noting("part", lambda work, run: work.spawn(run, child, Loaf(number=1)) and None),
    ], lane="tin/{number}")  # fmt: skip
    server = serve(parent, child, leaf, lanes=[TIN, VAT])
    (uuid,) = submit(server, parent, [1])
    server.run()
    assert server.row(uuid).outcome == "succeeded"
    assert [row.held for row in server.rows()] == [["tin/1"], ["tin/1", "vat/1"], ["tin/1", "vat/1"]]
    lanes_are_right()


def test_a_control_lane_passes_a_full_one(serve, hold, calls, noting, log):
    control = Lane(kind="oven-control", rank=3, leaf=True)
    bake = Job("bake", 1, Loaf, "oven", [hold], lane="oven/{number}")
    stop = Job("stop", 1, Loaf, "hall", [
        noting("stop", lambda work, run: work.spawn(run, ask, Loaf(number=1), lane="oven-control/1") and None),
    ])  # fmt: skip
    ask = Job("ask", 1, Loaf, "oven", [noting("asked")], lane="oven/{number}")
    server = serve(bake, stop, ask, lanes=[OVEN, control])
    submit(server, bake, [1, 1])
    server.run()
    submit(server, stop, [1])
    server.run()
    assert log == ["stop", "asked"]
    assert len(calls) == 1


def test_work_under_way_ends_before_new_work_of_the_lane_starts(serve, noting, log, lanes_are_right):
    """A child that ended hands its slot to the next child of its parent, whoever queues."""
    crumb = noting("crumb", lambda work, run: log.append(run.payload.number))
    child = Job("child", 1, Loaf, "oven", [crumb], lane="vat/1")

    def part(number):
        return lambda work, run: work.spawn(run, child, Loaf(number=run.payload.number + number)) and None

    parent = Job("parent", 1, Loaf, "hall", [noting(f"part{number}", part(number)) for number in (1, 2, 3)])
    narrow = Lane(kind="vat", rank=2)
    server = serve(parent, child, lanes=[narrow])
    submit(server, parent, [10, 20])
    server.run()
    assert [each for each in log if isinstance(each, int)] in ([11, 12, 13, 21, 22, 23], [11, 21, 12, 22, 13, 23])
    lanes_are_right()


def test_the_slot_of_a_job_that_failed_is_free(serve, noting, lanes_are_right):
    def burn(work, run):
        raise errors.Invalid(reason="burnt")

    mix = noting("mix", undo=lambda work, run: None)
    kind = Job("bake", 1, Loaf, "oven", [mix, noting("burn", burn)], lane="tin/1")
    server = serve(kind, lanes=[TIN])
    submit(server, kind, range(40))
    server.run()
    lanes_are_right()
    assert [row.outcome for row in server.rows()] == ["failed"] * 40


def test_who_queues_in_the_very_moment_a_slot_is_given_back_is_not_left_behind(serve, hold, calls, lanes_are_right):
    kind = Job("bake", 1, Loaf, "oven", [hold], lane="tin/{number}")
    server = serve(kind, lanes=[TIN])
    submit(server, kind, [1])
    server.run()
    calls[0].answer()
    giving_back = threading.Thread(target=server.run)
    with server.kernel.transaction() as work:
        work.submit(kind, Loaf(number=1), fair_key="bob")
        work.finish()  # it has asked for the slot, and nobody can see that yet
        giving_back.start()
        giving_back.join(0.3)
        assert giving_back.is_alive()
    giving_back.join(30)
    server.run()
    assert len(calls) == 2
    lanes_are_right()



def test_many_blocked_jobs_cost_a_claim_nothing_and_are_promoted_by_ticket(serve, hold, calls, lanes_are_right):
    kind = Job("bake", 1, Loaf, "oven", [hold], lane="tin/{number}")
    server = serve(kind, lanes=[TIN])
    submit(server, kind, [1] * 500, fair_key="ann")
    server.run()
    submit(server, kind, [1], fair_key="bob")
    calls.pop().answer()
    server.run()
    assert server.row(calls[0].job).fair_key == "bob"
    lanes_are_right()


@pytest.mark.parametrize("seed", range(12))
def test_lanes_stay_right_whatever_happens(serve, hold, calls, lanes_are_right, clock, seed):
    """Random submits, turns of two servers, ends, failures, crashes and take-overs."""
    dice = random.Random(seed)

    @declare(priority=Priority.CONTROL)
    def part(work, run):
        for _ in range(dice.randrange(3)):
            work.spawn(run, command, Loaf(number=dice.randrange(2)))

    @part.undo
    def unpart(work, run):
        if dice.random() < 0.3:
            raise errors.Again(reason="not yet")

    @declare(priority=Priority.CONTROL, batch=True)
    def sell(work, runs):
        for run in runs:
            if dice.random() < 0.2:
                work.fail(run, errors.Invalid(reason="nobody wants it"))

    command = Job("command", 1, Loaf, "oven", [hold], lane="oven/{number}")
    order = Job("order", 1, Loaf, "hall", [part, sell], lane="tin/{number}")
    vat = Job("vat", 1, Loaf, "hall", [hold, sell], lane="vat/{number}")
    wide = Lane(kind="oven", rank=3, width=2, leaf=True)
    servers = [serve(order, vat, command, lanes=[TIN, VAT, wide], name=name) for name in "ab"]
    filed = 0
    for _ in range(120):
        match dice.randrange(8):
            case 0 | 1:
                kind, number = dice.choice([order, vat]), dice.randrange(1, 6)
                submit(dice.choice(servers), kind, [dice.randrange(3) for _ in range(number)])
                filed += number
            case 2 | 3:
                dice.choice(servers).run()
            case 4:
                dice.choice(servers).kernel.turn(dice.choice(["hall", "oven"]))
            case 5 | 6 if calls:
                call = calls.pop(dice.randrange(len(calls)))
                call.fail(errors.Invalid(reason="no")) if dice.random() < 0.3 else call.answer()
            case 7 if dice.random() < 0.3:
                servers.pop(dice.randrange(2))  # it is killed, its effects go on nowhere
                for _ in range(11):
                    clock.advance(SECOND)
                    servers[0].kernel.look()
                servers.append(serve(order, vat, command, lanes=[TIN, VAT, wide], name="c"))
        lanes_are_right()
    for _ in range(400):
        while calls:
            calls.pop().answer()
        for server in servers:
            server.wait(1)
        if all(row.state == "ended" for row in servers[0].rows()):
            break
    lanes_are_right()
    rows = servers[0].rows()
    assert {row.state for row in rows} <= {"ended"}
    assert len([row for row in rows if row.parent is None]) == filed


def test_lanes_stay_right_between_threads(serve, noting, lanes_are_right, database, until):
    """Real workers of two servers at once, on few lanes."""
    active, most, lock = [0], [0], threading.Lock()

    @effect(priority=Priority.CONTROL, limit=60)
    def bake(call):
        with lock:
            active[0] += 1
            most[0] = max(most[0], active[0])
        threading.Event().wait(0.001)
        with lock:
            active[0] -= 1

    bake_job = Job("bake", 1, Loaf, "oven", [bake], lane="vat/{number}")
    order = Job("order", 1, Loaf, "hall", [
        noting("part", lambda work, run: [work.spawn(run, bake_job, Loaf(number=1)) for _ in range(2)] and None),
        noting("sell"),
    ], lane="tin/{number}")  # fmt: skip
    servers = [serve(order, bake_job, lanes=[TIN, VAT], name=name) for name in "ab"]
    for server in servers:
        server.kernel.start()
    try:
        for start in range(0, 40, 4):
            submit(servers[start % 2], order, [number % 5 for number in range(start, start + 4)])
        until(lambda: all(row.state == "ended" for row in servers[0].rows()), 50)
    finally:
        for server in servers:
            server.kernel.stop()
    lanes_are_right()
    assert {row.outcome for row in servers[0].rows()} == {"succeeded"}
    assert most[0] <= VAT.width
