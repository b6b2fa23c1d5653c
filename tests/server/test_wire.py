"""What answers look like, to the letter where clients read letters."""

import orjson
import pytest

from stratiform.api.errors import InsufficientCapacity, LimitExceeded, Overloaded
from stratiform.framework.base.errors import Conflict, Denied, Error, Internal, Invalid, NotFound, Unreachable

ZONE = "0190f3c2-1111-7000-8000-000000000001"
VM = "0190f3c2-2222-7000-8000-000000000001"
JOB = "0190f3c2-3333-7000-8000-000000000001"
DEPLOY = {"zoneid": ZONE, "serviceofferingid": ZONE, "templateid": ZONE}
CREDENTIALS = "unable to verify user credentials and/or request signature"


class Strange(Error):
    """Nobody has heard of {what}."""

    code = "strange"


def test_a_list_is_one_line_with_count_first(client):
    client("listZones")
    assert client.last.content.startswith(b'{"listzonesresponse":{"count":1,"zone":[{"')
    [zone] = orjson.loads(client.last.content)["listzonesresponse"]["zone"]
    always = {"isnsxenabled": False, "ismultiarch": False, "routedmodeenabled": False}
    assert zone == {"id": ZONE, "name": "zone1", "networktype": "Advanced", **always}


def test_nothing_found_is_an_empty_object_and_a_page_past_the_end_only_a_count(client):
    assert client("listPods") == (200, {})
    assert client("listZones", name="elsewhere") == (200, {})
    assert client("listZones", page="2", pagesize="10") == (200, {"count": 1})
    assert client("listVirtualMachines", retrieveonlyresourcecount="true") == (200, {"count": 1})


def test_an_object_has_its_dates_and_nested_objects_and_nothing_undeclared(client):
    _, body = client("listVirtualMachines")
    [vm] = body["virtualmachine"]
    assert vm["created"] == "2026-01-31T10:00:00+0000"
    assert vm["nic"] == [{"id": "nic-1", "deviceid": "0", "ipaddress": "10.0.0.9", "broadcasturi": "vlan://7"}]
    assert vm["hostid"] == "host-1"
    _, body = client("listVirtualMachines", key="TENANT")
    assert {"hostid"}.isdisjoint(body["virtualmachine"][0])
    assert "broadcasturi" not in body["virtualmachine"][0]["nic"][0]


def test_an_asynchronous_command_answers_its_job_and_what_it_makes(client, cloud):
    assert client("deployVirtualMachine", **DEPLOY, startvm="false") == (200, {"id": VM, "jobid": JOB})
    assert cloud.asked[-1][2] == {**DEPLOY, "startvm": False}
    assert client("stopVirtualMachine", id=VM) == (200, {"jobid": JOB})


def test_a_change_answers_the_object(client):
    status, body = client("updateVirtualMachine", id=VM, displayname="web")
    assert (status, body["virtualmachine"]["id"]) == (200, VM)
    assert body["virtualmachine"]["deleteprotection"] is False


def test_the_query_reaches_the_cloud_typed_and_without_its_pages(client, cloud):
    client(
        "listVirtualMachines",
        zoneId=ZONE,
        listall="TRUE",
        page="0",
        pagesize="7",
        ids=f"{VM},{JOB}",
        junk="x",
    )
    query = cloud.asked[-1][2]
    assert query.filters == {"zoneid": ZONE, "listall": True, "ids": (VM, JOB)}
    assert (query.page, query.pagesize) == (1, 7)


@pytest.mark.parametrize(
    "paging",
    [
        {"page": "1"},
        {"pagesize": "10"},
        {"page": "1", "pagesize": "-1"},
        {"page": "1", "pagesize": "501"},
        {"page": "1", "pagesize": "0"},
        {"page": "-1", "pagesize": "10"},
        {"pagesize": "-2"},
        {"account": "admin"},
    ],
)
@pytest.mark.parametrize("command", ["listVirtualMachines", "listPublicIpAddresses", "listAsyncJobs"])
def test_a_question_that_is_only_half_asked_is_refused(client, command, paging):
    status, body = client(command, **paging)
    assert (status, body["cserrorcode"]) == (431, 9999)


@pytest.mark.parametrize("paging", [{}, {"pagesize": "-1"}, {"page": "1", "pagesize": "500"}])
def test_pages_as_clients_ask_for_them(client, paging):
    assert client("listZones", **paging)[1]["count"] == 1


def test_an_error_is_told_in_the_protocols_words(client):
    status, body = client("deployVirtualMachine", **DEPLOY, groupid="ignored", affinitygroupids=ZONE)
    assert status == 431
    assert [*body] == ["uuidList", "errorcode", "cserrorcode", "errortext"]
    assert body["uuidList"] == []
    assert "affinitygroupids" in body["errortext"]
    assert client.last.status == "431 PARAM_ERROR"


