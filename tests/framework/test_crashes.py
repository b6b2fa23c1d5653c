"""Crash-point enumeration: it knows every point, dies at each, and catches what would be lost, doubled or left out."""

from collections import Counter

import msgspec
import pytest
import sqlalchemy
from structlog.testing import capture_logs

from stratiform.framework import context
from stratiform.framework.agents.channel import Channel, Command
from stratiform.framework.agents.command import command
from stratiform.framework.agents.commandlog import MemoryLog
from stratiform.framework.agents.local import LocalTransport
from stratiform.framework.agents.message import message
from stratiform.framework.agents.workers import far_end
from stratiform.framework.base.clock import SECOND, SystemClock
from stratiform.framework.base.threads import SystemThreads
from stratiform.framework.base.world import World
from stratiform.framework.cluster.membership import Membership
from stratiform.framework.jobs.kernel import Kernel
from stratiform.framework.jobs.kind import Job, Lane, Priority, Registry, Stage, effect, step
from stratiform.framework.jobs.table import job as job_table
from stratiform.framework.testing.crash_points import Crash, Place, Side, Way, What
from stratiform.framework.testing.crashes import Crashes, NotRepeatable, Operation
from stratiform.framework.testing.world import ManualClock, seeded

NOBODY_CANCELS = {Place("oven.command", "send", Way.STOP): "nobody cancels it"}
SOLD = sqlalchemy.text("INSERT INTO sold (name) VALUES (:name)")


class Oven:
    """What an oven can do."""

    def bake(self, name: str) -> str: ...


class Bread(msgspec.Struct, frozen=True, kw_only=True):
    name: str = "rye"
    burns: bool = False


class Town:
    """What stays when the process dies: an oven across the street, and a bell that is rung from here."""

    def __init__(self):
        self.baked, self.rung, self.heard = Counter(), Counter(), []

    def bake(self, name):
        self.baked[name] += 1
        if name == "burnt":
            raise ValueError("burnt")
        return name

    def price(self, name):
        return len(name)

    def ring(self, command):
        self.heard.append(command)
        self.rung.update([command] if command not in self.rung else [])


class Shop:
    """What the process keeps in memory."""

    def __init__(self, process, registry, town):
        self.channel = Channel(process.world)
        membership = Membership(process.database, process.world, process.name, database_time=False)
        self.kernel = Kernel(
            world=process.world,
            database=process.database,
            registry=registry,
            membership=membership,
            provide=[self.channel, town],
        )
        self.prices = process.adapter("prices", town)
        self.kernel.duties.append(self.channel.tend)
        self.kernel.join()
        self.kernel.take_over()


BAKE = command("oven")


def order(sell=None, ring=None):
    """A kind of job with a child, an effect elsewhere, a sale and an effect here."""

    @step(priority=Priority.CONTROL)
    def bake(work, run):
        said = message(Oven.bake, "burnt" if run.payload.burns else run.payload.name)
        work.spawn(run, BAKE, Command(resource="oven", transport="street", address="oven", message=said))

    @bake.undo
    def regret(work, run):
        work.tx.execute(SOLD, {"name": "regret"})

    @step(priority=Priority.CONTROL)
    def wrap(work, run):
        work.sleep(run, work.now + SECOND)

    def sold(work, run):
        work.tx.execute(SOLD, {"name": run.payload.name})

    def rung(call):
        call.the(Town).ring(call.command)

    rung.__name__, sold.__name__ = "ring", "sell"
    steps = [
        bake,
        wrap,
        step(priority=Priority.CONTROL)(sell or sold),
        effect(priority=Priority.CONTROL, limit=60)(ring or rung),
    ]
    return Job("order", 1, Bread, "hall", steps, lane="name/{name}")


