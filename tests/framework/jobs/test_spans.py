"""Spans of jobs and steps: one tree in one trace, whoever carries them out; and nothing at all without a tracer."""

import pytest
from tests.framework.jobs.conftest import Order, nothing

from stratiform.framework import context
from stratiform.framework.base import errors
from stratiform.framework.base.clock import SECOND
from stratiform.framework.jobs import spans
from stratiform.framework.jobs.kind import Job, Priority, effect, step
from stratiform.framework.jobs.state import Direction
from stratiform.framework.telemetry.tracing import of_request


class Recorder:
    """Keeps the spans that it is given."""

    def __init__(self):
        self.spans = []

    def emit(self, span):
        self.spans.append(span)

    def close(self):
        pass


@pytest.fixture
def recorder():
    return Recorder()


def named(recorder):
    """The spans by name; each is there once."""
    found = {span.name: span for span in recorder.spans}
    assert len(found) == len(recorder.spans)
    assert len({span.id for span in recorder.spans}) == len(recorder.spans)
    return found


@pytest.fixture
def baking():
    """The effects that have begun and wait for their answer."""
    return []


@pytest.fixture
def bakery(serve, noting, baking, recorder):
    """A cake: mixed, a child baked, and sold."""

    @effect(priority=Priority.CONTROL, limit=3600, answers=True)
    def bake(call):
        baking.append(call)

    bake.ask(lambda call: None)
    loaf = Job("loaf", 1, Order, "oven", [noting("heat", undo=nothing), bake])

    def begin(work, run):
        work.spawn(run, loaf, Order())

    mix = noting("mix", begin, undo=nothing)
    server = serve(Job("cake", 1, Order, "shop", [mix, noting("sell")]), loaf)
    server.kernel.meter.tracer = recorder
    return server


def test_the_tree_of_a_job_is_whole_and_in_one_trace(bakery, recorder, baking, somebody, clock):
    uuid = bakery.submit(bakery.registry.job("cake", 1))
    filed = clock.now()
    clock.advance(SECOND)
    bakery.run()
    clock.advance(2 * SECOND)
    (call,) = baking
    call.answer(None)
    bakery.run()
    found = named(recorder)
    assert set(found) == {"cake", "cake mix", "cake sell", "loaf", "loaf heat", "loaf bake"}
    assert {span.trace for span in recorder.spans} == {somebody.trace}
    above = {name: span.parent for name, span in found.items()}
    assert above == {
        "cake": of_request(somebody.request),
        "cake mix": found["cake"].id,
        "cake sell": found["cake"].id,
        "loaf": found["cake mix"].id,
        "loaf heat": found["loaf"].id,
        "loaf bake": found["loaf"].id,
    }
    assert found["cake"].id == spans.of_job(uuid)
    assert (found["cake"].began, found["cake"].ended) == (filed, clock.now())
    assert found["loaf bake"].ended - found["loaf bake"].began == 2 * SECOND
    assert found["cake"].attributes["stratiform.outcome"] == "succeeded"
    assert not any(span.error for span in recorder.spans)


def test_what_failed_and_is_undone_says_so(bakery, recorder, baking):
    bakery.submit(bakery.registry.job("cake", 1))
    bakery.run()
    (call,) = baking
    call.fail(errors.Invalid(reason="burnt, password=hunter2"))
    bakery.run()
    found = named(recorder)
    assert set(found) == {"cake", "cake mix", "cake undo mix", "loaf", "loaf heat", "loaf bake", "loaf undo heat"}
    for name in ("cake", "loaf", "loaf bake"):
        assert "burnt" in found[name].error
        assert "hunter2" not in found[name].error
    assert found["loaf undo heat"].parent == found["loaf"].id


def test_a_batch_is_a_span_of_each_of_its_jobs(serve, recorder):
    @step(priority=Priority.CONTROL, batch=True)
    def mix(work, runs):
        pass

    server = serve(Job("cake", 1, Order, "shop", [mix]))
    server.kernel.meter.tracer = recorder
    filed = [server.submit(server.registry.job("cake", 1)) for _ in range(3)]
    server.run()
    mixed = [span for span in recorder.spans if span.name == "cake mix"]
    assert {span.parent for span in mixed} == {spans.of_job(uuid) for uuid in filed}
    assert {span.attributes["stratiform.batch"] for span in mixed} == {3}
    assert spans.of_step(filed[0], "mix", Direction.FORWARD) in {span.id for span in mixed}


def test_what_no_request_asked_for_has_no_parent(serve, noting, recorder, world):
    server = serve(Job("cake", 1, Order, "shop", [noting("mix")]))
    server.kernel.meter.tracer = recorder
    with context.use(context.begin(world.ids, "system:clock")):
        server.submit(server.registry.job("cake", 1))
    server.run()
    assert named(recorder)["cake"].parent is None


def test_nothing_is_made_without_a_tracer(bakery, monkeypatch, baking):
    bakery.kernel.meter.tracer = None
    for name in ("job", "steps", "effect", "spawner"):
        monkeypatch.setattr(spans, name, lambda *_: pytest.fail("it was made"))
    uuid = bakery.submit(bakery.registry.job("cake", 1))
    bakery.run()
    baking[0].answer(None)
    bakery.run()
    assert bakery.row(uuid).outcome == "succeeded"
