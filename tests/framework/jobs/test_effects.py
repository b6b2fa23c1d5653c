"""Effects: begun once their intent is durable, recorded once, taken over when their process dies, never assumed."""

import msgspec
import pytest
import sqlalchemy

from stratiform.framework import context
from stratiform.framework.base import errors
from stratiform.framework.base.clock import SECOND
from stratiform.framework.cluster import epoch
from stratiform.framework.cluster.membership import LEASE
from stratiform.framework.db.database import Transaction
from stratiform.framework.jobs.kind import Job, Priority, effect, step
from stratiform.framework.jobs.table import job as job_table
from stratiform.framework.jobs.work import Work


class Loaf(msgspec.Struct, frozen=True, kw_only=True):
    number: int = 0


class Crash(BaseException):
    """The process is killed."""


def nothing(work, run):
    pass


@pytest.fixture
def calls():
    return []


@pytest.fixture
def ask(calls):
    """An effect that ends when the test says so, and whose fate may be asked for."""

    @effect(priority=Priority.CONTROL, limit=60, answers=True)
    def ask(call):
        calls.append(("begun", call))

    ask.ask(lambda call: calls.append(("asked", call)))
    return ask


def test_an_effect_on_a_thread_runs_outside_any_transaction_after_its_intent_is_durable(serve, noting, database):
    seen = []

    @effect(priority=Priority.CONTROL, limit=60)
    def bake(call):
        with database.transaction() as tx:  # would wait for ever on SQLite inside of one
            seen.extend(tx.execute(sqlalchemy.select(job_table.c.state, job_table.c.epoch)).all())
        seen.append((context.current().job, call.epoch, call.attempt, call.command))
        return {"loaf": call.payload.number}

    kind = Job("bake", 1, Loaf, "oven", [noting("mix"), bake, noting("sell", lambda work, run: run.answer)])
    server = serve(kind)
    uuid = server.submit(kind, Loaf(number=3))
    server.run()
    row = server.row(uuid)
    assert row.answer == {"loaf": 3}
    (state, durable), (job, given, attempt, command) = seen
    assert (state, job, attempt) == ("running", uuid, 0)
    assert durable == given == epoch.floor(1) + 1
    assert command == f"{uuid}/bake/0"
    assert [text for _, text in server.lines(uuid)] == ["done"] * 3
    assert (row.owner, row.deadline) == (None, None)


def test_an_effect_that_answers_later_holds_no_worker(serve, ask, calls, noting):
    kind = Job("bake", 1, Loaf, "oven", [ask, noting("sell", lambda work, run: run.answer)])
    server = serve(kind)
    uuids = [server.submit(kind) for _ in range(100)]
    server.run()
    assert [what for what, _ in calls] == ["begun"] * 100
    assert {server.row(uuid).state for uuid in uuids} == {"running"}
    for _, call in calls:
        call.answer(call.job)
    server.run()
    assert [server.row(uuid).answer for uuid in uuids] == uuids


def test_a_failed_effect_is_undone_too_for_it_may_have_happened_in_part(serve, noting, log):
    @effect(priority=Priority.CONTROL, limit=60)
    def bake(call):
        raise errors.Invalid(reason="burnt")

    bake.undo(lambda work, run: log.append("-bake"))
    kind = Job("bake", 1, Loaf, "oven", [noting("mix", undo=nothing), bake, noting("sell", undo=nothing)])
    server = serve(kind)
    uuid = server.submit(kind)
    server.run()
    assert log == ["mix", "-bake", "-mix"]
    assert (server.row(uuid).outcome, server.row(uuid).error["text"]) == ("failed", "burnt")


@pytest.mark.parametrize("answers", [False, True])
def test_an_effect_that_asks_for_another_time_is_a_new_command_then(serve, clock, answers):
    commands = []

    @effect(priority=Priority.CONTROL, limit=60, answers=answers)
    def bake(call):
        commands.append((call.command, call.epoch))
        if len(commands) < 3:
            raise errors.Again(reason="cold")
        return call.answer() if answers else None

    kind = Job("bake", 1, Loaf, "oven", [bake])
    server = serve(kind)
    uuid = server.submit(kind)
    server.run()
    server.wait(5)
    assert server.row(uuid).outcome == "succeeded"
    assert [command for command, _ in commands] == [f"{uuid}/bake/{number}" for number in range(3)]
    assert [each for _, each in commands] == sorted({each for _, each in commands})


