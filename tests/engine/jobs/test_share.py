"""Weights of accounts through commands: set, seen, told of, and at once for what is queued."""

import pytest
import sqlalchemy
from tests.engine.jobs.test_queue import do, listed, told

from stratiform.api.cloud import Query
from stratiform.engine import api
from stratiform.engine.check import BadParameter
from stratiform.framework.base import errors
from stratiform.framework.jobs import table

__all__ = ["do", "listed"]

NOBODY = "0190f3c2-3333-7000-8000-00000000dead"


def order(cloud):
    """Whose jobs stand in the queue for machines, the first first."""
    queue = table.job.select().where(table.job.c.stage == "vm", table.job.c.state == "ready")
    return [row.fair_key for row in cloud.rows(queue.order_by(table.job.c.ticket, table.job.c.id))]


def weighed(cloud, account):
    """The events of its weight."""
    return [each for each in told(cloud, account.uuid) if each[0] == "SHARE.UPDATE"]


def test_an_account_is_weighed_listed_and_back_at_one(cloud, do, listed):
    account = cloud.site.account
    row = do("updateShare", accountid=account.uuid, weight=3)
    whose = {"account": account.name, "accountid": account.uuid}
    assert row == {**whose, "domain": row["domain"], "domainid": row["domainid"], "weight": 3}
    assert listed("share") == listed("share", accountid=account.uuid) == [row]
    assert listed("share", domainid=row["domainid"]) == [row]
    assert listed("share", keyword=account.name[:2].upper()) == [row]
    assert listed("share", accountid=cloud.site.root.uuid) == listed("share", domainid=NOBODY) == []
    same = do("updateShare", account=account.name.upper(), domainid=row["domainid"], weight=5)
    assert same == {**row, "weight": 5}
    assert do("updateShare", accountid=account.uuid, weight=1) == {**row, "weight": 1}
    assert listed("share") == cloud.rows(sqlalchemy.select(table.share)) == []
    payloads = [{"name": account.name, "weight": weight} for weight in (3, 5, 1)]
    assert weighed(cloud, account) == [("SHARE.UPDATE", None, payload) for payload in payloads]


def test_a_weight_counts_at_once_for_deployments_that_are_queued(cloud, do):
    site = cloud.site
    ann = [cloud.deploy() for _ in range(6)]
    with cloud.server.kernel.transaction() as work:  # as if another account had filed the last three
        others = [each.job for each in ann[3:]]
        tickets = sqlalchemy.case(
            {uuid: (number + 1) * 1_000_000 for number, uuid in enumerate(others)}, value=table.job.c.uuid
        )
        mine = table.job.update().where(table.job.c.uuid.in_(others))
        work.tx.execute(mine.values(fair_key=site.root.uuid, ticket=tickets))
    one, other = site.account.uuid, site.root.uuid
    assert order(cloud) == [one, other] * 3
    do("updateShare", accountid=other, weight=3)
    assert order(cloud) == [one, other, other, other, one, one]
    cloud.settle()
    assert {cloud.vm(each.entity).state for each in ann} == {"Running"}


@pytest.mark.parametrize("weight", [0, -1, 1001])
def test_what_no_weight_can_be_is_refused_and_nothing_is_told(cloud, do, listed, weight):
    account = cloud.site.account
    with pytest.raises(BadParameter, match=rf"weight cannot be {weight}: it is from 1 to 1000"):
        do("updateShare", accountid=account.uuid, weight=weight)
    assert (listed("share"), weighed(cloud, account)) == ([], [])


def test_who_is_not_there_is_not_weighed(cloud, do, listed):
    domain = do("updateShare", accountid=cloud.site.account.uuid, weight=1)["domainid"]
    with pytest.raises(errors.NotFound, match=f"no account with id {NOBODY}"):
        do("updateShare", accountid=NOBODY, weight=3)
    with pytest.raises(errors.NotFound, match="no account with name nobody"):
        do("updateShare", account="nobody", domainid=domain, weight=3)
    with pytest.raises(BadParameter, match="give domainid as well"):
        do("updateShare", account=cloud.site.account.name, weight=3)
    with pytest.raises(BadParameter, match="not by both"):
        do("updateShare", account="ann", accountid=cloud.site.account.uuid, weight=3)
    with pytest.raises(errors.Invalid, match="accountid is required"):
        do("updateShare", weight=3)
    assert listed("share") == cloud.rows(sqlalchemy.select(table.share)) == []


def test_an_account_that_is_gone_is_listed_no_more(cloud, do, listed):
    account = cloud.site.account.uuid
    do("updateShare", accountid=account, weight=3)
    cloud.submit("deleteAccount", cloud.site.root_admin, id=account)
    cloud.settle()
    assert listed("share") == []
    with pytest.raises(errors.NotFound):
        do("updateShare", accountid=account, weight=2)
    who = cloud.site.root_admin
    page = cloud.server.engine.list("share", who, "listShares", Query(filters={}, page=1, pagesize=5))
    assert (page.count, api.LISTINGS["share"].kind) == (0, "share")
