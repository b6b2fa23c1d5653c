"""How much there is and how much of it is claimed, added up by place."""

from dataclasses import dataclass

import sqlalchemy
from sqlalchemy import BigInteger, ColumnElement, Connection, Table, cast, func

from stratiform.engine.cluster.table import cluster
from stratiform.engine.host.states import State as HostState
from stratiform.engine.host.table import host
from stratiform.engine.pool.states import State as PoolState
from stratiform.engine.pool.table import pool
from stratiform.engine.size import MIB
from stratiform.engine.zone.table import zone


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """One kind of capacity of a cluster, or of a zone where it belongs to no cluster."""

    kind: str
    """`cpu` in MHz, `memory` or `storage` in bytes."""
    zone: str
    """UUID."""
    cluster: str | None
    """UUID."""
    total: int
    """What may be claimed, over-commitment included."""
    used: int
    """What is claimed."""


def totals(connection: Connection) -> list[Capacity]:
    """Capacity of hosts that take work and of pools that are up, in one statement."""
    parts = [
        _part("cpu", host, host.c.cpu_total, host.c.cpu_used, HostState.ENABLED),
        _part("memory", host, host.c.memory_total * MIB, host.c.memory_used * MIB, HostState.ENABLED),
        _part("storage", pool, pool.c.total, pool.c.used, PoolState.UP),
    ]
    sums = sqlalchemy.union_all(*parts).subquery()
    found = (
        sqlalchemy.select(sums.c.kind, zone.c.uuid, cluster.c.uuid, sums.c.total, sums.c.used)
        .select_from(sums.join(zone, zone.c.id == sums.c.zone_id).outerjoin(cluster, cluster.c.id == sums.c.cluster_id))
        .order_by(zone.c.id, cluster.c.id, sums.c.kind)
    )
    return [
        Capacity(kind=kind, zone=home, cluster=group, total=total, used=used)
        for kind, home, group, total, used in connection.execute(found)
    ]


def _part(
    kind: str, table: Table, total: ColumnElement[int], used: ColumnElement[int], state: str
) -> sqlalchemy.Select[str, int, int | None, int, int]:
    return (
        sqlalchemy.select(
            sqlalchemy.literal(kind).label("kind"),
            table.c.zone_id,
            table.c.cluster_id,
            cast(func.sum(total), BigInteger).label("total"),
            cast(func.sum(used), BigInteger).label("used"),
        )
        .where(table.c.state == state, table.c.removed.is_(None))
        .group_by(table.c.zone_id, table.c.cluster_id)
    )
