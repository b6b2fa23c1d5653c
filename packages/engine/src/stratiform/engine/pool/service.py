"""Making, changing and removing primary storage pools; the database's part of it."""

import sqlalchemy

from stratiform.api.errors import InUse
from stratiform.engine import check, registry
from stratiform.engine.cluster.service import NOUN as CLUSTER
from stratiform.engine.entity import above
from stratiform.engine.pool import rules
from stratiform.engine.pool.states import Event, State, machine
from stratiform.engine.pool.table import pool
from stratiform.engine.registry import Noun, Row
from stratiform.engine.zone.service import NOUN as ZONE
from stratiform.engine.zone.service import change, keep
from stratiform.framework.base.world import World
from stratiform.framework.db.database import Transaction

NOUN = Noun(kind="storage_pool", table=pool, event="STORAGE.POOL", within=("zone_id",))

_volume = above("volume", "pool_id", "removed")


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
    keep(tx, ZONE, zone)
    if home is not None:
        keep(tx, CLUSTER, home)
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


def measured(tx: Transaction, row: Row, *, capacity: int, used_there: int) -> Row:
    """Note what a host told: bytes there are, bytes in use. An operator who said how many there are is believed."""
    there = row.capacity or capacity
    return registry.change(tx, NOUN, row, capacity=there, total=there, used_there=used_there)


def update(
    tx: Transaction,
    row: Row,
    *,
    name: str | None = None,
    tags: tuple[str, ...] | None = None,
    capacity: int | None = None,
) -> Row:
    """Change what is given; what is claimed already bounds the capacity from below."""
    values: dict[str, object] = {}
    if name is not None:
        values["name"] = name
    if tags is not None:
        values["tags"] = ",".join(each.strip() for each in tags if each.strip()) or None
    if capacity is not None:
        bytes_ = check.at_least("capacitybytes", capacity, max(row.used, 1))
        values |= {"capacity": bytes_, "total": bytes_}
    return change(tx, NOUN, row, values)


def open_for(tx: Transaction, row: Row, *, enabled: bool) -> Row:
    """Open or close a pool for new volumes; does nothing if it is so already. Raises `WrongState`."""
    if row.state == (State.UP if enabled else State.DISABLED):
        return row
    return registry.move(tx, NOUN, row, machine, Event.ENABLE if enabled else Event.DISABLE)


def remove(tx: Transaction, world: World, row: Row) -> None:
    """Remove a pool without volumes. Raises `InUse`, or `WrongState` while it is being attached or emptied."""
    row = registry.move(tx, NOUN, row, machine, Event.REMOVE)  # first: it takes no volume from now on
    counted = sqlalchemy.select(sqlalchemy.func.count()).select_from(_volume)
    mine = (_volume.c.pool_id == row.id, _volume.c.removed.is_(None))
    if number := tx.connection.execute(counted.where(*mine)).scalar_one():
        by = f"{number} volume{'s'[: number != 1]}, those that were thrown away included; expunge or move them first"
        raise InUse(kind="storage pool", id=row.name, by=by)
    registry.remove(tx, world, NOUN, row)
