"""Making, changing and removing offerings."""

from collections.abc import Mapping
from enum import StrEnum

import sqlalchemy

from stratiform.engine import check, registry
from stratiform.engine.domain.service import hold
from stratiform.engine.offering.states import NetworkState, State
from stratiform.engine.offering.table import (
    disk_offering,
    network_offering,
    offering_service,
    service_offering,
)
from stratiform.engine.registry import Noun, Row
from stratiform.engine.size import GIB
from stratiform.framework.base.world import World
from stratiform.framework.db.database import Transaction

DISK = Noun(kind="disk_offering", table=disk_offering, event="DISK.OFFERING", within=None, outlived=True)
SERVICE = Noun(kind="service_offering", table=service_offering, event="SERVICE.OFFERING", within=None, outlived=True)
NETWORK = Noun(
    kind="network_offering",
    table=network_offering,
    event="NETWORK.OFFERING",
    parts=(offering_service.c.network_offering_id,),
    outlived=True,
)


class StorageType(StrEnum):
    """Where disks of an offering may be."""

    SHARED = "shared"
    LOCAL = "local"


class Provisioning(StrEnum):
    """How much of a disk is taken from its pool at once."""

    THIN = "thin"
    SPARSE = "sparse"
    FAT = "fat"


class GuestType(StrEnum):
    """What kind of network an offering makes."""

    SHARED = "Shared"
    ISOLATED = "Isolated"
    L2 = "L2"


def create_disk(
    tx: Transaction,
    world: World,
    *,
    name: str,
    size: int | None = None,
    is_customized: bool = False,
    display_text: str | None = None,
    storage_type: str = StorageType.SHARED,
    provisioning: str = Provisioning.THIN,
    tags: str | None = None,
    is_compute_only: bool = False,
) -> Row:
    """A disk offering of `size` GiB, or one whose disks are as large as the tenant says."""
    if not is_compute_only and is_customized == (size is not None):
        reason = "a disk offering has either a size or customized=true"
        raise check.BadParameter(parameter="disksize", value=size, reason=reason)
    return registry.create(
        tx,
        world,
        DISK,
        name=name,
        display_text=display_text or name,
        state=State.ACTIVE,
        size=check.at_least("disksize", size, 1) * GIB if size is not None else 0,
        storage_type=check.choice("storagetype", storage_type, StorageType),
        provisioning=check.choice("provisioningtype", provisioning, Provisioning),
        tags=tags,
        is_customized=is_customized,
        is_compute_only=is_compute_only,
    )


def create_service(
    tx: Transaction,
    world: World,
    *,
    name: str,
    cpus: int | None = None,
    speed: int | None = None,
    memory: int | None = None,
    domain: Row | None = None,
    display_text: str | None = None,
    storage_type: str = StorageType.SHARED,
    provisioning: str = Provisioning.THIN,
    root_disk_size: int | None = None,
    host_tags: str | None = None,
    storage_tags: str | None = None,
    network_rate: int | None = None,
    offer_ha: bool = False,
    limit_cpu: bool = False,
    is_volatile: bool = False,
    dynamic_scaling: bool = True,
) -> Row:
    """A service offering with a root disk offering of its own, for a domain and those below or for everybody.

    The three of `cpus`, `speed` (MHz of one) and `memory` (MiB) go together; without them tenants choose.
    `root_disk_size` is GiB. Raises `Conflict` where the domain is being ended.
    """
    sizes = {"cpunumber": (cpus, 1), "cpuspeed": (speed, 1), "memory": (memory, 32)}
    given = {name: check.at_least(name, value, low) for name, (value, low) in sizes.items() if value is not None}
    if len(given) not in (0, 3):
        absent = next(iter(sizes.keys() - given.keys()))
        reason = "cpunumber, cpuspeed and memory are given together, or none of them for a custom offering"
        raise check.BadParameter(parameter=absent, value=None, reason=reason)
    if root_disk_size is not None:
        check.at_least("rootdisksize", root_disk_size, 1)
    if domain is not None:
        hold(tx, domain)
    disk = create_disk(
        tx,
        world,
        name=name,
        display_text=display_text,
        storage_type=storage_type,
        provisioning=provisioning,
        tags=storage_tags,
        is_compute_only=True,
    )
    return registry.create(
        tx,
        world,
        SERVICE,
        name=name,
        display_text=display_text or name,
        state=State.ACTIVE,
        cpus=cpus,
        speed=speed,
        memory=memory,
        disk_offering_id=disk.id,
        domain_id=domain.id if domain else None,
        storage_type=disk.storage_type,
        provisioning=disk.provisioning,
        root_disk_size=root_disk_size * GIB if root_disk_size else None,
        host_tags=host_tags,
        storage_tags=storage_tags,
        network_rate=network_rate,
        is_customized=not given,
        is_volatile=is_volatile,
        offer_ha=offer_ha,
        limit_cpu=limit_cpu,
        dynamic_scaling=dynamic_scaling,
    )


def create_network(
    tx: Transaction,
    world: World,
    *,
    name: str,
    guest_type: str,
    display_text: str | None = None,
    traffic_type: str = "Guest",
    availability: str = "Optional",
    services: Mapping[str, str] | None = None,
    specify_vlan: bool = False,
    specify_ip_ranges: bool = False,
    conserve_mode: bool = True,
    is_default: bool = False,
    is_enabled: bool = False,
    for_vpc: bool = False,
    network_rate: int | None = None,
    tags: str | None = None,
) -> Row:
    """A network offering with its services, each by one provider; disabled until somebody enables it."""
    row = registry.create(
        tx,
        world,
        NETWORK,
        name=name,
        display_text=display_text or name,
        state=NetworkState.ENABLED if is_enabled else NetworkState.DISABLED,
        traffic_type=traffic_type,
        guest_type=check.choice("guestiptype", guest_type, GuestType),
        availability=availability,
        network_rate=network_rate,
        tags=tags,
        is_default=is_default,
        for_vpc=for_vpc,
        specify_vlan=specify_vlan,
        specify_ip_ranges=specify_ip_ranges,
        conserve_mode=conserve_mode,
    )
    now = world.clock.now()
    rows = [
        {
            "id": tx.new_id(),
            "uuid": world.ids.uuid(),
            "created": now,
            "network_offering_id": row.id,
            "service": service,
            "provider": provider,
        }
        for service, provider in sorted((services or {}).items())
    ]
    tx.insert(offering_service, rows)
    return row


def remove_service(tx: Transaction, world: World, row: Row) -> None:
    """Remove a service offering with its root disk offering; machines made from it keep what they have."""
    registry.remove(tx, world, SERVICE, row)
    root = sqlalchemy.select(disk_offering).where(disk_offering.c.id == row.disk_offering_id)
    disk = tx.execute(root).one()
    if disk.is_compute_only and disk.removed is None:
        registry.remove(tx, world, DISK, disk)
