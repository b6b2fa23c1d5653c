"""Whatever arrives at a whole server with two tenants, its answer is the protocol's own and nothing is half done.

Requests are made by seeded chance: over every command, right at first and then spoilt. What fails prints its query.
"""

import importlib.util
import logging
import random
import re
import socket
import string
import sys
import threading
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPConnection
from urllib.parse import quote
from xml.etree import ElementTree

import falcon.testing
import orjson
import pytest
import sqlalchemy

from stratiform.api import registry
from stratiform.api.parameter import Style, Type
from stratiform.engine import api as engine
from stratiform.engine import schema
from stratiform.engine.api import LISTINGS
from stratiform.framework import context
from stratiform.framework.db.prepared import Prepared
from stratiform.framework.testing.fixtures import database_url
from stratiform.server import bootstrap, request, signature
from stratiform.server.bootstrap import Settings
from stratiform.server.errors import Malformed, TooLarge
from stratiform.server.foreground import Ending, serve
from stratiform.server.patience import Patience
from stratiform.server.quickstart import zone

__all__ = ["database_url"]

PARTS = ("access.static", "auth.database", "hypervisor.simulator", "placement.spread")


def there(part):
    """Whether a plug-in is installed."""
    try:
        return importlib.util.find_spec(f"stratiform.plugins.{part}") is not None
    except ModuleNotFoundError:  # not one is
        return False


pytestmark = pytest.mark.skipif(
    not all(map(there, PARTS)), reason="a whole server needs the plug-ins of the product"
)

FEW, MANY = 500, 10_000
SEED = 20261122
FORM = "application/x-www-form-urlencoded"
COMMANDS = registry.collect()
ORDINARY = sorted(COMMANDS.keys() - {"login", "logout"})
STATUSES = {200, 401, 430, 431, 432, 503, 531, 532, 533, 534, 535, 536, 537}

UNKNOWN = re.findall(
    r"\S+",
    """
    associateDnsZoneToNetwork createBgpPeer cloudianSsoLogin createHSMProfile dedicateCluster deleteASNRange
    deleteTungstenFabricApplicationPolicySet enableOutOfBandManagementForHost extractSnapshot getVolumeiScsiName
    issueOutOfBandManagementPowerAction linkDomainToLdap listKubernetesClusters listVsphereStoragePolicyCompatiblePools
    quotaTariffList removeCertFromLoadBalancer resetNetworkPermissions revertToVMSnapshot samlSso uploadResourceIcon
    configureSimulator addNiciraNvpDevice prepareTemplate2 deployvirtualmachine LISTZONES listZone listZones%20 *
    """,
)
"""Commands of CloudStack's that there are none of here, and words that are none."""

OPERATOR, ANN, BOB, CHIEF = "admin", "ann", "bob", "chief"
TENANTS = (ANN, BOB, CHIEF)
"""A user of /sales, one of /ops, and the administrator of /sales."""


CHANGES = ("generation",)
"""Columns that tell how often a row was changed."""
PASSING = {"sequence", "process", "session", "stage"}
"""Tables without anything that a request makes."""


def tables():
    """Every table of a server that a refused request must leave as it was."""
    found = [metadata.tables.values() for layer in bootstrap.layers() for metadata in layer.metadata]
    return [table for each in found for table in each if table.name not in PASSING]


