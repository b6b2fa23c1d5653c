"""Networks, who may use them, and their addresses, by their commands."""

import contextvars
import threading
import time

import pytest
from tests.engine.conftest import principal
from tests.engine.networking import GUESTS, POD, PUBLIC, Cloud, count, events, refused, seen

from stratiform.api.errors import InUse
from stratiform.api.principal import Role
from stratiform.engine import api, schema
from stratiform.engine.address import service as address
from stratiform.engine.address.service import Wanted
from stratiform.engine.network.service import NotProvided, NotServed
from stratiform.engine.registry import Stale, Taken
from stratiform.framework.base import errors
from stratiform.framework.testing.statements import count as counting

PATIENCE = 60


@pytest.fixture
def cloud(site, gate):
    """The commands, called by the administrator of everything unless told otherwise."""
    return Cloud(site, gate(seen))


@pytest.fixture
def wire(cloud, site):
    """A physical network of the site's zone, ready."""
    return cloud.physical(site.zone.uuid, vlan="100-199")


# Networks.


def test_a_shared_network_is_ready_with_its_addresses(cloud, site, wire):
    made = cloud.shared(displaytext="for all", networkdomain="lan.test", dns1="9.9.9.9")
    assert (made["state"], made["type"], made["acltype"]) == ("Setup", "Shared", "Domain")
    assert made["subdomainaccess"] is True
    assert (made["vlan"], made["broadcasturi"], made["physicalnetworkid"]) == ("100", "vlan://100", wire)
    assert (made["cidr"], made["displaytext"], made["networkdomain"]) == ("10.10.0.0/24", "for all", "lan.test")
    assert (made["dns1"], made["domain"], "account" in made) == ("9.9.9.9", "ROOT", False)
    assert [each["name"] for each in made["service"]] == ["Dhcp", "Dns", "UserData"]
    held = cloud.one("ip_range", networkid=made["id"])
    assert (held["startip"], held["endip"], held["forvirtualnetwork"]) == ("10.10.0.10", "10.10.0.20", False)
    assert events(site, made["id"]) == ["NETWORK.CREATE"]


@pytest.mark.parametrize("name", ["DefaultIsolatedNetworkOffering", "DefaultL2NetworkOffering"])
@pytest.mark.parametrize("who", ["root_admin", "tenant"])
def test_other_kinds_of_networks_are_refused_and_nothing_is_written(cloud, site, wire, name, who):
    with pytest.raises(NotProvided, match="not provided yet"):
        cloud.shared(getattr(site, who), networkofferingid=cloud.offering(name))
    assert count(site, schema.network) == 1


@pytest.mark.parametrize("role", [Role.USER, Role.DOMAIN_ADMIN, Role.RESOURCE_ADMIN])
def test_a_shared_network_is_the_root_administrators_to_make(cloud, site, wire, role):
    who = principal(site.user, site.account, site.domain, role)
    with pytest.raises(errors.Denied, match="make a shared network"):
        cloud.shared(who)


@pytest.mark.parametrize(
    ("values", "parameter"),
    [
        ({"vlan": None}, "vlan"),
        ({"vlan": "4095"}, "vlan"),
        ({"vlan": "blue"}, "vlan"),
        ({"gateway": None}, "gateway"),
        ({"startip": None}, "startip"),
        ({"endip": "10.10.1.1"}, "endip"),
        ({"acltype": "Everybody"}, "acltype"),
        ({"acltype": "Account", "subdomainaccess": True}, "subdomainaccess"),
        ({"dns2": "dns"}, "dns2"),
    ],
)
def test_what_a_network_cannot_be(cloud, site, wire, values, parameter):
    refused(parameter, cloud.shared, **values)
    assert count(site, schema.network) == 1


