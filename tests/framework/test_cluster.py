"""Membership and epochs: who lives, who is buried by whom, and what a restored database cannot repeat."""

import subprocess
import sys

import pytest
import sqlalchemy

from stratiform.framework.base.clock import SECOND
from stratiform.framework.cluster import epoch
from stratiform.framework.cluster.alone import AlreadyRunning, alone
from stratiform.framework.cluster.membership import LEASE, Expired, Membership
from stratiform.framework.cluster.table import process
from stratiform.framework.testing.statements import count


@pytest.fixture
def member(database, world):
    """Makes members whose lease runs by the world's clock."""
    return lambda name="a", **more: Membership(database, world, name, database_time=False, **more)


def do(database, action, *arguments):
    with database.transaction() as tx:
        return action(tx, *arguments)


def rows(database):
    with database.reading() as connection:
        return {row.id: row for row in connection.execute(process.select())}


def over(database, member):
    """The processes that a member may bury, longest dead first."""
    with database.reading() as connection:
        found = sqlalchemy.select(process.c.id).where(member.is_dead()).order_by(process.c.lease_until)
        return list(connection.execute(found).scalars())


def test_a_member_lives_as_long_as_it_beats(database, member, clock):
    one, other = member(), member("b")
    do(database, one.join)
    do(database, other.join)
    for _ in range(5):
        clock.advance(LEASE - 1)
        assert one.alive
        assert over(database, other) == []
        do(database, one.beat)
        do(database, other.beat)
    one.check()


def test_it_is_not_alive_before_it_joined_nor_if_that_was_rolled_back(database, member):
    one = member()
    assert not one.alive
    with pytest.raises(ZeroDivisionError):
        do(database, lambda tx: (one.join(tx), 1 / 0))
    assert not one.alive
    assert rows(database) == {}


def test_a_beat_that_did_not_commit_extends_nothing(database, member, clock):
    one = member()
    do(database, one.join)
    clock.advance(LEASE - 1)
    with pytest.raises(ZeroDivisionError):
        do(database, lambda tx: (one.beat(tx), 1 / 0))
    clock.advance(1)
    assert not one.alive


def test_an_expired_member_never_beats_again(database, member, clock):
    one = member()
    do(database, one.join)
    clock.advance(LEASE)
    for _ in range(2):
        with pytest.raises(Expired, match=one.id):
            do(database, one.beat)
    with pytest.raises(Expired):
        one.check()


def test_a_member_knows_that_it_expired_before_anybody_may_bury_it(database, member, clock):
    """However long its beat took to arrive: its own count began before it was sent."""
    one, other = member(), member("b")
    with database.transaction() as tx:
        one.join(tx)
        clock.advance(SECOND)
    do(database, other.join)
    do(database, other.beat)
    clock.advance(LEASE - SECOND)
    assert not one.alive
    assert other.alive


def test_a_clock_that_is_set_kills_nobody_in_its_own_eyes(database, member, clock):
    one = member()
    do(database, one.join)
    clock.set(clock.now() + 1000 * LEASE)
    assert one.alive
    do(database, one.beat)


