"""What an operator sees: each job explains itself, in few statements however many there are."""

import msgspec
import pytest

from stratiform.framework.base import errors
from stratiform.framework.base.clock import SECOND
from stratiform.framework.jobs import inspect
from stratiform.framework.jobs.inspect import Holder, Line, Reason, Wait
from stratiform.framework.jobs.kind import Job, Lane, Priority, Stage, effect
from stratiform.framework.jobs.state import Direction, Outcome, State
from stratiform.framework.testing.statements import count


class Loaf(msgspec.Struct, frozen=True, kw_only=True):
    number: int = 0


@effect(priority=Priority.CONTROL, limit=60, answers=True)
def hold(call):
    """Never answered."""


def burn(work, run):
    raise errors.Invalid(reason="burnt")


def submit(server, kind, numbers=(1,), fair_key="ann", **more):
    with server.kernel.transaction() as work:
        return [work.submit(kind, Loaf(number=number), fair_key=fair_key, **more).uuid for number in numbers]


@pytest.fixture
def see(database):
    """Ask as an operator does: `see.find(uuid)`."""

    class See:
        def __getattr__(self, name):
            def ask(*arguments, **more):
                with database.reading() as connection:
                    return getattr(inspect, name)(connection, *arguments, **more)

            return ask

    return See()


def test_an_ended_job_tells_what_it_was_and_left(serve, noting, see, somebody, clock):
    kind = Job(
        "bake", 1, Loaf, "oven", [noting("mix"), noting("bake", lambda work, run: {"loaf": 1})], lane="tin/{number}"
    )
    server = serve(kind, lanes=[Lane(kind="tin", rank=1)])
    (uuid,) = submit(server, kind, resource="loaf/7")
    began = clock.now()
    clock.advance(SECOND)
    server.run()
    facts = see.find(uuid)
    assert (facts.kind, facts.state, facts.outcome, facts.answer) == (
        "bake",
        State.ENDED,
        Outcome.SUCCEEDED,
        {"loaf": 1},
    )
    assert (facts.created, facts.finished) == (began, began + SECOND)
    assert (facts.done, facts.steps, facts.step) == (2, 2, "")
    assert (facts.principal, facts.fair_key, facts.resource, facts.lane) == (
        somebody.principal,
        "ann",
        "loaf/7",
        "tin/1",
    )
    assert (facts.root, facts.parent, facts.error, facts.waits_for) == (uuid, None, None, None)
    assert see.journal(uuid) == [
        Line(at=began + SECOND, step="mix", undone=False, text="done"),
        Line(at=began + SECOND, step="bake", undone=False, text="done"),
    ]


def test_nobody_knows_it(serve, noting, see):
    serve(Job("bake", 1, Loaf, "oven", [noting("mix")]))
    assert see.find("nobody") is None
    assert see.tree("nobody") == see.journal("nobody") == see.listing(after="nobody") == []


def test_every_reason_to_wait_is_told(serve, noting, see, steer, clock):
    lanes = [Lane(kind="tin", rank=1, width=2)]
    busy = Job("busy", 1, Loaf, "oven", [hold], lane="tin/{number}")
    parent = Job(
        "parent",
        1,
        Loaf,
        "hall",
        [noting("part", lambda w, run: [w.spawn(run, busy, Loaf(number=9)) for _ in "ab"] and None)],
    )
    nap = Job("nap", 1, Loaf, "hall", [noting("nap", lambda work, run: work.sleep(run, work.now + SECOND))])
    queued = Job("queued", 1, Loaf, "shop", [noting("sell")])
    server = serve(
        busy, parent, nap, queued, lanes=lanes, stages=[Stage(name=name) for name in ("oven", "hall", "shop")]
    )
    holding = submit(server, busy, [1, 1])
    (blocked,) = submit(server, busy, [1])
    (waiting,) = submit(server, parent)
    (sleeping,) = submit(server, nap)
    server.run()
    behind, last = submit(server, queued, [1, 2])
    assert see.find(blocked).waits_for == Wait(
        reason=Reason.LANE, key="tin/1", holders=tuple(Holder(uuid=uuid, kind="busy") for uuid in holding)
    )
    assert see.find(holding[0]).waits_for == Wait(reason=Reason.EFFECT, key="a", at=clock.now())
    assert see.find(waiting).waits_for == Wait(reason=Reason.CHILDREN, count=2)
    assert see.find(waiting).answer is None
    assert see.find(sleeping).waits_for == Wait(reason=Reason.TIME, at=clock.now() + SECOND)
    assert see.find(behind).waits_for == Wait(reason=Reason.WORKER, key="shop", count=1)
    assert see.find(last).waits_for == Wait(reason=Reason.WORKER, key="shop", count=2)
    steer("shop", "pause")
    assert see.find(last).waits_for == Wait(reason=Reason.STAGE, key="shop")
    assert str(see.find(blocked).waits_for) == (
        f"waits for lane tin/1, held by job {holding[0]} (busy), job {holding[1]} (busy)"
    )
    assert all(str(facts.waits_for) for facts in see.listing())