def test_a_vlan_is_one_networks_or_the_publics(cloud, site, wire):
    cloud.shared()
    with pytest.raises(Taken, match="vlan"):
        cloud.shared(name="second")
    cloud.shared(name="outside of the ranges", vlan="vlan://2000")
    for name in ("third", "fourth"):
        assert cloud.shared(name=name, vlan="Untagged")["broadcasturi"] == "vlan://untagged"
    told = refused("vlan", cloud, "createVlanIpRange", zoneid=site.zone.uuid, vlan="100", **PUBLIC)
    assert "the network guests's" in told
    for start in ("172.20.0.2", "172.20.0.20"):
        values = {**PUBLIC, "startip": start, "endip": start}
        assert cloud("createVlanIpRange", zoneid=site.zone.uuid, vlan="50", **values)["vlan"] == "vlan://50"
    refused("vlan", cloud.shared, name="fifth", vlan="50")


def test_it_is_made_where_guests_are_carried_and_served(cloud, site):
    refused("physicalnetworkid", cloud.shared)
    first = cloud("createPhysicalNetwork", zoneid=site.zone.uuid, name="pn")["id"]
    refused("physicalnetworkid", cloud.shared, physicalnetworkid=first)
    cloud("addTrafficType", physicalnetworkid=first, traffictype="Guest")
    with pytest.raises(errors.Conflict, match="is Disabled"):
        cloud.shared()
    cloud("updatePhysicalNetwork", id=first, state="Enabled")
    with pytest.raises(NotServed, match="VirtualRouter is not enabled for Dhcp on the physical network pn"):
        cloud.shared()
    cloud.enable(cloud.one("service_provider", physicalnetworkid=first, name="VirtualRouter")["id"])
    assert cloud.shared()["physicalnetworkid"] == first
    grouped = cloud.offering("DefaultSharedNetworkOfferingWithSGService")
    with pytest.raises(NotServed, match="SecurityGroupProvider"):
        cloud.shared(name="n", vlan="101", networkofferingid=grouped)


def test_of_several_physical_networks_one_is_chosen_or_tagged(cloud, site, wire):
    other = cloud("createPhysicalNetwork", zoneid=site.zone.uuid, name="pn2", tags=("fast",))["id"]
    cloud("addTrafficType", physicalnetworkid=other, traffictype="Guest")
    refused("physicalnetworkid", cloud.shared)
    assert cloud.shared(physicalnetworkid=wire)["physicalnetworkid"] == wire
    cloud("updatePhysicalNetwork", id=other, state="Enabled")
    cloud.enable(cloud.one("service_provider", physicalnetworkid=other, name="VirtualRouter")["id"])
    with site.database.transaction() as tx:
        tx.execute(schema.network_offering.update().values(tags="fast"))
    assert cloud.shared(name="tagged")["physicalnetworkid"] == other


def test_a_network_with_machines_stays_and_one_without_goes_with_its_vlan(cloud, site, wire):
    network = cloud.shared()
    with site.database.transaction() as tx:
        home = site.first(tx, schema.network, uuid=network["id"])
        tx.insert(schema.vm, [vm := site.vm_row(tx, 1)])
        tx.insert(schema.nic, [card := site.nic_row(tx, vm["id"], network_id=home.id)])
        address.claim(tx, [Wanted(card["id"], home.id, site.account.id)])
    with pytest.raises(InUse, match="network guests is in use by a nic"):
        cloud("deleteNetwork", id=network["id"])
    with site.database.transaction() as tx:
        tx.execute(schema.nic.update().values(removed=1))
        address.release(tx, [card["id"]])
    cloud("deleteNetwork", id=network["id"])
    assert cloud.list("ip_range", networkid=network["id"]) == []
    assert cloud.shared()["vlan"] == "100", "its VLAN is free again"


def test_a_tenant_removes_its_own_network_and_no_other(cloud, site, wire):
    lent = cloud.shared()["id"]
    own = cloud.shared(name="own", vlan="101", acltype="account", account="ann", domainid=site.domain.uuid)
    assert (own["account"], own["domainid"], own["acltype"]) == ("ann", site.domain.uuid, "Account")
    assert "subdomainaccess" not in own
    with pytest.raises(errors.NotFound):
        cloud("deleteNetwork", site.tenant, id=lent)
    cloud("deleteNetwork", site.tenant, id=own["id"])
    assert [each["id"] for each in cloud.list("network", listall=True, name="own")] == []


