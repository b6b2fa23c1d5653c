"""The kernel with its threads: it starts, works, sleeps, wakes and stops."""

import threading

import msgspec
import pytest

from stratiform.framework.base.world import World
from stratiform.framework.cluster.membership import Membership
from stratiform.framework.cluster.table import process
from stratiform.framework.db.database import Database
from stratiform.framework.db.store import DriverStore
from stratiform.framework.jobs.kernel import Kernel
from stratiform.framework.jobs.kind import Job, Priority, Registry, Stage, effect, step
from stratiform.framework.jobs.table import job
from stratiform.framework.testing.statements import count


class Loaf(msgspec.Struct, frozen=True, kw_only=True):
    number: int = 0


@step(priority=Priority.CONTROL)
def mix(work, run):
    """Nothing."""


@step(priority=Priority.CONTROL)
def rest(work, run):
    work.sleep(run, work.now + 300_000)


@effect(priority=Priority.CONTROL, limit=60)
def heat(call):
    call.the(threading.Event).wait(20)


PLAIN = Job("plain", 1, Loaf, "oven", [mix])
SLOW = Job("slow", 1, Loaf, "oven", [rest, mix])
HOT = Job("hot", 1, Loaf, "stove", [heat])
REGISTRY = Registry(jobs=[PLAIN, SLOW, HOT], stages=[Stage(name="oven"), Stage(name="stove")], lanes=[])


@pytest.fixture
def real(database):
    """The same database with the machine's clock."""
    database = Database(database.url, World(store=DriverStore()))
    yield database
    database.close()


@pytest.fixture
def gate():
    """What `heat` waits for."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def start(real, gate):
    kernels = []

    def starting(name="a"):
        kernels.append(
            Kernel(
                world=real.world,
                database=real,
                registry=REGISTRY,
                membership=Membership(real, real.world, name),
                provide=[gate],
            )
        )
        kernels[-1].join()
        kernels[-1].start()
        return kernels[-1]

    yield starting
    gate.set()
    for kernel in kernels:
        kernel.stop()


def submit(kernel, kind, numbers=(0,)):
    with kernel.transaction() as work:
        return [work.submit(kind, Loaf(number=number), fair_key="ann").uuid for number in numbers]


def states(database, kernel):

    with database.reading() as connection:
        return {row.uuid: row.outcome or row.state for row in connection.execute(job.select())}


def test_jobs_are_done_as_soon_as_they_are_filed_and_timers_ring(real, start, until):
    kernel = start()
    uuids = submit(kernel, PLAIN, range(100)) + submit(kernel, SLOW, range(100))
    until(lambda: {states(real, kernel)[uuid] for uuid in uuids} == {"succeeded"})


def test_what_one_server_files_another_finds_within_a_second_or_two(real, start, until):
    kernel = start()
    other = Kernel(world=real.world, database=real, registry=REGISTRY, membership=Membership(real, real.world, "b"))
    (uuid,) = submit(other, PLAIN)
    until(lambda: states(real, kernel)[uuid] == "succeeded", 5)


def test_a_stage_whose_workers_are_all_busy_delays_no_other(real, start, until, gate):
    kernel = start()
    hot = submit(kernel, HOT, range(10))
    until(lambda: list(states(real, kernel).values()).count("running") == 2)
    plain = submit(kernel, PLAIN, range(10))
    until(lambda: {states(real, kernel)[uuid] for uuid in plain} == {"succeeded"})
    assert [states(real, kernel)[uuid] for uuid in hot].count("ready") == 8
    gate.set()
    until(lambda: {states(real, kernel)[uuid] for uuid in hot} == {"succeeded"})


def test_an_idle_kernel_asks_one_thing_a_second(real, start):
    kernel = start()
    submit(kernel, PLAIN)
    threading.Event().wait(0.5)
    with count(real) as asked:
        threading.Event().wait(3)
    lines = [line for line in asked.statements if "FROM stage" in line]
    assert 2 <= len(lines) <= 4, asked
    assert len(asked) <= 12, asked


def test_a_kernel_that_stops_leaves_and_its_effect_under_way_is_done_again(real, start, until, gate):
    one, other = start(), start("b")
    one.stop()
    with real.reading() as connection:
        assert [row.name for row in connection.execute(process.select())] == ["b"]
    (uuid,) = submit(other, PLAIN)
    until(lambda: states(real, other)[uuid] == "succeeded")
    one.stop()


def test_one_that_never_started_stops_too(real):
    kernel = Kernel(world=real.world, database=real, registry=REGISTRY, membership=Membership(real, real.world, "a"))
    kernel.join()
    kernel.stop()
    with real.reading() as connection:
        assert connection.execute(process.select()).all() == []


def test_servers_that_start_at_once_agree_on_the_stages(real, until):
    kernels = [
        Kernel(world=real.world, database=real, registry=REGISTRY, membership=Membership(real, real.world, f"{n}"))
        for n in range(8)
    ]
    failures = []

    def join(kernel):
        try:
            kernel.join()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=join, args=[kernel]) for kernel in kernels]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
