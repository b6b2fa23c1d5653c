"""The operator's hand through commands: jobs, stages and lanes are steered, and every change is told of."""

import json
import threading

import pytest
import sqlalchemy

from stratiform.api.cloud import Query
from stratiform.engine import api
from stratiform.engine.check import BadParameter
from stratiform.framework.base import errors
from stratiform.framework.events.table import event
from stratiform.framework.jobs.control import Irrevocable, NoJob, NoLane, NoStage, Over
from stratiform.framework.jobs.setting import Draining, Full

NOBODY = "0190f3c2-3333-7000-8000-00000000dead"


@pytest.fixture
def do(cloud):
    """Do a command as the root administrator: `do("holdJob", id=...)` answers the row."""

    def do(command, **arguments):
        return cloud.server.engine.change(command, cloud.site.root_admin, arguments)

    return do


@pytest.fixture
def listed(cloud):
    """List a kind as the root administrator: `listed("job", state="ready")` answers the rows."""

    def listed(kind, /, **filters):
        return cloud.server.engine.list(kind, cloud.site.root_admin, "list", Query(filters=filters)).rows

    return listed


@pytest.fixture
def queues(cloud):
    """What of the queues takes more than a list."""
    return api.program.queues(cloud.database, cloud.gate)


@pytest.fixture
def let(farm):
    """What the next start of a machine waits for."""
    let = threading.Event()
    farm.then("start", let)
    yield let
    let.set()


def told(cloud, resource):
    """The events of a resource: kind, owner, and payload."""
    found = sqlalchemy.select(event).where(event.c.resource == resource).order_by(event.c.generation, event.c.id)
    return [(row.kind, row.owner, json.loads(row.payload)) for row in cloud.rows(found)]


def booting(cloud, farm):
    """A deployment whose command is under way on its host."""
    filed = cloud.deploy()
    cloud.until(lambda: farm.calls["start"])
    return filed


def test_a_held_deployment_waits_and_goes_on(cloud, do):
    filed = cloud.deploy()
    row = do("holdJob", id=filed.job)
    assert (row["state"], row["waitsfor"]) == ("held", "is held by an operator until it is released")
    assert row["holdasked"]
    cloud.server.turns()
    assert cloud.job(filed).done == 0
    row = do("releaseJob", id=filed.job)
    assert (row["state"], "holdasked" in row) == ("ready", False)
    cloud.settle()
    assert cloud.vm(filed.entity).state == "Running"
    account = cloud.site.account.uuid
    assert told(cloud, filed.job) == [
        ("JOB.HOLD", account, {"name": "vm.deploy", "jobs": 1}),
        ("JOB.RELEASE", account, {"name": "vm.deploy", "jobs": 1}),
    ]


def test_a_deployment_that_nobody_has_begun_is_cancelled_at_once(cloud, do):
    filed = cloud.deploy()
    assert do("cancelJob", id=filed.job)["cancelasked"]
    cloud.settle()
    assert cloud.job(filed).outcome == "cancelled"
    assert [kind for kind, _, _ in told(cloud, filed.job)] == ["JOB.CANCEL"]


def test_a_deployment_that_boots_is_cancelled_with_nothing_left(cloud, farm, let, do):
    filed = booting(cloud, farm)
    assert "that came of it; then it ends" in do("cancelJob", id=filed.job)["waitsfor"]
    let.set()
    cloud.settle()
    assert (cloud.job(filed).outcome, farm.names()) == ("cancelled", [])
    assert cloud.vm(filed.entity).state == "Error"
    cloud.do("destroyVirtualMachine", filed.entity, cloud.site.root_admin, expunge=True)
    assert (cloud.taken(), farm.disks) == (0, {})


def test_a_cancelled_job_is_told_to_who_asked_as_failed_with_the_reason(cloud, do):
    filed = cloud.deploy()
    do("cancelJob", id=filed.job)
    cloud.settle()
    fact = cloud.server.history.find(filed.job, cloud.site.tenant)
    assert fact.finished
    assert fact.error["code"] == "cancelled"
    assert "Somebody asked for the end" in fact.error["text"]


def test_what_cannot_be_cancelled_says_why_and_nothing_is_told(cloud, farm, do):
    vm = cloud.running()
    done = cloud.submit("stopVirtualMachine", id=vm)
    cloud.settle()
    for action in ("cancelJob", "holdJob", "releaseJob", "prioritizeJob"):
        with pytest.raises(Over, match=r"has ended \(succeeded\)"):
            do(action, id=done.job)
        with pytest.raises(NoJob):
            do(action, id=NOBODY)
    assert told(cloud, done.job) == []


