"""Claims on hosts and pools: one conditional update for any number, so that nobody gets more than there is.

Claims are the last thing that a transaction writes. Each is derivable: `recount.differences` sums up what
lives on a host or in a pool and compares.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TypeAlias

import sqlalchemy
from sqlalchemy import bindparam

from stratiform.engine.host.states import State as HostState
from stratiform.engine.pool.states import State as PoolState
from stratiform.framework.db import rows
from stratiform.framework.db.database import Transaction

HostClaim: TypeAlias = tuple[int, int, int, int]
"""A host's id, the MHz and MiB of all machines together, and how many machines."""

PoolClaim: TypeAlias = tuple[int, int]
"""A pool's id and bytes."""

COUNTERS: Mapping[str, Mapping[str, str | None]] = {
    "host": {"cpu_used": "cpu_total", "memory_used": "memory_total", "vms": None},
    "pool": {"used": "total"},
}
"""Per table its counters, in the order of a claim, and for each the column that bounds it."""


def claim_hosts(
    tx: Transaction, claims: Iterable[HostClaim], *, admitting: Collection[str] = (HostState.ENABLED,)
) -> set[int]:
    """Claim capacity of hosts and answer the ids of those that had room.

    Claims on one host are added up, and it gives all of them or none. Only hosts in the resource states
    `admitting` give anything.
    """
    return _claim(tx, "host", claims, admitting)


def release_hosts(tx: Transaction, claims: Iterable[HostClaim]) -> None:
    """Give capacity of hosts back. The table's check refuses to give back more than was claimed."""
    _release(tx, "host", claims)


def claim_pools(
    tx: Transaction, claims: Iterable[PoolClaim], *, admitting: Collection[str] = (PoolState.UP,)
) -> set[int]:
    """Claim bytes of pools and answer the ids of those that had room, as `claim_hosts` does."""
    return _claim(tx, "pool", claims, admitting)


def release_pools(tx: Transaction, claims: Iterable[PoolClaim]) -> None:
    """Give bytes of pools back. The table's check refuses to give back more than was claimed."""
    _release(tx, "pool", claims)


def _claim(tx: Transaction, table: str, claims: Iterable[Sequence[int]], admitting: Collection[str]) -> set[int]:
    wanted = _sums(table, claims)
    if not wanted:
        return set()
    parameters = {"rows": rows.encode(wanted), "admitting": sorted(admitting)}
    return set(tx.execute(_statement(tx.dialect, table, "+"), parameters).scalars())  # type: ignore[arg-type]


def _release(tx: Transaction, table: str, claims: Iterable[Sequence[int]]) -> None:
    if given := _sums(table, claims):
        tx.execute(_statement(tx.dialect, table, "-"), {"rows": rows.encode(given)})


def _sums(table: str, claims: Iterable[Sequence[int]]) -> list[dict[str, int]]:
    sums: dict[int, list[int]] = {}
    for key, *amounts in claims:
        sums[key] = [a + b for a, b in zip(sums[key], amounts, strict=True)] if key in sums else amounts
    names = ("id", *COUNTERS[table])
    return [dict(zip(names, (key, *sums[key]), strict=True)) for key in sorted(sums)]


@lru_cache
def _statement(dialect: str, table: str, sign: str) -> sqlalchemy.TextClause:
    counters = COUNTERS[table]
    sets = ", ".join(f"{name} = {table}.{name} {sign} r.{name}" for name in counters)
    where = [f"{table}.id = r.id"]
    if sign == "+":
        where += [f"{table}.{name} + r.{name} <= {table}.{bound}" for name, bound in counters.items() if bound]
        where.append(f"{table}.removed IS NULL AND {table}.state IN :admitting")
    head = ""
    if dialect == "postgresql":  # locks in the order of ids, so that no two claimers wait for each other
        ids = rows.source(dialect, {"id": "integer"}, alias="w")
        locked = f"SELECT id FROM {table} WHERE id IN (SELECT w.id FROM {ids}) ORDER BY id FOR NO KEY UPDATE"
        head = f"WITH locked AS MATERIALIZED ({locked}) "
        where.append(f"{table}.id IN (SELECT id FROM locked)")
    source = rows.source(dialect, dict.fromkeys(("id", *counters), "integer"))
    update = f"UPDATE {table} SET {sets} FROM {source} WHERE {' AND '.join(where)} RETURNING {table}.id"
    statement = sqlalchemy.text(head + update)
    return statement.bindparams(bindparam("admitting", expanding=True)) if sign == "+" else statement
