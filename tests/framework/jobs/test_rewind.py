"""Rewind: a job whose step failed begins again at an earlier step, once what lies between was undone."""

import pytest
from tests.framework.jobs.conftest import Order

from stratiform.framework.base import errors
from stratiform.framework.base.clock import SECOND
from stratiform.framework.jobs import control
from stratiform.framework.jobs.control import OnItsWayBack
from stratiform.framework.jobs.kind import Job, Priority, effect

OVENS = 3


class Cold(errors.Error):
    """Oven {oven} stays cold."""

    code = "cold"


def nothing(work, run):
    """An undo that does nothing."""


def _raise():
    raise Cold(oven=0)


@pytest.fixture
def cold():
    """The ovens that do not heat."""
    return set()


@pytest.fixture
def bakery(serve, noting, cold):
    """Chooses an oven, heats it in a child, and sells; where the oven stays cold it chooses another one."""

    def pick(work, run):
        return next(oven for oven in range(OVENS) if oven not in (run.memory or []))

    def try_it(work, run):
        if run.payload.number in cold:
            raise Cold(oven=run.payload.number)

    attempt = Job("attempt", 1, Order, "oven", [noting("attempt", try_it)])
    choose = noting("choose", pick, undo=nothing)

    def begin(work, run):
        work.spawn(run, attempt, Order(number=run.answer))
        run.memory = [*(run.memory or []), run.answer]

    heat = noting("heat", begin, undo=nothing)

    @heat.rewind
    def another(work, run, error):
        assert isinstance(error, Cold)
        assert error.parameters == {"oven": run.memory[-1]}
        return choose if len(run.memory) < OVENS else None

    mix = noting("mix", undo=nothing)
    sell = noting("sell", lambda work, run: run.memory)
    return serve(Job("bake", 1, Order, "hall", [mix, choose, heat, sell]), attempt)


def bake(server):
    return server.submit(server.registry.job("bake", 1))


def way(server, uuid):
    """The steps of a job in the order in which they were done, and with `-` undone."""
    return [step for step, text in server.lines(uuid) if text in ("done", "undone")]


def test_a_job_begins_again_where_its_step_says_and_undoes_what_lies_between(bakery, cold):
    cold |= {0, 1}
    uuid = bake(bakery)
    bakery.run()
    assert way(bakery, uuid) == [
        "mix", "choose", "heat", "-heat", "-choose", "choose", "heat", "-heat", "-choose", "choose", "heat", "sell",
    ]  # fmt: skip
    row = bakery.row(uuid)
    assert (row.outcome, row.answer, row.error, row.rewind, row.done) == ("succeeded", [0, 1, 2], None, None, 4)
    assert ("choose", "begins again from here") in bakery.lines(uuid)


def test_it_gives_up_when_its_step_says_so_and_tells_the_last_error(bakery, cold):
    cold |= {0, 1, 2}
    uuid = bake(bakery)
    bakery.run()
    assert way(bakery, uuid)[-4:] == ["heat", "-heat", "-choose", "-mix"]
    row = bakery.row(uuid)
    assert (row.outcome, row.error["text"]) == ("failed", "Oven 2 stays cold.")


def test_what_undoes_it_may_wait_and_the_job_goes_forward_only_when_it_has_ended(serve, noting, clock):
    """The way back is durable at each step, and another process goes on with it."""
    tries = []

    def fail_once(work, run):
        tries.append(1)
        if len(tries) == 1:
            raise Cold(oven=0)

    cool = Job("cool", 1, Order, "oven", [noting("wait", lambda work, run: work.sleep(run, work.now + 5 * SECOND))])
    choose = noting("choose", undo=lambda work, run: work.spawn(run, cool, Order()) and None)
    heat = noting("heat", undo=nothing)
    light = noting("light", fail_once)
    light.rewind(lambda work, run, error: choose)
    kinds = (Job("bake", 1, Order, "hall", [choose, heat, light]), cool)
    server = serve(*kinds)
    uuid = server.submit(kinds[0])
    server.run()
    row = server.row(uuid)
    assert (row.state, row.direction, row.rewind, row.pending) == ("waiting", "undo", "choose", 1)
    clock.advance(60 * SECOND)  # its lease, too
    survivor = serve(*kinds, name="b")
    survivor.wait(2)
    assert survivor.row(uuid).outcome == "succeeded"
    assert tries == [1, 1]


