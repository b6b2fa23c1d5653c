"""Quickstarts as real processes, for tests of whole systems: `quickstart(hosts=4)` answers one that runs."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from stratiform.plugins.hypervisor.simulator.provider import simulator

STRATIFORM = str(Path(sys.executable).with_name("stratiform"))
READY_SECONDS = 60

ON_EACH_DATABASE = pytest.mark.usefixtures("dialect")
"""Marks a test, or a module, whose quickstarts run once on SQLite and once on PostgreSQL."""


class Running:
    """A cloud on a directory: its server may be killed and started again; its simulator outlives it."""

    def __init__(
        self, data: Path, hosts: int = 4, *options: str, program: str = STRATIFORM, database: str = ""
    ) -> None:
        self.data = data
        self.database = database
        """The URL of its database; empty if that is a file in `data`."""
        self.patience = READY_SECONDS
        self.program = program
        self.options = [f"--hosts={hosts}", "--port=0", *options]
        self.ready: dict[str, str] = {}
        self.process: subprocess.Popen[str] | None = None

    url = property(lambda self: self.ready["url"])
    apikey = property(lambda self: self.ready["apikey"])
    secretkey = property(lambda self: self.ready["secretkey"])

    def where(self) -> list[str]:
        """The options that tell any command of ours where the cloud is."""
        return [f"--data={self.data}", *([f"--database={self.database}"] if self.database else [])]

    def command(self) -> list[str]:
        """What starts it."""
        return [self.program, "quickstart", "--json", *self.where(), *self.options]

    def told_ready(self, line: str) -> dict[str, str]:
        """What the line says that it prints when it is ready; ValueError if it is not that line."""
        return dict(json.loads(line))

    def spawn(self) -> "subprocess.Popen[str]":
        """Start the server and wait for nothing."""
        self._forget()
        with open(f"{self.data}.stderr", "a") as err:
            self.process = subprocess.Popen(self.command(), stdout=subprocess.PIPE, stderr=err, text=True)
        return self.process

    def restart(self) -> "Running":
        """Start the server, which must not run, and wait until it is ready."""
        process = self.spawn()
        lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=lambda: lines.put(process.stdout.readline()), daemon=True).start()
        try:
            self.ready = self.told_ready(lines.get(timeout=self.patience))
        except (queue.Empty, ValueError):
            self.kill9()
            pytest.fail(f"it did not become ready:\n{self.told()}")
        return self

    def progress(self) -> str:
        """What it and those before it said on standard error."""
        said = Path(f"{self.data}.stderr")
        return said.read_text() if said.exists() else ""

    def told(self) -> str:
        """What it said on standard error, and its log."""
        log = self.data / "stratiform.log"
        return self.progress() + (log.read_text() if log.exists() else "")

    def kill9(self) -> None:
        """End the server as a power failure would, by its pid; does nothing if it has ended."""
        if self.process is not None and self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
        self._forget()

    def stop(self) -> int:
        """Ask the server to end and answer its exit code; does nothing if it has ended."""
        if self.process is None:
            return 0
        self.process.terminate()
        try:
            code = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill9()
            pytest.fail(f"it did not end when it was asked to:\n{self.told()}")
        self._forget()
        return code

    def close(self) -> None:
        """End the server and its simulator."""
        self.kill9()
        simulator.retire(self.data)

    def _forget(self) -> None:
        if self.process is not None:
            self.process.wait(30)
            self.process.stdout.close()
            self.process = None


class Beside(Running):
    """Another server of a running cloud, on the same machine."""

    def __init__(self, cloud: Running) -> None:
        super().__init__(cloud.data, database=cloud.database)
        self._keys = cloud.ready

    def command(self) -> list[str]:
        """What starts it."""
        return [self.program, "server", "--port=0", *self.where()]

    def told_ready(self, line: str) -> dict[str, str]:
        """It prints its url."""
        if not line.startswith("http://"):
            raise ValueError(line)
        return {**self._keys, "url": line.strip()}


@pytest.fixture
def postgresql_url(request):
    """The URL of an empty PostgreSQL for the one quickstart of a test; empty where it is to run on SQLite."""
    chosen = request.getfixturevalue("dialect") if "dialect" in request.fixturenames else "sqlite"
    return request.getfixturevalue("database_url") if chosen == "postgresql" else ""


@pytest.fixture
def quickstart(tmp_path, postgresql_url):
    """Start a quickstart in a directory of this test; all end with it."""
    started = []

    def start(hosts: int = 4, *options: str, data: Path | None = None, patience: float = READY_SECONDS) -> Running:
        data = data or tmp_path / f"data-{len(started)}"
        started.append(Running(data, hosts, *options, database=postgresql_url))
        started[-1].patience = patience
        return started[-1].restart()

    yield start
    for each in started:
        each.close()


@pytest.fixture(scope="module")
def module_quickstart(tmp_path_factory):
    """One quickstart of four hosts for all tests of a module."""
    running = Running(tmp_path_factory.mktemp("quickstart") / "data")
    try:
        yield running.restart()
    finally:
        running.close()