def test_what_may_have_destroyed_something_goes_on_to_its_end(cloud, farm, do):
    vm, let = cloud.running(), threading.Event()
    farm.then("delete", let)
    filed = cloud.submit("destroyVirtualMachine", cloud.site.root_admin, id=vm, expunge=True)
    cloud.until(lambda: farm.calls["delete"])
    with pytest.raises(Irrevocable, match="may have destroyed something"):
        do("cancelJob", id=filed.job)
    let.set()
    cloud.settle()
    assert cloud.job(filed).outcome == "succeeded"
    assert told(cloud, filed.job) == []


def test_the_last_is_put_first(cloud, do, listed, queues):
    filed = [cloud.deploy().job for _ in range(3)]
    who = cloud.site.root_admin
    assert [queues.job(who, "getJob", each)["position"] for each in filed] == [1, 2, 3]
    do("prioritizeJob", id=filed[2], position="first")
    assert [queues.job(who, "getJob", each)["position"] for each in filed] == [2, 3, 1]
    do("prioritizeJob", id=filed[2], position="LAST")
    assert [queues.job(who, "getJob", each)["position"] for each in filed] == [1, 2, 3]
    assert {kind for kind, _, _ in told(cloud, filed[2])} == {"JOB.PRIORITIZE"}
    with pytest.raises(BadParameter, match="position cannot be 'middle'"):
        do("prioritizeJob", id=filed[2], position="middle")


def test_a_paused_stage_takes_nothing_up_and_says_so(cloud, do, listed):
    assert do("updateStage", name="vm", mode="pause")["mode"] == "pause"
    filed = cloud.deploy()
    cloud.server.turns()
    (row,) = listed("job", id=filed.job)
    assert (row["state"], row["waitsfor"]) == ("ready", "stage vm is paused")
    (stage,) = listed("stage", name="vm")
    assert (stage["ready"], stage["blocked"], stage["readysince"]) == (1, 0, row["changed"])
    do("updateStage", name="vm", mode="run")
    cloud.settle()
    assert cloud.vm(filed.entity).state == "Running"
    assert [(kind, owner, payload["set"]) for kind, owner, payload in told(cloud, "vm")] == [
        ("STAGE.UPDATE", None, {"mode": "pause"}),
        ("STAGE.UPDATE", None, {"mode": "run"}),
    ]


def test_a_drained_stage_refuses_what_is_new_and_a_full_one_too(cloud, do):
    do("updateStage", name="vm", mode="drain")
    cloud.server.kernel.look()
    with pytest.raises(Draining, match="stage vm takes no new work"):
        cloud.deploy()
    do("updateStage", name="vm", mode="run", depth=1)
    cloud.server.kernel.look()
    filed = cloud.deploy()
    with pytest.raises(Full, match="has 1 jobs waiting"):
        cloud.deploy()
    assert "depth" not in do("updateStage", name="vm", depth=-1)
    cloud.server.kernel.look()
    cloud.deploy()
    cloud.settle()
    assert cloud.vm(filed.entity).state == "Running"


def test_hosts_are_equipped_though_their_stage_is_drained(cloud, do):
    do("updateStage", name="infrastructure", mode="drain")
    cloud.server.kernel.look()
    host = cloud.hosts[0]
    cloud.connection(host, "Disconnected")
    cloud.connection(host, "Up")
    cloud.settle()
    row = cloud.host(host)
    assert row.equipped == row.silences == 1


def test_numbers_of_a_stage_are_set_and_cleared(cloud, do):
    row = do("updateStage", name="vm", workers=4, inflight=9, weight=3, target=5, least=1, most=8)
    set_ = {"workers": 4, "inflight": 9, "weight": 3, "target": 5, "least": 1, "most": 8, "mode": "run"}
    assert {name: row[name] for name in set_} == set_
    row = do("updateStage", name="vm", target=-1, inflight=-1)
    assert not {"target", "least", "most", "inflight"} & row.keys()
    assert (row["workers"], row["weight"]) == (4, 3)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"workers": 257}, "workers cannot be 257: it is from 0 to 256"),
        ({"workers": -1}, "workers cannot be -1"),
        ({"inflight": -2}, "inflight cannot be -2"),
        ({"target": 0, "least": 1, "most": 2}, "target cannot be 0"),
        ({"target": 5}, "target cannot be 5: least, most and target go together"),
        ({"target": 5, "least": 3, "most": 2}, "least cannot be 3: it is above most"),
        ({"mode": "stop"}, "mode cannot be 'stop': it is one of run, drain, pause"),
        ({}, "nothing is to be set"),
    ],
)
def test_what_no_stage_can_be_is_refused_in_the_words_of_the_wire(cloud, do, listed, given, says):
    before = listed("stage", name="vm")
    with pytest.raises(errors.Invalid, match=says):
        do("updateStage", name="vm", **given)
    assert listed("stage", name="vm") == before
    assert told(cloud, "vm") == []


