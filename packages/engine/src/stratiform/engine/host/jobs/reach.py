"""Which hosts reach a storage pool, and which pools a host: those of one cluster, or of one zone and hypervisor."""

import sqlalchemy
from sqlalchemy import ColumnElement, and_, or_

from stratiform.engine.entity import above
from stratiform.engine.host.jobs.command import Target
from stratiform.engine.host.table import host
from stratiform.engine.registry import Row
from stratiform.engine.zone.table import zone
from stratiform.framework.agents.states import State as Connection
from stratiform.framework.agents.table import resource
from stratiform.framework.base import errors
from stratiform.framework.db.database import Transaction

_pool = above("pool", "id", "uuid", "url", "state", "zone_id", "cluster_id", "hypervisor", "removed")

UNUSED = ("Initial", "Removed")
"""States of a pool that hosts have nothing to do with."""

ANY = "Any"
"""The hypervisor of a pool that hosts of each kind reach."""


class NoHost(errors.Again):
    """No connected host reaches the storage pool {pool}. The work goes on by itself once one does."""

    code = "no_connected_host"


def hosts(tx: Transaction, pool: Row) -> list[Target]:
    """The hosts that reach a pool and answer, oldest first."""
    reaches = host.c.cluster_id == pool.cluster_id
    if pool.cluster_id is None:
        same = sqlalchemy.true() if pool.hypervisor == ANY else host.c.hypervisor == pool.hypervisor
        reaches = and_(host.c.zone_id == pool.zone_id, same)
    just_answered = and_(resource.c.state == Connection.CONNECTING, host.c.cpus > 0)  # and told what it is made of
    return targets(tx, reaches, host.c.removed.is_(None), or_(resource.c.state == Connection.UP, just_answered))


def pools(tx: Transaction, row: Row) -> list[Row]:
    """The pools that a host reaches, those that are just being attached included."""
    same = _pool.c.hypervisor.in_((row.hypervisor, ANY))
    wide = and_(_pool.c.cluster_id.is_(None), _pool.c.zone_id == row.zone_id, same)
    found = sqlalchemy.select(_pool).where(
        or_(_pool.c.cluster_id == row.cluster_id, wide), _pool.c.state.not_in(UNUSED), _pool.c.removed.is_(None)
    )
    return list(tx.execute(found.order_by(_pool.c.id)).all())


def targets(tx: Transaction, *where: ColumnElement[bool]) -> list[Target]:
    """Hosts as their channels know them, oldest first."""
    columns = (resource.c.uuid, resource.c.transport, resource.c.address, resource.c.location)
    found = sqlalchemy.select(*columns).join(host, host.c.id == resource.c.id).where(*where).order_by(host.c.id)
    return [Target(**row._asdict()) for row in tx.execute(found)]


def take_turns(tx: Transaction, zone_id: int) -> None:
    """Let a host and a pool that come into a zone at the same time not overlook each other.

    Each writes that it is there before it takes its turn, and looks for the other afterwards.
    """
    tx.execute(sqlalchemy.select(zone.c.id).where(zone.c.id == zone_id).with_for_update(key_share=True))
