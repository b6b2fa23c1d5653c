"""kill -9 of the server at many random moments: fifty, or a fifth of `--sample`."""

from tests.system.killing import destroy_all, kill_while_deploying

ROUNDS = 50


def test_a_killed_server_loses_doubles_and_leaks_nothing(quickstart, sample, seed):
    cloud = quickstart(hosts=4)
    for number in range(seed, seed + (-(-sample // 5) if sample else ROUNDS)):
        kill_while_deploying(cloud, number, longest=1.5)
        destroy_all(cloud)
