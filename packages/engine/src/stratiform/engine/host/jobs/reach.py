"""Which hosts reach a storage pool, and which pools a host: those of one cluster, or of one zone and hypervisor."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import sqlalchemy
from sqlalchemy import ColumnElement, and_, or_

from stratiform.api.adapters.hypervisor import Peer
from stratiform.engine.entity import above
from stratiform.engine.host.jobs.command import Target
from stratiform.engine.host.states import State
from stratiform.engine.host.table import attachment, circuit, host, its_circuit
from stratiform.engine.registry import Row
from stratiform.engine.zone.table import zone
from stratiform.framework.agents.states import State as Connection
from stratiform.framework.agents.table import resource
from stratiform.framework.base import errors
from stratiform.framework.base.world import World
from stratiform.framework.db import rows
from stratiform.framework.db.database import Transaction

_pool = above("pool", "id", "uuid", "url", "state", "zone_id", "cluster_id", "hypervisor", "removed")

UNUSED = ("Initial", "Removed")
"""States of a pool that hosts have nothing to do with."""

ANY = "Any"
"""The hypervisor of a pool that hosts of each kind reach."""

EMPTIED = (State.PREPARE_FOR_MAINTENANCE, State.ERROR_IN_PREPARE, State.MAINTENANCE)
"""States of hosts that are asked to do something only if no other host can."""


class NoHost(errors.Again):
    """No connected host reaches the storage pool {pool}. The work goes on by itself once one does."""

    code = "no_connected_host"


class Known(NamedTuple):
    """A host as others know it."""

    id: int
    target: Target
    """For its channel."""
    peer: Peer
    """For other hosts."""


def hosts(tx: Transaction, pool: Row) -> list[Target]:
    """The hosts that have a pool attached and answer: the best first to ask for something in the pool."""
    admitted = host.c.state.not_in((State.CREATING, State.ERROR))
    ready = (resource.c.state == Connection.UP, host.c.equipped == host.c.silences, admitted)
    last = sqlalchemy.case((circuit.c.since.is_not(None), 2), (host.c.state.in_(EMPTIED), 1), else_=0)
    found = _known(tx, _reaches(pool), *ready, order=last)
    return [each.target for each in found]


def attaching(tx: Transaction, pool: Row) -> list[Known]:
    """The hosts that are to attach a pool now, oldest first; any other that reaches it does so when it answers."""
    just_answered = and_(resource.c.state == Connection.CONNECTING, host.c.cpus > 0)  # and told what it is made of
    answers = or_(resource.c.state == Connection.UP, just_answered)
    return _known(tx, _reaches(pool), host.c.state != State.ERROR, answers)


def pools(tx: Transaction, row: Row) -> list[Row]:
    """The pools that a host reaches, those that are just being attached included."""
    same = _pool.c.hypervisor.in_((row.hypervisor, ANY))
    wide = and_(_pool.c.cluster_id.is_(None), _pool.c.zone_id == row.zone_id, same)
    found = sqlalchemy.select(_pool).where(
        or_(_pool.c.cluster_id == row.cluster_id, wide), _pool.c.state.not_in(UNUSED), _pool.c.removed.is_(None)
    )
    return list(tx.execute(found.order_by(_pool.c.id)).all())


def left(tx: Transaction, row: Row) -> list[Row]:
    """Pools that are gone, and that a host may still have attached."""
    mine = (attachment.c.host_id == row.id, attachment.c.removed.is_(None))
    found = sqlalchemy.select(_pool).join(attachment, attachment.c.pool_id == _pool.c.id)
    return list(tx.execute(found.where(*mine, _pool.c.removed.is_not(None)).order_by(_pool.c.id)).all())


def having(tx: Transaction, pool_id: int) -> list[Known]:
    """The hosts that may have a pool attached, but for silent ones."""
    mine = sqlalchemy.select(attachment.c.host_id).where(
        attachment.c.pool_id == pool_id, attachment.c.removed.is_(None)
    )
    return _known(tx, host.c.id.in_(mine), resource.c.state != Connection.DISCONNECTED)


def by_id(tx: Transaction, ids: Iterable[int]) -> dict[int, Known]:
    """These hosts, whatever their state."""
    wanted = sorted(set(ids))
    return {each.id: each for each in _known(tx, host.c.id.in_(wanted))} if wanted else {}


def attach(tx: Transaction, world: World, pairs: Sequence[tuple[int, int]]) -> None:
    """Note that hosts may have pools attached from now on: pairs of a pool and a host."""
    new = [
        {
            "id": tx.new_id(),
            "uuid": world.ids.uuid(),
            "created": world.clock.now(),
            "pool_id": pool_id,
            "host_id": host_id,
        }
        for pool_id, host_id in pairs
    ]
    if new:
        insert = rows.insertion(tx.dialect, attachment, tuple(new[0])).text
        tx.execute(sqlalchemy.text(f"{insert} ON CONFLICT DO NOTHING"), {"rows": rows.encode(new)})


def detached(tx: Transaction, world: World, pool_id: int, host_id: int) -> None:
    """Note that a host has left a pool."""
    mine = (attachment.c.pool_id == pool_id, attachment.c.host_id == host_id, attachment.c.removed.is_(None))
    tx.execute(sqlalchemy.update(attachment).where(*mine).values(removed=world.clock.now()))


def take_turns(tx: Transaction, zone_id: int) -> None:
    """Let a host and a pool that come into a zone at the same time not overlook each other.

    Each writes that it is there before it takes its turn, and looks for the other afterwards.
    """
    tx.execute(sqlalchemy.select(zone.c.id).where(zone.c.id == zone_id).with_for_update(key_share=True))


def _reaches(pool: Row) -> ColumnElement[bool]:
    if pool.cluster_id is not None:
        alike: ColumnElement[bool] = host.c.cluster_id == pool.cluster_id
        return alike
    same = sqlalchemy.true() if pool.hypervisor == ANY else host.c.hypervisor == pool.hypervisor
    return and_(host.c.zone_id == pool.zone_id, same)


def _known(tx: Transaction, *where: ColumnElement[bool], order: ColumnElement[int] = host.c.id) -> list[Known]:
    columns = (host.c.id, host.c.url, *(resource.c[name] for name in Target.__struct_fields__))
    found = sqlalchemy.select(*columns).join(resource, resource.c.id == host.c.id).outerjoin(circuit, its_circuit)
    live = found.where(*where, host.c.removed.is_(None)).order_by(order, host.c.id)
    return [
        Known(
            each.id,
            Target(uuid=each.uuid, transport=each.transport, address=each.address, location=each.location),
            Peer(uuid=each.uuid, url=each.url),
        )
        for each in tx.execute(live)
    ]
