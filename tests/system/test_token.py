"""The same token again, from many clients at once, while the server is killed: one machine, and one answer."""

import threading
import time
from contextlib import suppress

import pytest
from cs import CloudStack, CloudStackApiException
from requests.exceptions import RequestException
from tests.system.running import ON_EACH_DATABASE
from tests.system.truth import Truth

CLIENTS = 50


def client(cloud):
    return CloudStack(endpoint=cloud.url, key=cloud.apikey, secret=cloud.secretkey, timeout=20, poll_interval=0.05)


def machine(cs, name):
    """What a deployment is asked with."""
    return {
        "zoneid": cs.listZones()["zone"][0]["id"],
        "serviceofferingid": cs.listServiceOfferings(name="Small Instance")["serviceoffering"][0]["id"],
        "templateid": cs.listTemplates(templatefilter="featured")["template"][0]["id"],
        "name": name,
    }


def account(cs, name):
    """What an account is made with."""
    person = {"firstname": "F", "lastname": "L", "email": "x@example.org", "password": "a-long-Passw0rd!"}
    return {"username": name, "accounttype": 0, **person}


def domain(cs, name):
    """What a domain is made with."""
    return {"name": name}


def physical_network(cs, name):
    """What a physical network is made with."""
    return {"zoneid": cs.listZones()["zone"][0]["id"], "name": name}


def pool(cs, name):
    """What primary storage is made with."""
    [host, *_] = cs.listHosts(type="Routing")["host"]
    place = {each: host[each] for each in ("zoneid", "podid", "clusterid")}
    return {"name": name, "url": f"nfs://simulated/{name}", "scope": "cluster", **place}


ONCE = {
    "deployVirtualMachine": (machine, "listVirtualMachines", "virtualmachine"),
    "createDomain": (domain, "listDomains", "domain"),
    "createAccount": (account, "listAccounts", "account"),
    "createPhysicalNetwork": (physical_network, "listPhysicalNetworks", "physicalnetwork"),
    "createStoragePool": (pool, "listStoragePools", "storagepool"),
}
"""A command that files a job, one that changes rows, one of the server's own, one that is done when it is answered with
a job, and one that waits for its job: what each is asked with, and how what it made is listed."""


def insist(command, asked):
    """Ask until the server is not too busy to say more than that."""
    while True:
        try:
            return command(**asked)
        except CloudStackApiException as error:
            if error.response.status_code != 503:
                raise
            time.sleep(0.05)


def ask_at_once(cloud, command, asked):
    """The threads of many clients who ask for the same, and what they are answered, which grows."""
    answered = []

    def ask():
        with suppress(RequestException):  # the server was gone
            answered.append(insist(getattr(client(cloud), command), asked))

    threads = [threading.Thread(target=ask) for _ in range(CLIENTS)]
    for each in threads:
        each.start()
    return threads, answered


@ON_EACH_DATABASE
def test_fifty_clients_with_one_token_have_one_effect_though_the_server_is_killed(quickstart):
    cloud = quickstart(hosts=2)
    cs = client(cloud)
    truth = Truth(cloud.data, cloud.database)
    try:
        for number, (command, (of, listing, kind)) in enumerate(ONCE.items()):
            name = f"once-{number}"
            asked = {**of(cs, name), "idempotencytoken": name}
            threads, answered = ask_at_once(cloud, command, asked)
            time.sleep(0.05 + 0.05 * number)  # the moment of death, not a wait for a state
            cloud.kill9()
            for each in threads:
                each.join(60)
            cloud.restart()
            cs = client(cloud)
            threads, again = ask_at_once(cloud, command, asked)
            for each in threads:
                each.join(60)
            assert len(again) == CLIENTS
            assert all(each == again[0] for each in answered + again), command
            found = getattr(cs, listing)(name=name, listall=True)[kind]
            assert len(found) == 1, command
            assert found[0]["id"] == (again[0].get(kind) or again[0])["id"]
        truth.settle()
        truth.check()
        assert len(truth.really_running()) == 1
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
