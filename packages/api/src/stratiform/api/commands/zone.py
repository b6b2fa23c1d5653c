"""Zones: the commands and what they answer."""

from stratiform.api.command import Command, Returns
from stratiform.api.parameter import LISTING, Refused, entities, entity, refused, text
from stratiform.api.view import View, flag, string

ZONE = View(
    "zone",
    (
        string("id", "the zone's UUID"),
        string("name", "its name"),
        string("description", "what it is for"),
        string("displaytext", "what it is for, in the words shown to tenants"),
        string("networktype", "Basic or Advanced"),
        string("type", "Core or Edge"),
        flag("securitygroupsenabled", "whether its networks have security groups"),
        string("allocationstate", "Enabled, or Disabled for everybody but operators"),
        string("dns1", "first name server for guests"),
        string("dns2", "second name server for guests"),
        string("ip6dns1", "first name server for guests by IPv6"),
        string("ip6dns2", "second name server for guests by IPv6"),
        string("internaldns1", "first name server for the zone's own machines"),
        string("internaldns2", "second name server for the zone's own machines"),
        string("guestcidraddress", "the addresses that guests are given"),
        string("domain", "DNS domain of its networks"),
        string("domainid", "UUID of the domain that it is dedicated to"),
        string("domainname", "name of the domain that it is dedicated to"),
        string("dhcpprovider", "who answers DHCP"),
        string("zonetoken", "the zone's token"),
        flag("localstorageenabled", "whether disks may lie on a host's own storage"),
        flag("isnsxenabled", "whether NSX runs its networks", default=False),
        flag("ismultiarch", "whether it has hosts of several architectures", default=False),
        flag("routedmodeenabled", "whether its networks may be routed", default=False),
    ),
)

list_zones = Command(
    name="listZones",
    description="Lists zones.",
    parameters=(
        *LISTING,
        entity("id", "zone", "The zone's UUID."),
        entities("ids", "zone", "Several zones' UUIDs.", since="4.19.0"),
        text("name", "The zone's name."),
        text("networktype", "Basic or Advanced."),
    ),
    refused=(
        *refused("domainid", "storageaccessgroup", "tags"),
        Refused("available", harmless=("true",)),
        Refused("showcapacities", harmless=("false",)),
    ),
    returns=Returns.LIST,
    mutates=False,
    view=ZONE,
    object="zone",
    kind="zone",
    example={"name": "zone1"},
)
