"""listApis as its readers need it: CloudMonkey, which panics otherwise, Marvin and the user interface."""

import json
import re

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


def test_logging_in_and_out_are_listed(client):
    [login] = client("listApis", name="login")[1]["api"]
    assert [each["name"] for each in login["params"] if each["required"]] == ["username", "password"]
    assert (login["httprequesttype"], login["isasync"]) == ("POST", False)
    [logout] = client("listApis", name="logout")[1]["api"]
    assert logout["params"] == []


def generated(answer):
    """A module of commands and their answers, made as Marvin makes its own, from the answer's first line."""
    told = json.loads(answer.splitlines()[0])["listapisresponse"]
    assert told["count"] == len(told["api"])
    lines = []
    for api in told["api"]:
        required = [each["name"] for each in api["params"] if each["required"]]
        lines += [f"class {api['name']}Cmd:", f"    {api['description']!r}", "    typeInfo = {}"]
        lines += ["    def __init__(self):"]
        lines += [f"        self.isAsync = {str(api['isasync']).lower()!r}", f"        self.required = {required!r}"]
        for each in api["params"]:
            lines += [f"        {each['description']!r}", f"        self.{each['name']} = None"]
            lines += [f"        self.typeInfo[{each['name']!r}] = {each['type']!r}"]
        lines += [f"class {api['name']}Response:", "    def __init__(self):", "        pass"]
        for field in filter(None, api["response"]):
            lines += [f"        {field['description']!r}", f"        self.{field['name']} = None"]
            below = field.get("response", ()) if field["type"] in ("list", "map", "set") else ()
            lines += [f"        self.{field['name']}_{each['name']} = None" for each in below]
    return "\n".join(lines)


def test_marvin_generates_its_commands_from_the_answer(client):
    client("listApis")
    module = {}
    exec(compile(generated(client.last.text), "marvin", "exec"), module)
    assert {f"{name}{kind}" for name in COMMANDS for kind in ("Cmd", "Response")} <= module.keys()
    deploy = module["deployVirtualMachineCmd"]()
    assert (deploy.isAsync, deploy.required) == ("true", ["serviceofferingid", "templateid", "zoneid"])
    assert (deploy.typeInfo["zoneid"], deploy.typeInfo["networkids"]) == ("uuid", "list")
    deploy.zoneid = deploy.serviceofferingid = deploy.templateid = "0190f3c2-1111-7000-8000-000000000001"
    deploy.networkids = [deploy.zoneid, deploy.zoneid]
    given = {name: value for name, value in vars(deploy).items() if value and name not in ("isAsync", "required")}
    asked = {name: ",".join(value) if isinstance(value, list) else value for name, value in given.items()}
    status, body = client("deployVirtualMachine", **asked)
    assert (status, [*body]) == (200, ["id", "jobid"])
    assert vars(module["deployVirtualMachineResponse"]()).keys() >= {"id", "nic", "nic_ipaddress"}


def test_every_name_and_type_is_one_that_clients_make_words_of(apis):
    types = {parameter["type"] for api in apis for parameter in api["params"]}
    assert types <= {"string", "boolean", "short", "integer", "long", "float", "double", "date", "uuid", "list", "map"}
    assert all(re.fullmatch("[a-z][a-zA-Z0-9]*", api["name"]) for api in apis)
    assert all(re.fullmatch("[a-z0-9_]+", each["name"]) for api in apis for each in api["params"])


def test_an_unknown_name_is_an_error(client):
    assert client("listApis", name="noSuchApi")[0] == 530
