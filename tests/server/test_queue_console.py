"""Steering the queues at a terminal, beside servers: no server runs here, only its database."""

import json

import pytest
import sqlalchemy
from tests.server.test_cli import filed, jobs, migrated, refusal, run

from stratiform.framework.db.database import Database
from stratiform.framework.events.table import event
from stratiform.framework.jobs.table import job
from stratiform.server import bootstrap
from stratiform.server.bootstrap import Settings

__all__ = ["filed", "jobs", "migrated"]


@pytest.fixture
def rows(migrated):
    """What a statement finds in the database."""
    database = Database(Settings(data=migrated).url, bootstrap.world())

    def rows(statement):
        with database.reading() as connection:
            return connection.execute(statement).all()

    yield rows
    database.close()


@pytest.fixture
def waiting(migrated, filed):
    """File a machine's start that waits for a worker: `waiting(number)` answers its UUID."""

    def waiting(number):
        payload = json.dumps({"vm": number})
        filed(number, "vm.start", "ready", payload=payload, step="claim", ticket=number, stage="vm")
        return f"job-{number}"

    return waiting


def done(*words):
    """What a command printed that did what it was asked."""
    result = run(*words)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_job_is_held_released_put_first_and_cancelled(migrated, waiting, rows):
    uuid, other = waiting(101), waiting(102)
    where = ("--data", migrated)

    def now(name="state", which=uuid):
        [row] = rows(sqlalchemy.select(job).where(job.c.uuid == which))
        return getattr(row, name)

    assert "1 of 1 jobs stand" in done("job", "hold", uuid, *where)
    assert now() == "held"
    assert json.loads(done("job", "release", uuid, *where, "--json"))["text"] == "it goes on"
    assert now() == "ready"
    done("job", "prioritize", other, *where)
    assert now("ticket", other) < now("ticket")
    done("job", "prioritize", other, "--last", *where)
    assert now("ticket", other) > now("ticket")
    assert "undone at once" in done("job", "cancel", uuid, *where)
    assert now("cancel")
    told = rows(sqlalchemy.select(event.c.kind, event.c.principal).where(event.c.resource == uuid).order_by(event.c.id))
    assert [tuple(each) for each in told] == [
        ("JOB.HOLD", "system:console"),
        ("JOB.RELEASE", "system:console"),
        ("JOB.CANCEL", "system:console"),
    ]


def test_what_cannot_be_steered_is_one_line(migrated, jobs):
    where = ("--data", migrated)
    for action in ("cancel", "hold", "release", "prioritize"):
        assert "no job nowhere" in refusal("job", action, "nowhere", *where)
    assert "has ended (succeeded)" in refusal("job", "cancel", "job-9", *where)
    assert "this server does not know" in refusal("job", "cancel", "job-8", *where)


def test_stages_are_listed_and_set(migrated, jobs):
    where = ("--data", migrated)
    named = {each["name"]: each for each in json.loads(done("stage", "list", *where, "--json"))}
    assert named["volume"]["mode"] == "pause"
    drawn = done("stage", "list", *where).splitlines()
    assert drawn[0].split()[:4] == ["name", "mode", "workers", "inflight"]
    done("stage", "set", "volume", "--mode", "drain", "--inflight", 3, *where)
    done("stage", "set", "volume", "--target", 5, "--least", 1, "--most", 4, *where)
    [row] = json.loads(done("stage", "set", "volume", "--workers", "3", *where, "--json"))
    assert (row["mode"], row["inflight"], row["target"], row["workers"]) == ("drain", 3, 5, 3)
    cleared = ("--target", -1, "--inflight", -1, "--mode", "pause")
    [row] = json.loads(done("stage", "set", "volume", *cleared, *where, "--json"))
    assert not {"inflight", "target", "least", "most"} & row.keys()
    assert "There is no stage oven" in refusal("stage", "set", "oven", "--mode", "run", *where)
    assert "workers cannot be 999" in refusal("stage", "set", "volume", "--workers", 999, *where)
    assert "nothing is to be set" in refusal("stage", "set", "volume", *where)


def test_lanes_are_set_and_listed(migrated):
    where = ("--data", migrated)
    [row] = json.loads(done("lane", "set", "host/1", "--mode", "pause", "--width", 2, *where, "--json"))
    assert (row["mode"], row["width"], row["steered"]) == ("pause", 2, True)
    assert [each["key"] for each in json.loads(done("lane", "list", "--kind", "host", *where, "--json"))] == ["host/1"]
    assert json.loads(done("lane", "list", "--queued", *where, "--json")) == []
    assert "no kind of lane" in refusal("lane", "set", "oven/1", "--mode", "run", *where)
    done("lane", "set", "host/1", "--mode", "run", "--width", 4, *where)
    assert json.loads(done("lane", "list", "--kind", "host", *where, "--json"))[0]["steered"] is False
