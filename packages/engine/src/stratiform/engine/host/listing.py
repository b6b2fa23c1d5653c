"""The list of hosts: the engine's resource state and counters, the agent manager's connection."""

from functools import lru_cache
from typing import Any

from sqlalchemy import case, func, literal

from stratiform.engine.cluster.table import cluster
from stratiform.engine.host.table import circuit, host, its_circuit
from stratiform.engine.listing import Listing, named, refers
from stratiform.engine.pod.table import pod
from stratiform.engine.size import MIB
from stratiform.engine.visible import Binding
from stratiform.engine.zone.table import zone
from stratiform.framework.agents.states import State as Connection
from stratiform.framework.agents.table import resource

_NEVER = "Disconnected"


def _shares(row: dict[str, Any]) -> None:
    """The wire has shares in percent as text, and over-commitment as text too."""
    cpu, memory = row["cpuwithoverprovisioning"], row["memorywithoverprovisioning"]
    share = _share(row["cpuallocatedvalue"], cpu)
    row["cpuallocated"] = row["cpuallocatedpercentage"] = row["cpuallocatedwithoverprovisioning"] = share
    row["memoryallocatedpercentage"] = _share(row["memoryallocated"], memory)
    row["memoryallocatedbytes"] = row["memoryallocated"]
    row["cpuwithoverprovisioning"], row["memorywithoverprovisioning"] = str(cpu), str(memory)


@lru_cache(maxsize=4096)
def _share(claimed: int, there: int) -> str:
    return f"{100 * claimed / there:.2f}%" if there else "0.00%"


LISTING = Listing(
    kind="host",
    table=host,
    joins=[
        (resource, resource.c.id == host.c.id),
        (zone, zone.c.id == host.c.zone_id),
        (pod, pod.c.id == host.c.pod_id),
        (cluster, cluster.c.id == host.c.cluster_id),
        (circuit, its_circuit),
    ],
    columns={
        "id": host.c.uuid,
        "name": host.c.name,
        "state": func.coalesce(resource.c.state, _NEVER),
        "resourcestate": host.c.state,
        "ipaddress": host.c.address,
        "zoneid": zone.c.uuid,
        "zonename": zone.c.name,
        "podid": pod.c.uuid,
        "podname": pod.c.name,
        "clusterid": cluster.c.uuid,
        "clustername": cluster.c.name,
        "clustertype": cluster.c.type,
        "arch": cluster.c.arch,
        "hypervisor": host.c.hypervisor,
        "hypervisorversion": host.c.hypervisor_version,
        "capabilities": host.c.capabilities,
        "hosttags": host.c.tags,
        "explicithosttags": host.c.tags,
        "created": host.c.created,
        "removed": host.c.removed,
        "lastpinged": resource.c.last_seen,
        "disconnected": case((resource.c.state == Connection.DISCONNECTED, resource.c.since)),
        "circuitopen": circuit.c.since,
        "cpunumber": host.c.cpus,
        "cpuspeed": host.c.speed,
        "cpuwithoverprovisioning": host.c.cpu_total,
        "cpuallocatedvalue": host.c.cpu_used,
        "memorytotal": host.c.memory * MIB,
        "memorywithoverprovisioning": host.c.memory_total * MIB,
        "memoryallocated": host.c.memory_used * MIB,
    },
    constants={
        "type": "Routing",
        "istagarule": False,
        "islocalstorageactive": False,
        "hahost": False,
        "ueficapability": False,
        "encryptionsupported": False,
        "instanceconversionsupported": False,
    },
    times=frozenset({"circuitopen", "created", "disconnected", "lastpinged", "removed"}),
    filters={
        "name": named(host),
        "zoneid": refers(host.c.zone_id, zone),
        "podid": refers(host.c.pod_id, pod),
        "clusterid": refers(host.c.cluster_id, cluster),
        "hypervisor": host.c.hypervisor,
        "resourcestate": host.c.state,
        "state": lambda value, _: func.coalesce(resource.c.state, _NEVER) == value,
        "type": lambda value, _: literal(str(value).capitalize() == "Routing"),
        "arch": cluster.c.arch,
    },
    keyword=[host.c.name_key],
    binding=Binding(table=host),
    finish=_shares,
    adds=frozenset(
        {
            "cpuallocated",
            "cpuallocatedpercentage",
            "cpuallocatedwithoverprovisioning",
            "memoryallocatedbytes",
            "memoryallocatedpercentage",
        }
    ),
)
