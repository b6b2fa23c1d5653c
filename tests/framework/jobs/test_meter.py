"""What a process counts of its own work, and the queues as they are told."""

import re

import msgspec
import pytest
import sqlalchemy

from stratiform.framework.base.clock import SECOND
from stratiform.framework.cluster.membership import LEASE
from stratiform.framework.cluster.table import process
from stratiform.framework.config.values import Config
from stratiform.framework.jobs import purge
from stratiform.framework.jobs.kind import Job, Lane, Priority, Registry, Stage, effect
from stratiform.framework.jobs.meter import Meter
from stratiform.framework.jobs.metrics import Counted, Queued
from stratiform.framework.telemetry import figures
from stratiform.framework.telemetry.histogram import MINUTE, MINUTES
from stratiform.framework.telemetry.metrics import FRESH
from stratiform.framework.telemetry.prometheus import Page
from stratiform.framework.testing.statements import count

TIN = Lane(kind="tin", rank=1)


class Loaf(msgspec.Struct, frozen=True, kw_only=True):
    number: int = 0


@pytest.fixture
def meter(clock):
    return Meter(clock)


def test_a_snapshot_tells_each_stage_by_itself(meter):
    meter.claimed("oven", [100, 100, 900])
    meter.ended("oven", "bake", "succeeded", 5_000)
    meter.ended("oven", "toast", "succeeded", 5_000)
    meter.ended("oven", "bake", "failed", 50)
    meter.retried("oven", "bake")
    meter.claimed("shop", [7])
    found = meter.snapshot()
    assert sorted(found) == ["oven", "shop"]
    oven = found["oven"]
    assert (oven.claimed, oven.ended, oven.retried) == (3, {"succeeded": 2, "failed": 1}, 1)
    assert oven.wait.p50 == pytest.approx(100, rel=0.03)
    assert oven.wait.p99 == pytest.approx(900, rel=0.03)
    assert oven.service.p95 == pytest.approx(5_000, rel=0.03)
    assert (found["shop"].ended, found["shop"].service) == ({}, None)


def test_percentiles_forget_what_was_long_ago_and_counts_do_not(meter, clock):
    meter.claimed("oven", [10])
    clock.advance(MINUTES * MINUTE)
    found = meter.snapshot()["oven"]
    assert (found.claimed, found.wait) == (1, None)


def test_everything_counted_is_told_by_its_labels(meter):
    meter.claimed("oven", [SECOND])
    meter.ended("oven", "bake", "succeeded", SECOND)
    meter.retried("oven", "bake")
    meter.stepped("bake", "mix", 10)
    meter.transaction("oven", 10)
    meter.effect("oven", "bake", 10, "done")
    meter.commanded("host", "DONE")
    text = Page([Counted(meter)]).text()
    for line in (
        'stratiform_job_wait_seconds_sum{stage="oven"} 1.0',
        'stratiform_job_service_seconds_count{kind="bake",outcome="succeeded",stage="oven"} 1.0',
        'stratiform_job_retries_total{kind="bake",stage="oven"} 1.0',
        'stratiform_step_seconds_count{kind="bake",step="mix"} 1.0',
        'stratiform_transaction_seconds_count{stage="oven"} 1.0',
        'stratiform_effect_seconds_count{kind="bake",outcome="done",stage="oven"} 1.0',
        'stratiform_commands_total{fate="DONE",kind="host"} 1.0',
    ):
        assert line in text.splitlines()


@pytest.fixture
def bakery(serve, noting):
    """Two jobs of one tin, of which the first runs; a third ended."""

    @effect(priority=Priority.CONTROL, limit=3600, answers=True)
    def rest(call):
        pass

    rest.ask(lambda call: None)
    slow = Job("slow", 1, Loaf, "oven", [rest], lane="tin/{number}")
    quick = Job("quick", 1, Loaf, "oven", [noting("mix")])
    server = serve(slow, quick, lanes=[TIN])
    server.submit(quick, Loaf())
    for _ in range(2):
        server.submit(slow, Loaf(number=7))
    server.run()
    server.quick = quick
    return server


@pytest.fixture
def queued(database):
    config = Config(database, lambda scope: None)
    config.value(purge.RETENTION)
    return Queued(database, config, Registry(jobs=(), stages=[Stage(name="oven"), Stage(name="shop")], lanes=[TIN]))


