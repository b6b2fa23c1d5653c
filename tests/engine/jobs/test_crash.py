"""The process dies at every point where it may: before and after each commit, each command sent and each answer.

The next process takes over, and everything ends as if nothing had happened: no command is carried out twice, none
fails because of it, and the farm is as the database says. Here every sixth point is tried, and one at each step;
`tests/crash` tries them all.
"""

import pytest
from tests.engine.jobs.operations import ACTS, ALL, EXCUSED, Play, kinds

from stratiform.engine import api
from stratiform.framework.testing.crashes import Crashes

EVERY = 6
PAIRS = 2
"""Of each operation: where first one process dies, then the next."""


@pytest.mark.parametrize("group", ACTS)
def test_operations_that_are_interrupted_everywhere(cloud, database, group):
    plays = [Play(cloud, act).operation() for act in ACTS[group]]
    report = Crashes(database).explore(*plays, every=EVERY, pairs=PAIRS)
    report.require(api.program.registry, kinds(group), EXCUSED)


def test_every_kind_of_job_is_among_them():
    """But those that only say that a command was done when it was accepted, of which one stands for all."""
    work = {kind for kind, _ in api.program.registry.jobs if not kind.startswith("command.")}
    assert work - {kind for act in ALL for kind in act.kinds} == set()


def test_a_zombie_does_nothing(cloud, farm):
    """A server that stood still is taken over; when it wakes up, its turns and its answers count no more."""
    filed = cloud.deploy()
    zombie = cloud.server
    zombie.kernel.turn("vm")  # has placed it and begun its first command
    cloud.crash("heir")
    cloud.settle()
    assert cloud.job(filed).outcome == "succeeded"
    later = cloud.submit("stopVirtualMachine", id=filed.entity)
    for stage in zombie.registry.stages:
        assert not zombie.kernel.turn(stage)
    assert cloud.vm(filed.entity).state == "Running"
    cloud.settle()
    assert (cloud.job(later).outcome, farm.calls["start"], farm.calls["create"]) == ("succeeded", 1, 1)


def test_two_servers_beside_one_another_carry_out_everything_once(cloud, farm):
    servers = [cloud.server, cloud.serve("second"), cloud.serve("third")]
    filed = [cloud.deploy() for _ in range(10)]
    cloud.settle(*servers)
    filed += [cloud.submit("destroyVirtualMachine", id=each.entity, expunge=True) for each in filed]
    cloud.settle(*reversed(servers))
    assert {cloud.job(each).outcome for each in filed} == {"succeeded"}
    assert [farm.calls[verb] for verb in ("create", "start", "stop", "delete")] == [10] * 4
