"""A server over a cloud in memory: enough of one for the wire."""

import io
import re
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import falcon.testing
import orjson
import pytest

from stratiform.api import registry
from stratiform.api.access import Everything, Nothing
from stratiform.api.cloud import Page, Submitted
from stratiform.api.principal import Principal, Role
from stratiform.engine.api import Fact
from stratiform.framework.base.errors import Denied, NotFound
from stratiform.framework.config.values import GLOBAL
from stratiform.framework.secrets import KeyRing
from stratiform.framework.telemetry import logs
from stratiform.framework.testing.world import ManualClock, seeded
from stratiform.server import app, signature
from stratiform.server.credential.effort import Effort
from stratiform.server.door import Front
from stratiform.server.handlers.call import Services
from stratiform.server.patience import Patience
from stratiform.server.signature import Caller
from stratiform.server.token import Tokens

ZONE = "0190f3c2-1111-7000-8000-000000000001"
VM = "0190f3c2-2222-7000-8000-000000000001"
JOB = "0190f3c2-3333-7000-8000-000000000001"
NOW = 1_769_853_600_000_000
"""2026-01-31 10:00:00 UTC."""


def principal(role):
    return Principal(user=f"user-{role}", account=f"account-{role}", role=role, scope="root/")


CALLERS = {
    "KEY": Caller(principal=principal(Role.ADMIN), secret="SECRET"),
    "TENANT": Caller(principal=principal(Role.USER), secret="TENANTSECRET"),
}


@dataclass
class MemoryCallers:
    asked: list = field(default_factory=list)

    def find(self, apikey):
        self.asked.append(apikey)
        return CALLERS.get(apikey)


@dataclass
class MemoryCloud:
    """Rows by kind; what was asked of it; and what it is to raise."""

    rows: dict = field(default_factory=dict)
    asked: list = field(default_factory=list)
    error: Exception | None = None

    def list(self, kind, who, action, query):
        self._note("list", action, query)
        rows = [row for row in self.rows.get(kind, ()) if query.filters.get("name") in (None, row["name"])]
        size = 500 if query.pagesize is None else query.pagesize
        start = ((query.page or 1) - 1) * size
        return Page(count=len(rows), rows=rows if size == -1 else rows[start : start + size])

    def find(self, kind, who, action, uuid):
        for row in self.rows.get(kind, ()):
            if row["id"] == uuid:
                return row
        raise NotFound(kind=kind, key="id", value=uuid)

    def submit(self, command, who, arguments, token=None):
        self._note(command, who, arguments)
        return Submitted(job=JOB, entity=VM if command.startswith("deploy") else None)

    def change(self, command, who, arguments, token=None):
        self._note(command, who, arguments)
        return self.find("vm", who, command, arguments.get("id", VM))

    def _note(self, *what):
        self.asked.append(what)
        if self.error:
            raise self.error


@dataclass
class MemoryJobs:
    facts: dict = field(default_factory=dict)
    asked: list = field(default_factory=list)

    def find(self, job, who):
        if job not in self.facts:
            raise NotFound(kind="job", key="id", value=job)
        if who.role is not Role.ADMIN:
            raise Denied(who=who.user, action="see this job")
        return self.facts[job]

    def latest(self, resource, who):
        found = [each for each in self.facts.values() if each.resource == resource]
        if not found:
            raise NotFound(kind="job", key="resource", value=resource)
        return found[-1]

    def list(self, who, query):
        self.asked.append(query)
        return len(self.facts), [*self.facts.values()]


class MemoryCredentials:
    """Nobody has a key, every password is wrong, and no job came to a secret."""

    keys = SimpleNamespace(owner=lambda apikey: None, named=lambda users: {}, told=lambda user: None)
    passwords = SimpleNamespace(prepare=lambda password: "hashed", holds=lambda user, password: False)
    results = SimpleNamespace(open=lambda job, owner: {})
    effort = Effort(8)


class MemoryPlans:
    """The plan of the one host that there is."""

    def rows(self, who, action, uuid):
        if uuid != ZONE:
            raise NotFound(kind="host", key="id", value=uuid)
        names = ("web-1", "web-2", "db")
        return [{"virtualmachineid": VM, "virtualmachinename": name, "reason": "no room"} for name in names]


