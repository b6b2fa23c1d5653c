"""Service offerings by their commands, and what lists of offerings and operating systems can be narrowed by."""

import pytest
import sqlalchemy

from stratiform.api.access import Any, Equals, Everything, OneOf, Within
from stratiform.api.cloud import Query
from stratiform.api.principal import Principal, Role
from stratiform.engine import api, schema
from stratiform.engine.check import BadParameter
from stratiform.framework.base import errors
from stratiform.framework.events.table import event

LARGE = {"name": "Large Instance", "cpunumber": 4, "cpuspeed": 2000, "memory": 4096}


def seen(who, action, kind):
    """Offerings are everybody's, or a domain's and those below it; only those inside are changed from there."""
    if who.role is Role.ADMIN or kind != "service_offering":
        return Everything()
    if not action.startswith("list"):
        return Within("scope", who.scope)
    parts = who.scope.rstrip("/").split("/")
    above = tuple("/".join(parts[: depth + 1]) + "/" for depth in range(len(parts)))
    return Any((Equals("scope", None), OneOf("scope", above), Within("scope", who.scope)))


class Cloud:
    """The engine as the server calls it."""

    def __init__(self, site, gate):
        self.site = site
        self.engine = api.Engine(site.database, gate, listings=api.LISTINGS, commands=api.program.commands)

    def __call__(self, command, /, who=None, **arguments):
        return dict(self.engine.change(command, who or self.site.root_admin, arguments))

    def names(self, kind, who=None, **filters):
        rows = self.engine.list(kind, who or self.site.root_admin, "listThem", Query(filters=filters)).rows
        return [row["name"] for row in rows]

    def events(self, uuid):
        found = sqlalchemy.select(event.c.kind).where(event.c.resource == uuid).order_by(event.c.id)
        with self.site.database.reading() as connection:
            return [*connection.execute(found).scalars()]


@pytest.fixture
def cloud(site, gate):
    return Cloud(site, gate(seen))


@pytest.fixture
def manager(site):
    """Who administers the tenant's domain."""
    return Principal(user=site.user.uuid, account=site.account.uuid, role=Role.DOMAIN_ADMIN, scope=site.domain.path)


def refused(parameter, action, *what, **arguments):
    with pytest.raises(BadParameter) as raised:
        action(*what, **arguments)
    assert raised.value.parameters["parameter"] == parameter
    return str(raised.value)


def test_an_offering_is_told_as_it_was_asked_for(cloud):
    made = cloud("createServiceOffering", **LARGE, displaytext="Four of them", rootdisksize=20)
    assert (made["name"], made["displaytext"], made["state"]) == ("Large Instance", "Four of them", "Active")
    assert (made["cpunumber"], made["cpuspeed"], made["memory"], made["rootdisksize"]) == (4, 2000, 4096, 20)
    assert (made["storagetype"], made["provisioningtype"], made["dynamicscalingenabled"]) == ("shared", "thin", True)
    assert not any(made[flag] for flag in ("iscustomized", "issystem", "isvolatile", "offerha", "limitcpuuse"))
    assert {"domainid", "domain"}.isdisjoint(made), "it is everybody's"
    assert made["diskofferingname"] == "Large Instance"
    assert cloud.events(made["id"]) == ["SERVICE.OFFERING.CREATE"]
    fixed = cloud("createServiceOffering", **LARGE, dynamicscalingenabled=False)
    assert fixed["dynamicscalingenabled"] is False, "and two may share a name"
    assert fixed["displaytext"] == "Large Instance"


def test_its_root_disk_is_no_disk_offering_of_tenants(cloud):
    cloud("createServiceOffering", **LARGE)
    assert "Large Instance" not in cloud.names("disk_offering")


@pytest.mark.parametrize(
    ("values", "parameter", "hint"),
    [
        ({"cpunumber": None}, "cpunumber", "not provided"),
        ({"memory": None}, "memory", "not provided"),
        ({"cpunumber": 0}, "cpunumber", "1 or more"),
        ({"memory": 31}, "memory", "32 or more"),
        ({"rootdisksize": 0}, "rootdisksize", "1 or more"),
        ({"name": " "}, "name", "give a name"),
    ],
)
def test_an_offering_that_makes_no_sense_is_refused_and_nothing_is_left(cloud, values, parameter, hint):
    before = cloud.names("service_offering")
    assert hint in refused(parameter, cloud, "createServiceOffering", **{**LARGE, **values})
    assert cloud.names("service_offering") == before


