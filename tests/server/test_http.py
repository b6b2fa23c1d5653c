"""The HTTP face: paths, methods, bodies and limits, by hand and by the clients that people use."""

import gzip
import logging
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from http.client import HTTPResponse
from urllib.parse import urlencode, urlsplit

import falcon.testing
import orjson
import pytest

from stratiform.api import registry
from stratiform.api.command import Command, Returns
from stratiform.framework.testing.world import seeded
from stratiform.server import app, signature
from stratiform.server.door import Front
from stratiform.server.handlers.table import NoHandler, bind
from stratiform.server.serving import Serving

FORM = "application/x-www-form-urlencoded"


def signed(**parameters):
    parameters = {"command": "listZones", "response": "json", "apiKey": "KEY"} | parameters
    return parameters | {"signature": signature.sign(parameters, "SECRET")}


@pytest.mark.parametrize("path", ["/client/api", "/client/api/", "/client/api/more/segments"])
def test_the_api_is_below_one_path(client, path):
    answer = client.http.simulate_get(path, params=signed())
    assert client.read(answer)[0] == 200
    assert answer.headers["X-Request-Id"]


def test_a_form_is_as_good_as_a_query(client):
    body = urlencode(signed(name="zone1"))
    for kind in (FORM, f"{FORM}; charset=UTF-8", FORM.upper()):
        answer = client.http.simulate_post("/client/api", body=body, headers={"Content-Type": kind})
        assert client.read(answer)[2]["count"] == 1


def test_what_is_no_form_is_not_read(client):
    body = urlencode(signed())
    answer = client.http.simulate_post("/client/api", body=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 401


def test_a_query_and_a_form_are_one_request(client):
    parameters = signed(name="zone1")
    query = {name: parameters.pop(name) for name in ("command", "response")}
    answer = client.http.simulate_post(
        "/client/api", params=query, body=urlencode(parameters), headers={"Content-Type": FORM}
    )
    assert client.read(answer)[2]["count"] == 1


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "PATCH", "OPTIONS"])
def test_other_methods_are_not_allowed(client, method):
    answer = client.http.simulate_request(method, "/client/api", params={"response": "json"})
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, POST"
    assert method == "HEAD" or client.read(answer)[1] == "errorresponse"


def test_what_cannot_be_read_is_refused_in_the_form_that_was_asked_for(client):
    for body in (b"y" * 1024 * 1024, b"a=%ff", b"&".join(b"a%d=" % number for number in range(5001))):
        answer = client.http.simulate_post("/client/api", body=b"Response=xml&response=JSON&" + body, content_type=FORM)
        assert client.read(answer)[:2] == (431, "errorresponse")
        answer = client.http.simulate_post("/client/api", body=b"response=jsonx&" + body, content_type=FORM)
        assert (answer.status_code, answer.headers["Content-Type"]) == (431, "text/xml; charset=UTF-8")


def test_a_form_may_have_a_mebibyte_and_five_thousand_keys(client):
    for more in (1024 * 1024 - len(urlencode(signed())) - 3, -1):
        filling = b"x=" + b"y" * more if more > 0 else b"&".join(b"a%d=1" % number for number in range(4996))
        body = urlencode(signed()).encode() + b"&" + filling
        answer = client.http.simulate_post("/client/api?response=json", body=body, content_type=FORM)
        assert client.read(answer)[0] == 401  # it was read whole: more was sent than was signed


