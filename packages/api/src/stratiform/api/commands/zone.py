"""Zones: the commands and what they answer."""

from stratiform.api.command import Command, Returns
from stratiform.api.parameter import (
    ADMINS,
    LISTING,
    Parameter,
    Refused,
    Style,
    Type,
    boolean,
    entities,
    entity,
    integer,
    refused,
    text,
)
from stratiform.api.view import Field, View, flag, string

ZONE = View(
    "zone",
    (
        string("id", "the zone's UUID"),
        string("name", "its name"),
        string("networktype", "Basic or Advanced"),
        string("type", "Core, or Edge for one without machines of the cloud's own"),
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
        Field("resourcedetails", "map", "its details, by their keys", roles=ADMINS),
        flag("isnsxenabled", "whether NSX runs its networks", default=False),
        flag("ismultiarch", "whether it has hosts of several architectures", default=False),
        flag("routedmodeenabled", "whether its networks may be routed", default=False),
    ),
)

_ID = entity("id", "zone", "The zone's UUID.", required=True)
_STATE = text("allocationstate", "Enabled, or Disabled for everybody but operators.")
_LOCAL_STORAGE = boolean("localstorageenabled", "Whether disks may lie on a host's own storage.")
_NETWORK_DOMAIN = text("domain", "The DNS domain of its networks.")
_GUESTS = text("guestcidraddress", "The addresses that guests are given, for example 10.1.1.0/24.")
_DNS2 = text("dns2", "The second name server for guests.")
_INTERNAL_DNS2 = text("internaldns2", "The second name server for the zone's own machines.")
_EXAMPLE = {"id": "0190f3c2-1111-7000-8000-000000000001"}

create_zone = Command(
    name="createZone",
    description="Makes a zone.",
    parameters=(
        text("name", "The zone's name.", required=True),
        text("networktype", "Basic or Advanced.", required=True),
        text("dns1", "The first name server for guests.", required=True),
        text("internaldns1", "The first name server for the zone's own machines.", required=True),
        _DNS2,
        _INTERNAL_DNS2,
        _GUESTS,
        _NETWORK_DOMAIN,
        entity("domainid", "domain", "The domain that it is reserved for; everybody's if left out."),
        text("allocationstate", "Enabled or Disabled; Disabled if left out."),
        boolean("securitygroupenabled", "Whether its networks have security groups."),
        _LOCAL_STORAGE,
        boolean("isedge", "Whether it is an edge zone, whose pods need no subnet.", since="4.18.0"),
    ),
    refused=refused("ip6dns1", "ip6dns2", "storageaccessgroups"),
    returns=Returns.OBJECT,
    mutates=True,
    event="ZONE.CREATE",
    view=ZONE,
    object="zone",
    kind="zone",
    example={"name": "zone1", "networktype": "Advanced", "dns1": "8.8.8.8", "internaldns1": "10.0.0.2"},
)

update_zone = Command(
    name="updateZone",
    description="Changes a zone, opens it for tenants or closes it.",
    parameters=(
        _ID,
        text("name", "Its new name."),
        _STATE,
        text("dns1", "The first name server for guests."),
        _DNS2,
        text("internaldns1", "The first name server for the zone's own machines."),
        _INTERNAL_DNS2,
        _GUESTS,
        _NETWORK_DOMAIN,
        _LOCAL_STORAGE,
        boolean("ispublic", "Whether it is everybody's again; false leaves it as it is."),
        integer("sortkey", "Its place in lists; zones of one key are listed in the order of their making."),
        Parameter("details", Type.MAP, "Texts to be kept with it, beside those there are.", style=Style.KEY_VALUE),
    ),
    refused=(*refused("dnssearchorder", "ip6dns1", "ip6dns2"), Refused("dhcpprovider", harmless=("VirtualRouter",))),
    returns=Returns.OBJECT,
    mutates=True,
    event="ZONE.EDIT",
    view=ZONE,
    object="zone",
    kind="zone",
    example=_EXAMPLE | {"allocationstate": "Enabled"},
)

delete_zone = Command(
    name="deleteZone",
    description="Removes an empty zone.",
    parameters=(_ID,),
    returns=Returns.SUCCESS,
    mutates=True,
    event="ZONE.DELETE",
    kind="zone",
    example=_EXAMPLE,
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
