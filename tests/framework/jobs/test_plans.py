"""History costs nothing: no statement of the engine reads the whole table of jobs, on either database."""

import re
from contextlib import contextmanager

import pytest
import sqlalchemy
from sqlalchemy import event

from stratiform.framework.cluster.membership import Membership
from stratiform.framework.db import rows
from stratiform.framework.jobs import inspect, share, statement
from stratiform.framework.jobs.agenda import Agenda
from stratiform.framework.jobs.run import MUTABLE
from stratiform.framework.jobs.state import State
from stratiform.framework.jobs.table import COLUMNS, job

JOBS = 60_000
LIVE = 400

NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {})"
VALUES = {
    "id": "i",
    "uuid": "'job' || i",
    "root": "'job' || (i - i % 4)",
    "parent": "CASE WHEN i % 4 > 0 THEN i - i % 4 END",
    "kind": "'bake'",
    "direction": "'forward'",
    "stage": "'stage' || (i % 5)",
    "lane": "'lane/' || (i % 1000)",
    "fair_key": "'account' || (i % 100)",
    "state": "CASE WHEN NOT {live} THEN 'ended' WHEN i % 4 = 0 THEN 'ready' WHEN i % 4 = 1 THEN 'blocked'"
    " WHEN i % 4 = 2 THEN 'running' ELSE 'waiting' END",
    "owner": "CASE WHEN {live} AND i % 4 = 2 THEN 'process' || (i % 3) END",
    "not_before": "CASE WHEN {live} AND i % 4 = 3 THEN i END",
    "resource": "'vm/' || (i / 4)",
}

ONE = dict.fromkeys(COLUMNS) | {"id": JOBS + 1, "stage": "stage1", "fair_key": "account1", "cost": 1}
KINDS = rows.encode([{"kind": "bake", "version": 0}])
LANE = rows.encode([{"key": "lane/601", "width": 1, "n": 1}])
ASKED = {
    "claim": {"stage": "stage1", "limit": 32, "kinds": KINDS},
    "lock": {"rows": rows.encode([{"id": JOBS - 4}, {"id": 77}])},
    "insert": {
        **ONE,  # of SQLite
        "rows": rows.encode([ONE]),
        "places": rows.encode([{"stage": "stage1", "fair_key": "account1"}]),
    },
    "update": {"rows": rows.encode([{"id": 77}])},
    "grant": {"rows": LANE},
    "lock_lanes": {"rows": LANE},
    "release": {"rows": LANE},
    "promote": {"rows": LANE, "now": 1},
    "promoted": {"rows": LANE},
    "wake": {"now": JOBS - 100},
    "adopt": {"rows": rows.encode([{"id": 5, "epoch": 1}]), "kinds": KINDS, "owner": "process0", "floor": 1, "now": 1},
    "set_aside": {"id": 77, "until": 1, "now": 1},
    "introduce": {"rows": rows.encode([{"name": "stage9", "workers": 1}])},
    "tick": {"rows": rows.encode([{"name": "stage1", "clock": 5}])},
    "claim_some": {"stage": "stage1", "limit": 32, "kinds": KINDS, "fresh": 3},
    "lock_stage": {"stage": "stage1"},
    "under_way": {"stage": "stage1"},
    "queued": {"stage": "stage1", "limit": 100},
    "leave_queue": {"rows": LANE},
}
"""Every statement of the engine with something to ask it for."""

MIDDLING = 6_000
"""Jobs of a history that a database may prefer to read whole, where it guesses wrong how many it is asked for."""
PAGES = 50

QUESTIONS = {
    "one": lambda connection: inspect.find(connection, f"job{JOBS - 3}"),
    "a tree": lambda connection: inspect.tree(connection, "job40"),
    "an account's": lambda connection: inspect.listing(connection, fair_keys=["account1"]),
    "nobody's": lambda connection: inspect.listing(connection, fair_keys=["nobody"]),
    "a resource's": lambda connection: inspect.listing(connection, resource="vm/7"),
    "blocked": lambda connection: inspect.listing(connection, state=State.BLOCKED),
}
"""What an operator asks."""


@pytest.fixture
def old(database):
    """A database with a long history, and statistics of it."""
    return lived(database, JOBS)


def lived(database, jobs):
    """Give a database so many jobs, most of them ended, and statistics of them."""
    values = {each.name: "0" if isinstance(each.type, sqlalchemy.Integer) else "'[]'" for each in job.columns}
    values |= {each.name: "NULL" for each in job.columns if each.nullable}
    values |= {name: text.format(live=f"i > {jobs - LIVE}") for name, text in VALUES.items()}
    fill = {
        "job": (jobs, ", ".join(values.values())),
        "lane": (1000, "'lane/' || (i - 1), 1, 1, 1"),
        "stage": (5, "'stage' || (i - 1), 1, 'run', 0"),
        "process": (2, "'process' || (i - 1), 'a', '', 0, 0, 0, false"),
    }
    with database.transaction() as tx:
        for table, (count, picked) in fill.items():
            names = {
                "job": f" ({', '.join(values)})",
                "lane": " (key, width, busy, queued)",
                "stage": " (name, workers, mode, clock)",
                "process": " (id, name, version, started, heartbeat, lease_until, draining)",
            }.get(table, "")
            numbers = NUMBERS.format(count)
            tx.execute(sqlalchemy.text(f"INSERT INTO {table}{names} {numbers} SELECT {picked} FROM n"))
    with database.exclusive() as connection, connection.begin():
        connection.exec_driver_sql("ANALYZE")
    return database