def test_an_offering_may_be_for_a_domain_and_those_below(cloud, site, manager):
    made = cloud("createServiceOffering", **LARGE, domainid=(site.domain.uuid,))
    assert (made["domainid"], made["domain"]) == (site.domain.uuid, "ROOT/sales")
    assert "Large Instance" in cloud.names("service_offering", site.tenant)
    with site.database.transaction() as tx:
        below = api.create_domain(tx, site.world, name="north", parent=site.domain)
        beside = api.create_domain(tx, site.world, name="support", parent=site.root_domain)
    for domain, there in ((below, True), (beside, False)):
        who = Principal(user="u", account="a", role=Role.USER, scope=domain.path)
        assert ("Large Instance" in cloud.names("service_offering", who)) is there
    assert cloud.names("service_offering", domainid=site.domain.uuid) == ["Large Instance"]
    assert cloud.names("service_offering", domainid=below.uuid) == []


def test_the_administrator_of_a_domain_makes_and_removes_those_of_that_domain_alone(cloud, site, manager):
    assert "everybody" in refused("domainid", cloud, "createServiceOffering", manager, **LARGE)
    made = cloud("createServiceOffering", manager, **LARGE, domainid=(site.domain.uuid,))
    with pytest.raises(errors.NotFound):
        cloud("deleteServiceOffering", manager, id=site.offering.uuid)
    assert cloud("deleteServiceOffering", manager, id=made["id"]) == {}


def test_an_offering_is_for_one_domain_at_most(cloud, site):
    both = (site.domain.uuid, site.root_domain.uuid)
    assert "one domain" in refused("domainid", cloud, "createServiceOffering", **LARGE, domainid=both)
    with pytest.raises(errors.NotFound):
        cloud("createServiceOffering", **LARGE, domainid=("00000000-0000-7000-8000-000000000000",))


def test_a_domain_stays_while_an_offering_is_its_own(cloud, site):
    with site.database.transaction() as tx:
        domain = api.create_domain(tx, site.world, name="north", parent=site.domain)
    made = cloud("createServiceOffering", **LARGE, domainid=(domain.uuid,))
    with pytest.raises(errors.Error, match="in use by a service offering"), site.database.transaction() as tx:
        api.remove_domain(tx, site.world, domain)
    cloud("deleteServiceOffering", id=made["id"])
    with site.database.transaction() as tx:
        api.remove_domain(tx, site.world, domain)


def test_machines_of_a_removed_offering_go_on_and_no_new_ones_are_made(cloud, site):
    with site.database.transaction() as tx:
        tx.insert(schema.vm, [site.vm_row(tx, 1)])
    assert cloud("deleteServiceOffering", id=site.offering.uuid) == {}
    assert cloud.names("service_offering") == ["Medium Instance"]
    (machine,) = cloud.engine.list("vm", site.tenant, "listVirtualMachines", Query(filters={})).rows
    assert (machine["serviceofferingid"], machine["serviceofferingname"]) == (site.offering.uuid, "Small Instance")
    with pytest.raises(errors.NotFound), site.database.reading() as connection:
        api.find(
            connection,
            api.LISTINGS["service_offering"],
            site.offering.uuid,
            site.tenant,
            "deployVirtualMachine",
            cloud.engine.gate,
        )
    assert cloud.events(site.offering.uuid) == ["SERVICE.OFFERING.CREATE", "SERVICE.OFFERING.DELETE"]
    with pytest.raises(errors.NotFound):
        cloud("deleteServiceOffering", id=site.offering.uuid)


def test_a_removed_offering_takes_the_one_of_its_root_disk_along(cloud, site):
    made = cloud("createServiceOffering", **LARGE)
    cloud("deleteServiceOffering", id=made["id"])
    with site.database.reading() as connection:
        left = sqlalchemy.select(schema.disk_offering.c.removed).where(schema.disk_offering.c.name == LARGE["name"])
        assert connection.execute(left).scalar_one() is not None


