"""Making, changing and removing pods."""

import sqlalchemy

from stratiform.engine import check, registry
from stratiform.engine.pod import rules
from stratiform.engine.pod.table import pod
from stratiform.engine.registry import Noun, Row
from stratiform.engine.zone.service import NOUN as ZONE
from stratiform.engine.zone.service import NetworkType, allocate, change, clear, keep
from stratiform.engine.zone.states import Allocation
from stratiform.engine.zone.table import zone as zones
from stratiform.framework.base.world import World
from stratiform.framework.db.database import Transaction

NOUN = Noun(kind="pod", table=pod, event="POD", within=("zone_id",))


def create(
    tx: Transaction,
    world: World,
    *,
    zone: Row,
    name: str,
    gateway: str | None = None,
    netmask: str | None = None,
    start_ip: str | None = None,
    end_ip: str | None = None,
    state: str = Allocation.ENABLED,
) -> Row:
    """A pod of a zone; its management subnet may be left out, and goes to its end if that is."""
    keep(tx, ZONE, zone)
    return registry.create(
        tx,
        world,
        NOUN,
        name=name,
        zone_id=zone.id,
        state=check.choice("allocationstate", state, Allocation),
        **_subnet(tx, zone, gateway=gateway, netmask=netmask, start_ip=start_ip, end_ip=end_ip),
    )


def update(
    tx: Transaction,
    world: World,
    row: Row,
    *,
    name: str | None = None,
    state: str | None = None,
    **subnet: str | None,
) -> Row:
    """Rename a pod, open or close it for tenants, or give it another `gateway`, `netmask`, `start_ip`, `end_ip`."""
    values: dict[str, object] = {} if name is None else {"name": name}
    given = {key: value for key, value in subnet.items() if value is not None and value != getattr(row, key)}
    if given:
        zone = tx.execute(sqlalchemy.select(zones).where(zones.c.id == row.zone_id)).one()
        keep(tx, ZONE, zone)
        there = {key: getattr(row, key) for key in ("gateway", "netmask", "start_ip", "end_ip")}
        values |= _subnet(tx, zone, but=row.id, **{**there, **given})
    return allocate(tx, NOUN, change(tx, NOUN, row, values), state)


def remove(tx: Transaction, world: World, row: Row) -> None:
    """Remove a pod without clusters. Raises `InUse`."""
    clear(tx, world, NOUN, row)


def _subnet(tx: Transaction, zone: Row, *, but: int | None = None, **given: str | None) -> dict[str, str | None]:
    """The columns of a subnet that can be beside those of the zone's other pods, which nobody changes meanwhile."""
    own = rules.subnet(given["gateway"], given["netmask"], given["start_ip"], given["end_ip"])
    if own is None:
        return given
    theirs = (pod.c.zone_id == zone.id, pod.c.removed.is_(None), pod.c.gateway.is_not(None))
    for other in tx.execute(sqlalchemy.select(pod).where(*theirs)):
        beside = rules.subnet(other.gateway, other.netmask, other.start_ip, other.end_ip)
        if other.id != but and beside is not None:
            rules.examine(own, other.name, beside, apart=zone.network_type == NetworkType.BASIC)
    return {**given, "start_ip": str(own.first), "end_ip": str(own.last)}
