"""Weights of accounts over the wire, and at a terminal beside the servers."""

import json

import pytest
from tests.server.test_cli import migrated, refusal
from tests.server.test_queue_console import done
from tests.server.test_users import (
    clock,
    database,
    database_url,
    domains,
    layers,
    root,
    server,
    world,
)

from stratiform.api.principal import Principal, Role

__all__ = ["clock", "database", "database_url", "domains", "layers", "migrated", "root", "server", "world"]

NOBODY = "0190f3c2-3333-7000-8000-00000000dead"


@pytest.fixture
def ann(root):
    """An account."""
    return root.get("createAccount", username="ann", accounttype=0, email="x@example.org", firstname="X", lastname="Y",
                    password="correct horse")["account"]  # fmt: skip


def test_weights_are_the_root_administrators_alone():
    static = pytest.importorskip("stratiform.plugins.access.static.access").static
    for name in ("listShares", "updateShare"):
        who = [Principal(user="u", account="a", role=role, scope="root/") for role in Role]
        assert [each.role for each in who if static.may_call(each, name)] == [Role.ADMIN]


def test_an_account_is_weighed_and_listed(root, ann):
    assert root.get("listShares") == {}
    row = root.get("updateShare", account="ann", domainid=ann["domainid"], weight=3)["share"]
    assert row == {
        "account": "ann", "accountid": ann["id"], "domain": ann["domain"], "domainid": ann["domainid"], "weight": 3
    }  # fmt: skip
    assert root.get("listShares", accountid=ann["id"], page=1, pagesize=5) == {"count": 1, "share": [row]}
    event = root.get("listEvents", listall="true", type="SHARE.UPDATE")["event"][0]
    assert event["description"] == "Account ann was given another weight"
    assert (event["resourceid"], event["resourcename"], event["username"]) == (ann["id"], "ann", "admin")
    assert root.get("updateShare", accountid=ann["id"], weight=1)["share"] == {**row, "weight": 1}
    assert root.get("listShares") == {}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"accountid": NOBODY, "weight": 3}, NOBODY),
        ({"weight": 3}, "accountid is required"),
        ({"account": "ann", "weight": 3}, "give domainid as well"),
        ({"account": "ann"}, "weight"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_happens(root, ann, given, says):
    assert says in root.refused(431, "updateShare", **given)
    assert "it is from 1 to 1000" in root.refused(431, "updateShare", accountid=ann["id"], weight=1001)
    assert root.get("listShares") == {}


def test_weights_are_set_and_listed_at_a_terminal(migrated):
    where = ("--data", migrated)
    assert json.loads(done("share", "list", *where, "--json")) == []
    [row] = json.loads(done("share", "set", "admin", 3, *where, "--json"))
    assert (row["account"], row["domain"], row["weight"]) == ("admin", "ROOT", 3)
    assert json.loads(done("share", "list", *where, "--json")) == [row]
    drawn = [line.split() for line in done("share", "list", *where).splitlines()]
    assert drawn == [["account", "accountid", "domain", "weight"], ["admin", row["accountid"], "ROOT", "3"]]
    assert "no account with name nobody" in refusal("share", "set", "nobody", 3, *where)
    assert "weight cannot be 0: it is from 1 to 1000" in refusal("share", "set", "admin", 0, *where)
    assert done("share", "set", row["accountid"], 1, *where).split()[-1] == "1"
    assert json.loads(done("share", "list", *where, "--json")) == []


def test_an_account_is_found_by_its_name_where_jobs_are_steered(migrated):
    assert "0 jobs were steered" in done("job", "hold", "--account", "admin", "--data", migrated)
