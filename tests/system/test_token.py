"""The same token again, from many clients at once, while the server is killed: one machine, and one answer."""

import threading
import time
from contextlib import suppress

import pytest
from cs import CloudStack
from requests.exceptions import RequestException
from tests.system.running import ON_EACH_DATABASE
from tests.system.truth import Truth

CLIENTS = 50
ROUNDS = 3


def client(cloud):
    return CloudStack(endpoint=cloud.url, key=cloud.apikey, secret=cloud.secretkey, timeout=20, poll_interval=0.05)


def machine(cs, name):
    """What a deployment is asked with."""
    return {
        "zoneid": cs.listZones()["zone"][0]["id"],
        "serviceofferingid": cs.listServiceOfferings(name="Small Instance")["serviceoffering"][0]["id"],
        "templateid": cs.listTemplates(templatefilter="featured")["template"][0]["id"],
        "name": name,
        "idempotencytoken": name,
    }


def deploy_at_once(cloud, asked):
    """The threads of many clients who ask for the same, and what they are answered, which grows."""
    answered = []

    def deploy():
        with suppress(RequestException):  # the server was gone
            answered.append(client(cloud).deployVirtualMachine(**asked))

    threads = [threading.Thread(target=deploy) for _ in range(CLIENTS)]
    for each in threads:
        each.start()
    return threads, answered


@ON_EACH_DATABASE
def test_fifty_clients_with_one_token_get_one_machine_though_the_server_is_killed(quickstart):
    cloud = quickstart(hosts=2)
    cs = client(cloud)
    truth = Truth(cloud.data, cloud.database)
    try:
        for number in range(ROUNDS):
            asked = machine(cs, f"once-{number}")
            threads, answered = deploy_at_once(cloud, asked)
            time.sleep(0.02 + 0.15 * number)  # the moment of death, not a wait for a state
            cloud.kill9()
            for each in threads:
                each.join(60)
            cloud.restart()
            cs = client(cloud)
            threads, again = deploy_at_once(cloud, asked)
            for each in threads:
                each.join(60)
            assert len(again) == CLIENTS
            assert len({(each["id"], each["jobid"]) for each in answered + again}) == 1, number
            found = cs.listVirtualMachines(name=asked["name"], listall=True)["virtualmachine"]
            assert [each["id"] for each in found] == [again[0]["id"]]
        truth.settle()
        truth.check()
        assert len(truth.really_running()) == ROUNDS
    finally:
        truth.close()


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_header_is_a_token_at_a_real_server(module_quickstart, method):
    cs = CloudStack(
        endpoint=module_quickstart.url,
        key=module_quickstart.apikey,
        secret=module_quickstart.secretkey,
        method=method,
        headers={"Idempotency-Key": f'"{method}-1"'},
    )
    first, again = (cs.createDomain(name=f"by-{method}") for _ in range(2))
    assert again == first
