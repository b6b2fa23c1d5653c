"""Several servers on one PostgreSQL: they share the work, and the death of one is the others' affair."""

import random
import time

import sqlalchemy
from tests.system.killing import client, deploy_at_once
from tests.system.truth import wait_until

from stratiform.framework.cluster.table import process
from stratiform.framework.events.table import event

DEPLOYS = 40
SEED = 7


def test_one_of_two_servers_dies_and_nothing_is_lost_doubled_or_leaked(servers, truth):
    first, second = servers
    assert len(truth.rows(sqlalchemy.select(process))) == 2
    threads, accepted = deploy_at_once(first, DEPLOYS, second)
    time.sleep(random.Random(SEED).uniform(0.2, 0.8))  # the moment of death, not a wait for a state
    first.kill9()
    for each in threads:
        each.join(30)
    truth.settle()
    outcomes = truth.outcomes([each["jobid"] for each in accepted])
    assert len(outcomes) == len(accepted) >= DEPLOYS // 2, "an accepted job was lost"
    assert {each.outcome for each in outcomes.values()} == {"succeeded"}, outcomes
    truth.check()
    wait_until(lambda: len(truth.rows(sqlalchemy.select(process))) == 1)
    assert len(client(second).listVirtualMachines(fetch_list=True)) >= len(accepted)


def test_what_one_server_filed_the_other_tells_and_changes(servers, truth):
    first, second = map(client, servers)
    threads, accepted = deploy_at_once(servers[0], 1)
    threads[0].join(30)
    (machine,) = accepted
    wait_until(lambda: second.queryAsyncJobResult(jobid=machine["jobid"])["jobstatus"] == 1)
    assert second.stopVirtualMachine(id=machine["id"], fetch_result=True)["virtualmachine"]["state"] == "Stopped"
    assert first.listVirtualMachines(id=machine["id"])["virtualmachine"][0]["state"] == "Stopped"
    truth.check()


def test_a_server_that_ends_in_order_leaves_its_work_to_the_other(servers, truth):
    first, second = servers
    threads, accepted = deploy_at_once(first, DEPLOYS, second)
    assert second.stop() == 0
    for each in threads:
        each.join(30)
    truth.settle()
    assert {each.outcome for each in truth.outcomes([each["jobid"] for each in accepted]).values()} == {"succeeded"}
    truth.check()
    wait_until(lambda: not truth.rows(sqlalchemy.select(event.c.id).where(event.c.number.is_(None))))
    numbers = [number for (number,) in truth.rows(sqlalchemy.select(event.c.number).order_by(event.c.number))]
    assert numbers == list(range(1, len(numbers) + 1)), "an event was lost or numbered twice"
