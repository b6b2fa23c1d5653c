"""XML, which is what nobody asked for gets."""

from xml.etree import ElementTree

import pytest

from stratiform.api import registry
from stratiform.api.command import Returns
from stratiform.api.principal import Role
from stratiform.api.view import View
from stratiform.framework.base.errors import Conflict
from stratiform.server import answer, signature, xml
from stratiform.server.handlers.table import OWN

VM = "0190f3c2-2222-7000-8000-000000000001"


def ask(client, command, **parameters):
    parameters = {"command": command, "apiKey": "KEY"} | parameters
    signed = parameters | {"signature": signature.sign(parameters, "SECRET")}
    told = client.http.simulate_get("/client/api", params=signed, params_csv=False)
    assert told.headers["Content-Type"] == "text/xml; charset=UTF-8"
    assert told.text.startswith('<?xml version="1.0" encoding="UTF-8"?><')
    return told, ElementTree.fromstring(told.content)


@pytest.mark.parametrize("response", ["xml", "yaml", ""])
def test_a_list_repeats_its_element(client, response):
    _, root = ask(client, "listVirtualMachines", response=response)
    assert root.tag == "listvirtualmachinesresponse"
    assert root.attrib == {"cloud-stack-version": "4.23.0.0"}
    assert [child.tag for child in root] == ["count", "virtualmachine"]
    assert root.findtext("virtualmachine/nic/ipaddress") == "10.0.0.9"
    assert root.findtext("virtualmachine/deleteprotection") == "false"
    _, root = ask(client, "listTemplates", response=response, templatefilter="all")
    assert root.findtext("template/details") == "{a b=1}"


def test_an_empty_list_is_an_empty_wrapper(client):
    told, _ = ask(client, "listPods")
    assert told.text.endswith('<listpodsresponse cloud-stack-version="4.23.0.0"></listpodsresponse>')


def test_an_error_has_the_same_fields_and_tells_strangers_no_version(client):
    told, root = ask(client, "listZones", page="1")
    assert told.status_code == 431
    assert [child.tag for child in root] == ["errorcode", "cserrorcode", "errortext"]
    stranger = client.http.simulate_get("/client/api", params={"command": "listZones"})
    assert (stranger.status_code, ElementTree.fromstring(stranger.content).attrib) == (401, {})


LISTS = sorted(
    name
    for name, command in registry.collect().items()
    if command.returns is Returns.LIST and command.kind and not command.mutates and name not in OWN
)


def value_of(field):
    """Something for a field of an answer, twice where there may be several."""
    if field.view:
        return [{each.name: value_of(each) for each in field.view.fields} for _ in range(2)]
    plain = {"date": 1_769_853_600_000_000, "boolean": True, "map": {"a<b": "&"}, "list": ["x", "y"], "set": ["x", "y"]}
    return plain.get(field.type, 7 if field.type in ("integer", "long", "float") else "<&>")


def elements(view, row):
    """What XML is to say of a row: for each field a name, and a text or the elements below."""
    told = {"boolean": "true", "date": "2026-01-31T10:00:00+0000", "map": "{a<b=&}"}
    for field in view.fields:
        for value in row[field.name] if isinstance(row[field.name], list) else [row[field.name]]:
            yield field.name, sorted(elements(field.view, value)) if field.view else told.get(field.type, str(value))


def read(element):
    return sorted((child.tag, read(child) if len(child) else child.text) for child in element)


@pytest.mark.parametrize("name", LISTS)
def test_every_list_says_in_xml_what_it_says_in_json(client, cloud, name):
    command = registry.collect()[name]
    row = {field.name: value_of(field) for field in command.view.fields} | {"name": "<&>"}
    cloud.rows = {command.kind: [row, row]}
    example = {key: value for key, value in command.example.items() if key not in ("id", "page", "pagesize", "name")}
    _, root = ask(client, name, **example)
    assert (root.tag, root[0].tag, root[0].text) == (command.response, "count", "2")
    assert [child.tag for child in root[1:]] == [command.object, command.object]
    shown = View("shown", tuple(field for field in command.view.fields if Role.ADMIN in field.roles))
    assert read(root[1]) == sorted(elements(shown, row))
    _, _, body = client.wrapped(name, **example)
    assert body[command.object][0].keys() == {child.tag for child in root[1]}


def test_an_error_repeats_an_element_for_each_entity(client, cloud):
    cloud.error = Conflict(kind="vm", id=VM, state="Destroyed", action="start")
    _, root = ask(client, "startVirtualMachine", id=VM)
    assert [child.tag for child in root] == ["uuidList", "errorcode", "cserrorcode", "errortext"]
    assert (root.findtext("uuidList/uuid"), root.findtext("uuidList/description")) == (VM, "vmId")


def test_what_xml_cannot_say_is_escaped():
    written = xml.encode("r", {"a": "<&\"'>", "b": [1, None, True], "c": None, "d": {"e": 1}}, '"')
    assert written.endswith(
        b"<r cloud-stack-version='\"'><a>&lt;&amp;&quot;&apos;&gt;</a><b>1</b><b>true</b><d><e>1</e></d></r>"
    )


def test_success_stands_under_the_wrapper():
    assert answer.encode("r", answer.success(), json=False).endswith(b"<r><success>true</success></r>")
