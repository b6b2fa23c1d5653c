"""What a server tells of itself at /metrics, and the alerts that are shipped with it."""

import pathlib
import re

import pytest
import sqlalchemy

from stratiform.framework.agents.table import resource
from stratiform.framework.base.clock import SECOND
from stratiform.framework.cluster.membership import Membership
from stratiform.framework.config.values import Config
from stratiform.framework.jobs.kind import Lane, Registry, Stage
from stratiform.framework.jobs.meter import Meter
from stratiform.framework.jobs.purge import RETENTION
from stratiform.framework.jobs.table import job, lane
from stratiform.framework.telemetry.metrics import FRESH
from stratiform.framework.testing.fixtures import clock, database, database_url, layers, world
from stratiform.framework.testing.statements import count
from stratiform.server import telemetry
from stratiform.server.serving import HttpQueue
from stratiform.server.traffic import Requests

__all__ = ["clock", "database", "database_url", "layers", "world"]

DOCS = pathlib.Path(__file__).parents[2] / "docs/server"


@pytest.fixture
def membership(database, world):
    found = Membership(database, world, "a", database_time=False)
    with database.transaction() as tx:
        found.join(tx)
    return found


@pytest.fixture
def requests(clock):
    return Requests(clock)


@pytest.fixture
def page(database, clock, membership, requests):
    config = Config(database, lambda scope: None)
    config.value(RETENTION)
    return telemetry.page(
        database=database,
        config=config,
        meter=Meter(clock),
        registry=Registry(jobs=(), stages=[Stage(name="vm")], lanes=[Lane(kind="host", rank=1)]),
        membership=membership,
        requests=requests,
        queue=lambda: HttpQueue(waiting=3, busy=2, threads=8),
    )


def lines(page):
    return page.text().splitlines()


def test_requests_are_told_by_command_and_status(page, requests, clock):
    began = requests.now()
    clock.advance(2 * SECOND)
    requests.answered("r", "listZones", "200 OK", began)
    requests.answered("r", None, "432 Unsupported", requests.now())
    told = lines(page)
    assert 'stratiform_http_request_seconds_sum{command="listZones",status="200"} 2.0' in told
    assert 'stratiform_http_request_seconds_count{command="-",status="432"} 1.0' in told


def test_the_http_queue_the_pool_and_the_lease_are_told(page, membership, clock, database):
    told = lines(page)
    for line in ("stratiform_http_waiting 3.0", "stratiform_http_busy 2.0", "stratiform_http_threads 8.0"):
        assert line in told
    assert "stratiform_server_lease 1.0" in told
    assert "stratiform_servers 1.0" in told
    assert "stratiform_database_busy 0.0" in told
    clock.advance(membership.lease)
    with database.reading():
        told = lines(page)
    assert "stratiform_server_lease 0.0" in told
    assert "stratiform_database_busy 1.0" in told
    assert "stratiform_database_connections 32.0" in told


def test_hosts_are_told_by_whether_they_answer(page, database, clock):
    plain = {"kind": "host", "transport": "t", "address": "a", "location": "", "generation": 0, "last_seen": None}
    with database.transaction() as tx:
        tx.insert(
            resource,
            [
                plain | {"id": number, "uuid": f"h{number}", "state": state, "since": clock.now()}
                for number, state in enumerate(["Up", "Up", "Disconnected", "Removed"])
            ],
        )
    clock.advance(30 * SECOND)
    told = lines(page)
    assert 'stratiform_resources{kind="host",state="up"} 2.0' in told
    assert 'stratiform_resources{kind="host",state="disconnected"} 1.0' in told
    assert 'stratiform_resource_silent_seconds{kind="host"} 30.0' in told
    assert not any("removed" in line for line in told)


def test_hosts_that_end_no_command_are_told(page, database, clock, membership):
    """Three late commands in a lane of four, and in another a late one and two that have time."""
    late, early = clock.now(), clock.now() + SECOND
    commands = [("sick", late)] * 3 + [("well", late), ("well", early), ("well", early)]
    plain = dict.fromkeys((column.name for column in job.columns if not column.nullable), 0)
    running = plain | {"kind": "host.command", "state": "running", "owner": membership.id}
    with database.transaction() as tx:
        tx.insert(lane, [{"key": f"host/{host}", "width": 4, "busy": 3, "queued": 0} for host in ("sick", "well")])
        tx.insert(
            job,
            [
                running
                | {"id": number, "uuid": f"{number}"}
                | {"lane": f"host/{host}", "resource": f"host/{host}", "deadline": deadline}
                for number, (host, deadline) in enumerate(commands)
            ],
        )
    told = lines(page)
    assert "stratiform_host_circuit_open 1.0" in told
    assert "stratiform_servers 1.0" in told


def test_a_scrape_asks_the_database_twice_and_no_more_than_once_a_second(page, database, clock):
    with count(database) as asked:
        page.text()
        page.text()
    asked.expect(statements=2)
    clock.advance(FRESH)
    with count(database) as asked:
        page.text()
    asked.expect(statements=2)


def test_what_the_database_does_not_tell_is_missing_and_the_rest_is_told(page, database):
    with database.transaction() as tx:
        tx.execute(sqlalchemy.text("ALTER TABLE resource RENAME TO moved"))
    try:
        told = lines(page)
        assert "stratiform_metrics_unread 1.0" in told
        assert "stratiform_http_waiting 3.0" in told
    finally:
        with database.transaction() as tx:
            tx.execute(sqlalchemy.text("ALTER TABLE moved RENAME TO resource"))


# The alerts.

RULES = (DOCS / "alerts.yml").read_text()
NAMES = re.compile(r"stratiform_\w+")


def test_every_metric_that_a_rule_names_exists_with_the_labels_it_asks_for(page):
    known = {series: metric for metric in page.metrics for series in metric.series}
    asked = {name for line in re.findall(r"^ +expr: (.*)$", RULES, re.MULTILINE) for name in NAMES.findall(line)}
    assert len(asked) > 8
    assert asked <= set(known)
    assert set(NAMES.findall(RULES)) <= set(known) | {metric.name for metric in page.metrics}
    for name, labels in re.findall(r"(stratiform_\w+)\{([^}]*)\}", RULES):
        assert set(re.findall(r"(\w+)=", labels)) <= set(known[name].labels), name


def test_every_rule_says_what_to_do_in_one_line():
    rules = re.split(r"^ +- alert: ", RULES, flags=re.MULTILINE)[1:]
    assert len(rules) > 8
    for rule in rules:
        for part in ("expr", "for", "labels", "summary", "runbook"):
            assert re.search(rf"^ +{part}: \S.*$", rule, re.MULTILINE), (part, rule)
        assert re.search(r'^ +runbook: ".{20,}"$', rule, re.MULTILINE), rule


def test_every_metric_has_its_line_in_the_docs_and_every_line_its_metric(page):
    told = set(re.findall(r"`(stratiform_\w+)`", (DOCS / "metrics.md").read_text()))
    assert told == {metric.name for metric in page.metrics}
