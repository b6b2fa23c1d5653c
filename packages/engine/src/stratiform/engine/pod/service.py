"""Making, changing and removing pods."""

from stratiform.engine import check, registry
from stratiform.engine.pod.table import pod
from stratiform.engine.registry import Noun, Row
from stratiform.engine.zone.service import allocate
from stratiform.engine.zone.states import Allocation
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
    """A pod of a zone; its management subnet may be left out."""
    if gateway and netmask:
        network = check.subnet(gateway, netmask)
        if start_ip:
            check.span(start_ip, end_ip or start_ip, network)
    elif gateway or netmask or start_ip:
        reason = "a subnet needs gateway and netmask together"
        raise check.BadParameter(parameter="netmask", value=netmask, reason=reason)
    return registry.create(
        tx,
        world,
        NOUN,
        name=name,
        zone_id=zone.id,
        gateway=gateway,
        netmask=netmask,
        start_ip=start_ip,
        end_ip=end_ip or start_ip,
        state=check.choice("allocationstate", state, Allocation),
    )


def update(tx: Transaction, world: World, row: Row, *, name: str | None = None, state: str | None = None) -> Row:
    """Rename a pod, open or close it for tenants."""
    if name is not None:
        row = registry.change(tx, NOUN, row, name=name)
    return allocate(tx, NOUN, row, state)


def remove(tx: Transaction, world: World, row: Row) -> None:
    """Remove a pod without clusters."""
    registry.remove(tx, world, NOUN, row)