def test_unknown_stages_and_lanes_name_those_that_there_are(cloud, do):
    with pytest.raises(NoStage, match="there are host, infrastructure, network, vm, volume"):
        do("updateStage", name="oven", mode="pause")
    with pytest.raises(NoLane, match="host/"):
        do("updateLane", key="oven/1", mode="pause")
    with pytest.raises(BadParameter, match="width cannot be 0"):
        do("updateLane", key="vm/1", width=0)


def test_a_paused_lane_holds_back_what_it_is_for(cloud, do, listed):
    lane = f"host/{cloud.hosts[0].uuid}"
    for each in cloud.hosts:
        row = do("updateLane", key=f"host/{each.uuid}", mode="pause")
    assert (row["mode"], row["kind"], row["steered"]) == ("pause", "host", True)
    filed = cloud.deploy()
    cloud.server.turns()
    (blocked,) = listed("job", state="blocked")
    assert blocked["waitsfor"] == f"lane {blocked['lane']} is paused"
    assert [row["key"] for row in listed("lane", kind="host", queued=True)] == [blocked["lane"]]
    for each in cloud.hosts:
        do("updateLane", key=f"host/{each.uuid}", mode="run")
    cloud.settle()
    assert cloud.vm(filed.entity).state == "Running"
    assert [kind for kind, _, _ in told(cloud, lane)] == ["LANE.UPDATE", "LANE.UPDATE"]
    assert listed("lane", key=lane)[0]["steered"] is False


def test_everything_about_a_job_is_told_at_once(cloud, farm, let, queues):
    filed = booting(cloud, farm)
    row = queues.job(cloud.site.root_admin, "getJob", filed.job)
    assert (row["id"], row["state"], row["kind"]) == (filed.job, "waiting", "vm.deploy")
    assert (row["resourcetype"], row["resourceid"]) == ("VirtualMachine", filed.entity)
    assert row["family"][0]["id"] == filed.job
    assert {each["rootid"] for each in row["family"]} == {filed.job}
    (command,) = [each for each in row["command"] if each["state"] == "running"]
    assert (command["name"], command["resourcetype"]) == ("Hypervisor.start", "Host")
    states = [each["state"] for each in row["timeline"]]
    assert states[: row["done"]] == ["done"] * row["done"]
    assert states[row["done"]] == "next"
    assert all("milliseconds" in each for each in row["timeline"] if each["state"] == "done")
    assert row["journal"][0]["text"] == "done"
    child = queues.job(cloud.site.root_admin, "getJob", command["id"])
    assert child["servername"] == "first"
    assert (child["parentid"], child["rootid"]) == (row["family"][-1]["parentid"], filed.job)
    let.set()
    cloud.settle()
    row = queues.job(cloud.site.root_admin, "getJob", filed.job)
    assert "waitsfor" not in row
    assert {each["state"] for each in row["timeline"]} == {"done"}


def test_who_holds_a_lane_is_told_to_who_waits_for_it(cloud, farm, queues):
    vm = cloud.running()
    let = threading.Event()
    farm.then("reboot", let)
    first = cloud.submit("rebootVirtualMachine", id=vm)
    cloud.until(lambda: farm.calls["reboot"])
    second = cloud.submit("stopVirtualMachine", id=vm)
    cloud.server.turns()
    row = queues.job(cloud.site.root_admin, "getJob", second.job)
    assert row["holder"] == [{"id": first.job, "kind": "vm.reboot"}]
    assert row["waitsfor"] == f"waits for lane {row['lane']}"
    let.set()
    cloud.settle()


def test_nobody_else_is_told_of_jobs_and_of_none_that_there_is_not(cloud, queues):
    with pytest.raises(errors.NotFound, match="no job with id"):
        queues.job(cloud.site.root_admin, "getJob", NOBODY)


def test_a_stage_tells_for_how_long_the_first_in_line_is_ready(cloud, queues):
    cloud.deploy()
    cloud.clock.advance(7_900_000)
    (row,) = queues.stages(cloud.site.root_admin, "listStages", Query(filters={"name": "vm"})).rows
    assert row["age"] == 7
    (row,) = queues.stages(cloud.site.root_admin, "listStages", Query(filters={"name": "volume"})).rows
    assert "age" not in row
