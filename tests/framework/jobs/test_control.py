"""The operator's hand: hold, release, cancel and order of jobs; mode, workers and limits of stages; lanes."""

import pytest
from tests.framework.jobs.conftest import Order

from stratiform.framework.base import errors
from stratiform.framework.base.clock import SECOND
from stratiform.framework.jobs import control, inspect
from stratiform.framework.jobs.control import BadSetting, Irrevocable, NoJob, NoLane, NoStage, OnItsWayBack, Over, Place
from stratiform.framework.jobs.kind import Job, Lane, Priority, Stage, effect, step
from stratiform.framework.jobs.setting import Draining, Full
from stratiform.framework.jobs.state import Mode
from stratiform.framework.jobs.table import job as job_table
from stratiform.framework.jobs.table import lane as lane_table

OVEN = "oven"


def nothing(work, run):
    """A step, or its undo, that does nothing."""


def spawns(kind, count=1):
    """What a step does that has children."""

    def spread(work, run):
        for _ in range(count):
            work.spawn(run, kind, Order())

    return spread


@pytest.fixture
def steer():
    """Do something of `control` to a server: `steer(server, control.cancel, uuid)`."""

    def do(server, action, *given, **named):
        with server.kernel.transaction() as work:
            if action in (control.set_stage, control.set_share):
                return action(work, *given, **named)
            return action(work, server.registry, *given, **named)

    return do


@pytest.fixture
def calls():
    """The effects that were begun, and whether they were told to stop."""
    return []


@pytest.fixture
def bake(noting, calls):
    """A job with an effect in its middle, which can be stopped."""

    @effect(priority=Priority.CONTROL, limit=60, answers=True)
    def heat(call):
        calls.append(call)

    @heat.stop
    def cool(call):
        call.fail(errors.Error(reason="stopped"))

    return Job("bake", 1, Order, OVEN, [noting("mix", undo=nothing), heat, noting("eat", undo=nothing)])


def lane_of(server, key):
    with server.database.reading() as connection:
        return connection.execute(lane_table.select().where(lane_table.c.key == key)).one()


def test_a_held_job_stands_at_the_border_and_goes_on_when_released(serve, noting, log, steer):
    kind = Job("bake", 1, Order, OVEN, [noting("mix"), noting("bake")])
    server = serve(kind)
    uuid = server.submit(kind)
    assert steer(server, control.hold, uuid).jobs == 1
    server.run()
    assert (server.row(uuid).state, log) == ("held", [])
    with server.database.reading() as connection:
        assert "held" in str(inspect.find(connection, uuid).waits_for)
    steer(server, control.release, uuid)
    server.run()
    assert (server.row(uuid).outcome, log) == ("succeeded", ["mix", "bake"])
    assert [text for _, text in server.lines(uuid)][:2] == ["held", "released"]


def test_what_acts_outside_is_held_when_it_has_ended(serve, bake, calls, log, steer):
    server = serve(bake)
    uuid = server.submit(bake)
    server.run()
    steer(server, control.hold, uuid)
    calls[0].answer()
    server.run()
    assert (server.row(uuid).state, log) == ("held", ["mix"])
    steer(server, control.release, uuid)
    server.run()
    assert server.row(uuid).outcome == "succeeded"


def test_a_sleeper_and_one_who_is_blocked_are_held_when_their_turn_comes(serve, noting, steer):
    nap = noting("nap", lambda work, run: work.sleep(run, work.now + SECOND))
    kind = Job("bake", 1, Order, OVEN, [nap, noting("eat")], lane="x/1")
    server = serve(kind, lanes=[Lane(kind="x", rank=1)])
    first, second = server.submit(kind), server.submit(kind)
    server.run()
    for each in (first, second):
        steer(server, control.hold, each)
    server.wait(3)
    assert (server.row(first).state, server.row(second).state) == ("held", "blocked")
    steer(server, control.release, first)
    server.wait(3)
    assert (server.row(first).outcome, server.row(second).state) == ("succeeded", "held")
    assert (lane_of(server, "x/1").busy, lane_of(server, "x/1").queued) == (1, 0)
    steer(server, control.release, second)
    server.wait(5)
    assert server.row(second).outcome == "succeeded"
    assert lane_of(server, "x/1").busy == 0


