"""The operator's hand through commands: jobs, stages and lanes are steered, and every change is told of."""

import contextvars
import json
import threading

import pytest
import sqlalchemy
from tests.engine.jobs.cloud import Crash

from stratiform.api.cloud import Query
from stratiform.engine import api
from stratiform.engine.check import BadParameter
from stratiform.framework.base import errors
from stratiform.framework.base.clock import SECOND
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


def test_what_has_not_ended_within_the_deadline_of_its_stage_is_cancelled(cloud, do, listed):
    before = cloud.deploy()
    assert do("updateStage", name="vm", mode="pause", deadline=60)["deadline"] == 60
    cloud.server.kernel.look()
    filed = cloud.deploy()
    (row,) = listed("job", id=filed.job)
    assert row["due"] == row["created"] + 60 * SECOND
    assert "due" not in listed("job", id=before.job)[0], "it was filed before"
    cloud.clock.advance(61 * SECOND)
    cloud.server.kernel.look()
    do("updateStage", name="vm", mode="run", deadline=-1)
    cloud.server.kernel.look()
    cloud.settle()
    assert (cloud.job(before).outcome, cloud.job(filed).outcome) == ("succeeded", "cancelled")
    assert listed("job", id=filed.job)[0]["errorcode"] == "overdue"
    assert "due" not in listed("job", id=cloud.deploy().job)[0]


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
    row = do("updateStage", name="vm", workers=4, inflight=9, weight=3, target=5, least=1, most=8, deadline=600)
    set_ = {"workers": 4, "inflight": 9, "weight": 3, "target": 5, "least": 1, "most": 8, "mode": "run"}
    set_["deadline"] = 600
    assert {name: row[name] for name in set_} == set_
    row = do("updateStage", name="vm", target=-1, inflight=-1, deadline=-1)
    assert not {"target", "least", "most", "inflight", "deadline"} & row.keys()
    assert (row["workers"], row["weight"]) == (4, 3)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"workers": 257}, "workers cannot be 257: it is from 0 to 256"),
        ({"workers": -1}, "workers cannot be -1"),
        ({"inflight": -2}, "inflight cannot be -2"),
        ({"target": 0, "least": 1, "most": 2}, "target cannot be 0: it is 1 or more"),
        ({"deadline": 0}, "deadline cannot be 0: it is 1 or more"),
        ({"deadline": -2}, "deadline cannot be -2: it is 1 or more"),
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


# Filed anew.


def refuse(cloud, farm):
    """Let each host refuse the next start of a machine."""
    farm.then("start", *(errors.Invalid(reason="no") for _ in cloud.hosts))


def failing(cloud, farm):
    """A deployment that failed since no host would start the machine."""
    refuse(cloud, farm)
    filed = cloud.deploy()
    cloud.settle()
    assert (cloud.job(filed).outcome, cloud.vm(filed.entity).state) == ("failed", "Error")
    return filed


@pytest.mark.parametrize(
    ("command", "before", "verb", "state"),
    [
        ("startVirtualMachine", "stopVirtualMachine", "start", "Running"),
        ("stopVirtualMachine", None, "stop", "Stopped"),
        ("rebootVirtualMachine", None, "reboot", "Running"),
        ("expungeVirtualMachine", "destroyVirtualMachine", "delete", "Expunging"),
    ],
)
def test_what_a_machine_was_asked_for_in_vain_is_filed_anew(cloud, farm, do, command, before, verb, state):
    vm = cloud.running()
    if before is not None:
        cloud.do(before, vm)
    filed = cloud.submit(command, cloud.site.root_admin, id=vm)
    farm.then(verb, *[errors.Invalid(reason="no")] * (2 if verb == "start" else 1))
    cloud.settle()
    assert cloud.job(filed).outcome == "failed"
    again = do("retryJob", id=filed.job)["id"]
    cloud.settle()
    assert (cloud.job(again).outcome, cloud.vm(vm).state) == ("succeeded", state)
    cloud.check()


