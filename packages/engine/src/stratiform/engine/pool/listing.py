"""The list of primary storage pools."""

from stratiform.engine.cluster.table import cluster
from stratiform.engine.listing import Listing, named, refers
from stratiform.engine.pod.table import pod
from stratiform.engine.pool.table import pool
from stratiform.engine.visible import Binding
from stratiform.engine.zone.table import zone


def _factor(row: dict[str, object]) -> None:
    """The wire has over-provisioning as a ratio in text."""
    total, capacity = int(str(row.pop("total"))), int(str(row["disksizetotal"]))
    row["overprovisionfactor"] = str(total / capacity if capacity else 1.0)


LISTING = Listing(
    kind="storage_pool",
    table=pool,
    joins=[
        (zone, zone.c.id == pool.c.zone_id),
        (pod, pod.c.id == pool.c.pod_id),
        (cluster, cluster.c.id == pool.c.cluster_id),
    ],
    columns={
        "id": pool.c.uuid,
        "name": pool.c.name,
        "zoneid": zone.c.uuid,
        "zonename": zone.c.name,
        "podid": pod.c.uuid,
        "podname": pod.c.name,
        "clusterid": cluster.c.uuid,
        "clustername": cluster.c.name,
        "ipaddress": pool.c.address,
        "path": pool.c.path,
        "type": pool.c.type,
        "created": pool.c.created,
        "disksizetotal": pool.c.capacity,
        "capacitybytes": pool.c.capacity,
        "disksizeallocated": pool.c.used,
        "disksizeused": pool.c.used_there,
        "total": pool.c.total,
        "tags": pool.c.tags,
        "state": pool.c.state,
        "scope": pool.c.scope,
        "hypervisor": pool.c.hypervisor,
        "provider": pool.c.provider,
    },
    constants={"managed": False, "istagarule": False},
    filters={
        "name": named(pool),
        "zoneid": refers(pool.c.zone_id, zone),
        "podid": refers(pool.c.pod_id, pod),
        "clusterid": refers(pool.c.cluster_id, cluster),
        "ipaddress": pool.c.address,
        "path": pool.c.path,
        "scope": lambda value, _: pool.c.scope == str(value).upper(),
        "status": pool.c.state,
    },
    keyword=[pool.c.name_key],
    binding=Binding(table=pool),
    finish=_factor,
    adds=frozenset({"overprovisionfactor"}),
)
