"""Operations whose first life is lived, and ended, by a real process."""

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

from stratiform.framework.testing.crashes import Crashes

ROOT = Path(__file__).parents[2]


class Killed(Crashes):
    """Has the first life of each operation lived by a process that gets a signal at the point."""

    def __init__(self, cloud, database, address, folder, *, signal, url=None):
        super().__init__(database)
        self.cloud, self.address, self.folder, self.signal = cloud, address, folder, signal
        self.url, self.seeds = url or database.url, iter(range(1, 1 << 30))
        self.victim = None

    def first_life(self, operation, server, fatal):
        life = {
            "url": self.url,
            "address": self.address,
            "now": self.cloud.clock.now(),
            "seed": next(self.seeds),
            "act": operation.name,
            "it": operation.ask.__self__.it,
            "fatal": fatal,
            "signal": self.signal,
            "data": self.folder,
            "rows": {name: each for name, each in vars(self.cloud.site).items() if name not in ("database", "world")},
            "wide": self.cloud.wide,
            "hosts": self.cloud.hosts,
        }
        self.end()
        file, told = self.folder / "life", self.folder / "told"
        file.write_bytes(pickle.dumps(life))
        with told.open("w") as stdout:
            command = [sys.executable, "-m", "tests.crash.victim", file]
            self.victim = subprocess.Popen(command, cwd=ROOT, stdout=stdout)
        _, status = os.waitpid(self.victim.pid, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            self.victim.returncode = os.waitstatus_to_exitcode(status)
            assert self.victim.returncode in (0, -self.signal)
        return self.victim.returncode != 0, _accepted(told.read_text())

    def end(self):
        """A victim that only stands still is gone for good."""
        if self.victim is not None and self.victim.returncode is None:
            self.victim.kill()
            self.victim.wait()


def _accepted(told):
    """What the process told of what it had accepted, if it came to that."""
    if not told:
        return None
    found = SimpleNamespace(**json.loads(told))
    return found if found.job else "accepted"
