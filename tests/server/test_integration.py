"""The integration port: everything for anybody on this machine, by GET, one answer for each connection."""

import logging
import socket
import threading
from contextlib import contextmanager
from http.client import HTTPConnection

import falcon.testing
import orjson
import pytest
import sqlalchemy

from stratiform.api.errors import InsufficientCapacity
from stratiform.api.principal import Principal, Role
from stratiform.engine import schema as engine
from stratiform.framework.schema import FRAMEWORK
from stratiform.framework.telemetry.metrics import Metric, Shape
from stratiform.framework.telemetry.prometheus import Page
from stratiform.framework.testing.fixtures import database, database_url, world
from stratiform.framework.testing.statements import count
from stratiform.server import app, integration
from stratiform.server.integration import CannotListen
from stratiform.server.schema import LAYER

__all__ = ["database", "database_url", "world"]

VM = "0190f3c2-2222-7000-8000-000000000001"
PLACE = {"generation": 0, "created": 0, "domain_id": 1, "state": "enabled"}
PERSON = {"account_id": 2, "first_name": "A", "last_name": "B", "email": "x"}


@pytest.fixture
def layers():
    return (FRAMEWORK, engine.LAYER, LAYER)


@pytest.fixture
def administrator(database):
    """The cloud's own, and another."""
    with database.transaction() as tx:
        root = {"id": 1, "uuid": "d", "generation": 0, "created": 0, "name": "ROOT", "name_key": "root"}
        tx.execute(sqlalchemy.insert(engine.domain), root | {"level": 0, "path": "d/", "title": "ROOT"})
        for number, name in ((2, "admin"), (3, "other")):
            named = PLACE | {"id": number, "name": name, "name_key": name, "is_default": name == "admin"}
            tx.execute(sqlalchemy.insert(engine.account), named | {"uuid": f"a-{name}", "role": "Admin"})
            tx.execute(sqlalchemy.insert(engine.account_user), named | PERSON | {"uuid": f"u-{name}"})


@pytest.fixture
def dispatcher(services, database):
    return app.dispatcher(services, database.world)


def client_of(dispatcher, database):
    application = integration.make(dispatcher, integration.Back(database))
    return falcon.testing.TestClient(application, headers={"Host": "localhost"})


@pytest.fixture
def http(dispatcher, database, administrator):
    return client_of(dispatcher, database)


def ask(http, command, path="/", **parameters):
    answer = http.simulate_get(path, params={"command": command, "response": "json", **parameters})
    [(wrapper, body)] = orjson.loads(answer.content).items()
    return answer, wrapper, body


@pytest.mark.parametrize("path", ["/", "/client/api", "/anything/at/all"])
def test_it_answers_under_any_path_without_any_proof(http, path):
    answer, wrapper, body = ask(http, "listZones", path)
    assert (answer.status_code, wrapper, body["count"]) == (200, "listzonesresponse", 1)


def test_whoever_asks_is_the_clouds_own_administrator(http, cloud, database):
    ask(http, "startVirtualMachine", id=VM)
    assert cloud.asked[-1][1] == Principal(user="u-admin", account="a-admin", role=Role.ADMIN, scope="d/")
    with database.transaction() as tx:
        tx.execute(sqlalchemy.update(engine.account).values(state="disabled"))
    with count(database) as asked:
        assert ask(http, "listZones")[0].status_code == 200
    asked.expect(statements=1, commits=0)


def test_a_cloud_without_an_administrator_answers_nobody(dispatcher, database):
    http = client_of(dispatcher, database)
    assert ask(http, "listZones")[0].status_code == 530


@pytest.mark.parametrize(
    ("parameters", "status", "wrapper"),
    [
        ({"command": "noSuchCommand"}, 432, "errorresponse"),
        ({"command": "listzones"}, 432, "errorresponse"),
        ({"command": "LOGIN"}, 432, "errorresponse"),
        ({"command": "login", "username": "admin", "password": "x"}, 405, "loginresponse"),
        ({"command": "login"}, 431, "loginresponse"),
        ({"command": "logout"}, 405, "logoutresponse"),
        ({"command": "startVirtualMachine"}, 431, "startvirtualmachineresponse"),
    ],
)
def test_an_errors_text_is_its_reason_phrase_too(http, parameters, status, wrapper):
    answer, told, body = ask(http, **parameters)
    assert (answer.status_code, told, body["errorcode"]) == (status, wrapper, status)
    assert answer.status == f"{status} {body['errortext']}"
    assert answer.headers["X-Description"] == body["errortext"]


