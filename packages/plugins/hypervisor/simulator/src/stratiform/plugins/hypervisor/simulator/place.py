"""Where the simulator of a directory keeps its files, and where it listens."""

import fcntl
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stratiform.framework.agents.socket import parse

LONGEST = 100
"""Bytes of a Unix socket's path that every system takes (108 on Linux, 104 elsewhere, with the end mark)."""


class Place:
    """The files of the simulator that serves one directory."""

    def __init__(self, data: Path) -> None:
        self.data = data.resolve()
        self.state = self.data / "simulator.db"
        self.log = self.data / "simulator.log"
        self.pid = self.data / "simulator.pid"

    def address(self) -> str:
        """Where the simulator listens, whether or not it does now; the same for every process.

        If the directory's path is too long for a socket, that is a short directory, written down beside.
        """
        near = self.data / "simulator.sock"
        if len(os.fsencode(near)) <= LONGEST:
            return f"unix:{near}"
        with self.locked("simulator.address.lock"):
            record = self.data / "simulator.address"
            if not record.exists() or not Path(record.read_text()).is_dir():
                record.write_text(tempfile.mkdtemp(prefix="stratiform-"))
            return f"unix:{record.read_text()}/simulator.sock"

    def forget(self) -> None:
        """Remove what a simulator left, but for its log and the locks; for whoever holds those."""
        sock = Path(self.address().removeprefix("unix:"))
        for each in (*self.data.glob("simulator.db*"), self.pid, self.data / "simulator.address", sock):
            each.unlink(missing_ok=True)
        if sock.parent != self.data:
            sock.parent.rmdir()

    def serves(self) -> bool:
        """Whether a simulator listens."""
        family, where = parse(self.address())
        with socket.socket(family, socket.SOCK_STREAM) as sock:
            return sock.connect_ex(where) == 0

    @contextmanager
    def locked(self, name: str) -> Iterator[None]:
        """Hold a lock that only one process has at a time, and that ends with it."""
        self.data.mkdir(parents=True, exist_ok=True)
        with open(self.data / name, "a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
