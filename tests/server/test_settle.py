"""Commands that are synchronous on the wire and whose work is a job: the answer waits a little, and tells the truth."""

import threading
import time
from dataclasses import replace

import pytest

from stratiform.api.command import Command, Returns
from stratiform.api.commands.vm.view import VM as VIEW
from stratiform.api.parameter import text
from stratiform.api.principal import Principal, Role
from stratiform.framework.base import errors
from stratiform.framework.base.errors import Unreachable
from stratiform.server.errors import UnderWay
from stratiform.server.handlers import entity
from stratiform.server.handlers.call import Call
from stratiform.server.patience import Patience

WHO = Principal(user="user", account="account", role=Role.ADMIN, scope="root/")
FAILED = errors.describe(Unreachable(address="host-1", reason="nobody answers"))


def literal(returns=Returns.OBJECT):
    command = Command(
        name="deployThing",
        description="Deploys a thing.",
        parameters=(text("name", "Its name."),),
        returns=Returns.OBJECT,
        settles=True,
        mutates=True,
        event="VM.CREATE",
        view=VIEW,
        object="virtualmachine",
        kind="vm",
        example={"name": "a"},
    )
    if returns is Returns.SUCCESS:
        return replace(command, returns=returns, object=None, view=Command.view)
    return replace(command, returns=returns)


class Scripted:
    """A job that is as the script says, look by look; the last line stays."""

    def __init__(self, *script):
        self.script = list(script)
        self.looks = 0

    def find(self, job, who):
        self.looks += 1
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]


@pytest.fixture
def ask(services, job_facts):
    def ask(*script, returns=Returns.OBJECT, seconds=30.0):
        jobs = Scripted(*(job_facts(**each) for each in script))
        command = literal(returns)
        handle = entity.handler(command, replace(services, jobs=jobs, patience=Patience(4, seconds)))
        return handle(Call(command=command, who=WHO, arguments={"name": "a"})), jobs

    return ask


def test_the_answer_shows_the_entity_once_the_job_has_ended(ask):
    body, jobs = ask({}, {}, {"finished": 1})
    assert body["virtualmachine"]["name"] == "web-1"
    assert jobs.looks == 3
    body, _ = ask({"finished": 1}, returns=Returns.LIST)
    assert (body["count"], body["virtualmachine"][0]["name"]) == (1, "web-1")
    assert ask({"finished": 1}, returns=Returns.SUCCESS)[0] == {"success": True}


def test_an_error_of_the_job_is_the_answer(ask):
    with pytest.raises(errors.Error, match="nobody answers"):
        ask({}, {"finished": 1, "error": FAILED})


def test_when_the_time_is_up_the_entity_is_shown_as_it_is_and_else_the_job_is_named(ask, job_facts):
    body, _ = ask({}, seconds=0.01)
    assert body["virtualmachine"]["name"] == "web-1"
    with pytest.raises(UnderWay, match=job_facts().uuid):
        ask({}, returns=Returns.SUCCESS, seconds=0.01)


def test_no_more_than_a_quarter_of_the_threads_wait(job_facts):
    patience, waiting, end = Patience(8, 30), [], threading.Event()

    def look():
        waiting.append(threading.get_ident())
        return job_facts(finished=1) if end.is_set() else job_facts()

    threads = [threading.Thread(target=patience.wait, args=(look,)) for _ in range(2)]
    for each in threads:
        each.start()
    until = time.monotonic() + 60
    while len({each for each in waiting if waiting.count(each) > 1}) < 2:
        assert time.monotonic() < until
        time.sleep(0.001)
    looks = []
    patience.wait(lambda: looks.append(1) or job_facts())
    assert looks == [1]
    end.set()
    for each in threads:
        each.join()
    assert patience.wait(lambda: job_facts(finished=1)).finished == 1
