"""Tickets: each account has its share of a stage, whoever came first; what matters more takes less of it."""

import contextvars
import threading

import msgspec
import pytest
import sqlalchemy

from stratiform.framework.cluster.membership import LEASE
from stratiform.framework.jobs import control
from stratiform.framework.jobs.kind import Job, Lane, Priority, Stage, step
from stratiform.framework.jobs.table import job, stage
from stratiform.framework.jobs.work import SHARE

QUEUE = 10_000
CHUNK = 500
BATCH = 32


class Loaf(msgspec.Struct, frozen=True, kw_only=True):
    number: int = 0


def submit(server, kind, count, fair_key):
    with server.kernel.transaction() as work:
        for number in range(count):
            work.submit(kind, Loaf(number=number), fair_key=fair_key)


def baking(order, priority=Priority.CONTROL):
    @step(priority=priority)
    def bake(work, run):
        order.append(run.fair_key)

    return bake


def test_the_first_job_of_another_account_is_in_the_very_next_claim(serve):
    order = []
    kind = Job("bake", 1, Loaf, "oven", [baking(order)])
    server = serve(kind, stages=[Stage(name="oven", batch=8)])
    submit(server, kind, 1000, "ann")
    server.kernel.look()
    for _ in range(3):
        server.kernel.turn("oven")
    assert order == ["ann"] * 24
    submit(server, kind, 1, "bob")
    server.kernel.turn("oven")
    assert "bob" in order[24:32]


def test_accounts_with_queues_take_turns(serve):
    order = []
    kind = Job("bake", 1, Loaf, "oven", [baking(order)])
    server = serve(kind, stages=[Stage(name="oven", batch=10)])
    submit(server, kind, 200, "ann")
    submit(server, kind, 100, "bob")
    submit(server, kind, 100, "cy")
    server.kernel.look()
    for _ in range(6):
        server.kernel.turn("oven")
    assert {key: order.count(key) for key in ("ann", "bob", "cy")} == {"ann": 20, "bob": 20, "cy": 20}


def test_jobs_of_one_account_keep_their_order(serve):
    seen = []

    @step(priority=Priority.CONTROL)
    def bake(work, run):
        seen.append(run.payload.number)

    kind = Job("bake", 1, Loaf, "oven", [bake])
    server = serve(kind, stages=[Stage(name="oven", batch=7)])
    submit(server, kind, 100, "ann")
    server.run()
    assert seen == list(range(100))


def test_what_serves_storage_goes_eight_times_as_often_as_control(serve):
    order = []
    disk = Job("disk", 1, Loaf, "oven", [baking(order, Priority.STORAGE_PATH)])
    paper = Job("paper", 1, Loaf, "oven", [baking(order)])
    server = serve(disk, paper, stages=[Stage(name="oven", batch=9)])
    submit(server, paper, 100, "paper")
    submit(server, disk, 100, "disk")
    server.kernel.look()
    for _ in range(4):
        server.kernel.turn("oven")
    assert order.count("disk") == 8 * order.count("paper")


def test_a_stage_that_was_idle_does_not_let_a_newcomer_pass_everybody_for_long(serve, database, clock):
    """The clock of a stage goes on with the tickets that were taken up, and only forward, whoever beats last."""
    order = []
    kind = Job("bake", 1, Loaf, "oven", [baking(order)])
    one, other = serve(kind, name="a"), serve(kind, name="b")
    submit(one, kind, 1, "ann")
    other.run()  # and does not beat for a while
    submit(one, kind, 99, "ann")
    one.run()
    one.wait(4)
    submit(one, kind, 1, "bob")
    ticket = one.rows()[-1].ticket
    assert ticket > one.rows()[98].ticket
    other.wait(4)
    submit(one, kind, 1, "cy")
    assert one.rows()[-1].ticket >= ticket


def clock_of(server, name):
    with server.database.reading() as connection:
        return connection.execute(sqlalchemy.select(stage.c.clock).where(stage.c.name == name)).scalar_one()


