"""A recount: what claims hosts, pools and addresses, added up again and compared with the counters."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy
from sqlalchemy import BigInteger, ColumnElement, Connection, Select, Table, and_, cast, func, or_

from stratiform.engine.address.states import State as AddressState
from stratiform.engine.address.table import address
from stratiform.engine.entity import Expression
from stratiform.engine.host.table import host
from stratiform.engine.network.table import nic
from stratiform.engine.pool.table import pool
from stratiform.engine.vm.table import vm
from stratiform.engine.volume.table import volume


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A counter that does not say what there is."""

    kind: str
    uuid: str
    counter: str
    found: int
    """What the counter says."""
    counted: int
    """What a recount says."""


def differences(connection: Connection) -> list[Difference]:
    """Every counter that is wrong, in the order of hosts, pools, addresses; an empty list is good news.

    A machine counts where its `host_id` is set, and where its `to_host_id` is while it moves, a volume where its
    `pool_id` is, until they are removed; an address is taken if a card that is there has it.
    """
    places = (vm.c.host_id, vm.c.to_host_id)
    found = [
        *_compare(connection, host, "cpu_used", places, vm.c.cpus * vm.c.speed),
        *_compare(connection, host, "memory_used", places, vm.c.memory),
        *_compare(connection, host, "vms", places, sqlalchemy.literal(1)),
        *_compare(connection, pool, "used", (volume.c.pool_id,), volume.c.size),
    ]
    for uuid, is_taken, cards in connection.execute(_addresses()):
        taken = int(bool(is_taken))
        found.append(Difference(kind="address", uuid=uuid, counter="state", found=taken, counted=cards))
    return found


def _compare(
    connection: Connection, table: Table, counter: str, places: Sequence[Expression], amount: ColumnElement[int]
) -> list[Difference]:
    claims = sqlalchemy.union_all(
        *(
            sqlalchemy.select(place.label("place"), amount.label("amount")).where(
                place.is_not(None), place.table.c.removed.is_(None)
            )
            for place in places
        )
    ).subquery()
    total = cast(func.coalesce(func.sum(claims.c.amount), 0), BigInteger)
    sums = sqlalchemy.select(claims.c.place, total.label("total")).group_by(claims.c.place).subquery()
    counted = func.coalesce(sums.c.total, 0)
    wrong = (
        sqlalchemy.select(table.c.uuid, table.c[counter], counted)
        .select_from(table.outerjoin(sums, sums.c.place == table.c.id))
        .where(table.c[counter] != counted, table.c.removed.is_(None))
        .order_by(table.c.id)
    )
    return [
        Difference(kind=table.name, uuid=uuid, counter=counter, found=there, counted=added)
        for uuid, there, added in connection.execute(wrong)
    ]


def _addresses() -> Select[str, bool, int]:
    """Addresses that are taken without a card, or had by a card without being taken by it."""
    taken = address.c.state.in_([AddressState.ALLOCATED, AddressState.RELEASING])
    mine = and_(nic.c.address_id == address.c.id, nic.c.removed.is_(None))
    cards = func.count(nic.c.id)
    wrong = or_(
        and_(taken, cards != 1),
        and_(sqlalchemy.not_(taken), cards != 0),
        func.max(nic.c.id) != address.c.nic_id,
    )
    found = sqlalchemy.select(address.c.uuid, taken, cards).select_from(address.outerjoin(nic, mine))
    return found.where(address.c.removed.is_(None)).group_by(address.c.id).having(wrong).order_by(address.c.id)
