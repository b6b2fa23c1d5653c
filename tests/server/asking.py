"""Asks a whole server for every command that changes something: with what, in which order, and by many at once."""

import contextlib
import logging
import queue
import random
import socket
import threading
from functools import partial
from urllib.parse import quote

import orjson
import sqlalchemy
from tests.server.test_generator import ANN, COMMANDS, Whole, wire

from stratiform.api.parameter import Type
from stratiform.engine import program
from stratiform.engine.api import LISTINGS
from stratiform.framework.agents.table import resource
from stratiform.framework.jobs import token as tokens
from stratiform.server import answer, bootstrap
from stratiform.server.bootstrap import Settings
from stratiform.server.credential.table import user_key
from stratiform.server.patience import Patience
from stratiform.server.token import HEADER

MUTATING = sorted(name for name, each in COMMANDS.items() if each.mutates and name not in ("login", "logout"))
FIFTY = 50
TRIES = 100
FIRST = ("add", "create", "register", "deploy")
LAST = ("delete", "destroy", "expunge")


def form(name):
    """How a command is carried out: by what of the engine, or the server itself, and how it is answered."""
    does = program.COMMANDS.get(name)
    return type(does).__name__ if does else "the server's own", COMMANDS[name].settles, COMMANDS[name].asynchronous


@contextlib.contextmanager
def standing(url, folder):
    """A whole server with what its tenants have, over an empty database; nobody serves it."""
    logging.getLogger("waitress").setLevel(logging.CRITICAL)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = Settings(data=folder / "data", database=url, port=0, integration_port=port)
    bootstrap.prepare(settings)
    patience, bootstrap.Patience = bootstrap.Patience, partial(Patience, seconds=0)  # nobody works on jobs here
    try:
        server = bootstrap.compose(settings)
    finally:
        bootstrap.Patience = patience
    server.serving.close()
    server.integration.close()
    try:
        whole = Whole(server)
        wire(whole)
        yield whole
    finally:
        server.stop()


def ask(whole, who, header=None, /, **parameters):
    """A request as text, so that answers can be compared to the byte."""
    query = whole.signed(who, "&".join(f"{name}={quote(str(value))}" for name, value in parameters.items()))
    answer = whole.http.simulate_get("/client/api", query_string=query, headers={HEADER: header} if header else None)
    return answer.status_code, answer.content


def body(content):
    [told] = orjson.loads(content).values()
    return told


