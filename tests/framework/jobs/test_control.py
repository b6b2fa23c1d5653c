"""The operator's hand: hold, release, cancel and order of jobs; mode, workers and limits of stages; lanes."""

import pytest
from tests.framework.jobs.conftest import Order

from stratiform.framework.base import errors
from stratiform.framework.base.clock import SECOND
from stratiform.framework.jobs import control, inspect
from stratiform.framework.jobs.control import (
    BadSetting,
    Descended,
    Followed,
    Irrevocable,
    Lives,
    NoJob,
    NoLane,
    NoStage,
    OnItsWayBack,
    Over,
    Place,
    Succeeded,
    Unrepeatable,
)
from stratiform.framework.jobs.kind import Job, Lane, Priority, Stage, as_it_is, effect, step
from stratiform.framework.jobs.setting import Draining, Full
from stratiform.framework.jobs.state import Mode
from stratiform.framework.jobs.table import job as job_table
from stratiform.framework.jobs.table import lane as lane_table
from stratiform.framework.testing.statements import count

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


def test_a_sleeper_and_one_who_is_blocked_are_held_when_their_turn_comes(serve, noting, log, steer):
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
    assert log == ["nap", "eat"], "the second has its slot and has taken no step"
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


def test_what_serves_a_job_past_its_last_way_back_is_not_cancelled_either(serve, bake, calls, steer):
    @step(priority=Priority.CONTROL, destroys=True)
    def wipe(work, run):
        work.spawn(run, bake, Order())

    kind = Job("gone", 1, Order, OVEN, [wipe])
    server = serve(kind, bake)
    uuid = server.submit(kind)
    server.run()
    (child,) = server.rows(job_table.c.parent.is_not(None))
    with pytest.raises(Irrevocable, match="gone/wipe"):
        steer(server, control.cancel, child.uuid)
    calls[0].answer()
    server.run()
    assert server.row(uuid).outcome == "succeeded"


def test_what_serves_an_undo_is_not_cancelled_and_neither_with_its_root(serve, noting, bake, calls, steer):
    def fail(work, run):
        raise errors.Error(reason="no")

    back = Job("back", 1, Order, OVEN, [noting("mix", undo=spawns(bake)), noting("burn", fail)])
    spread = noting("spread", spawns(back), undo=nothing)
    kind = Job("party", 1, Order, OVEN, [spread])
    server = serve(kind, back, bake)
    uuid = server.submit(kind)
    server.run()
    (serving,) = server.rows(job_table.c.kind == "bake")
    with pytest.raises(OnItsWayBack):
        steer(server, control.cancel, serving.uuid)
    assert steer(server, control.cancel, uuid).jobs == 1
    assert server.row(serving.uuid).cancel is None
    calls[0].answer()
    server.run()
    assert [server.row(each).outcome for each in (serving.uuid, uuid)] == ["succeeded", "cancelled"]


def fails_once(log):
    """A step that fails the first time that it is run at all."""

    def bake(work, run):
        if not log.count("-tried"):
            log.append("-tried")
            raise errors.Error(reason="too hot")

    return bake


@pytest.fixture
def again(noting, log):
    """A job that fails the first time, and may be filed anew."""
    steps = [noting("mix", undo=nothing), noting("bake", lambda work, run: fails_once(log)(work, run))]
    return Job("brew", 1, Order, OVEN, steps, lane="x/{number}", retry=as_it_is)


def test_a_job_that_failed_is_filed_anew_once_however_often_it_is_asked(serve, again, steer):
    server = serve(again, lanes=[Lane(kind="x", rank=1)])
    old = server.submit(again, Order(number=7), fair_key="bob", resource="cake/7")
    server.run()
    ended = server.row(old)
    assert ended.outcome == "failed"
    done = [steer(server, control.retry, old) for _ in range(3)]
    assert {each.uuid for each in done} == {server.row(old).retried}
    assert [each.jobs for each in done] == [1, 0, 0]
    server.run()
    new = server.row(done[0].uuid)
    assert (new.outcome, new.resource, new.fair_key, new.payload) == ("succeeded", "cake/7", "bob", ended.payload)
    assert (new.root, new.parent, new.lane) == (new.uuid, None, "x/7")
    assert server.lines(new.uuid)[0] == ("mix", f"filed anew for {old}")
    assert (server.row(old).changed, server.row(old).journal) == (ended.changed, ended.journal), "history stays"
    assert len(server.rows()) == 2
    assert lane_of(server, "x/7").busy == 0


def test_a_cancelled_job_is_filed_anew(serve, again, steer, log):
    server = serve(again, lanes=[Lane(kind="x", rank=1)])
    old = server.submit(again)
    steer(server, control.cancel, old)
    server.run()
    assert server.row(old).outcome == "cancelled"
    log.append("-tried")
    uuid = steer(server, control.retry, old).uuid
    server.run()
    assert server.row(uuid).outcome == "succeeded"