class Bakery:
    """An operation on a town: an order, which must be baked, sold and rung once."""

    def __init__(self, database, town, kind, **payload):
        self.database, self.town, self.kind, self.payload = database, town, kind, Bread(**payload)
        self.registry = Registry(
            jobs=[kind, BAKE],
            stages=[Stage(name="hall"), Stage(name="oven")],
            lanes=[Lane(kind="name", rank=1), Lane(kind="oven", rank=2, leaf=True)],
        )

    def operation(self, **more):
        parts = {"begin": self.begin, "prepare": self.prepare, "ask": self.ask, "check": self.check}
        return Operation(name="order", **parts | more)

    def begin(self, process):
        return Shop(process, self.registry, self.town)

    def prepare(self, shop):
        self.town.__init__()
        with self.database.transaction() as tx:
            tx.execute(sqlalchemy.text("DELETE FROM sold"))

    def ask(self, shop):
        with shop.kernel.transaction() as work:
            assert shop.prices.price(self.payload.name) == 3
            assert shop.prices.rung is self.town.rung
            return work.submit(self.kind, self.payload, fair_key="ann").uuid

    def check(self, shop, accepted):
        with self.database.reading() as connection:
            sold = connection.execute(sqlalchemy.text("SELECT name FROM sold")).scalars().all()
            rows = connection.execute(sqlalchemy.select(job_table).where(job_table.c.uuid == accepted)).all()
        if accepted is None:  # it may have been filed all the same
            assert sold in ([], ["rye"], ["regret"])
            return
        (row,) = rows
        assert row.outcome == ("failed" if self.payload.burns else "succeeded")
        assert sold == (["regret"] if self.payload.burns else ["rye"])
        assert set(self.town.baked.values()) == {1}
        assert sum(self.town.rung.values()) == (0 if self.payload.burns else 1)


@pytest.fixture
def town():
    return Town()


@pytest.fixture
def world(clock, town):
    threads = SystemThreads()
    far = far_end(lambda *rest: town, [Oven], MemoryLog(), threads, SystemClock())
    street = LocalTransport(far, threads, SystemClock())
    before = seeded(clock=clock)
    yield World(store=before.store, clock=clock, random=before.random, transports={"street": street})
    street.close()
    far.close()


@pytest.fixture(autouse=True)
def sales(database, somebody):
    with database.transaction() as tx:
        tx.execute(sqlalchemy.text("CREATE TABLE sold (name text)"))
    with context.use(somebody), capture_logs():
        yield


@pytest.fixture
def bakery(database, town):
    return lambda kind, **payload: Bakery(database, town, kind, **payload)


def test_a_first_run_learns_every_point_by_a_name_that_stays(database, bakery):
    operation = bakery(order()).operation()
    points = Crashes(database).learn(operation)
    names = [str(each) for each in points]
    assert len(set(names)) == len(names)
    assert names == [str(each) for each in Crashes(database).learn(operation)]
    assert names[:4] == [
        "before adapter 1 of prices.price",
        "after adapter 1 of prices.price",
        "before commit 1 of order filed",
        "after commit 1 of order filed",
    ]
    for name in (
        "before send 1 of oven.command/send (Oven.bake)",
        "before receive 1 of oven.command/send (Oven.bake): done",
        "after effect 1 of order/ring",
        "after commit 1 of order/ring, order ended",
    ):
        assert name in names
    assert {each.what for each in points} == set(What)
    assert Counter(each.side for each in points)[Side.BEFORE] * 2 == len(points)


def test_an_operation_survives_its_death_at_every_point(database, bakery):
    burning = bakery(order(), burns=True)
    report = Crashes(database).explore(bakery(order()).operation(), burning.operation(), pairs=12)
    report.require(burning.registry, ["order", "oven.command"], NOBODY_CANCELS)
    for each in report.explorations:
        assert set(each.died) == set(each.existing)
        assert len(each.pairs) == 12
    assert str(report).splitlines()[0].startswith("order: died at ")


