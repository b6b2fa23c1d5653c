"""Idempotency tokens over the wire: every command that changes something happens once, and is answered alike."""

import queue
import random
import re
import threading
from datetime import timedelta
from urllib.parse import quote

import orjson
import pytest
import sqlalchemy
from tests.server.test_generator import ANN, BOB, COMMANDS, OPERATOR, composed, database_url, pytestmark, whole

from stratiform.api.parameter import Type
from stratiform.engine.api import LISTINGS
from stratiform.framework.agents.table import resource
from stratiform.framework.base.clock import SECOND
from stratiform.framework.jobs import token as tokens
from stratiform.framework.jobs.table import job
from stratiform.framework.testing.statements import count
from stratiform.server import answer, signature
from stratiform.server.credential.table import user_key
from stratiform.server.handlers import entity
from stratiform.server.token import EVERY, HEADER, RETENTION

__all__ = ["composed", "database_url", "pytestmark", "whole"]

MUTATING = sorted(name for name, each in COMMANDS.items() if each.mutates and name not in ("login", "logout"))
FIFTY = 50
WISH = "0190f3c2-7777-7000-8000-00000000ABCD"
FIRST = ("add", "create", "register", "deploy")
LAST = ("delete", "destroy", "expunge")


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
    "addTrafficType": {"physicalnetworkid": lambda ids: ids["physical_network"][-1]},
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


class Walk:
    """Asks for every command in an order in which most can be done: what is made by some, others end."""

    def __init__(self, whole):
        self.whole = whole

    def order(self):
        ends = sorted((name for name in MUTATING if name.startswith(LAST)), reverse=True)
        makes = sorted((name for name in MUTATING if name.startswith(FIRST)), reverse=True)
        return [*makes, *(name for name in MUTATING if name not in {*ends, *makes}), *ends]

    def ids(self):
        """The live entities of each kind, oldest first."""
        found = {}
        with self.whole.server.database.reading() as connection:
            for kind, each in ((kind, each) for kind, each in LISTINGS.items() if "uuid" in each.table.c):
                live = sqlalchemy.select(each.table.c.uuid).select_from(each.source).where(each.alive)
                found[kind] = [*connection.execute(live.order_by(each.table.c.id)).scalars()]
            pairs = sqlalchemy.select(user_key.c.uuid).where(user_key.c.removed.is_(None)).order_by(user_key.c.id)
            found["user_key"] = [*connection.execute(pairs).scalars()]
        return found

    def parameters(self, command):
        """The example's, with ids that there are: a change is of what was made last, anything else names the first."""
        named = dict.fromkeys([*command.example, *(each.name for each in command.parameters if each.required)])
        found, ids = {**named, **command.example}, self.ids()
        for each in command.parameters:
            if each.name in found and Type.UUID in (each.type, each.items):
                there = ids.get(each.kind) or ["0190f3c2-9999-7000-8000-00000000dead"]
                found[each.name] = there[-1 if each.kind == command.kind else 0]
        for name, value in GIVEN.get(command.name, {}).items():
            found[name] = value(ids) if callable(value) else value
        return {name: value for name, value in found.items() if value is not None}

    def prepare(self, name):
        """Let time have passed, in which jobs that nobody works on here would have come to their end."""
        with self.whole.server.database.transaction() as tx:
            for table, state in BEFORE.get(name, {}).items():
                tx.execute(sqlalchemy.update(table).values(state=state))


def watch(cloud, monkeypatch):
    """The commands that reach the engine with a token."""
    reached = set()
    for name in ("change", "submit"):
        plain = getattr(cloud, name)

        def watching(command, who, arguments, token=None, plain=plain):
            if token is not None:
                reached.add(command)
            return plain(command, who, arguments, token)

        monkeypatch.setattr(cloud, name, watching)
    return reached


def test_every_command_that_changes_something_does_it_once_for_a_token(whole, monkeypatch):
    walk, done, reached = Walk(whole), set(), watch(whole.server.cloud, monkeypatch)
    for name in walk.order():
        walk.prepare(name)
        asked = {"command": name, "idempotencytoken": f"once-{name}", **walk.parameters(COMMANDS[name])}
        before = whole.census()
        first = ask(whole, OPERATOR, **asked)
        between = whole.census()
        again = ask(whole, OPERATOR, **asked)
        assert again == first, name
        assert whole.census() == between, name
        if between["token rows"] == before["token rows"]:
            assert first[0] not in (200, 503), (name, first)
            assert between == before, name
            assert name in reached or name == "updateConfiguration", (name, first)
        else:
            done.add(name)
            status, content = ask(whole, OPERATOR, **asked, other="1")
            assert (status, b"with other parameters" in content) == (431, True), name
            assert whole.census() == between, name
    assert len(done) > len(MUTATING) * 0.8, sorted(set(MUTATING) - done)


