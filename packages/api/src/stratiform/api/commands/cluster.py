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
        string("clustertype", "CloudManaged or ExternalManaged"),
        string("allocationstate", "Enabled, or Disabled for everybody but operators"),
        string("managedstate", "Managed or Unmanaged"),
        string("cpuovercommitratio", "how many times a processor may be promised"),
        string("memoryovercommitratio", "how many times memory may be promised"),
        string("arch", "architecture of its hosts"),
    ),
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
