"""Workers follow the work inside the bounds that an operator set, and stages share a process by their weights."""

import threading
import time

import pytest
import sqlalchemy
from tests.framework.jobs.conftest import Order

from stratiform.framework.base.clock import SECOND, SystemClock
from stratiform.framework.base.threads import SystemThreads
from stratiform.framework.jobs import control
from stratiform.framework.jobs.kind import Job, Stage
from stratiform.framework.jobs.scale import IDLE, Scaler
from stratiform.framework.jobs.setting import Setting
from stratiform.framework.jobs.stage import Workers
from stratiform.framework.jobs.table import stage as stage_table
from stratiform.framework.jobs.turnstile import Turnstile

OVEN = "oven"


@pytest.fixture
def server(serve, noting):
    return serve(Job("bake", 1, Order, OVEN, [noting("mix")]), stages=[Stage(name=OVEN, workers=2)])


def bound(server, **values):
    with server.kernel.transaction() as work:
        return control.set_stage(work, OVEN, **values)


def row(server):
    with server.database.reading() as connection:
        return connection.execute(sqlalchemy.select(stage_table)).one()


def look(server, scaler, waits, after):
    """One look at a stage whose first in line waits so many seconds, so many seconds after the one before."""
    server.world.clock.advance(after * SECOND)
    now, found = server.world.clock.now(), row(server)
    limits = {name: getattr(found, name) for name in ("workers", "least", "most", "target")}
    scaler.look({OVEN: (Setting(name=OVEN, **limits), None if waits is None else now - waits * SECOND)}, now)
    return row(server).workers


def test_workers_are_added_while_the_first_in_line_waits_too_long_and_let_go_when_nobody_does(server):
    bound(server, least=2, most=8, target=5 * SECOND)
    scaler = Scaler(server.database)
    assert look(server, scaler, 4, 5) == 2
    assert look(server, scaler, 6, 5) == 3
    assert look(server, scaler, 6, 1) == 3, "what it did must be seen first"
    assert [look(server, scaler, 20, 5) for _ in range(4)] == [4, 6, 8, 8]
    assert "waited 20.0 s, and 5.0 s is wanted" in row(server).reason
    assert look(server, scaler, None, 5) == 8
    assert look(server, scaler, None, IDLE // SECOND) == 7
    for _ in range(20):
        least = look(server, scaler, None, IDLE // SECOND + 1)
    assert least == 2
    assert row(server).scaled


def test_without_bounds_nothing_changes(server):
    scaler = Scaler(server.database)
    assert [look(server, scaler, 100, 5) for _ in range(3)] == [2, 2, 2]


def test_what_lies_outside_the_bounds_comes_inside(server):
    bound(server, workers=20, least=2, most=8, target=SECOND)
    assert look(server, Scaler(server.database), None, 5) == 8


def test_of_two_servers_one_decides(server):
    bound(server, least=2, most=100, target=SECOND)
    seen = Setting(name=OVEN, workers=2, least=2, most=100, target=SECOND)
    now = server.world.clock.now() + 100 * SECOND
    for scaler in (Scaler(server.database), Scaler(server.database)):
        scaler.look({OVEN: (seen, now - 50 * SECOND)}, now)
    assert row(server).workers == 3


def test_workers_come_and_go_at_once(until):
    running, gate = set(), threading.Event()

    def work(workers):
        running.add(threading.current_thread().name)
        gate.wait(20)
        return False

    workers = Workers("x", SystemThreads(), work)
    workers.resize(3)
    until(lambda: len(running) == 3)
    gate.set()
    workers.resize(1)
    until(lambda: sum(handle.is_alive() for handle in workers._handles) == 1)
    workers.resize(4)
    until(lambda: sum(handle.is_alive() for handle in workers._handles) == 4)
    workers.stop()
    assert workers.join(20)


@pytest.mark.parametrize("width", [1, 3])
def test_stages_take_turns_by_their_weights(width):
    """Two stages that always want a turn have the time of the process three to one."""
    turns, begin = [], threading.Barrier(12)
    turnstile, enough = Turnstile(width, SystemThreads(), SystemClock()), 500

    def run(stage, weight):
        begin.wait()
        while len(turns) < enough:
            with turnstile.turn(stage, weight):
                began = time.monotonic()
                time.sleep(0.001)  # what a transaction takes
                turns.append((stage, time.monotonic() - began))

    threads = [threading.Thread(target=run, args=each) for each in [("a", 3), ("b", 1)] * 6]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    had = {name: sum(took for stage, took in turns[20:enough] if stage == name) for name in "ab"}
    assert 0.85 * 3 <= had["a"] / had["b"] <= 1.15 * 3


def test_a_turn_that_fails_is_over(until):
    turnstile = Turnstile(1, SystemThreads(), SystemClock())
    with pytest.raises(RuntimeError), turnstile.turn("a", 1):
        raise RuntimeError
    with turnstile.turn("b", 1):
        pass
