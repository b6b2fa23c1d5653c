"""Making, changing and removing physical networks."""

from collections.abc import Sequence

from stratiform.engine import check, registry
from stratiform.engine.physical_network.rules import vlans
from stratiform.engine.physical_network.states import Event, State, machine
from stratiform.engine.physical_network.table import physical_network
from stratiform.engine.registry import Noun, Row
from stratiform.framework.base.world import World
from stratiform.framework.db.database import Transaction

NOUN = Noun(kind="physical_network", table=physical_network, event="PHYSICAL.NETWORK", within=("zone_id",))


def create(
    tx: Transaction,
    world: World,
    *,
    zone: Row,
    name: str,
    vlan: str | None = None,
    isolation: Sequence[str] = ("VLAN",),
    broadcast_range: str = "ZONE",
    speed: str | None = None,
    tags: Sequence[str] = (),
) -> Row:
    """A physical network of a zone, disabled as CloudStack has it; `vlan` is a range such as 100-199."""
    return registry.create(
        tx,
        world,
        NOUN,
        name=name,
        zone_id=zone.id,
        state=State.DISABLED,
        vlan=vlans(vlan),
        isolation=",".join(isolation),
        broadcast_range=broadcast_range,
        speed=speed,
        tags=",".join(tags) or None,
    )


def update(tx: Transaction, world: World, row: Row, *, state: str | None = None, vlan: str | None = None) -> Row:
    """Enable or disable a physical network, or give it another range of VLANs."""
    if vlan is not None:
        row = registry.change(tx, NOUN, row, vlan=vlans(vlan))
    if state is None or check.choice("state", state, State) == row.state:
        return row
    event = Event.ENABLE if row.state == State.DISABLED else Event.DISABLE
    return registry.move(tx, NOUN, row, machine, event)


def remove(tx: Transaction, world: World, row: Row) -> None:
    """Remove a physical network without networks."""
    registry.remove(tx, world, NOUN, row)
