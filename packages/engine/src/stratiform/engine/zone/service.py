"""Making, changing and removing zones; and what they have in common with the places in them."""

from collections.abc import Mapping
from enum import StrEnum

import sqlalchemy

from stratiform.engine import check, registry
from stratiform.engine.registry import Noun, Row
from stratiform.engine.zone import rules
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
    is_edge: bool = False,
) -> Row:
    """A zone, closed for tenants until it is enabled; `domain` reserves it."""
    kind = check.choice("networktype", network_type, NetworkType)
    if is_edge and kind is NetworkType.BASIC:
        raise check.BadParameter(parameter="isedge", value=is_edge, reason="an edge zone is Advanced")
    given = {
        "dns1": dns1,
        "dns2": dns2,
        "internal_dns1": internal_dns1,
        "internal_dns2": internal_dns2,
        "guest_cidr": guest_cidr,
        "network_domain": network_domain,
    }
    return registry.create(
        tx,
        world,
        NOUN,
        name=name,
        domain_id=domain.id if domain else None,
        network_type=kind,
        state=check.choice("allocationstate", state, Allocation),
        security_groups=security_groups,
        local_storage=local_storage,
        is_edge=is_edge,
        **rules.settings(given),
    )


def update(
    tx: Transaction,
    world: World,
    row: Row,
    *,
    name: str | None = None,
    state: str | None = None,
    local_storage: bool | None = None,
    sort_key: int | None = None,
    details: Mapping[str, str] | None = None,
    is_public: bool = False,
    **settings: str | None,
) -> Row:
    """Change what is given; `details` are added to those there are, and a public zone is reserved for nobody."""
    plain: dict[str, object] = {"name": name, "local_storage": local_storage, "sort_key": sort_key}
    values = {key: value for key, value in plain.items() if value is not None}
    values |= rules.settings({key: value for key, value in settings.items() if value is not None})
    if details:
        values["details"] = rules.with_details(row.details, details)
    if is_public:
        values["domain_id"] = None
    return allocate(tx, NOUN, change(tx, NOUN, row, values), state)


def remove(tx: Transaction, world: World, row: Row) -> None:
    """Remove an empty zone. Raises `InUse`."""
    clear(tx, world, NOUN, row)


def change(tx: Transaction, noun: Noun, row: Row, values: Mapping[str, object]) -> Row:
    """Set those columns of a place that are otherwise; does nothing if none is."""
    others = {key: value for key, value in values.items() if getattr(row, key) != value}
    return registry.change(tx, noun, row, **others) if others else row


def allocate(tx: Transaction, noun: Noun, row: Row, state: str | None) -> Row:
    """Open or close a zone, pod or cluster for tenants; does nothing if it is so already."""
    if state is None or check.choice("allocationstate", state, Allocation) == row.state:
        return row
    event = Event.ENABLE if row.state == Allocation.DISABLED else Event.DISABLE
    return registry.move(tx, noun, row, machine, event)


def keep(tx: Transaction, noun: Noun, row: Row) -> None:
    """Let nobody remove a place, nor put another thing in it, before this transaction has ended. Raises `Stale`."""
    live = (noun.table.c.id == row.id, noun.table.c.removed.is_(None))
    held = sqlalchemy.select(noun.table.c.id).where(*live).with_for_update(key_share=True)
    if tx.execute(held).first() is None:
        raise registry.Stale(kind=noun.label, name=registry.label(row))


def clear(tx: Transaction, world: World, noun: Noun, row: Row) -> None:
    """Remove an empty place, once whoever is putting something in it has ended. Raises `InUse`."""
    tx.execute(sqlalchemy.select(noun.table.c.id).where(noun.table.c.id == row.id).with_for_update())
    registry.remove(tx, world, noun, row)
