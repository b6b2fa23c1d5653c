"""Making, changing and removing physical networks, with what they carry and who serves their networks."""

from collections.abc import Sequence

import sqlalchemy

from stratiform.engine import check, registry
from stratiform.engine.domain.service import hold as hold_domain
from stratiform.engine.physical_network import rules
from stratiform.engine.physical_network.states import Event, State, machine
from stratiform.engine.physical_network.table import physical_network
from stratiform.engine.registry import Noun, Row
from stratiform.engine.service_provider import service as provider
from stratiform.engine.service_provider.rules import SERVICES
from stratiform.engine.service_provider.table import service_provider
from stratiform.engine.traffic_type.rules import Traffic
from stratiform.engine.traffic_type.table import traffic_type
from stratiform.engine.zone.service import NOUN as ZONE
from stratiform.engine.zone.service import NetworkType, change, keep
from stratiform.engine.zone.table import zone as zones
from stratiform.framework.base.world import World
from stratiform.framework.db.database import Transaction

NOUN = Noun(
    kind="physical_network",
    table=physical_network,
    event="PHYSICAL.NETWORK",
    within=("zone_id",),
    parts=(traffic_type.c.physical_network_id,),
    names={"EDIT": "PHYSICAL.NETWORK.UPDATE"},
)


def create(
    tx: Transaction,
    world: World,
    *,
    zone: Row,
    name: str,
    vlan: str | None = None,
    isolation: Sequence[str] = (),
    broadcast_range: str | None = None,
    speed: str | None = None,
    tags: Sequence[str] = (),
    domain: Row | None = None,
) -> Row:
    """A physical network of a zone with every provider there is, all disabled as CloudStack has it.

    `vlan` is a range such as 100-199. A Basic zone has one physical network.
    """
    keep(tx, ZONE, zone)
    is_basic = zone.network_type == NetworkType.BASIC
    if is_basic:
        _refuse_second(tx, zone)
    row = registry.create(
        tx,
        world,
        NOUN,
        name=name,
        zone_id=zone.id,
        domain_id=hold_domain(tx, domain).id if domain else None,
        state=State.DISABLED,
        vlan=rules.vlans(vlan, is_basic=is_basic),
        isolation=rules.isolation(isolation, is_basic=is_basic),
        broadcast_range=rules.broadcast_range(broadcast_range, is_basic=is_basic),
        speed=speed,
        tags=rules.tags(tags),
    )
    for each in SERVICES:
        provider.add(tx, world, physical_network=row, name=each)
    return row


def update(
    tx: Transaction,
    world: World,
    row: Row,
    *,
    state: str | None = None,
    vlan: str | None = None,
    speed: str | None = None,
    tags: Sequence[str] = (),
) -> Row:
    """Enable or disable a physical network, or give it other ranges of VLANs, another speed or another tag."""
    values: dict[str, object] = {}
    if vlan is not None:
        kind = sqlalchemy.select(zones.c.network_type).where(zones.c.id == row.zone_id)
        values["vlan"] = rules.vlans(vlan, is_basic=tx.connection.execute(kind).scalar_one() == NetworkType.BASIC)
    if speed is not None:
        values["speed"] = speed
    if tags:
        values["tags"] = rules.tags(tags)
    row = change(tx, NOUN, row, values)
    if state is None or check.choice("state", state, State) == row.state:
        return row
    event = Event.ENABLE if row.state == State.DISABLED else Event.DISABLE
    return registry.move(tx, NOUN, row, machine, event)


def hold(tx: Transaction, row: Row) -> None:
    """Let nobody remove a physical network, nor change what is on it, before this transaction has ended."""
    keep(tx, NOUN, row)


def remove(tx: Transaction, world: World, row: Row) -> None:
    """Remove a physical network with its traffic types and providers. Raises `InUse` while anything stands on it."""
    tx.execute(sqlalchemy.select(physical_network.c.id).where(physical_network.c.id == row.id).with_for_update())
    own = (service_provider.c.physical_network_id == row.id, service_provider.c.removed.is_(None))
    for each in tx.execute(sqlalchemy.select(service_provider).where(*own)).all():
        provider.remove(tx, world, each)
    registry.remove(tx, world, NOUN, row)


def carrying(tx: Transaction, zone: Row, traffic: Traffic, *, chosen: Row | None = None, tag: str | None = None) -> Row:
    """The physical network of a zone that carries a kind of traffic: the chosen one, else the only one.

    Where there are several, the one with the `tag`. Raises `BadParameter` if there is no such one.
    """
    carries = (traffic_type.c.physical_network_id == physical_network.c.id, traffic_type.c.removed.is_(None))
    found = (
        sqlalchemy.select(physical_network)
        .join(traffic_type, sqlalchemy.and_(*carries, traffic_type.c.type == traffic))
        .where(physical_network.c.zone_id == zone.id, physical_network.c.removed.is_(None))
        .order_by(physical_network.c.id)
    )
    rows = tx.execute(found).all()
    if chosen is not None:
        rows = [each for each in rows if each.id == chosen.id]
    elif len(rows) > 1:
        rows = [each for each in rows if tag is not None and each.tags == tag]
    if len(rows) != 1:
        reason = f"it is the one physical network of the zone {zone.name} that is to carry {traffic} traffic"
        value = None if chosen is None else chosen.uuid
        raise check.BadParameter(parameter="physicalnetworkid", value=value, reason=reason)
    return rows[0]


def _refuse_second(tx: Transaction, zone: Row) -> None:
    there = (physical_network.c.zone_id == zone.id, physical_network.c.removed.is_(None))
    if tx.execute(sqlalchemy.select(physical_network.c.id).where(*there)).first():
        reason = "a Basic zone has one physical network, and this one has it"
        raise check.BadParameter(parameter="zoneid", value=zone.uuid, reason=reason)
