"""Adding traffic types to physical networks, and taking them away."""

from collections.abc import Mapping

import sqlalchemy

from stratiform.api.errors import InUse
from stratiform.engine import check, registry
from stratiform.engine.entity import above
from stratiform.engine.registry import Noun, Row
from stratiform.engine.traffic_type.rules import Traffic
from stratiform.engine.traffic_type.table import traffic_type
from stratiform.framework.base.world import World
from stratiform.framework.db.database import Transaction

NOUN = Noun(kind="traffic_type", table=traffic_type, event="TRAFFIC.TYPE", name=None, within=None)

_USERS = {
    Traffic.GUEST: above("network", "physical_network_id", "removed"),
    Traffic.PUBLIC: above("ip_range", "physical_network_id", "removed", "is_public"),
}
"""What goes over a physical network because it carries this kind of traffic."""


def add(
    tx: Transaction,
    world: World,
    *,
    physical_network: Row,
    traffic: str,
    labels: Mapping[str, str] | None = None,
    vlan: str | None = None,
) -> Row:
    """Let a physical network that the caller holds carry a kind of traffic; `labels` by hypervisor.

    Raises `BadParameter` where it does so already, or another physical network of its zone does and only one may.
    """
    kind = check.choice("traffictype", traffic, Traffic)
    _refuse_second(tx, physical_network, kind)
    return registry.create(
        tx,
        world,
        NOUN,
        physical_network_id=physical_network.id,
        zone_id=physical_network.zone_id,
        type=kind,
        vlan=vlan,
        **{f"{name}_label": label for name, label in (labels or {}).items()},
    )


def remove(tx: Transaction, world: World, row: Row) -> None:
    """Take a kind of traffic from a physical network that the caller holds. Raises `InUse` while it is needed."""
    user = _USERS.get(Traffic(row.type))
    if user is not None:
        there = [user.c.physical_network_id == row.physical_network_id, user.c.removed.is_(None)]
        if row.type == Traffic.PUBLIC:
            there.append(user.c.is_public)
        if tx.execute(sqlalchemy.select(user.c.physical_network_id).where(*there).limit(1)).first():
            raise InUse(kind=NOUN.label, id=row.type, by=f"a {user.name.replace('_', ' ')}")
    registry.remove(tx, world, NOUN, row)


def _refuse_second(tx: Transaction, physical_network: Row, kind: Traffic) -> None:
    same = (traffic_type.c.type == kind, traffic_type.c.removed.is_(None))
    zone = traffic_type.c.zone_id == physical_network.zone_id
    for other in tx.execute(sqlalchemy.select(traffic_type).where(zone, *same)):
        if other.physical_network_id == physical_network.id:
            reason = "the physical network carries it already"
        elif kind is not Traffic.GUEST:
            reason = "another physical network of the zone carries it, and only one may"
        else:
            continue
        raise check.BadParameter(parameter="traffictype", value=str(kind), reason=reason)
