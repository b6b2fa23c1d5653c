"""The primary storage adapter: keeps the disks of virtual machines."""

from typing import ClassVar, Protocol

from stratiform.api.spec import PoolFact, PoolSpec, VolumeFact, VolumeSpec


class PrimaryStorage(Protocol):
    """Keeps disks in pools. Every method may be called twice and returns once its effect is verified.

    It may be asked to end early, by `stratiform.framework.agents.abort`: it ends as it would have, or raises `Aborted`
    as if it had never been called.
    """

    VERSION: ClassVar[int] = 1

    def attach(self, pool: PoolSpec) -> PoolFact:
        """Make the pool usable from this host and tell its size."""

    def detach(self, pool: PoolSpec) -> None:
        """Return once the pool is not used from this host any more; what is in it stays as it is."""

    def create(self, volume: VolumeSpec) -> VolumeFact:
        """Make the disk at its path, from its template if it has one; do nothing if it is there."""

    def delete(self, volume: VolumeSpec) -> None:
        """Return once there is no disk at its path."""