def test_a_deployment_that_failed_is_filed_anew_and_the_machine_keeps_its_id(cloud, farm, do, queues):
    filed = failing(cloud, farm)
    before = [(each.id, each.ip4) for each in cloud.cards(filed.entity)]
    row = do("retryJob", id=filed.job)
    assert (row["state"], row["kind"], row["resourceid"]) == ("ready", "vm.deploy", filed.entity)
    assert row["displaytext"] == f"it is filed anew, as {row['id']}"
    assert (cloud.vm(filed.entity).state, row["accountid"]) == ("Stopped", cloud.site.account.uuid)
    cloud.settle()
    assert cloud.vm(filed.entity).state == "Running"
    assert [(each.id, each.ip4) for each in cloud.cards(filed.entity)] == before, "nothing is given twice"
    assert (len(cloud.volumes(filed.entity)), len(farm.running)) == (1, 1)
    who = cloud.site.root_admin
    assert queues.job(who, "getJob", filed.job)["retriedas"] == row["id"]
    assert queues.job(who, "getJob", row["id"])["retryof"] == filed.job
    payload = {"name": "vm.deploy", "jobs": 1, "retriedas": row["id"]}
    assert told(cloud, filed.job) == [("JOB.RETRY", cloud.site.account.uuid, payload)]
    assert cloud.server.history.find(row["id"], cloud.site.tenant).command == "deployVirtualMachine"
    cloud.check()


def test_ten_who_file_it_anew_at_once_get_one_job(cloud, farm, do):
    filed = failing(cloud, farm)
    found = []

    def ask():
        found.append(do("retryJob", id=filed.job)["id"])

    threads = [threading.Thread(target=contextvars.copy_context().run, args=(ask,)) for _ in range(10)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)
    assert (len(found), len(set(found))) == (10, 1)
    assert [kind for kind, _, _ in told(cloud, filed.job)] == ["JOB.RETRY"]
    cloud.settle()
    assert cloud.vm(filed.entity).state == "Running"


def test_a_deployment_that_fails_again_is_in_error_again_with_all_counted_once(cloud, farm, do):
    filed = failing(cloud, farm)
    refuse(cloud, farm)
    again = do("retryJob", id=filed.job)["id"]
    cloud.settle()
    assert (cloud.job(again).outcome, cloud.vm(filed.entity).state) == ("failed", "Error")
    last = do("retryJob", id=again)["id"]
    assert do("retryJob", id=filed.job)["id"] == again, "what was filed for it stays that"
    cloud.settle()
    assert (cloud.job(last).outcome, cloud.vm(filed.entity).state) == ("succeeded", "Running")
    cloud.check()
    cloud.do("destroyVirtualMachine", filed.entity, cloud.site.root_admin, expunge=True)
    assert (cloud.taken(), farm.disks) == (0, {})


def test_a_machine_that_was_thrown_away_is_not_deployed_anew(cloud, farm, do):
    filed = failing(cloud, farm)
    cloud.do("destroyVirtualMachine", filed.entity)
    with pytest.raises(errors.Conflict, match="deploying it anew"):
        do("retryJob", id=filed.job)
    cloud.do("destroyVirtualMachine", filed.entity, cloud.site.root_admin, expunge=True)
    with pytest.raises(errors.Error):
        do("retryJob", id=filed.job)
    assert cloud.job(filed).retried is None


def test_a_tenant_cannot_start_what_never_came_to_be(cloud, farm):
    filed = failing(cloud, farm)
    assert cloud.do("startVirtualMachine", filed.entity).outcome == "failed"
    assert cloud.vm(filed.entity).state == "Error"


# Many at once.


@pytest.fixture
def steer(cloud, queues, do):
    """Steer what filters match as the root administrator: `steer("holdJob", kind="vm.deploy")` answers what became."""

    def steer(command, **given):
        same = {name: given[name] for name in ("dryrun", "position") if name in given}

        def act(uuid):
            return do(command, id=uuid, **same)["displaytext"]

        return queues.steer(cloud.site.root_admin, command, given, act)

    return steer


def ids(rows):
    return [each["id"] for each in rows]


def test_all_that_a_filter_matches_are_steered_one_by_one_and_told_of_each(cloud, steer, listed):
    filed = [cloud.deploy().job for _ in range(3)]
    told_of = steer("holdJob", kind="vm.deploy", state="ready")
    assert (told_of["count"], told_of["left"], told_of["dryrun"], told_of["refused"]) == (3, 0, False, [])
    assert ids(told_of["affected"]) == filed
    assert told_of["affected"][0]["displaytext"].startswith("1 of 1 jobs stand")
    assert {row["state"] for row in listed("job", kind="vm.deploy")} == {"held"}
    assert [kind for each in filed for kind, _, _ in told(cloud, each)] == ["JOB.HOLD"] * 3
    assert steer("holdJob", kind="vm.deploy")["count"] == 0, "they are held already"
    assert steer("releaseJob", stage="vm")["count"] == 3
    assert steer("cancelJob", accountid=cloud.site.account.uuid)["count"] == 3
    cloud.settle()
    assert {cloud.job(each).outcome for each in filed} == {"cancelled"}
    told_of = steer("retryJob", outcome="cancelled", kind="vm.deploy")
    assert (told_of["count"], told_of["refused"]) == (3, [])
    cloud.settle()
    assert {row["state"] for row in listed("vm", listall=True)} == {"Running"}
    assert steer("retryJob", kind="vm.deploy")["count"] == 0


