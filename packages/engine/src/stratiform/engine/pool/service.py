"""Making and removing primary storage pools; the database's part of it."""

from stratiform.engine import check, registry
from stratiform.engine.pool import rules
from stratiform.engine.pool.states import Event, State, machine
from stratiform.engine.pool.table import pool
from stratiform.engine.registry import Noun, Row
from stratiform.framework.base.world import World
from stratiform.framework.db.database import Transaction

NOUN = Noun(kind="storage_pool", table=pool, event="STORAGE.POOL", within=("zone_id",))


def create(
    tx: Transaction,
    world: World,
    *,
    zone: Row,
    name: str,
    url: str,
    pod: Row | None = None,
    cluster: Row | None = None,
    scope: str | None = None,
    provider: str | None = None,
    hypervisor: str | None = None,
    tags: str | None = None,
    capacity: int | None = None,
) -> Row:
    """A pool of a cluster or of a whole zone, not attached yet; its `capacity` in bytes may be told later."""
    wanted = (scope or ("CLUSTER" if cluster else "ZONE")).upper()
    if wanted == "CLUSTER" and cluster is None:
        reason = "a pool of the scope CLUSTER needs one"
        raise check.BadParameter(parameter="clusterid", value=None, reason=reason)
    if wanted == "ZONE" and cluster is None and not hypervisor:
        reason = "a pool of the scope ZONE needs one"
        raise check.BadParameter(parameter="hypervisor", value=None, reason=reason)
    if wanted not in ("CLUSTER", "ZONE"):
        raise check.BadParameter(parameter="scope", value=scope, reason="it is CLUSTER or ZONE")
    home = cluster if wanted == "CLUSTER" else None
    where = rules.place(url)
    return registry.create(
        tx,
        world,
        NOUN,
        name=name,
        zone_id=zone.id,
        pod_id=home.pod_id if home else None,
        cluster_id=home.id if home else None,
        url=url,
        type=where.type,
        address=where.address,
        path=where.path,
        provider=provider or "DefaultPrimary",
        scope=wanted,
        hypervisor=hypervisor or (cluster.hypervisor if cluster else None),
        tags=tags,
        state=State.INITIAL,
        capacity=capacity or 0,
        total=capacity or 0,
    )


def measured(tx: Transaction, row: Row, *, capacity: int, used_there: int, overcommit: int = 100) -> Row:
    """Note what a host told: bytes there are, bytes in use; `overcommit` is percent that may be claimed."""
    total = capacity * overcommit // 100
    return registry.change(tx, NOUN, row, capacity=capacity, total=total, used_there=used_there)


def remove(tx: Transaction, world: World, row: Row) -> None:
    """Remove a pool without volumes that is disabled, in maintenance or was never attached."""
    registry.remove(tx, world, NOUN, registry.move(tx, NOUN, row, machine, Event.REMOVE))
