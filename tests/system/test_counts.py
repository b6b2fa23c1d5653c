"""What a deployment costs, in what does not vary: statements and commits, from the job's INSERT to its last COMMIT.

Counted are all threads but the kernel's one loop, whose statements come once a second whether anybody deploys or
not. Look-ups, by which a step reads the rows that it works on, are counted apart; claims and locks are not look-ups.
"""

import threading
from dataclasses import dataclass, field
from urllib.parse import urlencode

import falcon.testing
import pytest
import sqlalchemy
from sqlalchemy import event
from tests.system.running import ON_EACH_DATABASE
from tests.system.truth import wait_until

from stratiform.api.principal import Principal, Role
from stratiform.engine.schema import account, account_user, domain, service_offering, template, vm, zone
from stratiform.framework import context
from stratiform.framework.jobs.table import job
from stratiform.framework.testing.statements import count
from stratiform.server import signature
from stratiform.server.bootstrap import Settings, compose

pytestmark = ON_EACH_DATABASE
TOGETHER = 32
CLAIMS = ("SELECT job.id,", "SELECT key FROM lane")


@dataclass
class Cost:
    """What was executed since the first INSERT into job."""

    statements: list[str] = field(default_factory=list)
    commits: int = 0

    def clear(self):
        self.statements.clear()
        self.commits = 0

    @property
    def lookups(self):
        return [each for each in self.statements if each.startswith("SELECT") and not each.startswith(CLAIMS)]

    @property
    def writes(self):
        return len(self.statements) - len(self.lookups)

    def __str__(self):
        return "\n".join([f"{self.commits} commits, {self.writes} + {len(self.lookups)} look-ups", *self.statements])


@pytest.fixture
def server(quickstart):
    """A server in this process on a cloud that a quickstart made."""
    cloud = quickstart(hosts=4)
    cloud.stop()
    server = compose(Settings(data=cloud.data, database=cloud.database, port=0))
    yield server
    server.serving.close()
    server.stop()


@pytest.fixture
def cost(server):
    """Counts what workers do, and of the thread that files jobs what comes from the INSERT into job on."""
    found, begun = Cost(), set()

    def counted():
        return threading.current_thread().name != "kernel"

    def executed(connection, cursor, statement, *_):
        text = " ".join(statement.split())
        if text.startswith("INSERT INTO job "):
            begun.add(threading.get_ident())
        is_worker = threading.current_thread() is not threading.main_thread()
        if counted() and not text.startswith("BEGIN") and (is_worker or threading.get_ident() in begun):
            found.statements.append(text[:150])

    def committed(connection):
        if counted() and found.statements:
            found.commits += 1
            begun.discard(threading.get_ident())

    server.database.identifiers.reserve()
    event.listen(server.database.engine, "before_cursor_execute", executed)
    event.listen(server.database.engine, "commit", committed)
    yield found
    event.remove(server.database.engine, "before_cursor_execute", executed)
    event.remove(server.database.engine, "commit", committed)


def ask(server, times):
    """File so many deployments as the administrator."""
    with server.database.reading() as connection:

        def only(column, *where):
            return connection.execute(sqlalchemy.select(column).where(*where).limit(1)).scalar_one()

        who = Principal(
            user=only(account_user.c.uuid), account=only(account.c.uuid), role=Role.ADMIN, scope=only(domain.c.path)
        )
        wanted = {
            "zoneid": only(zone.c.uuid),
            "serviceofferingid": only(service_offering.c.uuid, service_offering.c.name == "Small Instance"),
            "templateid": only(template.c.uuid),
        }
    with context.use(context.begin(server.world.ids, who.user)):
        for _ in range(times):
            server.cloud.submit("deployVirtualMachine", who, wanted)


def signed(server):
    """The query of a deployment that the administrator signed."""
    with server.database.transaction() as tx, context.use(context.begin(server.world.ids, "test")):
        pair = server.keys.issue(tx, tx.execute(sqlalchemy.select(account_user.c.uuid)).scalars().first())
        small = service_offering.c.name == "Small Instance"
        named = {
            "zoneid": tx.execute(sqlalchemy.select(zone.c.uuid)).scalars().first(),
            "serviceofferingid": tx.execute(sqlalchemy.select(service_offering.c.uuid).where(small)).scalar_one(),
            "templateid": tx.execute(sqlalchemy.select(template.c.uuid)).scalars().first(),
        }
    given = {"command": "deployVirtualMachine", "response": "json", "apiKey": pair.api_key, **named}
    return urlencode(given | {"signature": signature.sign(given, pair.secret)})


def asked(server, target):
    """What the server's application answers."""
    environment = falcon.testing.create_environ("/client/api", query_string=target)
    return b"".join(server.serving.app(environment, lambda *_: None))


def deployed(server, wanted):
    live = sqlalchemy.select(sqlalchemy.func.count()).select_from(job).where(job.c.state != "ended")
    running = sqlalchemy.select(sqlalchemy.func.count()).select_from(vm).where(vm.c.state == "Running")

    def over():
        with server.database.engine.connect().execution_options(stratiform_reading=True) as connection:
            return connection.execute(live).scalar_one() == 0 and connection.execute(running).scalar_one() == wanted

    wait_until(over)


def test_a_signed_request_is_one_commit(server):
    """The caller; what is named, the account, its networks; and one statement for each table that is written."""
    target = signed(server)
    assert asked(server, target).startswith(b'{"deployvirtualmachineresponse":{"id":')
    with count(server.database) as counted:
        asked(server, target)
    counted.expect(statements=1 + 3 + 6, commits=1)


def test_a_machine_alone(server, cost):
    server.start()
    ask(server, 1)
    deployed(server, 1)  # what a server does once, when it starts, is not a machine's cost
    cost.clear()
    ask(server, 1)
    deployed(server, 2)
    assert cost.commits <= 6, str(cost)
    assert cost.writes <= 24, str(cost)
    assert (cost.commits, len(cost.lookups)) <= (4, 8), str(cost)


def test_machines_together(server, cost):
    ask(server, TOGETHER)
    accepted = cost.commits
    assert accepted == TOGETHER, "each command is durable by itself"
    server.start()
    deployed(server, TOGETHER)
    print(f"per machine: {len(cost.statements) / TOGETHER} statements, {cost.commits / TOGETHER} commits")
    assert (cost.commits - accepted) / TOGETHER <= 1, str(cost)
    assert len(cost.statements) / TOGETHER <= 8, str(cost)