def test_the_dead_are_buried_once_and_know_it(database, member, clock):
    dead, first, second = (member(name) for name in "abc")
    for each in (dead, first, second):
        do(database, each.join)
    clock.advance(LEASE // 2)
    do(database, first.beat)
    do(database, second.beat)
    clock.advance(LEASE // 2)
    assert over(database, first) == over(database, second) == [dead.id]
    assert do(database, first.bury, [dead.id]) == [dead.id]
    assert do(database, second.bury, [dead.id]) == []
    assert set(rows(database)) == {first.id, second.id}


def test_a_row_that_is_gone_ends_the_member_even_in_its_lease(database, member):
    one = member()
    do(database, one.join)
    do(database, lambda tx: tx.execute(process.delete()))
    with pytest.raises(Expired):
        do(database, one.beat)
    assert not one.alive


def test_who_beats_between_the_look_and_the_burial_lives_on(database, member, clock):
    slow, judge = member(), member("b")
    do(database, slow.join)
    clock.advance(LEASE - 1)
    do(database, judge.join)
    assert do(database, judge.bury, [slow.id]) == []
    assert slow.id in rows(database)


def test_nobody_waits_for_one_that_froze_while_it_beat(database, member, clock):
    if database.dialect != "postgresql":
        pytest.skip("SQLite has one writer")
    frozen, dead, judge = member(), member("b"), member("c")
    do(database, frozen.join)
    do(database, dead.join)
    with database.transaction() as tx:
        frozen.beat(tx)
        clock.advance(2 * LEASE)
        do(database, judge.join)
        assert do(database, judge.bury, [frozen.id, dead.id]) == [dead.id]
        tx.connection.rollback()
    assert do(database, judge.bury, [frozen.id]) == [frozen.id]


def test_nobody_buries_itself(database, member, clock):
    one = member()
    do(database, one.join)
    clock.advance(LEASE)
    assert over(database, one) == []
    assert do(database, one.bury, [one.id]) == []


def test_leaving_ends_it_at_once(database, member):
    one, other = member(), member("b")
    do(database, one.join)
    do(database, other.join)
    do(database, one.leave)
    assert not one.alive
    assert set(rows(database)) == {other.id}
    assert over(database, other) == []


def test_a_beat_is_one_statement(database, member):
    one = member(version="1.2")
    do(database, one.join)
    with count(database) as asked:
        do(database, one.beat)
    asked.expect(statements=1, commits=1)
    (row,) = rows(database).values()
    assert (row.name, row.version, row.draining) == ("a", "1.2", False)


def test_draining_is_told(database, member):
    one = member()
    do(database, one.join)
    do(database, one.drain)
    assert rows(database)[one.id].draining is True


def test_postgresql_judges_by_its_own_clock(database, world, clock):
    if database.dialect != "postgresql":
        pytest.skip("SQLite has no clock that others share")
    ahead, judge = Membership(database, world, "a"), Membership(database, world, "b")
    do(database, ahead.join)
    do(database, judge.join)
    clock.set(clock.now() + 1000 * LEASE)
    assert over(database, judge) == []
    ended = process.update().where(process.c.id == ahead.id).values(lease_until=0)
    do(database, lambda tx: tx.execute(ended))
    assert do(database, judge.bury, over(database, judge)) == [ahead.id]


def test_alone_means_that_everybody_else_is_dead_at_once(database, member, tmp_path):
    do(database, member("before the crash").join)
    proof = alone(tmp_path / "cloud.db")
    one = member(alone=proof)
    do(database, one.join)
    gone = over(database, one)
    assert len(gone) == 1
    assert do(database, one.bury, gone) == gone
    assert set(rows(database)) == {one.id}
    proof.release()


HOLDER = """
import sys
from pathlib import Path
from stratiform.framework.cluster.alone import alone
held = alone(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_the_lock_tells_who_holds_it_and_dies_with_it(tmp_path):
    path = tmp_path / "cloud.db"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, f"{path}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(AlreadyRunning, match=f"{holder.pid}.*cloud.db"):
            alone(path)
        holder.kill()
        holder.wait()
    alone(path).release()


def test_a_lock_that_was_released_can_be_had(tmp_path):
    alone(tmp_path / "cloud.db").release()
    alone(tmp_path / "cloud.db").release()


def test_every_epoch_of_a_generation_is_above_all_before(database, member):
    one = member()
    do(database, one.join)
    assert one.floor == epoch.floor(1)
    assert do(database, epoch.raise_generation) == 2
    with database.reading() as connection:
        assert epoch.read_generation(connection) == 2
    after = member()
    do(database, after.join)
    highest = one.floor + (1 << epoch.COUNTER_BITS) - 1
    assert after.floor == highest + 1
    assert epoch.split(highest) == (1, (1 << epoch.COUNTER_BITS) - 1)
    assert epoch.split(after.floor + 9) == (2, 9)