def test_a_cancelled_job_undoes_what_it_did(serve, noting, log, steer):
    nap = noting("nap", lambda work, run: work.sleep(run, work.now + 1000 * SECOND), undo=nothing)
    kind = Job("bake", 1, Order, OVEN, [noting("mix", undo=nothing), nap, noting("eat", undo=nothing)])
    server = serve(kind)
    uuid = server.submit(kind)
    server.run()
    assert server.row(uuid).state == "waiting"
    steer(server, control.cancel, uuid)
    server.run()
    row = server.row(uuid)
    assert (row.state, row.outcome, row.error["code"]) == ("ended", "cancelled", "cancelled")
    assert log == ["mix", "nap", "-nap", "-mix"]


def test_a_blocked_job_leaves_its_queue_and_the_next_moves_up(serve, noting, steer):
    nap = noting("nap", lambda work, run: work.sleep(run, work.now + SECOND))
    kind = Job("bake", 1, Order, OVEN, [nap], lane="x/1")
    server = serve(kind, lanes=[Lane(kind="x", rank=1)])
    first, second, third = (server.submit(kind) for _ in range(3))
    server.run()
    steer(server, control.cancel, second)
    server.run()
    assert server.row(second).outcome == "cancelled"
    assert (lane_of(server, "x/1").busy, lane_of(server, "x/1").queued) == (1, 1)
    server.wait(5)
    assert [server.row(each).outcome for each in (first, third)] == ["succeeded", "succeeded"]
    assert (lane_of(server, "x/1").busy, lane_of(server, "x/1").queued) == (0, 0)


def test_an_effect_is_told_to_stop_within_a_second(serve, bake, calls, log, steer):
    server = serve(bake)
    uuid = server.submit(bake)
    server.run()
    assert "was told to stop" in steer(server, control.cancel, uuid).text
    server.wait(1)
    assert server.row(uuid).outcome == "cancelled"
    assert log == ["mix", "-mix"]


def test_an_effect_that_cannot_be_stopped_ends_first_and_is_undone(serve, noting, calls, log, steer):
    @effect(priority=Priority.CONTROL, limit=60, answers=True)
    def heat(call):
        calls.append(call)

    heat.undo(lambda work, run: log.append("-heat"))
    kind = Job("bake", 1, Order, OVEN, [heat, noting("eat")])
    server = serve(kind)
    uuid = server.submit(kind)
    server.run()
    assert "cannot be stopped" in steer(server, control.cancel, uuid).text
    server.wait(3)
    assert server.row(uuid).state == "running"
    calls[0].answer()
    server.run()
    assert (server.row(uuid).outcome, log) == ("cancelled", ["-heat"])


def test_a_parent_is_undone_when_its_last_child_was(serve, noting, bake, calls, log, steer):
    spread = noting("spread", spawns(bake, 2), undo=nothing)
    kind = Job("party", 1, Order, OVEN, [spread, noting("thank")])
    server = serve(kind, bake)
    uuid = server.submit(kind)
    server.run()
    assert steer(server, control.cancel, uuid).jobs == 3
    server.wait(2)
    assert {each.outcome for each in server.rows()} == {"cancelled"}
    assert log[-1] == "-spread"
    assert "thank" not in log


def test_a_cancelled_child_fails_its_parent(serve, noting, bake, calls, log, steer):
    spread = noting("spread", spawns(bake), undo=nothing)
    kind = Job("party", 1, Order, OVEN, [spread])
    server = serve(kind, bake)
    uuid = server.submit(kind)
    server.run()
    (child,) = server.rows(job_table.c.parent.is_not(None))
    steer(server, control.cancel, child.uuid)
    server.wait(2)
    assert (server.row(child.uuid).outcome, server.row(uuid).outcome) == ("cancelled", "failed")


