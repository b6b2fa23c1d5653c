"""The listing engine, on machines: what is narrowed, counted, paged and owned."""

import dataclasses
import re

import pytest

from stratiform.api.access import Equals, Everything, Within
from stratiform.api.cloud import Query
from stratiform.engine import api, schema
from stratiform.engine.seed import BUILT_IN
from stratiform.framework.testing.statements import count

NOBODY = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
def machines(site):
    """Seven of the tenant's, three of the administrator's."""
    with site.database.transaction() as tx:
        host = site.add_host(tx)
        rows = [site.vm_row(tx, n, host_id=host.id, state="Running") for n in range(7)]
        rows += [site.vm_row(tx, n, site.root, site.root_user) for n in range(7, 10)]
        tx.insert(schema.vm, rows)
        tx.insert(schema.nic, [site.nic_row(tx, row["id"], ip4=f"10.1.1.{10 + n}") for n, row in enumerate(rows)])
    site.host = host
    return rows


def names(engine, who, **filters):
    page = engine.list("vm", who, "listVirtualMachines", Query(filters=filters))
    return [row["name"] for row in page.rows]


def test_pages_are_in_order_and_count_all(site, engine, machines):
    pages = [
        engine.list("vm", site.root_admin, "list", Query(filters={"listall": True}, page=n, pagesize=4))
        for n in (1, 2, 3, 4)
    ]
    assert [len(page.rows) for page in pages] == [4, 4, 2, 0]
    assert {page.count for page in pages} == {10}
    assert [row["id"] for page in pages for row in page.rows] == [row["uuid"] for row in machines]


@pytest.mark.parametrize(
    ("pagesize", "page", "statements"), [(-1, None, 2), (4, 1, 2), (4, 3, 2), (4, 9, 2), (None, None, 2)]
)
def test_statements_do_not_grow_with_the_page(site, engine, machines, pagesize, page, statements):
    query = Query(filters={"listall": True}, page=page, pagesize=pagesize)
    with count(site.database) as counted:
        engine.list("vm", site.root_admin, "list", query)
    counted.expect(statements=statements)


def test_finding_and_counting_join_only_what_they_need(site, engine, machines):
    query = Query(filters={"listall": True, "podid": site.pod.uuid}, page=2, pagesize=2)
    with count(site.database) as counted:
        assert engine.list("vm", site.root_admin, "list", query).count == 7
    parts = re.fullmatch(r"WITH page AS (.*)\(SELECT count(.*)\)(.*)", counted.statements[0], re.DOTALL)
    picked, left, wide = parts.groups()
    for narrow in (picked.partition("ORDER BY")[0], left):
        assert "JOIN host" in narrow
        assert "JOIN template" not in narrow
    assert "JOIN template" in wide


@pytest.mark.parametrize("size", [1, 2, 3, 7, 20])
@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("order", [[], [schema.vm.c.state, schema.vm.c.id]], ids=["by id", "by two columns"])
def test_every_page_counts_all_and_the_pages_are_the_whole(site, machines, order, newest_first, size):
    listing = dataclasses.replace(api.LISTINGS["vm"], order=order, newest_first=newest_first)
    for filters in ({"listall": True}, {"listall": True, "hypervisor": "Simulator"}, {"state": "Running"}):
        asked = {"visible": Everything(), "who": site.root_admin if "listall" in filters else site.tenant}
        with site.database.reading() as connection:
            whole = listing.page(connection, **asked, query=Query(filters=filters, pagesize=-1))
            pages = [
                listing.page(connection, **asked, query=Query(filters=filters, page=page, pagesize=size))
                for page in range(1, whole.count // size + 3)
            ]
        assert {page.count for page in pages} == {whole.count}
        assert [row["id"] for page in pages for row in page.rows] == [row["id"] for row in whole.rows]
        made = [each["uuid"] for each in machines]
        keys = [(row["state"] if order else "", made.index(row["id"])) for row in whole.rows]
        assert keys == sorted(keys, reverse=newest_first)


def test_a_row_is_the_receivers_own(site, engine, machines):
    query = Query(filters={"id": machines[0]["uuid"]})
    first = engine.list("vm", site.root_admin, "list", query)
    assert first.fresh
    first.rows[0]["nic"][0].clear()
    first.rows[0].clear()
    assert engine.list("vm", site.root_admin, "list", query).rows[0]["nic"][0]["macaddress"]


def test_without_listall_one_sees_ones_own(site, engine, machines):
    assert names(engine, site.root_admin) == ["vm-7", "vm-8", "vm-9"]
    assert len(names(engine, site.root_admin, listall=True)) == 10
    assert names(engine, site.root_admin, id=machines[0]["uuid"]) == ["vm-0"]
    assert names(engine, site.root_admin, ids=[machines[0]["uuid"], machines[9]["uuid"]]) == ["vm-0", "vm-9"]


def test_account_and_domain(site, engine, machines):
    assert len(names(engine, site.root_admin, account="Ann", domainid=site.domain.uuid)) == 7
    assert names(engine, site.root_admin, account="ann") == [], "it is not in the caller's domain"
    assert len(names(engine, site.root_admin, domainid=site.domain.uuid)) == 7
    assert len(names(engine, site.root_admin, domainid=site.root_domain.uuid)) == 3
    assert len(names(engine, site.root_admin, domainid=site.root_domain.uuid, isrecursive=True)) == 10
    assert names(engine, site.root_admin, domainid=NOBODY) == []
    assert names(engine, site.root_admin, listall=True, projectid=NOBODY) == []
    assert len(names(engine, site.root_admin, listall=True, projectid="-1")) == 10


def test_what_is_visible_bounds_everything(site, database, gate, machines):
    own = gate(lambda who, *_: Equals("owner", who.account))
    tenant = api.Engine(database, own, listings=api.LISTINGS, commands={})
    assert len(names(tenant, site.tenant, listall=True)) == 7
    assert names(tenant, site.tenant, id=machines[9]["uuid"]) == []
    domain = api.Engine(database, gate(lambda who, *_: Within("scope", who.scope)), listings=api.LISTINGS, commands={})
    assert len(names(domain, site.tenant, listall=True)) == 7
    assert len(names(domain, site.root_admin, listall=True)) == 10


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"name": "VM-3"}, 1),
        ({"keyword": "M-"}, 10),
        ({"keyword": "%"}, 0),
        ({"keyword": "machine"}, 0),
        ({"state": "running"}, 7),
        ({"state": "Present"}, 10),
        ({"zoneid": NOBODY}, 0),
        ({"hypervisor": "Simulator"}, 10),
    ],
)
def test_filters(site, engine, machines, filters, found):
    assert len(names(engine, site.root_admin, listall=True, **filters)) == found


