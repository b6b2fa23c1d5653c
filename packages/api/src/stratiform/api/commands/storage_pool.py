"""Primary storage: the commands and what they answer."""

from stratiform.api.command import Command, Returns
from stratiform.api.parameter import LISTING, Parameter, Refused, Type, boolean, entity, refused, text
from stratiform.api.view import View, date, flag, long, string

STORAGE_POOL = View(
    "storagepool",
    (
        string("id", "the pool's UUID"),
        string("name", "its name"),
        string("zoneid", "UUID of its zone"),
        string("zonename", "name of its zone"),
        string("podid", "UUID of its pod"),
        string("podname", "name of its pod"),
        string("clusterid", "UUID of its cluster"),
        string("clustername", "name of its cluster"),
        string("ipaddress", "address of its server"),
        string("path", "where it is on its server"),
        string("type", "how it is reached, for example NetworkFilesystem"),
        string("scope", "CLUSTER, ZONE or HOST"),
        string("state", "Up, Disabled, Maintenance …"),
        string("hypervisor", "the only hypervisor that may use it"),
        string("provider", "who runs it"),
        string("tags", "its tags, separated by commas"),
        string("overprovisionfactor", "how many times its bytes may be promised"),
        long("disksizetotal", "bytes it holds"),
        long("capacitybytes", "bytes it holds"),
        long("disksizeallocated", "bytes promised"),
        long("disksizeused", "bytes in use"),
        flag("istagarule", "whether its tags are a rule"),
        flag("managed", "whether each disk is made on the array itself"),
        date("created", "when it was added"),
    ),
)

_ID = entity("id", "storage_pool", "The pool's UUID.", required=True)
_EXAMPLE = {"id": "0190f3c2-4444-7000-8000-000000000001"}
_CAPACITY = Parameter("capacitybytes", Type.LONG, "Bytes that it holds; what its hosts tell if left out.")

create_storage_pool = Command(
    name="createStoragePool",
    description="Makes a pool of primary storage and lets the connected hosts that reach it attach it.",
    parameters=(
        text("name", "Its name.", required=True),
        text("url", "Where it is, for example nfs://server/path.", required=True),
        entity("zoneid", "zone", "Its zone.", required=True),
        entity("podid", "pod", "The pod of its cluster."),
        entity("clusterid", "cluster", "The cluster whose hosts reach it, for the scope CLUSTER."),
        text("scope", "CLUSTER or ZONE; ZONE if there is no cluster."),
        text("hypervisor", "The hypervisor whose hosts reach it, or Any, for the scope ZONE."),
        text("tags", "Its tags, separated by commas."),
        _CAPACITY,
    ),
    refused=(
        *refused("capacityiops", "details", "storageaccessgroups"),
        Refused("istagarule", harmless=("false",)),
        Refused("managed", harmless=("false",)),
        Refused("provider", harmless=("DefaultPrimary",)),
    ),
    returns=Returns.OBJECT,
    mutates=True,
    settles=True,
    event="STORAGE.POOL.CREATE",
    view=STORAGE_POOL,
    object="storagepool",
    kind="storage_pool",
    example={
        "name": "primary",
        "url": "nfs://storage/primary",
        "zoneid": "0190f3c2-1111-7000-8000-000000000001",
        "clusterid": "0190f3c2-3333-7000-8000-000000000001",
    },
)

update_storage_pool = Command(
    name="updateStoragePool",
    description="Renames a pool, opens it for new volumes or closes it; attaches one again that could not be.",
    parameters=(
        _ID,
        text("name", "Its new name.", since="4.15"),
        boolean("enabled", "Whether new volumes are placed there."),
        Parameter("tags", Type.LIST, "Its tags, separated by commas.", items=Type.STRING),
        _CAPACITY,
    ),
    refused=(*refused("capacityiops", "details", "url"), Refused("istagarule", harmless=("false",))),
    returns=Returns.OBJECT,
    mutates=True,
    settles=True,
    event="STORAGE.POOL.EDIT",
    view=STORAGE_POOL,
    object="storagepool",
    kind="storage_pool",
    since="3.0.0",
    example=_EXAMPLE | {"enabled": "false"},
)

delete_storage_pool = Command(
    name="deleteStoragePool",
    description="Removes a pool without volumes.",
    parameters=(_ID,),
    returns=Returns.SUCCESS,
    mutates=True,
    settles=True,
    event="STORAGE.POOL.DELETE",
    kind="storage_pool",
    example=_EXAMPLE,
)

list_storage_pools = Command(
    name="listStoragePools",
    description="Lists pools of primary storage.",
    parameters=(
        *LISTING,
        entity("id", "storage_pool", "The pool's UUID."),
        text("name", "The pool's name."),
        entity("zoneid", "zone", "List the pools of this zone."),
        entity("podid", "pod", "List the pools of this pod."),
        entity("clusterid", "cluster", "List the pools of this cluster."),
        text("ipaddress", "Address of its server."),
        text("path", "Where it is on its server."),
        text("scope", "CLUSTER, ZONE or HOST."),
        text("status", "The pool's state, for example Up."),
    ),
    refused=(
        *refused("hostid", "storageaccessgroup"),
        Refused("storagecustomstats", harmless=("false",)),
    ),
    returns=Returns.LIST,
    mutates=False,
    view=STORAGE_POOL,
    object="storagepool",
    kind="storage_pool",
    example={"zoneid": "0190f3c2-1111-7000-8000-000000000001"},
)
