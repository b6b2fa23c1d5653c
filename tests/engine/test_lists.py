"""Every list there is: it answers, in a constant number of statements, with what the wire expects."""

import pytest
import sqlalchemy
from sqlalchemy import UniqueConstraint
from sqlalchemy.dialects import postgresql, sqlite

from stratiform.api import registry
from stratiform.api.cloud import Query
from stratiform.api.command import Returns
from stratiform.engine import api, schema
from stratiform.engine.listing import OWNERSHIP, Unsupported
from stratiform.engine.network import service as network_service
from stratiform.framework.jobs.table import job, lane, share, stage
from stratiform.framework.testing.statements import count

COMMANDS = [c for c in registry.collect().values() if c.returns is Returns.LIST and c.kind and not c.mutates]
MOST_NESTED = 2
"""Lists inside the rows of a list, each of which is a statement."""
SUMMARIES = {"hypervisor", "share"}
"""Kinds of which a list does not have every row."""
NAMED = {"lane": "key", "stage": "name"}
"""Kinds that are known by a name of their own and by no id, with the column that holds it."""
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
        network_service.create_public_range(
            tx,
            world,
            zone=site.zone,
            physical_network=physical,
            vlan_id=None,
            gateway="192.168.9.1",
            netmask="255.255.255.0",
            start_ip="192.168.9.2",
            end_ip="192.168.9.2",
        )
        api.create_image_store(tx, world, provider="NFS", url="nfs://10.0.0.3/export/secondary")
        api.create_image_store(tx, world, provider="NFS", url="nfs://10.0.0.3/export/staging", role="ImageCache")
        api.create_ssh_key_pair(
            tx, world, account=site.account, name="laptop", public_key="ssh-rsa AAAA", fingerprint="00:11"
        )
        queue_row(tx, site)
    return site


def queue_row(tx, site):
    """A job that waits in a stage, the lane that it holds, and an account with a weight."""
    number, uuid, now = tx.new_id(), tx.database.world.ids.uuid(), tx.database.world.clock.now()
    plain = {"version": 1, "held": "[]", "priority": 1, "ticket": 1, "direction": "forward", "attempt": 0, "epoch": 0}
    who = {"principal": site.user.uuid, "request": "request-1", "trace": "", "fair_key": site.account.uuid}
    what = {"kind": "vm.start", "stage": "vm", "step": "claim", "done": 0, "steps": 3, "pending": 0, "payload": "{}"}
    asked = {"cancel": now, "hold": now, "not_before": now, "deadline": now, "due": now}
    asked |= {"error": '{"code": "a", "text": "b"}'}
    where = {"state": "ready", "lane": "vm/1", "resource": "vm/1", "journal": "[]", "created": now, "changed": now}
    row = {"id": number, "uuid": uuid, "root": uuid} | plain | who | what | asked | where
    limits = {"least": 1, "most": 4, "target": 1_000_000, "in_flight": 4, "depth": 10, "deadline": 1_000_000}
    tx.insert(stage, [{"name": "vm", "workers": 2, "mode": "run", "clock": 0} | limits])
    tx.insert(lane, [{"key": "vm/1", "width": 1, "busy": 1, "queued": 0}])
    tx.insert(job, [row])
    first = sqlalchemy.select(schema.account.c.uuid).order_by(schema.account.c.id).limit(1)
    tx.insert(share, [{"fair_key": tx.execute(first).scalar_one(), "weight": 3}])


def everything(listing):
    """The filters with which an administrator sees all that there is."""
    if "allocatedonly" in listing.filters:
        return {"allocatedonly": False}
    return {"listall": True} if listing.own else {}


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
        case "integer" | "date":
            return 1
    return {"templatefilter": "executable"}.get(parameter.name, "Enabled")