def test_a_dry_run_says_what_would_become_of_each_and_does_nothing(cloud, farm, steer, listed):
    failed, filed = failing(cloud, farm), cloud.deploy()
    before = listed("job"), listed("vm", listall=True), listed("event", listall=True)
    dry = {"dryrun": True, "kind": "vm.deploy"}
    assert ids(steer("cancelJob", **dry)["affected"]) == [filed.job]
    assert steer("holdJob", **dry)["affected"][0]["displaytext"].startswith("1 of 1 jobs stand")
    told_of = steer("prioritizeJob", position="first", **dry)
    assert (told_of["dryrun"], told_of["displaytext"]) == (True, "1 job would be steered")
    told_of = steer("retryJob", **dry)
    assert (ids(told_of["affected"]), told_of["count"]) == ([failed.job], 1)
    assert (listed("job"), listed("vm", listall=True), listed("event", listall=True)) == before


def test_a_dry_run_of_one_is_the_job_as_it_is_with_what_would_happen(cloud, do):
    filed = cloud.deploy()
    row = do("cancelJob", id=filed.job, dryrun=True)
    assert (row["id"], row["state"], row["dryrun"]) == (filed.job, "ready", True)
    assert (row["displaytext"], "cancelasked" in row) == ("it is undone at once", False)
    assert told(cloud, filed.job) == []


def test_what_cannot_be_is_told_with_its_reason_and_stops_nobody_else(cloud, farm, steer):
    vm, let = cloud.running(), threading.Event()
    farm.then("delete", let)
    destroys = cloud.submit("destroyVirtualMachine", cloud.site.root_admin, id=vm, expunge=True)
    cloud.until(lambda: farm.calls["delete"])
    filed = cloud.deploy()
    for dry in (True, False):
        told_of = steer("cancelJob", accountid=cloud.site.account.uuid, dryrun=dry, rootsonly=True)
        assert ids(told_of["affected"]) == [filed.job]
        (refused,) = told_of["refused"]
        assert (refused["id"], refused["errorcode"]) == (destroys.job, "job_irrevocable")
        assert "may have destroyed something" in refused["errortext"]
    let.set()
    cloud.settle()
    assert (cloud.job(destroys).outcome, cloud.job(filed).outcome) == ("succeeded", "cancelled")


@pytest.mark.parametrize("dry", [True, False])
def test_what_came_of_a_job_goes_with_it_and_is_not_told_of(cloud, farm, let, steer, dry):
    filed = booting(cloud, farm)
    told_of = steer("cancelJob", rootid=filed.job, dryrun=dry)
    assert (ids(told_of["affected"]), told_of["refused"]) == ([filed.job], [])
    assert "Hypervisor" not in told_of["affected"][0]["displaytext"]
    assert "was told to stop" in told_of["affected"][0]["displaytext"]
    let.set()
    cloud.settle()


def test_jobs_that_send_commands_to_a_host_are_found_by_it(cloud, farm, let, steer, listed):
    filed = booting(cloud, farm)
    (command,) = listed("job", state="running")
    host = command["resourceid"]
    (other,) = [each.uuid for each in cloud.hosts if each.uuid != host]
    assert {filed.job, command["id"]} <= set(ids(listed("job", hostid=host)))
    assert filed.job not in ids(listed("job", hostid=other, state="waiting"))
    assert steer("cancelJob", hostid=other)["count"] == 0
    told_of = steer("cancelJob", hostid=host)
    assert ids(told_of["affected"]) == [filed.job]
    let.set()
    cloud.settle()
    assert cloud.job(filed).outcome == "cancelled"
    assert ids(steer("retryJob", hostid=host)["affected"]) == [filed.job], "what had to do with it, when it is well"
    cloud.settle()
    assert cloud.vm(filed.entity).state == "Running"


