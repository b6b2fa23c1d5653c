"""Idempotency tokens over the wire: every command that changes something happens once, and is answered alike."""

import contextlib
import functools
import itertools
import re
import threading
import uuid
from datetime import timedelta

import pytest
import sqlalchemy
from tests.server.asking import (
    COMMANDS,
    MUTATING,
    POOL,
    Mortals,
    Walk,
    ask,
    at_once,
    body,
    form,
    machine,
    persist,
    standing,
)
from tests.server.test_generator import ANN, BOB, OPERATOR, pytestmark

from stratiform.framework.base.clock import SECOND
from stratiform.framework.jobs import token as tokens
from stratiform.framework.jobs.table import job
from stratiform.framework.jobs.token import RETENTION
from stratiform.framework.testing import databases
from stratiform.framework.testing.statements import count
from stratiform.server import signature
from stratiform.server.handlers import entity
from stratiform.server.token import EVERY, HEADER, Tokens

__all__ = ["pytestmark"]

NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def stand(request, tmp_path_factory):
    """Answers the whole server on a database; it is made once, and ends with this module."""
    with contextlib.ExitStack() as stack:

        @functools.cache
        def make(dialect):
            folder = tmp_path_factory.mktemp("whole")
            if dialect == "sqlite":
                url = stack.enter_context(databases.sqlite(folder))
            else:
                url = stack.enter_context(request.getfixturevalue("postgresql").empty())
            return stack.enter_context(standing(url, folder))

        yield make


@pytest.fixture
def whole(stand, dialect):
    """A whole server with what its tenants have. It is shared: whoever uses it makes names of their own."""
    return stand(dialect)


@pytest.fixture
def text():
    """A token that nobody used."""
    return f"token-{next(NUMBERS)}"


@pytest.fixture
def wish():
    """A UUID that no job has, in capitals."""
    return str(uuid.uuid4()).upper()


def test_no_secret_of_a_request_or_an_answer_lies_open_in_what_is_kept(whole, text):
    account = dict(COMMANDS["createAccount"].example, password="such-a-Passw0rd", username="eve")
    whole.must(OPERATOR, command="createAccount", idempotencytoken=text, **account)
    pair = whole.must(ANN, command="createSSHKeyPair", idempotencytoken=text, name=text)["keypair"]
    private = re.sub(r"-----[^-]*-----|\s", "", pair["privatekey"])
    with whole.server.database.reading() as connection:
        kept = str(connection.execute(sqlalchemy.select(tokens.token)).all())
    assert "such-a-Passw0rd" not in kept
    assert private[:40] not in re.sub(r"\\n|\s", "", kept)


def test_a_change_is_answered_as_it_was_whatever_became_of_it(whole, text):
    asked = {"command": "createDomain", "name": text, "idempotencytoken": text}
    first = ask(whole, OPERATOR, **asked)
    whole.must(OPERATOR, command="deleteDomain", id=body(first[1])["domain"]["id"])
    assert ask(whole, OPERATOR, **asked) == first


def test_a_refusal_keeps_nothing_so_what_was_wrong_may_be_put_right(whole, text):
    asked = {"command": "createUser", **COMMANDS["createUser"].example, "account": "nobody", "idempotencytoken": text}
    before = whole.census()
    assert ask(whole, ANN, **asked)[0] != 200
    assert ask(whole, OPERATOR, **asked)[0] == 431
    assert whole.census() == before
    domain = whole.must(OPERATOR, command="listDomains", name="sales", listall="true")["domain"][0]["id"]
    put_right = {**asked, "account": ANN, "domainid": domain}
    first = ask(whole, OPERATOR, **put_right)
    assert first[0] == 200
    assert ask(whole, OPERATOR, **put_right) == first


def test_the_same_token_of_another_user_or_for_another_command_is_another_token(whole, text):
    made = {who: whole.must(who, command="createSSHKeyPair", name=text, idempotencytoken=text) for who in (ANN, BOB)}
    assert made[ANN]["keypair"]["fingerprint"] != made[BOB]["keypair"]["fingerprint"]
    whole.must(ANN, command="deleteSSHKeyPair", name=text, idempotencytoken=text)
    assert "keypair" not in {**whole.must(ANN, command="listSSHKeyPairs", name=text)}


def test_a_key_pair_is_told_again_with_its_private_half(whole, text):
    asked = {"command": "createSSHKeyPair", "name": text, "idempotencytoken": text}
    first = whole.must(ANN, **asked)
    assert "PRIVATE KEY" in first["keypair"]["privatekey"]
    assert whole.must(ANN, **asked) == first


def test_a_password_that_was_changed_with_the_old_one_is_not_asked_for_it_again(whole, text):
    [mine] = [each for each in whole.must(ANN, command="listUsers")["user"] if each["username"] == ANN]
    asked = {"command": "updateUser", "id": mine["id"], "idempotencytoken": text}
    asked |= {"currentpassword": "a-long-Passw0rd!", "password": "an0ther-long-one!"}
    first = ask(whole, ANN, **asked)
    assert first[0] == 200
    assert ask(whole, ANN, **asked) == first
    assert ask(whole, ANN, **{**asked, "password": "a-third-Passw0rd!"})[0] == 431
    assert ask(whole, ANN, **{**asked, "idempotencytoken": f"{text}-other"})[0] == 431


