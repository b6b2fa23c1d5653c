"""Every list there is: it answers, in a constant number of statements, with what the wire expects."""

import pytest

from stratiform.api import registry
from stratiform.api.cloud import Query
from stratiform.api.command import Returns
from stratiform.engine import api, schema
from stratiform.engine.listing import OWNERSHIP, Unsupported
from stratiform.framework.testing.statements import count

COMMANDS = [c for c in registry.collect().values() if c.returns is Returns.LIST and c.kind and not c.mutates]
PAGING = {"page", "pagesize", "retrieveonlyresourcecount"}
TYPES = {
    "string": str,
    "integer": int,
    "long": int,
    "boolean": bool,
    "date": int,
    "set": (list, tuple),
    "list": (list, tuple),
}


@pytest.fixture
def full(site):
    """A cloud with one of everything that is listed."""
    with site.database.transaction() as tx:
        world = site.world
        host = site.add_host(tx)
        vm = site.vm_row(tx, 1, host_id=host.id, state="Running")
        nic = site.nic_row(tx, vm["id"], ip4="10.1.1.2")
        tx.insert(schema.vm, [vm])
        tx.insert(schema.nic, [nic])
        tx.insert(schema.volume, [site.volume_row(tx, vm["id"], 1, pool_id=site.pool.id)])
        physical = api.create_physical_network(tx, world, zone=site.zone, name="physical1", vlan="100-199")
        api.add_traffic_type(tx, world, physical_network=physical, traffic="Guest")
        api.create_image_store(tx, world, provider="NFS", url="nfs://10.0.0.3/export/secondary")
        api.create_image_store(tx, world, provider="NFS", url="nfs://10.0.0.3/export/staging", role="ImageCache")
        api.create_ssh_key_pair(
            tx, world, account=site.account, name="laptop", public_key="ssh-rsa AAAA", fingerprint="00:11"
        )
    return site


def value_of(parameter):
    """A value of a parameter as the server would type it."""
    uuid = "00000000-0000-7000-8000-000000000000"
    match str(parameter.type):
        case "uuid":
            return uuid
        case "list":
            return [uuid]
        case "boolean":
            return True
        case "integer":
            return 1
    return {"templatefilter": "executable"}.get(parameter.name, "Enabled")


@pytest.mark.parametrize("kind", api.LISTINGS)
def test_it_answers_with_its_nested_lists_in_one_statement_each(full, engine, kind):
    listing = api.LISTINGS[kind]
    with count(full.database) as counted:
        page = engine.list(kind, full.root_admin, "list", Query(filters={"listall": True} if listing.own else {}))
    assert page.count == len(page.rows)
    assert kind == "address" or page.rows, "the cloud has one of everything but public addresses"
    assert len(counted) == 1 + (len(listing.nested) if page.rows else 0)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_what_a_command_declares_works(full, engine, command):
    for parameter in command.parameters:
        if parameter.name not in PAGING:
            query = Query(filters={parameter.name: value_of(parameter)})
            engine.list(command.kind, full.root_admin, command.name, query)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_rows_have_the_types_of_the_wire(full, engine, command):
    listing = api.LISTINGS[command.kind]
    query = Query(filters={"listall": True} if listing.own else {})
    fields = {field.name: field for field in command.view.fields}
    for row in engine.list(command.kind, full.root_admin, command.name, query).rows:
        for name, value in row.items():
            if name in fields and (type_ := TYPES.get(fields[name].type)):
                assert isinstance(value, type_), f"{name} is {value!r}"
                assert not (type_ is int and isinstance(value, bool)), name
            assert (name in listing.times) == (name in fields and fields[name].type == "date") or name not in fields
        for field in command.view.fields:
            assert field.default is None or field.name in row, f"clients count on {field.name}"


@pytest.mark.parametrize("kind", api.LISTINGS)
def test_tenants_are_not_shown_what_is_the_operators(full, engine, kind):
    listing = api.LISTINGS[kind]
    query = Query(filters={"listall": True} if listing.own else {})
    for row in engine.list(kind, full.tenant, "list", query).rows:
        assert not listing.operators & row.keys()


@pytest.mark.parametrize("kind", api.LISTINGS)
def test_declared_fields_are_of_the_listing(kind):
    listing = api.LISTINGS[kind]
    assert listing.times <= listing.columns.keys()
    assert listing.operators <= listing.columns.keys()
    assert not listing.columns.keys() & listing.constants.keys()
    assert not OWNERSHIP & listing.filters.keys() or listing.own is None


def test_an_undeclared_filter_is_refused(full, engine):
    with pytest.raises(Unsupported, match="cannot be narrowed by colour"):
        engine.list("zone", full.root_admin, "listZones", Query(filters={"colour": "red"}))