def test_each_effect_of_a_job_is_a_command_of_its_own(serve):
    commands = []

    def named(name):
        def function(call):
            commands.append(call.command)

        function.__name__ = name
        return effect(priority=Priority.CONTROL, limit=60)(function)

    kind = Job("bake", 1, Loaf, "oven", [named("heat"), named("bake")])
    server = serve(kind)
    server.submit(kind)
    server.run()
    assert len(set(commands)) == 2


def test_only_the_first_answer_of_an_epoch_counts(serve, ask, calls):
    kind = Job("bake", 1, Loaf, "oven", [ask])
    server = serve(kind)
    uuid = server.submit(kind)
    server.run()
    ((_, call),) = calls
    call.answer(1)
    call.fail(errors.Invalid(reason="late"))
    server.run()
    call.answer(2)
    server.run()
    assert (server.row(uuid).outcome, server.row(uuid).answer) == ("succeeded", 1)
    assert len(server.lines(uuid)) == 1


def test_a_stale_answer_does_not_hide_the_one_that_counts(serve, ask, calls):
    kind = Job("bake", 1, Loaf, "oven", [ask])
    server = serve(kind)
    uuid = server.submit(kind)
    server.run()
    calls[0][1].fail(errors.Again(reason="cold"))
    server.run()
    server.wait(2)
    assert len(calls) == 2
    calls[0][1].answer("stale")
    calls[1][1].answer("fresh")
    server.run()
    assert server.row(uuid).answer == "fresh"


def test_an_effect_of_a_dead_process_is_asked_for_with_a_higher_epoch_and_its_old_answer_refused(
    serve, ask, calls, clock, noting
):
    kind = Job("bake", 1, Loaf, "oven", [ask, noting("sell", lambda work, run: run.answer)])
    one = serve(kind)
    uuid = one.submit(kind)
    one.run()
    clock.advance(LEASE)
    other = serve(kind, name="b")
    assert [what for what, _ in calls] == ["begun", "asked"]
    (_, old), (_, new) = calls
    assert new.epoch > old.epoch
    assert (new.command, new.attempt, new.payload) == (old.command, old.attempt, old.payload)
    old.answer("old")
    one.run()  # it has expired and records nothing
    assert other.row(uuid).state == "running"
    other.kernel._effects.answered(old, "old", None)
    other.run()
    assert other.row(uuid).state == "running"
    new.answer("new")
    other.run()
    assert other.row(uuid).answer == "new"