@pytest.mark.parametrize(
    ("error", "status", "exception"),
    [
        (Invalid(reason="no"), 431, 4350),
        (NotFound(kind="host", key="name", value=VM), 431, 4350),
        (Conflict(kind="vm", id=VM, state="Destroyed", action="start"), 431, 4350),
        (Denied(who="you", action="do it"), 531, 4365),
        (InsufficientCapacity(what="vm", reason="full"), 533, 4325),
        (Unreachable(address="host-1", reason="gone"), 534, 4380),
        (LimitExceeded(owner="you", limit=1, resource="vm", used=1, wanted=1), 535, 4370),
        (Overloaded(queue="vm", depth=9), 503, 9999),
        (Internal(reason="KeyError"), 530, 4250),
        (Strange(what="this"), 530, 4250),
        (KeyError("a secret detail"), 530, 4250),
    ],
)
def test_every_error_has_its_status(client, cloud, error, status, exception):
    cloud.error = error
    for key in ("KEY", "TENANT"):
        told, body = client("startVirtualMachine", key, id=VM)
        assert (told, body["cserrorcode"]) == (status, exception)
        assert "secret detail" not in client.last.text
        hidden = not isinstance(error, Error) or (key == "TENANT" and status in (530, 533, 534))
        assert hidden == (body["errortext"] != str(error))
        assert not hidden or client.last.headers["X-Request-Id"] in body["errortext"]


@pytest.mark.parametrize(
    ("error", "description"),
    [
        (Conflict(kind="vm", id=VM, state="Destroyed", action="start"), "vmId"),
        (Conflict(kind="service offering", id=VM, state="Inactive", action="use"), "serviceOfferingId"),
        (NotFound(kind="storage_pool", key="id", value=VM), "storagePoolId"),
        (NotFound(kind="host", key="name", value=VM), None),
        (Conflict(kind="vm", id="web-1", state="Destroyed", action="start"), None),
        (Invalid(reason="no"), None),
    ],
)
def test_an_error_names_the_entity_that_it_is_about(client, cloud, error, description):
    cloud.error = error
    status, body = client("startVirtualMachine", id=ZONE)
    assert status == 431
    assert body["uuidList"] == ([] if description is None else [{"uuid": VM, "description": description}])


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"command": "listZones"},
        {"command": "listZones", "apiKey": "KEY", "signature": "x"},
        {"command": "listZones", "apiKey": "NOBODY", "signature": "x"},
    ],
)
def test_whoever_cannot_be_known_is_refused_alike(client, parameters):
    status, wrapper, body = client.send({"response": "json"} | parameters)
    assert (status, wrapper) == (401, "listzonesresponse" if parameters else "errorresponse")
    assert body == {"uuidList": [], "errorcode": 401, "errortext": CREDENTIALS}


@pytest.mark.parametrize("command", ["listzones", "LISTZONES", "noSuchCommand", ""])
def test_an_unknown_command_is_refused_like_an_unknown_caller(client, command):
    status, wrapper, body = client.wrapped(command)
    assert (status, wrapper, body["errortext"]) == (401, "errorresponse", CREDENTIALS)


def test_a_command_that_the_caller_may_not_call_is_not_there(client, access):
    access.denied.add("listHosts")
    status, wrapper, body = client.wrapped("listHosts")
    assert (status, wrapper) == (432, "errorresponse")
    assert "not available for user" in body["errortext"]


def test_nothing_is_looked_at_before_the_caller_is_known(client):
    assert client.send({"command": "listZones", "response": "json", "ids[0]": "x"})[0] == 401
    assert client("listZones", **{"ids[0]": "x"})[0] == 430
    assert client("listZones", name="tab\there")[0] == 431


def test_only_an_operator_chooses_a_host(client):
    assert client("deployVirtualMachine", **DEPLOY, hostid=VM)[0] == 200
    assert client("deployVirtualMachine", "TENANT", **DEPLOY, hostid=VM)[0] == 531
    assert client("deployVirtualMachine", **DEPLOY, account="you")[0] == 431


def test_the_capabilities_are_one_object_without_a_count(client):
    _, body = client("listCapabilities")
    assert [*body] == ["capability"]
    needed = {"cloudstackversion", "securitygroupsenabled", "dynamicrolesenabled", "kvmsnapshotenabled"}
    needed |= {"allowuserviewdestroyedvm", "allowuserexpungerecovervm", "defaultuipagesize"}
    needed |= {"projectinviterequired", "allowusercreateprojects", "instanceleaseenabled"}
    assert needed <= body["capability"].keys()


@pytest.mark.parametrize(
    ("command", "parameter"),
    [
        ("listVirtualMachines", "id"),
        ("listHosts", "zoneid"),
        ("listVirtualMachines", "ids"),
        ("startVirtualMachine", "id"),
    ],
)
def test_an_id_that_nothing_has_is_refused_in_the_words_that_terraform_looks_for(client, cloud, command, parameter):
    cloud.rows.clear()
    cloud.error = None if command.startswith("list") else NotFound(kind="vm", key="id", value=JOB)
    status, body = client(command, **{parameter: JOB})
    words = f"Invalid parameter {parameter} value={JOB} due to incorrect long value format, or entity does not exist"
    assert (status, body["cserrorcode"], words in body["errortext"]) == (431, 9999, True)


def test_an_id_that_something_has_narrows_to_nothing(client, cloud):
    assert client("listHosts", zoneid=ZONE) == (200, {})


def test_lists_of_what_is_not_there_are_empty(client):
    for command in ("listPublicIpAddresses", "listPortForwardingRules", "listIpForwardingRules"):
        assert client(command, listall="true") == (200, {})
