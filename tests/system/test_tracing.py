"""A deployment as a collector of OpenTelemetry is told of it: request, jobs, steps and host commands in one trace."""

import threading
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from tests.system.running import ON_EACH_DATABASE
from tests.system.test_quickstart import client, deploy

pytestmark = ON_EACH_DATABASE


@pytest.fixture
def collector():
    """The address of a collector, and the spans that it was sent."""
    spans = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            assert self.path == "/v1/traces"
            body = self.rfile.read(int(self.headers["Content-Length"]))
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                for scope in resource.scope_spans:
                    spans.extend(scope.spans)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{listening.server_port}", spans
    listening.shutdown()
    thread.join()
    listening.server_close()


def kind(span):
    """What a span is of: request, job, step or command."""
    given = {each.key for each in span.attributes}
    if "stratiform.command" in given:
        return "command"
    if "stratiform.step" in given:
        return "step"
    return "job" if "stratiform.job" in given else "request"


def test_a_deployment_is_one_trace_from_the_request_to_the_host(quickstart, collector):
    endpoint, spans = collector
    cloud = quickstart(2)
    client(cloud).updateConfiguration(name="telemetry.otlp.endpoint", value=endpoint)
    assert cloud.stop() == 0
    cloud.restart()
    assert deploy(cloud)["state"] == "Running"
    assert cloud.stop() == 0
    traces = defaultdict(dict)
    for span in spans:
        assert span.span_id not in traces[span.trace_id]
        traces[span.trace_id][span.span_id] = span
    (trace,) = [
        each for each in traces.values() if any(span.name == "deployVirtualMachine" for span in each.values())
    ]
    (root,) = [span for span in trace.values() if not span.parent_span_id]
    assert root.name == "deployVirtualMachine"
    lines = []
    for span in trace.values():
        line = [span]
        while line[-1].parent_span_id:
            line.append(trace[line[-1].parent_span_id])  # nothing is missing in between
        lines.append([kind(each) for each in reversed(line)])
        assert line[-1] is root
        assert span.start_time_unix_nano <= span.end_time_unix_nano
        assert not span.status.message
    names = {span.name for span in trace.values()}
    assert {"vm.deploy", "host.command", "host.command send"} <= names
    assert ["request", "job", "step"] in lines
    for line in lines:  # what came of a job came of one of its steps
        assert all(above in ("request", "step") for above, below in pairwise(line) if below == "job")
    commands = [line for line in lines if line[-1] == "command"]
    assert commands
    for line in commands:
        assert line[:2] == ["request", "job"]
        assert line[-3:] == ["job", "step", "command"]