def test_filters_by_reference(site, engine, machines):
    expected = {
        "zoneid": (site.zone, 10),
        "hostid": (site.host, 7),
        "podid": (site.pod, 7),
        "clusterid": (site.cluster, 7),
        "templateid": (site.template, 10),
        "serviceofferingid": (site.offering, 10),
        "userid": (site.user, 7),
        "networkid": (site.network, 10),
        "storageid": (site.pool, 0),
    }
    for parameter, (row, found) in expected.items():
        assert len(names(engine, site.root_admin, listall=True, **{parameter: row.uuid})) == found, parameter
        by_number = names(engine, site.root_admin, listall=True, **{parameter: str(row.id)})
        assert not by_number, f"{parameter}: ids are UUIDs"


def test_a_row_is_whole(site, engine, machines):
    row = engine.list("vm", site.root_admin, "list", Query(filters={"id": machines[0]["uuid"]})).rows[0]
    assert row["account"] == "ann"
    assert row["domainpath"] == "ROOT/sales"
    assert row["hostname"] == "host1"
    assert row["ipaddress"] == "10.1.1.10"
    assert row["created"] == machines[0]["created"]
    assert "lastupdated" not in row
    assert row["displayvm"] is True
    card = row["nic"][0]
    assert card["macaddress"].startswith("1e:00:")
    assert card["isdefault"] is True
    assert card["deviceid"] == "0"
    assert card["gateway"] == "10.1.1.1"


def test_removed_ones_are_not_listed(site, engine, machines):
    with site.database.transaction() as tx:
        tx.execute(schema.vm.update().where(schema.vm.c.id == machines[0]["id"]).values(removed=1))
    assert len(names(engine, site.root_admin, listall=True)) == 9


def test_templates_are_chosen_by_their_filter(site, engine):
    with site.database.transaction() as tx:
        api.register_template(
            tx,
            site.world,
            account=site.account,
            os_type=site.os_type,
            name="private",
            url="https://example.org/x.qcow2",
            format="qcow2",
            hypervisor="Simulator",
        )
    found = {
        choice: {
            row["name"]
            for row in engine.list("template", site.tenant, "list", Query(filters={"templatefilter": choice})).rows
        }
        for choice in ("featured", "community", "self", "executable", "shared")
    }
    assert found == {
        "featured": {BUILT_IN, "tiny"},
        "community": set(),
        "self": {"private"},
        "executable": {BUILT_IN, "tiny", "private"},
        "shared": set(),
    }


def test_hosts_tell_their_shares(site, engine, machines):
    with site.database.transaction() as tx:
        tx.execute(schema.host.update().values(cpu_used=2000, memory_used=4096, vms=7))
    row = engine.list("host", site.root_admin, "listHosts", Query(filters={"type": "routing"})).rows[0]
    assert row["state"] == "Disconnected", "no resource says otherwise"
    assert row["cpuallocated"] == "25.00%"
    assert row["memoryallocated"] == 4096 << 20
    assert row["memoryallocatedpercentage"] == "25.00%"
    assert row["memorywithoverprovisioning"] == str(16384 << 20)


def test_clusters_tell_the_overcommitment_that_is_configured(site, engine):
    from stratiform.framework.config.table import PUT

    def ratios():
        row = engine.list("cluster", site.root_admin, "listClusters", Query(filters={})).rows[0]
        return row["cpuovercommitratio"], row["memoryovercommitratio"]

    assert ratios() == ("1.0", "1.0")
    with site.database.transaction() as tx:
        for scope, id, value in (("zone", site.zone.id, "2.0"), ("cluster", site.cluster.id, "1.5")):
            row = {"name": "cpu.overprovisioning.factor", "scope_kind": scope, "scope_id": id, "value": value}
            tx.execute(PUT, {**row, "updated": 0})
    assert ratios() == ("1.5", "1.0")
