"""The operator's hand over the wire: who may, what is answered, and how refusals are told."""

import pytest
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

from stratiform.api.command import Command
from stratiform.api.commands import queue as commands
from stratiform.api.principal import Principal, Role
from stratiform.framework.base import errors
from stratiform.framework.jobs import control, setting
from stratiform.framework.jobs.advance import Cancelled
from stratiform.server.errors import job_result, status

__all__ = ["clock", "database", "database_url", "domains", "layers", "root", "server", "world"]

NAMES = {
    *("listStages", "updateStage", "listLanes", "updateLane", "listJobs", "getJob"),
    *("cancelJob", "holdJob", "releaseJob", "retryJob", "prioritizeJob"),
}
NOBODY = "0190f3c2-3333-7000-8000-00000000dead"


@pytest.fixture
def filed(root):
    """The id of a job that waits for a worker: nobody works here unless a test lets it."""
    made = root.get("createAccount", username="ann", accounttype=0, email="x@example.org", firstname="X", lastname="Y",
                    password="correct horse")["account"]  # fmt: skip
    return root.get("deleteAccount", id=made["id"])["jobid"]


def only(body, name):
    """The one object of a list."""
    assert body["count"] == 1
    [found] = body[name]
    return found


def test_all_of_it_is_the_root_administrators_alone():
    here = {each.name for each in vars(commands).values() if isinstance(each, Command)}
    assert here == NAMES
    static = pytest.importorskip("stratiform.plugins.access.static.access").static
    for name in NAMES:
        who = [Principal(user="u", account="a", role=role, scope="root/") for role in Role]
        assert [each.role for each in who if static.may_call(each, name)] == [Role.ADMIN]


def test_a_job_is_listed_and_told_whole(root, filed):
    row = only(root.get("listJobs", state="ready", rootsonly="true"), "job")
    assert (row["id"], row["rootid"], row["kind"]) == (filed, filed, "account.end")
    assert (row["resourcetype"], row["stage"], row["done"]) == ("Account", "infrastructure", 0)
    assert row["waitsfor"] == "waits for a worker of stage infrastructure"
    assert row["account"] == "admin"
    assert "cancelasked" not in row
    assert root.get("listJobs", resourceid=row["resourceid"])["count"] == 1
    assert root.get("listJobs", resource=f"account/{row['resourceid']}")["count"] == 1
    assert root.get("listJobs", keyword="ACCOUNT.E")["count"] == 1
    assert root.get("listJobs", accountid=row["accountid"], enddate="2100-01-01")["count"] == 1
    assert root.get("listJobs", startdate="2100-01-01") == {}
    assert root.get("listJobs", state="ended", outcome="failed") == {}
    told = root.get("getJob", id=filed)["job"]
    assert {name: told[name] for name in row} == row
    assert told["position"] == 1
    assert [each["state"] for each in told["timeline"]] == ["next"] + ["open"] * (told["steps"] - 1)
    assert [each["id"] for each in told["family"]] == [filed]


def test_a_job_is_cancelled_and_its_caller_is_told_so(server, root, filed):
    row = root.get("cancelJob", id=filed)["job"]
    assert row["cancelasked"]
    assert row["waitsfor"].endswith("; then it ends, for somebody cancelled it")
    server.settle()
    assert only(root.get("listJobs", outcome="cancelled"), "job")["errorcode"] == "cancelled"
    told = root.get("queryAsyncJobResult", jobid=filed)
    assert (told["jobstatus"], told["jobresultcode"]) == (2, 503)
    assert "Somebody asked for the end of this job" in told["jobresult"]["errortext"]
    listed = {each["jobid"]: each for each in root.get("listAsyncJobs", listall="true")["asyncjobs"]}
    assert listed[filed]["jobstatus"] == 2
    assert "has ended (cancelled)" in root.refused(431, "cancelJob", id=filed)
    event = only(root.get("listEvents", type="JOB.CANCEL", listall="true"), "event")
    assert event["description"] == "Job account.end was told to end and to undo what it did"
    assert (event["resourceid"], event["resourcetype"], event["username"]) == (filed, "Job", "admin")