@dataclass
class Whole:
    """A server that nobody serves, asked in this process; its jobs are filed and not worked on."""

    server: object
    keys: dict = field(default_factory=dict)
    accounts: dict = field(default_factory=dict)
    """UUID of the account of each caller."""
    counted: list = field(default_factory=list)

    def __post_init__(self):
        self.http = falcon.testing.TestClient(self.server.serving.app)
        counts = []
        for table in tables():
            where = sqlalchemy.select(table).subquery().c
            what = [sqlalchemy.func.count(), *(sqlalchemy.func.sum(where[each]) for each in CHANGES if each in where)]
            for place, each in enumerate(what):
                counts.append(sqlalchemy.select(each).select_from(next(iter(where)).table).scalar_subquery())
                self.counted.append(f"{table.name} {('rows', *CHANGES)[place]}")
        self._census = Prepared(self.server.database, sqlalchemy.select(*counts))

    def census(self):
        """How many rows each table has, and how often they were changed."""
        return dict(zip(self.counted, self._census.first({}), strict=True))

    def issue(self, who, user):
        """Keys for the user of this UUID."""
        pair = self.server.database.run(lambda tx: self.server.keys.issue(tx, user))
        self.keys[who] = (pair.api_key, pair.secret)

    def ask(self, who, /, **parameters):
        """A request in order."""
        query = self.signed(who, "&".join(f"{name}={quote(str(value))}" for name, value in parameters.items()))
        answer = self.http.simulate_get("/client/api", query_string=query)
        [body] = orjson.loads(answer.content).values()
        return answer.status_code, body

    def must(self, who, /, **parameters):
        """The body of a request that has to succeed."""
        status, body = self.ask(who, **parameters)
        assert status == 200, (parameters, body)
        return body

    def signed(self, who, query):
        """The query with a signature, right if it can be read at all."""
        key, secret = self.keys[who]
        query = f"response=json&apiKey={key}&{query}"
        try:
            merged = request.merge(query)
        except (Malformed, TooLarge):
            return f"{query}&signature=unreadable"
        return f"{query}&signature={quote(signature.sign(merged, secret), safe='')}"

    def ids(self):
        """The UUIDs of everything, by kind and by the account that owns it, None for nobody's."""
        found = defaultdict(lambda: defaultdict(list))
        names = set(self.accounts.values())
        with self.server.database.reading() as connection:
            accounts = connection.execute(sqlalchemy.select(LISTINGS["account"].table)).all()
            numbers = {row.id: row.uuid for row in accounts if row.uuid in names}
            for kind, table in ((kind, each.table) for kind, each in LISTINGS.items() if "uuid" in each.table.c):
                for row in connection.execute(sqlalchemy.select(table).order_by(table.c.id)).mappings():
                    owner = row["id"] if kind == "account" else row.get("account_id")
                    found[kind][numbers.get(owner)].append(row["uuid"])
            found["domain"] |= {account: [path.split("/")[-2]] for account, path in self._homes(connection)}
            jobs = sqlalchemy.text("SELECT uuid, fair_key FROM job ORDER BY id")
            for row in connection.execute(jobs):
                found["job"][row.fair_key].append(row.uuid)
        return found


    def _homes(self, connection):
        account, domain = LISTINGS["account"].table, LISTINGS["domain"].table
        joined = sqlalchemy.select(account.c.uuid, domain.c.path).join(domain, domain.c.id == account.c.domain_id)
        return connection.execute(joined.where(account.c.uuid.in_(list(self.accounts.values())))).all()


def pool(work):
    """Primary storage that no host has attached: no host is connected here."""
    tx, url = work.tx, "nfs://simulated/primary"
    place = {"zone": zone.get(tx, schema.zone, zone.NAME), "cluster": zone.get(tx, schema.cluster, "cluster-1")}
    engine.create_pool(tx, work.world, name="primary", url=url, capacity=1 << 40, **place)


