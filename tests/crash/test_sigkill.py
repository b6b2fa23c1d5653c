"""kill -9 of a real process at points chosen by chance: fifty on each database unless `--sample` says otherwise."""

import json
import pickle
import random
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.engine.jobs.operations import MACHINES, Play

from stratiform.framework.agents.socket import serve
from stratiform.framework.base.threads import SystemThreads
from stratiform.framework.testing.crashes import Crashes

ROOT = Path(__file__).parents[2]
ROUNDS = 50
SECONDS = 60


class Killed(Crashes):
    """Has the first life of each operation lived, and ended, by a real process."""

    def __init__(self, cloud, database, address, folder):
        super().__init__(database)
        self.cloud, self.address, self.folder, self.seeds = cloud, address, folder, iter(range(1, 1 << 30))

    def first_life(self, operation, server, fatal):
        life = {
            "url": self.cloud.database.url,
            "address": self.address,
            "now": self.cloud.clock.now(),
            "seed": next(self.seeds),
            "act": operation.name,
            "it": operation.ask.__self__.it,
            "fatal": fatal,
            "data": self.folder,
            "rows": {name: each for name, each in vars(self.cloud.site).items() if name not in ("database", "world")},
            "wide": self.cloud.wide,
            "hosts": self.cloud.hosts,
        }
        file = self.folder / "life"
        file.write_bytes(pickle.dumps(life))
        victim = [sys.executable, "-m", "tests.crash.victim", file]
        done = subprocess.run(victim, cwd=ROOT, stdout=subprocess.PIPE, timeout=SECONDS, check=False)
        assert done.returncode in (0, -signal.SIGKILL), done
        accepted = [SimpleNamespace(**json.loads(line)) for line in done.stdout.splitlines()]
        return done.returncode != 0, accepted[0] if accepted else None


@pytest.fixture
def address(way, tmp_path):
    """Where another process finds the farm."""
    server = serve(f"unix:{tmp_path}/farm", way.farend.receive, SystemThreads())
    yield f"unix:{tmp_path}/farm"
    server.close()


def test_a_process_that_is_killed_at_any_point(cloud, database, address, tmp_path, sample):
    crashes, chance = Killed(cloud, database, address, tmp_path), random.Random(4)
    plays = [Play(cloud, act) for act in MACHINES if not act.wrong]
    points = [(play, point) for play in plays for point in crashes.learn(play.operation())]
    for play, point in chance.choices(points, k=sample or ROUNDS):
        assert crashes.die(play.operation(), point) is not None, f"{play.act.name} did not come by {point}"