def test_no_secret_of_a_request_or_an_answer_lies_open_in_what_is_kept(whole):
    account = dict(COMMANDS["createAccount"].example, password="such-a-Passw0rd", username="eve")
    whole.must(OPERATOR, command="createAccount", idempotencytoken="a", **account)
    pair = whole.must(ANN, command="createSSHKeyPair", idempotencytoken="b", name="laptop")["keypair"]
    private = re.sub(r"-----[^-]*-----|\s", "", pair["privatekey"])
    with whole.server.database.reading() as connection:
        kept = str(connection.execute(sqlalchemy.select(tokens.token)).all())
    assert "such-a-Passw0rd" not in kept
    assert private[:40] not in re.sub(r"\\n|\s", "", kept)


def test_a_change_is_answered_as_it_was_whatever_became_of_it(whole):
    asked = {"command": "createDomain", "name": "north", "idempotencytoken": "t"}
    first = ask(whole, OPERATOR, **asked)
    whole.must(OPERATOR, command="deleteDomain", id=body(first[1])["domain"]["id"])
    assert ask(whole, OPERATOR, **asked) == first


def test_a_refusal_keeps_nothing_so_what_was_wrong_may_be_put_right(whole):
    asked = {"command": "createUser", **COMMANDS["createUser"].example, "account": "nobody", "idempotencytoken": "t"}
    before = whole.census()
    assert ask(whole, ANN, **asked)[0] != 200
    assert ask(whole, OPERATOR, **asked)[0] == 431
    assert whole.census() == before
    domain = whole.must(OPERATOR, command="listDomains", name="sales", listall="true")["domain"][0]["id"]
    put_right = {**asked, "account": ANN, "domainid": domain}
    first = ask(whole, OPERATOR, **put_right)
    assert first[0] == 200
    assert ask(whole, OPERATOR, **put_right) == first


def test_the_same_token_of_another_user_or_for_another_command_is_another_token(whole):
    made = {who: whole.must(who, command="createSSHKeyPair", name="k", idempotencytoken="t") for who in (ANN, BOB)}
    assert made[ANN]["keypair"]["fingerprint"] != made[BOB]["keypair"]["fingerprint"]
    whole.must(ANN, command="deleteSSHKeyPair", name="k", idempotencytoken="t")
    assert "keypair" not in {**whole.must(ANN, command="listSSHKeyPairs", name="k")}


def test_a_key_pair_is_told_again_with_its_private_half(whole):
    asked = {"command": "createSSHKeyPair", "name": "laptop", "idempotencytoken": "t"}
    first = whole.must(ANN, **asked)
    assert "PRIVATE KEY" in first["keypair"]["privatekey"]
    assert whole.must(ANN, **asked) == first


def test_a_password_that_was_changed_with_the_old_one_is_not_asked_for_it_again(whole):
    [mine] = [each for each in whole.must(ANN, command="listUsers")["user"] if each["username"] == ANN]
    asked = {"command": "updateUser", "id": mine["id"], "idempotencytoken": "t"}
    asked |= {"currentpassword": "a-long-Passw0rd!", "password": "an0ther-long-one!"}
    first = ask(whole, ANN, **asked)
    assert first[0] == 200
    assert ask(whole, ANN, **asked) == first
    assert ask(whole, ANN, **{**asked, "password": "a-third-Passw0rd!"})[0] == 431
    assert ask(whole, ANN, **{**asked, "idempotencytoken": "u"})[0] == 431


def test_what_says_how_it_is_asked_is_not_what_is_asked(whole):
    asked = {"command": "createDomain", "name": "north"}
    first = ask(whole, OPERATOR, "t", **asked)
    assert first[0] == 200
    same = {"signatureversion": "3", "expires": "2099-01-01T00:00:00+0000", "_": "12345"}
    for header, more in ((None, {"idempotencytoken": "t"}), ("t", {}), ('"t"', same), ("t", {"idempotencytoken": "t"})):
        assert ask(whole, OPERATOR, header, **asked, **more) == first
    assert ask(whole, OPERATOR, "t", **{**asked, "networkdomain": "x.example.org"})[0] == 431


