"""Read machines with all that belongs to them, any number in one statement."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import sqlalchemy

from stratiform.api.principal import Role
from stratiform.api.spec import NicSpec, PoolSpec, VmSpec, VolumeSpec
from stratiform.engine.account.table import account
from stratiform.engine.host.jobs.command import Target
from stratiform.engine.host.rules import split
from stratiform.engine.host.table import host
from stratiform.engine.network.table import network, nic
from stratiform.engine.offering.table import service_offering
from stratiform.engine.pool.table import pool
from stratiform.engine.registry import Row
from stratiform.engine.template.table import template
from stratiform.engine.vm.table import vm
from stratiform.engine.volume.table import volume
from stratiform.framework.agents.table import resource
from stratiform.framework.base import errors
from stratiform.framework.db.database import Transaction


def _prefixed(prefix: str, table: sqlalchemy.Table, *names: str) -> list[sqlalchemy.Label[object]]:
    return [table.c[name].label(f"{prefix}_{name}") for name in names]


_EVERYTHING = (
    sqlalchemy.select(
        vm,
        *_prefixed("account", account, "role", "uuid"),
        *_prefixed("offering", service_offering, "host_tags"),
        *_prefixed("resource", resource, "uuid", "transport", "address", "location"),
        *_prefixed("host", host, "cluster_id", "pod_id"),
        *_prefixed("nic", nic, "id", "uuid", "device", "mac", "ip4", "is_default", "network_id"),
        *_prefixed("nic", nic, "gateway", "netmask"),
        *_prefixed("network", network, "uuid", "name", "gateway", "netmask", "broadcast_uri", "by_pod"),
        *_prefixed("volume", volume, "id", "uuid", "generation", "state", "name", "size", "device", "path"),
        *_prefixed("pool", pool, "uuid", "url", "cluster_id"),
        template.c.url.label("template_url"),
    )
    .select_from(vm)
    .join(account, account.c.id == vm.c.account_id)
    .join(service_offering, service_offering.c.id == vm.c.service_offering_id)
    .join(host, host.c.id == vm.c.host_id, isouter=True)
    .join(resource, resource.c.id == vm.c.host_id, isouter=True)
    .join(nic, sqlalchemy.and_(nic.c.vm_id == vm.c.id, nic.c.removed.is_(None)), isouter=True)
    .join(network, network.c.id == nic.c.network_id, isouter=True)
    .join(volume, sqlalchemy.and_(volume.c.vm_id == vm.c.id, volume.c.removed.is_(None)), isouter=True)
    .join(pool, pool.c.id == volume.c.pool_id, isouter=True)
    .join(template, template.c.id == volume.c.template_id, isouter=True)
    .where(vm.c.id.in_(sqlalchemy.bindparam("ids", expanding=True)))
    .order_by(vm.c.id, nic.c.device, volume.c.device)
)


@dataclass(frozen=True)
class Machine:
    """A virtual machine with its host, its network cards and its volumes, as one transaction sees them."""

    row: Row
    nics: dict[int, Row] = field(default_factory=dict)
    volumes: dict[int, Row] = field(default_factory=dict)

    @property
    def member(self) -> tuple[int, str, int]:
        """What a guarded transition starts from."""
        return self.row.id, self.row.state, self.row.generation

    @property
    def host(self) -> Target:
        """The host that it is placed on. Raises `Conflict` if there is none."""
        if self.row.resource_uuid is None:
            raise errors.Conflict(
                kind="virtual machine", id=self.row.uuid, state=self.row.state, action="a command to its host"
            )
        return Target(
            uuid=self.row.resource_uuid,
            transport=self.row.resource_transport,
            address=self.row.resource_address,
            location=self.row.resource_location,
        )

    @property
    def run_name(self) -> str:
        """What this run of it is called on its host: a command to an older run finds nothing."""
        return f"{self.row.instance_name}.{self.row.run}"

    @property
    def clusters(self) -> frozenset[int]:
        """The clusters that its disks tie it to: no host of another reaches them."""
        return frozenset(each.pool_cluster_id for each in self.volumes.values() if each.pool_cluster_id is not None)

    @property
    def tags(self) -> frozenset[str]:
        """The tags that its offering wants of a host."""
        return split(self.row.offering_host_tags)

    @property
    def is_roots(self) -> bool:
        """Whether it belongs to an administrator of everything, who may use what is closed for tenants."""
        return bool(self.row.account_role == Role.ADMIN)

    @property
    def claim(self) -> tuple[int, int, int, int]:
        """What it takes of its host."""
        return self.claim_on(self.row.host_id)

    def claim_on(self, host: int) -> tuple[int, int, int, int]:
        """What it takes of a host."""
        return host, self.row.cpus * self.row.speed, self.row.memory, 1

    def spec(self) -> VmSpec:
        """The machine as a hypervisor starts it."""
        return VmSpec(
            uuid=self.row.uuid,
            name=self.run_name,
            cpus=self.row.cpus,
            speed=self.row.speed,
            memory=self.row.memory,
            nics=tuple(_nic(each) for each in self.nics.values()),
            volumes=tuple(_volume(each) for each in self.volumes.values()),
        )


def machines(tx: Transaction, ids: Iterable[int]) -> Mapping[int, Machine]:
    """These machines by id; a removed one is there too."""
    found: dict[int, Machine] = {}
    wanted = sorted(set(ids))
    for row in tx.execute(_EVERYTHING, {"ids": wanted}) if wanted else ():
        machine = found.setdefault(row.id, Machine(row))
        if row.nic_id is not None:
            machine.nics.setdefault(row.nic_id, row)
        if row.volume_id is not None:
            machine.volumes.setdefault(row.volume_id, row)
    return found


def machine(tx: Transaction, id: int) -> Machine:
    """One machine. Raises `NotFound` if it is gone."""
    found = machines(tx, [id]).get(id)
    if found is None or found.row.removed is not None:
        raise errors.NotFound(kind="virtual machine", key="id", value=id)
    return found


def _nic(row: Row) -> NicSpec:
    return NicSpec(
        uuid=row.nic_uuid,
        device=row.nic_device,
        mac=row.nic_mac,
        ip4=row.nic_ip4,
        netmask=row.nic_netmask or row.network_netmask,
        gateway=row.nic_gateway or row.network_gateway,
        network=row.network_uuid,
        broadcast=row.network_broadcast_uri,
        default=row.nic_is_default,
    )


def _volume(row: Row) -> VolumeSpec:
    return VolumeSpec(
        uuid=row.volume_uuid,
        name=row.volume_name,
        pool=PoolSpec(uuid=row.pool_uuid, url=row.pool_url),
        path=row.volume_path,
        size=row.volume_size,
        device=row.volume_device,
        template=row.template_url,
    )
