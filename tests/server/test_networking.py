"""Lists of networking that are narrowed by more than what is asked, and parameters that are for administrators."""

import pytest

ZONE = "0190f3c2-1111-7000-8000-000000000001"
ELEMENT = {"id": "0190f3c2-2222-7000-8000-000000000002", "nspid": ZONE, "enabled": False, "name": "e"}


def filters(cloud):
    return cloud.asked[-1][2].filters


@pytest.mark.parametrize(
    ("command", "object", "types"),
    [
        ("listVirtualRouterElements", "virtualrouterelement", ("VirtualRouter", "VpcVirtualRouter")),
        ("listInternalLoadBalancerElements", "internalloadbalancerelement", ("InternalLbVm",)),
    ],
)
def test_elements_are_listed_by_the_command_of_their_kind(client, cloud, command, object, types):
    cloud.rows["network_element"] = [ELEMENT]
    status, body = client(command, nspid=ZONE, types="InternalLbVm")
    assert (status, body["count"]) == (200, 1)
    assert body[object] == [{name: ELEMENT[name] for name in ("id", "nspid", "enabled")}]
    assert filters(cloud) == {"nspid": ZONE, "types": types}


def test_public_addresses_are_those_that_somebody_has_unless_told_otherwise(client, cloud):
    client("listPublicIpAddresses", listall="true")
    assert filters(cloud) == {"allocatedonly": True, "listall": True}
    client("listPublicIpAddresses", allocatedonly="false", state="Free")
    assert filters(cloud) == {"allocatedonly": False, "state": "Free"}


def test_only_administrators_choose_a_vlan(client, cloud):
    asked = {"zoneid": ZONE, "networkofferingid": ZONE, "name": "n", "vlan": "100"}
    for key, chosen in (("KEY", True), ("TENANT", False)):
        client("createNetwork", key=key, **asked)
        _, _, arguments = cloud.asked[-1]
        assert ("vlan" in arguments) is chosen


def test_what_is_not_provided_is_refused(client):
    asked = {"zoneid": ZONE, "networkofferingid": ZONE, "name": "n"}
    for parameter in ("vpcid", "aclid", "ip6cidr", "projectid"):
        status, body = client("createNetwork", **asked, **{parameter: ZONE})
        assert (status, parameter in body["errortext"]) == (431, True)
