"""Durability on SQLite: a transaction that returned survives the loss of power, and one sync serves many of them."""

import os
import shutil
import sqlite3
import threading
import time

import pytest
import sqlalchemy

from stratiform.framework.base.world import World
from stratiform.framework.db.database import Database
from stratiform.framework.db.flush import DiskFailed
from stratiform.framework.db.store import DriverStore
from stratiform.framework.testing.statements import count

THING = sqlalchemy.table("thing", sqlalchemy.column("name"))


class Disk:
    """What of a database's log has reached the disk: what it held when it was synced last."""

    def __init__(self, path, monkeypatch):
        self.path, self.kept, self.syncs = path, b"", 0
        self.open, self.waiting = threading.Event(), threading.Semaphore(0)
        self.open.set()
        self._fsync = os.fsync
        monkeypatch.setattr(os, "fsync", self.sync)

    def sync(self, file):
        log = self.path.with_name(f"{self.path.name}-wal")
        held = log.read_bytes()
        self.waiting.release()
        assert self.open.wait(20)
        self._fsync(file)
        self.syncs += 1
        self.kept = held

    def after_a_loss_of_power(self, folder):
        """The names that are left of the things that were written."""
        folder.mkdir()
        left = folder / self.path.name
        shutil.copy(self.path, left)
        left.with_name(f"{left.name}-wal").write_bytes(self.kept)
        connection = sqlite3.connect(left)
        try:
            return [name for (name,) in connection.execute("SELECT name FROM thing ORDER BY name")]
        finally:
            connection.close()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cloud.db"


@pytest.fixture
def database(path):
    first = sqlite3.connect(path)
    first.execute("CREATE TABLE thing (name TEXT)")
    first.close()
    database = Database(f"sqlite:///{path}", World(store=DriverStore()))
    database.identifiers.reserve = lambda: None  # nothing here has a number
    yield database
    database.close()


@pytest.fixture
def disk(path, database, monkeypatch):
    return Disk(path, monkeypatch)


def write(database, name):
    with database.transaction() as tx:
        tx.execute(THING.insert().values(name=name))


def test_what_was_written_is_on_the_disk_when_its_transaction_has_ended(database, disk, tmp_path):
    for number, name in enumerate("abc"):
        write(database, name)
        assert disk.after_a_loss_of_power(tmp_path / name) == [*"abc"[: number + 1]]


def test_what_is_promised_for_after_the_commit_waits_for_the_disk(database, disk, tmp_path):
    found = []
    with database.transaction() as tx:
        tx.execute(THING.insert().values(name="a"))
        tx.after_commit(lambda: found.append(disk.after_a_loss_of_power(tmp_path / "b")))
    assert found == [["a"]]


def test_one_sync_serves_all_who_committed_while_another_was_under_way(database, disk, tmp_path):
    disk.open.clear()
    ended = []

    def one(name):
        write(database, name)
        ended.append(name)

    threads = [threading.Thread(target=one, args=name) for name in "abcdef"]
    threads[0].start()
    assert disk.waiting.acquire(timeout=20), "the first is being synced"
    for each in threads[1:]:
        each.start()
    with database.reading() as connection:
        while len(connection.execute(sqlalchemy.select(THING)).all()) < len(threads):
            connection.rollback()
    assert ended == [], "they are committed, for all to see, and none has ended"
    disk.open.set()
    for each in threads:
        each.join(20)
    assert disk.syncs == 2
    assert disk.after_a_loss_of_power(tmp_path / "after") == sorted(ended) == [*"abcdef"]


def test_who_wrote_nothing_waits_for_no_disk(database, disk):
    with database.transaction() as tx:
        tx.execute(THING.update().where(THING.c.name == "nobody").values(name="somebody"))
    with count(database) as asked, database.reading() as connection:
        connection.execute(sqlalchemy.select(THING)).all()
    assert (len(asked), disk.syncs) == (1, 0)


def test_a_disk_that_failed_takes_nothing_more(database, disk, monkeypatch):
    """The system may have forgotten what it could not write: a sync that succeeds afterwards would say nothing."""

    def broken(file):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(DiskFailed, match="Input/output error"):
        write(database, "a")
    monkeypatch.setattr(os, "fsync", disk.sync)
    with pytest.raises(DiskFailed):
        write(database, "b")
    assert disk.syncs == 0


def test_who_only_reads_in_a_transaction_waits_for_what_it_found(database, disk):
    disk.open.clear()
    writer = threading.Thread(target=write, args=(database, "a"))
    writer.start()
    assert disk.waiting.acquire(timeout=20)
    found, ended = [], threading.Event()

    def look():
        with database.transaction() as tx:
            found.append(tx.execute(sqlalchemy.select(THING)).scalars().all())
        ended.set()

    reader = threading.Thread(target=look)
    reader.start()
    while not found:
        time.sleep(0.001)
    assert not ended.wait(0.05)
    disk.open.set()
    assert ended.wait(20)
    writer.join(20)
    reader.join(20)
    assert (found, disk.syncs) == ([["a"]], 1)


def test_a_database_that_is_reached_by_a_link_is_synced_where_it_is(tmp_path, path, database, disk):
    link = tmp_path / "link.db"
    link.symlink_to(path)
    database.close()
    linked = Database(f"sqlite:///{link}", World(store=DriverStore()))
    linked.identifiers.reserve = lambda: None
    write(linked, "a")
    assert disk.after_a_loss_of_power(tmp_path / "after") == ["a"]
    linked.close()


def test_a_change_of_the_schema_is_durable_too(database, disk):
    with database.exclusive() as connection, connection.begin():
        connection.exec_driver_sql("CREATE TABLE other (id INTEGER)")
    assert disk.syncs == 1