def wire(whole):
    """A zone as the quickstart's, two domains with a tenant each, and what each of them has."""
    server = whole.server
    with context.use(context.begin(server.world.ids, "test")):
        for step in (zone.ground, partial(zone.hosts, numbers=[1, 2]), pool, zone.network, zone.template, zone.opening):
            server.kernel.run(step)
        with server.database.reading() as connection:
            users = LISTINGS["user"].table
            root = connection.execute(sqlalchemy.select(users.c.uuid).where(users.c.is_default)).scalar_one()
        whole.issue(OPERATOR, root)
        person = {"firstname": "F", "lastname": "L", "email": "x@example.org", "password": "a-long-Passw0rd!"}
        for name, where, kind in ((ANN, "sales", 0), (BOB, "ops", 0), (CHIEF, "sales", 2)):
            known = whole.must(OPERATOR, command="listDomains", name=where, listall="true").get("domain")
            known = known or [whole.must(OPERATOR, command="createDomain", name=where)["domain"]]
            made = whole.must(
                OPERATOR, command="createAccount", username=name, accounttype=kind, domainid=known[0]["id"], **person
            )["account"]
            whole.accounts[name] = made["id"]
            whole.issue(name, made["user"][0]["id"])
    place = whole.must(ANN, command="listZones")["zone"][0]["id"]
    offering = whole.must(ANN, command="listServiceOfferings")["serviceoffering"][0]["id"]
    template = whole.must(ANN, command="listTemplates", templatefilter="featured")["template"][0]["id"]
    for name in TENANTS:
        parts = {"zoneid": place, "serviceofferingid": offering, "templateid": template}
        whole.must(name, command="deployVirtualMachine", name=f"{name}-1", **parts)
        whole.must(name, command="createSSHKeyPair", name=f"{name}-key")
        types = whole.must(name, command="listOsTypes")["ostype"]
        own = {"name": "own", "displaytext": "own", "format": "QCOW2", "hypervisor": "Simulator", "zoneid": place}
        whole.must(name, command="registerTemplate", url="http://example.org/x.qcow2", ostypeid=types[0]["id"], **own)


@pytest.fixture
def composed(database_url, tmp_path, monkeypatch):
    """A server over a database of its own, not started."""
    logging.getLogger("waitress").setLevel(logging.CRITICAL)
    monkeypatch.setattr(bootstrap, "Patience", partial(Patience, seconds=0))  # nobody works on jobs here
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = Settings(data=tmp_path / "data", database=database_url, port=0, integration_port=port)
    bootstrap.prepare(settings)
    server = bootstrap.compose(settings)
    yield server
    server.stop()


@pytest.fixture
def whole(composed):
    """That server with what its tenants have; nobody serves it."""
    composed.serving.close()
    composed.integration.close()
    whole = Whole(composed)
    wire(whole)
    return whole


def test_a_server_answers_at_both_of_its_ports_until_it_is_asked_to_end(composed):
    told = {}

    def ask(ending):
        for name, port in (("front", composed.serving.port), ("back", composed.settings.integration_port)):
            connection = HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", "/client/api?command=listZones&response=json")
            told[name] = connection.getresponse().status
            connection.close()
        ending.ask()

    usual = sys.getswitchinterval()
    try:
        with Ending() as ending:
            asking = threading.Thread(target=ask, args=(ending,))
            asking.start()
            serve(composed, ending)
            asking.join(10)
        assert sys.getswitchinterval() < usual
    finally:
        sys.setswitchinterval(usual)
    assert told == {"front": 401, "back": 200}