def test_queues_are_told_by_stage_state_and_kind_of_lane(bakery, queued, clock):
    clock.advance(90 * SECOND)
    found = queued.read()
    assert above(found["stratiform_jobs"]) == {("oven", "running"): 1, ("oven", "blocked"): 1}
    assert above(found["stratiform_job_oldest_seconds"]) == {("oven", "running"): 90, ("oven", "blocked"): 90}
    assert above(found["stratiform_lane_jobs"]) == {("tin", "running"): 1, ("tin", "blocked"): 1}
    assert found["stratiform_job_ended_oldest_seconds"] == {(): 90}
    assert found["stratiform_job_retention_seconds"] == {(): 24 * 3600}


def above(values):
    """Those that are not 0."""
    return {label: value for label, value in values.items() if value}


def test_every_stage_and_kind_of_lane_is_told_of_though_nothing_is_there(queued):
    states = {"blocked", "ready", "running", "waiting", "held"}
    found = queued.read()
    assert found["stratiform_jobs"] == {(stage, state): 0 for stage in ("oven", "shop") for state in states}
    assert set(found["stratiform_job_oldest_seconds"].values()) == {0}
    assert found["stratiform_lane_jobs"] == {("tin", state): 0 for state in states}


def test_figures_are_of_each_stage_and_of_every_other_source(meter, clock):
    meter.claimed("oven", [2000])
    meter.ended("oven", "bake", "succeeded", 5000)
    meter.ended("oven", "toast", "failed", 5000)
    meter.sources += [lambda: figures.Figures(name="door", queued=3), lambda: 1 / 0]
    with meter.busy("oven"):
        oven, shop, door = figures.decode(meter.figures({"oven": 4, "shop": 1}))
        assert meter.readings().busy == {("oven",): 1, ("shop",): 0}
    assert (oven.name, oven.type, oven.workers, oven.busy) == ("oven", "stage", 4, 1)
    assert oven.wait.p50 == pytest.approx(2000, rel=0.03)
    assert sum(oven.services.values()) == 2
    assert (shop.busy, shop.wait, shop.service) == (0, None, None)
    assert (door.name, door.queued) == ("door", 3)
    clock.advance(MINUTES * MINUTE)
    later = figures.decode(meter.figures({"oven": 4}))[0]
    assert (later.busy, later.wait) == (0, None)


def test_figures_of_another_version_are_none():
    assert figures.decode(None) == figures.decode("{") == figures.decode('{"oven": 1}') == []
    (newer,) = figures.decode('[{"name": "x", "type": "tape", "colour": "red"}]')
    assert newer.type == "tape"


def test_a_beat_tells_the_figures_without_a_statement_more(serve, noting, database, clock):
    quick = Job("quick", 1, Loaf, "oven", [noting("mix")])
    server = serve(quick)
    other = serve(quick, name="b")
    clock.advance(LEASE // 2)
    server.submit(quick)
    clock.advance(SECOND // 4)
    server.run()
    with count(database) as asked:
        other.kernel.membership.check()
        other.kernel.look()
    assert sum("UPDATE process" in each for each in asked.statements) == 1
    clock.advance(LEASE // 2)
    server.run()
    with database.reading() as connection:
        rows = connection.execute(sqlalchemy.select(process.c.name, process.c.figures)).all()
    told = {row.name: figures.decode(row.figures)[0] for row in rows}
    assert told["a"].wait.p50 == pytest.approx(SECOND // 4, rel=0.03)
    assert (told["a"].name, told["b"].wait) == ("oven", None)


def test_queues_are_asked_for_in_one_statement_once_a_second(bakery, queued, database, clock):
    with count(database) as asked:
        queued.read()
        queued.read()
    asked.expect(statements=1)
    bakery.submit(bakery.quick, Loaf())
    clock.advance(FRESH)
    with count(database) as asked:
        assert queued.read()["stratiform_jobs"]["oven", "ready"] == 1
    asked.expect(statements=1)


def test_an_empty_bakery_has_no_queue(database, queued):
    found = queued.read()
    assert not any(found["stratiform_jobs"].values())
    assert found["stratiform_job_ended_oldest_seconds"] == {(): 0}


def test_history_is_not_read_to_tell_the_queues(bakery, queued, database):
    if database.dialect == "postgresql":
        with database.exclusive() as connection, connection.begin():
            connection.execute(sqlalchemy.text("SET LOCAL enable_seqscan = off"))
            plan = connection.execute(sqlalchemy.text("EXPLAIN " + queued._statement.text)).scalars().all()
    else:
        with database.reading() as connection:
            found = connection.execute(sqlalchemy.text("EXPLAIN QUERY PLAN " + queued._statement.text)).all()
        plan = [row.detail for row in found]
    told = "\n".join(plan)
    for index in ("job_lane", "job_(?:blocked|fair)", "job_ended"):
        assert re.search(index, told), told
    assert "Seq Scan on job" not in told
    assert not any(line.startswith("SCAN job") and "USING" not in line for line in plan), told
