"""Making, changing and removing zones."""

from enum import StrEnum

from stratiform.engine import check, registry
from stratiform.engine.registry import Noun, Row
from stratiform.engine.zone.states import Allocation, Event, machine
from stratiform.engine.zone.table import zone
from stratiform.framework.base.world import World
from stratiform.framework.db.database import Transaction

NOUN = Noun(kind="zone", table=zone, event="ZONE")


class NetworkType(StrEnum):
    """How tenants are kept apart in a zone."""

    BASIC = "Basic"
    ADVANCED = "Advanced"


def create(
    tx: Transaction,
    world: World,
    *,
    name: str,
    dns1: str,
    internal_dns1: str,
    network_type: str,
    dns2: str | None = None,
    internal_dns2: str | None = None,
    guest_cidr: str | None = None,
    network_domain: str | None = None,
    domain: Row | None = None,
    state: str = Allocation.DISABLED,
    security_groups: bool = False,
    local_storage: bool = False,
) -> Row:
    """A zone, closed for tenants until it is enabled; `domain` reserves it."""
    return registry.create(
        tx,
        world,
        NOUN,
        name=name,
        domain_id=domain.id if domain else None,
        network_type=check.choice("networktype", network_type, NetworkType),
        dns1=str(check.ip4("dns1", dns1)),
        dns2=str(check.ip4("dns2", dns2)) if dns2 else None,
        internal_dns1=str(check.ip4("internaldns1", internal_dns1)),
        internal_dns2=str(check.ip4("internaldns2", internal_dns2)) if internal_dns2 else None,
        guest_cidr=str(check.cidr("guestcidraddress", guest_cidr)) if guest_cidr else None,
        network_domain=network_domain,
        state=check.choice("allocationstate", state, Allocation),
        security_groups=security_groups,
        local_storage=local_storage,
    )


def update(tx: Transaction, world: World, row: Row, *, state: str | None = None, **values: object) -> Row:
    """Set columns of a zone, and open or close it for tenants."""
    for key, parameter in (("dns1", "dns1"), ("dns2", "dns2"), ("internal_dns1", "internaldns1")):
        if key in values:
            values[key] = str(check.ip4(parameter, str(values[key])))
    if values:
        row = registry.change(tx, NOUN, row, **values)
    return allocate(tx, NOUN, row, state)


def allocate(tx: Transaction, noun: Noun, row: Row, state: str | None) -> Row:
    """Open or close a zone, pod or cluster for tenants; does nothing if it is so already."""
    if state is None or check.choice("allocationstate", state, Allocation) == row.state:
        return row
    event = Event.ENABLE if row.state == Allocation.DISABLED else Event.DISABLE
    return registry.move(tx, noun, row, machine, event)


def remove(tx: Transaction, world: World, row: Row) -> None:
    """Remove an empty zone."""
    registry.remove(tx, world, NOUN, row)
