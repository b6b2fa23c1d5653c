"""Steering: carries out what the control interface asks for."""

from collections.abc import Callable
from typing import ClassVar

from stratiform.plugins.hypervisor.simulator.control import Everything, HostView, VolumeView
from stratiform.plugins.hypervisor.simulator.hosts import Condition
from stratiform.plugins.hypervisor.simulator.journal import JournalEntry
from stratiform.plugins.hypervisor.simulator.latency import Distribution
from stratiform.plugins.hypervisor.simulator.rule import Rule
from stratiform.plugins.hypervisor.simulator.shape import Shape
from stratiform.plugins.hypervisor.simulator.simulator import Simulator


class Steering:
    """`Control` over one simulator; on the clerk's thread only."""

    VERSION: ClassVar[int] = 1

    def __init__(self, simulator: Simulator, retire: Callable[[], None]) -> None:
        """`retire` keeps anybody else from finding the simulator, which is about to end."""
        self._simulator = simulator
        self._retire = retire

    def add_rule(self, rule: Rule) -> int:
        """Add a rule."""
        return self._simulator.rules.add(rule)

    def remove_rule(self, rule: int) -> None:
        """Remove a rule."""
        self._simulator.rules.remove(rule)

    def rules(self) -> list[Rule]:
        """Every rule."""
        return list(self._simulator.rules.list())

    def set_latency(self, verb: str, latency: Distribution) -> None:
        """Let a verb take time."""
        self._simulator.latencies.put(verb, latency)

    def set_shape(self, host: str, shape: Shape) -> None:
        """Shape hosts."""
        self._simulator.shapes.put(host, shape)

    def crash(self, host: str) -> None:
        """Cut the host's power."""
        self._simulator.put(host, Condition.CRASHED)

    def hang(self, host: str) -> None:
        """Hang the host."""
        self._simulator.put(host, Condition.HUNG)

    def partition(self, host: str) -> None:
        """Cut the host off."""
        self._simulator.put(host, Condition.PARTITIONED)

    def restore(self, host: str) -> None:
        """Bring the host up."""
        self._simulator.put(host, Condition.UP)

    def journal(self, host: str = "", since: int = 0, limit: int = 1000) -> list[JournalEntry]:
        """What hosts were told."""
        return list(self._simulator.journal.read(host, since, limit))

    def inventory(self) -> Everything:
        """All hosts and all disks."""
        hosts = tuple(
            HostView(
                uuid=known.uuid,
                url=known.url,
                condition=known.condition,
                shape=self._simulator.shapes.of(known.uuid, known.url),
                vms=tuple(known.host.vms()),
                pools=tuple(known.storage.pools()),
            )
            for known in self._simulator.hosts
        )
        statement = (
            "SELECT volume.uuid, pool, path, size, host, name"
            " FROM volume LEFT JOIN lease USING (pool, path) ORDER BY pool, path"
        )
        return Everything(hosts=hosts, volumes=tuple(self._simulator.state.rows(_volume, statement)))

    def shutdown(self) -> None:
        """End the process; whoever looks for it afterwards finds that it does not listen."""
        self._retire()
        self._simulator.clerk.close()


def _volume(uuid: str, pool: str, path: str, size: int, host: str | None, vm: str | None) -> VolumeView:
    return VolumeView(uuid=uuid, pool=pool, path=path, size=size, host=host, vm=vm)
