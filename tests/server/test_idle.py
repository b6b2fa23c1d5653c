"""A server that has nothing to do asks the database almost nothing."""

from dataclasses import replace

import pytest
from tests.server.test_generator import pytestmark

from stratiform.framework.base.clock import SECOND
from stratiform.framework.testing.fixtures import database_url
from stratiform.framework.testing.statements import count
from stratiform.framework.testing.world import ManualClock
from stratiform.server import bootstrap
from stratiform.server.bootstrap import Settings

__all__ = ["database_url", "pytestmark"]

SECONDS = 120


@pytest.fixture
def idle(database_url, tmp_path, monkeypatch):
    """A whole server with every duty it has, whose one loop is turned by hand and whose time stands still."""
    outside = replace(bootstrap.world(), clock=ManualClock())
    monkeypatch.setattr(bootstrap, "world", lambda: outside)
    settings = Settings(data=tmp_path / "data", database=database_url, port=0)
    bootstrap.prepare(settings)
    server = bootstrap.compose(settings)
    server.kernel.join()
    server.kernel.take_over()
    yield server
    server.serving.close()
    server.stop()


def pass_time(server, seconds):
    """Let time pass, with what a server does in it."""
    for _ in range(seconds):
        server.world.clock.advance(SECOND)
        server.kernel.look()
        while sum(server.kernel.turn(stage) for stage in server.kernel.registry.stages):
            pass


def test_an_idle_server_asks_at_most_two_statements_a_second(idle):
    pass_time(idle, 5)
    with count(idle.database) as asked:
        pass_time(idle, SECONDS)
    assert len(asked) <= 2 * SECONDS, asked
