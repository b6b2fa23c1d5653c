"""Kill a server while it deploys, start it again, and see that nothing was lost, doubled or leaked."""

import itertools
import random
import threading
import time
from contextlib import suppress

from cs import CloudStack, CloudStackException
from requests.exceptions import RequestException
from tests.system.truth import Truth

DEPLOYS = 20


def client(cloud):
    return CloudStack(endpoint=cloud.url, key=cloud.apikey, secret=cloud.secretkey, timeout=10, poll_interval=0.05)


def deploy_at_once(cloud, count=DEPLOYS, *others):
    """Ask for machines from as many threads, of `others` as well; answers them and what was accepted, which grows."""
    cs = client(cloud)
    doors = itertools.cycle([cloud, *others])
    zone = cs.listZones()["zone"][0]["id"]
    offering = cs.listServiceOfferings(name="Small Instance")["serviceoffering"][0]["id"]
    template = cs.listTemplates(templatefilter="featured")["template"][0]["id"]
    accepted = []

    def deploy(door):
        with suppress(RequestException, CloudStackException):  # the server was gone; the recount tells the rest
            accepted.append(
                client(door).deployVirtualMachine(zoneid=zone, serviceofferingid=offering, templateid=template)
            )

    threads = [threading.Thread(target=deploy, args=(next(doors),)) for _ in range(count)]
    for each in threads:
        each.start()
    return threads, accepted


def kill_while_deploying(cloud, seed, longest=0.8):
    """One round: deploy, kill -9 at a random moment, restart, settle, check; answers what was accepted."""
    moment = random.Random(seed).uniform(0, longest)
    truth = Truth(cloud.data, cloud.database)
    try:
        threads, accepted = deploy_at_once(cloud)
        time.sleep(moment)  # the moment of death, not a wait for a state
        cloud.kill9()
        for each in threads:
            each.join(30)
        cloud.restart()
        truth.settle()
        outcomes = truth.outcomes([each["jobid"] for each in accepted])
        assert len(outcomes) == len(accepted), "an accepted job was lost"
        assert {each.outcome for each in outcomes.values()} <= {"succeeded"}, (seed, outcomes)
        truth.check()
        return accepted
    finally:
        truth.close()


def destroy_all(cloud):
    """Leave nothing behind, so that the next round has room."""
    cs = client(cloud)
    truth = Truth(cloud.data, cloud.database)
    try:
        for each in cs.listVirtualMachines(listall=True, fetch_list=True):
            cs.destroyVirtualMachine(id=each["id"], expunge=True)
        truth.settle()
        truth.check()
        assert truth.really_running() == set()
        assert truth.real_disks() == set()
    finally:
        truth.close()