def test_no_more_than_asked_for_are_looked_at_and_one_goes_on_behind_them(cloud, steer, listed):
    filed = [cloud.deploy().job for _ in range(5)]
    first = steer("holdJob", kind="vm.deploy", limit=2)
    assert (first["count"], first["left"], first["last"]) == (2, 3, filed[1])
    assert first["displaytext"] == "2 jobs were steered; 3 more match, behind the last of these"
    second = steer("holdJob", kind="vm.deploy", limit=2, after=first["last"])
    assert (ids(second["affected"]), second["left"]) == (filed[2:4], 1)
    third = steer("holdJob", kind="vm.deploy", limit=2)
    assert (ids(third["affected"]), third["left"], "last" in third) == (filed[4:], 0, False)
    with pytest.raises(BadParameter, match="limit cannot be 1001"):
        steer("holdJob", kind="vm.deploy", limit=1001)
    with pytest.raises(errors.NotFound):
        steer("holdJob", kind="vm.deploy", after=NOBODY)
    steer("releaseJob", state="held")


def test_many_that_are_put_first_keep_their_order(cloud, steer, queues):
    filed = [cloud.deploy().job for _ in range(4)]
    who = cloud.site.root_admin

    def places():
        return [queues.job(who, "getJob", each)["position"] for each in filed]

    assert ids(steer("prioritizeJob", kind="vm.deploy", after=filed[1])["affected"]) == filed[:1:-1]
    assert places() == [3, 4, 1, 2]
    steer("prioritizeJob", kind="vm.deploy", position="last")
    assert places() == [1, 2, 3, 4]


def test_whoever_dies_in_the_midst_leaves_whole_jobs_behind_and_the_rest_to_the_next(cloud, queues, do, steer):
    filed = [cloud.deploy().job for _ in range(4)]
    asked = []

    def act(uuid):
        if len(asked) == 2:
            raise Crash
        asked.append(uuid)
        return do("cancelJob", id=uuid)["displaytext"]

    with pytest.raises(Crash):
        queues.steer(cloud.site.root_admin, "cancelJob", {"kind": "vm.deploy"}, act)
    assert [kind for each in filed for kind, _, _ in told(cloud, each)] == ["JOB.CANCEL"] * 2
    assert ids(steer("cancelJob", kind="vm.deploy")["affected"]) == filed[2:]
    cloud.settle()
    assert {cloud.job(each).outcome for each in filed} == {"cancelled"}


@pytest.mark.parametrize("given", [{}, {"rootsonly": True}, {"dryrun": True, "limit": 3}])
def test_nobody_steers_everything_by_a_slip(cloud, steer, given):
    filed = cloud.deploy()
    for command in ("cancelJob", "holdJob", "releaseJob", "retryJob", "prioritizeJob"):
        with pytest.raises(errors.Invalid, match="nothing says which jobs"):
            steer(command, **given)
    assert told(cloud, filed.job) == []
    with pytest.raises(BadParameter, match="stage cannot be '': it is empty"):
        steer("cancelJob", kind="vm.deploy", stage="")
    assert steer("cancelJob", kind="oven.bake")["displaytext"] == "0 jobs were steered"


def test_jobs_are_found_by_their_age_and_by_what_is_said_of_them(cloud, farm, steer, listed, queues):
    failed = failing(cloud, farm)
    cloud.clock.advance(90_000_000)
    filed = cloud.deploy()

    def found(**given):
        return {row["id"] for row in listed("job", **queues.aged(given), rootsonly=True, kind="vm.deploy")}

    assert found(minage=60) == {failed.job}
    assert found(maxage=60) == {filed.job}
    assert found(minage=0, maxage=120) == {failed.job, filed.job}
    assert found(text="VM.DEPLOY") == {failed.job, filed.job}
    assert found(text=filed.entity[-12:].upper()) == {filed.job}
    assert found(text=json.loads(cloud.job(failed).error)["text"][:-1].upper()) == {failed.job}
    assert found(text="100%_") == found(text="parameters") == set()
    assert found(after=filed.job) == {failed.job}
    assert steer("holdJob", minage=60)["count"] == 0
    assert ids(steer("holdJob", maxage=60)["affected"]) == [filed.job]
    with pytest.raises(BadParameter, match="minage cannot be -1"):
        found(minage=-1)
    steer("releaseJob", state="held")
