"""Simulated primary storage: pools that every simulated host reaches, of disks that are rows."""

from collections.abc import Sequence
from typing import ClassVar
from urllib.parse import urlsplit

from stratiform.api.spec import PoolFact, PoolSpec, VolumeFact, VolumeSpec
from stratiform.framework.base.errors import Error
from stratiform.plugins.hypervisor.simulator.state import State

CAPACITY = 10 << 40


class PathTaken(Error):
    """At {path} in pool {pool} is another disk, {other}. Choose another path."""

    code = "path_taken"


class ImageMissing(Error):
    """There is no image {image} to make disk {path} from. Choose one that is there."""

    code = "image_missing"


class VolumeInUse(Error):
    """The disk at {path} in pool {pool} is in use by {holder} on host {host}. Stop that first."""

    code = "volume_in_use"


class Storage:
    """The effector `PrimaryStorage` of one host. Whether it attached a pool is remembered, and asked by nobody here."""

    VERSION: ClassVar[int] = 1

    def __init__(self, state: State, host: str) -> None:
        self._state = state
        self._host = host

    def attach(self, pool: PoolSpec) -> PoolFact:
        """Make the pool usable and tell its size."""
        self._state.change("INSERT OR REPLACE INTO pool VALUES (?, ?)", pool.uuid, pool.url)
        self._state.change("INSERT OR IGNORE INTO attached VALUES (?, ?)", self._host, pool.uuid)
        statement = "SELECT coalesce(sum(size), 0) FROM volume WHERE pool = ?"
        return PoolFact(capacity=CAPACITY, used=self._state.first(int, statement, pool.uuid) or 0)

    def detach(self, pool: PoolSpec) -> None:
        """Leave the pool."""
        self._state.change("DELETE FROM attached WHERE host = ? AND pool = ?", self._host, pool.uuid)

    def pools(self) -> Sequence[str]:
        """UUIDs of the pools that the host has attached."""
        return self._state.rows(str, "SELECT pool FROM attached WHERE host = ? ORDER BY pool", self._host)

    def create(self, volume: VolumeSpec) -> VolumeFact:
        """Make the disk; do nothing if it is there.

        Raises `PathTaken` if another disk is at its path. Every image is there, but for those whose URL has a
        host under `.invalid` (RFC 2606): `ImageMissing`.
        """
        statement = "SELECT uuid, path, size FROM volume WHERE pool = ? AND path = ?"
        found = self._state.first(_fact, statement, volume.pool.uuid, volume.path)
        if found and found.uuid != volume.uuid:
            raise PathTaken(path=volume.path, pool=volume.pool.uuid, other=found.uuid)
        if found:
            return found
        if volume.template and (urlsplit(volume.template).hostname or "").endswith(".invalid"):
            raise ImageMissing(image=volume.template, path=volume.path)
        place = (volume.pool.uuid, volume.path)
        self._state.change("INSERT INTO volume VALUES (?, ?, ?, ?)", *place, volume.uuid, volume.size)
        return _fact(volume.uuid, volume.path, volume.size)

    def delete(self, volume: VolumeSpec) -> None:
        """Remove the disk, if there is one. Raises `VolumeInUse` if a virtual machine runs on it."""
        place = (volume.pool.uuid, volume.path)
        statement = "SELECT host, name FROM lease WHERE pool = ? AND path = ?"
        holder = self._state.first(lambda host, name: (host, name), statement, *place)
        if holder:
            raise VolumeInUse(path=volume.path, pool=volume.pool.uuid, holder=holder[1], host=holder[0])
        self._state.change("DELETE FROM volume WHERE pool = ? AND path = ?", *place)


def _fact(uuid: str, path: str, size: int) -> VolumeFact:
    return VolumeFact(uuid=uuid, path=path, size=size)