def test_every_answer_tells_browsers_to_take_it_for_nothing_else(client):
    for parameters in (signed(), {"response": "json"}):
        headers = client.http.simulate_get("/client/api", params=parameters).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-XSS-Protection"] == "1; mode=block"
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        (None, False),
        ("gzip", True),
        ("gzip, deflate, br", True),
        ("br;q=1.0, GZIP;q=0.5", True),
        ("*", True),
        ("gzip;q=0", False),
        ("gzip; q=0.0, br", False),
        ("identity", False),
        ("xgzip", False),
    ],
)
def test_long_answers_are_compressed_for_those_who_take_them_so(client, accepted, packed):
    headers = {} if accepted is None else {"Accept-Encoding": accepted}
    answer = client.http.simulate_get("/client/api", params=signed(command="listApis"), headers=headers)
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert (answer.headers.get("Content-Encoding") == "gzip") == packed
    text = gzip.decompress(answer.content) if packed else answer.content
    assert text.startswith(b'{"listapisresponse":{"count":')
    short = client.http.simulate_get("/client/api", params=signed(), headers=headers)
    assert "Content-Encoding" not in short.headers


@pytest.mark.parametrize(
    ("method", "strict", "status"), [("get", True, 400), ("post", True, 200), ("get", False, 200), ("post", False, 200)]
)
def test_an_operator_may_want_changes_by_post_alone(services, callers, clock, method, strict, status):
    application = app.make(
        app.dispatcher(services, seeded(clock=clock)), Front(callers, clock, enforced=lambda: strict)
    )
    http = falcon.testing.TestClient(application)
    ends = {"signatureVersion": "3", "expires": "2026-01-31T10:15:00Z"}
    change = signed(command="stopVirtualMachine", id="0190f3c2-2222-7000-8000-000000000001", **ends)
    options = {"params": change} if method == "get" else {"body": urlencode(change), "content_type": FORM}
    answer = http.simulate_request(method.upper(), "/client/api", **options)
    assert (answer.status_code, [*answer.json]) == (status, ["stopvirtualmachineresponse"])
    assert http.simulate_get("/client/api", params=signed(**ends)).status_code == 200
    for loose in ({}, {"expires": ends["expires"]}, ends | {"expires": "2026-01-31T10:15:01Z"}):
        assert http.simulate_get("/client/api", params=signed(**loose)).status_code == (401 if strict else 200)


def test_the_root_leads_to_the_client_and_there_to_the_api(client):
    moved = client.http.simulate_get("/")
    assert (moved.status_code, moved.headers["Location"]) == (301, "/client")
    assert "/client/api" in client.http.simulate_get("/client").text
    assert client.http.simulate_get("/client/apix").status_code == 404


def test_a_command_that_nothing_carries_out_is_refused_at_the_start(services):
    literal = {"name": "listOrphans", "description": "Lists.", "parameters": (), "returns": Returns.FLAT}
    orphan = Command(**literal, mutates=False, example={})
    with pytest.raises(NoHandler, match="listOrphans is declared, but nothing carries it out"):
        bind(replace(services, commands={"listOrphans": orphan}))


@contextmanager
def served(application):
    logging.getLogger("waitress").setLevel(logging.CRITICAL)
    api = application._sinks[0][1]
    refuse = lambda error, asked: api._dispatcher.refuse(error, asked, api._door)  # noqa: E731
    serving = Serving(application, "127.0.0.1", 0, refuse=refuse)
    thread = threading.Thread(target=serving.run)
    thread.start()
    try:
        yield serving
    finally:
        serving.stop()
        thread.join(10)
        assert not thread.is_alive()


@pytest.fixture
def address(application):
    """Where the application is served by waitress."""
    with served(application) as serving:
        yield f"http://{serving.host}:{serving.port}/client/api"


def ask(serving, target, more="", method="GET"):
    connection = socket.create_connection((serving.host, serving.port), timeout=10)
    connection.sendall(f"{method} {target} HTTP/1.1\r\nHost: x\r\n{more}\r\n".encode())
    return connection


