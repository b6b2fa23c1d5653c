"""The simulator as a hypervisor of the cloud."""

from pathlib import Path

from stratiform.api.adapters.hypervisor import Route
from stratiform.api.spec import HostSpec
from stratiform.plugins.hypervisor.simulator import process
from stratiform.plugins.hypervisor.simulator.place import Place


class SimulatorProvider:
    """A `HypervisorProvider`: all hosts of type `Simulator` live in one process, which outlives the servers.

    A host's URL is a name and nothing more: it is never contacted.
    """

    name = "Simulator"
    order = 900

    def prepare(self, data: Path) -> None:
        """Start the simulator unless it already serves; may be called by many servers at once."""
        process.start(data)

    def retire(self, data: Path) -> None:
        """End the simulator of the directory, if there is one, and let its hosts and disks be gone."""
        process.stop(data)

    def route(self, host: HostSpec, data: Path) -> Route:
        """The one socket of all simulated hosts."""
        return Route(transport="socket", address=Place(data).address())


simulator = SimulatorProvider()
