"""What a process counts of its own work, and the queues as they are told."""

import re

import msgspec
import pytest
import sqlalchemy

from stratiform.framework.base.clock import SECOND
from stratiform.framework.config.values import Config
from stratiform.framework.jobs import metrics
from stratiform.framework.jobs.kind import Job, Lane, Priority, effect
from stratiform.framework.jobs.meter import Meter
from stratiform.framework.jobs.metrics import Counted, Queued
from stratiform.framework.telemetry.histogram import MINUTE, MINUTES
from stratiform.framework.telemetry.metrics import FRESH, Page
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
        'stratiform_job_service_seconds_count{stage="oven",kind="bake",outcome="succeeded"} 1',
        'stratiform_job_retries_total{stage="oven",kind="bake"} 1',
        'stratiform_step_seconds_count{kind="bake",step="mix"} 1',
        'stratiform_transaction_seconds_count{stage="oven"} 1',
        'stratiform_effect_seconds_count{stage="oven",kind="bake",outcome="done"} 1',
        'stratiform_commands_total{kind="host",fate="DONE"} 1',
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
    config.value(metrics.RETENTION)
    return Queued(database, config)


def test_queues_are_told_by_stage_state_and_kind_of_lane(bakery, queued, clock):
    clock.advance(90 * SECOND)
    found = queued.read()
    assert found["stratiform_jobs"] == {("oven", "running"): 1, ("oven", "blocked"): 1}
    assert found["stratiform_job_oldest_seconds"] == {("oven", "running"): 90, ("oven", "blocked"): 90}
    assert found["stratiform_lane_jobs"] == {("tin", "running"): 1, ("tin", "blocked"): 1}
    assert found["stratiform_job_ended_oldest_seconds"] == {(): 90}
    assert found["stratiform_job_retention_seconds"] == {(): 24 * 3600}


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
    assert not found["stratiform_jobs"]
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
