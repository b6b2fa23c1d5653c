"""Spans to a collector by OpenTelemetry: the extra `otel`, loaded only where an endpoint is set."""

import threading
from collections.abc import Mapping

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from stratiform.framework.telemetry.logs import get_logger
from stratiform.framework.telemetry.tracing import Role, Span

log = get_logger(__name__)

PATIENCE = 3.0
"""Seconds that the last spans have to reach a collector when a server stops."""

PATH = "/v1/traces"
"""https://opentelemetry.io/docs/specs/otlp/#otlphttp-request"""

_KINDS: Mapping[Role, SpanKind] = {
    Role.SERVER: SpanKind.SERVER,
    Role.INTERNAL: SpanKind.INTERNAL,
    Role.CLIENT: SpanKind.CLIENT,
}


class Otel:
    """Hands spans to a processor of the SDK, under the ids that they come with.

    What the SDK reads from the environment holds, such as OTEL_TRACES_SAMPLER.
    """

    def __init__(self, processor: SpanProcessor, server: str) -> None:
        self._ids = _Given()
        resource = Resource.create({"service.name": "stratiform", "service.instance.id": server})
        self._provider = TracerProvider(id_generator=self._ids, resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("stratiform")

    def emit(self, span: Span) -> None:
        """Take a span and return at once; a queue that is full drops it."""
        try:
            self._emit(span)
        except Exception:
            log.exception("a span was lost", span=span.name)

    def close(self) -> None:
        """Send what is kept, for some seconds at most: a collector that is away holds no server up."""
        closing = threading.Thread(target=self._provider.shutdown, name="otel-close", daemon=True)
        closing.start()
        closing.join(PATIENCE)

    def _emit(self, span: Span) -> None:
        self._ids.given(span)
        parent = trace.INVALID_SPAN if span.parent is None else NonRecordingSpan(_context(span.trace, span.parent))
        made = self._tracer.start_span(
            span.name,
            trace.set_span_in_context(parent),
            kind=_KINDS[span.role],
            attributes=span.attributes,
            start_time=span.began * 1000,
        )
        if span.error is not None:
            made.set_status(Status(StatusCode.ERROR, span.error))
        made.end(max(span.began, span.ended) * 1000)


class _Given(IdGenerator):
    """The ids of the span that this thread is about to make."""

    def __init__(self) -> None:
        self._local = threading.local()

    def given(self, span: Span) -> None:
        self._local.trace, self._local.id = int(span.trace, 16), int(span.id, 16)

    def generate_span_id(self) -> int:
        found: int = self._local.id
        return found

    def generate_trace_id(self) -> int:
        found: int = self._local.trace
        return found


def _context(trace_id: str, span: str) -> SpanContext:
    return SpanContext(int(trace_id, 16), int(span, 16), is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))


def otlp(endpoint: str, server: str) -> Otel:
    """The tracer that sends to an endpoint over HTTP, in batches, by a thread of its own."""
    address = endpoint.rstrip("/")
    exporter = OTLPSpanExporter(address if address.endswith(PATH) else address + PATH)
    return Otel(BatchSpanProcessor(exporter), server)
