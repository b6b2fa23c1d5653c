"""A simulated host: runs virtual machines that are rows, under the locks that real storage would hold."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from stratiform.api.adapters.hypervisor import NotRunning, Peer
from stratiform.api.spec import HostFact, Inventory, VmFact, VmSpec, VolumeFact
from stratiform.framework.base.errors import Error
from stratiform.plugins.hypervisor.simulator.shape import Shape
from stratiform.plugins.hypervisor.simulator.state import State

HYPERVISOR = "simulator 1"
UP = "up"


class VolumeMissing(Error):
    """There is no disk at {path} in pool {pool}, and {vm} needs it. Create it first."""

    code = "volume_missing"


class VolumeLocked(Error):
    """{vm} cannot start: {lock} is locked by {holder} on host {host}. It starts once that one is stopped."""

    code = "volume_locked"


class PeerSilent(Error):
    """{vm} cannot move to host {host}: that is {condition}. It runs on here; choose another host, or restore that."""

    code = "peer_silent"


class Host:
    """The effector `Hypervisor` of one simulated host."""

    VERSION: ClassVar[int] = 1

    def __init__(self, state: State, uuid: str, shape: Callable[[], Shape]) -> None:
        self._state = state
        self._uuid = uuid
        self._shape = shape

    def describe(self) -> HostFact:
        """What the host is made of."""
        shape = self._shape()
        return HostFact(
            cpus=shape.cpus, speed=shape.speed, memory=shape.memory, hypervisor_version=HYPERVISOR
        )

    def start(self, vm: VmSpec) -> VmFact:
        """Run the virtual machine; do nothing if it already runs under this name.

        Raises `VolumeMissing` or `VolumeLocked`; a machine without disks is locked by its UUID.
        """
        running = self._find(vm.name)
        if running:
            return running
        self._check_there(vm)
        locks = [(volume.pool.uuid, volume.path) for volume in vm.volumes] or [("", vm.uuid)]
        for pool, path in locks:
            self._check_free(vm, pool, path)
        for pool, path in locks:
            self._state.change("INSERT INTO lease VALUES (?, ?, ?, ?)", pool, path, self._uuid, vm.name)
        self._state.change("INSERT INTO vm VALUES (?, ?, ?)", self._uuid, vm.name, vm.uuid)
        return _fact(vm.uuid, vm.name)

    def stop(self, name: str, forced: bool = False) -> None:
        """Stop the virtual machine of this name, if there is one."""
        self._state.change("DELETE FROM vm WHERE host = ? AND name = ?", self._uuid, name)
        self._state.change("DELETE FROM lease WHERE host = ? AND name = ?", self._uuid, name)

    def reboot(self, name: str) -> VmFact:
        """Reset the virtual machine; raises `NotRunning` if there is none of this name."""
        running = self._find(name)
        if running is None:
            raise NotRunning(name=name)
        return running

    def receive(self, vm: VmSpec) -> None:
        """See that its disks are there. Raises `VolumeMissing`."""
        self._check_there(vm)

    def migrate(self, name: str, to: Peer) -> None:
        """Move the virtual machine and its locks at one instant, once the time that a `migrate` takes has passed.

        Raises `NotRunning`, or `PeerSilent` if the other host was never named or is not up.
        """
        if self._find(name) is None:
            if self._state.first(int, "SELECT 1 FROM vm WHERE host = ? AND name = ?", to.uuid, name) is None:
                raise NotRunning(name=name)
            return
        condition = self._state.first(str, "SELECT condition FROM host WHERE uuid = ?", to.uuid) or "unknown"
        if condition != UP:
            raise PeerSilent(vm=name, host=to.uuid, condition=condition)
        for table in ("vm", "lease"):
            self._state.change(f"UPDATE {table} SET host = ? WHERE host = ? AND name = ?", to.uuid, self._uuid, name)

    def stay(self, name: str) -> bool:
        """Whether it runs here; the performer broke off what was moving it."""
        return self._find(name) is not None

    def inventory(self) -> Inventory:
        """Every virtual machine on the host, and the disks they use."""
        statement = (
            "SELECT volume.uuid, path, size FROM lease JOIN volume USING (pool, path)"
            " WHERE host = ? ORDER BY path"
        )
        disks = self._state.rows(_disk, statement, self._uuid)
        return Inventory(vms=tuple(self.vms()), volumes=tuple(disks))

    def vms(self) -> Sequence[VmFact]:
        """Every virtual machine on the host."""
        return self._state.rows(_fact, "SELECT uuid, name FROM vm WHERE host = ? ORDER BY name", self._uuid)

    def lose_power(self) -> None:
        """Stop every virtual machine at once, and be attached to no pool."""
        self._state.change("DELETE FROM vm WHERE host = ?", self._uuid)
        self._state.change("DELETE FROM lease WHERE host = ?", self._uuid)
        self._state.change("DELETE FROM attached WHERE host = ?", self._uuid)

    def _find(self, name: str) -> VmFact | None:
        statement = "SELECT uuid, name FROM vm WHERE host = ? AND name = ?"
        return self._state.first(_fact, statement, self._uuid, name)

    def _check_there(self, vm: VmSpec) -> None:
        statement = "SELECT 1 FROM volume WHERE pool = ? AND path = ?"
        for volume in vm.volumes:
            if self._state.first(int, statement, volume.pool.uuid, volume.path) is None:
                raise VolumeMissing(vm=vm.name, pool=volume.pool.uuid, path=volume.path)

    def _check_free(self, vm: VmSpec, pool: str, path: str) -> None:
        statement = "SELECT host, name FROM lease WHERE pool = ? AND path = ?"
        holder = self._state.first(lambda host, name: (host, name), statement, pool, path)
        if holder:
            lock = f"disk {path} in pool {pool}" if pool else f"virtual machine {path}"
            raise VolumeLocked(vm=vm.name, lock=lock, holder=holder[1], host=holder[0])


def _fact(uuid: str, name: str) -> VmFact:
    return VmFact(uuid=uuid, name=name, running=True)


def _disk(uuid: str, path: str, size: int) -> VolumeFact:
    return VolumeFact(uuid=uuid, path=path, size=size)
