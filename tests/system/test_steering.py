"""What an operator sets through one server's API the other goes by as well, within two seconds."""

import threading
import time

import sqlalchemy
from cs import CloudStackException
from tests.system.killing import client, deploy_at_once
from tests.system.truth import wait_until

from stratiform.framework.jobs.table import job

SOON = 2
"""Seconds within which every server goes by what was set."""
NOISE = 3
"""Seconds that are allowed beside them: that a machine with as many tests as cores may take for a tick and a claim."""
MACHINES = 8


def set_stage(server, **values):
    """Set the stage of machines; answers when every server has to go by it."""
    client(server).updateStage(name="vm", **values)
    return time.monotonic() + SOON


def refused(server):
    """The error that a deployment is refused with; None if it is accepted."""
    cs = client(server)
    zone, offering = cs.listZones()["zone"][0], cs.listServiceOfferings(name="Small Instance")["serviceoffering"][0]
    template = cs.listTemplates(templatefilter="featured")["template"][0]
    try:
        cs.deployVirtualMachine(zoneid=zone["id"], serviceofferingid=offering["id"], templateid=template["id"])
    except CloudStackException as error:
        return error.error
    return None


def deploy(servers, count):
    """Ask both servers for machines: what was accepted."""
    threads, accepted = deploy_at_once(servers[0], count, servers[1])
    for each in threads:
        each.join(30)
    assert len(accepted) == count
    return [each["jobid"] for each in accepted]


def standing(truth, jobs):
    """How far each of these jobs is: steps done, by UUID."""
    return dict(map(tuple, truth.rows(sqlalchemy.select(job.c.uuid, job.c.done).where(job.c.uuid.in_(jobs)))))


def test_a_stage_that_is_paused_at_one_server_is_taken_up_by_neither(servers, truth):
    first, second = servers
    due = set_stage(first, mode="pause")
    time.sleep(max(0.0, due - time.monotonic()))  # the promise, not a wait for a state
    waiting = deploy(servers, MACHINES)
    for number in range(4):  # as if servers were rung: a filing wakes the one that it came through
        waiting += deploy(servers, 2)
        assert set(standing(truth, waiting).values()) == {0}, f"something was taken up after round {number}"
    for each in servers:
        listed = client(each).listJobs(stage="vm", state="ready", rootsonly="true")
        assert {row["id"] for row in listed["job"]} == set(waiting)
        assert {row["waitsfor"] for row in listed["job"]} == {"stage vm is paused"}
    resumed = set_stage(second, mode="run")
    wait_until(lambda: all(standing(truth, waiting).values()), resumed + NOISE - time.monotonic())
    truth.settle()
    assert {row.outcome for row in truth.outcomes(waiting).values()} == {"succeeded"}
    truth.check()


def test_a_stage_that_is_paused_while_it_works_is_at_rest_within_two_seconds(servers, truth):
    """Filed at both without an end; what had been taken up ends, and nothing else is."""
    first, second = servers
    stop, filed = threading.Event(), []

    def file():
        while not stop.is_set():
            filed.extend(deploy(servers, 2))

    filing = threading.Thread(target=file)
    filing.start()
    try:
        wait_until(lambda: any(standing(truth, list(filed)).values()))
        due = set_stage(second, mode="pause")
        wait_until(lambda: time.monotonic() > due)
        before = standing(truth, list(filed))
        known = len(filed)
        wait_until(lambda: len(filed) >= known + MACHINES)
        after = standing(truth, list(filed))
        assert {uuid for uuid in after if after[uuid]} <= {uuid for uuid in before if before[uuid]}
    finally:
        stop.set()
        filing.join(60)
    set_stage(first, mode="run")
    truth.settle()
    truth.check()


def test_a_stage_that_drains_refuses_new_work_at_both_servers_and_ends_what_it_has(servers, truth):
    first, second = servers
    accepted = deploy(servers, MACHINES)
    due = set_stage(first, mode="drain")
    for each in servers:
        told = wait_until(lambda server=each: refused(server), due + NOISE - time.monotonic())
        assert told["errorcode"] == 503
        assert "drains it" in told["errortext"]
    truth.settle()
    assert {row.outcome for row in truth.outcomes(accepted).values()} == {"succeeded"}
    due = set_stage(second, mode="run")
    for each in servers:
        wait_until(lambda server=each: refused(server) is None, due + NOISE - time.monotonic())
    truth.settle()
    truth.check()


def test_workers_and_weight_that_are_set_at_one_server_are_told_by_both(servers, truth):
    set_stage(servers[0], workers=3, weight=5)
    for each in servers:
        (stage,) = client(each).listStages(name="vm")["stage"]
        assert (stage["workers"], stage["weight"]) == (3, 5)
    done = deploy(servers, MACHINES)
    truth.settle()
    assert {row.outcome for row in truth.outcomes(done).values()} == {"succeeded"}
    truth.check()