def machine(whole, who=ANN):
    """What a deployment is asked with."""
    place = whole.must(who, command="listZones")["zone"][0]["id"]
    offering = whole.must(who, command="listServiceOfferings")["serviceoffering"][0]["id"]
    template = whole.must(who, command="listTemplates", templatefilter="featured")["template"][0]["id"]
    parts = {"zoneid": place, "serviceofferingid": offering, "templateid": template}
    return {"command": "deployVirtualMachine", "name": "once", **parts}


def test_the_id_that_is_wished_for_a_job_is_its_id_and_a_token(whole):
    asked = {**machine(whole), "customjobid": WISH}
    first = whole.must(ANN, **asked)
    assert first["jobid"] == WISH.lower()
    assert whole.must(ANN, command="queryAsyncJobResult", jobid=WISH)["jobid"] == WISH.lower()
    assert whole.must(ANN, **asked) == first
    assert ask(whole, ANN, **{**asked, "name": "twice"})[0] == 431
    assert whole.must(ANN, command="listVirtualMachines", name="once")["count"] == 1


def test_an_id_that_another_job_has_is_not_given_again(whole):
    mine, yours = (whole.must(who, **machine(whole, who), customjobid=WISH) for who in (ANN, BOB))
    assert mine["jobid"] == WISH.lower() != yours["jobid"]
    assert whole.must(BOB, **machine(whole, BOB), customjobid=WISH) == yours
    named = whole.must(ANN, **{**machine(whole), "name": "n2"}, customjobid="order-66", idempotencytoken="another")
    assert named["jobid"] != "order-66"


def test_two_who_wish_for_one_id_at_once_are_both_served(whole, monkeypatch):
    """Both have looked whether it is free before either filed a job with it."""
    both, plain = threading.Barrier(2), tokens.is_free
    looked = threading.local()

    def looking(connection, uuid):
        free = plain(connection, uuid)
        if whole.server.database.dialect == "postgresql" and not getattr(looked, "once", False):
            looked.once = True
            both.wait(30)
        return free

    monkeypatch.setattr(tokens, "is_free", looking)
    parts, who = {each: machine(whole, each) for each in (ANN, BOB)}, iter((ANN, BOB))

    def deploy():
        each = next(who)
        return whole.must(each, **parts[each], customjobid=WISH)["jobid"]

    jobs = at_once(deploy, 2)
    assert WISH.lower() in jobs
    assert len(set(jobs)) == 2


def test_an_answer_that_waits_for_its_job_is_the_first_that_was_told(whole):
    walk = Walk(whole)
    walk.prepare("createStoragePool")
    found = walk.parameters(COMMANDS["createStoragePool"])
    asked = {"command": "createStoragePool", **found, "idempotencytoken": "t"}
    first = ask(whole, OPERATOR, **asked)
    assert first[0] == 200
    pool = body(first[1])["storagepool"]["id"]
    with whole.server.database.transaction() as tx:
        tx.execute(sqlalchemy.update(POOL).where(POOL.c.uuid == pool).values(name="other"))
        failed = {"state": "ended", "outcome": "failed", "error": '{"code": "internal"}'}
        tx.execute(sqlalchemy.update(job).where(job.c.resource == f"storage_pool/{pool}").values(failed))
    assert whole.must(OPERATOR, command="listStoragePools", id=pool)["storagepool"][0]["name"] == "other"
    assert ask(whole, OPERATOR, **asked) == first


ONCE = {
    "createDomain": (OPERATOR, {"name": "once"}),
    "updateConfiguration": (OPERATOR, {"name": "default.page.size", "value": "77"}),
    "createSSHKeyPair": (ANN, {"name": "once"}),
    "deployVirtualMachine": (ANN, {}),
    "createStoragePool": (OPERATOR, {}),
    "createAccount": (OPERATOR, dict(COMMANDS["createAccount"].example)),
}
"""One command of each sort, and who asks."""