def test_one_that_is_cancelled_on_its_way_back_is_undone_to_the_end(serve, noting, steer):
    cool = Job("cool", 1, Order, "oven", [noting("cool")])
    mix = noting("mix", undo=nothing)
    choose = noting("choose", undo=lambda work, run: work.spawn(run, cool, Order()) and None)
    light = noting("light", lambda work, run: _raise())
    light.rewind(lambda work, run, error: choose)
    bake = Job("bake", 1, Order, "hall", [mix, choose, light])
    server = serve(bake, cool)
    steer("oven", "pause")
    uuid = server.submit(bake)
    server.run()
    assert server.row(uuid).rewind == "choose"
    with server.kernel.transaction() as work:
        control.cancel(work, server.registry, uuid)
    steer("oven", "run")
    server.run()
    row = server.row(uuid)
    assert (row.outcome, row.error["code"]) == ("cancelled", "cancelled")
    assert way(server, uuid) == ["mix", "choose", "-choose", "-mix"]
    undoing = [each.outcome for each in server.rows() if each.kind == "cool"]
    assert undoing == ["succeeded"], "what undoes is not stopped"


def test_a_job_that_is_undone_for_good_cannot_be_cancelled(serve, noting, steer):
    cool = Job("cool", 1, Order, "oven", [noting("cool")])
    choose = noting("choose", undo=lambda work, run: work.spawn(run, cool, Order()) and None)
    bake = Job("bake", 1, Order, "hall", [choose, noting("light", lambda work, run: _raise())])
    server = serve(bake, cool)
    steer("oven", "pause")
    uuid = server.submit(bake)
    server.run()
    with pytest.raises(OnItsWayBack), server.kernel.transaction() as work:
        control.cancel(work, server.registry, uuid)


def test_an_effect_that_failed_is_undone_itself_before_the_job_begins_again(serve, noting, log):
    outcomes = [Cold(oven=0), None]

    @effect(priority=Priority.CONTROL, limit=60, answers=True)
    def heat(call):
        error = outcomes.pop(0)
        log.append("heat")
        call.fail(error) if error else call.answer("warm")

    heat.undo(lambda work, run: log.append("-heat"))
    choose = noting("choose", undo=nothing)
    heat.rewind(lambda work, run, error: choose)
    bake = Job("bake", 1, Order, "hall", [choose, heat, noting("sell", lambda work, run: run.answer)])
    server = serve(bake)
    uuid = server.submit(bake)
    server.run()
    assert log == ["choose", "heat", "-heat", "-choose", "choose", "heat", "sell"]
    assert server.row(uuid).answer == "warm"


def test_past_a_step_that_destroys_nobody_rewinds(serve, noting):
    choose, burn = noting("choose", undo=nothing), noting("burn")
    burn.destroys = True
    light = noting("light", lambda work, run: _raise())
    light.rewind(lambda work, run, error: choose)
    bake = Job("bake", 1, Order, "hall", [choose, burn, light])
    server = serve(bake)
    uuid = server.submit(bake)
    server.run()
    assert server.row(uuid).outcome == "failed"
    assert way(server, uuid) == ["choose", "burn", "-choose"]


@pytest.mark.parametrize("wrong", ["later", "raises"])
def test_a_rewind_to_nowhere_gives_up(serve, noting, wrong):
    sell = noting("sell")
    light = noting("light", lambda work, run: _raise())
    light.rewind(lambda work, run, error: sell if wrong == "later" else [][0])
    bake = Job("bake", 1, Order, "hall", [noting("choose", undo=nothing), light, sell])
    server = serve(bake)
    uuid = server.submit(bake)
    server.run()
    assert server.row(uuid).outcome == "failed"
    assert way(server, uuid) == ["choose", "-choose"]


def test_what_a_step_raises_again_on_the_second_way_is_asked_of_it_anew(serve, noting):
    """What was known of the first way in this transaction is not held against the second."""
    tries = []

    def fail_twice(work, run):
        tries.append(1)
        if len(tries) < 3:
            raise Cold(oven=len(tries))

    choose, light = noting("choose", undo=nothing), noting("light", fail_twice)
    light.rewind(lambda work, run, error: choose)
    bake = Job("bake", 1, Order, "hall", [choose, light])
    server = serve(bake)
    uuid = server.submit(bake)
    server.run()
    server.wait(1)
    assert server.row(uuid).outcome == "succeeded"
    assert len(tries) == 3


