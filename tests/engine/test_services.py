"""Making, changing and removing nouns: what is refused, with which words, and what is told."""

import pytest
import sqlalchemy

from stratiform.api.cloud import Query
from stratiform.api.errors import InUse
from stratiform.api.principal import Role
from stratiform.engine import api, schema
from stratiform.engine.check import BadParameter
from stratiform.engine.network.service import NotProvided
from stratiform.engine.registry import Stale, Taken
from stratiform.framework.events.table import event
from stratiform.framework.machine import Lost


@pytest.fixture
def tx(site):
    """A transaction on the small cloud."""
    with site.database.transaction() as transaction:
        yield transaction


def events(tx, uuid):
    found = sqlalchemy.select(event.c.kind, event.c.generation).where(event.c.resource == uuid).order_by(event.c.id)
    return [tuple(row) for row in tx.execute(found)]


def zone(tx, world, **values):
    return api.create_zone(
        tx, world, **{"name": "z", "dns1": "1.1.1.1", "internal_dns1": "10.0.0.1", "network_type": "advanced", **values}
    )


def test_a_row_is_made_with_an_event(tx, world):
    row = zone(tx, world, name=" Zürich ")
    assert (row.name, row.name_key, row.state, row.network_type) == ("Zürich", "zürich", "Disabled", "Advanced")
    assert row.created == world.clock.now()
    assert events(tx, row.uuid) == [("ZONE.CREATE", 0)]


@pytest.mark.parametrize(
    ("values", "parameter", "hint"),
    [
        ({"name": " "}, "name", "give a name"),
        ({"name": "a\nb"}, "name", "printable"),
        ({"dns1": "1.1.1"}, "dns1", "10.1.1.1"),
        ({"internal_dns1": "dns.example.org"}, "internaldns1", "10.1.1.1"),
        ({"network_type": "Flat"}, "networktype", "Basic, Advanced"),
        ({"guest_cidr": "10.1.1.1/24"}, "guestcidraddress", "10.1.1.0/24"),
        ({"state": "Open"}, "allocationstate", "Enabled, Disabled"),
    ],
)
def test_an_error_names_the_parameter_and_what_would_be_right(tx, world, values, parameter, hint):
    with pytest.raises(BadParameter) as refused:
        zone(tx, world, **values)
    assert refused.value.parameters["parameter"] == parameter
    assert hint in str(refused.value)


def test_a_name_is_taken_whatever_its_case_until_it_is_removed(tx, world, site):
    with pytest.raises(Taken, match="zone with the name ZONE1"):
        zone(tx, world, name="ZONE1")
    first = zone(tx, world, name="Straße")
    with pytest.raises(Taken):
        zone(tx, world, name="STRASSE")
    api.remove_zone(tx, world, first)
    assert zone(tx, world, name="STRASSE").uuid != first.uuid


def test_names_repeat_in_another_place(tx, world, site):
    other = zone(tx, world, name="zone2")
    assert api.create_pod(tx, world, zone=other, name=site.pod.name)
    with pytest.raises(Taken):
        api.create_pod(tx, world, zone=site.zone, name=site.pod.name)


def test_the_database_holds_names_too(site, world):
    twin = {column: getattr(site.zone, column) for column in site.zone._fields}
    with pytest.raises(sqlalchemy.exc.IntegrityError):
        site.database.run(lambda tx: tx.insert(schema.zone, [{**twin, "id": tx.new_id(), "uuid": "other"}]))


def test_a_change_is_guarded_by_the_generation(tx, world, site):
    after = api.update_zone(tx, world, site.zone, dns1="9.9.9.9", state="Disabled")
    assert (after.dns1, after.state, after.generation) == ("9.9.9.9", "Disabled", 2)
    with pytest.raises(Stale, match="zone zone1"):
        api.update_zone(tx, world, site.zone, dns1="8.8.4.4")
    with pytest.raises(Lost):
        api.update_zone(tx, world, site.zone, state="Disabled")
    assert events(tx, site.zone.uuid) == [("ZONE.CREATE", 0), ("ZONE.EDIT", 1), ("ZONE.EDIT", 2)]
    assert api.update_zone(tx, world, after, state="disabled") is after, "it is so already"


def test_what_is_in_use_stays(tx, world, site):
    with pytest.raises(InUse, match="zone zone1 is in use by a"):
        api.remove_zone(tx, world, site.zone)
    with pytest.raises(InUse, match="cluster cluster1 is in use by a pool"):
        api.remove_cluster(tx, world, site.cluster)
    tx.insert(schema.vm, [vm := site.vm_row(tx, 1)])
    tx.insert(schema.nic, [site.nic_row(tx, vm["id"])])
    with pytest.raises(InUse, match="network shared is in use by a nic"):
        api.remove_network(tx, world, site.network)


def test_a_network_goes_with_its_addresses(tx, world, site):
    api.remove_network(tx, world, site.network)
    left = sqlalchemy.select(schema.address.c.id).where(schema.address.c.removed.is_(None))
    assert tx.execute(left).all() == []
    assert events(tx, site.network.uuid)[-1][0] == "NETWORK.DELETE"


def test_a_template_may_go_while_machines_made_from_it_stay(tx, world, site):
    tx.insert(schema.vm, [site.vm_row(tx, 1)])
    api.remove_template(tx, world, site.template)
    assert events(tx, site.template.uuid)[-1][0] == "TEMPLATE.DELETE"


