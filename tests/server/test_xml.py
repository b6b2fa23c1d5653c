"""XML, which is what nobody asked for gets."""

from xml.etree import ElementTree

import pytest

from stratiform.server import answer, signature, xml


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


def test_what_xml_cannot_say_is_escaped():
    written = xml.encode("r", {"a": "<&\"'>", "b": [1, None, True], "c": None, "d": {"e": 1}}, '"')
    assert written.endswith(
        b"<r cloud-stack-version='\"'><a>&lt;&amp;&quot;&apos;&gt;</a><b>1</b><b>true</b><d><e>1</e></d></r>"
    )


def test_success_stands_under_the_wrapper():
    assert answer.encode("r", answer.success(), json=False).endswith(b"<r><success>true</success></r>")