def test_a_request_without_a_command_is_432(http):
    assert http.simulate_get("/").status_code == 432


def test_the_administrator_is_told_everything(http, cloud):
    cloud.error = InsufficientCapacity(what="vm\r\n", reason="fülł")
    answer, _, body = ask(http, "startVirtualMachine", id=VM)
    assert body["errortext"] == str(cloud.error)
    assert answer.status == "533 There is no room for vm : f?l?."


def test_the_parameters_that_cloudstack_does_not_accept_here_are_refused(http):
    for name in ("password", "currentPassword"):
        answer, _, body = ask(http, "updateUser", id=VM, **{name: "x"})
        assert (answer.status_code, body["cserrorcode"]) == (531, 9999)
        assert name.lower() in body["errortext"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD"])
def test_it_takes_get_alone(http, method):
    answer = http.simulate_request(method, "/", params={"command": "listZones", "response": "json"})
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 401),
        ({"Sec-Fetch-Site": "same-site"}, 401),
        ({"Host": "rebound.example.org:8096"}, 401),
        ({"Sec-Fetch-Site": "none"}, 401),
        ({"Origin": "https://elsewhere.example.org"}, 401),
        ({"Referer": "https://elsewhere.example.org/"}, 401),
        ({"Upgrade": "websocket", "Connection": "Upgrade"}, 401),
        ({"User-Agent": "Mozilla/5.0 (X11; Linux x86_64)"}, 401),
        ({"Host": "localhost:8096", "User-Agent": "python-requests/2.32"}, 200),
        ({"Host": "127.0.0.1"}, 200),
        ({"Host": "[::1]:8096"}, 200),
    ],
)
def test_it_answers_no_browser_whoever_made_it_ask(http, headers, status):
    params = {"command": "listZones"}
    assert http.simulate_get("/", params=params, headers=headers).status_code == status


@contextmanager
def served(dispatcher, database):
    logging.getLogger("waitress").setLevel(logging.CRITICAL)
    serving = integration.serve(dispatcher, database, 0)
    thread = threading.Thread(target=serving.run)
    thread.start()
    try:
        yield serving
    finally:
        serving.stop()
        thread.join(10)


def test_it_listens_on_this_machine_alone_and_ends_each_connection(dispatcher, database, administrator):
    with served(dispatcher, database) as serving:
        assert (serving.host, serving.queue.threads) == ("127.0.0.1", 2)
        for target, status in (("/?command=listZones&response=json", 200), ("/", 432)):
            connection = HTTPConnection(serving.host, serving.port, timeout=10)
            connection.request("GET", target)
            answer = connection.getresponse()
            assert (answer.status, answer.headers["Connection"]) == (status, "close")
            assert answer.read()
            connection.close()
        with socket.create_connection((serving.host, serving.port), timeout=10) as raw:
            raw.sendall(b"GET /?response=json HTTP/1.1\r\nHost: localhost\r\nNo colon\r\n\r\n")
            assert raw.makefile("rb").readline().startswith(b"HTTP/1.0 400 This is not a request that HTTP knows")


def test_a_port_that_is_taken_is_told(dispatcher, database):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotListen, match=f"127.0.0.1:{port}: .* --integration-port"):
            integration.serve(dispatcher, database, port)


class _Loaves:
    metrics = (Metric(name="loaves", shape=Shape.GAUGE, help="Loaves."),)

    def read(self):
        return {"loaves": {(): 7}}


@pytest.fixture
def measured(dispatcher, database, administrator):
    """The port with a page of metrics."""
    application = integration.make(dispatcher, integration.Back(database), Page([_Loaves()]))
    return falcon.testing.TestClient(application, headers={"Host": "localhost"})


def test_metrics_are_told_as_prometheus_reads_them(measured):
    answer = measured.simulate_get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "loaves 7.0" in answer.text.splitlines()
    assert ask(measured, "listZones")[0].status_code == 200


def test_metrics_are_told_to_no_browser(measured):
    assert measured.simulate_get("/metrics", headers={"Origin": "http://evil"}).status_code == 403
    assert measured.simulate_get("/metrics", headers={"Host": "evil.example"}).status_code == 403


def test_without_metrics_the_path_is_like_any_other(http):
    assert ask(http, "listZones", "/metrics")[0].status_code == 200
