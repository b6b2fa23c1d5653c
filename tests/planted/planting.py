"""Carry out tests on the code as it is, or on a copy of it with a bug planted."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.planted.bug import ROOT, Bug

LIMIT = 120
"""Seconds after which the tests of a bug are ended; most take less than five."""

SLIP = re.compile(r"\b(SyntaxError|NameError|UnboundLocalError|ImportError)\b|syntax error|unrecognized token")
"""What is told of code that cannot work at all: no test is needed to notice that."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What became of tests."""

    outcomes: dict[str, str]
    """`passed` or `failed` of each test that was carried out, by its node's id."""
    ended: bool
    """False if they had to be ended."""
    seconds: float
    output: str

    def failed(self, test: str) -> bool:
        """Whether a test failed on any of what it runs with."""
        return "failed" in self._of(test)

    def passed(self, test: str) -> bool:
        """Whether a test was carried out and passed on everything that it runs with."""
        return set(self._of(test)) == {"passed"}

    @property
    def slip(self) -> str | None:
        """What tells that the code is no code any more, if something does."""
        found = SLIP.search(self.output)
        return found and found[0]

    def _of(self, test: str) -> list[str]:
        return [how for node, how in self.outcomes.items() if node == test or node.startswith(f"{test}[")]


def plant(bug: Bug, folder: Path) -> list[Path]:
    """Copy the distributions that a bug concerns into a folder, with the bug; answers what goes before the installed.

    `stratiform` is a namespace and each layer below it a package, so the first folder of the path that has a layer has
    all of it.
    """
    for package in {edit.package for edit in bug.edits}:
        shutil.copytree(ROOT / "packages" / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    for edit in bug.edits:
        file = folder / edit.file
        file.write_text(edit.apply(file.read_text()))
    return sorted({folder / edit.package for edit in bug.edits})


def carry_out(
    tests: Iterable[str],
    folder: Path,
    *,
    databases: str,
    before: Sequence[Path] = (),
    modules: Iterable[str] = (),
    limit: int = LIMIT,
) -> Found:
    """Run tests in a process of their own, with some folders before what is installed.

    Each of `modules` must be found there, or nothing is run.
    """
    report = folder / "report"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "tests.planted.witness"]
    command += [f"--report={report}", f"--databases={databases}", *(f"--planted={each}" for each in modules)]
    path = os.pathsep.join(map(str, [*before, ROOT]))
    environment = os.environ | {"PYTHONPATH": path}
    began = time.monotonic()
    with (folder / "output").open("w+") as output:
        process = subprocess.Popen(
            [*command, *tests], cwd=ROOT, env=environment, stdout=output, stderr=output, start_new_session=True
        )
        ended = _wait(process, limit)
        seconds = time.monotonic() - began
        output.seek(0)
        told = output.read()
    lines = report.read_text().splitlines() if report.exists() else []
    return Found(outcomes=dict(map(json.loads, lines)), ended=ended, seconds=seconds, output=told)


def _wait(process: subprocess.Popen[bytes], limit: int) -> bool:
    try:
        process.wait(limit)
    except subprocess.TimeoutExpired:
        return False
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # its own group: whatever its tests started and left
        process.wait()
    return True
