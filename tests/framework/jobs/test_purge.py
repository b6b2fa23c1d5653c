"""What ended is forgotten in time: whole trees, the oldest first, in small batches, by whoever comes first."""

import threading

import msgspec
import pytest
import sqlalchemy

from stratiform.framework import context
from stratiform.framework.base.clock import SECOND
from stratiform.framework.config.values import Config
from stratiform.framework.jobs import purge, token
from stratiform.framework.jobs.kind import Job, Lane, Priority, effect
from stratiform.framework.jobs.purge import BATCH, EVERY, PAGE, RETENTION, ROOTS, Purge, forget_lanes
from stratiform.framework.jobs.table import job as job_table
from stratiform.framework.jobs.table import lane as lane_table
from stratiform.framework.testing.statements import count

TIN = Lane(kind="tin", rank=1)
KEPT = RETENTION.default * 60 * SECOND


class Loaf(msgspec.Struct, frozen=True, kw_only=True):
    number: int = 0


@pytest.fixture
def config(database):
    return Config(database, lambda scope: None)


def spawning(kind, number):
    """What a step does that spawns so many children."""

    def does(work, run):
        for _ in range(number):
            work.spawn(run, kind, Loaf())

    return does


@pytest.fixture
def many_writers(dialect):
    """A database in which two transactions write at once."""
    if dialect == "sqlite":
        pytest.skip("it has one writer")


@pytest.fixture
def purging(database, config, clock):
    """A process that purges, at its next look."""
    found = Purge(database, config)
    clock.advance(EVERY)
    return found


@pytest.fixture
def bakery(serve, noting):
    """A parent with two children, each ended at once."""
    crumb = Job("crumb", 1, Loaf, "oven", [noting("crumble")])
    bake = Job("bake", 1, Loaf, "oven", [noting("mix", spawning(crumb, 2))])
    server = serve(bake, crumb)
    server.bake = lambda: server.submit(bake, Loaf())
    return server


@pytest.fixture
def age(database, clock):
    """Let jobs have ended so long ago."""

    def make(uuid, microseconds):
        with database.transaction() as tx:
            ended = sqlalchemy.update(job_table).where(job_table.c.root == uuid)
            tx.execute(ended.values(changed=clock.now() - microseconds))

    return make


@pytest.fixture
def trees(database):
    """File ended trees by hand: `trees(100, members=3)`; the first is the oldest."""

    def make(number, *, members=1, at=0):
        columns = {
            "uuid": "'j' || n", "root": "'j' || (n - n % :members)", "parent": "NULLIF(n - n % :members, n)",
            "changed": ":at + n - n % :members", "state": "'ended'", "outcome": "'succeeded'", "id": "n",
        }  # fmt: skip
        for column in job_table.columns:
            if not column.nullable and column.name not in columns:
                columns[column.name] = "0" if isinstance(column.type, sqlalchemy.Integer) else "'x'"
        more = "SELECT n + 1 FROM numbers WHERE n + 1 < :number"
        numbers = f"WITH RECURSIVE numbers(n) AS (SELECT CAST(0 AS bigint) UNION ALL {more})"
        insert = f"INSERT INTO job ({', '.join(columns)}) {numbers} SELECT {', '.join(columns.values())} FROM numbers"
        with database.transaction() as tx:
            tx.execute(sqlalchemy.text(insert), {"number": number * members, "members": members, "at": at})

    return make


def left(database):
    with database.reading() as connection:
        return connection.execute(sqlalchemy.select(job_table.c.uuid).order_by(job_table.c.id)).scalars().all()


def test_a_tree_goes_once_its_root_ended_long_enough_ago(bakery, purging, age, clock):
    old, young = bakery.bake(), bakery.bake()
    bakery.run()
    age(old, KEPT)
    age(young, KEPT - SECOND)
    purging.look()
    assert {row.root for row in bakery.rows()} == {young}
    assert len(bakery.rows()) == 3
    clock.advance(EVERY)
    purging.look()
    assert not bakery.rows()


def test_what_lives_is_never_purged_however_old_it_is(serve, noting, purging, age, database, clock):
    calls = []
    rest = effect(priority=Priority.CONTROL, limit=3600, answers=True)(calls.append)
    rest.name = "rest"
    rest.ask(calls.append)
    nap = Job("nap", 1, Loaf, "oven", [rest])
    doze = Job("doze", 1, Loaf, "oven", [noting("lie", spawning(nap, 1)), noting("wake")])
    server = serve(doze, nap)
    uuid = server.submit(doze, Loaf())
    server.run()
    age(uuid, 10 * KEPT)
    with database.transaction() as tx:  # even if somebody took the root for ended
        tx.execute(sqlalchemy.update(job_table).where(job_table.c.uuid == uuid).values(state="ended"))
    purging.look()
    assert len(server.rows()) == 2
    with database.transaction() as tx:
        tx.execute(sqlalchemy.update(job_table).where(job_table.c.uuid == uuid).values(state="waiting"))
    calls.pop().answer()
    server.run()
    assert server.row(uuid).outcome == "succeeded"


