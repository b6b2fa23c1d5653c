"""The lists of jobs, stages and lanes: what they tell of each state, and what they cost where history is long."""

import re

import pytest
import sqlalchemy

from stratiform.api.cloud import Query
from stratiform.framework.cluster.table import process
from stratiform.framework.jobs.table import job, lane, stage

HISTORY = 3000
QUEUED = ("ready", "blocked", "running", "waiting", "held")
SECOND = 1_000_000
HELD = "is held by an operator until it is released"
GONE = "a server that is gone; another takes it over"


@pytest.fixture
def file(site):
    """File jobs: `file(3, state="ready")` answers the UUIDs of three, the oldest first."""

    def file(count=1, /, **given):
        with site.database.transaction() as tx:
            rows = [_row(tx, site, given) for _ in range(count)]
            tx.insert(job, rows)
        return [row["uuid"] for row in rows]

    return file


def _row(tx, site, given):
    uuid, now = site.world.ids.uuid(), site.world.clock.now()
    plain = {"version": 1, "held": "[]", "priority": 1, "ticket": 1, "direction": "forward", "attempt": 0, "epoch": 0}
    who = {"principal": site.user.uuid, "request": "request-1", "trace": "", "fair_key": site.account.uuid}
    what = {"kind": "vm.start", "stage": "vm", "step": "claim", "done": 0, "steps": 3, "pending": 0, "payload": "{}"}
    rest = {"journal": "[]", "created": now, "changed": now, "state": "ready", "root": uuid}
    about = {"resource": f"vm/{uuid}"}
    nothing = dict.fromkeys(
        ("parent", "lane", "owner", "not_before", "deadline", "cancel", "hold", "outcome", "answer", "error")
    )
    return {"id": tx.new_id(), "uuid": uuid} | nothing | about | plain | who | what | rest | given


@pytest.fixture
def stages(site):
    """Two stages, one of them paused, and two lanes, one of them paused."""
    with site.database.transaction() as tx:
        tx.insert(stage, [{"name": "vm", "workers": 2, "mode": "run", "clock": 0}])
        tx.insert(stage, [{"name": "host", "workers": 2, "mode": "pause", "clock": 0}])
        tx.insert(lane, [{"key": "vm/1", "width": 1, "busy": 1, "queued": 1, "mode": "run", "steered": 0}])
        tx.insert(lane, [{"key": "vm/2", "width": 1, "busy": 0, "queued": 1, "mode": "pause", "steered": 1}])
        lease = {"version": "", "started": 0, "heartbeat": 0, "lease_until": 0, "draining": False}
        tx.insert(process, [{"id": "process-1", "name": "server-1", **lease}])


@pytest.fixture
def ask(site, engine):
    """The rows of a list: `ask("job", state="ready")`."""

    def ask(kind, /, **filters):
        return engine.list(kind, site.root_admin, "list", Query(filters=filters, pagesize=-1)).rows

    return ask


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"state": "ready"}, "waits for a worker of stage vm"),
        ({"state": "ready", "cancel": 1}, "waits for a worker of stage vm; then it ends, for somebody cancelled it"),
        ({"state": "held", "cancel": 1, "due": 2}, f"{HELD}; then it ends, for somebody cancelled it"),
        ({"state": "held", "cancel": 2, "due": 2}, f"{HELD}; then it ends, for its deadline has passed"),
        ({"state": "ready", "cancel": 1, "direction": "undo"}, "waits for a worker of stage vm"),
        ({"state": "ready", "stage": "host"}, "stage host is paused"),
        (
            {"state": "ready", "direction": "undo", "rewind": "place"},
            "waits for a worker of stage vm; it goes back to place, from which it begins again",
        ),
        (
            {"state": "waiting", "pending": 1, "direction": "undo", "rewind": "place", "hold": 1},
            "waits for 1 job that came of it; then it is held; it goes back to place, from which it begins again",
        ),
        (
            {"state": "ready", "direction": "undo", "rewind": "place", "cancel": 1},
            "waits for a worker of stage vm; then it ends, for somebody cancelled it",
        ),
        ({"state": "blocked", "lane": "vm/1"}, "waits for lane vm/1"),
        ({"state": "blocked", "lane": "vm/2"}, "lane vm/2 is paused"),
        ({"state": "held", "hold": 1}, HELD),
        ({"state": "waiting", "pending": 1}, "waits for 1 job that came of it"),
        ({"state": "waiting", "pending": 2, "hold": 1}, "waits for 2 jobs that came of it; then it is held"),
        ({"state": "waiting", "not_before": 1_750_000_000 * SECOND}, "waits until 2025-06-15T15:06:40+0000"),
        (
            {"state": "running", "owner": "process-1", "changed": 1_750_000_000 * SECOND},
            "waits for the answer to claim on server-1, since 2025-06-15T15:06:40+0000",
        ),
        (
            {"state": "running", "owner": "gone", "changed": 1_750_000_000 * SECOND},
            f"waits for the answer to claim on {GONE}, since 2025-06-15T15:06:40+0000",
        ),
        ({"state": "ended", "outcome": "succeeded", "step": ""}, None),
    ],
)
def test_why_a_job_waits_is_told_in_a_sentence(stages, file, ask, given, says):
    (uuid,) = file(**given)
    (row,) = ask("job", id=uuid)
    assert row.get("waitsfor") == says


