"""Addresses, claimed and released by one statement for any number of network cards; and their ranges."""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import sqlalchemy

from stratiform.api.errors import InUse
from stratiform.engine import check, registry
from stratiform.engine.address.rules import LARGEST, Range, examine
from stratiform.engine.address.states import State
from stratiform.engine.address.table import address, ip_range
from stratiform.engine.registry import Noun, Row
from stratiform.framework.base.world import World
from stratiform.framework.db import rows
from stratiform.framework.db.database import Transaction

RANGE = Noun(
    kind="ip_range",
    table=ip_range,
    event="VLAN.IP.RANGE",
    name=None,
    within=None,
    parts=(address.c.ip_range_id,),
)


class Wanted(NamedTuple):
    """An address that a network card needs; `ip4` asks for that one and no other.

    `pod` is the id of the pod whose addresses it takes, 0 where a network's addresses are no pod's.
    """

    nic_id: int
    network_id: int
    account_id: int
    ip4: str | None = None
    pod: int = 0


class Claimed(NamedTuple):
    """An address that a network card got, with what goes with it in its range."""

    address_id: int
    ip4: str
    gateway: str
    netmask: str


def claim(tx: Transaction, wanted: Iterable[Wanted]) -> dict[int, Claimed]:
    """Give each card the lowest free address of its network and pod, or the one it asks for; answers by `nic_id`.

    A card that is not in the answer got none. One statement, with one more for cards that ask for an address,
    and one more on PostgreSQL where a rival's open transaction holds the last free ones: it is waited for.
    """
    cards = sorted(wanted)
    got = _claim(tx, "named", [card for card in cards if card.ip4])
    rest = [card for card in cards if not card.ip4]
    got |= _claim(tx, "any", rest)
    if tx.dialect == "postgresql":
        got |= _claim(tx, "waiting", [card for card in rest if card.nic_id not in got])
    return got


def pods(tx: Transaction, nic_ids: Iterable[int]) -> dict[int, int]:
    """Of cards that have an address: whose pod's it is, by `nic_id`."""
    wanted = sorted(set(nic_ids))
    if not wanted:
        return {}
    found = sqlalchemy.select(address.c.nic_id, address.c.pod).where(address.c.nic_id.in_(wanted))
    return {row.nic_id: row.pod for row in tx.execute(found)}


def doubt(tx: Transaction, nic_ids: Iterable[int]) -> None:
    """Keep the addresses of these cards from everybody, because a machine of unknown fate may use them."""
    _change(tx, "doubt", nic_ids)


def release(tx: Transaction, nic_ids: Iterable[int]) -> None:
    """Free the addresses of these cards, in one statement. Does nothing for cards that have none."""
    _change(tx, "release", nic_ids)


def create_range(
    tx: Transaction,
    world: World,
    *,
    zone: Row,
    segment: str,
    vlan: str,
    gateway: str,
    netmask: str,
    start_ip: str,
    end_ip: str | None = None,
    network: Row | None = None,
    physical_network_id: int | None = None,
    pod: Row | None = None,
) -> Row:
    """A range and a row for each address of it but the gateway.

    Without a `network` the addresses are public. Inside a `segment`, the name of what carries them, an
    address is in one range only: raises `BadParameter` where two would overlap.
    """
    span = examine(gateway, netmask, start_ip, end_ip)
    _refuse_overlap(tx, segment, span)
    row = registry.create(
        tx,
        world,
        RANGE,
        zone_id=zone.id,
        physical_network_id=physical_network_id,
        network_id=network.id if network else None,
        pod_id=pod.id if pod else None,
        segment=segment,
        vlan=vlan,
        gateway=gateway,
        netmask=netmask,
        cidr=str(span.network),
        start_ip=str(span.first),
        end_ip=str(span.last),
        start_number=int(span.first),
        end_number=int(span.last),
        is_public=network is None,
    )
    tx.insert(address, _addresses(world, row, span))
    return row


def ranges(tx: Transaction, network_id: int) -> Sequence[Row]:
    """The ranges of a network, oldest first."""
    own = (ip_range.c.network_id == network_id, ip_range.c.removed.is_(None))
    return tx.execute(sqlalchemy.select(ip_range).where(*own).order_by(ip_range.c.id)).all()


def remove_range(tx: Transaction, world: World, row: Row) -> None:
    """Remove a range and its addresses. Raises `InUse` unless all are free, and stay so until they are gone."""
    there = (address.c.ip_range_id == row.id, address.c.removed.is_(None))
    gone = sqlalchemy.update(address).where(*there, address.c.state == State.FREE).values(removed=world.clock.now())
    tx.execute(gone)
    count = tx.execute(sqlalchemy.select(sqlalchemy.func.count()).select_from(address).where(*there)).scalar_one()
    if count:
        raise InUse(kind="IP range", id=f"{row.start_ip}-{row.end_ip}", by=f"{count} of its addresses")
    registry.remove(tx, world, RANGE, row)


