"""The HTTP face: paths, methods, bodies and limits, by hand and by the clients that people use."""

import logging
import threading
from urllib.parse import urlencode

import pytest

from stratiform.server import app, signature

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


def test_a_command_that_nothing_carries_out_is_refused_at_the_start(cloud, jobs, access):
    literals = app.bind.__globals__["Command"]
    orphan = literals(
        name="listOrphans", description="x", parameters=(), returns="flat", mutates=False, example={}
    )
    with pytest.raises(Exception, match="listOrphans is declared, but nothing carries it out"):
        app.bind({"listOrphans": orphan}, cloud=cloud, jobs=jobs, access=access)


@pytest.fixture
def address(application):
    """Where the application is served by waitress."""
    logging.getLogger("waitress").setLevel(logging.CRITICAL)
    server = app.serve(application, "127.0.0.1", 0)
    thread = threading.Thread(target=server.run)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}/client/api"
    server.close()
    thread.join(10)


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
            client.listZones(page=1)
        assert refused.value.error["errorcode"] == 431
    with pytest.raises(cs.CloudStackException):
        cs.CloudStack(endpoint=address, key="KEY", secret="WRONG").listZones()


def test_libcloud_talks_to_it(address, cloud):
    types = pytest.importorskip("libcloud.compute.types")
    providers = pytest.importorskip("libcloud.compute.providers")
    driver = providers.get_driver(types.Provider.CLOUDSTACK)(key="KEY", secret="SECRET", url=address)
    assert [zone.name for zone in driver.list_locations()] == ["zone1"]
    found = driver.connection.request(
        "/client/api", params={"command": "listZones", "name": "~[x]*", "zoneId": "1", "Zebra": "2"}
    )
    assert found.object == {"listzonesresponse": {}}