def test_jobs_are_found_by_whatever_an_operator_knows_of_them(site, stages, file, ask):
    other = site.root.uuid
    (old,) = file(created=1, resource="vm/0190f3c2-2222-7000-8000-000000000001", lane="vm/1")
    (failed,) = file(state="ended", outcome="failed", error='{"code": "broken", "text": "The host says no."}')
    (child,) = file(root=old, parent=_id(site, old), kind="host.command", stage="host", fair_key=other)

    def found(**filters):
        return [row["id"] for row in ask("job", **filters)]

    assert found() == [child, failed, old]
    assert found(rootsonly=True) == [failed, old]
    assert found(rootsonly=False) == [child, failed, old]
    assert found(rootid=old) == [child, old]
    assert found(resourceid="0190F3C2-2222-7000-8000-000000000001") == [old]
    assert found(resource="vm/0190f3c2-2222-7000-8000-000000000001") == [old]
    assert found(lane="vm/1") == found(enddate=1) == [old]
    assert found(state="ended") == found(outcome="failed") == [failed]
    assert found(stage="host") == found(accountid=other) == [child]
    assert found(kind="host.command") == found(keyword="COMM") == [child]
    assert found(state="'; DROP TABLE job") == found(outcome="odd") == []
    (row,) = ask("job", id=failed)
    assert (row["errorcode"], row["errortext"]) == ("broken", "The host says no.")
    (row,) = ask("job", id=child)
    assert (row["parentid"], row["account"]) == (old, site.root.name)


def _id(site, uuid):
    with site.database.reading() as connection:
        return connection.execute(sqlalchemy.select(job.c.id).where(job.c.uuid == uuid)).scalar_one()


def test_stages_count_what_is_where(stages, file, ask):
    file(3, ticket=7)
    file(1, ticket=5, changed=42)
    file(2, state="blocked", lane="vm/1")
    file(1, state="running", owner="process-1")
    file(4, state="waiting", pending=1, stage="host")
    file(1, state="held", stage="host")
    file(9, state="ended", outcome="succeeded")
    host, vm = ask("stage")
    names = ("ready", "blocked", "running", "waiting", "held")
    assert [vm[name] for name in names] == [4, 2, 1, 0, 0]
    assert [host[name] for name in names] == [0, 0, 0, 4, 1]
    assert vm["readysince"] == 42
    assert "readysince" not in host


def test_lanes_are_found_by_kind_and_by_who_waits(stages, ask):
    assert [row["key"] for row in ask("lane", busy=True)] == ["vm/1"]
    assert [row["key"] for row in ask("lane", busy=False)] == ["vm/2"]
    assert [row["key"] for row in ask("lane", kind="vm", queued=True)] == ["vm/1", "vm/2"]
    assert ask("lane", kind="v") == []
    assert [row["steered"] for row in ask("lane")] == [False, True]


@pytest.mark.parametrize(
    ("kind", "filters"),
    [("stage", {}), ("job", {"resourceid": "x"}), ("job", {"lane": "vm/1"})]
    + [("job", {"state": each}) for each in QUEUED],
)
def test_history_is_not_read_for_what_is_queued(site, stages, file, engine, kind, filters):
    file(HISTORY, state="ended", outcome="succeeded", step="", lane="vm/1")
    file(5)
    file(5, state="blocked", lane="vm/1")
    with site.database.exclusive() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.commit()
    asked = []
    sqlalchemy.event.listen(site.database.engine, "before_cursor_execute", lambda *a: asked.append((a[2], a[3])))
    engine.list(kind, site.root_admin, "list", Query(filters=filters, page=1, pagesize=50))
    text, parameters = asked[-1]
    explain = "EXPLAIN QUERY PLAN " if site.database.dialect == "sqlite" else "EXPLAIN "
    with site.database.reading() as connection:
        plan = "\n".join(str(row[-1]) for row in connection.exec_driver_sql(explain + text, parameters))
    assert not re.search(r"Seq Scan on job\b(?! (parent|first))|SCAN job(?! USING (COVERING )?INDEX job_)", plan), plan
