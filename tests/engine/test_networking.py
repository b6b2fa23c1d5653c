"""Physical networks, their traffic types, and the providers of their networks, by their commands."""

import pytest
import sqlalchemy
from tests.engine.networking import PROVIDERS, PUBLIC, Cloud, count, events, refused, seen

from stratiform.api.errors import InUse
from stratiform.engine import schema
from stratiform.engine.network.service import NotServed
from stratiform.engine.registry import Taken
from stratiform.engine.service_provider.service import NotReady
from stratiform.framework.base import errors
from stratiform.framework.jobs.table import job


@pytest.fixture
def cloud(site, gate):
    """The commands, called by the administrator of everything unless told otherwise."""
    return Cloud(site, gate(seen))


@pytest.fixture
def wire(cloud, site):
    """A physical network of the site's zone, ready."""
    return cloud.physical(site.zone.uuid, vlan="100-199")


# Physical networks.


def test_a_physical_network_comes_disabled_with_every_provider_disabled(cloud, site):
    made = cloud("createPhysicalNetwork", zoneid=site.zone.uuid, name="pn", isolationmethods=("vlan",), tags=("fast",))
    assert (made["state"], made["isolationmethods"], made["tags"]) == ("Disabled", "VLAN", "fast")
    assert (made["broadcastdomainrange"], made["zonename"]) == ("ZONE", "zone1")
    providers = cloud.list("service_provider", physicalnetworkid=made["id"], state="disabled")
    assert [each["name"] for each in providers] == PROVIDERS
    assert providers[3]["servicelist"] == ["SecurityGroup"]
    assert [each["canenableindividualservice"] for each in providers] == [True, True, True, False]
    assert {"Dhcp", "Dns", "UserData", "SourceNat"} <= set(providers[0]["servicelist"])
    assert events(site, made["id"]) == ["PHYSICAL.NETWORK.CREATE"]
    assert events(site, providers[0]["id"]) == ["SERVICE.PROVIDER.CREATE"]


def test_a_job_says_that_it_is_done(cloud, site):
    asked = {"zoneid": site.zone.uuid, "name": "pn"}
    filed = cloud.engine.submit("createPhysicalNetwork", site.root_admin, asked)
    with site.database.reading() as connection:
        row = connection.execute(sqlalchemy.select(job).where(job.c.uuid == filed.job)).one()
    assert (row.kind, row.resource) == ("command.createPhysicalNetwork", f"physical_network/{filed.entity}")


def test_it_is_enabled_disabled_and_changed(cloud, site):
    id = cloud("createPhysicalNetwork", zoneid=site.zone.uuid, name="pn", vlan="100-199")["id"]
    asked = {"vlan": "300-310,400", "networkspeed": "10G"}
    changed = cloud("updatePhysicalNetwork", id=id, state="enabled", tags=("a",), **asked)
    assert (changed["state"], changed["tags"]) == ("Enabled", "a")
    assert asked.items() <= changed.items()
    assert cloud("updatePhysicalNetwork", id=id, state="Enabled") == changed
    assert cloud("updatePhysicalNetwork", id=id, state="Disabled")["state"] == "Disabled"
    refused("vlan", cloud, "updatePhysicalNetwork", id=id, vlan="1-5000")
    refused("state", cloud, "updatePhysicalNetwork", id=id, state="Broken")
    assert set(events(site, id)) == {"PHYSICAL.NETWORK.CREATE", "PHYSICAL.NETWORK.UPDATE"}


@pytest.mark.parametrize(
    ("values", "parameter"),
    [
        ({"isolationmethods": ("VLAN", "GRE")}, "isolationmethods"),
        ({"isolationmethods": ("GRE",)}, "isolationmethods"),
        ({"isolationmethods": ("L3",)}, "isolationmethods"),
        ({"tags": ("a", "b")}, "tags"),
        ({"broadcastdomainrange": "pod"}, "broadcastdomainrange"),
        ({"vlan": "200-100"}, "vlan"),
        ({"name": " "}, "name"),
    ],
)
def test_what_a_physical_network_cannot_be(cloud, site, values, parameter):
    refused(parameter, cloud, "createPhysicalNetwork", **{"zoneid": site.zone.uuid, "name": "pn", **values})
    assert cloud.list("physical_network") == cloud.list("service_provider") == []