@pytest.mark.parametrize(
    ("filters", "some", "none"),
    [
        ({"forvpc": True}, "DefaultIsolatedNetworkOfferingForVpcNetworksNoLB", "DefaultSharedNetworkOffering"),
        ({"forvpc": False}, "DefaultSharedNetworkOffering", "DefaultIsolatedNetworkOfferingForVpcNetworks"),
        (
            {"sourcenatsupported": True},
            "DefaultIsolatedNetworkOfferingWithSourceNatService",
            "DefaultIsolatedNetworkOffering",
        ),
        (
            {"sourcenatsupported": False},
            "DefaultIsolatedNetworkOffering",
            "DefaultIsolatedNetworkOfferingWithSourceNatService",
        ),
        (
            {"supportedservices": ("dhcp", "SecurityGroup")},
            "DefaultSharedNetworkOfferingWithSGService",
            "DefaultSharedNetworkOffering",
        ),
        ({"supportedservices": ()}, "QuickCloudNoServices", None),
        ({"guestiptype": "shared"}, "QuickCloudNoServices", "DefaultL2NetworkOffering"),
        ({"guestiptype": "L2"}, "DefaultL2NetworkOfferingVlan", "DefaultSharedNetworkOffering"),
        ({"istagged": False}, "DefaultSharedNetworkOffering", None),
        ({"availability": "required"}, "DefaultIsolatedNetworkOfferingWithSourceNatService", "QuickCloudNoServices"),
        ({"traffictype": "guest", "state": "Enabled"}, "DefaultSharedNetworkOffering", "nobody's"),
        ({"name": "defaultsharednetworkoffering"}, "DefaultSharedNetworkOffering", "QuickCloudNoServices"),
        ({"specifyvlan": False}, "DefaultL2NetworkOffering", "DefaultL2NetworkOfferingVlan"),
    ],
)
def test_network_offerings_are_narrowed_as_clients_ask(cloud, filters, some, none):
    found = cloud.names("network_offering", **filters)
    assert some in found
    assert none not in found


def test_nothing_is_tagged(cloud):
    assert cloud.names("network_offering", istagged=True) == []


def test_an_offering_that_balances_load_inside_says_so(cloud, site):
    found = cloud.engine.list("network_offering", site.root_admin, "list", Query(filters={"forvpc": True})).rows
    assert {row["name"]: row["supportsinternallb"] for row in found} == {
        "DefaultIsolatedNetworkOfferingForVpcNetworks": False,
        "DefaultIsolatedNetworkOfferingForVpcNetworksNoLB": False,
        "DefaultIsolatedNetworkOfferingForVpcNetworksWithInternalLB": True,
    }
    assert all(row["forvpc"] and not row["conservemode"] for row in found)


def test_operating_systems_come_in_categories(cloud, site):
    assert cloud.names("os_category")[:3] == ["Ubuntu", "Debian", "CentOS"]
    assert cloud.names("os_category", name="debian") == ["Debian"]
    assert cloud.names("os_category", isfeatured=False) == []
    rows = cloud.engine.list("os_type", site.tenant, "listOsTypes", Query(filters={"keyword": "debian"})).rows
    assert {row["oscategoryname"] for row in rows} == {"Debian"}


def test_categories_are_narrowed_to_those_that_there_are_templates_of(cloud, site):
    zone = {"zoneid": site.zone.uuid}
    assert cloud.names("os_category", **zone) == ["Ubuntu", "CentOS"], "the one of tiny, and the built-in template's"
    assert cloud.names("os_category", arch="x86_64") == ["Ubuntu", "CentOS"]
    assert cloud.names("os_category", arch="aarch64") == []
    with site.database.transaction() as tx:
        debian = site.first(tx, schema.os_type, name="Debian GNU/Linux 12 (64-bit)")
        api.register_template(
            tx,
            site.world,
            account=site.account,
            os_type=debian,
            name="mine",
            url="https://example.org/x.qcow2",
            format="QCOW2",
            hypervisor="Simulator",
            zone=site.zone,
        )
    assert cloud.names("os_category", site.tenant, **zone) == ["Ubuntu", "Debian", "CentOS"]
    assert cloud.names("os_category", **zone) == ["Ubuntu", "CentOS"], "what others keep for themselves is not told"