def test_beside_ten_thousand_jobs_each_of_anothers_is_in_the_very_next_claim(serve):
    """Its ticket is one share behind the stage's clock, while the queue of the other reaches to ten thousand."""
    order = []
    kind = Job("bake", 1, Loaf, "oven", [baking(order)])
    server = serve(kind, stages=[Stage(name="oven", workers=2, batch=BATCH)])
    for _ in range(QUEUE // CHUNK):
        submit(server, kind, CHUNK, "ann")
    assert server.rows(job.c.ticket == QUEUE * SHARE), "each of an account's own jobs is a share behind the last"
    server.kernel.look()
    for asked in range(60):
        if asked % 10 == 0:  # the process beats, and moves the clock
            server.world.clock.advance(LEASE // 3)
            server.kernel.look()
        submit(server, kind, 1, "bob")
        (filed,) = server.rows(job.c.fair_key == "bob", job.c.state == "ready")
        assert filed.ticket == clock_of(server, "oven") + SHARE
        before = len(order)
        server.kernel.turn("oven")
        assert order[before:].count("bob") == 1, f"the job {asked} was not in the next claim"
    assert clock_of(server, "oven") > 0
    assert order.count("ann") == 60 * (BATCH - 1)


def test_while_both_have_work_an_account_of_weight_three_gets_three_times_as_much(serve):
    """To within a tenth, in all that is taken up and, but for the ends of batches, in each claim of it."""
    order = []
    kind = Job("bake", 1, Loaf, "oven", [baking(order)])
    server = serve(kind, stages=[Stage(name="oven", workers=2, batch=BATCH)])
    with server.kernel.transaction() as work:
        control.set_share(work, "ann", 3)
    for account in ("bob", "ann"):
        submit(server, kind, 1000, account)
    server.kernel.look()
    for _ in range(30):
        before = len(order)
        server.kernel.turn("oven")
        assert abs(order[before:].count("ann") - BATCH * 3 / 4) <= 1
    assert 2.7 <= order.count("ann") / order.count("bob") <= 3.3


def weigh(server, account, weight):
    with server.kernel.transaction() as work:
        control.set_share(work, account, weight)


def tickets(server, account):
    return [each.ticket for each in server.rows(job.c.fair_key == account, job.c.state.in_(("ready", "blocked")))]


@pytest.mark.parametrize("late", [False, True], ids=["from the beginning", "while the stage is at work"])
def test_a_weight_counts_at_once_for_what_is_queued_already(serve, late):
    """Also long after the stage's clock was told: nobody is passed over for what was taken up since."""
    order = []
    kind = Job("bake", 1, Loaf, "oven", [baking(order)])
    server = serve(kind, stages=[Stage(name="oven", batch=8)])
    for account in ("ann", "bob"):
        submit(server, kind, 100, account)
    server.kernel.look()
    for _ in range(5 if late else 0):
        server.kernel.turn("oven")
    del order[:]
    assert clock_of(server, "oven") == 0
    weigh(server, "ann", 3)
    for _ in range(5):
        server.kernel.turn("oven")
    assert 29 <= order.count("ann") <= 31
    weigh(server, "ann", 1)
    del order[:]
    for _ in range(5):
        server.kernel.turn("oven")
    assert 19 <= order.count("ann") <= 21
    before = tickets(server, "ann")[-1]
    submit(server, kind, 1, "ann")
    assert tickets(server, "ann")[-1] == before + SHARE


def test_a_weight_leaves_the_others_alone_and_those_who_were_put_first(serve):
    kind = Job("bake", 1, Loaf, "oven", [baking([])])
    stew = Job("stew", 1, Loaf, "pot", [baking([])], lane="stove/1")
    server = serve(kind, stew, lanes=[Lane(kind="stove", rank=1)])
    for each, account in ((kind, "bob"), (kind, "ann"), (stew, "ann")):
        submit(server, each, 8, account)
    urgent = server.rows(job.c.fair_key == "ann", job.c.stage == "oven")[-1].uuid
    with server.kernel.transaction() as work:
        control.prioritize(work, server.registry, urgent, control.Place.FIRST)
    kept = tickets(server, "bob")
    (first,) = [each.ticket for each in server.rows(job.c.uuid == urgent)]
    weigh(server, "ann", 4)
    assert tickets(server, "bob") == kept
    assert server.row(urgent).ticket == first
    blocked = [each.ticket for each in server.rows(job.c.stage == "pot")]
    assert blocked == [SHARE + number * SHARE // 4 for number in range(8)], "behind the first, which is ready"
    weigh(server, "ann", 4)
    assert [each.ticket for each in server.rows(job.c.stage == "pot")] == blocked


def test_a_weight_waits_for_nobody_who_holds_a_job(serve, dialect):
    if dialect != "postgresql":
        pytest.skip("writers of SQLite come one at a time")
    kind = Job("bake", 1, Loaf, "oven", [baking([])])
    server = serve(kind)
    submit(server, kind, 3, "ann")
    with server.database.transaction() as tx:
        second = sqlalchemy.select(job.c.id).where(job.c.ticket == 2 * SHARE).with_for_update()
        tx.execute(second).one()
        done = threading.Thread(target=contextvars.copy_context().run, args=(weigh, server, "ann", 2))
        done.start()
        done.join(20)
        assert not done.is_alive()
    assert tickets(server, "ann") == [SHARE, 2 * SHARE, 2 * SHARE]
