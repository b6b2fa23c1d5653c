"""Workers follow the work of a running kernel: more while jobs wait too long, fewer when none does; each is told."""

import threading

import pytest
import sqlalchemy
from tests.framework.jobs.conftest import Order

from stratiform.framework.base.clock import SECOND
from stratiform.framework.jobs import control
from stratiform.framework.jobs.kind import Job, Priority, Stage, effect
from stratiform.framework.jobs.scale import IDLE, PAUSE
from stratiform.framework.jobs.table import stage as stage_table

OVEN = "oven"
LEAST, MOST = 2, 6
JOBS = 40


@pytest.fixture
def gate():
    """What every effect holds its worker's thread for."""
    gate = threading.Event()
    yield gate
    gate.set()


@pytest.fixture
def server(serve, gate, clock):
    """A kernel with threads, whose housekeeping a test asks for and whose clock it turns."""

    @effect(priority=Priority.CONTROL, limit=3600)
    def heat(call):
        assert gate.wait(60)

    kind = Job("bake", 1, Order, OVEN, [heat])
    made = serve(kind, stages=[Stage(name=OVEN, workers=LEAST, batch=1)])
    with made.kernel.transaction() as work:
        control.set_stage(work, OVEN, least=LEAST, most=MOST, target=5 * SECOND)
    for number in range(JOBS):
        made.submit(kind, Order(number=number))
    made.kernel.start()
    yield made
    gate.set()
    made.kernel.stop()


def row(server):
    with server.database.reading() as connection:
        return connection.execute(sqlalchemy.select(stage_table)).one()


def busy(server):
    return sum(each.state == "running" for each in server.rows())


def look(server, seconds):
    """One round of housekeeping, some time after the one before; the decision that the stage's row tells then."""
    server.world.clock.advance(seconds)
    server.kernel.look()
    server.kernel.look()  # what was decided is gone by from the next round on
    found = row(server)
    return found.workers, found.reason


def test_under_load_workers_grow_within_bounds_and_shrink_when_nobody_waits(server, gate, until):
    until(lambda: busy(server) == LEAST)
    told = [look(server, 2 * PAUSE) for _ in range(4)]
    assert [workers for workers, _ in told] == [3, 4, MOST, MOST]
    assert [reason.partition(":")[0] for _, reason in told[:3]] == ["2 to 3", "3 to 4", "4 to 6"]
    assert "the first in line waited" in told[0][1]
    assert "5.0 s is wanted" in told[0][1]
    assert row(server).scaled
    until(lambda: busy(server) == MOST)
    gate.set()
    until(lambda: all(each.state == "ended" for each in server.rows()))
    look(server, SECOND)
    shrunk = [look(server, IDLE + SECOND) for _ in range(5)]
    assert [workers for workers, _ in shrunk] == [5, 4, 3, LEAST, LEAST]
    assert shrunk[-1][1].startswith(f"3 to {LEAST}: nobody waited")
    threads = server.kernel._stages[OVEN]
    until(lambda: sum(each.is_alive() for each in threads._handles) == LEAST)


def test_bounds_that_an_operator_moves_hold_at_the_next_look(server, until):
    until(lambda: busy(server) == LEAST)
    with server.kernel.transaction() as work:
        control.set_stage(work, OVEN, least=4, most=5)
    assert look(server, 2 * PAUSE) == (4, "2 to 4: that is the least")
    until(lambda: busy(server) == 4)
    with server.kernel.transaction() as work:
        control.set_stage(work, OVEN, least=1, most=3)
    assert look(server, 2 * PAUSE) == (3, "4 to 3: that is the most")