def test_what_cannot_be_cancelled_says_why(serve, noting, calls, steer):
    @step(priority=Priority.CONTROL, destroys=True)
    def wipe(work, run):
        work.sleep(run, work.now + SECOND)

    def stubborn(work, run):
        raise errors.Again(reason="not yet")

    def fail(work, run):
        raise errors.Error(reason="no")

    done = Job("done", 1, Order, OVEN, [noting("mix")])
    gone = Job("gone", 1, Order, OVEN, [wipe, noting("eat")])
    back = Job("back", 1, Order, OVEN, [noting("mix", undo=stubborn), noting("burn", fail)])
    server = serve(done, gone, back)
    over, destroyed, returning = (server.submit(each) for each in (done, gone, back))
    server.run()
    for uuid, error in ((over, Over), (destroyed, Irrevocable), (returning, OnItsWayBack), ("nobody", NoJob)):
        with pytest.raises(error) as raised:
            steer(server, control.cancel, uuid)
        assert str(raised.value)
    server.wait(3)
    assert server.row(destroyed).outcome == "succeeded"


def test_first_is_before_all_and_last_behind_them(serve, noting, log, steer):
    kind = Job("bake", 1, Order, OVEN, [noting("mix", lambda work, run: log.append(run.payload.number))])
    server = serve(kind, stages=[Stage(name=OVEN, batch=1)])
    uuids = [server.submit(kind, Order(number=number)) for number in range(4)]
    steer(server, control.prioritize, uuids[3], Place.FIRST)
    steer(server, control.prioritize, uuids[0], Place.LAST)
    server.run()
    assert [each for each in log if each != "mix"] == [3, 1, 2, 0]


def test_a_paused_stage_takes_nothing_up_until_it_runs_again(serve, noting, steer):
    kind = Job("bake", 1, Order, OVEN, [noting("mix")])
    server = serve(kind)
    steer(server, control.set_stage, OVEN, mode=Mode.PAUSE)
    uuid = server.submit(kind)
    server.wait(2)
    assert server.row(uuid).state == "ready"
    steer(server, control.set_stage, OVEN, mode=Mode.RUN)
    server.run()
    assert server.row(uuid).outcome == "succeeded"


def test_a_draining_stage_refuses_roots_and_finishes_what_it_has(serve, noting, steer):
    child = Job("child", 1, Order, OVEN, [noting("mix")])
    spread = noting("spread", spawns(child))
    kind = Job("party", 1, Order, OVEN, [noting("nap", lambda work, run: work.sleep(run, work.now + SECOND)), spread])
    server = serve(kind, child)
    uuid = server.submit(kind)
    server.run()
    steer(server, control.set_stage, OVEN, mode=Mode.DRAIN)
    server.run()
    with pytest.raises(Draining, match="drains it"):
        server.submit(kind)
    assert server.submit(kind, bound=False)
    server.wait(3)
    assert server.row(uuid).outcome == "succeeded"


def test_a_full_stage_refuses_and_writes_nothing(serve, noting, steer):
    kind = Job("bake", 1, Order, OVEN, [noting("mix")])
    server = serve(kind)
    steer(server, control.set_stage, OVEN, mode=Mode.PAUSE, depth=2)
    server.run()
    for _ in range(2):
        server.submit(kind)
    with pytest.raises(Full, match="2 jobs waiting"):
        server.submit(kind)
    assert len(server.rows()) == 2
    steer(server, control.set_stage, OVEN, depth=None)
    server.run()
    assert server.submit(kind)


