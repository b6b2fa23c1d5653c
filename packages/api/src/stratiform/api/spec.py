"""Specs: what plug-ins are told of the cloud's objects, frozen and serialisable; and facts, their answers."""

import msgspec


class Spec(msgspec.Struct, frozen=True):
    """A value that crosses to a plug-in or a host."""


class NicSpec(Spec, frozen=True, kw_only=True):
    """A network card of a virtual machine."""

    uuid: str
    device: int
    mac: str
    ip4: str | None = None
    netmask: str | None = None
    gateway: str | None = None
    network: str
    """UUID of the network."""
    broadcast: str
    """How the network is told apart on the wire, for example `vlan://100` or `vlan://untagged`."""
    default: bool = True


class PoolSpec(Spec, frozen=True, kw_only=True):
    """A primary storage pool."""

    uuid: str
    url: str
    """For example `nfs://server/path`."""


class VolumeSpec(Spec, frozen=True, kw_only=True):
    """A disk of a virtual machine."""

    uuid: str
    name: str
    pool: PoolSpec
    path: str
    """Where the disk is in its pool."""
    size: int
    """Bytes."""
    device: int
    template: str | None = None
    """The image that it is made from, in the words of the image store; nothing for an empty disk."""


class VmSpec(Spec, frozen=True, kw_only=True):
    """A virtual machine as a hypervisor starts it."""

    uuid: str
    name: str
    """Unique for this run of it, for example `i-2-42-VM.18`: an older run's name finds nothing."""
    cpus: int
    speed: int
    """MHz of one processor."""
    memory: int
    """MiB."""
    nics: tuple[NicSpec, ...] = ()
    volumes: tuple[VolumeSpec, ...] = ()


class VmFact(Spec, frozen=True, kw_only=True):
    """A virtual machine that a host has."""

    uuid: str
    name: str
    running: bool


class VolumeFact(Spec, frozen=True, kw_only=True):
    """A disk that a pool has."""

    uuid: str
    path: str
    size: int
    """Bytes."""


class HostFact(Spec, frozen=True, kw_only=True):
    """What a host is made of."""

    cpus: int
    speed: int
    """MHz of one processor."""
    memory: int
    """Bytes."""
    hypervisor_version: str
    capabilities: tuple[str, ...] = ()


class Inventory(Spec, frozen=True, kw_only=True):
    """Everything that a host has now."""

    vms: tuple[VmFact, ...]
    volumes: tuple[VolumeFact, ...] = ()


class HostSpec(Spec, frozen=True, kw_only=True):
    """A host as plug-ins are told of it."""

    uuid: str
    name: str
    url: str
    hypervisor: str
    zone: str
    pod: str
    cluster: str


class PoolFact(Spec, frozen=True, kw_only=True):
    """How large a storage pool is."""

    capacity: int
    """Bytes."""
    used: int
    """Bytes."""