def scans(lines):
    """The steps of a plan that read all jobs, dead or alive: not those through an index of what is queued."""
    found = [line for line in lines if re.search(r"Seq Scan on job\b|^SCAN (job|parent|b|o|last|below)\b", line)]
    queues = r"INDEX job_(ready|blocked|owner|not_before|lane|under_way|fair)\b"
    return [line for line in found if not re.search(queues, line)]


def plan(connection, execute, text, parameters):
    if connection.dialect.name == "postgresql":
        return [row[0] for row in execute(f"EXPLAIN {text}", parameters)]
    return [row.detail for row in execute(f"EXPLAIN QUERY PLAN {text}", parameters)]


@contextmanager
def seen(database, asked):
    """Note the SELECTs that the block asks, with their parameters."""

    def note(connection, cursor, text, parameters, *_):
        if text.startswith("SELECT"):
            asked.append((text, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def test_nothing_that_the_engine_does_reads_all_jobs(old):
    statements = {name for name, value in vars(statement).items() if hasattr(value, "cache_info")}
    assert statements == ASKED.keys()
    read = {}
    with old.reading() as connection:

        def execute(text, parameters):
            return connection.execute(sqlalchemy.text(text), parameters)

        for name, parameters in ASKED.items():
            text = getattr(statement, name)(old.dialect).text
            read[name] = scans(plan(connection, execute, text, parameters))
    assert {name: lines for name, lines in read.items() if lines} == {}


def test_whoever_weighs_an_account_reads_what_it_has_queued_and_no_history(old):
    asked = {"fair_key": "account0", "before": 1, "weight": 3}
    with old.reading() as connection:

        def execute(text, parameters):
            return connection.execute(sqlalchemy.text(text), parameters)

        lines = plan(connection, execute, share.redraw(old.dialect).text, asked)
    assert scans(lines) == []
    assert any("job_fair" in line and "job_fair_key" not in line for line in lines), lines


def test_what_a_process_asks_when_idle_reads_no_history(old):
    asked, read = [], []
    membership = Membership(old, old.world, "a", database_time=False)
    agenda = Agenda(old, membership)
    with seen(old, asked):
        agenda.now()
        agenda.left()
    with old.reading() as connection:
        read = [scans(plan(connection, connection.exec_driver_sql, *each)) for each in asked]
    assert read == [[], []]


def test_nothing_that_an_operator_asks_reads_all_jobs(old):
    read = {}
    for name, ask in QUESTIONS.items():
        asked = []
        with old.reading() as connection:
            with seen(old, asked):
                ask(connection)
            assert asked
            read[name] = [scans(plan(connection, connection.exec_driver_sql, *each)) for each in asked]
    assert {name: lines for name, lines in read.items() if any(lines)} == {}


def asked_of_few(dialect, name):
    """A statement that carries one job on, and what it is asked with."""
    kinds = rows.kinds(job, ("id", *MUTABLE))
    last = {each: 0 if kind == "integer" else "[]" for each, kind in kinds.items()} | {"id": MIDDLING - 1}
    if name == "alteration":
        return rows.alteration(dialect, job, ("id",), ("changed",)).text, {"id": MIDDLING - 1, "changed": 1}
    return getattr(statement, name)(dialect).text, {"id": MIDDLING - 1} if name == "lock" else last


@pytest.mark.parametrize("name", ["lock", "update", "alteration"])
def test_one_job_is_carried_on_without_a_middling_history(database, name):
    """That of a cloud a day old: PostgreSQL took a hash of all of it for cheaper than to look up one job."""
    lived(database, MIDDLING)
    text, row = asked_of_few(database.dialect, name)
    asked = {"rows": rows.encode([row])}
    with database.reading() as connection:
        if database.dialect == "sqlite":
            told = connection.execute(sqlalchemy.text(f"EXPLAIN QUERY PLAN {text}"), asked)
            assert scans([each.detail for each in told]) == []
            return
        told = connection.execute(sqlalchemy.text(f"EXPLAIN (BUFFERS, ANALYZE, COSTS OFF, TIMING OFF) {text}"), asked)
        plan = "\n".join(each[0] for each in told).partition("Planning")[0]
        assert "Seq Scan on job" not in plan
        assert max(map(int, re.findall(r"(?:hit|read)=(\d+)", plan))) <= PAGES, plan