def test_an_undo_whose_child_fails_is_done_before_the_job_begins_again(serve, noting):
    """What it has to give back is given back, however often that takes."""
    tries = []

    def cool_down(work, run):
        tries.append(1)
        if len(tries) < 3:
            raise Cold(oven=0)

    outcomes = [Cold(oven=0), None]

    @effect(priority=Priority.CONTROL, limit=60, answers=True)
    def light(call):
        error = outcomes.pop(0)
        call.fail(error) if error else call.answer()

    cool = Job("cool", 1, Order, "oven", [noting("cool", cool_down)])
    choose = noting("choose", undo=lambda work, run: work.spawn(run, cool, Order()) and None)
    light.rewind(lambda work, run, error: choose)
    bake = Job("bake", 1, Order, "hall", [choose, light])
    server = serve(bake, cool)
    uuid = server.submit(bake)
    server.run()
    assert (server.row(uuid).direction, server.row(uuid).rewind) == ("undo", "choose")
    server.wait(10)
    assert server.row(uuid).outcome == "succeeded"
    assert [each.outcome for each in server.rows() if each.kind == "cool"][-1] == "succeeded"


def test_what_an_effect_does_on_the_second_way_is_another_command(serve, noting):
    commands, tries = [], []

    @effect(priority=Priority.CONTROL, limit=60, answers=True)
    def heat(call):
        commands.append(call.command)
        call.answer("hot")

    def sell(work, run):
        tries.append(run.answer)
        if len(commands) == 1:
            raise Cold(oven=0)

    seen = []
    choose = noting("choose", lambda work, run: seen.append(run.answer), undo=nothing)
    heat.undo(nothing)
    last = noting("sell", sell)
    last.rewind(lambda work, run, error: choose)
    bake = Job("bake", 1, Order, "hall", [noting("mix", lambda work, run: "dough"), choose, heat, last])
    server = serve(bake)
    uuid = server.submit(bake)
    server.run()
    assert server.row(uuid).outcome == "succeeded"
    assert len(commands) == len(set(commands)) == 2
    assert seen[0] == "dough"
    assert seen[-1] is None, "what was answered on the way before is gone"
    assert set(tries) == {"hot"}


def test_an_effect_that_may_have_destroyed_something_is_not_begun_again(serve, noting):
    @effect(priority=Priority.CONTROL, limit=60, answers=True, destroys=True)
    def burn(call):
        call.fail(Cold(oven=0))

    choose = noting("choose", undo=nothing)
    burn.rewind(lambda work, run, error: choose)
    bake = Job("bake", 1, Order, "hall", [choose, burn])
    server = serve(bake)
    uuid = server.submit(bake)
    server.run()
    assert server.row(uuid).outcome == "failed"


def wrong_statement(work, run, error):
    work.tx.connection.exec_driver_sql("INSERT INTO nowhere VALUES (1)")


def wrong_memory(work, run, error):
    run.memory = object()


def writes_then_raises(work, run, error):
    work.tx.connection.exec_driver_sql("DELETE FROM stage")
    raise ValueError


@pytest.mark.parametrize("decide", [wrong_statement, wrong_memory, writes_then_raises])
def test_a_rewind_that_goes_wrong_after_a_child_failed_gives_up(serve, noting, decide):
    child = Job("child", 1, Order, "oven", [noting("try", lambda work, run: _raise())])
    choose = noting("choose", undo=nothing)
    part = noting("part", lambda work, run: work.spawn(run, child, Order()) and None, undo=nothing)
    part.rewind(decide)
    bake = Job("bake", 1, Order, "hall", [choose, part])
    server = serve(bake, child)
    uuid = server.submit(bake)
    server.run()
    row = server.row(uuid)
    assert (row.outcome, row.error["code"], row.memory) == ("failed", "cold", None)
    assert way(server, uuid) == ["choose", "part", "-part", "-choose"]
    assert server.submit(bake), "what it wrote is gone"


def test_a_cancelled_child_does_not_make_its_parent_begin_again(serve, noting):
    rest = noting("rest", lambda work, run: work.sleep(run, work.now + 60 * SECOND))
    child = Job("child", 1, Order, "oven", [rest, noting("end")])
    choose = noting("choose", undo=nothing)
    part = noting("part", lambda work, run: work.spawn(run, child, Order()) and None, undo=nothing)
    part.rewind(lambda work, run, error: choose)
    bake = Job("bake", 1, Order, "hall", [choose, part])
    server = serve(bake, child)
    uuid = server.submit(bake)
    server.run()
    (inner,) = [each.uuid for each in server.rows() if each.kind == "child"]
    with server.kernel.transaction() as work:
        control.cancel(work, server.registry, inner)
    server.run()
    assert server.row(uuid).outcome == "failed"


def test_a_filed_first_step_that_fails_is_undone(serve, noting):
    """What it stands for was written when the job was filed, whatever became of the step."""
    accept = noting("accept", lambda work, run: _raise(), undo=nothing)
    accept.filed = True
    bake = Job("bake", 1, Order, "hall", [accept, noting("mix")])
    server = serve(bake)
    uuid = server.submit(bake)
    server.run()
    assert ("-accept", "undone") in server.lines(uuid)
