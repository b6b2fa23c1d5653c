"""The network adapters: an adviser that plans a network, an effector that makes a host agree with it."""

from enum import StrEnum
from typing import ClassVar, Protocol

from stratiform.api.spec import NicSpec, Spec


class Direction(StrEnum):
    """Which way traffic goes, seen from the virtual machine."""

    INGRESS = "ingress"
    EGRESS = "egress"


class Rule(Spec, frozen=True, kw_only=True):
    """Traffic that is let through: where there are rules for a direction, all other traffic is stopped."""

    uuid: str
    direction: Direction
    protocol: str
    """`tcp`, `udp`, `icmp` or `all`."""
    cidr: str
    """The other side, for example `0.0.0.0/0`."""
    first: int | None = None
    """The lowest port, for protocols that have them; None is every port."""
    last: int | None = None


class Port(Spec, frozen=True, kw_only=True):
    """A card that is on a network, and the host where it is plugged in."""

    host: str
    """UUID of the host."""
    vm: str
    """The name of the virtual machine's run."""
    nic: NicSpec


class NetworkSpec(Spec, frozen=True, kw_only=True):
    """The whole of a network as it should be now."""

    uuid: str
    name: str
    version: int
    """Rises with every change of the network, its cards or its rules."""
    broadcast: str
    """How the network is told apart on the wire, for example `vlan://100`."""
    cidr: str
    gateway: str
    ports: tuple[Port, ...] = ()
    rules: tuple[Rule, ...] = ()


class HostNetworkDoc(Spec, frozen=True, kw_only=True):
    """The whole of what one host shall have of one network: what is not in it is not there."""

    host: str
    """UUID of the host."""
    network: str
    """UUID of the network."""
    version: int
    """`NetworkSpec.version`; it orders the documents of one network."""
    broadcast: str
    ports: tuple[Port, ...] = ()
    """None takes the network away from the host."""
    rules: tuple[Rule, ...] = ()


class Appliance(Spec, frozen=True, kw_only=True):
    """A virtual machine that serves the network: data, which the stage `vm` starts like any other."""

    role: str
    """What it is to the network, for example `router`; one of each role."""
    cpus: int
    memory: int
    """MiB."""
    nics: tuple[NicSpec, ...] = ()


class NetworkPlan(Spec, frozen=True, kw_only=True):
    """What should be, for a network to work as it is specified."""

    network: str
    version: int
    """Of the network that was planned."""
    documents: tuple[HostNetworkDoc, ...]
    """One for each host with a port, in the order of their hosts."""
    rules: tuple[Rule, ...] = ()
    """The whole set that the documents and appliances enforce: one that is absent is enforced by nobody."""
    appliances: tuple[Appliance, ...] = ()


class Applied(Spec, frozen=True, kw_only=True):
    """What a host has of one network now."""

    network: str
    version: int
    """In force; above the document's where that was an older one."""
    macs: tuple[str, ...]
    """The cards that are plugged in, sorted."""


class NetworkElement(Protocol):
    """Plans networks. Pure: the same network gives the same plan, nothing is read and nothing is sent."""

    name: str
    order: int

    def plan(self, network: NetworkSpec) -> NetworkPlan:
        """What should be. Each port is in the document of its host and in no other."""


class HostNetwork(Protocol):
    """Makes one host agree with documents: level-triggered, so only the newest one matters.

    Runs at the far end of a channel: it sees no database and calls nobody.
    """

    VERSION: ClassVar[int] = 1

    def apply(self, doc: HostNetworkDoc) -> Applied:
        """Return once the host is as the document says; an older one than is in force changes nothing.

        May be called twice. Documents of different networks do not touch each other.
        """