def test_what_is_not_to_be_filed_anew_says_why(serve, noting, bake, again, steer, calls, log):
    def fail(work, run):
        raise errors.Error(reason="no")

    once = Job("once", 1, Order, OVEN, [noting("burn", fail)])
    party = Job("party", 1, Order, OVEN, [noting("spread", spawns(once))], retry=as_it_is)
    server = serve(again, once, party, bake, lanes=[Lane(kind="x", rank=1)])
    lives, unrepeatable, parent = server.submit(bake), server.submit(once), server.submit(party)
    followed = server.submit(again, resource="cake/1")
    server.run()
    later = server.submit(again, resource="cake/1")
    server.run()
    assert [server.row(each).outcome for each in (followed, later)] == ["failed", "succeeded"]
    (child,) = server.rows(job_table.c.parent.is_not(None))
    refused = {
        "nobody": (NoJob, "no job nobody"),
        lives: (Lives, "it is running"),
        later: (Succeeded, "succeeded"),
        unrepeatable: (Unrepeatable, "of kind once"),
        child.uuid: (Descended, parent),
        followed: (Followed, f"followed by {later}"),
    }
    before = server.rows()
    for uuid, (error, says) in refused.items():
        with pytest.raises(error, match=says):
            steer(server, control.retry, uuid)
    assert server.rows() == before


def test_what_forbids_it_leaves_nothing_behind(serve, noting, steer):
    def fail(work, run):
        raise errors.Error(reason="no")

    def forbid(work, run):
        raise errors.Conflict(kind="cake", id="1", state="eaten", action="baking it")

    kind = Job("bake", 1, Order, OVEN, [noting("burn", fail)], retry=forbid)
    server = serve(kind)
    old = server.submit(kind)
    server.run()
    with pytest.raises(errors.Conflict, match="eaten"):
        steer(server, control.retry, old)
    assert [each.retried for each in server.rows()] == [None]


def test_a_stage_that_is_drained_takes_nothing_anew(serve, again, steer):
    server = serve(again, lanes=[Lane(kind="x", rank=1)])
    old = server.submit(again)
    server.run()
    steer(server, control.set_stage, OVEN, mode=Mode.DRAIN)
    server.run()
    with pytest.raises(Draining):
        steer(server, control.retry, old)
    assert server.row(old).retried is None


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


def test_who_has_not_read_yet_that_a_stage_is_paused_takes_nothing_up_there(serve, noting, steer):
    server = serve(kind := Job("bake", 1, Order, OVEN, [noting("mix")]))
    server.kernel.look()
    steer(server, control.set_stage, OVEN, mode=Mode.PAUSE)
    uuid = server.submit(kind)
    while server.kernel.turn(OVEN):
        pass
    assert server.row(uuid).state == "ready"


def test_what_is_filed_in_a_paused_stage_makes_nobody_ask_for_work(serve, noting, steer, database):
    server = serve(kind := Job("bake", 1, Order, OVEN, [noting("mix")]))
    steer(server, control.set_stage, OVEN, mode=Mode.PAUSE)
    server.run()
    server.submit(kind)
    with count(database) as asked:
        while server.kernel.turn(OVEN):
            pass
    asked.expect(statements=0)


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


def test_what_a_step_files_is_bound_by_no_drain_and_no_limit(serve, noting, steer):
    kind = Job("bake", 1, Order, OVEN, [noting("mix")])
    files = noting("file", lambda work, run: work.submit(kind, Order(), fair_key="ann") and None)
    party = Job("party", 1, Order, "hall", [files])
    server = serve(kind, party)
    steer(server, control.set_stage, OVEN, mode=Mode.DRAIN, depth=0)
    server.run()
    uuid = server.submit(party)
    server.run()
    assert server.row(uuid).outcome == "succeeded"
    assert [row.outcome for row in server.rows(job_table.c.kind == "bake")] == ["succeeded"]


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


def test_a_stage_is_not_full_of_what_came_of_jobs(serve, noting, steer):
    kind = Job("bake", 1, Order, OVEN, [noting("mix")])
    party = Job("party", 1, Order, "hall", [noting("part", spawns(kind, count=5))])
    server = serve(kind, party)
    steer(server, control.set_stage, OVEN, mode=Mode.PAUSE, depth=1)
    server.run()
    server.submit(party)
    server.run()
    assert len(server.rows(job_table.c.stage == OVEN, job_table.c.state == "ready")) == 5
    assert server.submit(kind)
    with pytest.raises(Full):
        server.submit(kind)


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


def test_one_that_is_held_after_it_was_begun_is_still_under_way(serve, noting, steer):
    rest = noting("rest", lambda work, run: work.sleep(run, work.now + 5 * SECOND))
    kind = Job("nap", 1, Order, OVEN, [rest, noting("eat")])
    server = serve(kind)
    steer(server, control.set_stage, OVEN, in_flight=1)
    server.run()
    first, second = server.submit(kind), server.submit(kind)
    server.run()
    steer(server, control.hold, first)
    server.wait(7)
    assert (server.row(first).state, server.row(second).done) == ("held", 0)
    steer(server, control.release, first)
    server.wait(7)
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