def _refuse_overlap(tx: Transaction, segment: str, span: Range) -> None:
    met = sqlalchemy.select(ip_range.c.start_ip, ip_range.c.end_ip).where(
        ip_range.c.segment == segment,
        ip_range.c.removed.is_(None),
        ip_range.c.start_number <= int(span.last),
        ip_range.c.end_number >= int(span.first),
    )
    for start, end in tx.execute(met):  # type: ignore[misc]
        reason = f"it overlaps with the range {start}-{end}"
        raise check.BadParameter(parameter="startip", value=str(span.first), reason=reason)


def _addresses(world: World, row: Row, span: Range) -> list[dict[str, object]]:
    common = {name: getattr(row, name) for name in ("zone_id", "network_id", "segment", "created", "is_public")}
    return [
        {
            "id": row.id * LARGEST + int(each) - row.start_number,
            "uuid": world.ids.uuid(),
            "ip_range_id": row.id,
            "ip4": str(each),
            "number": int(each),
            "state": State.FREE,
            "pod": row.pod_id or 0,
            **common,
        }
        for each in span.addresses()
    ]


def _claim(tx: Transaction, how: str, cards: Sequence[Wanted]) -> dict[int, Claimed]:
    if not cards:
        return {}
    given = rows.encode([card._asdict() for card in cards])
    parameters: dict[str, object] = {"rows": given, "now": tx.database.world.clock.now()}
    if how != "named":
        parameters["most"] = max(Counter((card.network_id, card.pod) for card in cards).values())
    found = tx.execute(_claiming(tx.dialect, how), parameters)
    return {row.nic_id: Claimed(row.id, row.ip4, row.gateway, row.netmask) for row in found}


def _change(tx: Transaction, how: str, nic_ids: Iterable[int]) -> None:
    if cards := [{"nic_id": nic_id} for nic_id in sorted(set(nic_ids))]:
        source = rows.source(tx.dialect, {"nic_id": "integer"})
        sets = f"{_CHANGE[how]}, generation = address.generation + 1"
        statement = sqlalchemy.text(f"UPDATE address SET {sets} FROM {source} WHERE address.nic_id = r.nic_id")
        tx.execute(statement, {"rows": rows.encode(cards)})


_CHANGE = {
    "doubt": "state = 'Releasing'",
    "release": "state = 'Free', nic_id = NULL, account_id = NULL, allocated = NULL",
}

_SETS = (
    "state = 'Allocated', nic_id = {0}.nic_id, account_id = {0}.account_id, allocated = :now,"
    " generation = address.generation + 1"
)

_FREE = "state = 'Free' AND removed IS NULL"

_WHERE = "(SELECT DISTINCT network_id, pod FROM wanted) AS n"

_THERE = f"FROM address WHERE network_id = n.network_id AND pod = n.pod AND {_FREE} ORDER BY number LIMIT :most"

_LOWEST = {  # the first free ones of each network and pod
    "sqlite": (
        f"SELECT a.id, a.network_id, a.pod, a.number FROM {_WHERE} JOIN address AS a ON a.id IN (SELECT id {_THERE})"
    ),
    "postgresql": (
        f"SELECT a.id, a.network_id, a.pod, a.number FROM {_WHERE} CROSS JOIN LATERAL"
        f" (SELECT id, network_id, pod, number {_THERE} FOR NO KEY UPDATE {{locked}}) AS a"
    ),
}


@lru_cache
def _claiming(dialect: str, how: str) -> sqlalchemy.TextClause:
    columns = {"nic_id": "integer", "network_id": "integer", "account_id": "integer", "ip4": "text", "pod": "integer"}
    source = rows.source(dialect, columns)
    its = "(SELECT ip_range.{0} FROM ip_range WHERE ip_range.id = address.ip_range_id) AS {0}"
    answer = f"RETURNING address.nic_id, address.id, address.ip4, {its.format('gateway')}, {its.format('netmask')}"
    if how == "named":
        here = "address.network_id = r.network_id AND address.pod = r.pod"
        match = f"{here} AND address.ip4 = r.ip4 AND address.{_FREE}"
        return sqlalchemy.text(f"UPDATE address SET {_SETS.format('r')} FROM {source} WHERE {match} {answer}")
    lowest = _LOWEST[dialect].format(locked="SKIP LOCKED" if how == "any" else "")
    place = "row_number() OVER (PARTITION BY network_id, pod ORDER BY {}) AS place"
    return sqlalchemy.text(
        f"WITH wanted AS (SELECT nic_id, network_id, account_id, pod, {place.format('nic_id')} FROM {source}),"
        f" free AS (SELECT id, network_id, pod, {place.format('number')} FROM ({lowest}) AS lowest),"
        f" met AS (SELECT free.id, nic_id, account_id FROM free JOIN wanted USING (network_id, pod, place))"
        f" UPDATE address SET {_SETS.format('met')} FROM met"
        f" WHERE address.id = met.id AND address.state = 'Free' {answer}"
    )
