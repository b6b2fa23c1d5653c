"""Spans by OpenTelemetry: under the ids they come with, only where an endpoint is set."""

import subprocess
import sys
import threading

import pytest
from structlog.testing import capture_logs
from tests.server.test_generator import pytestmark as needs_plugins

from stratiform.framework import plugins
from stratiform.framework.agents.channel import Command
from stratiform.framework.agents.frame import Act, Fate, Reply
from stratiform.framework.agents.message import Message
from stratiform.framework.base.clock import SECOND
from stratiform.framework.context import Context
from stratiform.framework.jobs.meter import Meter
from stratiform.framework.telemetry.tracing import Role, Span, identifier, of_request
from stratiform.framework.testing.fixtures import clock
from stratiform.server import telemetry
from stratiform.server.traffic import Requests, trace

__all__ = ["clock"]

REQUEST = "0190f3c2-0000-7000-8000-000000000001"
PARENT = Span(trace="a" * 32, id="b" * 16, name="above", began=1_000_000, ended=3_000_000)


class Recorder:
    """Keeps the spans that it is given."""

    def __init__(self):
        self.spans = []

    def emit(self, span):
        self.spans.append(span)

    def close(self):
        pass


class Options:
    """One option's value."""

    def __init__(self, value):
        self._value = value

    def value(self, option):
        assert option is telemetry.ENDPOINT
        return self._value


@pytest.fixture
def exported():
    """A tracer, and what it exported."""
    otel = pytest.importorskip("stratiform.server.otel")
    sdk = pytest.importorskip("opentelemetry.sdk.trace.export")
    memory = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter").InMemorySpanExporter()
    tracer = otel.Otel(sdk.SimpleSpanProcessor(memory), "a")
    yield tracer, memory.get_finished_spans
    tracer.close()


def test_a_span_is_exported_as_it_was_given(exported):
    tracer, found = exported
    tracer.emit(PARENT)
    below = Span(
        trace=PARENT.trace,
        id="c" * 16,
        parent=PARENT.id,
        name="below",
        role=Role.CLIENT,
        began=2_000_000,
        ended=2_500_000,
        attributes={"stratiform.job": "j", "stratiform.attempt": 2},
        error="it burnt",
    )
    tracer.emit(below)
    first, second = found()
    assert (first.name, f"{first.context.span_id:016x}", first.parent) == ("above", PARENT.id, None)
    assert f"{first.context.trace_id:032x}" == f"{second.context.trace_id:032x}" == PARENT.trace
    assert (first.start_time, first.end_time) == (10**9, 3 * 10**9)
    assert f"{second.parent.span_id:016x}" == PARENT.id
    assert second.kind.name == "CLIENT"
    assert dict(second.attributes) == below.attributes
    assert (second.status.status_code.name, second.status.description) == ("ERROR", "it burnt")
    assert first.resource.attributes["service.instance.id"] == "a"


def test_a_span_that_cannot_be_made_raises_nothing(exported):
    tracer, found = exported
    with capture_logs() as lines:
        tracer.emit(Span(trace="nothing", id="x", name="odd", began=0, ended=0))
    assert lines[0]["event"] == "a span was lost"
    assert not found()


def test_a_requests_span_begins_its_trace(clock):
    requests, recorder = Requests(clock), Recorder()
    requests.tracer = recorder
    began = requests.now()
    clock.advance(2 * SECOND)
    requests.answered(REQUEST, "listZones", "503 x", began)
    (span,) = recorder.spans
    assert (span.trace, span.id, span.parent) == (trace(REQUEST), of_request(REQUEST), None)
    assert (span.name, span.role, span.ended - span.began) == ("listZones", Role.SERVER, 2 * SECOND)
    assert (span.attributes["http.response.status_code"], span.error) == (503, "status 503")


class Asked:
    """A command that a far end was sent."""

    def __init__(self):
        message = Message(verb="Oven.heat", version=1, body=b"{}")
        self.payload = Command(resource="h", transport="t", address="a", message=message)
        self.context = Context(principal="p", request=REQUEST, trace=trace(REQUEST), root="root", job="job")
        self.stage, self.kind, self.job, self.resource = "host", "host.command", "job", "host/h"
        self.command, self.epoch, self.attempt, self.began = "job/send/0", 7, 0, 0


@pytest.mark.parametrize(
    ("fate", "spans", "error"),
    [(Fate.DONE, 1, None), (Fate.FAILED, 1, "it burnt"), (Fate.RUNNING, 0, None), (Fate.UNKNOWN, 0, None)],
)
def test_a_command_is_counted_with_every_answer_and_traced_with_its_last(clock, fate, spans, error):
    meter, recorder = Meter(clock), Recorder()
    told = telemetry.teller(meter, clock)
    reply = Reply(act=Act.SEND, resource="h", fate=fate, error={"text": "it burnt"} if fate is Fate.FAILED else None)
    told(Asked(), reply)
    meter.tracer = recorder
    told(Asked(), reply)
    assert meter.readings().commands == {("host", str(fate)): 2}
    assert len(recorder.spans) == spans
    for span in recorder.spans:
        assert (span.name, span.role, span.error) == ("Oven.heat", Role.CLIENT, error)
        assert span.parent == identifier("effect", "job/send/0")


def test_a_collector_that_is_away_holds_nobody_up_at_the_end(exported, monkeypatch):
    tracer, _ = exported
    stuck = threading.Event()
    monkeypatch.setattr(pytest.importorskip("stratiform.server.otel"), "PATIENCE", 0.05)
    monkeypatch.setattr(tracer._provider, "shutdown", stuck.wait)
    tracer.close()
    stuck.set()


def test_without_an_endpoint_there_is_no_tracer():
    assert telemetry.tracer(Options(""), "a") is None


def test_an_endpoint_that_nothing_can_serve_is_said_and_stops_nobody(monkeypatch):
    def missing(*_):
        raise plugins.Missing(namespace="stratiform.tracer", name="otlp", installed="none")

    monkeypatch.setattr(plugins, "one", missing)
    with capture_logs() as lines:
        assert telemetry.tracer(Options("http://127.0.0.1:1"), "a") is None
    assert lines[0]["event"] == "spans cannot be sent; nothing is traced"


@pytest.mark.parametrize("path", ["", "/", "/v1/traces"])
def test_an_endpoint_may_be_given_with_or_without_its_path(monkeypatch, path):
    otel = pytest.importorskip("stratiform.server.otel")
    asked = []
    monkeypatch.setattr(otel, "OTLPSpanExporter", asked.append)
    monkeypatch.setattr(otel, "BatchSpanProcessor", lambda exporter: otel.SpanProcessor())
    telemetry.tracer(Options("http://127.0.0.1:4318" + path), "a").close()
    assert asked == ["http://127.0.0.1:4318/v1/traces"]


OFF = """
import pathlib, sys
from stratiform.server import bootstrap
settings = bootstrap.Settings(data=pathlib.Path(sys.argv[1]), port=0)
bootstrap.prepare(settings)
server = bootstrap.compose(settings)
server.start()
server.serving.close()
server.stop()
for each in server.tools.hypervisors.values():
    each.retire(settings.data)
print(sorted(name for name in sys.modules if name.partition(".")[0] in ("opentelemetry", "google")))
"""


@needs_plugins
def test_a_server_that_traces_nothing_imports_nothing_for_it(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", OFF, str(tmp_path / "data")], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