# Whose accounts see a network.


@pytest.fixture
def houses(site):
    """Users: of a domain, of one below it, and of another."""
    found = {"sales": site.tenant}
    with site.database.transaction() as tx:
        for name, parent in (("below", site.domain), ("beside", site.root_domain)):
            domain = api.create_domain(tx, site.world, name=name, parent=parent)
            account = api.create_account(tx, site.world, name=name, domain=domain)
            found[name] = principal(site.add_user(tx, account, name), account, domain, Role.USER)
    return found


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, {"sales", "below", "beside"}),
        ({"domainid": "sales"}, {"sales", "below"}),
        ({"domainid": "sales", "subdomainaccess": False}, {"sales"}),
        ({"domainid": "below"}, {"below"}),
        ({"domainid": "sales", "acltype": "Account", "account": "ann"}, {"sales"}),
    ],
)
def test_a_network_is_seen_in_its_domain_and_below_and_used_by_who_sees_it(cloud, site, wire, houses, values, expected):
    domains = {"sales": site.domain.uuid, "below": houses["below"].scope.split("/")[-2]}
    if "domainid" in values:
        values = {**values, "domainid": domains[values["domainid"]]}
    network = cloud.shared(**values)["id"]
    for listed in ({}, {"listall": True}):
        seers = {name for name, who in houses.items() if cloud.list("network", who, **listed, name="guests")}
        assert seers == expected, "a list of one's own shows what is shared as well"
    usable = set()
    for name, who in houses.items():
        with site.database.reading() as connection:
            try:
                api.find(connection, api.LISTINGS["network"], network, who, "deployVirtualMachine", cloud.engine.gate)
            except errors.NotFound:
                continue
        usable.add(name)
    assert usable == expected, "what is seen may be used, and nothing else"


def test_a_list_for_an_account_or_a_domain_has_what_is_shared_with_it(cloud, site, wire, houses):
    own = {"domainid": site.domain.uuid, "account": "ann", "acltype": "Account"}
    made = {
        "everybodys": {},
        "sales": {"domainid": site.domain.uuid},
        "anns": own,
    }
    for number, (name, values) in enumerate(made.items(), start=100):
        cloud.shared(name=name, vlan=f"{number}", **values)
    below = houses["below"].scope.split("/")[-2]

    def listed(**filters):
        return {each["name"] for each in cloud.list("network", **filters)} - {"shared"}

    assert listed(account="ann", domainid=site.domain.uuid) == {"everybodys", "sales", "anns"}
    assert listed(account="below", domainid=below) == {"everybodys", "sales"}
    assert listed(account="nobody", domainid=below) == set()
    assert listed(domainid=site.domain.uuid) == {"everybodys", "sales", "anns"}
    assert listed(domainid=below) == {"everybodys", "sales"}
    assert listed(domainid=site.root_domain.uuid) == {"everybodys"}, "what is a domain's is there, not at its owner's"
    assert listed(domainid=site.root_domain.uuid, isrecursive=True) == {"everybodys", "sales", "anns"}


def test_a_list_of_networks_is_one_statement_for_them_and_one_for_their_services(cloud, site, wire, houses):
    cloud.shared(domainid=site.domain.uuid)
    with counting(site.database) as counted:
        assert len(cloud.list("network", houses["below"], listall=True)) == 2
    counted.expect(statements=2)


# Ranges.


