"""Metrics as text that Prometheus reads, written by its own client library: the extra `prometheus`."""

from collections.abc import Iterator, Mapping, Sequence

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from stratiform.framework.base.clock import SECOND
from stratiform.framework.base.errors import Error
from stratiform.framework.telemetry.histogram import Tally
from stratiform.framework.telemetry.logs import get_logger
from stratiform.framework.telemetry.metrics import Metric, Shape, Source, Values

log = get_logger(__name__)

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
"""Of a page: https://prometheus.io/docs/instrumenting/exposition_formats/."""

LIMITS = tuple(1 << power for power in range(10, 33, 2))
"""The upper limits of a histogram's buckets in microseconds: from a millisecond, each four times the last."""

UNREAD = Metric(
    name="stratiform_metrics_unread",
    shape=Shape.GAUGE,
    help="Sources of metrics that could not be read for this page.",
)


class Twice(Error):
    """The metric {name} is declared twice."""

    code = "metric_twice"


class Page(Collector):
    """The metrics of several sources, as a collector of the client library. Raises `Twice` if two have the same name.

    A program that has a registry of its own registers it there; the others ask for the `text`.
    """

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = sources
        names = [each.name for each in self.metrics]
        for name in names:
            if names.count(name) > 1:
                raise Twice(name=name)

    @property
    def metrics(self) -> list[Metric]:
        """Everything that is measured."""
        return [UNREAD, *(metric for source in self._sources for metric in source.metrics)]

    def describe(self) -> list[Family]:
        """What there is, without its values: so nothing is read when a registry takes this."""
        return [_family(metric, {}) for metric in self.metrics]

    def collect(self) -> Iterator[Family]:
        """Everything as it is now; what cannot be read, because the database is away, is missing and counted."""
        unread = 0
        for source in self._sources:
            try:
                values = source.read()
            except Exception:
                log.exception("metrics cannot be read", metrics=[each.name for each in source.metrics])
                unread += 1
                continue
            for metric in source.metrics:
                yield _family(metric, values.get(metric.name, {}))
        yield _family(UNREAD, {(): unread})

    def text(self) -> str:
        """The page."""
        return generate_latest(self).decode()


def _family(metric: Metric, values: Values) -> Family:
    if metric.shape is Shape.HISTOGRAM:
        return _histogram(metric, values)
    make = CounterMetricFamily if metric.shape is Shape.COUNTER else GaugeMetricFamily
    family: CounterMetricFamily | GaugeMetricFamily = make(metric.name, metric.help, labels=metric.labels)
    for label, value in sorted(values.items()):
        if not isinstance(value, Tally):
            family.add_metric(label, value)
    return family


def _histogram(metric: Metric, values: Values) -> Family:
    family = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
    for label, tally in sorted(_tallies(values).items()):
        buckets = [(str(limit / SECOND), float(n)) for limit, n in zip(LIMITS, tally.within(LIMITS), strict=True)]
        family.add_metric(label, [*buckets, ("+Inf", float(tally.count))], tally.sum / SECOND)
    return family


def _tallies(values: Values) -> Mapping[tuple[str, ...], Tally]:
    return {label: value for label, value in values.items() if isinstance(value, Tally)}
