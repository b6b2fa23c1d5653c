"""`stratiform job show --logs`: journals, events and log lines of all that belongs to a job, in order of time."""

import io
import json

import pytest
import sqlalchemy
import structlog
from click.testing import CliRunner

from stratiform.framework import context
from stratiform.framework.base.clock import SECOND
from stratiform.framework.db.database import Database
from stratiform.framework.events import outbox
from stratiform.framework.events.table import event
from stratiform.framework.jobs import inspect
from stratiform.framework.jobs.table import job
from stratiform.framework.telemetry.logs import Format, about, configure, get_logger
from stratiform.framework.testing.fixtures import clock, database, database_url, layers, world
from stratiform.framework.testing.statements import count
from stratiform.server.bootstrap import Settings
from stratiform.server.cli import main
from stratiform.server.console import ledger
from stratiform.server.quickstart.home import Home

__all__ = ["clock", "database", "database_url", "layers", "world"]

ROOT, CHILD = "0190f3c2-0000-7000-8000-000000000001", "0190f3c2-0000-7000-8000-000000000002"
LOG = get_logger("stratiform.story")


def file(database, uuid, kind, **given):
    """File a job that succeeded."""
    row = {
        column.name: 0 if isinstance(column.type, sqlalchemy.Integer) else "x"
        for column in job.columns
        if not column.nullable
    }
    row |= {"uuid": uuid, "root": ROOT, "kind": kind, "state": "ended", "outcome": "succeeded", "version": 1}
    row |= {"direction": "forward", "held": "[]", "payload": "{}"} | given
    with database.transaction() as tx:
        tx.execute(sqlalchemy.insert(job).values(row))


@pytest.fixture
def who(world):
    return context.begin(world.ids, "somebody")


@pytest.fixture
def written(clock):
    """A log that is being written, as a quickstart writes it."""
    stream = io.StringIO()
    configure(stream, Format.CONSOLE, "info", clock=clock)
    yield stream
    structlog.reset_defaults()


@pytest.fixture
def deployed(database, clock, who, written):
    """A job and its child that ended, what was told of them, and what was told of others."""

    def publish(kind, found, **payload):
        with context.use(found), database.transaction() as tx:
            told = outbox.Event(kind=kind, resource_kind="vm", resource="web", generation=1, payload=payload)
            outbox.publish(tx, [told])

    with context.use(who):
        LOG.info("request came in")
    other = context.begin(database.world.ids, "other")
    clock.advance(SECOND)
    lines = [[clock.now() + SECOND, "place", False, "done"], [clock.now() + 8 * SECOND, "boot", True, "undone"]]
    times = {"request": who.request, "created": clock.now(), "changed": clock.now() + 9 * SECOND}
    file(database, ROOT, "vm.deploy", id=1, journal=json.dumps(lines), **times)
    file(database, CHILD, "volume.create", id=2, parent=1, journal="[]", **times)
    clock.advance(2 * SECOND)
    publish("VM.CREATE", context.Context(principal="p", request="r2", trace="a" * 32, root=ROOT), name="web")
    publish("VM.CREATE", other)
    clock.advance(2 * SECOND)
    with context.use(context.Context(principal="p", request="r2", trace="a" * 32, root=ROOT, job=CHILD)):
        LOG.warning("disk is slow", after=3)
    with context.use(other):
        LOG.info("something else")


def told(database, written):
    written.seek(0)
    with database.reading() as connection:
        family = inspect.tree(connection, ROOT)
        request = ledger.request(connection, ROOT)
        found = ledger.story(connection, family, request, about(written, ledger.names(family, request)))
    return [(each.source, each.text) for each in found]


def test_everything_that_belongs_to_a_job_is_told_in_order_of_time(database, deployed, written):
    found = told(database, written)
    assert [source for source, _ in found] == [
        "log", "vm.deploy", "volume.create", "vm.deploy", "event", "log", "vm.deploy", "vm.deploy", "volume.create",
    ]  # fmt: skip
    assert "request came in" in found[0][1]
    assert found[3] == ("vm.deploy", "place: done")
    assert found[4] == ("event", "VM.CREATE vm/web name=web")
    assert "disk is slow" in found[5][1]
    assert found[6] == ("vm.deploy", "boot: undo: undone")
    assert found[7] == ("vm.deploy", "succeeded")
    assert not any("something else" in text for _, text in found)


def test_old_events_are_not_read_for_it(database, deployed, written, clock):
    with database.transaction() as tx:  # of the same request, but of another day
        moved = sqlalchemy.update(event).where(event.c.root == ROOT)
        tx.execute(moved.values(at=clock.now() - 24 * 3600 * SECOND))
    assert "event" not in [source for source, _ in told(database, written)]


def test_it_takes_one_statement_for_the_events(database, deployed):
    with database.reading() as connection:
        family = inspect.tree(connection, ROOT)
        with count(database) as asked:
            ledger.story(connection, family, "r", [])
    asked.expect(statements=1)


@pytest.fixture
def served(tmp_path, world, clock):
    """A server's directory with a database and one job that ended in it."""
    data = tmp_path / "data"
    assert run("migrate", "--data", data).exit_code == 0
    opened = Database(Settings(data=data).url, world)
    file(opened, ROOT, "vm.deploy", id=1, journal="[]", created=clock.now(), changed=clock.now(), steps=0)
    opened.close()
    return data


def run(*words):
    return CliRunner().invoke(main, [str(each) for each in words])


def test_the_command_reads_the_log_in_the_servers_directory_or_those_it_is_given(served, tmp_path):
    without = run("job", "show", ROOT, "--data", served, "--logs")
    assert without.exit_code == 0, without.output
    assert f"filed as {ROOT}" in without.stdout
    Home(served).log.write_text(f"2025-06-15T15:06:40.000001Z [info] mine of {ROOT}\n")
    assert "mine of" in run("job", "show", ROOT, "--data", served, "--logs").stdout
    assert "mine of" not in run("job", "show", ROOT, "--data", served).stdout
    others = [tmp_path / name for name in "ab"]
    for each in others:
        each.write_text(f"2025-06-15T15:06:40.000001Z [info] {each.name} of {ROOT}\n")
    words = [word for each in others for word in ("--log-file", each)]
    told = json.loads(run("job", "show", ROOT, "--data", served, "--json", *words).stdout)["story"]
    assert [each["text"].split()[1] for each in told if each["source"] == "log"] == ["a", "b"]
    assert run("job", "show", ROOT, "--data", served, "--log-file", tmp_path / "nowhere").exit_code == 2