def test_a_job_that_is_being_undone_says_so_and_why(serve, noting, see, clock):
    def stubborn(work, run):
        raise RuntimeError("stuck")

    kind = Job("bake", 1, Loaf, "oven", [noting("mix", undo=stubborn), noting("bake", burn), noting("sell")])
    server = serve(kind)
    (uuid,) = submit(server, kind)
    server.run()
    facts = see.find(uuid)
    assert (facts.state, facts.direction, facts.step, facts.done) == (State.WAITING, Direction.UNDO, "mix", 1)
    assert facts.error["text"] == "burnt"
    assert facts.waits_for.reason is Reason.TIME
    assert [(line.step, line.undone, line.text) for line in see.journal(uuid)][-1] == (
        "mix",
        True,
        "cannot be undone yet: stuck",
    )


def test_a_tree_is_seen_whole_from_each_of_its_jobs(serve, noting, see, database):
    leaf = Job("leaf", 1, Loaf, "oven", [hold])
    child = Job("child", 1, Loaf, "hall", [noting("half", lambda work, run: work.spawn(run, leaf, Loaf()) and None)])
    done = Job("done", 1, Loaf, "hall", [noting("crumb")])
    root = Job(
        "root",
        1,
        Loaf,
        "hall",
        [noting("part", lambda w, run: [w.spawn(run, each, Loaf()) for each in (child, done)] and None)],
    )
    server = serve(root, child, leaf, done)
    (uuid,) = submit(server, root)
    submit(server, root)
    server.run()
    with count(database) as asked:
        tree = see.tree(uuid)
    assert len(asked) <= 3
    assert [facts.kind for facts in tree] == ["root", "child", "done", "leaf"]
    by_kind = {facts.kind: facts for facts in tree}
    assert by_kind["root"].parent is None
    assert by_kind["leaf"].parent == by_kind["child"].uuid
    assert by_kind["child"].parent == by_kind["done"].parent == by_kind["root"].uuid == uuid
    assert by_kind["done"].outcome is Outcome.SUCCEEDED
    assert {facts.root for facts in tree} == {uuid}
    assert all(see.tree(facts.uuid) == tree for facts in tree)


def test_a_list_is_newest_first_narrowed_and_paged_in_three_statements_however_long(serve, noting, see, database):
    bake = Job("bake", 1, Loaf, "oven", [hold], lane="tin/1")
    sell = Job(
        "sell",
        1,
        Loaf,
        "shop",
        [noting("sell", lambda work, run: burn(work, run) if run.payload.number == 3 else None)],
    )
    server = serve(bake, sell, lanes=[Lane(kind="tin", rank=1)])
    bakes = submit(server, bake, range(20), "ann")
    sold = [
        submit(server, sell, [number], key, resource=f"loaf/{number}")[0]
        for number, key in enumerate(["ann", "bob", "cy", "bob"])
    ]
    server.run()
    submit(server, sell, range(50), "dan")
    with count(database) as asked:
        found = see.listing(limit=500)
    assert len(asked) <= 3, asked
    assert len(found) == 74
    assert [facts.uuid for facts in found[-24:]] == [*reversed(bakes + sold)]
    uuids = {name: [facts.uuid for facts in see.listing(**more)] for name, more in {
        "bob": {"fair_keys": ["bob"]},
        "two": {"fair_keys": {"bob", "cy"}},
        "none": {"fair_keys": []},
        "failed": {"outcome": Outcome.FAILED},
        "running": {"state": State.RUNNING},
        "stage": {"stage": "shop", "fair_keys": ["cy"]},
        "kind": {"kind": "bake"},
        "resource": {"resource": "loaf/2"},
        "page": {"after": sold[2], "limit": 2},
    }.items()}  # fmt: skip
    assert uuids == {
        "bob": [sold[3], sold[1]],
        "two": [sold[3], sold[2], sold[1]],
        "none": [],
        "failed": [sold[3]],
        "running": [bakes[0]],
        "stage": [sold[2]],
        "kind": [*reversed(bakes)],
        "resource": [sold[2]],
        "page": [sold[1], sold[0]],
    }
    assert see.listing(roots=True, limit=500) == found
