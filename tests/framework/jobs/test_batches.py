"""Batches: one transaction for many, none of whom suffers for another; and what it all costs."""

import threading

import msgspec
import pytest
import sqlalchemy

from stratiform.framework.base import errors
from stratiform.framework.events import outbox
from stratiform.framework.events.outbox import Event
from stratiform.framework.events.table import event
from stratiform.framework.jobs.advance import Advance
from stratiform.framework.jobs.kind import Job, Lane, Priority, Stage, effect, step
from stratiform.framework.jobs.work import Work
from stratiform.framework.testing.statements import count


class Loaf(msgspec.Struct, frozen=True, kw_only=True):
    number: int = 0


def submit(server, kind, numbers):
    with server.kernel.transaction() as work:
        return [work.submit(kind, Loaf(number=number), fair_key="ann").uuid for number in numbers]


def batch(name, function):
    function.__name__ = name
    return step(priority=Priority.CONTROL, batch=True)(function)


def test_one_commit_carries_thirty_two_jobs_to_their_end(serve, database):
    def bake(work, runs):
        for run in runs:
            run.answer = run.payload.number

    kind = Job("bake", 1, Loaf, "oven", [batch("bake", bake)], lane="tin/{number}")
    server = serve(kind, lanes=[Lane(kind="tin", rank=1)])
    uuids = submit(server, kind, range(32))
    server.kernel.look()
    with count(database) as asked:
        server.kernel.turn("oven")
    assert [server.row(uuid).answer for uuid in uuids] == list(range(32))
    asked.expect(commits=1)
    assert len(asked) <= 4, asked


BAD = (3, 17, 31)


def by_fail(work, runs):
    for run in runs:
        if run.payload.number in BAD:
            work.fail(run, errors.Invalid(reason="bad"))


def by_exception(work, runs):
    if any(run.payload.number in BAD for run in runs):
        raise errors.Invalid(reason="bad")


def by_constraint(work, runs):
    for run in runs:
        taken = "taken" if run.payload.number in BAD else str(run.id)
        lane = sqlalchemy.text("INSERT INTO lane (key, width, busy, queued) VALUES (:key, 1, 0, 0)")
        work.tx.execute(lane, {"key": f"x/{taken}"})


def by_an_event_that_cannot_be_written(work, runs):
    for run in runs:
        payload = {"odd": object()} if run.payload.number in BAD else {}
        work.publish(Event(kind="BAKED", resource_kind="loaf", resource=run.uuid, generation=1, payload=payload), run)


def by_an_answer_that_cannot_be_written(work, runs):
    for run in runs:
        run.answer = object() if run.payload.number in BAD else 1


@pytest.mark.parametrize("how", [
    by_fail, by_exception, by_constraint, by_an_event_that_cannot_be_written, by_an_answer_that_cannot_be_written,
])  # fmt: skip
def test_a_bad_member_fails_alone(serve, database, how):
    with database.transaction() as tx:
        tx.execute(sqlalchemy.text("INSERT INTO lane (key, width, busy, queued) VALUES ('x/taken', 1, 0, 0)"))
    kind = Job("bake", 1, Loaf, "oven", [batch("bake", how)])
    server = serve(kind)
    uuids = submit(server, kind, range(32))
    server.run()
    outcomes = [server.row(uuid).outcome for uuid in uuids]
    assert outcomes == ["failed" if number in BAD else "succeeded" for number in range(32)]


def test_who_raises_is_known_at_once_and_does_not_keep_the_others_from_the_next_batch(serve, noting, log):
    """Otherwise a queue with a bad job in each batch would move one batch a second."""

    def bake(work, run):
        if run.payload.number % 32 == 5:
            raise RuntimeError("bad")

    kind = Job("bake", 1, Loaf, "oven", [noting("bake", bake)])
    server = serve(kind)
    submit(server, kind, range(320))
    server.kernel.look()  # once
    while server.kernel.turn("oven"):
        pass
    outcomes = [row.outcome for row in server.rows()]
    assert (outcomes.count("succeeded"), outcomes.count("failed")) == (310, 10)


def test_a_child_that_raises_hurts_neither_its_siblings_nor_other_families(serve, noting):
    def part(work, run):
        for number in (run.payload.number, 100):
            work.spawn(run, child, Loaf(number=number))

    def bake(work, run):
        if run.payload.number in BAD:
            raise RuntimeError("bad")

    child = Job("child", 1, Loaf, "oven", [noting("bake", bake)])
    parent = Job("parent", 1, Loaf, "hall", [noting("part", part)])
    server = serve(parent, child)
    uuids = submit(server, parent, range(32))
    server.run()
    outcomes = [server.row(uuid).outcome for uuid in uuids]
    assert outcomes == ["failed" if number in BAD else "succeeded" for number in range(32)]
    assert len(server.rows()) == 96


def test_a_job_that_can_be_neither_carried_on_nor_failed_waits_and_lets_the_others_pass(serve, noting, monkeypatch):
    kind = Job("bake", 1, Loaf, "oven", [noting("bake")])
    server = serve(kind)
    uuids = submit(server, kind, range(40))
    broken = server.row(uuids[0]).id

    def fail(work):
        if broken in work.changed:
            raise RuntimeError("cannot be written at all")
        return real(work)

    real = Work.flush
    monkeypatch.setattr(Work, "flush", fail)
    server.run()
    assert [server.row(uuid).state for uuid in uuids] == ["waiting"] + ["ended"] * 39
    monkeypatch.undo()
    server.wait(62)
    assert server.row(uuids[0]).outcome == "succeeded"