def test_every_so_many_points_still_cover_every_step(database, bakery):
    one = bakery(order())
    report = Crashes(database).explore(one.operation(), every=7, pairs=3)
    (each,) = report.explorations
    assert len(each.died) < len(each.existing) / 2
    left = [Place("order", "bake", Way.UNDO), *NOBODY_CANCELS]
    assert report.uncovered(one.registry, ["order", "oven.command"]) == left


# Planted bugs.


def twice(call):
    """It does no more than before when it is done again, but whoever hears it hears it twice."""
    call.the(Town).heard.append(call.job)


twice.__name__ = "ring"


def test_an_effect_that_is_not_idempotent_is_caught(database, bakery, town):
    one = bakery(order(ring=twice))

    def check(shop, accepted):
        assert len(town.heard) <= 1, "it rang twice"

    with pytest.raises(AssertionError, match="it rang twice") as caught:
        Crashes(database).explore(one.operation(check=check))
    assert caught.value.__notes__ == ["order: the process died after effect 1 of order/ring"]


def test_a_step_that_acts_on_the_world_is_caught(database, bakery):
    """What a step does outside the database is not taken back when its transaction is."""

    sales = []

    def sell(work, run):
        sales.append(run.uuid)

    one = bakery(order(sell=sell))

    def check(shop, accepted):
        assert len(sales) == len(set(sales)), "it was sold twice"

    with pytest.raises(AssertionError, match="it was sold twice") as caught:
        Crashes(database).explore(one.operation(check=check))
    assert "died before commit" in caught.value.__notes__[0]


def test_what_is_kept_in_memory_is_lost_with_it(database, bakery):
    """A program that files its job after the answer, from memory, loses it."""
    one = bakery(order())
    later = []

    def ask(shop):
        with shop.kernel.transaction() as work:
            work.tx.execute(SOLD, {"name": "promised"})
            uuid = shop.kernel.world.ids.uuid()
            later.append((shop, uuid))
            return uuid

    def work(process, shop):
        for each, uuid in later:
            if each is shop:
                with shop.kernel.transaction() as filing:
                    filing.submit(one.kind, one.payload, fair_key="ann", uuid=uuid)
        later.clear()
        process.settle(shop.kernel)

    def check(shop, accepted):
        with database.reading() as connection:
            found = connection.execute(sqlalchemy.select(job_table).where(job_table.c.uuid == accepted)).all()
        assert found or accepted is None, "it was lost"

    with pytest.raises(AssertionError, match="it was lost"):
        Crashes(database).explore(one.operation(ask=ask, work=work, check=check))


def test_a_bug_in_taking_over_needs_two_deaths(database, bakery, town):
    """A process that forgets, while it takes over, what it cannot have twice."""
    one = bakery(order())

    def begin(process):
        with process.database.transaction() as tx:
            due = tx.execute(sqlalchemy.text("SELECT count(*) FROM sold WHERE name = 'marked'")).scalar()
            tx.execute(sqlalchemy.text("UPDATE sold SET name = 'again' WHERE name = 'marked'"))
        shop = one.begin(process)
        if due:
            shop.mend = True
        return shop

    def work(process, shop):
        if getattr(shop, "mend", False):
            with process.database.transaction() as tx:
                tx.execute(sqlalchemy.text("DELETE FROM sold WHERE name = 'again'"))
        process.settle(shop.kernel)

    def ask(shop):
        with shop.kernel.transaction() as filing:
            filing.tx.execute(SOLD, {"name": "marked"})
            return filing.submit(one.kind, one.payload, fair_key="ann").uuid

    def check(shop, accepted):
        with database.reading() as connection:
            left = connection.execute(sqlalchemy.text("SELECT count(*) FROM sold WHERE name = 'again'")).scalar()
        assert not left, "it was never mended"

    operation = one.operation(begin=begin, work=work, ask=ask, check=check)
    Crashes(database).explore(operation)
    with pytest.raises(AssertionError, match="it was never mended") as caught:
        Crashes(database).explore(operation, every=1000, pairs=1000)
    assert ", and the next one " in caught.value.__notes__[0]


