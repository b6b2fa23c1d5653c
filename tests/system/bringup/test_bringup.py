"""Zones brought up call by call, from an empty database to machines, every answer held to CloudStack's own classes."""

import pytest
from tests.system.bringup import site
from tests.system.bringup.caller import Caller, Refused


@pytest.fixture
def admin(server):
    """The administrator of an empty cloud, with keys from the integration port."""
    port = Caller("127.0.0.1", server.integration_port, "/")
    for name, value in site.SETTINGS.items():
        assert port("updateConfiguration", name=name, value=value)["configuration"]["value"] == value
    return Caller("127.0.0.1", server.port, keys=site.keys(port))


def test_two_advanced_zones_whose_hosts_share_urls(server, admin):
    zones = [site.advanced(admin, "north", 0), site.advanced(admin, "south", 1)]
    for zone in zones:
        vm = site.deploy(admin, zone, networkids=zone.network, name=f"web-{zone.name}")
        assert (vm["state"], vm["zonename"], vm["hostid"] in zone.hosts) == ("Running", zone.name, True)
    assert admin("listVirtualMachines", listall=True)["count"] == 2
    assert len({host["id"] for host in admin("listHosts")["host"]}) == 8


def test_a_basic_zone(server, admin):
    zone = site.basic(admin, "flat")
    vm = site.deploy(admin, zone)
    assert vm["state"] == "Running"
    assert vm["nic"][0]["networkid"] == zone.network
    assert vm["nic"][0]["ipaddress"].startswith("172.16.0.1")
    assert (vm["nic"][0]["gateway"], vm["nic"][0]["netmask"]) == ("172.16.0.1", "255.255.255.0")


def test_an_advanced_zone_with_security_groups(server, admin):
    zone = site.secured(admin, "guarded")
    vm = site.deploy(admin, zone)
    assert (vm["state"], vm["nic"][0]["networkid"]) == ("Running", zone.network)


def test_a_zone_is_emptied_and_torn_down(server, admin):
    zone = site.advanced(admin, "east", clusters=1)
    vm = site.deploy(admin, zone, networkids=zone.network)
    moved = admin("prepareHostForMaintenance", id=vm["hostid"])
    assert moved["resourcestate"] == "Maintenance"
    (seen,) = admin("listVirtualMachines", id=vm["id"])["virtualmachine"]
    assert (seen["state"], seen["hostid"]) == ("Running", next(host for host in zone.hosts if host != vm["hostid"]))
    assert admin("cancelHostMaintenance", id=vm["hostid"])["resourcestate"] == "Enabled"
    with pytest.raises(Refused):
        admin("deleteZone", id=zone.id)
    admin("destroyVirtualMachine", id=vm["id"], expunge=True)
    site.tear_down(admin, zone)
