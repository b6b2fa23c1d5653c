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
from stratiform.server.console import tree

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


def test_a_dry_run_at_a_terminal_does_nothing(migrated, waiting, rows):
    uuid = waiting(111)
    where = ("--data", migrated)
    assert "undone at once (dry run: nothing was done)" in done("job", "cancel", uuid, "--dry-run", *where)
    told = json.loads(done("job", "hold", "--text", "vm.start", "--state", "ready", "--dry-run", *where, "--json"))
    assert (told["dryrun"], uuid in [each["id"] for each in told["affected"]]) == (True, True)
    [row] = rows(sqlalchemy.select(job).where(job.c.uuid == uuid))
    assert (row.state, row.cancel, row.hold) == ("ready", None, None)
    assert rows(sqlalchemy.select(event.c.id).where(event.c.resource == uuid)) == []


def test_all_that_options_match_are_steered_and_drawn(migrated, filed, rows):
    where = ("--data", migrated)
    for number in (121, 122):
        filed(number, "vm.start", "ready", payload='{"vm": 1}', step="place", stage="many", resource="vm/m")
    filed(123, "alien.job", "ready", step="land", stage="many", resource="vm/m")
    drawn = run("job", "hold", "--stage", "many", *where)
    assert drawn.exit_code == 1, "one was refused"
    lines = drawn.stdout.splitlines()
    assert lines[0].split() == ["job", "kind", "about", "account", "what", "happens"]
    assert [line.split()[0] for line in lines[1:4]] == ["job-121", "job-122", "job-123"]
    assert "refused" in lines[3]
    assert "this server does not know" in lines[3]
    assert lines[-1] == "2 jobs were steered; 1 refused, with the reason."
    told = rows(sqlalchemy.select(event.c.resource).where(event.c.kind == "JOB.HOLD", event.c.resource.like("job-12%")))
    assert sorted(each.resource for each in told) == ["job-121", "job-122"]
    first = done("job", "release", "--stage", "many", "--limit", 1, *where)
    assert first.splitlines()[-1].endswith("1 more match, behind the last of these; go on with --after job-121.")
    assert "limit cannot be 0" in refusal("job", "release", "--stage", "many", "--limit", 0, *where)
    assert "1 job was steered" in done("job", "release", "--older-than", "0", "--resource", "vm/m", *where)
    told = json.loads(run("job", "cancel", "--resource", "vm/m", "--newer-than", "36500d", *where, "--json").stdout)
    assert (told["count"], [each["errorcode"] for each in told["refused"]]) == (2, ["job_unread"])


def test_nobody_steers_everything_by_a_slip(migrated):
    where = ("--data", migrated)
    for action in ("cancel", "hold", "release", "retry", "prioritize"):
        assert "nothing says which jobs" in refusal("job", action, "--dry-run", *where)
    assert "not both" in refusal("job", "cancel", "job-1", "--stage", "vm", *where)
    assert "no host with name nowhere" in refusal("job", "cancel", "--host", "nowhere", *where)
    assert run("job", "cancel", "--older-than", "soon", *where).exit_code == 2
    assert "0 jobs were steered" in done("job", "cancel", "--kind", "oven.bake", *where)


def test_a_job_is_filed_anew_at_a_terminal(migrated, filed, rows):
    where = ("--data", migrated)
    error = json.dumps({"code": "no_room", "parameters": {}, "text": "no host has room"})
    filed(131, "vm.deploy", "ended", outcome="failed", direction="undo", error=error, payload='{"vm": 1}')
    filed(132, "vm.stop", "ended", outcome="failed", direction="undo", error=error, payload='{"vm": 1}')
    assert "no virtual machine" in refusal("job", "retry", "job-131", *where)
    assert "succeeded" in refusal("job", "retry", "job-9", *where)
    told = run("job", "retry", "--text", "has ROOM", "--outcome", "failed", "--after", "job-130", *where)
    assert told.exit_code == 1


def test_watching_a_job_that_was_cancelled_ends_with_1_as_if_it_had_failed(migrated, filed):
    filed(141, "vm.start", "ended", outcome="cancelled", direction="undo")
    watched = run("job", "watch", "job-141", "--data", migrated)
    assert (watched.exit_code, watched.stdout.split()[-1]) == (1, "cancelled")


def test_what_is_held_or_to_be_cancelled_is_drawn_so(migrated, filed):
    filed(151, "vm.start", "held", step="place", hold=1)
    filed(152, "vm.start", "waiting", step="boot", pending=1, cancel=1)
    filed(153, "vm.start", "waiting", step="boot", pending=1, hold=1)
    for number, drawn in ((151, "held"), (152, "waiting, to be cancelled"), (153, "waiting, to be held")):
        assert f"vm.start {drawn}, 0 of" in done("job", "show", f"job-{number}", "--data", migrated)
    assert {"held", "cancelled"} <= tree.STYLES.keys()


def test_stages_are_listed_and_set(migrated, jobs):
    where = ("--data", migrated)
    named = {each["name"]: each for each in json.loads(done("stage", "list", *where, "--json"))}
    assert named["volume"]["mode"] == "pause"
    drawn = done("stage", "list", *where).splitlines()
    assert drawn[0].split()[:4] == ["name", "mode", "workers", "inflight"]
    done("stage", "set", "volume", "--mode", "drain", "--inflight", 3, *where)
    done("stage", "set", "volume", "--target", 5, "--least", 1, "--most", 4, *where)
    [row] = json.loads(done("stage", "set", "volume", "--workers", "3", "--deadline", 90, *where, "--json"))
    assert (row["mode"], row["inflight"], row["target"], row["workers"], row["deadline"]) == ("drain", 3, 5, 3, 90)
    cleared = ("--target", -1, "--inflight", -1, "--deadline", -1, "--mode", "pause")
    [row] = json.loads(done("stage", "set", "volume", *cleared, *where, "--json"))
    assert not {"inflight", "target", "least", "most", "deadline"} & row.keys()
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