def test_a_basic_zone_has_one_physical_network_without_vlans(cloud):
    zone = cloud.basic()
    refused("vlan", cloud, "createPhysicalNetwork", zoneid=zone, name="pn", vlan="100-199")
    made = cloud("createPhysicalNetwork", zoneid=zone, name="pn", isolationmethods=("L3",), broadcastdomainrange="Pod")
    assert made["broadcastdomainrange"] == "POD"
    refused("vlan", cloud, "updatePhysicalNetwork", id=made["id"], vlan="100-199")
    refused("zoneid", cloud, "createPhysicalNetwork", zoneid=zone, name="second")


def test_its_name_is_taken_once_in_a_zone(cloud, site):
    cloud("createPhysicalNetwork", zoneid=site.zone.uuid, name="pn")
    with pytest.raises(Taken):
        cloud("createPhysicalNetwork", zoneid=site.zone.uuid, name="PN")


def test_it_goes_with_its_traffic_types_and_providers_but_not_under_a_network(cloud, site, wire):
    network = cloud.shared()["id"]
    with pytest.raises(InUse, match="by the network guests"):
        cloud("deletePhysicalNetwork", id=wire)
    cloud("deleteNetwork", id=network)
    public = cloud("createVlanIpRange", zoneid=site.zone.uuid, **PUBLIC)["id"]
    with pytest.raises(InUse, match="ip range"):
        cloud("deletePhysicalNetwork", id=wire)
    assert count(site, schema.service_provider) == count(site, schema.traffic_type) + 1 == 4, "nothing is half gone"
    cloud("deleteVlanIpRange", id=public)
    cloud("deletePhysicalNetwork", id=wire)
    for table in (schema.physical_network, schema.traffic_type, schema.service_provider, schema.network_element):
        assert count(site, table) == 0, table.name
    assert events(site, wire)[-1] == "PHYSICAL.NETWORK.DELETE"


# Traffic types.


def test_a_traffic_type_is_spelled_as_clients_know_it_and_keeps_its_labels(cloud, site):
    physical = cloud("createPhysicalNetwork", zoneid=site.zone.uuid, name="pn")["id"]
    labels = {f"{name}networklabel": f"{name}0" for name in ("kvm", "xen", "vmware", "hyperv", "ovm3")}
    added = cloud("addTrafficType", physicalnetworkid=physical, traffictype="gUEST", vlan="7", **labels)
    assert added["traffictype"] == "Guest"
    assert {name: added[name] for name in labels} == labels
    assert (added["vlan"], added["physicalnetworkid"], added["isolationmethods"]) == ("7", physical, "VLAN")
    assert cloud.list("traffic_type", physicalnetworkid=physical) == [added]
    assert events(site, added["id"]) == ["TRAFFIC.TYPE.CREATE"]


def test_each_is_there_once_and_only_guests_on_several_physical_networks(cloud, site):
    first, second = (
        cloud("createPhysicalNetwork", zoneid=site.zone.uuid, name=name)["id"] for name in ("pn1", "pn2")
    )  # fmt: skip
    for kind in ("Guest", "Management", "Public", "Storage"):
        cloud("addTrafficType", physicalnetworkid=first, traffictype=kind)
        told = refused("traffictype", cloud, "addTrafficType", physicalnetworkid=first, traffictype=kind.lower())
        assert "carries it already" in told
    for kind in ("Management", "Public", "Storage"):
        told = refused("traffictype", cloud, "addTrafficType", physicalnetworkid=second, traffictype=kind)
        assert "only one may" in told
    assert cloud("addTrafficType", physicalnetworkid=second, traffictype="Guest")["physicalnetworkid"] == second
    refused("traffictype", cloud, "addTrafficType", physicalnetworkid=second, traffictype="Control")


def test_the_database_holds_it_too(site, cloud, wire):
    there = site.first
    with site.database.transaction() as tx:
        row = there(tx, schema.traffic_type, type="Public")._asdict()
    other = cloud("createPhysicalNetwork", zoneid=site.zone.uuid, name="pn2")["id"]

    def write(tx):
        home = there(tx, schema.physical_network, uuid=other).id
        twin = {**row, "id": tx.new_id(), "uuid": site.world.ids.uuid(), "physical_network_id": home}
        tx.insert(schema.traffic_type, [twin])

    with pytest.raises(sqlalchemy.exc.IntegrityError):
        site.database.run(write)