def test_no_more_roots_are_under_way_than_allowed_and_their_children_pass(serve, noting, calls, steer):
    @effect(priority=Priority.CONTROL, limit=60, answers=True)
    def heat(call):
        calls.append(call)

    child = Job("child", 1, Order, OVEN, [heat])
    spread = noting("spread", spawns(child, 3))
    kind = Job("party", 1, Order, OVEN, [noting("mix"), spread, noting("eat")])
    server = serve(kind, child)
    steer(server, control.set_stage, OVEN, in_flight=2)
    server.run()
    for _ in range(5):
        server.submit(kind)
    server.run()
    assert len(calls) == 6
    assert sum(each.state == "waiting" for each in server.rows()) == 2
    for call in list(calls)[:3]:
        call.answer()
    server.run()
    assert len(calls) == 9
    while any(each.state != "ended" for each in server.rows()):
        for call in list(calls):
            call.answer()
        server.run()
    assert {each.outcome for each in server.rows()} == {"succeeded"}


def test_accounts_share_by_their_weights(serve, noting, log, steer):
    kind = Job("bake", 1, Order, OVEN, [noting("mix", lambda work, run: log.append(run.fair_key))])
    server = serve(kind, stages=[Stage(name=OVEN, batch=1)])
    steer(server, control.set_share, "ann", 3)
    for name in ("ann", "bob"):
        with server.kernel.transaction() as work:
            for _ in range(60):
                work.submit(kind, Order(), fair_key=name)
    for _ in range(40):
        server.kernel.look()
        server.kernel.turn(OVEN)
    taken = [each for each in log if each != "mix"][:40]
    assert 27 <= taken.count("ann") <= 33


def test_a_lane_that_is_paused_gives_out_nothing_until_it_runs(serve, noting, steer):
    kind = Job("bake", 1, Order, OVEN, [noting("mix")], lane="x/1")
    server = serve(kind, lanes=[Lane(kind="x", rank=1)])
    steer(server, control.set_lane, "x/1", mode=Mode.PAUSE)
    uuids = [server.submit(kind) for _ in range(3)]
    server.wait(2)
    assert {each.state for each in server.rows()} == {"blocked"}
    steer(server, control.set_lane, "x/1", width=2)
    assert {each.state for each in server.rows()} == {"blocked"}
    steer(server, control.set_lane, "x/1", mode=Mode.RUN)
    assert (lane_of(server, "x/1").busy, lane_of(server, "x/1").queued) == (2, 1)
    server.run()
    assert {server.row(each).outcome for each in uuids} == {"succeeded"}
    assert (lane_of(server, "x/1").busy, lane_of(server, "x/1").queued) == (0, 0)


def test_settings_that_make_no_sense_are_refused(serve, noting, steer):
    server = serve(Job("bake", 1, Order, OVEN, [noting("mix")]), lanes=[Lane(kind="x", rank=1)])
    for values in (
        {"workers": -1}, {"workers": 1000}, {"mode": "sleep"}, {"weight": 0}, {"least": 2},
        {"least": 3, "most": 2, "target": SECOND}, {"depth": -1}, {"in_flight": "many"},
    ):  # fmt: skip
        with pytest.raises(BadSetting):
            steer(server, control.set_stage, OVEN, **values)
    with pytest.raises(NoStage, match=OVEN):
        steer(server, control.set_stage, "kitchen", workers=1)
    for key in ("y/1", "x", "x/"):
        with pytest.raises(NoLane, match="x/"):
            steer(server, control.set_lane, key, mode=Mode.PAUSE)


def test_settings_survive_a_restart(serve, noting, steer):
    kind = Job("bake", 1, Order, OVEN, [noting("mix")])
    server = serve(kind)
    steer(server, control.set_stage, OVEN, mode=Mode.PAUSE, workers=7)
    uuid = server.submit(kind)
    later = serve(kind, name="b")
    later.wait(1)
    assert later.row(uuid).state == "ready"
    assert later.kernel.settings.of(OVEN).workers == 7
