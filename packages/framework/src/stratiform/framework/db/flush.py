"""One sync of SQLite's write-ahead log for everybody who committed before it began."""

import os
import threading


class DiskFailed(OSError):
    """The disk did not take what was committed: nothing more may be written by this process."""


class Flush:
    """Makes what was committed durable, on a database whose commits do not wait for the disk.

    SQLite's own `synchronous=FULL` syncs the log (https://sqlite.org/wal.html) while it holds the one lock to write;
    here the lock is free by then, and of those who wait for the disk one syncs for all. The log is read from its
    beginning after a loss of power, up to the first frame that is not whole: so whatever a transaction found is durable
    before what it wrote, and before it has ended if it wrote nothing.

    A sync that failed is not tried again: the system may have forgotten what it could not write.
    """

    def __init__(self, path: str) -> None:
        self._path = f"{os.path.realpath(path)}-wal"  # as SQLite names it
        self._turn = threading.Condition()
        self._commits = self._done = 0
        self._syncing = False
        self._failed: OSError | None = None

    def check(self) -> None:
        """Raise `DiskFailed` if a sync failed."""
        if self._failed is not None:
            raise DiskFailed(*self._failed.args) from self._failed

    def note(self, wrote: bool) -> int:
        """Count a commit, while the lock to write is still held; what is to be durable before it counts."""
        with self._turn:
            self._commits += wrote
            return self._commits

    def until(self, upto: int) -> None:
        """Return once so many commits are durable. Raises `DiskFailed`."""
        with self._turn:
            while self._syncing and self._done < upto:
                self._turn.wait()
            self.check()
            if self._done >= upto:
                return
            self._syncing, upto = True, self._commits
        try:
            self._sync()
        except OSError as error:
            self._failed = error
        with self._turn:
            self._done = self._done if self._failed else upto
            self._syncing = False
            self._turn.notify_all()
        self.check()

    def _sync(self) -> None:
        try:
            file = os.open(self._path, os.O_RDONLY)
        except FileNotFoundError:
            return  # the last connection was closed: what was in the log is in the database, synced
        try:
            os.fsync(file)
        finally:
            os.close(file)
