"""Jobs as those who asked for them see them, in one statement whatever there is."""

import pytest

from stratiform.api.access import Equals, Everything
from stratiform.api.cloud import Query
from stratiform.api.principal import Role
from stratiform.engine import api
from stratiform.framework.base import errors
from stratiform.framework.base.clock import SECOND
from stratiform.framework.jobs.table import job
from stratiform.framework.testing.statements import count

KINDS = {"vm.start": "startVirtualMachine", "vm.stop": "stopVirtualMachine"}


def row(site, tx, number, account=None, **values):
    """A job of the tenant's, the higher the number the newer."""
    uuid = site.world.ids.uuid()
    return {
        "id": tx.new_id(), "uuid": uuid, "root": uuid, "parent": None, "kind": "vm.start", "version": 1, "stage": "vm",
        "held": "[]", "fair_key": (account or site.account).uuid, "priority": 1, "ticket": 1, "state": "ended",
        "outcome": "succeeded", "step": "", "done": 3, "steps": 3, "direction": "forward", "attempt": 0, "epoch": 0,
        "pending": 0, "resource": f"vm/{number}", "principal": site.user.uuid, "request": "r", "trace": "t",
        "payload": "{}", "error": None, "journal": "[]", "created": number * SECOND, "changed": (number + 1) * SECOND,
        **values,
    }  # fmt: skip


def seen(who, action, kind):
    return Everything() if who.role is Role.ADMIN else Equals("owner", who.account)


@pytest.fixture
def history(site, gate):
    return api.History(site.database, gate(seen), KINDS)


@pytest.fixture
def write(site):
    def write(*given, **values):
        with site.database.transaction() as tx:
            rows = [row(site, tx, number, **values) for number in given]
            tx.insert(job, rows)
        return [each["uuid"] for each in rows]

    return write


def test_the_list_is_one_statement_whatever_there_is(site, history, write):
    for there in (0, 1, 40):
        with site.database.transaction() as tx:
            tx.execute(job.delete())
        write(*range(there))
        for page in (1, 2):
            with count(site.database) as counted:
                found, facts = history.list(site.tenant, Query(filters={}, page=page, pagesize=20))
            assert (found, len(facts)) == (there, max(0, min(20, there - 20 * (page - 1))))
            counted.expect(statements=1 if facts or page == 1 else 2)


def test_the_newest_come_first_whatever_their_numbers(site, history, write):
    middle, *_ = write(2)
    newest, *_ = write(3)
    oldest, *_ = write(1)
    assert [fact.uuid for fact in history.list(site.tenant, Query(filters={}))[1]] == [newest, middle, oldest]


def test_one_sees_ones_own_jobs_of_commands(site, history, write):
    (mine,) = write(1)
    (admins,) = write(2, account=site.root)
    write(3, parent=5)
    write(4, kind="host.connect")
    assert [fact.uuid for fact in history.list(site.tenant, Query(filters={"listall": True}))[1]] == [mine]
    assert [fact.uuid for fact in history.list(site.root_admin, Query(filters={}))[1]] == [admins]
    assert [fact.uuid for fact in history.list(site.root_admin, Query(filters={"listall": True}))[1]] == [admins, mine]


def test_the_list_is_narrowed(site, history, write):
    (start,) = write(1)
    (stop,) = write(2, kind="vm.stop")
    for filters, expected in (
        ({"keyword": "STOP"}, [stop]),
        ({"keyword": "virtualmachine"}, [stop, start]),
        ({"startdate": 2 * SECOND}, [stop]),
        ({"resource": "vm/1"}, [start]),
    ):
        assert [fact.uuid for fact in history.list(site.tenant, Query(filters=filters))[1]] == expected, filters


def test_a_job_is_found_in_one_statement(site, history, write):
    (older, newer) = write(1, 2, resource="vm/x")
    (child,) = write(3, parent=5)
    with count(site.database) as counted:
        fact = history.find(older, site.tenant)
        assert history.latest("vm/x", site.tenant).uuid == newer
    counted.expect(statements=2)
    assert (fact.command, fact.account, fact.account_name) == ("startVirtualMachine", site.account.uuid, "ann")
    assert (fact.domain, fact.domain_path, fact.user) == (site.domain.uuid, "ROOT/sales", site.user.uuid)
    assert (fact.created, fact.finished, fact.error) == (SECOND, 2 * SECOND, None)
    for uuid in (child, "1"):
        with pytest.raises(errors.NotFound):
            history.find(uuid, site.root_admin)


def test_what_became_of_a_job(site, history, write):
    (running,) = write(1, state="running", outcome=None, done=1)
    (failed,) = write(2, outcome="failed", error='{"code":"conflict"}')
    (lost,) = write(3, outcome="failed")
    assert history.find(running, site.tenant).finished is None
    assert history.find(failed, site.tenant).error == {"code": "conflict"}
    assert history.find(lost, site.tenant).error == {"code": "internal"}
