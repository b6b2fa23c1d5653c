"""A storm: servers with threads of their own, tenants that want everything at once, hosts that err now and then."""

import random
import threading
import time

import pytest
import sqlalchemy
from tests.engine.jobs.farm import Broken, after

from stratiform.framework import context
from stratiform.framework.base import errors
from stratiform.framework.jobs.table import job

VERBS = ("start", "stop", "reboot", "destroy", "destroy", "expunge", "recover", "update")
TENANTS = 4
EACH = 25


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


@pytest.mark.parametrize("seed", range(3, 23))
def test_a_storm_leaves_everything_in_order(cloud, farm, way, seed):
    dice = random.Random(seed)
    for verb in ("create", "start", "stop", "reboot", "delete"):
        no = Broken(reason="now and then")
        farm.then(verb, *[dice.choice((no, after(no))) if dice.random() < 0.15 else None for _ in range(100)])
    servers = [cloud.server, cloud.serve("second")]
    for each in servers:
        each.kernel.start()
    seeds = [10 * seed + number for number in range(TENANTS)]
    threads = [threading.Thread(target=tenant, args=(cloud, each, cloud.site.tenant)) for each in seeds]
    for each in threads:
        each.start()
    way.cut()
    for each in threads:
        each.join()
    deadline = time.monotonic() + 40
    while left := cloud.live():
        assert time.monotonic() < deadline, left[:5]
        cloud.clock.advance(50_000)  # so that what waits goes on
        time.sleep(0.01)
    for each in servers:
        each.kernel.stop()
        each.channel.close()
    ended = cloud.rows(sqlalchemy.select(job.c.kind, job.c.outcome, job.c.error).where(job.c.parent.is_(None)))
    assert len(ended) > TENANTS * EACH // 3
    assert {row.outcome for row in ended} == {"succeeded", "failed"}
    assert not [row for row in ended if row.error and '"internal"' in row.error], "nothing failed by mistake"