def at_once(work, count=FIFTY):
    """What each of so many threads came to."""
    told, ready = queue.SimpleQueue(), threading.Barrier(count)

    def one():
        ready.wait(60)
        told.put(work())

    threads = [threading.Thread(target=one) for _ in range(count)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(120)
    return [told.get(timeout=1) for _ in threads]


NETWORK = {"vlan": "3001", "gateway": "10.99.0.1", "startip": "10.99.0.2", "endip": "10.99.0.9"}
GIVEN = {
    "addTrafficType": {"physicalnetworkid": lambda ids: ids["physical_network"][-1], "traffictype": "Storage"},
    "configureVirtualRouterElement": {"id": lambda ids: ids["network_element"][0]},
    "createDomain": {"name": "one-domain"},
    "createNetwork": {"name": "one-network", **NETWORK},
    "createPod": {"name": "one-pod", "gateway": "172.20.1.1", "startip": "172.20.1.2", "endip": "172.20.1.9"},
    "createStoragePool": {"name": "one-pool", "url": "nfs://simulated/one"},
    "deleteUserKeys": {"keypairid": lambda ids: ids["user_key"][-1]},
}
"""Parameters that an example cannot have right for a cloud with something in it."""
HOST, POOL, VM = (LISTINGS[kind].table for kind in ("host", "storage_pool", "vm"))
RAISED = {HOST: "Enabled", resource: "Up"}
BEFORE = {
    "createStoragePool": RAISED,
    "prepareHostForMaintenance": RAISED,
    "cancelHostMaintenance": {HOST: "Maintenance"},
    "updateHost": RAISED,
    "updateStoragePool": {POOL: "Up"},
    "deleteHost": {HOST: "Disabled"},
    "recoverVirtualMachine": {VM: "Destroyed"},
    "expungeVirtualMachine": {VM: "Destroyed"},
}
"""The states that a command wants, by table."""


class There(dict):
    """The live entities of each kind, oldest first; asked for when they are wanted."""

    def __init__(self, database):
        super().__init__()
        self._database = database

    def __missing__(self, kind):
        if kind == "user_key":
            found = sqlalchemy.select(user_key.c.uuid).where(user_key.c.removed.is_(None)).order_by(user_key.c.id)
        elif kind in LISTINGS and "uuid" in LISTINGS[kind].table.c:
            each = LISTINGS[kind]
            found = sqlalchemy.select(each.table.c.uuid).select_from(each.source).where(each.alive)
            found = found.order_by(each.table.c.id)
        else:
            return []
        with self._database.reading() as connection:
            return self.setdefault(kind, [*connection.execute(found).scalars()])


class Walk:
    """Asks for every command in an order in which most can be done: what is made by some, others end."""

    def __init__(self, whole):
        self.whole = whole

    def order(self):
        ends = sorted((name for name in MUTATING if name.startswith(LAST)), reverse=True)
        makes = sorted((name for name in MUTATING if name.startswith(FIRST)), reverse=True)
        return [*makes, *(name for name in MUTATING if name not in {*ends, *makes}), *ends]

    def parameters(self, command):
        """The example's, with ids that there are: a change is of what was made last, anything else names the first."""
        named = dict.fromkeys([*command.example, *(each.name for each in command.parameters if each.required)])
        found, ids = {**named, **command.example}, There(self.whole.server.database)
        for each in command.parameters:
            if each.name in found and Type.UUID in (each.type, each.items):
                there = ids[each.kind] or ["0190f3c2-9999-7000-8000-00000000dead"]
                found[each.name] = there[-1 if each.kind == command.kind else 0]
        for name, value in GIVEN.get(command.name, {}).items():
            found[name] = value(ids) if callable(value) else value
        return {name: value for name, value in found.items() if value is not None}

    def prepare(self, name):
        """Let time have passed, in which jobs that nobody works on here would have come to their end."""
        with self.whole.server.database.transaction() as tx:
            for table, state in BEFORE.get(name, {}).items():
                tx.execute(sqlalchemy.update(table).values(state=state))


def machine(whole, who=ANN, name="once"):
    """What a deployment is asked with."""
    place = whole.must(who, command="listZones")["zone"][0]["id"]
    offering = whole.must(who, command="listServiceOfferings")["serviceoffering"][0]["id"]
    template = whole.must(who, command="listTemplates", templatefilter="featured")["template"][0]["id"]
    parts = {"zoneid": place, "serviceofferingid": offering, "templateid": template}
    return {"command": "deployVirtualMachine", "name": name, **parts}


class Mortals:
    """Threads of a server of which some die before the commit of what they do and some after it."""

    def __init__(self, seed, most=10):
        self._dice, self._lock, self._most = random.Random(seed), threading.Lock(), most
        self.deaths = {"before": 0, "after": 0}

    def on(self, monkeypatch):
        """Let them die from now on."""
        monkeypatch.setattr(tokens, "claim", self._dying("before", tokens.claim, 0.3))
        for shaping in ("accepted", "single", "listed"):
            monkeypatch.setattr(answer, shaping, self._dying("after", getattr(answer, shaping), 0.2))

    def _dying(self, where, plain, chance):
        def call(*arguments, **options):
            found = plain(*arguments, **options)
            with self._lock:
                dies = self.deaths[where] < self._most and self._dice.random() < chance
                self.deaths[where] += dies
            if dies:
                raise RuntimeError(f"killed {where} the commit")
            return found

        return call


def persist(whole, who, /, **parameters):
    """Ask until there is an answer: 530 says that it died, 503 that it is busy, or that the work goes on."""
    for _ in range(TRIES):
        status, content = ask(whole, who, **parameters)
        if status not in (503, 530):
            break
    return status, content