@pytest.mark.parametrize("name", ONCE)
def test_fifty_at_once_with_one_token_have_one_effect_and_equal_answers(whole, name, monkeypatch):
    """Some die before the commit and some after it, and ask again."""
    dice, lock, deaths = random.Random(name), threading.Lock(), {"before": 0, "after": 0}

    def dying(where, plain, chance):
        def call(*arguments, **options):
            found = plain(*arguments, **options)
            with lock:
                dies = deaths[where] < 10 and dice.random() < chance
                deaths[where] += dies
            if dies:
                raise RuntimeError(f"killed {where} the commit")
            return found

        return call

    who, parameters = ONCE[name]
    walk = Walk(whole)
    walk.prepare(name)
    parameters = {**walk.parameters(COMMANDS[name]), **parameters}
    parameters |= machine(whole) if name == "deployVirtualMachine" else {"command": name}
    before = whole.census()
    monkeypatch.setattr(tokens, "claim", dying("before", tokens.claim, 0.3))
    for shaping in ("accepted", "single", "listed"):
        monkeypatch.setattr(answer, shaping, dying("after", getattr(answer, shaping), 0.2))

    def persist():
        status = 530
        while status in (503, 530):  # it died, or too many make keys at once
            status, content = ask(whole, who, **parameters, idempotencytoken="t")
        return status, content

    answers = at_once(persist)
    assert len(set(answers)) == 1
    assert answers[0][0] == 200, answers[0]
    assert deaths["before"] + deaths["after"] > 0
    after = whole.census()
    assert after["token rows"] == before["token rows"] + 1
    made = {"createDomain": "domain", "deployVirtualMachine": "vm", "createAccount": "account"}
    table = {"createSSHKeyPair": "ssh_key_pair", "createStoragePool": POOL.name, **made}.get(name, "config_value")
    assert after[f"{table} rows"] == before[f"{table} rows"] + 1
    assert after["event rows"] == before["event rows"] + (2 if name == "createAccount" else 1)


@pytest.mark.parametrize("dies", ["before the commit", "after the commit"])
def test_whoever_got_no_answer_asks_again_and_gets_it(whole, monkeypatch, dies):
    asked = {**machine(whole), "idempotencytoken": "t"}
    before = whole.census()
    with monkeypatch.context() as patched:
        where, name = {"before the commit": (tokens, "keep"), "after the commit": (entity.answer, "accepted")}[dies]

        def die(*arguments, **options):
            raise RuntimeError(dies)

        patched.setattr(where, name, die)
        assert ask(whole, ANN, **asked)[0] == 530
    assert (whole.census() == before) == (dies == "before the commit")
    first = ask(whole, ANN, **asked)
    done = whole.census()
    assert first[0] == 200
    assert ask(whole, ANN, **asked) == first
    assert whole.census() == done
    assert done["job rows"] == before["job rows"] + 1


def test_a_token_is_good_for_as_long_as_the_option_says_and_then_swept(whole, monkeypatch):
    server, asked = whole.server, {"command": "createSSHKeyPair", "name": "laptop", "idempotencytoken": "t"}
    whole.must(OPERATOR, command="updateConfiguration", name=RETENTION.name, value=str(3600))
    first = whole.must(ANN, **asked)
    now = server.world.clock.now()

    def later(time):
        monkeypatch.setattr(type(server.world.clock), "now", lambda clock: now + time // timedelta(microseconds=1))

    [sweep] = [duty for duty in server.kernel.duties if duty.__qualname__ == "Tokens.sweep"]
    later(timedelta(minutes=59))
    sweep()
    assert whole.must(ANN, **asked) == first
    later(timedelta(minutes=61))
    assert ask(whole, ANN, **asked)[0] == 431  # the name is taken: it is another request now
    assert whole.census()["token rows"] == 1
    later(timedelta(minutes=62))
    sweep()
    assert whole.census()["token rows"] == 0
    with count(server.database) as statements:
        sweep()
        assert not statements
        later(timedelta(minutes=62) + timedelta(seconds=EVERY // SECOND))
        sweep()
        assert len(statements) == 1


BAD = {"empty": "", "spaces": "a b", "no ASCII": "tök", "a line end": "a\nb", "too long": "x" * 256}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_what_can_be_no_token_is_refused_where_something_changes_and_ignored_elsewhere(client, cloud, text):
    status, told = client("updateVirtualMachine", id=cloud.rows["vm"][0]["id"], idempotencytoken=text)
    assert status == 431
    assert "idempotencytoken: it is not 1 to 255 characters of ASCII without spaces" in told["errortext"]
    assert not cloud.asked
    assert client("listZones", idempotencytoken=text)[0] == 200
    status, _ = client("startVirtualMachine", id=cloud.rows["vm"][0]["id"], customjobid=text)
    assert status == (431 if text else 200)
    assert client("updateVirtualMachine", id=cloud.rows["vm"][0]["id"], customjobid=text)[0] == 200


def test_two_tokens_that_differ_are_refused(client, cloud):
    asked = {"command": "createSSHKeyPair", "response": "json", "apiKey": "KEY", "name": "x", "idempotencytoken": "a"}
    signed = asked | {"signature": signature.sign(asked, "SECRET")}
    status, _, told = client.send(signed, headers={HEADER: "b"})
    assert (status, "differ" in told["errortext"]) == (431, True)
    assert not cloud.asked