def test_a_database_that_goes_away_fails_nobody(serve, noting, monkeypatch):
    """As when PostgreSQL is restarted in the middle of a step: the jobs stay as they were."""
    attempts = []

    class Lost(Exception):
        sqlstate = "57P01"

    def bake(work, run):
        attempts.append(run.id)
        if len(attempts) < 3:
            raise sqlalchemy.exc.OperationalError("SELECT 1", {}, Lost(), connection_invalidated=True)

    kind = Job("bake", 1, Loaf, "oven", [noting("bake", bake)])
    server = serve(kind)
    (uuid,) = submit(server, kind, [1])
    server.run()
    assert server.row(uuid).state == "ready"
    server.run()
    server.run()
    assert server.row(uuid).outcome == "succeeded"


@pytest.mark.parametrize("error", ["deadlock", "lost"])
def test_an_answer_is_not_lost_when_the_database_refuses_the_lock(serve, monkeypatch, error):
    @effect(priority=Priority.CONTROL, limit=60, once=True)
    def bake(call):
        return "loaf"

    kind = Job("bake", 1, Loaf, "oven", [bake])
    server = serve(kind)
    (uuid,) = submit(server, kind, [1])
    server.kernel.look()
    server.kernel.turn("oven")  # the effect ran, its answer waits in memory

    class Refused(Exception):
        sqlstate = "40P01" if error == "deadlock" else "08006"

    refusals, lock = [], Advance.lock

    def refuse(advance, ids):
        if not refusals:
            refusals.append(ids)
            raise sqlalchemy.exc.OperationalError("SELECT", {}, Refused())
        return lock(advance, ids)

    monkeypatch.setattr(Advance, "lock", refuse)
    server.run()
    server.run()
    assert refusals
    assert (server.row(uuid).outcome, server.row(uuid).answer) == ("succeeded", "loaf")


def test_workers_are_woken_when_there_is_something_to_see_and_not_before(serve, noting, database):
    kind = Job("bake", 1, Loaf, "oven", [noting("mix")])
    server = serve(kind)
    server.run()
    early = []

    def committing(connection):
        early.append(server.kernel.turn("oven"))

    sqlalchemy.event.listen(database.engine, "commit", committing, once=True)
    uuid = server.submit(kind)
    assert early == [False]
    assert server.kernel.turn("oven")
    assert server.row(uuid).outcome == "succeeded"



def test_workers_that_take_the_same_answers_lose_none(serve):
    kinds = []

    @effect(priority=Priority.CONTROL, limit=60, answers=True)
    def ask(call):
        kinds.append(call)

    kind = Job("bake", 1, Loaf, "oven", [ask])
    server = serve(kind, stages=[Stage(name="oven", batch=200)])
    submit(server, kind, range(200))
    server.run()
    for call in kinds:
        call.answer(1)
    workers = server.kernel._stages["oven"]
    taken, start = [], threading.Barrier(8)

    def take():
        start.wait()
        for _ in range(60):
            taken.extend(workers.take_answers(7))

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 200


def test_what_an_order_of_two_stages_with_one_effect_costs(serve, noting, database):
    """Filed, claimed with its child until the effect begins, and recorded: so many statements and commits in all."""

    @effect(priority=Priority.CONTROL, limit=60)
    def bake(call):
        return "loaf"

    child = Job("bake", 1, Loaf, "oven", [bake], lane="oven/{number}")
    order = Job("order", 1, Loaf, "hall", [
        noting("part", lambda work, run: work.spawn(run, child, Loaf(number=1)) and None),
        noting("sell", lambda work, run: run.answer),
    ], lane="order/{number}")  # fmt: skip
    server = serve(order, child, lanes=[Lane(kind="order", rank=1), Lane(kind="oven", rank=2)])
    server.kernel.look()
    with count(database) as asked:
        (uuid,) = submit(server, order, [1])
        for stage in ("hall", "oven", "oven"):
            server.kernel.turn(stage)
    assert server.row(uuid).answer == ["loaf"]
    asked.expect(commits=4)
    assert len(asked) <= (15 if database.dialect == "postgresql" else 13), asked


def test_a_job_that_only_writes_the_database_costs_four_statements_with_its_lane(serve, noting, database):
    kind = Job("bake", 1, Loaf, "oven", [noting("mix"), noting("bake")], lane="tin/{number}")
    server = serve(kind, lanes=[Lane(kind="tin", rank=1)])
    server.kernel.look()
    with count(database) as asked:
        submit(server, kind, [1])
    asked.expect(statements=2, commits=1)
    with count(database) as asked:
        server.kernel.turn("oven")
    asked.expect(statements=4 if database.dialect == "postgresql" else 3, commits=1)


def test_events_and_notes_of_a_batch_are_each_in_the_name_of_their_own_job(serve, database):
    def bake(work, runs):
        for run in runs:
            work.publish(Event(kind="BAKED", resource_kind="loaf", resource=run.uuid, generation=1), run)
            work.note(run, f"loaf {run.payload.number}")

    kind = Job("bake", 1, Loaf, "oven", [batch("bake", bake)])
    server = serve(kind)
    uuids = submit(server, kind, range(3))
    server.run()
    with database.reading() as connection:
        told = connection.execute(sqlalchemy.select(event.c.resource, event.c.job)).all()
    assert sorted(told) == sorted((uuid, uuid) for uuid in uuids)
    assert [server.lines(uuid)[0][1] for uuid in uuids] == ["loaf 0", "loaf 1", "loaf 2"]
    assert outbox.IDS