def test_what_has_arrived_is_answered_before_the_end(application, cloud):
    begun, go_on = threading.Event(), threading.Event()
    answered = cloud.list

    def slow(*arguments):
        begun.set()
        assert go_on.wait(10)
        return answered(*arguments)

    cloud.list = slow
    with served(application) as serving:
        connection = ask(serving, f"/client/api?{urlencode(signed())}")
        assert begun.wait(10)
        patience = time.monotonic() + 10
        while serving.queue.busy > 1 and time.monotonic() < patience:
            time.sleep(0.01)  # a thread is busy from its start until it waits
        assert (serving.queue.waiting, serving.queue.busy, serving.queue.threads) == (0, 1, 8)
        threading.Timer(0.2, go_on.set).start()
    with connection, connection.makefile("rb") as answer:
        assert b'{"listzonesresponse":{"count":1' in answer.read()


def told(connection):
    """Status, headers and what stands under which wrapper, of the one answer of a connection."""
    answer = HTTPResponse(connection)
    answer.begin()
    body = answer.read()
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Type"] == "application/json; charset=UTF-8", body
    [(wrapper, under)] = orjson.loads(body).items()
    assert (under["uuidList"], under["errorcode"]) == ([], answer.status)
    return answer.status, wrapper, answer.headers["Connection"]


@pytest.mark.parametrize(("length", "status"), [(15_000, 401), (17_000, 431)])
def test_a_long_question_fits_into_16_kib(application, length, status):
    target = f"/client/api?response=json&x={'y' * length}"
    with served(application) as serving, ask(serving, target) as connection:
        assert told(connection)[:2] == (status, "errorresponse")


@pytest.mark.parametrize(
    ("first", "more", "status"),
    [
        ("GET", "No colon\r\n", 400),
        ("GET", "Content-Length: x\r\n", 400),
        ("POST", "Transfer-Encoding: smoke\r\n", 400),
        ("POST", "Content-Length: 3000000\r\n", 431),
    ],
)
def test_what_waitress_refuses_by_itself_is_told_in_the_protocols_words(application, first, more, status):
    with served(application) as serving, ask(serving, "/client/api?response=json", more, first) as connection:
        assert told(connection) == (status, "errorresponse", "close")


@pytest.mark.parametrize("target", ["/client/api?response=json", "//client/api", "/client/api?%", "/%00", "*"])
@pytest.mark.parametrize("more", ["", "Content-Length: 0\r\n", "Cookie: x=\xff\r\n", "X: \r\n"])
def test_odd_requests_get_no_500(application, target, more):
    with served(application) as serving, ask(serving, target, more) as connection:
        assert connection.recv(100).split()[1] in {b"400", b"401", b"404", b"405"}


def test_cs_talks_to_it(address, cloud):
    cs = pytest.importorskip("cs")
    cloud.rows["zone"] = [{"id": f"zone-{number}", "name": f"z~[{number}]*"} for number in range(1001)]
    for method in ("get", "post"):
        client = cs.CloudStack(endpoint=address, key="KEY", secret="SECRET", method=method)
        assert client.listZones(name="z~[7]*")["zone"][0]["id"] == "zone-7"
        assert len(client.listZones(fetch_list=True)) == 1001
        assert client.listApis()["count"] == len(registry.collect())
        assert client.listPods() == {}
        with pytest.raises(cs.CloudStackApiException) as refused:
            client.listZones(page=1, pagesize=501)
        assert refused.value.error["errorcode"] == 431
    with pytest.raises(cs.CloudStackException):
        cs.CloudStack(endpoint=address, key="KEY", secret="WRONG").listZones()


def test_libcloud_talks_to_it(address, cloud):
    types = pytest.importorskip("libcloud.compute.types")
    providers = pytest.importorskip("libcloud.compute.providers")
    parts = urlsplit(address)
    driver = providers.get_driver(types.Provider.CLOUDSTACK)(
        key="KEY", secret="SECRET", secure=False, host=parts.hostname, port=parts.port, path=parts.path
    )
    assert [zone.name for zone in driver.list_locations()] == ["zone1"]
    found = driver.connection.request(
        "/client/api", params={"command": "listZones", "name": "~[x]*", "zoneId": "1", "Zebra": "2"}
    )
    assert found.object == {"listzonesresponse": {}}
