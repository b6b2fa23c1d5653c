"""The process dies at every point where it may: before and after each commit, before and after each command is sent.

The next process takes over, and everything ends as if nothing had happened: no command is carried out twice, none
fails because of it, and the farm is as the database says.
"""

import itertools
from contextlib import contextmanager

import pytest
from tests.engine.jobs.cloud import Crash

LIFE = ("stop", "start", "reboot", "destroy", "expunge")


class Doom:
    """Kills the server at the n-th point that it comes by; counts the points."""

    def __init__(self, cloud):
        self.cloud, self.at, self.passed = cloud, None, 0
        self.transaction = cloud.database.transaction
        cloud.database.transaction = self.doomed

    @contextmanager
    def doomed(self):
        """A transaction, before whose commit and after which is a point."""
        with self.transaction() as tx:
            yield tx
            self.point()
        self.point()

    def point(self):
        self.passed += 1
        if self.passed == self.at:
            raise Crash

    def sends(self, channel):
        """Let the channel's sends be points, before and after."""
        send = channel.send

        def doomed(call):
            self.point()
            send(call)
            self.point()

        channel.send = doomed

    def run(self, at, action):
        """Do it with a death at that point, if it comes by; answer whether it did."""
        self.at, self.passed = at, 0
        self.sends(self.cloud.server.channel)
        try:
            action()
        except Crash:
            self.at = None
            self.cloud.crash(f"after {at}")
            return True
        self.at = None
        return False


def test_a_life_that_is_interrupted_everywhere(cloud, farm):
    doom = Doom(cloud)

    def work():
        cloud.until(lambda: not cloud.live())

    for at in itertools.count(1):
        before = dict(farm.calls)
        filed = cloud.deploy()
        died = doom.run(at, work)
        cloud.settle()
        assert cloud.job(filed).outcome == "succeeded", at
        for verb in LIFE:
            filed = cloud.submit(f"{verb}VirtualMachine", id=filed.entity)
            died = doom.run(at, work) or died
            cloud.settle()
            assert cloud.job(filed).outcome == "succeeded", (verb, at)
        did = {verb: farm.calls[verb] - before.get(verb, 0) for verb in ("create", "start", "stop", "reboot", "delete")}
        assert did == {"create": 1, "start": 2, "stop": 2, "reboot": 1, "delete": 1}, at
        cloud.check()
        if not died:
            break
    assert at > 8, "it died at each of a deployment's commits and sends"


@pytest.mark.parametrize("verb", ["create", "start"])
def test_an_undo_that_is_interrupted_everywhere(cloud, farm, verb):
    doom = Doom(cloud)
    for at in itertools.count(1):
        farm.then(verb, ValueError())
        filed = cloud.deploy()
        died = doom.run(at, lambda: cloud.until(lambda: not cloud.live()))
        cloud.settle()
        assert (cloud.job(filed).outcome, cloud.vm(filed.entity).state) == ("failed", "Error"), at
        assert cloud.do("destroyVirtualMachine", filed.entity, expunge=True).outcome == "succeeded"
        cloud.check()
        if not died:
            break
    assert at > 8


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
