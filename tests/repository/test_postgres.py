"""The PostgreSQL of a run of tests: it goes with the run, and who cannot start it is told why."""

import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest
from tests import postgres

HERE = pathlib.Path(postgres.__file__)
SECONDS = 20


@pytest.fixture
def started():
    """The wheel's PostgreSQL lent to a process that waits, and its folder."""
    lent = [sys.executable, "-c", f"import os, time; print(os.environ['{postgres.OTHER}'], flush=True); time.sleep(60)"]
    environment = {name: value for name, value in os.environ.items() if name != postgres.OTHER}
    with subprocess.Popen([sys.executable, HERE, *lent], stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            yield process, pathlib.Path(process.stdout.readline().strip().partition("host=")[2])
        finally:
            process.kill()


@pytest.mark.postgresql
def test_nothing_is_left_of_it_when_its_run_is_killed(started):
    process, home = started
    pid = int((home / "data/postmaster.pid").read_text().split()[0])
    process.send_signal(signal.SIGKILL)
    until = time.monotonic() + SECONDS
    while home.exists() or pathlib.Path(f"/proc/{pid}").exists():
        assert time.monotonic() < until, "it was left behind"
        time.sleep(0.05)


def test_who_names_a_folder_without_one_is_told_so(monkeypatch, tmp_path):
    monkeypatch.setenv(postgres.OTHER, str(tmp_path))
    with pytest.raises(postgres.Missing, match="folder of PostgreSQL's binaries, or a URL"), postgres.server():
        pass


def test_one_that_runs_is_used_by_its_url(monkeypatch):
    monkeypatch.setenv(postgres.OTHER, "postgresql://db/tests")
    with postgres.server() as url:
        assert url == "postgresql://db/tests"