class Chance:
    """Makes requests, spoilt in the ways that clients and attackers spoil them."""

    def __init__(self, seed, ids, accounts):
        self._random = random.Random(seed)
        self._ids = ids
        self._accounts = accounts

    def request(self):
        """Who asks, the query without its signature, and the command if it is one."""
        who = self._random.choice((ANN, BOB, CHIEF, OPERATOR, OPERATOR))
        name = self._random.choice(ORDINARY if self._random.random() < 0.93 else UNKNOWN)
        command = COMMANDS.get(name)
        pairs = self._right(command, who) if command else [("id", str(uuid.UUID(int=self._random.getrandbits(128))))]
        for _ in range(self._random.choice((0, 0, 1, 1, 1, 2))):
            pairs = self._spoil(pairs, command, who)
        spelled = "&".join(f"{name}={value}" for name, value in pairs)
        return who, f"command={name}&{spelled}", command

    def _right(self, command, who):
        """A request that makes sense: the example's, with ids that there are."""
        chosen = dict(command.example)
        for each in command.parameters:
            if each.required or self._random.random() < 0.2:
                chosen.setdefault(each.name, None)
        known = {each.name: each for each in command.parameters}
        pairs = []
        for name, value in chosen.items():
            parameter = known.get(name.partition("[")[0].lower())
            if parameter and Type.UUID in (parameter.type, parameter.items):
                pairs.append((name, self._id(parameter.kind, who, command)))
            elif name == "name" and command.mutates:
                pairs.append((name, self._word()))
            elif value is not None:
                pairs.append((quote(name, safe="[]."), quote(value)))
            elif parameter.type is Type.MAP:
                inner = "key=a" if parameter.style is Style.KEY_VALUE else "a=b"
                pairs.append((f"{name}[0].{inner.partition('=')[0]}", "b"))
            else:
                pairs.append((name, quote(self._value(parameter))))
        return pairs

    def _value(self, parameter):
        if parameter.choices:
            return self._random.choice(parameter.choices)
        plain = {Type.BOOLEAN: "true", Type.DATE: "2026-01-31", Type.LIST: "a,b", Type.STRING: self._word()}
        return plain.get(parameter.type, str(self._random.choice((1, 2, 10, 100))))

    def _word(self):
        return "".join(self._random.choices(string.ascii_lowercase, k=8))

    def _id(self, kind, who, command):
        """Mostly one that the caller may use; an operator is given none to change that the requests to come need."""
        owners = self._ids[kind]
        own = owners.get(self._accounts.get(who), [])
        foreign = [each for owner, ids in owners.items() if owner is not None for each in ids]
        nobodys, none = owners.get(None, []), [str(uuid.UUID(int=self._random.getrandbits(128)))]
        pools = [own, own, own, nobodys, nobodys, foreign, none]
        if who == OPERATOR and kind in ("account", "user", "domain", "zone") and (not command or command.mutates):
            pools = [none]
        return self._random.choice(self._random.choice([pool for pool in pools if pool]))

    def _spoil(self, pairs, command, who):
        pairs = [*pairs]
        if not pairs:
            return [self._extra()]
        place = self._random.randrange(len(pairs))
        name, value = pairs[place]
        match self._random.randrange(14):
            case 0:
                del pairs[place]
            case 1:
                pairs[place] = (name, "")
            case 2:
                wrong = ("x", "-1", "0", "1e999", "9" * 400, "٣", "%20", "-2147483649", "2026-02-30", "nan", "true,")
                pairs[place] = (name, quote(self._random.choice(wrong), safe="%"))
            case 3:
                pairs[place] = (name, self._id(self._random.choice(sorted(self._ids)), who, command))
            case 4:
                pairs[place] = (name, str(uuid.UUID(int=self._random.getrandbits(128))))
            case 5:
                pairs[place] = (name, self._random.choice("ab") * self._random.choice((256, 5000, 70_000)))
            case 6:
                pairs[place] = (name, value + self._random.choice(("%00", "%09", "%7f", "a%0bb", "%1b[0m")))
            case 7:
                pairs[place] = (name, self._random.choice(("%ff", "%c3", "%ed%a0%80", "\xff", "%f4%90%80%80")))
            case 8:
                pairs.append((name, self._random.choice((value, "", "other"))))
            case 9:
                pairs[place] = (name.upper(), value)
            case 10:
                odd = (f"{name}[0]", f"{name}[", f"{name}[x].a", f"{name}[0].a[1]")
                pairs[place] = (self._random.choice(odd), value)
            case 11:
                pairs[place] = (f"{name}[{self._random.choice((0, 7, 999999999, 9999999999))}].id", value)
            case 12:
                pairs[place] = (f"{name}%ff", value)
            case _:
                pairs.append(self._extra())
        return pairs

    def _extra(self):
        odd = ("page", "1"), ("pagesize", "501"), ("page", "-1"), ("account", "ann"), ("projectid", "-1"), ("_", "1")
        more = ("id", "-1"), ("ids", ","), ("[", "x"), ("details[0].x", "y"), ("customid", "x"), ("expires", "x")
        forms = ("response", "xml"), ("response", "yaml"), ("signatureVersion", "3"), ("listall", "true")
        return self._random.choice((*odd, *more, *forms))


