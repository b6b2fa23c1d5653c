"""kill -9 of the server at many random moments: fifty unless `--sample` says otherwise."""

from tests.system.killing import destroy_all, kill_while_deploying

ROUNDS = 50


def test_a_killed_server_loses_doubles_and_leaks_nothing(quickstart, sample):
    cloud = quickstart(hosts=4)
    for seed in range(1000, 1000 + (sample or ROUNDS)):
        kill_while_deploying(cloud, seed, longest=1.5)
        destroy_all(cloud)