@pytest.mark.parametrize("kind", api.LISTINGS)
def test_it_answers_with_its_nested_lists_in_one_statement_each(full, engine, kind):
    listing = api.LISTINGS[kind]
    with count(full.database) as counted:
        page = engine.list(kind, full.root_admin, "list", Query(filters=everything(listing)))
    assert page.count == len(page.rows) > 0, "the cloud has one of everything"
    assert len(counted) == 1 + (len(listing.nested) if page.rows else 0)


def copied(tx, row, unique, number, key):
    """Another row like this one, but for what is unique."""
    if key != "id":
        return dict(row) | {key: f"{row[key]}{number}"}
    clone = dict(row) | {"id": tx.new_id(), "uuid": tx.database.world.ids.uuid()}
    return clone | {name: f"{row[name]}{number}" for name in unique}


def reduce(tx, listing, rows):
    """Leave so many rows of a list, or copy the first until there are as many."""
    table, key = listing.table, NAMED.get(listing.kind, "id")
    live = table.c.removed.is_(None) if listing.kind in SUMMARIES else listing.alive
    found = tx.execute(sqlalchemy.select(table).where(live).order_by(table.c[key])).mappings().all()
    for index in table.indexes:
        if index.unique and rows > len(found):
            index.drop(tx.connection)
    constraints = [each for each in table.constraints if isinstance(each, UniqueConstraint)]
    unique = {column.name for each in constraints for column in each.columns}
    clones = [copied(tx, found[0], unique - {"uuid"}, number, key) for number in range(len(found), rows)]
    tx.insert(table, clones)
    for row in found[rows:]:
        gone = table.update().values(removed=1) if "removed" in table.c else table.delete()
        tx.execute(gone.where(table.c[key] == row[key]))


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_the_number_of_statements_does_not_depend_on_that_of_rows(full, engine, command):
    listing = api.LISTINGS[command.kind]
    query = Query(filters=everything(listing), page=1, pagesize=30)
    further = [Query(filters=query.filters, page=page, pagesize=30) for page in (2, 9)]
    for rows in (40, 1, 0):
        with full.database.transaction() as tx:
            reduce(tx, listing, rows)
        told = min(rows, 1) if command.kind in SUMMARIES else rows
        with count(full.database) as counted:
            page = engine.list(command.kind, full.root_admin, command.name, query)
        assert (page.count, len(page.rows)) == (told, min(told, 30))
        counted.expect(statements=1 + (len(listing.nested) if told else 0))
        for later in further:
            with count(full.database) as counted:
                page = engine.list(command.kind, full.root_admin, command.name, later)
            assert page.count == told
            counted.expect(statements=1 + len(listing.nested) if page.rows else 2)
    assert len(listing.nested) <= MOST_NESTED


@pytest.mark.parametrize("kind", api.LISTINGS)
@pytest.mark.parametrize("driver", [sqlite.dialect(), postgresql.psycopg.dialect()], ids=lambda driver: driver.name)
def test_what_the_driver_has_is_told_as_it_is(kind, driver):
    """All but SQLite's truths, which the reader knows."""
    listing = api.LISTINGS[kind]
    for columns in (listing.columns, *(each.columns for each in listing.nested)):
        for name, column in columns.items():
            made = column.type.dialect_impl(driver).result_processor(driver, None)
            assert made is None or isinstance(column.type, sqlalchemy.Boolean), f"{name} would be told as it is stored"


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_what_a_command_declares_works(full, engine, command):
    for parameter in command.parameters:
        if parameter.name not in PAGING:
            query = Query(filters={parameter.name: value_of(parameter)})
            engine.list(command.kind, full.root_admin, command.name, query)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_rows_have_the_types_of_the_wire(full, engine, command):
    listing = api.LISTINGS[command.kind]
    query = Query(filters=everything(listing))
    fields = {field.name: field for field in command.view.fields}
    page = engine.list(command.kind, full.root_admin, command.name, query)
    assert page.rows
    for row in page.rows:
        assert row.keys() <= page.fields
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
