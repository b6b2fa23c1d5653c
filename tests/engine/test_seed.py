"""What clients find in a cloud that nobody has touched yet."""

import pytest

from stratiform.api.access import Everything
from stratiform.api.cloud import Query
from stratiform.api.principal import Principal, Role
from stratiform.engine import api
from stratiform.engine.seed import BUILT_IN, NETWORK_OFFERINGS

ADMIN = Principal(user="u", account="a", role=Role.ADMIN, scope="/")
SEEDED = {
    "domain": {},
    "account": {"listall": True},
    "user": {"listall": True},
    "service_offering": {},
    "disk_offering": {},
    "network_offering": {},
    "os_type": {},
    "os_category": {},
    "template": {"templatefilter": "all"},
}
"""Every kind that is sown, with what lists all of it."""


@pytest.fixture
def rows(database, world):
    """The rows of a kind in a cloud that was only seeded."""
    with database.transaction() as tx:
        api.seed(tx, world)

    def rows(kind, **filters):
        with database.reading() as connection:
            return api.LISTINGS[kind].page(connection, Everything(), ADMIN, Query(filters=filters)).rows

    return rows


def test_there_is_one_domain_and_its_administrator(rows):
    (root,) = rows("domain")
    assert (root["name"], root["path"], root["level"]) == ("ROOT", "ROOT", 0)
    (admin,) = rows("account", listall=True)
    assert (admin["name"], admin["roletype"], admin["state"], admin["isdefault"]) == ("admin", "Admin", "enabled", True)
    (user,) = rows("user", listall=True)
    assert (user["username"], user["account"], user["isdefault"]) == ("admin", "admin", True)


def test_there_are_the_offerings_that_clients_look_for(rows):
    sizes = [(each["name"], each["cpunumber"], each["cpuspeed"], each["memory"]) for each in rows("service_offering")]
    assert sizes == [("Small Instance", 1, 500, 512), ("Medium Instance", 1, 1000, 1024)]
    disks = [(each["name"], each["disksize"], each["iscustomized"]) for each in rows("disk_offering")]
    assert disks == [("Small", 5, False), ("Medium", 20, False), ("Large", 100, False), ("Custom", 0, True)]


@pytest.mark.parametrize(
    ("name", "kind", "state", "services"),
    [
        (
            "DefaultSharedNetworkOfferingWithSGService",
            "Shared",
            "Enabled",
            {
                "Dhcp": "VirtualRouter",
                "Dns": "VirtualRouter",
                "SecurityGroup": "SecurityGroupProvider",
                "UserData": "VirtualRouter",
            },
        ),
        (
            "DefaultSharedNetworkOffering",
            "Shared",
            "Enabled",
            dict.fromkeys(("Dhcp", "Dns", "UserData"), "VirtualRouter"),
        ),
        ("QuickCloudNoServices", "Shared", "Enabled", {}),
        ("DefaultL2NetworkOffering", "L2", "Enabled", {}),
        ("DefaultL2NetworkOfferingConfigDriveVlan", "L2", "Enabled", {"UserData": "ConfigDrive"}),
    ],
)
def test_network_offerings_have_their_services(rows, name, kind, state, services):
    (found,) = rows("network_offering", name=name)
    assert (found["guestiptype"], found["state"], found["isdefault"]) == (kind, state, True)
    assert (found["traffictype"], found["specifyipranges"]) == ("Guest", kind == "Shared")
    assert {each["name"]: each["provider"] for each in found["service"]} == {
        service: [{"name": provider}] for service, provider in services.items()
    }


def test_what_is_not_provided_at_all_cannot_be_chosen(rows):
    off = {each["name"] for each in rows("network_offering", state="Disabled")}
    assert "DefaultSharedNetscalerEIPandELBNetworkOffering" in off
    assert {name for name, each in NETWORK_OFFERINGS.items() if each.for_vpc} < off
    assert len(rows("network_offering")) == len(NETWORK_OFFERINGS)


def test_there_are_operating_systems_in_categories(rows):
    assert len(rows("os_type")) >= 20
    categories = {each["id"] for each in rows("os_category")}
    assert {each["oscategoryid"] for each in rows("os_type")} == categories
    for name in ("CentOS 5.6 (64-bit)", "CentOS 5.3 (64-bit)", "Other (64-bit)", "Other PV (64-bit)"):
        assert rows("os_type", description=name), name


def test_there_is_a_template_for_simulated_machines_in_every_zone(rows, database, world):
    with database.transaction() as tx:
        zone = api.create_zone(
            tx, world, name="later", dns1="8.8.8.8", internal_dns1="10.0.0.2", network_type="Advanced"
        )
    (found,) = rows("template", templatefilter="featured", zoneid=zone.uuid)
    assert (found["name"], found["templatetype"], found["hypervisor"]) == (BUILT_IN, "BUILTIN", "Simulator")
    assert (found["ispublic"], found["isfeatured"], found["isready"], found["crossZones"]) == (True,) * 4
    assert (found["ostypename"], found["format"], found["account"]) == ("CentOS 5.6 (64-bit)", "VHD", "admin")
    assert rows("template", templatefilter="executable", isready=True)


def test_a_second_sowing_changes_nothing(rows, database, world):
    def ids():
        return {kind: [each["id"] for each in rows(kind, **filters)] for kind, filters in SEEDED.items()}

    before = ids()
    with database.transaction() as tx:
        api.seed(tx, world)
    assert ids() == before
