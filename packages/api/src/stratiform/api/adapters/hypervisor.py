"""The hypervisor adapter: runs virtual machines on one host."""

from pathlib import Path
from typing import ClassVar, Protocol

from stratiform.api.spec import HostFact, HostSpec, Inventory, Spec, VmFact, VmSpec
from stratiform.framework.base.errors import Error


class NotRunning(Error):
    """No virtual machine named {name} runs here. Look in the inventory for what does, or start it."""

    code = "not_running"


class Hypervisor(Protocol):
    """Runs virtual machines on one host. A method may be called twice; it blocks until its effect is seen.

    Runs at the far end of a channel: it sees no database and calls nobody.
    """

    VERSION: ClassVar[int] = 1

    def describe(self) -> HostFact:
        """What the host is made of."""

    def start(self, vm: VmSpec) -> VmFact:
        """Return once the virtual machine runs; do nothing if it already does under this name."""

    def stop(self, name: str, forced: bool = False) -> None:
        """Return once no virtual machine of this name runs; `forced` cuts its power instead of asking it."""

    def reboot(self, name: str) -> VmFact:
        """Reset the running virtual machine; raises `NotRunning` if there is none of this name."""

    def inventory(self) -> Inventory:
        """Every virtual machine on the host."""


class Route(Spec, frozen=True, kw_only=True):
    """How a host's far end is reached."""

    transport: str
    """A name in `World.transports`, for example `socket`."""
    address: str
    """In the words of the transport, for example `unix:/run/stratiform/simulator.sock`."""


class HypervisorProvider(Protocol):
    """What a hypervisor plug-in registers in `stratiform.hypervisor`, under the name that the wire shows."""

    name: str
    """The hypervisor type as CloudStack spells it, for example `Simulator` or `KVM`."""
    order: int

    def prepare(self, data: Path) -> None:
        """Start what it needs beside the server, unless that is there; `data` is a folder of its own."""

    def route(self, host: HostSpec, data: Path) -> Route:
        """Where the far end of this host is. Never contacts it."""

    def retire(self, data: Path) -> None:
        """End what `prepare` started there and forget its hosts; do nothing where there is nothing."""