def test_a_job_is_held_released_and_put_first(server, root, filed):
    assert root.get("holdJob", id=filed)["job"]["state"] == "held"
    server.settle()
    assert root.get("queryAsyncJobResult", jobid=filed)["jobstatus"] == 0
    assert root.get("prioritizeJob", id=filed)["job"]["state"] == "held"
    assert root.get("releaseJob", id=filed)["job"]["state"] == "ready"
    server.settle()
    assert root.get("queryAsyncJobResult", jobid=filed)["jobstatus"] == 1
    told = [each["type"] for each in root.get("listEvents", listall="true", resourceid=filed)["event"]]
    assert sorted(told) == ["JOB.HOLD", "JOB.PRIORITIZE", "JOB.RELEASE"]


def test_jobs_are_found_by_more_than_their_state(root, filed):
    for given in ({"minage": 0}, {"maxage": 3600}, {"text": "ACCOUNT.E"}):
        assert root.get("listJobs", **given)["count"] == 1, given
    assert root.get("listJobs", minage=3600) == {}
    assert root.get("listJobs", after=filed) == {}
    assert NOBODY in root.refused(431, "listJobs", hostid=NOBODY)
    assert "minage cannot be -1" in root.refused(431, "listJobs", minage=-1)


def test_what_happens_next_is_told_and_a_dry_run_does_nothing(root, filed):
    row = root.get("cancelJob", id=filed, dryrun="true")["job"]
    assert (row["displaytext"], row["dryrun"], row["state"]) == ("it is undone at once", True, "ready")
    assert "cancelasked" not in row
    row = root.get("holdJob", id=filed)["job"]
    assert (row["displaytext"][:20], row["dryrun"], row["state"]) == ("1 of 1 jobs stand; t", False, "held")
    assert root.get("listEvents", listall="true", resourceid=filed)["count"] == 1


def test_all_that_a_filter_matches_are_steered(server, root, filed):
    about = root.get("listJobs", id=filed)["job"][0]
    told = root.get("cancelJob", kind="account.end", dryrun="true")["job"]
    one = {name: about[name] for name in ("id", "kind", "resourcetype", "resourceid", "account")}
    one |= {"displaytext": "it is undone at once"}
    says = "1 job would be steered"
    assert told == {"count": 1, "left": 0, "dryrun": True, "displaytext": says, "affected": [one], "refused": []}
    assert root.get("listEvents", listall="true", type="JOB.CANCEL") == {}
    told = root.get("cancelJob", kind="account.end", state="ready")["job"]
    assert (told["count"], told["dryrun"], told["affected"]) == (1, False, [one])
    assert root.get("cancelJob", kind="account.end")["job"]["count"] == 0
    server.settle()
    assert only(root.get("listJobs", outcome="cancelled"), "job")["id"] == filed
    assert only(root.get("listEvents", listall="true", type="JOB.CANCEL"), "event")["username"] == "admin"
    (refused,) = root.get("retryJob", text="account")["job"]["refused"]
    assert (refused["errorcode"], "account.end" in refused["errortext"]) == ("job_unrepeatable", True)


def test_a_repeated_request_with_a_token_is_answered_as_the_first_was(root, filed):
    asked = {"kind": "account.end", "idempotencytoken": "once"}
    told = root.get("holdJob", **asked)
    assert told["job"]["count"] == 1
    root.get("releaseJob", id=filed)
    assert root.get("holdJob", **asked) == told
    assert root.get("listJobs", id=filed)["job"][0]["state"] == "ready"
    assert root.get("listEvents", listall="true", type="JOB.HOLD")["count"] == 1
    assert "once" in root.refused(431, "holdJob", stage="vm", idempotencytoken="once")