def test_a_traffic_type_that_is_needed_stays(cloud, site, wire):
    types = {each["traffictype"]: each["id"] for each in cloud.list("traffic_type", physicalnetworkid=wire)}
    network = cloud.shared()["id"]
    public = cloud("createVlanIpRange", zoneid=site.zone.uuid, **PUBLIC)["id"]
    for kind in ("Guest", "Public"):
        with pytest.raises(InUse, match=kind):
            cloud("deleteTrafficType", id=types[kind])
    cloud("deleteTrafficType", id=types["Management"])
    cloud("deleteNetwork", id=network)
    cloud("deleteVlanIpRange", id=public)
    cloud("deleteTrafficType", id=types["Guest"])
    assert [each["traffictype"] for each in cloud.list("traffic_type", physicalnetworkid=wire)] == ["Public"]


# Providers and what stands behind them.


@pytest.mark.parametrize("name", PROVIDERS[:3])
def test_a_provider_is_enabled_after_its_element(cloud, site, name):
    physical = cloud("createPhysicalNetwork", zoneid=site.zone.uuid, name="pn")["id"]
    provider = cloud.one("service_provider", physicalnetworkid=physical, name=name)["id"]
    with pytest.raises(NotReady, match=name):
        cloud("updateNetworkServiceProvider", id=provider, state="Enabled")
    element = cloud.one("network_element", nspid=provider)
    assert (element["nspid"], element["enabled"]) == (provider, False)
    assert cloud.enable(provider)["state"] == "Enabled"
    assert cloud.one("network_element", nspid=provider, enabled=True)["id"] == element["id"]
    assert events(site, element["id"]) == ["NETWORK.ELEMENT.CREATE", "NETWORK.ELEMENT.CONFIGURE"]
    assert events(site, provider)[-1] == "SERVICE.PROVIDER.UPDATE"


def test_security_groups_have_no_element(cloud, site):
    physical = cloud("createPhysicalNetwork", zoneid=site.zone.uuid, name="pn")["id"]
    provider = cloud.one("service_provider", physicalnetworkid=physical, name="securitygroupprovider")["id"]
    assert cloud.list("network_element", nspid=provider) == []
    for state in ("Enabled", "Shutdown", "Disabled", "Enabled", "Disabled", "Shutdown", "Enabled"):
        assert cloud("updateNetworkServiceProvider", id=provider, state=state)["state"] == state
    refused("servicelist", cloud, "updateNetworkServiceProvider", id=provider, servicelist=("Dhcp",))


def test_an_element_is_configured_by_the_command_of_its_kind(cloud, wire):
    provider = cloud.one("service_provider", physicalnetworkid=wire, name="InternalLbVm")["id"]
    element = cloud.one("network_element", nspid=provider)["id"]
    with pytest.raises(errors.NotFound):
        cloud("configureVirtualRouterElement", id=element, enabled=False)
    assert cloud("configureInternalLoadBalancerElement", id=element, enabled=False)["enabled"] is False


def test_a_provider_may_provide_less(cloud, wire):
    provider = cloud.one("service_provider", physicalnetworkid=wire, name="VirtualRouter")["id"]
    changed = cloud("updateNetworkServiceProvider", id=provider, servicelist=("dns", "Dhcp"))
    assert (changed["servicelist"], changed["state"]) == (["Dhcp", "Dns"], "Enabled")
    with pytest.raises(NotServed, match="VirtualRouter is not enabled for UserData"):
        cloud.shared()
    refused("servicelist", cloud, "updateNetworkServiceProvider", id=provider, servicelist=("NetworkACL",))


def test_a_provider_is_taken_away_and_added_again(cloud, site, wire):
    provider = cloud.one("service_provider", physicalnetworkid=wire, name="VirtualRouter")["id"]
    asked = {"physicalnetworkid": wire, "name": "VirtualRouter"}
    refused("name", cloud, "addNetworkServiceProvider", **asked)
    network = cloud.shared()["id"]
    with pytest.raises(InUse, match="the network guests"):
        cloud("deleteNetworkServiceProvider", id=provider)
    cloud("deleteNetwork", id=network)
    cloud("deleteNetworkServiceProvider", id=provider)
    assert cloud.list("network_element", nspid=provider) == []
    added = cloud("addNetworkServiceProvider", **asked, servicelist=("Dhcp",), destinationphysicalnetworkid=wire)
    assert (added["state"], added["servicelist"]) == ("Disabled", ["Dhcp"])
    assert added["destinationphysicalnetworkid"] == wire
    assert cloud.one("network_element", nspid=added["id"])["enabled"] is False
    told = refused("name", cloud, "addNetworkServiceProvider", physicalnetworkid=wire, name="Netscaler")
    assert "no element that plays it" in told
