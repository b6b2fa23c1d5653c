"""Zones: the commands and what they answer."""

from stratiform.api.command import Command, Returns
from stratiform.api.parameter import ADMINS, LISTING, Refused, entities, entity, refused, text
from stratiform.api.view import Field, View, flag, string

ZONE = View(
    "zone",
    (
        string("id", "the zone's UUID"),
        string("name", "its name"),
        string("networktype", "Basic or Advanced"),
        string("type", "Core or Edge"),
        flag("securitygroupsenabled", "whether its networks have security groups"),
        string("allocationstate", "Enabled, or Disabled for everybody but operators"),
        string("dns1", "first name server for guests", roles=ADMINS),
        string("dns2", "second name server for guests", roles=ADMINS),
        string("internaldns1", "first name server for the zone's own machines", roles=ADMINS),
        string("internaldns2", "second name server for the zone's own machines", roles=ADMINS),
        string("guestcidraddress", "the addresses that guests are given", roles=ADMINS),
        string("domain", "DNS domain of its networks"),
        string("domainid", "UUID of the domain that it is dedicated to"),
        string("domainname", "name of the domain that it is dedicated to"),
        string("dhcpprovider", "who answers DHCP"),
        flag("localstorageenabled", "whether disks may lie on a host's own storage"),
        Field("tags", "set", "its tags"),
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
        entity("domainid", "domain", "List the zones reserved for this domain."),
    ),
    refused=(
        *refused("storageaccessgroup", "tags"),
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
