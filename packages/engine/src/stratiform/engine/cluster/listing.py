"""The lists of clusters, and of the hypervisors that they are of."""

from sqlalchemy import ColumnElement, and_, func, literal, select

from stratiform.engine.cluster.table import cluster
from stratiform.engine.listing import Asked, Listing, named, refers
from stratiform.engine.pod.table import pod
from stratiform.engine.visible import Binding
from stratiform.engine.zone.table import zone
from stratiform.framework.config.table import config_value


def _factor(option: str) -> ColumnElement[str]:
    """The value of an option for a cluster, or of the nearest scope above that has one, as the wire shows it."""
    scopes = {"cluster": cluster.c.id, "zone": cluster.c.zone_id, "global": literal(0)}
    value, name, kind, id = (config_value.c[each] for each in ("value", "name", "scope_kind", "scope_id"))
    found = (
        select(value).where(name == option, kind == scope, id == key).correlate(cluster).scalar_subquery()
        for scope, key in scopes.items()
    )
    return func.coalesce(*found, "1.0")


def _holds(value: object, _: Asked) -> ColumnElement[bool]:
    """Whether the name of a cluster's hypervisor has a text in it."""
    return func.lower(cluster.c.hypervisor).contains(str(value).lower(), autoescape=True)


def _is_first() -> ColumnElement[bool]:
    """Whether a cluster is the first of its hypervisor in its zone."""
    other = cluster.alias("other")
    same = (other.c.zone_id == cluster.c.zone_id, other.c.hypervisor == cluster.c.hypervisor)
    first = select(func.min(other.c.id)).where(*same, other.c.removed.is_(None))
    return and_(cluster.c.removed.is_(None), cluster.c.id == first.correlate(cluster).scalar_subquery())


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
        "cpuovercommitratio": _factor("cpu.overprovisioning.factor"),
        "memoryovercommitratio": _factor("mem.overprovisioning.factor"),
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
)

HYPERVISOR = Listing(
    kind="hypervisor",
    table=cluster,
    columns={"name": cluster.c.hypervisor},
    times=frozenset(),
    filters={"zoneid": refers(cluster.c.zone_id, zone), "keyword": _holds},
    live=_is_first(),
    binding=Binding(table=cluster),
)
"""Each hypervisor once for each zone with clusters of it; to be asked of one zone at a time."""
