"""Servers of empty clouds, one for each test, on each database."""

import contextlib
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.system.running import STRATIFORM

from stratiform.framework.testing.fixtures import database_url
from stratiform.plugins.hypervisor.simulator.provider import simulator
from stratiform.server import bootstrap
from stratiform.server.bootstrap import Settings

__all__ = ["database_url"]


@dataclass(frozen=True)
class Server:
    """A server that runs."""

    port: int
    integration_port: int
    data: Path
    database: str


@pytest.fixture
def server(tmp_path, database_url):
    """A server of a new cloud, in a process of its own."""
    data = tmp_path / "server"
    where = [f"--data={data}", f"--database={database_url}"]
    bootstrap.prepare(Settings(data=data, database=database_url))
    integration = _free()
    command = [STRATIFORM, "server", *where, "--port=0", f"--integration-port={integration}"]
    with open(tmp_path / "log", "w") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        url = process.stdout.readline()
        assert url, (tmp_path / "log").read_text()
        yield Server(int(url.split("/")[2].rpartition(":")[2]), integration, data, database_url)
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()
        process.wait()
        process.stdout.close()
        simulator.retire(data)


def _free():
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]
