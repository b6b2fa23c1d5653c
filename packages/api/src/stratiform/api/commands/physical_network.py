"""Physical networks: the commands and what they answer."""

from stratiform.api.command import Command, Returns
from stratiform.api.parameter import LISTING, Parameter, Type, entity, text
from stratiform.api.view import View, string

PHYSICAL_NETWORK = View(
    "physicalnetwork",
    (
        string("id", "the physical network's UUID"),
        string("name", "its name"),
        string("broadcastdomainrange", "how far a broadcast goes: POD or ZONE"),
        string("zoneid", "UUID of its zone"),
        string("zonename", "name of its zone"),
        string("state", "Enabled or Disabled"),
        string("vlan", "the ranges of its VLANs"),
        string("domainid", "UUID of the domain that it belongs to"),
        string("tags", "the tag that offerings choose it by"),
        string("isolationmethods", "how networks are kept apart on it"),
        string("networkspeed", "its speed"),
    ),
)

_ID = entity("id", "physical_network", "The physical network's UUID.", required=True)
_VLAN = text("vlan", "The ranges of its VLANs, for example 100-199,300.")
_SPEED = text("networkspeed", "Its speed, for example 10G.")
_TAGS = Parameter("tags", Type.LIST, "The tag that offerings choose it by; one.", items=Type.STRING)

create_physical_network = Command(
    name="createPhysicalNetwork",
    description="Makes a physical network in a zone, with a provider for every service; all are disabled.",
    parameters=(
        entity("zoneid", "zone", "Its zone.", required=True),
        text("name", "Its name.", required=True),
        text("broadcastdomainrange", "How far a broadcast goes: POD in a Basic zone, ZONE in an Advanced one."),
        entity("domainid", "domain", "The domain that it belongs to."),
        Parameter("isolationmethods", Type.LIST, "How networks are kept apart on it: VLAN.", items=Type.STRING),
        _SPEED,
        _TAGS,
        _VLAN,
    ),
    returns=Returns.ASYNC_CREATE,
    mutates=True,
    event="PHYSICAL.NETWORK.CREATE",
    view=PHYSICAL_NETWORK,
    object="physicalnetwork",
    kind="physical_network",
    since="3.0.0",
    example={"zoneid": "0190f3c2-1111-7000-8000-000000000001", "name": "physical1", "isolationmethods": "VLAN"},
)

list_physical_networks = Command(
    name="listPhysicalNetworks",
    description="Lists physical networks.",
    parameters=(
        *LISTING,
        entity("id", "physical_network", "The physical network's UUID."),
        text("name", "The physical network's name."),
        entity("zoneid", "zone", "List the physical networks of this zone."),
    ),
    returns=Returns.LIST,
    mutates=False,
    view=PHYSICAL_NETWORK,
    object="physicalnetwork",
    kind="physical_network",
    since="3.0.0",
    example={"zoneid": "0190f3c2-1111-7000-8000-000000000001"},
)

update_physical_network = Command(
    name="updatePhysicalNetwork",
    description="Enables or disables a physical network, or changes what is said of it.",
    parameters=(_ID, text("state", "Enabled or Disabled."), _SPEED, _TAGS, _VLAN),
    returns=Returns.ASYNC,
    mutates=True,
    event="PHYSICAL.NETWORK.UPDATE",
    view=PHYSICAL_NETWORK,
    object="physicalnetwork",
    kind="physical_network",
    since="3.0.0",
    example={"id": "0190f3c2-1111-7000-8000-000000000001", "state": "Enabled", "vlan": "100-199"},
)

delete_physical_network = Command(
    name="deletePhysicalNetwork",
    description="Removes a physical network without networks and ranges, with its traffic types and providers.",
    parameters=(_ID,),
    returns=Returns.ASYNC,
    mutates=True,
    event="PHYSICAL.NETWORK.DELETE",
    kind="physical_network",
    since="3.0.0",
    example={"id": "0190f3c2-1111-7000-8000-000000000001"},
)
