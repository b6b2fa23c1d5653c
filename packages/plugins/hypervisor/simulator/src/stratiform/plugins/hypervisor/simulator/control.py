"""The control interface: what operators and tests ask of the simulator itself."""

from typing import ClassVar, Protocol

import msgspec

from stratiform.api.spec import VmFact
from stratiform.plugins.hypervisor.simulator.hosts import Condition
from stratiform.plugins.hypervisor.simulator.journal import JournalEntry
from stratiform.plugins.hypervisor.simulator.latency import Distribution
from stratiform.plugins.hypervisor.simulator.rule import Rule
from stratiform.plugins.hypervisor.simulator.shape import Shape

CONTROL = "simulator"
"""The resource that stands for the simulator itself; no host has this UUID."""


class HostView(msgspec.Struct, frozen=True, kw_only=True):
    """A simulated host."""

    uuid: str
    url: str
    condition: Condition
    shape: Shape
    vms: tuple[VmFact, ...]
    pools: tuple[str, ...] = ()
    """UUIDs of the pools that it has attached."""


class VolumeView(msgspec.Struct, frozen=True, kw_only=True):
    """A simulated disk."""

    uuid: str
    pool: str
    path: str
    size: int
    """Bytes."""
    host: str | None
    """UUID of the host that runs on it."""
    vm: str | None
    """Name of the virtual machine that runs on it."""


class Everything(msgspec.Struct, frozen=True, kw_only=True):
    """All hosts and all disks, at one instant."""

    hosts: tuple[HostView, ...]
    volumes: tuple[VolumeView, ...]


class Control(Protocol):
    """Steers the simulator; each change is durable when it is answered. A host is named by UUID or URL."""

    VERSION: ClassVar[int] = 1

    def add_rule(self, rule: Rule) -> int:
        """Add a rule; answers its id."""

    def remove_rule(self, rule: int) -> None:
        """Remove a rule; do nothing if there is none with this id."""

    def rules(self) -> list[Rule]:
        """Every rule that is not used up."""

    def set_latency(self, verb: str, latency: Distribution) -> None:
        """Let a verb take time where no rule says otherwise; `*` is every verb that has none of its own."""

    def set_shape(self, host: str, shape: Shape) -> None:
        """What the hosts are made of whose UUID or URL fits; of several that fit, the longest one holds."""

    def crash(self, host: str) -> None:
        """Cut the host's power: its virtual machines stop, nothing is answered."""

    def hang(self, host: str) -> None:
        """Let the host take everything and answer nothing; its virtual machines go on running."""

    def partition(self, host: str) -> None:
        """Lose whatever is sent to the host or by it; its virtual machines go on running."""

    def restore(self, host: str) -> None:
        """Bring the host up again. One that hung now does and answers what it took: aborts first, then in order."""

    def journal(self, host: str = "", since: int = 0, limit: int = 1000) -> list[JournalEntry]:
        """What hosts, or one host by its UUID, were told after entry `since`; the oldest first."""

    def inventory(self) -> Everything:
        """All hosts and all disks."""

    def shutdown(self) -> None:
        """End the simulator's process; what it keeps is there when it is started again, at once if need be."""
