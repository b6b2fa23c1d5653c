"""Metrics: counted without loss, told as Prometheus reads them."""

import random
import re
import threading

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from stratiform.framework.base.clock import SECOND
from stratiform.framework.telemetry.histogram import LONGEST, MINUTES, Histogram
from stratiform.framework.telemetry.metrics import FRESH, Fresh, Metric, Shape
from stratiform.framework.telemetry.prometheus import LIMITS, Page, Twice
from stratiform.framework.telemetry.rounds import Rounds

LOAVES = Metric(name="loaves_total", shape=Shape.COUNTER, help="Loaves.", labels=("oven", "kind"))
HEAT = Metric(name="heat", shape=Shape.GAUGE, help='A "hot"\nnumber \\ more.')
BAKED = Metric(name="baked_seconds", shape=Shape.HISTOGRAM, help="Baking.", labels=("oven",))


class Oven:
    metrics = (LOAVES, HEAT, BAKED)

    def __init__(self, values):
        self.values = values

    def read(self):
        return self.values


class Broken(Oven):
    metrics = (Metric(name="broken", shape=Shape.GAUGE, help="Never told."),)

    def read(self):
        raise OSError("away")


def histogram(*durations):
    found = Histogram()
    found.add(0, durations)
    return found


def test_percentiles_are_right_to_three_percent():
    rng = random.Random(1)
    durations = sorted(int(rng.lognormvariate(10, 3)) + 1 for _ in range(10_000))
    found = histogram(*durations).total().percentiles()
    for share, told in ((50, found.p50), (95, found.p95), (99, found.p99)):
        assert told == pytest.approx(durations[len(durations) * share // 100 - 1], rel=0.032)


def test_how_many_stayed_within_a_power_of_two_is_exact():
    found = histogram(0, 1, 1023, 1024, 1025, 4096, 4097).total()
    assert found.within([1024, 4096]) == [4, 6]
    assert (found.count, found.sum) == (7, 1023 + 1024 + 1025 + 1 + 4096 + 4097)


def test_what_is_out_of_bounds_counts_as_the_nearest():
    found = histogram(-5, 100 * LONGEST).total()
    assert found.within([0, LONGEST]) == [1 - 1, 2]
    assert found.count == 2


def test_percentiles_are_of_the_last_minutes_and_totals_of_all():
    found = Histogram()
    found.add(0, [10**6] * 10)
    found.add(MINUTES - 1, [10])
    assert found.recent(MINUTES - 1).count == 11
    assert found.recent(MINUTES).count == 1
    found.add(100, [20])
    assert found.recent(100).percentiles().p50 == 20
    assert found.total().count == 12
    assert found.recent(100 + MINUTES).percentiles() is None
    found.add(99, [30])  # a thread that read the clock a moment ago
    assert found.total().count == 13


def test_nothing_is_lost_that_many_threads_count_while_others_read():
    found, reading = Histogram(), threading.Event()

    def count():
        for number in range(5_000):
            found.add(number // 100, (number,))

    def read():
        while not reading.is_set():
            found.total()
            found.recent(3)

    threads = [threading.Thread(target=count) for _ in range(4)]
    reader = threading.Thread(target=read)
    for each in (reader, *threads):
        each.start()
    for each in threads:
        each.join()
    reading.set()
    reader.join()
    assert found.total().count == 20_000
    assert found.total().sum == 4 * sum(range(5_000))


def test_memory_is_bounded_however_long_it_counts():
    found, rng = Histogram(), random.Random(2)
    for minute in range(1_000):
        found.add(minute, (rng.randrange(LONGEST) for _ in range(20)))
    assert len(found.total().buckets) < 650
    assert len(found._minutes) <= MINUTES


def test_a_page_tells_counters_gauges_and_histograms():
    page = Page(
        [
            Oven(
                {
                    "loaves_total": {("a", 'r"ye\\'): 3, ("a", "bun"): 1},
                    "heat": {(): 1.5},
                    "baked_seconds": {("a",): histogram(1000, 2 * SECOND).total()},
                }
            )
        ]
    )
    text = page.text()
    for line in (
        "# TYPE loaves_total counter",
        'loaves_total{kind="bun",oven="a"} 1.0',
        'loaves_total{kind="r\\"ye\\\\",oven="a"} 3.0',
        '# HELP heat A "hot"\\nnumber \\\\ more.',
        "heat 1.5",
        'baked_seconds_bucket{le="0.001024",oven="a"} 1.0',
        'baked_seconds_bucket{le="4.194304",oven="a"} 2.0',
        'baked_seconds_bucket{le="+Inf",oven="a"} 2.0',
        'baked_seconds_sum{oven="a"} 2.001',
        'baked_seconds_count{oven="a"} 2.0',
    ):
        assert line in text.splitlines()
    assert len(re.findall("_bucket", text)) == len(LIMITS) + 1


def test_the_page_is_read_again_as_it_was_measured():
    values = {"heat": {(): float("inf")}, "baked_seconds": {("a\nb",): histogram(5).total()}}
    read = {family.name: family for family in text_string_to_metric_families(Page([Oven(values)]).text())}
    (heat,) = read["heat"].samples
    assert heat.value == float("inf")
    baked = {sample.name: sample for sample in read["baked_seconds"].samples}
    assert baked["baked_seconds_count"].value == 1
    assert baked["baked_seconds_count"].labels == {"oven": "a\nb"}


def test_a_page_may_be_put_into_a_registry_and_is_not_read_for_it():
    registry = CollectorRegistry()
    registry.register(Page([Broken({})]))
    registry = CollectorRegistry()
    registry.register(Page([Oven({"heat": {(): 2.5}})]))
    assert registry.get_sample_value("heat") == 2.5


def test_rounds_tell_how_late_they_were_and_how_long_they_took(clock):
    rounds = Rounds("oven", clock)
    assert (rounds.figures().last, rounds.figures().wait) == (None, None)
    rounds.ended(4000, 2000)
    found = rounds.figures()
    assert (found.name, found.type, found.last) == ("oven", "monitor", clock.now())
    assert found.wait.p99 == pytest.approx(4000, rel=0.03)
    assert found.service.p50 == pytest.approx(2000, rel=0.03)


def test_what_goes_round_is_late_by_what_it_took_longer_than_it_ought_to(clock):
    rounds = Rounds("loop", clock)
    for _ in range(3):
        rounds.mark(SECOND)
        clock.advance(SECOND)
    assert rounds.figures().wait.p99 <= 1
    clock.advance(2 * SECOND)
    rounds.mark(SECOND)
    assert rounds.figures().wait.p99 == pytest.approx(2 * SECOND, rel=0.03)


def test_what_cannot_be_read_is_left_out_and_counted():
    page = Page([Broken({}), Oven({"heat": {(): 2}})])
    with capture_logs() as lines:
        text = page.text()
    assert "stratiform_metrics_unread 1.0" in text
    assert "heat 2.0" in text
    assert "# TYPE broken" not in text
    assert lines[0]["metrics"] == ["broken"]


def test_a_name_is_declared_once():
    with pytest.raises(Twice):
        Page([Oven({}), Oven({})])


def test_a_fresh_value_is_asked_for_once_a_second(clock):
    asked = []
    fresh = Fresh(clock, lambda: asked.append(1) or len(asked))
    assert [fresh.value(), fresh.value()] == [1, 1]
    clock.advance(FRESH)
    assert fresh.value() == 2
