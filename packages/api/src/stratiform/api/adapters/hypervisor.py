"""The hypervisor adapter: runs virtual machines on one host."""

from pathlib import Path
from typing import ClassVar, Protocol

from stratiform.api.spec import HostFact, HostSpec, Inventory, Spec, VmFact, VmSpec
from stratiform.framework.base.errors import Error


class NotRunning(Error):
    """No virtual machine named {name} runs here. Look in the inventory for what does, or start it."""

    code = "not_running"


class Peer(Spec, frozen=True, kw_only=True):
    """Another host of the same kind, as a host finds it."""

    uuid: str
    url: str


class Hypervisor(Protocol):
    """Runs virtual machines on one host. A method may be called twice; it blocks until its effect is seen.

    Runs at the far end of a channel: it sees no database and calls nobody. A method may be asked to end early, by
    `stratiform.framework.agents.abort`: it ends as it would have, or raises `Aborted` as if it had never been called.
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

    def receive(self, vm: VmSpec) -> None:
        """Return once the virtual machine can be moved here; raise if it cannot. Nothing runs for it yet.

        What is made ready does no harm if it never comes. Do nothing if it runs here under this name.
        """

    def migrate(self, name: str, to: Peer) -> None:
        """Return once the virtual machine of this name runs at `to`, under the same name, and not here.

        It runs all the while, on one host at a time. Do nothing if it moved there already, and wait if it is on its
        way; raises `NotRunning` if it runs neither here nor there. After any other error it may be at either: `stay`
        decides that.
        """

    def stay(self, name: str) -> bool:
        """Return once nothing moves the virtual machine of this name away any more: whether it runs here.

        A move that is under way is broken off, or waited for if it cannot be. After True it runs here, and no earlier
        `migrate` takes it away; after False it runs where it was to move to, or nowhere.
        """

    def inventory(self) -> Inventory:
        """Every virtual machine on the host; one that is on its way here does not run here yet."""


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
