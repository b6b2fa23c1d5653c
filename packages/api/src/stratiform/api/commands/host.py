"""Hosts: the commands and what they answer."""

from stratiform.api.command import Command, Returns
from stratiform.api.parameter import LISTING, Parameter, Refused, Type, boolean, entity, refused, text
from stratiform.api.view import View, date, flag, long, string, whole

HOST = View(
    "host",
    (
        string("id", "the host's UUID"),
        string("name", "its name"),
        string("state", "its connection: Up, Down, Disconnected, Alert, Connecting …"),
        string("resourcestate", "what may be placed there: Enabled, Disabled, Inactive, Maintenance …"),
        string("type", "Routing for a host that runs virtual machines"),
        string("ipaddress", "its address"),
        string("zoneid", "UUID of its zone"),
        string("zonename", "name of its zone"),
        string("podid", "UUID of its pod"),
        string("podname", "name of its pod"),
        string("clusterid", "UUID of its cluster"),
        string("clustername", "name of its cluster"),
        string("clustertype", "CloudManaged or ExternalManaged"),
        string("hypervisor", "its hypervisor"),
        string("hypervisorversion", "version of its hypervisor"),
        string("arch", "its architecture"),
        whole("cpunumber", "its processors"),
        long("cpuspeed", "MHz of one processor"),
        string("cpuallocated", "share of its processors that is promised, with a percent sign"),
        long("cpuallocatedvalue", "MHz promised"),
        string("cpuallocatedpercentage", "share of its processors that is promised"),
        string("cpuallocatedwithoverprovisioning", "share promised, of what over-commitment allows"),
        string("cpuwithoverprovisioning", "MHz, over-commitment included"),
        long("memorytotal", "bytes of memory"),
        string("memorywithoverprovisioning", "bytes of memory, over-commitment included"),
        long("memoryallocated", "bytes promised", default=0),
        string("memoryallocatedpercentage", "share of its memory that is promised"),
        long("memoryallocatedbytes", "bytes promised"),
        string("hosttags", "its tags, separated by commas"),
        string("explicithosttags", "those that an operator gave it, which are all"),
        flag("istagarule", "whether its tags are a rule"),
        string("capabilities", "what its hypervisor can do, separated by commas"),
        flag("islocalstorageactive", "whether its own storage is used"),
        flag("hahost", "whether it is kept free for high availability"),
        flag("ueficapability", "whether machines may start by UEFI"),
        flag("encryptionsupported", "whether it can encrypt volumes"),
        flag("instanceconversionsupported", "whether it can convert foreign machines"),
        date("lastpinged", "when it was last heard of"),
        date("disconnected", "since when it does not answer"),
        date("circuitopen", "since when it does not end its commands; others are given new machines meanwhile"),
        date("created", "when it was added"),
        date("removed", "when it was removed"),
    ),
)

_ID = entity("id", "host", "The host's UUID.", required=True)
_EXAMPLE = {"id": "0190f3c2-4444-7000-8000-000000000001"}
_TAGS = Parameter("hosttags", Type.LIST, "Its tags, separated by commas.", items=Type.STRING)

add_host = Command(
    name="addHost",
    description="Adds a host and connects it.",
    parameters=(
        entity("zoneid", "zone", "The zone of its pod.", required=True),
        entity("podid", "pod", "The pod of its cluster.", required=True),
        text("hypervisor", "Its hypervisor, that of its cluster.", required=True),
        text("url", "Where it is, for example http://10.0.0.5; it is called after that.", required=True),
        entity("clusterid", "cluster", "The cluster that it is part of."),
        text("clustername", "The name of that cluster instead; one that is not there is made."),
        text("allocationstate", "Enable or Disable; Enable if left out."),
        _TAGS,
    ),
    refused=refused("externaldetails", "storageaccessgroups"),
    returns=Returns.LIST,
    mutates=True,
    settles=True,
    event="HOST.CREATE",
    view=HOST,
    object="host",
    kind="host",
    example={
        "zoneid": "0190f3c2-1111-7000-8000-000000000001",
        "podid": "0190f3c2-2222-7000-8000-000000000001",
        "clusterid": "0190f3c2-3333-7000-8000-000000000001",
        "hypervisor": "Simulator",
        "url": "http://10.0.0.5",
    },
)

update_host = Command(
    name="updateHost",
    description="Renames a host, opens it for new machines or closes it; connects one again that is in Error.",
    parameters=(
        _ID,
        text("name", "Its new name.", since="4.15"),
        text("allocationstate", "Enable; Disable for all but what an operator puts there; Deactivate for all."),
        _TAGS,
    ),
    refused=(
        *refused("annotation", "cleanupexternaldetails", "externaldetails", "guestosrule", "oscategoryid", "url"),
        Refused("istagarule", harmless=("false",)),
    ),
    returns=Returns.OBJECT,
    mutates=True,
    settles=True,
    event="HOST.EDIT",
    view=HOST,
    object="host",
    kind="host",
    example=_EXAMPLE | {"allocationstate": "Disable"},
)

delete_host = Command(
    name="deleteHost",
    description="Removes a host on which no machine is: in Maintenance, Disabled or in Error.",
    parameters=(
        _ID,
        boolean("forced", "Whether it may be in another state, and jobs about it be under way, which then fail."),
    ),
    returns=Returns.SUCCESS,
    mutates=True,
    event="HOST.DELETE",
    kind="host",
    example=_EXAMPLE,
)

list_hosts = Command(
    name="listHosts",
    description="Lists hosts.",
    parameters=(
        *LISTING,
        entity("id", "host", "The host's UUID."),
        text("name", "The host's name."),
        entity("zoneid", "zone", "List the hosts of this zone."),
        entity("podid", "pod", "List the hosts of this pod."),
        entity("clusterid", "cluster", "List the hosts of this cluster."),
        text("hypervisor", "The hypervisor."),
        text("arch", "The architecture.", since="4.20.1"),
        text("type", "The host's type, for example Routing."),
        text("state", "The state of its connection, for example Up."),
        text("resourcestate", "What may be placed there, for example Enabled."),
    ),
    refused=(
        *refused("managementserverid", "outofbandmanagementpowerstate", "storageaccessgroup"),
        *refused("version", "virtualmachineid"),
        Refused("hahost", harmless=("false",)),
        Refused("outofbandmanagementenabled", harmless=("false",)),
    ),
    returns=Returns.LIST,
    mutates=False,
    view=HOST,
    object="host",
    kind="host",
    example={"type": "Routing", "state": "Up"},
)
