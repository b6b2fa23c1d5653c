"""A cancel at each step of each operation: it ends cancelled, or is refused with the reason; nothing is left behind.

Here every sixth point is tried, and each command to a host hangs once; `tests/crash` tries every point.
"""

import json
import threading

import pytest
import sqlalchemy
from tests.engine.jobs.cancelling import CANCELLED, PLAYED, REASONS, SOON, Cancelling
from tests.engine.jobs.cloud import Server
from tests.engine.jobs.operations import root_does, two_on_a_host

from stratiform.framework.agents import abort
from stratiform.framework.base import errors
from stratiform.framework.base.clock import SECOND
from stratiform.framework.jobs.table import job

EVERY = 6

RIGHT = [act for act in PLAYED if not act.wrong]
"""Operations of which nothing goes wrong by itself: each of their commands may hang."""


class Hanging(threading.Event):
    """What a host is in the middle of: it goes on when it is let, or ends early when it is told to."""

    def __init__(self):
        super().__init__()
        self.begun, self.aborted, self.job = threading.Event(), False, None

    def wait(self, timeout=None):
        self.job = abort.current().command.partition("/")[0]
        self.begun.set()
        end = threading.Event()
        try:
            with abort.current().by(end.set):
                while not self.is_set() and not end.is_set() and timeout > 0:
                    timeout -= 0.002
                    end.wait(0.002)
        except abort.Aborted:
            end.set()
        self.aborted = end.is_set()
        if self.aborted:
            raise abort.Aborted(command=abort.current().command)
        return self.is_set()


def cancel(cloud, uuid):
    """Somebody at another server cancels a job; the code of the refusal if it was refused."""
    operator = Server(cloud.database, cloud.gate, "operator", cloud.data)
    try:
        operator.engine.change("cancelJob", cloud.site.root_admin, {"id": uuid})
    except errors.Conflict as error:
        return error.code
    return CANCELLED


def journals(cloud, root):
    """What the journals of a job and all that came of it say."""
    rows = cloud.rows(sqlalchemy.select(job.c.journal).where(job.c.root == root).order_by(job.c.id))
    return [text for row in rows for *_, text in json.loads(row.journal)]


@pytest.mark.parametrize("act", PLAYED, ids=lambda act: act.name)
def test_an_operation_that_is_cancelled_at_a_point(cloud, act):
    cancelling = Cancelling(cloud, act)
    for point in cancelling.points()[::EVERY]:
        assert cancelling.at(point) is not None, f"it did not come by {point}"


@pytest.mark.parametrize("act", RIGHT, ids=lambda act: act.name)
def test_an_operation_whose_host_hangs_is_cancelled_there(cloud, farm, act):
    """Each command in turn: the host's list shows that the work stopped, or the refusal says why it goes on."""
    it = act.about(cloud)
    cloud.settle()
    before = len(farm.asked)
    act.ask(cloud, it)
    cloud.settle()
    for place, (verb, _) in enumerate(farm.asked[before:].copy()):
        _hang(cloud, farm, act, verb, earlier=[each for each, _ in farm.asked[before:][:place]].count(verb))


def _hang(cloud, farm, act, verb, earlier):
    it = act.about(cloud)
    cloud.settle()
    hanging = Hanging()
    farm.then(verb, *[None] * earlier, hanging)
    act.ask(cloud, it)
    cloud.until(hanging.begun.is_set)
    uuid, since = cloud.job(hanging.job).root, cloud.clock.now()
    how = cancel(cloud, uuid)
    if how == CANCELLED:
        cloud.until(lambda: cloud.job(uuid).state == "ended")
        ended = cloud.job(uuid)
        assert (ended.outcome, hanging.aborted) == ("cancelled", True)
        assert ended.changed - since <= SOON * SECOND
        assert any("was aborted before it took effect" in text for text in journals(cloud, uuid))
    else:
        assert how in REASONS
        assert not hanging.aborted
    hanging.set()
    farm._scripts[verb].clear()
    cloud.check()


def test_what_was_changed_as_a_job_was_filed_is_taken_back_in_its_turn(cloud, farm):
    """A host is prepared, opened and prepared again; the second job waits for the first, and so does its cancel."""
    host, hanging = two_on_a_host(cloud), Hanging()
    prepare = root_does("prepareHostForMaintenance")
    farm.then("migrate", hanging)
    first = prepare(cloud, host)
    cloud.until(hanging.begun.is_set)
    root_does("cancelHostMaintenance")(cloud, host)
    second = prepare(cloud, host)
    assert cloud.job(second).state == "blocked"
    assert cancel(cloud, second.job) == CANCELLED
    cloud.pass_time(SOON)
    assert (cloud.job(second).state, cloud.host(host).state) == ("blocked", "PrepareForMaintenance")
    hanging.set()
    cloud.settle()
    assert (cloud.job(first).outcome, cloud.job(second).outcome) == ("succeeded", "cancelled")
    assert (cloud.host(host).state, cloud.host(host).vms) == ("Maintenance", 0)