def test_a_sample_is_another_for_another_seed(database, bakery):
    one = bakery(order())

    def died(seed):
        (each,) = Crashes(database, seed=seed).explore(one.operation(), some=4).explorations
        assert (len(each.died), each.runs) == (4, 5)
        return [str(point) for point in each.died]

    assert died(1) == died(1) != died(2)


def test_the_next_process_has_connections_of_its_own(database, bakery):
    """Nothing that a session of the dead one was told lives on in a pool."""
    if database.dialect == "sqlite":
        ask = sqlalchemy.text("PRAGMA cache_size=77"), sqlalchemy.text("PRAGMA cache_size")
    else:
        ask = sqlalchemy.text("SET statement_timeout = '77s'"), sqlalchemy.text("SHOW statement_timeout")
    one, told = bakery(order()), []

    def begin(process):
        with process.database.reading() as connection:
            told.append(str(connection.execute(ask[1]).scalar()))
            connection.execute(ask[0])
        return one.begin(process)

    crashes = Crashes(database)
    operation = one.operation(begin=begin)
    crashes.die(operation, crashes.learn(operation)[2])
    assert len(told) == 3
    assert not [each for each in told if each.startswith("77")]


def test_a_step_that_no_process_died_at_is_reported(database, bakery):
    one = bakery(order())
    report = Crashes(database).explore(one.operation())
    with pytest.raises(AssertionError, match=r"no process died at undo of order/bake, ask of oven\.command/send"):
        report.require(one.registry, ["order", "oven.command"])
    report.require(one.registry, ["order"], {Place("order", "bake", Way.UNDO): "nothing fails here"})
    with pytest.raises(ValueError, match="no such kind of job: oder"):
        report.require(one.registry, ["oder"])


def test_what_never_ends_is_reported(database, bakery):
    """A job that is still on its way half a minute after the last process began."""

    def sell(work, run):
        work.sleep(run, work.now + 3600 * SECOND)

    with pytest.raises(AssertionError, match=r"after 30 s there are still order/ring \(waiting\)") as caught:
        Crashes(database).explore(bakery(order(sell=sell)).operation())
    assert caught.value.__notes__ == ["order: nobody died"]


def test_an_operation_that_does_something_else_each_time_is_reported(database, bakery):
    one = bakery(order())
    times = []

    def ask(shop):
        times.append(None)
        with shop.kernel.transaction() as work:
            work.tx.execute(sqlalchemy.text(f"CREATE TABLE once_{len(times)} (n int)"))
            work.tx.execute(sqlalchemy.text(f"INSERT INTO once_{len(times)} VALUES (1)"))

    with pytest.raises(NotRepeatable, match="order did not come by before commit 1 of once_1"):
        Crashes(database).explore(one.operation(ask=ask, check=lambda shop, accepted: None))


def test_the_dead_do_nothing(database, bakery):
    """Whoever still holds what a dead process held can do nothing with it."""
    zombies = []
    one = bakery(order())

    def begin(process):
        zombies.append((process, one.begin(process)))
        return zombies[-1][1]

    crashes = Crashes(database)
    operation = one.operation(begin=begin)
    first = crashes.learn(operation)[0]
    crashes.die(operation, first)
    process, shop = zombies[1]
    for act in (process.check, process.deliver, lambda: one.ask(shop), shop.kernel.take_over):
        with pytest.raises(Crash):
            act()
    with pytest.raises(Crash), process.database.reading():
        pass


def test_a_world_whose_time_passes_by_itself_is_refused(database):
    database.world = World(store=database.world.store)
    with pytest.raises(AssertionError, match="turned by hand"):
        Crashes(database)
    database.world = World(store=database.world.store, clock=ManualClock())
    Crashes(database)
