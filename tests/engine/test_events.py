"""Events as those whose they are list them: the newest first, in words, and as long as they like."""

from dataclasses import replace

import pytest
import sqlalchemy

from stratiform.api.access import Equals, Everything, Within
from stratiform.api.cloud import Query
from stratiform.api.principal import Principal, Role
from stratiform.engine import api
from stratiform.framework import context
from stratiform.framework.base import errors
from stratiform.framework.base.clock import SECOND
from stratiform.framework.events import outbox
from stratiform.framework.events.table import event
from stratiform.framework.testing.statements import count

NOBODY = "00000000-0000-7000-8000-000000000000"


def seen(who, action, kind):
    """As the shipped gate says it."""
    if who.role is Role.ADMIN:
        return Everything()
    return Equals("owner", who.account) if who.role is Role.USER else Within("scope", who.scope)


@pytest.fixture
def told(site, gate):
    """Publishes, and lists what somebody sees."""
    with site.database.transaction() as tx:
        tx.execute(event.delete())
    return Told(site, api.Engine(site.database, gate(seen), listings=api.LISTINGS, commands={}))


class Told:
    def __init__(self, site, engine):
        self.site, self.engine = site, engine

    def publish(self, kind="VM.START", *, owner=None, who=None, at=None, resource="r", resource_kind="vm", **payload):
        who = who or self.site.root_admin
        acting = replace(context.begin(self.site.world.ids, who.user), account=who.account)
        with context.use(acting), self.site.database.transaction() as tx:
            happened = outbox.Event(
                kind=kind, resource_kind=resource_kind, resource=resource, generation=1, payload=payload, owner=owner
            )
            outbox.publish(tx, [happened])
        self.site.world.clock.advance(SECOND)

    def page(self, who=None, **filters):
        paging = {name: filters.pop(name) for name in ("page", "pagesize") if name in filters}
        return self.engine.list("event", who or self.site.root_admin, "listEvents", Query(filters=filters, **paging))

    def names(self, who=None, **filters):
        return [row["resourcename"] for row in self.page(who, **filters).rows]


def test_the_newest_come_first_whatever_their_numbers(told, site):
    for number in range(3):
        told.publish(name=f"{number}")
    with site.database.transaction() as tx:  # as another server's, whose identifiers are of an older block
        tx.execute(event.update().values(id=100_000 - event.c.id))
    assert told.names() == ["2", "1", "0"]


def test_one_sees_ones_own_and_an_operator_everybodys(told, site):
    told.publish(name="ann's", owner=site.account.uuid)
    told.publish(name="admin's", who=site.root_admin)
    assert told.names(site.tenant, listall=True) == ["ann's"]
    assert told.names() == ["admin's"]
    assert told.names(listall=True) == ["admin's", "ann's"]
    head = Principal(user=NOBODY, account=NOBODY, role=Role.DOMAIN_ADMIN, scope=site.tenant.scope)
    assert told.names(head, listall=True) == ["ann's"], "the administrator of its domain sees it too"
    assert told.names(account="ann", domainid=site.domain.uuid) == ["ann's"]
    assert told.names(domainid=site.domain.uuid) == ["ann's"]
    assert told.names(domainid=site.root_domain.uuid, isrecursive=True) == ["admin's", "ann's"]


def test_an_event_outlives_its_resource_and_its_account(told, site):
    with site.database.transaction() as tx:
        site.template = api.register_template(
            tx, site.world, account=site.account, os_type=site.os_type, name="mine", url="https://x.example/x.qcow2",
            format="QCOW2", hypervisor="Simulator",
        )  # fmt: skip
        api.remove_template(tx, site.world, site.template)
        tx.execute(sqlalchemy.text("UPDATE account SET removed = 1 WHERE name = 'ann'"))
    mine = told.page(site.tenant, resourceid=site.template.uuid).rows
    assert {row["type"] for row in mine} >= {"TEMPLATE.DELETE", "TEMPLATE.CREATE"}
    row = told.page(listall=True, resourceid=site.template.uuid).rows[-1]
    assert (row["account"], row["domainpath"]) == ("ann", "ROOT/sales")


def test_what_happens_by_itself_is_the_systems(told, site):
    with context.use(context.begin(site.world.ids, "system:monitor")), site.database.transaction() as tx:
        outbox.publish(tx, [outbox.Event(kind="HOST.UP", resource_kind="host", resource="h", generation=2)])
    (row,) = told.page(listall=True).rows
    assert (row["username"], row["account"], row["description"]) == ("system", "system", "Host h answers")
    assert not {"domainid", "domain", "domainpath"} & row.keys()
    assert told.names(site.tenant, listall=True) == []


