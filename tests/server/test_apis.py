"""listApis as its readers need it: CloudMonkey, which panics otherwise, Marvin and the user interface."""

import pytest

from stratiform.api import registry

COMMANDS = registry.collect()


@pytest.fixture(params=["KEY", "TENANT"])
def apis(request, client):
    status, body = client("listApis", request.param)
    assert (status, body["count"]) == (200, len(COMMANDS))
    return body["api"]


def test_every_api_has_what_cloudmonkey_panics_without(apis):
    for api in apis:
        assert isinstance(api["name"], str)
        assert isinstance(api["description"], str)
        assert isinstance(api["isasync"], bool)
        assert isinstance(api["response"], list)
        for parameter in api["params"]:
            assert all(isinstance(parameter[name], str) for name in ("name", "type", "description"))
            assert isinstance(parameter["required"], bool)
            assert isinstance(parameter["length"], int)


def test_every_field_of_an_answer_is_named_one_level_down(apis):
    found = {api["name"]: api for api in apis}
    assert all({"name", "description", "type"} <= each.keys() for api in apis for each in api["response"])
    nic = next(each for each in found["listVirtualMachines"]["response"] if each["name"] == "nic")
    assert nic["type"] == "set"
    assert {"name": "macaddress", "description": "its MAC address", "type": "string"} in nic["response"]


def test_a_command_is_described_as_it_is_declared(client):
    [api] = client("listApis", name="deployVirtualMachine")[1]["api"]
    assert api["isasync"] is True
    assert api["httprequesttype"] == "POST"
    assert api["related"] == "listVirtualMachines"
    zone = {"name": "zoneid", "description": "The zone that it lives in.", "type": "uuid", "length": 255}
    assert zone | {"required": True, "related": "listZones"} in api["params"]
    assert "affinitygroupids" not in [each["name"] for each in api["params"]]


def test_a_caller_is_shown_what_is_the_callers(client, access):
    names = {
        key: {each["name"] for each in client("listApis", key, name="listVirtualMachines")[1]["api"][0]["params"]}
        for key in ("KEY", "TENANT")
    }
    assert names["KEY"] - names["TENANT"] == {"clusterid", "displayvm", "hostid", "podid", "storageid"}
    access.denied.add("listZones")
    assert "listZones" not in [each["name"] for each in client("listApis")[1]["api"]]
    assert client("listApis", name="listZones")[0] == 530


def test_an_unknown_name_is_an_error(client):
    assert client("listApis", name="noSuchApi")[0] == 530
