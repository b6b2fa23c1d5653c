"""Making, changing and removing clusters."""

from enum import StrEnum

from stratiform.engine import check, registry
from stratiform.engine.cluster.table import cluster
from stratiform.engine.registry import Noun, Row
from stratiform.engine.zone.service import allocate
from stratiform.engine.zone.states import Allocation
from stratiform.framework.base.world import World
from stratiform.framework.db.database import Transaction

NOUN = Noun(kind="cluster", table=cluster, event="CLUSTER", name="clustername", within=("pod_id",))


class Type(StrEnum):
    """Who manages a cluster's hosts."""

    CLOUD = "CloudManaged"
    EXTERNAL = "ExternalManaged"


class Arch(StrEnum):
    """The processors of a cluster."""

    X86_64 = "x86_64"
    AARCH64 = "aarch64"


def create(
    tx: Transaction,
    world: World,
    *,
    pod: Row,
    name: str,
    hypervisor: str,
    type: str = Type.CLOUD,
    arch: str = Arch.X86_64,
    state: str = Allocation.ENABLED,
) -> Row:
    """A cluster of a pod, whose hosts are all of one hypervisor type."""
    return registry.create(
        tx,
        world,
        NOUN,
        name=name,
        zone_id=pod.zone_id,
        pod_id=pod.id,
        hypervisor=check.name("hypervisor", hypervisor),
        type=check.choice("clustertype", type, Type),
        arch=check.choice("arch", arch, Arch),
        state=check.choice("allocationstate", state, Allocation),
        managed="Managed",
    )


def update(tx: Transaction, world: World, row: Row, *, name: str | None = None, state: str | None = None) -> Row:
    """Rename a cluster, open or close it for tenants."""
    if name is not None:
        row = registry.change(tx, NOUN, row, name=name)
    return allocate(tx, NOUN, row, state)


def remove(tx: Transaction, world: World, row: Row) -> None:
    """Remove a cluster without hosts and pools."""
    registry.remove(tx, world, NOUN, row)
