"""The list of clusters."""

from stratiform.engine.cluster.table import cluster
from stratiform.engine.listing import Listing, named, refers
from stratiform.engine.pod.table import pod
from stratiform.engine.visible import Binding
from stratiform.engine.zone.table import zone


def _ratios(row: dict[str, object]) -> None:
    """The wire has ratios as text."""
    for name in ("cpuovercommitratio", "memoryovercommitratio"):
        row[name] = str(int(str(row[name])) / 100)


LISTING = Listing(
    kind="cluster",
    table=cluster,
    joins=[(zone, zone.c.id == cluster.c.zone_id), (pod, pod.c.id == cluster.c.pod_id)],
    columns={
        "id": cluster.c.uuid,
        "name": cluster.c.name,
        "podid": pod.c.uuid,
        "podname": pod.c.name,
        "zoneid": zone.c.uuid,
        "zonename": zone.c.name,
        "hypervisortype": cluster.c.hypervisor,
        "clustertype": cluster.c.type,
        "allocationstate": cluster.c.state,
        "managedstate": cluster.c.managed,
        "cpuovercommitratio": cluster.c.cpu_overcommit,
        "memoryovercommitratio": cluster.c.memory_overcommit,
        "arch": cluster.c.arch,
    },
    times=frozenset(),
    filters={
        "name": named(cluster),
        "zoneid": refers(cluster.c.zone_id, zone),
        "podid": refers(cluster.c.pod_id, pod),
        "hypervisor": cluster.c.hypervisor,
        "clustertype": cluster.c.type,
        "allocationstate": cluster.c.state,
        "managedstate": cluster.c.managed,
        "arch": cluster.c.arch,
    },
    keyword=[cluster.c.name_key],
    binding=Binding(table=cluster),
    finish=_ratios,
)