def told(answer):
    """The wrapper and the body of an answer, its form being right."""
    if answer.headers["Content-Type"] == "text/xml; charset=UTF-8":
        root = ElementTree.fromstring(answer.content)
        return root.tag, {child.tag: child.text for child in root}
    assert answer.headers["Content-Type"] == "application/json; charset=UTF-8"
    [(wrapper, body)] = orjson.loads(answer.content).items()
    if answer.status_code != 200:
        assert body["errorcode"] == answer.status_code
        assert body["uuidList"] is not None
        assert body["errortext"]
    return wrapper, body


def attack(whole, count):
    """That many requests; how many of each status were answered."""
    chance = Chance(SEED, whole.ids(), whole.accounts)
    answered = defaultdict(int)
    before = whole.census()
    for number in range(count):
        who, query, command = chance.request()
        query = whole.signed(who, query)
        if number % 3:
            answer = whole.http.simulate_get("/client/api", query_string=query)
        else:
            answer = whole.http.simulate_post("/client/api", body=query.encode("latin-1"), content_type=FORM)
        said = f"{number}: {who} {query[:600]}\n{answer.status_code} {answer.text[:600]}"
        wrapper, _ = told(answer)
        allowed = STATUSES | ({530} if command and command.name == "listApis" else set())
        assert answer.status_code in allowed, said
        assert wrapper in ("errorresponse", *([command.response] if command else ())), said
        after = whole.census()
        goes_on = answer.status_code == 503 and command.settles
        if answer.status_code != 200 and not goes_on:
            changed = {name: (before[name], after[name]) for name in after if before[name] != after[name]}
            assert not changed, f"{said}\n{changed}"
        elif goes_on or command.asynchronous:
            assert after["job rows"] > before["job rows"], said
        answered[answer.status_code] += 1
        before = after
    return answered


def test_some_requests_at_random(whole):
    answered = attack(whole, FEW)
    assert answered[200] > FEW / 20
    assert answered.keys() >= {200, 401, 430, 431, 432}


@pytest.mark.scale
def test_many_requests_at_random(whole, sample):
    attack(whole, sample or MANY)


ABSENT = "0190f3c2-9999-7000-8000-00000000dead"


PLACES = [
    (command, parameter)
    for command in map(COMMANDS.get, ORDINARY)
    for parameter in command.parameters
    if Type.UUID in (parameter.type, parameter.items)
]
"""Every parameter that names something by its UUID."""


def asked_with(command, parameter, value, own):
    """A request in order but for one id."""
    pairs = {**command.example, **{each.name: None for each in command.parameters if each.required}}
    for each in command.parameters:
        if each.name in pairs and Type.UUID in (each.type, each.items):
            pairs[each.name] = own.get(each.kind, ABSENT)
    given = {name: each for name, each in pairs.items() if each is not None}
    if "name" in given:
        given["name"] = f"n{uuid.uuid4().hex}"
    return {"command": command.name, **given, parameter.name: value}


def foreigners(whole):
    """Who asks, and the accounts of others that he sees nothing of."""
    ann, bob, chief = (whole.accounts[name] for name in TENANTS)
    return {BOB: (bob, {ann, chief}), CHIEF: (chief, {bob})}


def test_nothing_of_another_tenant_is_confirmed_to_exist(whole):
    """A foreign tenant's real id is answered as one that nothing has, in whichever parameter it is given."""
    ids, asked = whole.ids(), set()
    for who, (self, others) in foreigners(whole).items():
        own = {kind: (owners.get(self) or owners.get(None) or [ABSENT])[0] for kind, owners in ids.items()}
        assert whole.must(who, command="listVirtualMachines", id=own["vm"])["count"] == 1
        for command, parameter in PLACES:
            found = ids[parameter.kind]
            for real in [each for owner in others for each in found.get(owner, ())][:2]:
                answers = []
                for value in (real, ABSENT):
                    status, body = whole.ask(who, **asked_with(command, parameter, value, own))
                    said = b"" if status == 200 and command.mutates else orjson.dumps(body)
                    answers.append((status, said.replace(value.encode(), b"ID")))
                assert answers[0] == answers[1], (who, command.name, parameter.name)
                asked.add(parameter.kind)
    assert asked >= {"account", "domain", "job", "ssh_key_pair", "template", "user", "vm", "volume"}
