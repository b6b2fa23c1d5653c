"""Proof that no other process lives: an exclusive lock on a file beside an embedded database."""

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

from stratiform.framework.base import errors


class AlreadyRunning(errors.Error):
    """Another process ({pid}) already runs on {path}. Stop it first, or use PostgreSQL for several."""

    code = "already_running"


@dataclass(frozen=True)
class Alone:
    """The lock, held until it is released or the process ends, however it ends."""

    path: Path
    descriptor: int

    def release(self) -> None:
        """Let another process run."""
        os.close(self.descriptor)


def alone(path: Path) -> Alone:
    """Prove that this process is the only one on the database file `path`. Raises `AlreadyRunning`.

    The kernel gives the lock back when the process dies, so there is nothing to clean up. A child made by
    fork without exec would hold it on: start children with spawn.
    """
    lock = path.with_name(path.name + ".lock")
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as held:
        pid = os.pread(descriptor, 20, 0).decode().strip() or "unknown"
        os.close(descriptor)
        raise AlreadyRunning(path=str(path), pid=pid) from held
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
    return Alone(path, descriptor)
