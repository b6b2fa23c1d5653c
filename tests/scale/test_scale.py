"""Many hosts and machines through the wire: five hundred machines unless `--sample` says otherwise."""

from tests.system.killing import client, deploy_at_once
from tests.system.truth import Truth

MACHINES = 500
HOSTS = 50
AT_ONCE = 50


def test_many_machines_on_many_hosts(quickstart, sample):
    cloud = quickstart(hosts=HOSTS)
    truth = Truth(cloud.data)
    wanted = sample or MACHINES
    for first in range(0, wanted, AT_ONCE):
        threads, accepted = deploy_at_once(cloud, min(AT_ONCE, wanted - first))
        for each in threads:
            each.join(60)
        assert len(accepted) == len(threads)
    truth.settle(300)
    truth.check()
    assert truth.states() == {"Running": wanted}
    assert len(client(cloud).listHosts(fetch_list=True)) == HOSTS
    truth.close()