def test_a_stage_is_set_and_listed(server, root, filed):
    row = root.get("updateStage", name="infrastructure", mode="Pause", depth=7, workers=3)["stage"]
    assert (row["mode"], row["depth"], row["workers"], row["ready"]) == ("pause", 7, 3, 1)
    names = [each["name"] for each in root.get("listStages")["stage"]]
    assert names == ["host", "infrastructure", "network", "vm", "volume"]
    row = only(root.get("listStages", name="infrastructure"), "stage")
    assert (row["mode"], row["depth"], row["ready"], row["blocked"], row["held"]) == ("pause", 7, 1, 0, 0)
    assert row["age"] >= 0
    assert row["readysince"].endswith("+0000")
    assert only(root.get("listJobs", state="ready"), "job")["waitsfor"] == "stage infrastructure is paused"
    row = root.get("updateStage", name="infrastructure", depth=-1, deadline=60)["stage"]
    assert ("depth" in row, row["deadline"]) == (False, 60)
    server.kernel.look()
    late = root.get("deleteDomain", id=root.get("createDomain", name="d")["domain"]["id"])["jobid"]
    assert root.get("getJob", id=late)["job"]["due"].endswith("+0000")
    assert "deadline" not in root.get("updateStage", name="infrastructure", deadline=-1)["stage"]
    event = root.get("listEvents", listall="true", type="STAGE.UPDATE")["event"][-1]
    assert event["description"] == "Stage infrastructure was changed"
    assert (event["resourcename"], event["resourcetype"]) == ("infrastructure", "Stage")


def test_a_lane_is_set_and_listed(root):
    assert root.get("listLanes", kind="vm") == {}
    row = root.get("updateLane", key="vm/1", mode="pause", width=2)["lane"]
    assert row == {"key": "vm/1", "kind": "vm", "mode": "pause", "width": 2, "busy": 0, "queued": 0, "steered": True}
    assert only(root.get("listLanes", kind="vm", queued="false"), "lane") == row
    assert root.get("listLanes", queued="true") == {}
    event = only(root.get("listEvents", listall="true", type="LANE.UPDATE"), "event")
    assert event["resourcename"] == "vm/1"


@pytest.mark.parametrize(
    ("command", "given", "says"),
    [
        ("cancelJob", {"id": NOBODY}, f"There is no job {NOBODY}"),
        ("getJob", {"id": NOBODY}, NOBODY),
        ("listJobs", {"id": NOBODY}, NOBODY),
        ("cancelJob", {}, "nothing says which jobs; give id, or one at least of state, outcome, stage"),
        ("retryJob", {"dryrun": "true"}, "nothing says which jobs"),
        ("holdJob", {"rootsonly": "true"}, "nothing says which jobs"),
        ("holdJob", {"id": NOBODY, "kind": "vm.deploy"}, "not id with kind"),
        ("holdJob", {"kind": "vm.deploy", "limit": 0}, "limit cannot be 0"),
        ("holdJob", {"kind": "vm.deploy", "after": NOBODY}, NOBODY),
        ("retryJob", {"id": NOBODY}, f"There is no job {NOBODY}"),
        ("prioritizeJob", {"id": NOBODY, "position": "middle"}, "not one of first, last"),
        ("updateStage", {"name": "oven", "mode": "run"}, "There is no stage oven; there are host, infrastructure"),
        ("updateStage", {"name": "vm"}, "nothing is to be set"),
        ("updateStage", {"name": "vm", "inflight": -7}, "inflight cannot be -7"),
        ("updateLane", {"key": "oven/1", "mode": "run"}, "no kind of lane is called so"),
        ("updateLane", {"key": "vm/1"}, "nothing is to be set"),
        ("updateLane", {"key": "vm/1", "mode": "drain"}, "not one of run, pause"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_happens(root, command, given, says):
    assert says in root.refused(431, command, **given)
    assert root.get("listLanes") == {}


def test_a_drained_stage_answers_with_try_again(server, root):
    domain = root.get("createDomain", name="d")["domain"]["id"]
    root.get("updateStage", name="infrastructure", mode="drain")
    server.kernel.look()
    assert "an operator drains it" in root.refused(503, "deleteDomain", id=domain)


ERRORS = {
    control.NoJob: 431,
    control.NoStage: 431,
    control.NoLane: 431,
    control.Over: 431,
    control.OnItsWayBack: 431,
    control.Irrevocable: 431,
    control.Unread: 431,
    control.Descended: 431,
    control.Lives: 431,
    control.Succeeded: 431,
    control.Unrepeatable: 431,
    control.Followed: 431,
    control.BadSetting: 431,
    setting.Draining: 503,
    setting.Full: 503,
    Cancelled: 503,
}


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.code)
def test_every_refusal_has_its_status(kind):
    assert status(kind()).http == ERRORS[kind]
    assert job_result(errors.describe(kind()))["errorcode"] == ERRORS[kind]