@pytest.mark.parametrize(
    ("payload", "state", "level", "description"),
    [
        ({"state": "Starting"}, "Started", "INFO", "Virtual machine web is being started"),
        ({"state": "Running"}, "Completed", "INFO", "Virtual machine web was started"),
        ({"state": "Stopped", "failed": True}, "Completed", "ERROR", "Virtual machine web could not be started"),
        ({"state": "Expunging", "removed": 1}, "Completed", "INFO", "Virtual machine web was started"),
        ({}, "Completed", "INFO", "Virtual machine web was started"),
    ],
)
def test_state_and_level_are_told_and_narrow_alike(told, payload, state, level, description):
    told.publish(name="web", **payload)
    (row,) = told.page().rows
    assert (row["state"], row["level"], row["description"]) == (state, level, description)
    for parameter, value, values in (
        ("state", state, ("Scheduled", "Started", "Completed")),
        ("level", level, ("INFO", "WARN", "ERROR")),
    ):
        assert {each for each in values if told.names(**{parameter: each})} == {value}


def test_filters(told, site):
    start = site.world.clock.now()
    told.publish("VM.START", name="Web-1", resource=site.zone.uuid)
    told.publish("OS.TYPE.CREATE", name="50% off", resource_kind="os_type")
    told.publish("SERVICE.OFFERING.CREATE", name='the "big" one\\', resource_kind="service_offering")
    last = site.world.clock.now() - SECOND
    expected = [
        ({"type": "VM.START"}, ["Web-1"]),
        ({"resourceid": site.zone.uuid}, ["Web-1"]),
        ({"resourceid": site.zone.uuid, "resourcetype": "virtualmachine"}, ["Web-1"]),
        ({"resourcetype": "GuestOs"}, ["50% off"]),
        ({"resourcetype": "serviceOffering"}, ['the "big" one\\']),
        ({"startdate": last}, ['the "big" one\\']),
        ({"enddate": start}, ["Web-1"]),
        ({"keyword": "start"}, ["Web-1"]),
        ({"keyword": "web"}, ["Web-1"]),
        ({"keyword": "50%"}, ["50% off"]),
        ({"keyword": "5%0"}, []),
        ({"keyword": '"BIG" one\\'}, ['the "big" one\\']),
        ({"keyword": "create"}, ['the "big" one\\', "50% off"]),
    ]
    for filters, found in expected:
        assert told.names(**filters) == found, filters


def test_an_event_is_found_by_its_uuid(told, site):
    told.publish(name="first")
    told.publish(name="second", owner=site.account.uuid)
    second = told.page(listall=True).rows[0]
    assert told.names(id=second["id"]) == ["second"]
    assert told.engine.find("event", site.tenant, "listEvents", second["id"])["resourcename"] == "second"
    first = told.page().rows[0]["id"]
    assert told.names(site.tenant, id=first) == []
    for other in (NOBODY, "7", first[:-1] + "0"):
        assert told.names(id=other) == []
        with pytest.raises(errors.NotFound):
            told.engine.find("event", site.root_admin, "listEvents", other)


def test_what_an_option_is_called_is_no_id(told):
    option = {"resource": "ping.interval", "resource_kind": "configuration", "name": "ping.interval"}
    told.publish("CONFIGURATION.VALUE.EDIT", **option)
    (row,) = told.page().rows
    assert "resourceid" not in row
    assert (row["resourcename"], row["resourcetype"]) == ("ping.interval", "Configuration")


def test_pages_are_the_whole_in_one_statement_each(told, site):
    names = [f"{number}" for number in range(7)]
    for name in names:
        told.publish(name=name, owner=site.account.uuid)
    found = []
    for page in (1, 2, 3):
        with count(site.database) as counted:
            rows = told.page(site.tenant, page=page, pagesize=3)
        counted.expect(statements=1)
        assert rows.count == 7
        found += [row["resourcename"] for row in rows.rows]
    assert found == names[::-1]


def test_many_of_one_moment_are_each_on_one_page(told, site):
    with site.database.transaction() as tx:
        happened = [
            outbox.Event(kind="VM.START", resource_kind="vm", resource=f"{n}", generation=1, owner=site.account.uuid)
            for n in range(20)
        ]
        outbox.publish(tx, happened)
    pages = [told.page(site.tenant, page=page, pagesize=6).rows for page in (1, 2, 3, 4)]
    found = [row["resourcename"] for rows in pages for row in rows]
    assert found == [f"{n}" for n in range(19, -1, -1)]
