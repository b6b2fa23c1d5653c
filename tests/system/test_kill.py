"""kill -9 of the server at random moments during 20 concurrent deploys; `nox -s crash` does it more often."""

from tests.system.killing import destroy_all, kill_while_deploying

ROUNDS = 10


def test_a_killed_server_loses_doubles_and_leaks_nothing(quickstart):
    cloud = quickstart(hosts=4)
    for seed in range(ROUNDS):
        kill_while_deploying(cloud, seed)
        destroy_all(cloud)