def test_public_addresses_are_the_zones(cloud, site, wire):
    made = cloud("createVlanIpRange", forvirtualnetwork=True, zoneid=site.zone.uuid, vlan="50", **PUBLIC)
    assert (made["forvirtualnetwork"], made["vlan"], made["physicalnetworkid"]) == (True, "vlan://50", wire)
    assert "networkid" not in made
    assert cloud.list("address") == cloud.list("address", listall=True, allocatedonly=True) == []
    free = cloud.list("address", allocatedonly=False)
    assert [each["ipaddress"] for each in free] == [f"172.20.0.{n}" for n in range(2, 10)]
    assert {(each["state"], each["vlanid"], each["vlanname"]) for each in free} == {("Free", made["id"], "vlan://50")}
    assert len(cloud.list("address", state="free")) == 8
    assert cloud.list("address", site.tenant, allocatedonly=False) == [], "what is nobody's is the operators' to see"
    with site.database.transaction() as tx:
        taken = {"state": "Allocated", "account_id": site.account.id, "allocated": 1}
        tx.execute(schema.address.update().where(schema.address.c.ip4 == "172.20.0.5").values(**taken))
    assert [each["ipaddress"] for each in cloud.list("address", site.tenant)] == ["172.20.0.5"]
    with pytest.raises(InUse, match="1 of its addresses"):
        cloud("deleteVlanIpRange", id=made["id"])
    assert len(cloud.list("address", allocatedonly=False)) == 8


@pytest.mark.parametrize(
    ("values", "parameter"),
    [
        ({"zoneid": None}, "zoneid"),
        ({"startip": None}, "startip"),
        ({"gateway": None}, "gateway"),
        ({"endip": "172.21.0.1"}, "endip"),
        ({"vlan": "9999"}, "vlan"),
        ({"podid": "pod"}, "podid"),
        ({"networkid": "network", "forvirtualnetwork": True}, "networkid"),
    ],
)
def test_what_public_addresses_cannot_be(cloud, site, wire, values, parameter):
    names = {"pod": site.pod.uuid, "network": site.network.uuid}
    given = {"zoneid": site.zone.uuid, **PUBLIC, **{key: names.get(value, value) for key, value in values.items()}}
    refused(parameter, cloud, "createVlanIpRange", **given)
    assert cloud.list("address", allocatedonly=False) == []


def test_public_addresses_overlap_nowhere_in_a_zone(cloud, site, wire):
    cloud("createVlanIpRange", zoneid=site.zone.uuid, vlan="50", **PUBLIC)
    refused("startip", cloud, "createVlanIpRange", zoneid=site.zone.uuid, vlan="51", **PUBLIC)


def test_public_addresses_need_a_physical_network_for_them(cloud, site):
    cloud.physical(site.zone.uuid, traffic=("Guest",))
    refused("physicalnetworkid", cloud, "createVlanIpRange", zoneid=site.zone.uuid, **PUBLIC)


def test_a_shared_network_gets_more_addresses(cloud, site, wire):
    network = cloud.shared()["id"]
    more = cloud("createVlanIpRange", networkid=network, startip="10.10.0.30", endip="10.10.0.31", vlan="100")
    assert (more["networkid"], more["gateway"], more["vlan"]) == (network, "10.10.0.1", "vlan://100")
    other = {"gateway": "10.11.0.1", "netmask": "255.255.255.0", "startip": "10.11.0.2"}
    assert cloud("createVlanIpRange", forvirtualnetwork=False, networkid=network, **other)["endip"] == "10.11.0.2"
    refused("startip", cloud, "createVlanIpRange", networkid=network, startip="10.10.0.31")
    refused("vlan", cloud, "createVlanIpRange", networkid=network, startip="10.10.0.40", vlan="101")
    refused("podid", cloud, "createVlanIpRange", networkid=network, startip="10.10.0.40", podid=site.pod.uuid)
    assert len(cloud.list("ip_range", networkid=network, vlan="100")) == 3
    with site.database.transaction() as tx:
        home = site.first(tx, schema.network, uuid=network).id
        got = address.claim(tx, [Wanted(number, home, site.account.id) for number in range(14)])
    assert got[13].ip4 == "10.11.0.2"
    assert (got[13].gateway, got[12].gateway, got[13].netmask) == ("10.11.0.1", "10.10.0.1", "255.255.255.0")
    with pytest.raises(InUse, match="2 of its addresses"):
        cloud("deleteVlanIpRange", id=more["id"])