@pytest.mark.parametrize(
    ("values", "parameter"),
    [
        ({"gateway": None}, "gateway"),
        ({"start_ip": None}, "startip"),
        ({"netmask": "255.0.255.0"}, "netmask"),
        ({"gateway": "10.3.0.0"}, "gateway"),
        ({"start_ip": "10.4.0.2"}, "startip"),
        ({"end_ip": "10.3.0.255"}, "endip"),
        ({"start_ip": "10.3.0.9", "end_ip": "10.3.0.2"}, "endip"),
        ({"start_ip": "10.3.0.1", "end_ip": "10.3.0.1"}, "startip"),
        ({"vlan_id": "5000"}, "vlan"),
        ({"netmask": "255.0.0.0", "end_ip": "10.255.0.1"}, "endip"),
    ],
)
def test_a_networks_addresses_are_checked(tx, world, site, values, parameter):
    good = {"gateway": "10.3.0.1", "netmask": "255.255.255.0", "start_ip": "10.3.0.2", "end_ip": "10.3.0.9"}
    with pytest.raises(BadParameter) as refused:
        api.create_network(
            tx, world, zone=site.zone, offering=site.network_offering, account=site.root, name="n", **{**good, **values}
        )
    assert refused.value.parameters["parameter"] == parameter


def test_a_vlan_is_one_networks(site, world):
    def make(name, start):
        def run(tx):
            wire = site.first(tx, schema.physical_network) or api.create_physical_network(
                tx, world, zone=site.zone, name="physical1"
            )
            return api.create_network(
                tx, world, zone=site.zone, offering=site.network_offering, account=site.root, name=name,
                physical_network=wire, vlan_id="vlan://100",
                gateway="10.3.0.1", netmask="255.255.255.0", start_ip=start,
            )  # fmt: skip

        return site.database.run(run)

    assert make("a", "10.3.0.2").broadcast_uri == "vlan://100"
    with pytest.raises(Taken):
        make("b", "10.3.0.3")


def test_other_kinds_of_networks_are_refused_truthfully(tx, world, site):
    isolated = site.first(tx, schema.network_offering, name="DefaultIsolatedNetworkOffering")
    with pytest.raises(NotProvided, match="Isolated"):
        api.create_network(tx, world, zone=site.zone, offering=isolated, account=site.account, name="n")


@pytest.mark.parametrize(
    ("values", "parameter"),
    [
        ({"url": "gopher://x/y"}, "url"),
        ({"url": "nfs://server/"}, "url"),
        ({"cluster": None}, "hypervisor"),
        ({"cluster": None, "scope": "CLUSTER"}, "clusterid"),
        ({"scope": "PLANET"}, "scope"),
    ],
)
def test_a_pools_place_is_checked(tx, world, site, values, parameter):
    good = {"zone": site.zone, "cluster": site.cluster, "name": "p", "url": "nfs://server/path"}
    with pytest.raises(BadParameter) as refused:
        api.create_pool(tx, world, **{**good, **values})
    assert refused.value.parameters["parameter"] == parameter


def test_a_pools_url_is_unique_in_its_zone(site, world):
    with pytest.raises(Taken, match="url"):
        site.database.run(
            lambda tx: api.create_pool(tx, world, zone=site.zone, cluster=site.cluster, name="twin", url=site.pool.url)
        )


@pytest.mark.parametrize(
    ("values", "parameter"), [({"cpus": 1}, "cpuspeed"), ({"cpus": 0, "speed": 500, "memory": 512}, "cpunumber")]
)
def test_service_offerings_are_whole(tx, world, values, parameter):
    with pytest.raises(BadParameter):
        api.create_service_offering(tx, world, name="odd", **values)
    assert api.create_service_offering(tx, world, name="custom").is_customized


def test_domains_are_a_tree_of_titles(tx, world, site):
    below = api.create_domain(tx, world, name="north", parent=site.domain)
    assert below.title == "ROOT/sales/north"
    assert below.path == f"{site.root_domain.uuid}/{site.domain.uuid}/{below.uuid}/"
    api.update_domain(tx, world, site.domain, name="trade")
    assert site.first(tx, schema.domain, uuid=below.uuid).title == "ROOT/trade/north"
    with pytest.raises(InUse):
        api.remove_domain(tx, world, site.first(tx, schema.domain, uuid=site.domain.uuid))
    with pytest.raises(BadParameter, match="slash"):
        api.create_domain(tx, world, name="a/b", parent=site.domain)


def test_only_the_root_domain_has_administrators(tx, world, site):
    with pytest.raises(BadParameter, match="root domain"):
        api.create_account(tx, world, name="boss", domain=site.domain, role=Role.ADMIN)
    with pytest.raises(BadParameter, match="cannot be removed"):
        api.remove_account(tx, world, site.root)


def test_an_account_goes_with_its_users(tx, world, site):
    api.remove_account(tx, world, site.account)
    assert site.first(tx, schema.account_user, id=site.user.id).removed is not None


def test_the_seed_is_sown_once_and_is_what_clients_expect(site, engine, world):
    with site.database.transaction() as tx:
        api.seed(tx, world)

    def names(kind):
        return [row["name"] for row in engine.list(kind, site.root_admin, "list", Query(filters={})).rows]

    assert names("service_offering") == ["Small Instance", "Medium Instance"]
    assert names("disk_offering") == ["Small", "Medium", "Large", "Custom"]
    assert names("domain") == ["ROOT", "sales"]
    assert names("account") == ["admin"]
    assert "DefaultIsolatedNetworkOfferingWithSourceNatService" in names("network_offering")
    assert len(names("os_type")) > 20
