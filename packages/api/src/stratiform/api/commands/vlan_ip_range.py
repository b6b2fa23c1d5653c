"""Ranges of IP addresses: the commands and what they answer."""

from stratiform.api.command import Command, Returns
from stratiform.api.parameter import LISTING, Refused, boolean, entity, refused, text
from stratiform.api.view import View, flag, string

VLAN_IP_RANGE = View(
    "vlaniprange",
    (
        string("id", "the range's UUID"),
        flag("forvirtualnetwork", "whether its addresses are public, not a network's"),
        string("zoneid", "UUID of its zone"),
        string("vlan", "its VLAN, for example vlan://50"),
        string("podid", "UUID of the pod whose machines have its addresses"),
        string("podname", "name of that pod"),
        string("gateway", "its gateway"),
        string("netmask", "its netmask"),
        string("cidr", "its subnet"),
        string("startip", "its first address"),
        string("endip", "its last address"),
        string("networkid", "UUID of the network whose machines have its addresses"),
        string("physicalnetworkid", "UUID of the physical network beneath it"),
        flag("forsystemvms", "whether it is for the cloud's own machines"),
    ),
)

_OWNED = refused("account", "domainid", "projectid")

create_vlan_ip_range = Command(
    name="createVlanIpRange",
    description="Adds a range of addresses: public ones of a zone, or those of a shared network.",
    parameters=(
        boolean("forvirtualnetwork", "Whether they are public; so if no network is named."),
        entity("zoneid", "zone", "The zone."),
        entity("networkid", "network", "The shared network; the zone's only one if none is named."),
        entity("podid", "pod", "The pod whose machines have them, in a Basic zone."),
        entity("physicalnetworkid", "physical_network", "The physical network; the zone's one with public traffic."),
        text("vlan", "The VLAN, or untagged."),
        text("gateway", "The gateway; by default the network's."),
        text("netmask", "The netmask; by default the network's."),
        text("startip", "The first address."),
        text("endip", "The last address; by default the first."),
    ),
    refused=(
        *_OWNED,
        *refused("startipv6", "endipv6", "ip6gateway", "ip6cidr", "provider"),
        Refused("forsystemvms", harmless=("false",)),
    ),
    returns=Returns.OBJECT,
    mutates=True,
    event="VLAN.IP.RANGE.CREATE",
    view=VLAN_IP_RANGE,
    object="vlan",
    kind="ip_range",
    example={
        "forvirtualnetwork": "true",
        "zoneid": "0190f3c2-1111-7000-8000-000000000001",
        "vlan": "50",
        "gateway": "172.16.0.1",
        "netmask": "255.255.255.0",
        "startip": "172.16.0.2",
        "endip": "172.16.0.200",
    },
)

list_vlan_ip_ranges = Command(
    name="listVlanIpRanges",
    description="Lists ranges of addresses.",
    parameters=(
        *LISTING,
        entity("id", "ip_range", "The range's UUID."),
        entity("zoneid", "zone", "List the ranges of this zone."),
        entity("podid", "pod", "List the ranges of this pod."),
        entity("networkid", "network", "List the ranges of this network."),
        entity("physicalnetworkid", "physical_network", "List the ranges on this physical network."),
        text("vlan", "The VLAN."),
        boolean("forvirtualnetwork", "Whether their addresses are public."),
    ),
    refused=_OWNED,
    returns=Returns.LIST,
    mutates=False,
    view=VLAN_IP_RANGE,
    object="vlaniprange",
    kind="ip_range",
    example={"zoneid": "0190f3c2-1111-7000-8000-000000000001", "forvirtualnetwork": "true"},
)

delete_vlan_ip_range = Command(
    name="deleteVlanIpRange",
    description="Removes a range whose addresses are all free.",
    parameters=(entity("id", "ip_range", "The range's UUID.", required=True),),
    returns=Returns.SUCCESS,
    mutates=True,
    event="VLAN.IP.RANGE.DELETE",
    kind="ip_range",
    example={"id": "0190f3c2-1111-7000-8000-000000000001"},
)