# Basic zones: a network for everybody, and addresses by pod.


@pytest.fixture
def flat(cloud):
    """A Basic zone with a physical network that is ready."""
    zone = cloud.basic()
    cloud.physical(zone, traffic=("Guest", "Management"))
    return zone


def pod(cloud, zone, number):
    subnet = {"gateway": f"172.16.{number}.1", "netmask": "255.255.255.0", "startip": f"172.16.{number}.200"}
    return cloud("createPod", zoneid=zone, name=f"pod{number}", **subnet, endip=f"172.16.{number}.210")["id"]


def addresses(cloud, network, pod, number):
    """Three addresses of a pod."""
    start = f"172.16.{number}"
    return cloud(
        "createVlanIpRange", forvirtualnetwork=False, networkid=network, podid=pod, gateway=f"{start}.1",
        netmask="255.255.255.0", startip=f"{start}.10", endip=f"{start}.12",
    )  # fmt: skip


def test_the_network_of_a_basic_zone_has_each_pods_addresses(cloud, site, flat):
    network = cloud.guests(flat)
    assert (network["state"], network["vlan" if "vlan" in network else "broadcasturi"]) == ("Setup", "vlan://untagged")
    assert "gateway" not in network
    pods = [pod(cloud, flat, number) for number in (1, 2)]
    made = [addresses(cloud, network["id"], each, number) for number, each in enumerate(pods, start=1)]
    assert [each["podid"] for each in made] == pods
    assert (made[0]["podname"], made[0]["cidr"]) == ("pod1", "172.16.1.0/24")
    assert cloud.one("ip_range", podid=pods[1])["id"] == made[1]["id"]
    with site.database.transaction() as tx:
        home = site.first(tx, schema.network, uuid=network["id"]).id
        first, second = (site.first(tx, schema.pod, uuid=each).id for each in pods)
        wanted = [Wanted(number, home, site.account.id, pod=(first, second)[number % 2]) for number in range(8)]
        got = address.claim(tx, wanted)
        named = address.claim(tx, [Wanted(90, home, site.account.id, "172.16.1.12", pod=second)])
    assert sorted(got) == [0, 1, 2, 3, 4, 5], "three for each pod, though there are more cards"
    assert {number: each.ip4 for number, each in got.items()} == {
        number: f"172.16.{1 + number % 2}.{10 + number // 2}" for number in range(6)
    }
    assert named == {}
    with pytest.raises(InUse, match="ip range"):
        cloud("deletePod", id=pods[0])


def test_what_a_basic_zone_does_not_have(cloud, site, flat):
    name = "DefaultSharedNetworkOfferingWithSGService"
    asked = {"zoneid": flat, "networkofferingid": cloud.offering(name), "name": "guests"}
    refused("gateway", cloud, "createNetwork", **asked, **GUESTS)
    refused("vlan", cloud, "createNetwork", **asked, vlan="100")
    for values in (
        {"acltype": "Account"},
        {"domainid": site.domain.uuid},
        {"subdomainaccess": False},
    ):
        refused("domainid", cloud, "createNetwork", **asked, **values)
    network = cloud.guests(flat)["id"]
    refused("zoneid", cloud, "createNetwork", **asked)
    refused("podid", cloud, "createVlanIpRange", networkid=network, **POD)
    refused("podid", cloud, "createVlanIpRange", networkid=network, podid=site.pod.uuid, **POD)
    refused("gateway", cloud, "createVlanIpRange", networkid=network, podid=pod(cloud, flat, 0), startip="172.16.0.9")


def test_without_a_name_the_zones_only_shared_network_is_meant(cloud, flat):
    refused("networkid", cloud, "createVlanIpRange", forvirtualnetwork=False, zoneid=flat, **POD)
    network = cloud.guests(flat)["id"]
    made = cloud(
        "createVlanIpRange", forvirtualnetwork=False, zoneid=flat, podid=pod(cloud, flat, 0), vlan="untagged", **POD
    )  # fmt: skip
    assert made["networkid"] == network


