"""Clusters: the commands and what they answer."""

from stratiform.api.command import Command, Returns
from stratiform.api.parameter import LISTING, Refused, entity, refused, text
from stratiform.api.view import View, string

CLUSTER = View(
    "cluster",
    (
        string("id", "the cluster's UUID"),
        string("name", "its name"),
        string("podid", "UUID of its pod"),
        string("podname", "name of its pod"),
        string("zoneid", "UUID of its zone"),
        string("zonename", "name of its zone"),
        string("hypervisortype", "the hypervisor of its hosts"),
        string("clustertype", "CloudManaged"),
        string("allocationstate", "Enabled, or Disabled for everybody but operators"),
        string("managedstate", "Managed or Unmanaged"),
        string("cpuovercommitratio", "how many times a processor may be promised"),
        string("memoryovercommitratio", "how many times memory may be promised"),
        string("arch", "architecture of its hosts"),
    ),
)

_ID = entity("id", "cluster", "The cluster's UUID.", required=True)
_EXAMPLE = {"id": "0190f3c2-3333-7000-8000-000000000001"}

add_cluster = Command(
    name="addCluster",
    description="Makes a cluster.",
    parameters=(
        text("clustername", "The cluster's name.", required=True),
        entity("zoneid", "zone", "The zone of its pod.", required=True),
        entity("podid", "pod", "The pod that it is part of.", required=True),
        text("hypervisor", "The hypervisor of its hosts, one of listHypervisors.", required=True),
        text("clustertype", "CloudManaged.", required=True),
        text("allocationstate", "Enabled or Disabled; Enabled if left out."),
        text("arch", "The architecture of its hosts, x86_64 or aarch64; x86_64 if left out.", since="4.20"),
    ),
    refused=refused("extensionid", "externaldetails", "storageaccessgroups"),
    returns=Returns.LIST,
    mutates=True,
    event="CLUSTER.CREATE",
    view=CLUSTER,
    object="cluster",
    kind="cluster",
    example={
        "clustername": "cluster1",
        "zoneid": "0190f3c2-1111-7000-8000-000000000001",
        "podid": "0190f3c2-2222-7000-8000-000000000001",
        "hypervisor": "Simulator",
        "clustertype": "CloudManaged",
    },
)

update_cluster = Command(
    name="updateCluster",
    description="Renames a cluster, opens it for tenants or closes it.",
    parameters=(
        _ID,
        text("clustername", "Its new name."),
        text("allocationstate", "Enabled, or Disabled for everybody but operators."),
        text("hypervisor", "The hypervisor of its hosts, which stays as it is."),
        text("clustertype", "CloudManaged."),
        text("arch", "The architecture of its hosts, which stays as it is.", since="4.20"),
    ),
    refused=(*refused("externaldetails"), Refused("managedstate", harmless=("Managed",))),
    returns=Returns.OBJECT,
    mutates=True,
    event="CLUSTER.EDIT",
    view=CLUSTER,
    object="cluster",
    kind="cluster",
    example=_EXAMPLE | {"allocationstate": "Disabled"},
)

delete_cluster = Command(
    name="deleteCluster",
    description="Removes an empty cluster.",
    parameters=(_ID,),
    returns=Returns.SUCCESS,
    mutates=True,
    event="CLUSTER.DELETE",
    kind="cluster",
    example=_EXAMPLE,
)

list_clusters = Command(
    name="listClusters",
    description="Lists clusters.",
    parameters=(
        *LISTING,
        entity("id", "cluster", "The cluster's UUID."),
        text("name", "The cluster's name."),
        entity("podid", "pod", "List the clusters of this pod."),
        entity("zoneid", "zone", "List the clusters of this zone."),
        text("hypervisor", "The hypervisor of its hosts."),
        text("arch", "The architecture of its hosts.", since="4.20.1"),
        text("clustertype", "CloudManaged or ExternalManaged."),
        text("managedstate", "Managed or Unmanaged."),
        text("allocationstate", "Enabled or Disabled."),
    ),
    refused=(
        *refused("storageaccessgroup"),
        Refused("showcapacities", harmless=("false",)),
    ),
    returns=Returns.LIST,
    mutates=False,
    view=CLUSTER,
    object="cluster",
    kind="cluster",
    example={"zoneid": "0190f3c2-1111-7000-8000-000000000001"},
)
