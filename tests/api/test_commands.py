"""What is promised of every command, by walking the registry; and of the declarations themselves."""

import pathlib
import re
import types

import pytest

from stratiform.api import page, registry
from stratiform.api.command import Command, Returns
from stratiform.api.parameter import EVERYONE, Check, Refused, Style, Type, entity, text
from stratiform.api.view import SUCCESS, View, string

COMMANDS = registry.collect()
TIER_0 = frozenset(
    """
    addCluster addHost addImageStore addNetworkServiceProvider addTrafficType cancelHostMaintenance
    configureInternalLoadBalancerElement configureVirtualRouterElement createAccount createDomain createNetwork
    createPhysicalNetwork createPod createSSHKeyPair createSecondaryStagingStore createServiceOffering
    createStoragePool createUser createVlanIpRange createZone deleteAccount deleteCluster deleteDomain
    deleteHost deleteImageStore deleteNetwork deleteNetworkServiceProvider deletePhysicalNetwork deletePod
    deleteSSHKeyPair deleteServiceOffering deleteStoragePool deleteTrafficType deleteUser deleteVlanIpRange
    deleteZone deployVirtualMachine destroyVirtualMachine expungeVirtualMachine getUser getUserKeys listAccounts
    listApis listAsyncJobs listCapabilities listClusters listConfigurations listDiskOfferings listDomains
    listEvents listHosts listHypervisors listImageStores listInternalLoadBalancerElements listNetworkOfferings
    listNetworkServiceProviders listNetworks listOsCategories listOsTypes listPhysicalNetworks listPods
    listProjects listRouters listSSHKeyPairs listServiceOfferings listStoragePools listSystemVms listTemplates
    listTrafficTypes listUsers listVirtualMachines listVirtualRouterElements listVlanIpRanges listVolumes
    listZones login logout prepareHostForMaintenance queryAsyncJobResult rebootVirtualMachine
    recoverVirtualMachine registerTemplate registerUserKeys startVirtualMachine stopVirtualMachine updateCluster
    updateConfiguration updateHost updateNetworkServiceProvider updatePhysicalNetwork updatePod
    updateStoragePool updateUser updateVirtualMachine updateZone
    """.split()  # noqa: SIM905 -- read as a table
)
"""What Marvin, Terraform, Ansible, Libcloud and the user interface call first."""
PAGE = pathlib.Path(__file__).parents[2] / "docs/commands.md"
TYPES = {"string", "integer", "long", "boolean", "date", "float", "map", "list", "set", "responseobject"}


def walk(view):
    for field in view.fields:
        yield field
        if field.view:
            yield from walk(field.view)


@pytest.fixture(params=COMMANDS.values(), ids=[*COMMANDS])
def command(request):
    return request.param


def declare(**changes):
    literal = {
        "name": "listThings",
        "description": "Lists things.",
        "parameters": (),
        "returns": Returns.LIST,
    }
    literal |= {
        "mutates": False,
        "view": View("thing", (string("id", "its id"),)),
        "object": "thing",
        "example": {},
    }
    return Command(**literal | changes)


def test_there_are_the_commands_that_clients_cannot_do_without():
    assert not TIER_0 - COMMANDS.keys()
    assert [*COMMANDS] == sorted(COMMANDS)


def test_every_command_is_described(command):
    assert re.fullmatch(r"[A-Z].+\.", command.description)
    assert all(re.fullmatch(r".+\.", each.description) for each in command.parameters)
    assert all(each.description and not each.description.endswith(".") for each in walk(command.view))


def test_every_command_has_an_example_of_parameters_that_it_honours(command):
    honoured = {each.name for each in command.parameters}
    assert command.example.keys() <= honoured
    assert {each.name for each in command.parameters if each.required} <= command.example.keys()
    assert command.example or not command.parameters


def test_every_parameter_says_what_its_type_needs(command):
    for each in command.parameters:
        assert (each.type is Type.LIST) == (each.items is not None)
        assert (each.type is Type.MAP) == (each.style is not None)
        ids = Type.UUID in (each.type, each.items)
        assert ids == (each.kind is not None)
        assert each.roles


def test_every_view_has_fields_of_known_types(command):
    names = [each.name for each in command.view.fields]
    assert len(names) == len(set(names))
    for field in walk(command.view):
        assert field.type in TYPES
        assert not field.view or field.type in ("list", "set")


def test_a_list_takes_pages_and_a_keyword(command):
    takes = {each.name for each in command.parameters}
    asks = command.returns is Returns.LIST and command.name != "listApis" and not command.mutates
    assert ({"page", "pagesize", "keyword"} <= takes) == asks


def test_a_command_with_an_owner_names_both_halves(command):
    takes = {each.name for each in command.parameters}
    assert "account" not in takes or "domainid" in takes


def test_what_changes_something_tells_of_it(command):
    assert command.mutates == (command.method == "POST")
    assert command.mutates == bool(command.event)


def test_names_follow_from_the_literal():
    assert COMMANDS["listZones"].response == "listzonesresponse"
    assert declare(wrapper="otherresponse").response == "otherresponse"
    assert COMMANDS["queryAsyncJobResult"].method == "GET"


@pytest.mark.parametrize(
    "changes",
    [
        {"mutates": True},
        {"event": "THING.SEE"},
        {"returns": Returns.ASYNC},
        {"parameters": (text("name", "Its name."), text("name", "Its name."))},
        {"parameters": (text("name", "Its name."),), "refused": (Refused("name"),)},
        {"parameters": (text("zoneId", "Its zone."),)},
        {"object": None},
        {"view": SUCCESS},
    ],
)
def test_a_literal_that_contradicts_itself_is_refused(changes):
    with pytest.raises(ValueError, match="listThings"):
        declare(**changes)


def test_two_commands_of_one_name_are_refused_and_one_seen_twice_is_one():
    first, second = types.ModuleType("first"), types.ModuleType("second")
    first.a = second.a = declare()
    assert [*registry.collect(first, second)] == ["listThings"]
    second.b = declare()
    with pytest.raises(registry.DeclaredTwice, match=r"listThings is declared in first and again in second"):
        registry.collect(first, second)


def test_the_short_forms_say_what_the_long_ones_do():
    zone = entity("zoneid", "zone", "Its zone.", required=True)
    assert (zone.type, zone.kind, zone.required, zone.roles) == (Type.UUID, "zone", True, EVERYONE)
    assert len({*Style}) == 4
    assert Check.HOST_NAME in [each.check for each in COMMANDS["deployVirtualMachine"].parameters]


@pytest.mark.skipif(not PAGE.parent.exists(), reason="the pages are not here")
def test_the_page_is_what_the_literals_say():
    assert PAGE.read_text() == page.render(COMMANDS), "run tools/commands_page.py"
