"""How sessions of PostgreSQL are opened: nobody holds a lock for ever, and what is asked often is prepared."""

import pytest
import sqlalchemy

from stratiform.framework.base.clock import SECOND
from stratiform.framework.cluster.membership import LEASE
from stratiform.framework.cluster.table import process
from stratiform.framework.db import store
from stratiform.framework.db.database import Database
from stratiform.framework.jobs.batch import gone
from stratiform.framework.schema import FRAMEWORK

ROW = {"id": "a", "name": "a", "version": "", "started": 0, "heartbeat": 0, "lease_until": 0, "draining": False}
TOUCH = sqlalchemy.update(process).values(draining=True)


@pytest.fixture
def server(postgresql):
    """The URL of a PostgreSQL with the framework's tables and a process in them."""
    with postgresql.filled([FRAMEWORK]) as url:
        yield url


@pytest.fixture
def connect(server, world):
    """Open the database, with other settings if they are given."""
    opened = []

    def connect(**settings):
        url = sqlalchemy.make_url(server)
        options = " ".join([url.query["options"], *(f"-c{name}={value}" for name, value in settings.items())])
        changed = url.update_query_dict({"options": options}).render_as_string(hide_password=False)
        opened.append(Database(changed, world))
        return opened[-1]

    with connect().transaction() as tx:
        tx.insert(process, [ROW])
    yield connect
    for each in opened:
        each.close()


def test_a_session_is_set_as_declared_and_the_url_has_the_last_word(connect, server):
    def shown(database, name):
        with database.reading() as connection:
            return connection.exec_driver_sql(f"SHOW {name}").scalar_one()

    usual = connect()
    assert {name: shown(usual, name) for name in store.SETTINGS} == {
        name: value.replace("\\", "") for name, value in store.SETTINGS.items()
    }
    assert shown(connect(lock_timeout="3s"), "lock_timeout") == "3s"
    assert shown(usual, "application_name") == sqlalchemy.make_url(server).query["application_name"]


def test_the_locks_of_a_frozen_process_are_gone_when_its_lease_is():
    assert store.SILENCE * SECOND <= LEASE


def test_who_falls_silent_in_a_transaction_loses_it_and_its_locks(connect):
    frozen, other = connect(idle_in_transaction_session_timeout="300ms"), connect()

    def freeze(tx):
        assert tx.execute(TOUCH).rowcount == 1
        other.run(lambda tx: tx.execute(TOUCH))  # waits for the lock
        tx.execute(TOUCH)

    with pytest.raises(sqlalchemy.exc.DBAPIError, match="idle-in-transaction") as lost:
        frozen.run(freeze)
    assert gone(lost.value), "that says nothing of what it was doing"
    with frozen.transaction() as tx:
        assert tx.execute(TOUCH).rowcount == 1


def test_who_waits_long_for_a_lock_is_told_so_and_fails_no_job(connect):
    holder, other = connect(), connect(lock_timeout="100ms")
    with holder.transaction() as tx:
        tx.execute(TOUCH)
        with pytest.raises(sqlalchemy.exc.DBAPIError, match="lock timeout") as late:
            other.run(lambda tx: tx.execute(TOUCH))
    assert gone(late.value)


def test_what_is_read_often_is_prepared_and_stays_so(connect):
    database = connect()
    for _ in range(5):
        with database.reading() as connection:
            connection.execute(sqlalchemy.select(process.c.name).where(process.c.id == "a")).one()
    with database.reading() as connection:
        kept = connection.exec_driver_sql("SELECT statement FROM pg_prepared_statements").scalars().all()
    assert any("process" in each for each in kept)


def test_an_old_postgresql_is_refused(connect, monkeypatch):
    monkeypatch.setattr(store, "OLDEST_POSTGRESQL", 99)
    with pytest.raises(store.PostgreSQLTooOld, match="99 or later"), connect().reading():
        pass