# What two do at the same time.


@pytest.fixture
def meanwhile(site):
    """Do one thing and, before it is committed, another beside it; what the other answered or raised."""

    def meanwhile(first, second):
        told = []

        def other():
            try:
                told.append(site.database.run(second))
            except Exception as error:
                told.append(error)

        thread = threading.Thread(target=contextvars.copy_context().run, args=(other,))
        with site.database.transaction() as tx:
            first(tx)
            thread.start()
            end = time.monotonic() + PATIENCE
            while thread.is_alive() and not waits(site.database) and time.monotonic() < end:
                pass
        thread.join(PATIENCE)
        (found,) = told
        return found

    return meanwhile


def waits(database):
    """Whether somebody waits for another's lock; SQLite's writers always do."""
    if database.dialect == "sqlite":
        return True
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    with database.reading() as connection:
        return bool(connection.exec_driver_sql(waiting).scalar())


@pytest.fixture
def there(site, cloud, wire):
    """The rows of a physical network, a network on it and its range."""
    network = cloud.shared()["id"]
    with site.database.transaction() as tx:
        home = site.first(tx, schema.network, uuid=network)
        return site.first(tx, schema.physical_network), home, site.first(tx, schema.ip_range, network_id=home.id)


def make(site, physical):
    """What makes one more network on a physical network."""
    plan = {"gateway": "10.12.0.1", "netmask": "255.255.255.0", "start_ip": "10.12.0.2", "vlan_id": "150"}
    place = {"zone": site.zone, "offering": site.network_offering, "account": site.root, "physical_network": physical}
    return lambda tx: api.create_network(tx, site.world, name="more", **place, **plan)


def test_a_physical_network_is_not_removed_while_a_network_comes_onto_it(site, cloud, there, meanwhile):
    physical, network, _ = there
    cloud("deleteNetwork", id=network.uuid)
    found = meanwhile(make(site, physical), lambda tx: api.remove_physical_network(tx, site.world, physical))
    assert isinstance(found, InUse)


def test_no_network_comes_onto_a_physical_network_that_is_being_removed(site, cloud, there, meanwhile):
    physical, network, _ = there
    cloud("deleteNetwork", id=network.uuid)
    found = meanwhile(lambda tx: api.remove_physical_network(tx, site.world, physical), make(site, physical))
    assert isinstance(found, Stale)


def test_two_networks_at_once_do_not_get_the_same_vlan(site, there, meanwhile):
    assert isinstance(meanwhile(make(site, there[0]), make(site, there[0])), Taken)


def test_two_ranges_at_once_do_not_overlap(site, there, meanwhile):
    def extend(tx):
        return api.create_ip_range(tx, site.world, network=there[1], zone=site.zone, start_ip="10.10.0.50")

    assert "overlaps" in str(meanwhile(extend, extend))


def test_a_range_of_which_an_address_is_just_claimed_stays(site, there, meanwhile):
    _, network, held = there
    wanted = [Wanted(1, network.id, site.account.id)]
    found = meanwhile(
        lambda tx: address.claim(tx, wanted), lambda tx: address.remove_range(tx, site.world, held)
    )  # fmt: skip
    assert isinstance(found, InUse)
    assert len(left(site, network)) == 11


def test_of_a_range_that_is_just_removed_no_address_is_claimed(site, there, meanwhile):
    _, network, held = there
    wanted = [Wanted(1, network.id, site.account.id)]
    found = meanwhile(
        lambda tx: address.remove_range(tx, site.world, held), lambda tx: address.claim(tx, wanted)
    )  # fmt: skip
    assert found == {}
    assert left(site, network) == []


def left(site, network):
    live = (schema.address.c.network_id == network.id, schema.address.c.removed.is_(None))
    with site.database.reading() as connection:
        return connection.execute(schema.address.select().where(*live)).all()
