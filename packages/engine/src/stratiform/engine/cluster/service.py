"""Making, changing and removing clusters."""

from enum import StrEnum

from stratiform.engine import check, registry
from stratiform.engine.cluster.table import cluster
from stratiform.engine.pod.service import NOUN as POD
from stratiform.engine.registry import Noun, Row
from stratiform.engine.zone.service import allocate, change, clear, keep
from stratiform.engine.zone.states import Allocation
from stratiform.framework.base.world import World
from stratiform.framework.db.database import Transaction

NOUN = Noun(kind="cluster", table=cluster, event="CLUSTER", name="clustername", within=("pod_id",))


class Type(StrEnum):
    """Who manages a cluster's hosts: this cloud, one by one."""

    CLOUD = "CloudManaged"


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
    keep(tx, POD, pod)
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
    values = {} if name is None else {"name": name}
    return allocate(tx, NOUN, change(tx, NOUN, row, values), state)


def remove(tx: Transaction, world: World, row: Row) -> None:
    """Remove a cluster without hosts and pools. Raises `InUse`."""
    clear(tx, world, NOUN, row)
