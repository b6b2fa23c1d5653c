"""A storm: servers with threads of their own, tenants that want everything at once, hosts that err now and then.

And an operator who empties hosts meanwhile.
"""

import random
import threading
import time
from contextlib import suppress

import pytest
import sqlalchemy
from tests.engine.jobs.farm import Broken, after

from stratiform.framework import context
from stratiform.framework.base import errors
from stratiform.framework.jobs.table import job

VERBS = ("start", "stop", "reboot", "destroy", "destroy", "expunge", "recover", "update")
TENANTS = 4
EACH = 25


def operator(cloud, seed):
    """Empties hosts and opens them again, whatever is under way there; opens all of them in the end."""
    dice, engine = random.Random(seed), cloud.server.engine

    def do(command, host):
        with suppress(errors.Conflict, errors.Again):
            engine.submit(command, cloud.site.root_admin, {"id": host.uuid})

    with context.use(context.begin(cloud.world.ids, "operator")):
        do("prepareHostForMaintenance", cloud.hosts[0])
        for _ in range(EACH):
            time.sleep(dice.random() / 10)
            do(dice.choice(("prepareHostForMaintenance", "cancelHostMaintenance")), dice.choice(cloud.hosts))
        for host in cloud.hosts:
            do("cancelHostMaintenance", host)


def tenant(cloud, seed, who):
    """Deploys, and does with what there is whatever comes to mind; every refusal is in order."""
    dice, vms, filed = random.Random(seed), [], []
    engine = cloud.server.engine
    with context.use(context.begin(cloud.world.ids, who.user)):
        for _ in range(EACH):
            verb = dice.choice(VERBS) if vms and dice.random() < 0.75 else "deploy"
            try:
                if verb == "deploy":
                    filed.append(cloud.deploy(who=who, startvm=dice.random() < 0.9))
                    vms.append(filed[-1].entity)
                elif verb in ("recover", "update"):
                    changes = {"id": dice.choice(vms), "displayname": f"n{dice.random()}"}
                    engine.change(f"{verb}VirtualMachine", who, changes)
                else:
                    more = {"expunge": dice.random() < 0.5} if verb == "destroy" else {}
                    filed.append(engine.submit(f"{verb}VirtualMachine", who, {"id": dice.choice(vms), **more}))
            except (errors.Conflict, errors.NotFound):
                pass
    return filed


@pytest.mark.parametrize("seed", range(3))
def test_a_storm_leaves_everything_in_order(cloud, farm, way, seed):
    dice = random.Random(seed)
    cloud.hosts.append(cloud.add_host("third"))
    for _ in range(4):
        cloud.running(hostid=cloud.hosts[0].uuid, who=cloud.site.root_admin)
    for verb in ("create", "start", "stop", "reboot", "delete", "receive", "migrate", "stay", "inventory"):
        no = Broken(reason="now and then")
        farm.then(verb, *[dice.choice((no, after(no))) if dice.random() < 0.15 else None for _ in range(100)])
    servers = [cloud.server, cloud.serve("second")]
    for each in servers:
        each.kernel.start()
    seeds = [10 * seed + number for number in range(TENANTS)]
    threads = [threading.Thread(target=tenant, args=(cloud, each, cloud.site.tenant)) for each in seeds]
    threads.append(threading.Thread(target=operator, args=(cloud, seed)))
    for each in threads:
        each.start()
    way.cut()
    deadline = time.monotonic() + 60
    while (left := cloud.live()) or any(each.is_alive() for each in threads):
        assert time.monotonic() < deadline, left[:5]
        cloud.clock.advance(50_000)  # so that what waits goes on
        time.sleep(0.01)
    for each in servers:
        each.kernel.stop()
        each.channel.close()
    ended = cloud.rows(sqlalchemy.select(job.c.kind, job.c.outcome, job.c.error).where(job.c.parent.is_(None)))
    assert len(ended) > TENANTS * EACH // 3
    assert {row.outcome for row in ended} == {"succeeded", "failed"}
    assert farm.calls["migrate"], "machines moved meanwhile"
    assert not [row for row in ended if row.error and '"internal"' in row.error], "nothing failed by mistake"