def test_what_a_living_process_carries_out_stays_its_own_when_another_dies(serve, ask, calls, clock):
    kind = Job("bake", 1, Loaf, "oven", [ask])
    living, dying = serve(kind), serve(kind, name="b")
    uuids = []
    for server in (living, dying):
        uuids.append(server.submit(kind))
        server.run()
    clock.advance(LEASE // 2)
    living.kernel.look()
    clock.advance(LEASE // 2)
    heir = serve(kind, name="c")
    assert [heir.row(uuid).owner for uuid in uuids] == [living.membership.id, heir.membership.id]
    assert [what for what, _ in calls] == ["begun", "begun", "asked"]
    calls[0][1].answer("loaf")
    living.run()
    assert heir.row(uuids[0]).answer == "loaf"



def test_an_epoch_stands_above_the_generation_of_the_database(serve, ask, calls, database, clock):
    kind = Job("bake", 1, Loaf, "oven", [ask])
    one = serve(kind)
    one.submit(kind)
    one.run()
    clock.advance(LEASE)
    with database.transaction() as tx:
        epoch.raise_generation(tx)
    serve(kind, name="b")
    assert [epoch.split(call.epoch) for _, call in calls] == [(1, 1), (2, 1)]


def test_a_plain_effect_of_a_dead_process_runs_again_on_a_worker(serve, clock, log):
    @effect(priority=Priority.CONTROL, limit=60)
    def bake(call):
        log.append(call.epoch)
        if len(log) == 1:
            raise Crash
        return "loaf"

    kind = Job("bake", 1, Loaf, "oven", [bake])
    one = serve(kind)
    uuid = one.submit(kind)
    with pytest.raises(Crash):
        one.run()
    clock.advance(LEASE)
    other = serve(kind, name="b")
    assert len(log) == 1  # not on the thread that took over
    other.run()
    assert (other.row(uuid).answer, len(log)) == ("loaf", 2)
    assert log[1] > log[0]


def test_an_effect_that_happens_once_is_never_repeated_but_reported(serve, clock, log, noting):
    @effect(priority=Priority.CONTROL, limit=60, once=True)
    def ring(call):
        log.append("ring")
        raise Crash

    kind = Job("bake", 1, Loaf, "oven", [noting("mix", undo=nothing), ring])
    one = serve(kind)
    uuid = one.submit(kind)
    with pytest.raises(Crash):
        one.run()
    clock.advance(LEASE)
    other = serve(kind, name="b")
    other.run()
    assert log.count("ring") == 1
    assert other.row(uuid).error["code"] == "outcome_unknown"
    assert log[-1] == "-mix"


def test_the_fate_of_a_plain_effect_is_asked_for_on_a_worker_not_on_the_one_loop(serve, clock, log):
    @effect(priority=Priority.CONTROL, limit=60)
    def bake(call):
        raise Crash

    @bake.ask
    def found(call):
        log.append("asked")
        call.answer("was done")

    kind = Job("bake", 1, Loaf, "oven", [bake])
    one = serve(kind)
    uuid = one.submit(kind)
    with pytest.raises(Crash):
        one.run()
    clock.advance(LEASE)
    other = serve(kind, name="b")
    assert log == []
    other.run()
    assert (log, other.row(uuid).answer) == (["asked"], "was done")


def test_an_effect_past_its_limit_is_asked_for_again_and_again_and_never_failed(serve, ask, calls):
    kind = Job("bake", 1, Loaf, "oven", [ask])
    server = serve(kind)
    uuid = server.submit(kind)
    server.run()
    server.wait(59)
    assert len(calls) == 1
    server.wait(122)
    assert [what for what, _ in calls] == ["begun", "asked", "asked", "asked"]
    assert server.row(uuid).state == "running"
    calls[-1][1].answer(1)
    server.run()
    server.wait(70)
    assert len(calls) == 4
    assert server.row(uuid).outcome == "succeeded"


def test_one_that_cannot_be_asked_for_keeps_no_other_from_being_asked_for(serve, clock, log):
    @effect(priority=Priority.CONTROL, limit=60, answers=True)
    def bake(call):
        pass

    @bake.ask
    def found(call):
        log.append(call.payload.number)
        if call.payload.number == 0:
            raise RuntimeError("nobody there")

    kind = Job("bake", 1, Loaf, "oven", [bake])
    one = serve(kind)
    for number in range(3):
        one.submit(kind, Loaf(number=number))
    one.run()
    clock.advance(LEASE)
    other = serve(kind, name="b")
    assert sorted(log) == [0, 1, 2]
    other.wait(61)
    assert sorted(log) == [0, 0, 1, 1, 2, 2]
    assert {row.state for row in other.rows()} == {"running"}


def test_an_effect_whose_commit_was_lost_sight_of_is_carried_out_all_the_same(serve, log, monkeypatch, clock):
    """The connection broke while the commit was on its way: it may have been done or not."""

    @effect(priority=Priority.CONTROL, limit=60)
    def bake(call):
        log.append(call.epoch)
        return "loaf"

    kind = Job("bake", 1, Loaf, "oven", [bake])
    server = serve(kind)
    uuid = server.submit(kind)

    lost = []

    def committed(transaction):
        if not lost:
            lost.append(1)
            raise sqlalchemy.exc.OperationalError("COMMIT", {}, Exception(), connection_invalidated=True)
        return real(transaction)

    real = Transaction.committed
    server.kernel.look()
    monkeypatch.setattr(Transaction, "committed", committed)
    server.run()
    assert (server.row(uuid).state, log) == ("running", [])
    server.wait(LEASE // SECOND)
    assert (server.row(uuid).answer, len(log)) == ("loaf", 1)


def test_an_answer_that_could_not_be_recorded_is_recorded_later_and_the_effect_not_repeated(serve, log, monkeypatch):
    @effect(priority=Priority.CONTROL, limit=60, once=True)
    def bake(call):
        log.append("bake")
        return "loaf"

    @effect(priority=Priority.CONTROL, limit=60)
    def sell(call):
        log.append("sell")

    kind = Job("bake", 1, Loaf, "oven", [bake, sell])
    server = serve(kind)
    uuid = server.submit(kind)
    server.kernel.look()
    server.kernel.turn("oven")

    def fail(work):
        raise sqlalchemy.exc.OperationalError("UPDATE", {}, Exception(), connection_invalidated=True)

    monkeypatch.setattr(Work, "flush", fail)
    server.wait(20)
    assert server.row(uuid).state == "running"
    monkeypatch.undo()
    server.wait(20)
    assert server.row(uuid).outcome == "succeeded"
    assert log == ["bake", "sell"]


def test_a_process_whose_lease_ran_out_comes_back_as_somebody_else(serve, ask, calls, clock):
    kind = Job("bake", 1, Loaf, "oven", [ask])
    server = serve(kind)
    before = server.membership.id
    uuid = server.submit(kind)
    server.run()
    clock.advance(LEASE)
    server.run()
    assert server.membership.id != before
    assert [what for what, _ in calls] == ["begun", "asked"]
    (_, old), (_, new) = calls
    assert new.epoch > old.epoch
    old.answer("old")
    server.run()
    assert server.row(uuid).state == "running"
    new.answer("new")
    server.run()
    assert (server.row(uuid).outcome, server.row(uuid).answer) == ("succeeded", "new")


def test_what_was_to_begin_as_the_old_self_is_not_begun_beside_what_the_new_self_took_over(serve, clock, log):
    """The process stood still between the commit of the intent and its effect."""
    server = None

    @step(priority=Priority.CONTROL)
    def mix(work, run):
        work.tx.after_commit(lambda: (clock.advance(LEASE), server.kernel.look()))

    @effect(priority=Priority.CONTROL, limit=60)
    def bake(call):
        log.append(call.epoch)

    kind = Job("bake", 1, Loaf, "oven", [mix, bake])
    server = serve(kind)
    uuid = server.submit(kind)
    server.run()
    assert server.row(uuid).outcome == "succeeded"
    assert log == [epoch.floor(1) + 2]


def test_a_lease_that_runs_out_in_the_middle_of_a_transaction_begins_nothing(serve, clock, log):
    @step(priority=Priority.CONTROL)
    def mix(work, run):
        if not log:
            clock.advance(LEASE)
        log.append("mix")

    @effect(priority=Priority.CONTROL, limit=60)
    def bake(call):
        log.append("bake")

    kind = Job("bake", 1, Loaf, "oven", [mix, bake])
    server = serve(kind)
    uuid = server.submit(kind)
    server.run()
    assert log == ["mix"]
    assert (server.row(uuid).state, server.row(uuid).done) == ("ready", 0)
    server.run()
    assert log == ["mix", "mix", "bake"]
    assert server.row(uuid).outcome == "succeeded"


def test_a_process_that_is_too_slow_for_its_lease_still_wakes_who_sleeps(serve, clock, log):
    @step(priority=Priority.CONTROL)
    def nap(work, run):
        work.sleep(run, work.now + SECOND)

    kind = Job("bake", 1, Loaf, "oven", [nap])
    server = serve(kind)
    uuid = server.submit(kind)
    server.run()
    server.kernel.duties.append(lambda: clock.advance(2 * LEASE))
    for _ in range(4):
        server.kernel.look()
    assert server.row(uuid).state == "ready"


def test_a_lease_is_kept_whatever_the_clock_on_the_wall_says(serve, clock, noting):
    kind = Job("bake", 1, Loaf, "oven", [noting("mix")])
    server = serve(kind)
    server.run()
    clock.set(clock.now() - 3600 * SECOND)
    server.wait(30)
    uuid = server.submit(kind)
    server.run()
    assert server.kernel.working
    assert server.row(uuid).outcome == "succeeded"


def test_a_duty_that_fails_keeps_no_other_from_being_done(serve, noting, log):
    server = serve(Job("bake", 1, Loaf, "oven", [noting("mix")]))
    server.kernel.duties += [lambda: 1 / 0, lambda: log.append("duty")]
    server.kernel.look()
    server.kernel.look()
    assert log == ["duty", "duty"]
