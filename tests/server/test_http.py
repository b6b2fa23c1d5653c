"""The HTTP face: paths, methods, bodies and limits, by hand and by the clients that people use."""

import logging
import socket
import threading
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import urlencode, urlsplit

import pytest

from stratiform.api.command import Command, Returns
from stratiform.server import signature
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


def test_a_form_that_is_too_large_is_refused_in_the_protocols_words(client):
    body = b"command=listZones&x=" + b"y" * 1024 * 1024
    answer = client.http.simulate_post("/client/api?response=json", body=body, headers={"Content-Type": FORM})
    assert client.read(answer)[:2] == (431, "errorresponse")


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
    serving = Serving(application, "127.0.0.1", 0)
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


def ask(serving, target, more=""):
    connection = socket.create_connection((serving.host, serving.port), timeout=10)
    connection.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\n{more}\r\n".encode())
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
        assert (serving.queue.waiting, serving.queue.busy, serving.queue.threads) == (0, 1, 8)
        threading.Timer(0.2, go_on.set).start()
    with connection, connection.makefile("rb") as answer:
        assert b'{"listzonesresponse":{"count":1' in answer.read()


@pytest.mark.parametrize(("length", "status"), [(15_000, b"401"), (17_000, b"431")])
def test_a_long_question_fits_into_16_kib(application, length, status):
    with served(application) as serving, ask(serving, f"/client/api?x={'y' * length}") as connection:
        assert connection.recv(100).split()[1] == status


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
        assert client.listApis()["count"] == 31
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