def test_an_operator_says_how_long_they_are_kept(bakery, purging, age, config, database):
    uuid = bakery.bake()
    bakery.run()
    age(uuid, 2 * 60 * SECOND)
    with database.transaction() as tx:
        config.set(tx, RETENTION, 1)
        config.set(tx, token.RETENTION, 60)
    purging.look()
    assert not bakery.rows()


@pytest.mark.parametrize(("minutes", "seconds"), [(1, 7200), (120, 60)])
def test_they_are_kept_at_least_as_long_as_tokens_that_name_them(
    bakery, purging, age, config, database, clock, minutes, seconds
):
    """A request that is repeated with its token is answered with the job: it can still be asked for."""
    uuid = bakery.bake()
    bakery.run()
    age(uuid, 7199 * SECOND)
    with database.transaction() as tx:
        config.set(tx, RETENTION, minutes)
        config.set(tx, token.RETENTION, seconds)
    purging.look()
    assert bakery.rows()
    clock.advance(EVERY)
    purging.look()
    assert not bakery.rows()


def test_the_oldest_trees_go_first_and_each_at_once(trees, database):
    trees(2 * ROOTS, members=3)
    with database.transaction() as tx:
        assert purge.purge(tx, 10**15) == ROOTS * 3
    assert left(database) == [f"j{n}" for n in range(ROOTS * 3, 2 * ROOTS * 3)]


