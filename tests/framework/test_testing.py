"""The test equipment itself: it repeats, it counts right, and it cleans up."""

import threading

import pytest
import sqlalchemy

from stratiform.framework.config.table import config_version
from stratiform.framework.testing.statements import count
from stratiform.framework.testing.world import START, ManualClock, seeded


def test_the_same_seed_is_the_same_world():
    first, second, other = seeded(1), seeded(1), seeded(2)
    assert [first.ids.uuid() for _ in range(3)] == [second.ids.uuid() for _ in range(3)]
    assert first.random.random() != other.random.random()


def test_a_manual_clock_moves_only_when_told():
    clock = ManualClock()
    assert (clock.now(), clock.monotonic()) == (START, 0)
    clock.advance(5)
    clock.set(START - 100)
    assert (clock.now(), clock.monotonic()) == (START - 100, 5)
    with pytest.raises(ValueError, match="back"):
        clock.advance(-1)


def test_the_world_has_the_clock_that_the_test_turns(world, clock):
    clock.advance(7)
    assert world.clock.now() == START + 7


def test_statements_and_commits_are_counted_apart(database):
    with count(database) as asked:
        with database.transaction() as tx:
            tx.execute(config_version.insert(), {"id": 1, "version": 1})
            tx.execute(sqlalchemy.select(config_version))
        with database.reading() as connection:
            connection.execute(sqlalchemy.select(config_version))
        with pytest.raises(ZeroDivisionError), database.transaction():
            raise ZeroDivisionError
    asked.expect(statements=3, commits=1)
    assert "1. INSERT INTO config_version" in str(asked)


def test_many_rows_at_once_are_one_statement(database):
    rows = [{"id": id, "version": 1} for id in range(50)]
    with count(database) as asked, database.transaction() as tx:
        tx.connection.execute(config_version.insert(), rows)
    asked.expect(statements=1)


def test_other_threads_count_and_what_comes_after_does_not(database):
    def ask():
        with database.reading() as connection:
            connection.execute(sqlalchemy.select(config_version))

    with count(database) as asked:
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
    ask()
    assert len(asked) == 1


def test_the_message_of_a_wrong_count_shows_the_statements(database):
    with count(database) as asked, database.reading() as connection:
        connection.execute(sqlalchemy.select(config_version))
    with pytest.raises(AssertionError, match=r"(?s)expected 2 statements.*1 statements.*FROM config_version"):
        asked.expect(statements=2)


def test_taking_identifiers_is_not_counted(database):
    with count(database) as asked:
        for _ in range(3):
            with database.transaction() as tx:
                assert tx.new_id() < tx.new_id()
    asked.expect(statements=0, commits=3)


def test_every_database_begins_empty(database):
    with database.reading() as connection:
        assert connection.execute(sqlalchemy.select(config_version)).all() == []
