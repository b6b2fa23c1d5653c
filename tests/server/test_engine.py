"""The engine's lists and the API's literals say the same: what is declared is honoured, what is told is declared."""

import pytest

from stratiform.api import registry
from stratiform.api.command import Returns
from stratiform.api.parameter import COUNT_ONLY, EVERYONE, LISTING
from stratiform.api.principal import Role
from stratiform.engine.api import LISTINGS

LISTS = {
    name: command
    for name, command in registry.collect().items()
    if command.returns is Returns.LIST and command.kind and not command.mutates
}
ALWAYS = {"id", "ids", COUNT_ONLY.name, *(each.name for each in LISTING)}
OWNED = {"listall", "isrecursive", "account", "domainid"}
MADE = {
    "listEvents": {"description", "level", "resourcename", "state"},
    "listHosts": {
        "cpuallocated",
        "cpuallocatedpercentage",
        "cpuallocatedwithoverprovisioning",
        "memoryallocatedbytes",
        "memoryallocatedpercentage",
    },
    "listJobs": {"errorcode", "errortext", "resourceid", "resourcetype", "waitsfor"},
    "listLanes": {"kind"},
    "listStages": {
        *("age", "busy", "queued", "warning", "server"),
        *("waitp50", "waitp95", "waitp99", "servicep50", "servicep95", "servicep99"),
    },
    "listStoragePools": {"overprovisionfactor"},
    "listUsers": {"apikey"},
    "listVirtualMachines": {"ipaddress"},
}
"""Fields that are made of others, row by row."""
USED_UP = {"error", "lanecircuit", "lanemode", "payload", "pending", "resource", "rewind", "stagemode", "total"}
"""Columns that only make such fields."""


@pytest.fixture(params=LISTS)
def command(request):
    return LISTS[request.param]


@pytest.fixture
def listing(command):
    return LISTINGS[command.kind]


def test_every_parameter_that_is_declared_is_honoured(command, listing):
    owned = OWNED if listing.own else set()
    assert {each.name for each in command.parameters} - ALWAYS <= {*listing.filters, *owned}


def test_every_field_that_is_told_is_declared_and_every_declared_one_is_told(command, listing):
    told = {*listing.columns, *listing.constants, *(each.name for each in listing.nested)}
    declared = {each.name for each in command.view.fields}
    assert told - USED_UP | MADE.get(command.name, set()) == declared


def test_times_are_dates(command, listing):
    assert {each.name for each in command.view.fields if each.type == "date"} == listing.times


def test_what_only_operators_are_told_is_declared_so(command, listing):
    restricted = {each.name for each in command.view.fields if each.roles != EVERYONE}
    assert listing.operators <= restricted
    assert all(each.roles in (EVERYONE, {Role.ADMIN}) for each in command.view.fields)


def test_nested_rows_are_declared_too(command, listing):
    views = {each.name: each.view for each in command.view.fields if each.view}
    for nested in listing.nested:
        told = {*nested.columns, *nested.constants}
        assert told <= {each.name for each in views[nested.name].fields}, nested.name