def test_trees_of_many_jobs_make_a_batch_of_few(trees, database):
    trees(10, members=BATCH // 2 - 1)
    with database.transaction() as tx:
        assert purge.purge(tx, 10**15) == 2 * (BATCH // 2 - 1)


def test_a_tree_larger_than_a_batch_loses_its_youngest_first_and_its_root_last(trees, database):
    trees(1, members=2 * BATCH + 1)
    gone = []
    while True:
        with database.transaction() as tx:
            gone.append(purge.purge(tx, 10**15))
        if not gone[-1]:
            break
        assert left(database) == [f"j{n}" for n in range(2 * BATCH + 1 - sum(gone))]
    assert gone == [BATCH, BATCH, 1, 0]


def test_of_100_000_ended_jobs_a_batch_takes_two_statements_and_reads_only_what_it_removes(trees, database):
    trees(100_000, at=5)
    if database.dialect == "postgresql":
        with database.exclusive() as connection, connection.begin():
            connection.execute(sqlalchemy.text("ANALYZE job"))
    with count(database) as asked, database.transaction() as tx:
        assert purge.purge(tx, 10**15) == ROOTS
    asked.expect(statements=2, commits=1)
    parameters = {"before": 10**15, "limit": ROOTS}
    explain = "EXPLAIN QUERY PLAN " if database.dialect == "sqlite" else "EXPLAIN "
    with database.reading() as connection:
        plan = connection.execute(sqlalchemy.text(explain + purge._old(database.dialect).text), parameters).all()
        told = "\n".join(str(row) for row in plan)
        removal = sqlalchemy.text(explain + purge._remove(database.dialect).text)
        removed = "\n".join(str(row) for row in connection.execute(removal, {"rows": '[{"root": "j1"}]', "limit": 9}))
    assert "job_ended" in told, told
    assert "TEMP B-TREE" not in told, told
    assert "Seq Scan on job" not in told, told
    assert "job_root" in removed, removed


def test_nothing_to_do_is_two_statements_a_minute(database, purging, config, clock):
    config.value(RETENTION)
    with count(database) as asked:
        purging.look()
        purging.look()
        clock.advance(EVERY - SECOND)
        purging.look()
    asked.expect(statements=2)


def test_a_look_ends_soon_and_the_next_goes_on(trees, database, purging, clock):
    trees(10 * ROOTS)

    def slow(*arguments):
        clock.advance(purge.SPELL)

    sqlalchemy.event.listen(database.engine, "commit", slow)
    try:
        purging.look()
        assert len(left(database)) == 9 * ROOTS
        purging.look()
        assert len(left(database)) == 8 * ROOTS
    finally:
        sqlalchemy.event.remove(database.engine, "commit", slow)
    purging.look()
    assert not left(database)


@pytest.mark.usefixtures("many_writers")
def test_of_several_servers_each_takes_what_no_other_has_and_waits_for_nobody(trees, database):
    trees(3 * ROOTS)
    with database.transaction() as first, database.transaction() as second:
        assert purge.purge(first, 10**15) == ROOTS
        assert purge.purge(second, 10**15) == ROOTS
        assert purge.purge(first, 10**15) == ROOTS
        assert purge.purge(second, 10**15) == 0
    assert not left(database)


# Lanes.


@pytest.fixture
def lanes(database):
    """Write lanes by hand, by key: `lanes({"tin/1": {"busy": 1}})`; and read them."""

    def keys():
        with database.reading() as connection:
            return connection.execute(sqlalchemy.select(lane_table.c.key).order_by(lane_table.c.key)).scalars().all()

    def make(found=None):
        plain = {"width": 1, "busy": 0, "queued": 0, "mode": "run", "steered": 0}
        with database.transaction() as tx:
            tx.insert(lane_table, [plain | {"key": key} | more for key, more in (found or {}).items()])
        return keys()

    return make


def test_lanes_that_nobody_holds_wants_or_has_set_are_forgotten(lanes, purging):
    lanes({"tin/1": {}, "tin/2": {"busy": 1}, "tin/3": {"queued": 1, "mode": "pause"}, "tin/4": {"steered": 1}})
    purging.look()
    assert lanes() == ["tin/2", "tin/3", "tin/4"]


def test_of_many_lanes_each_look_takes_the_next(lanes, purging, database, clock):
    lanes({f"tin/{n:05}": {"busy": n % 2} for n in range(2 * PAGE + 10)})
    for remaining in (2 * PAGE + 10 - PAGE // 2, PAGE + 10, PAGE + 5):
        purging.look()
        assert len(lanes()) == remaining
    with count(database) as asked:
        purging.look()
    asked.expect(statements=0)
    clock.advance(EVERY)
    lanes({"tin/": {}})
    purging.look()
    assert "tin/" not in lanes()


@pytest.fixture
def tins(serve, noting):
    """A server whose jobs each hold a tin."""
    kind = Job("bake", 1, Loaf, "oven", [noting("mix")], lane="tin/{number}")
    server = serve(kind, lanes=[TIN])
    server.kind = kind
    return server


@pytest.mark.usefixtures("many_writers")
def test_whoever_asks_for_a_lane_while_it_is_forgotten_gets_a_new_one(tins, lanes, database, until, lanes_are_right):
    lanes({"tin/7": {}})
    filed = []
    with database.transaction() as tx:
        assert forget_lanes(tx, ["tin/7"]) == 1
        asking = threading.Thread(target=context.carry(lambda: filed.append(tins.submit(tins.kind, Loaf(number=7)))))
        asking.start()
        until(lambda: _blocked(database))
        assert not filed
    asking.join(20)
    lanes_are_right()
    assert lanes() == ["tin/7"]
    assert tins.row(filed[0]).state == "ready"
    tins.run()
    assert tins.row(filed[0]).outcome == "succeeded"


@pytest.mark.usefixtures("many_writers")
def test_a_lane_that_somebody_is_just_asking_for_is_not_forgotten(tins, lanes, database, lanes_are_right, somebody):
    lanes({"tin/7": {}, "tin/8": {}})
    with tins.kernel.transaction() as work:
        uuid = work.submit(tins.kind, Loaf(number=7), fair_key="ann").uuid
        work.finish()
        with database.transaction() as tx:  # waits for nobody
            assert forget_lanes(tx, ["tin/7", "tin/8"]) == 1
        work.born.clear()
        work.ended.clear()
    lanes_are_right()
    assert lanes() == ["tin/7"]
    tins.run()
    assert tins.row(uuid).outcome == "succeeded"


def test_lanes_are_asked_for_and_forgotten_at_once_by_many(tins, database, until, lanes_are_right):
    stop, failures = threading.Event(), []

    def sweep():
        try:
            while not stop.is_set():
                database.run(lambda tx: forget_lanes(tx, [f"tin/{n}" for n in range(4)]))
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=sweep) for _ in range(2)]
    for each in threads:
        each.start()
    try:
        for number in range(20):
            for each in range(3):
                tins.submit(tins.kind, Loaf(number=(number + each) % 4))
            tins.run()
    finally:
        stop.set()
        for each in threads:
            each.join(20)
    assert not failures
    lanes_are_right()
    assert {row.outcome for row in tins.rows()} == {"succeeded"}


def _blocked(database):
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    with database.reading() as connection:
        return connection.execute(sqlalchemy.text(waiting)).scalar_one()