class MemoryQueues:
    """One stage, and no job."""

    def stages(self, who, action, query):
        return Page(count=1, rows=[{"name": "vm", "mode": "run"}])

    def job(self, who, action, uuid):
        raise NotFound(kind="job", key="id", value=uuid)


@dataclass
class MemoryAccess:
    """Everything is allowed but what is denied."""

    denied: set = field(default_factory=set)

    def may_call(self, who, command):
        return command not in self.denied

    def visible(self, who, action, kind):
        return Nothing() if kind in self.denied else Everything()


@dataclass
class MemoryConfig:
    """What options are set to, by name."""

    values: dict = field(default_factory=dict)

    def value(self, option, scope=GLOBAL):
        return self.values.get(option.name, option.default)


class Client:
    """Signs and asks; answers with the status and what stands under the wrapper."""

    def __init__(self, application):
        self.http = falcon.testing.TestClient(application)
        self.last = None

    def __call__(self, command, /, key="KEY", **parameters):
        status, wrapper, body = self.wrapped(command, key, **parameters)
        assert wrapper == f"{command.lower()}response" or status == 432
        return status, body

    def wrapped(self, command, key="KEY", /, **parameters):
        parameters = {"command": command, "response": "json", "apiKey": key} | parameters
        return self.send(parameters | {"signature": signature.sign(parameters, CALLERS[key].secret)})

    def send(self, parameters, **options):
        self.last = self.http.simulate_get("/client/api", params=parameters, params_csv=False, **options)
        return self.read(self.last)

    def read(self, answer):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Type"] == "application/json; charset=UTF-8"
        assert b"\n" not in answer.content
        [(wrapper, body)] = orjson.loads(answer.content).items()
        if answer.status_code != 200:
            assert body["errorcode"] == answer.status_code
            assert body["errortext"]
            assert next(iter(body)) == "uuidList"
            text = " ".join(body["errortext"].split())
            assert re.sub(r"[^ -~]", "?", text)[:1000] == answer.headers["X-Description"]
        return answer.status_code, wrapper, body


@pytest.fixture(scope="session", autouse=True)
def quiet():
    """Log as a server does: unconfigured, structlog paints a traceback with all that is in reach of it."""
    logs.configure(io.StringIO(), logs.Format.JSON, "info")


@pytest.fixture
def cloud():
    zone = {"id": ZONE, "name": "zone1", "networktype": "Advanced", "dns1": None, "secret": "hidden"}
    nic = {"id": "nic-1", "deviceid": "0", "broadcasturi": "vlan://7", "ipaddress": "10.0.0.9"}
    vm = {"id": VM, "name": "web-1", "state": "Running", "created": NOW, "cpunumber": 2, "hostid": "host-1"}
    template = {"id": "template-1", "name": "debian", "isready": True, "details": {"a b": "1"}}
    return MemoryCloud(rows={"zone": [zone], "vm": [vm | {"nic": [nic]}], "template": [template]})


@pytest.fixture
def jobs():
    return MemoryJobs()


@pytest.fixture
def access():
    return MemoryAccess()


@pytest.fixture
def callers():
    return MemoryCallers()


@pytest.fixture
def clock():
    return ManualClock(NOW)


@pytest.fixture
def config():
    return MemoryConfig()


@pytest.fixture
def services(cloud, jobs, access, config, clock):
    return Services(
        commands=registry.collect(),
        cloud=cloud,
        jobs=jobs,
        access=access,
        patience=Patience(8),
        config=config,
        credentials=MemoryCredentials(),
        tokens=Tokens(SimpleNamespace(world=seeded(clock=clock)), KeyRing(Path(), {"key": bytes(32)}), config),
        hypervisors=["KVM", "Simulator"],
        plans=MemoryPlans(),
        queues=MemoryQueues(),
    )


@pytest.fixture
def application(services, callers, clock):
    return app.make(app.dispatcher(services, seeded(clock=clock)), Front(callers, clock))


@pytest.fixture
def client(application):
    return Client(application)


@pytest.fixture
def job_facts():
    def make(**changes):
        facts = {
            "uuid": JOB,
            "command": "startVirtualMachine",
            "user": "user-1",
            "account": "account-1",
            "account_name": "admin",
            "domain": "domain-1",
            "domain_path": "ROOT",
            "resource": f"vm/{VM}",
            "done": 2,
            "steps": 5,
            "created": NOW,
            "finished": None,
            "error": None,
        }
        return Fact(**facts | changes)

    return make
