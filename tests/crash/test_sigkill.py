"""kill -9 of a real process at points chosen by chance: a hundred on each database, or a third of `--sample`."""

import random
import signal
import time
from collections import Counter

import pytest
import sqlalchemy
from tests.crash.killed import Killed
from tests.engine.jobs.operations import ACTS, Play

from stratiform.framework.agents.socket import serve
from stratiform.framework.base.threads import SystemThreads
from stratiform.framework.testing.crash_points import Side, What

ROUNDS = 100
LOCKING = ("deploy", "destroy", "add host", "maintenance")
"""What is tried with processes that stand still in a transaction instead."""
OPEN = sqlalchemy.text(
    "SELECT 1 FROM pg_stat_activity WHERE state = 'idle in transaction'"
    " AND application_name = current_setting('application_name')"
)
"""The transactions on this database of whoever does nothing in them."""
PATIENCE = 20
FROZEN = 5
"""How many of those, of each."""
SILENCE = "-cidle_in_transaction_session_timeout=2s"
"""What PostgreSQL bears with from them: less than usual, so that the test need not wait as long."""


@pytest.fixture
def address(way, tmp_path):
    """Where another process finds the farm."""
    server = serve(f"unix:{tmp_path}/farm", way.farend.receive, SystemThreads())
    yield f"unix:{tmp_path}/farm"
    server.close()


@pytest.fixture
def many_writers(dialect):
    """A database in which a transaction holds no more than the rows that it wrote."""
    if dialect == "sqlite":
        pytest.skip("its lock goes with the process")


def killed(crashes, plays, count, seed, coverage, fits=lambda point: True):
    """Let processes die at so many points of these operations."""
    chance = random.Random(seed)
    drawn = Counter(chance.choices(plays, k=count))
    for play, times in drawn.items():
        points = [each for each in crashes.learn(play.operation()) if fits(each)]
        for point in chance.choices(points, k=times):
            with coverage.of(play.act):
                assert crashes.die(play.operation(), point) is not None, f"{play.act.name} did not come by {point}"
            coverage.killed[play.act.name] += 1


class Patient(Play):
    """Works while somebody's transaction is open, and on when it is not any more."""

    met = False
    """Whether there was one."""

    def work(self, process, server):
        server.kernel.look()
        while sum(server.kernel.turn(stage) for stage in server.kernel.registry.stages):
            pass
        until = time.monotonic() + PATIENCE
        while self.cloud.rows(OPEN):
            self.met = True
            assert time.monotonic() < until, "PostgreSQL does not notice"
            time.sleep(0.02)
        super().work(process, server)


@pytest.mark.parametrize("group", ACTS)
def test_a_process_that_is_killed_at_any_point(cloud, database, address, tmp_path, group, sample, seed, coverage):
    crashes = Killed(cloud, database, address, tmp_path, signal=signal.SIGKILL)
    plays = [Play(cloud, act) for act in ACTS[group]]
    place = (list(ACTS).index(group) + seed) % len(ACTS)
    killed(crashes, plays, len(range(place, sample // 3 if sample else ROUNDS, len(ACTS))), seed, coverage)


@pytest.mark.usefixtures("many_writers")
@pytest.mark.parametrize("group", LOCKING)
def test_a_transaction_that_the_dead_left_open(cloud, database, address, tmp_path, group, sample, seed, coverage):
    """The machine of the process is gone without a word: its locks are held until PostgreSQL notices.

    Until then nobody waits for them, and nothing breaks; then all is carried on.
    """
    url = sqlalchemy.make_url(database.url)
    url = url.update_query_dict({"options": f"{url.query['options']} {SILENCE}"})
    crashes = Killed(
        cloud, database, address, tmp_path,
        signal=signal.SIGSTOP, url=url.render_as_string(hide_password=False),
    )  # fmt: skip
    plays = [Patient(cloud, act) for act in ACTS[group]]
    try:
        killed(crashes, plays, 1 if sample else FROZEN, seed, coverage, is_open)
    finally:
        crashes.end()
    assert all(play.met for play in plays if coverage.killed[play.act.name])


def is_open(point):
    """Whether there is a transaction then that is not committed."""
    return (point.side, point.what) == (Side.BEFORE, What.COMMIT)
