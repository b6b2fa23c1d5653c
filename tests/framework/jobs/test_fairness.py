"""Tickets: each account has its share of a stage, whoever came first; what matters more takes less of it."""

import msgspec

from stratiform.framework.jobs.kind import Job, Priority, Stage, step


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
