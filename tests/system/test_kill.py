"""kill -9 of the server at random moments during 20 concurrent deploys; `nox -s crash` does it more often."""

from tests.system.killing import destroy_all, kill_while_deploying
from tests.system.running import ON_EACH_DATABASE

ROUNDS = {"sqlite": 5, "postgresql": 3}
"""On PostgreSQL each round waits until the dead server's lease has run out."""


@ON_EACH_DATABASE
def test_a_killed_server_loses_doubles_and_leaks_nothing(quickstart, dialect):
    cloud = quickstart(hosts=4)
    for seed in range(ROUNDS[dialect]):
        kill_while_deploying(cloud, seed)
        destroy_all(cloud)
