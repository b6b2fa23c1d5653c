"""Primary storage: the commands and what they answer."""

from stratiform.api.command import Command, Returns
from stratiform.api.parameter import LISTING, Refused, entity, refused, text
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
        string("state", "Up, Maintenance …"),
        string("hypervisor", "the only hypervisor that may use it"),
        string("provider", "who runs it"),
        string("tags", "its tags, separated by commas"),
        string("overprovisionfactor", "how many times its bytes may be promised"),
        long("disksizetotal", "bytes it holds"),
        long("disksizeallocated", "bytes promised"),
        long("disksizeused", "bytes in use"),
        flag("istagarule", "whether its tags are a rule"),
        flag("managed", "whether each disk is made on the array itself"),
        date("created", "when it was added"),
    ),
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