def test_what_says_how_it_is_asked_is_not_what_is_asked(whole, text):
    asked = {"command": "createDomain", "name": text}
    first = ask(whole, OPERATOR, text, **asked)
    assert first[0] == 200
    same = {"signatureversion": "3", "expires": "2099-01-01T00:00:00+0000", "_": "12345"}
    beside = {"idempotencytoken": text}
    for header, more in ((None, beside), (text, {}), (f'"{text}"', same), (text, beside)):
        assert ask(whole, OPERATOR, header, **asked, **more) == first
    assert ask(whole, OPERATOR, text, **{**asked, "networkdomain": "x.example.org"})[0] == 431


def test_the_id_that_is_wished_for_a_job_is_its_id_and_a_token(whole, text, wish):
    asked = {**machine(whole, name=text), "customjobid": wish}
    first = whole.must(ANN, **asked)
    assert first["jobid"] == wish.lower()
    assert whole.must(ANN, command="queryAsyncJobResult", jobid=wish)["jobid"] == wish.lower()
    assert whole.must(ANN, **asked) == first
    assert ask(whole, ANN, **{**asked, "name": "twice"})[0] == 431
    assert whole.must(ANN, command="listVirtualMachines", name=text)["count"] == 1


def test_an_id_that_another_job_has_is_not_given_again(whole, text, wish):
    mine, yours = (whole.must(who, **machine(whole, who, text), customjobid=wish) for who in (ANN, BOB))
    assert mine["jobid"] == wish.lower() != yours["jobid"]
    assert whole.must(BOB, **machine(whole, BOB, text), customjobid=wish) == yours
    named = whole.must(ANN, **machine(whole, name=f"{text}-other"), customjobid="order-66", idempotencytoken=text)
    assert named["jobid"] != "order-66"


def test_two_who_wish_for_one_id_at_once_are_both_served(whole, monkeypatch, text, wish):
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
    parts, who = {each: machine(whole, each, text) for each in (ANN, BOB)}, iter((ANN, BOB))

    def deploy():
        each = next(who)
        return whole.must(each, **parts[each], customjobid=wish)["jobid"]

    jobs = at_once(deploy, 2)
    assert wish.lower() in jobs
    assert len(set(jobs)) == 2


def test_an_answer_that_waits_for_its_job_is_the_first_that_was_told(whole, text):
    walk = Walk(whole)
    walk.prepare("createStoragePool")
    found = walk.parameters(COMMANDS["createStoragePool"])
    asked = {"command": "createStoragePool", **found, "name": text, "url": f"nfs://simulated/{text}"}
    asked["idempotencytoken"] = text
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
    "createDomain": (OPERATOR, "domain", 1),
    "addTrafficType": (OPERATOR, "traffic_type", 1),
    "createStoragePool": (OPERATOR, POOL.name, 1),
    "deployVirtualMachine": (ANN, "vm", 1),
    "createSSHKeyPair": (ANN, "ssh_key_pair", 1),
    "createAccount": (OPERATOR, "account", 2),
    "registerUserKeys": (OPERATOR, "user_key", 1),
    "updateConfiguration": (OPERATOR, "config_value", 1),
}
"""Commands of each sort: who asks, of what there is one more then, and how many events tell of it."""


def test_there_is_one_command_of_each_sort():
    assert {form(name) for name in ONCE} == {form(name) for name in MUTATING}


@pytest.mark.parametrize("name", ONCE)
def test_fifty_at_once_with_one_token_have_one_effect_and_equal_answers(whole, text, name, monkeypatch):
    """Some die before the commit and some after it, and ask again. Every command: see `tests/crash`."""
    who, table, events = ONCE[name]
    walk = Walk(whole)
    walk.prepare(name)
    parameters = {"command": name, **walk.parameters(COMMANDS[name])}
    parameters |= machine(whole, name=text) if name == "deployVirtualMachine" else {}
    before = whole.census()
    mortals = Mortals(name)
    mortals.on(monkeypatch)
    answers = at_once(lambda: persist(whole, who, **parameters, idempotencytoken=text))
    assert len(set(answers)) == 1
    assert answers[0][0] == 200, answers[0]
    assert min(mortals.deaths.values()) > 0
    after = whole.census()
    assert after["token rows"] == before["token rows"] + 1
    assert after[f"{table} rows"] == before[f"{table} rows"] + 1
    assert after["event rows"] == before["event rows"] + events


@pytest.mark.parametrize("dies", ["before the commit", "after the commit"])
def test_whoever_got_no_answer_asks_again_and_gets_it(whole, monkeypatch, text, dies):
    asked = {**machine(whole, name=text), "idempotencytoken": text}
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


def test_a_token_is_good_for_as_long_as_the_option_says_and_then_swept(whole, monkeypatch, text):
    server, asked = whole.server, {"command": "createSSHKeyPair", "name": text, "idempotencytoken": text}
    with server.database.transaction() as tx:
        tx.execute(sqlalchemy.delete(tokens.token))
    whole.must(OPERATOR, command="updateConfiguration", name=RETENTION.name, value=str(3600))
    first = whole.must(ANN, **asked)
    now = server.world.clock.now()

    def later(time):
        monkeypatch.setattr(type(server.world.clock), "now", lambda clock: now + time // timedelta(microseconds=1))

    [sweep] = [duty for duty in server.kernel.duties if isinstance(getattr(duty, "__self__", None), Tokens)]
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
    """The last on the shared server, for it removes what others use."""
    walk, done, reached = Walk(whole), set(), watch(whole.server.cloud, monkeypatch)
    before = whole.census()
    for name in walk.order():
        walk.prepare(name)
        asked = {"command": name, "idempotencytoken": f"once-{name}", **walk.parameters(COMMANDS[name])}
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
        before = between
    assert len(done) > len(MUTATING) * 0.8, sorted(set(MUTATING) - done)


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
