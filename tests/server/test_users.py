"""Tenants and their credentials over the wire: who may do what to whom, and what stays secret."""

import json
import urllib.parse
from contextlib import ExitStack

import falcon.testing
import orjson
import pytest
import sqlalchemy
import structlog
from cryptography.hazmat.primitives import serialization
from tests.server.test_credential import Reversing

from stratiform.api import registry
from stratiform.api.access import Equals, Everything, Nothing, Within, holds
from stratiform.api.principal import Role
from stratiform.engine import api
from stratiform.engine import schema as engine
from stratiform.framework import context
from stratiform.framework.base.clock import SECOND
from stratiform.framework.cluster.membership import Membership
from stratiform.framework.config.values import Config
from stratiform.framework.events.table import event
from stratiform.framework.jobs.kernel import Kernel
from stratiform.framework.jobs.table import job
from stratiform.framework.schema import FRAMEWORK
from stratiform.framework.secrets import KeyRing
from stratiform.framework.testing.copies import once
from stratiform.framework.testing.fixtures import clock, database, database_url, world
from stratiform.framework.testing.statements import count
from stratiform.server import app, arguments, request, signature
from stratiform.server.chores import Chores
from stratiform.server.configuration import Configuration
from stratiform.server.credential.commands import extended
from stratiform.server.credential.credentials import Credentials
from stratiform.server.credential.effort import Effort
from stratiform.server.credential.key import MOST, Keys
from stratiform.server.credential.password import Passwords
from stratiform.server.credential.result import RETENTION, SealedResults
from stratiform.server.credential.ssh import fingerprint
from stratiform.server.credential.table import job_secret, user_key, user_password
from stratiform.server.door import Front
from stratiform.server.errors import BadParameter
from stratiform.server.handlers import session as sessions_handler
from stratiform.server.handlers.call import Services
from stratiform.server.patience import Patience
from stratiform.server.schema import LAYER
from stratiform.server.session.login import Logins
from stratiform.server.session.store import Sessions, end_all
from stratiform.server.session.table import session
from stratiform.server.token import Tokens

__all__ = ["clock", "database", "database_url", "world"]

NOBODY = "0190f3c2-0000-7000-8000-00000000000f"
PERSON = {"email": "x@example.org", "firstname": "X", "lastname": "Y", "password": "correct horse"}
ADMINS = {"createAccount", "createUser", "deleteUser", "deleteAccount", "createDomain", "deleteDomain", "getUser"}


class Gate:
    """A mere user sees itself and its own and makes no tenants, an administrator sees its domain and those below."""

    order = 0

    def may_call(self, who, command):
        if who.role is Role.ADMIN:
            return True
        return who.role is not Role.USER or command not in ADMINS

    def visible(self, who, action, kind):
        if who.role is Role.ADMIN:
            return Everything()
        if not self.may_call(who, action):
            return Nothing()
        if who.role is not Role.USER:
            return Within("scope", who.scope)
        oneself = {"user": ("id", who.user), "account": ("id", who.account), "domain": ("scope", who.scope)}
        return Equals(*oneself.get(kind, ("owner", who.account)))

    def may_use(self, who, action, kind, entity):
        return holds(self.visible(who, action, kind), entity)


@pytest.fixture
def layers():
    return (FRAMEWORK, engine.LAYER, LAYER)


class Server:
    """A server without threads: a test lets it work on its jobs."""

    def __init__(self, database, world, ring):
        self.database, self.world = database, world
        self.config = Config(database, lambda scope: None)
        self.authenticator, effort = Reversing(), Effort(8, seconds=0)
        self.credentials = Credentials(
            keys=Keys(database, ring),
            passwords=Passwords(database, self.authenticator, effort),
            results=SealedResults(database, ring, self.config),
            effort=effort,
            end_sessions=end_all,
        )
        program = extended(api.program, self.credentials)
        membership = Membership(database, world, "server", database_time=False)
        self.kernel = Kernel(world=world, database=database, registry=program.registry, membership=membership)
        self.kernel.join()
        self.chores = Chores(database, self.config, self.kernel.agenda)
        configuration = Configuration(self.config, database, Gate(), ())
        services = Services(
            commands=registry.collect(),
            cloud=program.cloud(self.kernel, Gate()),
            jobs=program.history(database, Gate()),
            access=Gate(),
            patience=Patience(8),
            credentials=self.credentials,
            hypervisors=[],
            plans=None,
            queues=program.queues(database, Gate()),
            config=configuration,
            tokens=Tokens(database, ring, configuration),
        )
        sessions = Sessions(database, self.config)
        logins = Logins(database, self.credentials.passwords, sessions)
        door = Front(
            self.credentials.keys,
            world.clock,
            visitors=sessions,
            authenticators=sessions_handler.authenticators(
                services.commands, logins, sessions, world.clock, lambda: False
            ),
        )
        self.http = falcon.testing.TestClient(app.make(app.dispatcher(services, world), door))

    def look(self):
        """Look once at what there is to do beside jobs."""
        self.kernel.agenda.now()
        self.chores.look()

    def settle(self):
        """Work until nothing is left to do now."""
        self.kernel.look()
        while sum(self.kernel.turn(stage) for stage in self.kernel.registry.stages):
            pass

    def post(self, cookies=None, **asked):
        """The status, what stands under the wrapper, and the cookies of the answer to a form."""
        form = {"body": urllib.parse.urlencode(asked | {"response": "json"}), "content_type": falcon.MEDIA_URLENCODED}
        answer = self.http.simulate_post("/client/api", cookies=cookies or {}, **form)
        [(_, body)] = orjson.loads(answer.content).items()
        return answer.status_code, body, {name: each.value for name, each in answer.cookies.items()}

    def log_in(self, username, password=None, domain=""):
        """A session, as a function that asks in it and answers the status; None if there is none."""
        asked = {"username": username, "password": password or PERSON["password"], "domain": domain}
        status, body, cookies = self.post(command="login", **asked)
        assert status in (200, 531), body
        key = body.get("sessionkey")
        return key and (lambda command: self.post(cookies, command=command, sessionkey=key)[0])

    def rows(self, statement):
        with self.database.reading() as connection:
            return connection.execute(statement).all()


class Person:
    """A user with a key pair, who asks for things."""

    def __init__(self, server, uuid):
        self.server, self.uuid = server, uuid
        with context.use(context.begin(server.world.ids, "test")):
            self.pair = server.database.run(lambda tx: server.credentials.keys.issue(tx, uuid))

    def ask(self, command, **parameters):
        """The status and what stands under the wrapper."""
        given = {name: str(value) for name, value in parameters.items()}
        asked = {"command": command, "response": "json", "apiKey": self.pair.api_key} | given
        signed = asked | {"signature": signature.sign(asked, self.pair.secret)}
        form = {"body": urllib.parse.urlencode(signed), "content_type": falcon.MEDIA_URLENCODED}
        answer = self.server.http.simulate_post("/client/api", **form)
        [(_, body)] = orjson.loads(answer.content).items()
        return answer.status_code, body

    def get(self, command, /, **parameters):
        """What stands under the wrapper of an answer that is no error."""
        status, body = self.ask(command, **parameters)
        assert status == 200, body
        return body

    def refused(self, status, command, /, **parameters):
        """The text of the error with this status."""
        found, body = self.ask(command, **parameters)
        assert found == status, body
        return body["errortext"]

    def done(self, command, /, **parameters):
        """The result of an asynchronous command."""
        filed = self.get(command, **parameters)
        self.server.settle()
        return self.result(filed["jobid"])

    def result(self, job):
        found = self.get("queryAsyncJobResult", jobid=job)
        assert found["jobstatus"] == 1, found
        return found["jobresult"]


@pytest.fixture
def server(database, world, layers, tmp_path):
    def seed():
        with database.transaction() as tx:
            api.seed(tx, world)

    with context.use(context.begin(world.ids, "setup")):
        once("seed", database, layers, seed)
    return Server(database, world, KeyRing.create(tmp_path / "keys.json"))


@pytest.fixture
def root(server):
    admin = sqlalchemy.select(engine.account_user.c.uuid).where(engine.account_user.c.is_default)
    return Person(server, server.rows(admin)[0].uuid)


@pytest.fixture
def domains(root):
    """Two domains, by name."""
    return {name: root.get("createDomain", name=name)["domain"]["id"] for name in ("sales", "other")}


@pytest.fixture
def people(server, root, domains):
    """Somebody of each role in each domain, by name."""
    found = {"root": root}
    for place, domain in domains.items():
        for name, type in (("user", 0), ("admin", 2), ("operator", 3)):
            made = root.get(
                "createAccount", username=f"{name}-{place}", accounttype=type, domainid=domain, **PERSON
            )["account"]
            found[f"{name}-{place}"] = Person(server, made["user"][0]["id"])
    return found


# Making tenants.


def test_an_account_is_answered_with_its_user_and_its_password_holds(server, root, domains):
    made = root.get("createAccount", username="ann", accounttype=0, domainid=domains["sales"], **PERSON)["account"]
    assert (made["name"], made["domainpath"], made["state"]) == ("ann", "ROOT/sales", "enabled")
    (user,) = made["user"]
    assert (user["username"], user["accountid"], user["domainid"]) == ("ann", made["id"], domains["sales"])
    assert server.credentials.passwords.holds(user["id"], PERSON["password"])


def test_an_account_that_is_refused_leaves_neither_user_nor_password(server, root):
    assert "account with the name admin" in root.refused(
        431, "createAccount", username="admin", accounttype=0, **PERSON
    )
    before = len(server.rows(sqlalchemy.select(user_password)))
    root.refused(431, "createAccount", username="ADMIN", account="another", accounttype=0, **PERSON)
    assert len(server.rows(sqlalchemy.select(user_password))) == before
    assert "account" not in root.get("listAccounts", name="another", listall="true")


@pytest.mark.parametrize("absent", ["username", *PERSON])
def test_what_is_required_is_asked_for(root, absent):
    asked = {"username": "ann", "accounttype": 0, **PERSON}
    del asked[absent]
    assert f"missing parameter {absent}" in root.refused(431, "createAccount", **asked)


def test_what_is_not_honoured_is_refused(root):
    asked = {"username": "ann", "accounttype": 0, **PERSON}
    text = root.refused(431, "createAccount", **asked, **{"accountdetails[0].a": "b"})
    assert "accountdetails is not supported" in text
    for name in ("userapikey", "usersecretkey"):
        assert name in root.refused(431, "updateUser", id=root.uuid, **{name: "x"})
    assert "rules is not supported" in root.refused(431, "registerUserKeys", id=root.uuid, **{"rules[0].rule": "x"})
    assert root.get("updateUser", id=root.uuid, passwordchangerequired="false")["user"]["username"] == "admin"


def test_a_role_is_named_by_the_id_that_accounts_tell(root):
    (admin,) = root.get("listAccounts", name="admin")["account"]
    made = root.get("createAccount", username="chief", roleid=admin["roleid"], **PERSON)["account"]
    assert (made["roletype"], made["accounttype"]) == ("Admin", 1)
    text = root.refused(431, "createAccount", username="x", roleid=NOBODY, **PERSON)
    assert f"Invalid parameter roleid value={NOBODY} due to incorrect long value format" in text


MAKERS = [
    ("root", "sales", 1, 431),  # only the root domain has such
    ("root", "sales", 2, 200),
    ("admin-sales", "sales", 0, 200),
    ("admin-sales", "sales", 2, 200),
    ("admin-sales", "sales", 3, 531),
    ("admin-sales", "sales", 1, 531),
    ("admin-sales", "other", 0, 431),
    ("operator-sales", "sales", 0, 200),
    ("operator-sales", "sales", 2, 531),
    ("user-sales", "sales", 0, 432),
]


@pytest.mark.parametrize(("who", "where", "type", "status"), MAKERS)
def test_who_makes_accounts_of_which_role_where(people, domains, who, where, type, status):
    asked = {"username": "new", "accounttype": type, "domainid": domains[where], **PERSON}
    assert people[who].ask("createAccount", **asked)[0] == status


@pytest.mark.parametrize(
    ("who", "parent", "status"),
    [
        ("root", "sales", 200),
        ("admin-sales", "sales", 200),
        ("admin-sales", "other", 431),
        ("user-sales", "sales", 432),
    ],
)
def test_who_makes_domains_where(people, domains, who, parent, status):
    assert people[who].ask("createDomain", name="new", parentdomainid=domains[parent])[0] == status


def test_an_id_of_others_is_refused_as_one_that_nothing_has(people, domains):
    """Whatever a command names: what somebody else has cannot be told from what is not there."""
    admin, theirs = people["admin-sales"], people["user-other"].uuid
    (account,) = people["root"].get("listAccounts", name="user-other", listall="true")["account"]
    for command, kind in (
        ("updateUser", theirs), ("deleteUser", theirs), ("getUserKeys", theirs), ("registerUserKeys", theirs),
        ("deleteAccount", account["id"]), ("deleteDomain", domains["other"]),
    ):  # fmt: skip
        words = {admin.refused(431, command, id=id).replace(id, "it") for id in (kind, NOBODY)}
        assert len(words) == 1, words
        assert "entity does not exist" in words.pop()
    assert "user" not in admin.get("listUsers", listall="true", username="user-other")


# Users and their passwords.


def test_a_user_is_added_changed_and_removed(server, people, domains):
    admin = people["admin-sales"]
    made = admin.get("createUser", account="user-sales", username="mia", timezone="UTC", **PERSON)["user"]
    assert (made["account"], made["username"], made["timezone"]) == ("user-sales", "mia", "UTC")
    assert server.credentials.passwords.holds(made["id"], PERSON["password"])
    mia = Person(server, made["id"])
    changed = mia.get("updateUser", id=made["id"], email="m@example.org", firstname="Mia")["user"]
    assert changed == made | {"email": "m@example.org", "firstname": "Mia"}
    assert admin.get("deleteUser", id=made["id"]) == {"success": True}
    assert mia.ask("listUsers")[0] == 401
    assert not server.credentials.passwords.holds(made["id"], PERSON["password"])
    assert "431" not in admin.refused(431, "getUserKeys", id=made["id"])


def test_a_user_proves_the_old_password_to_set_a_new_one(server, people):
    user = people["user-sales"]
    for wrong in ({}, {"currentpassword": ""}, {"currentpassword": "wrong"}):
        text = user.refused(431, "updateUser", id=user.uuid, password="new", **wrong)
        assert "currentpassword is not your password until now" in text
    user.get("updateUser", id=user.uuid, password="new", currentpassword=PERSON["password"])
    assert server.credentials.passwords.holds(user.uuid, "new")
    assert not server.credentials.passwords.holds(user.uuid, PERSON["password"])


def test_an_administrator_sets_a_password_without_the_old_one(server, people):
    user = people["user-sales"].uuid
    people["admin-sales"].get("updateUser", id=user, password="new")
    assert server.credentials.passwords.holds(user, "new")
    assert "password is empty" in people["admin-sales"].refused(431, "updateUser", id=user, password="")
    people["admin-other"].refused(431, "updateUser", id=user, password="mine")
    assert server.credentials.passwords.holds(user, "new")


def test_a_users_password_is_no_key_to_anothers(server, people):
    """Knowing one's own password does not set somebody else's."""
    user, other = people["user-sales"], people["admin-sales"].uuid
    user.refused(431, "updateUser", id=other, password="mine", currentpassword=PERSON["password"])
    assert not server.credentials.passwords.holds(other, "mine")


HANDLERS = [
    ("user-sales", "user-sales", 200),
    ("user-sales", "admin-sales", 431),
    ("admin-sales", "user-sales", 200),
    ("admin-sales", "admin-sales", 200),
    ("admin-sales", "operator-sales", 531),
    ("admin-sales", "user-other", 431),
    ("admin-sales", "root", 431),
    ("operator-sales", "user-sales", 200),
    ("operator-sales", "admin-sales", 531),
    ("root", "admin-other", 200),
]


@pytest.mark.parametrize(("who", "whose", "status"), HANDLERS)
def test_who_handles_whose_keys(people, who, whose, status):
    for command in ("getUserKeys", "registerUserKeys"):
        assert people[who].ask(command, id=people[whose].uuid)[0] == status, command


def test_users_are_listed_with_their_keys_names_for_who_may_handle_them(server, people):
    with count(server.database) as asked:
        rows = people["admin-sales"].get("listUsers", listall="true")["user"]
    assert len(asked) == 3, "who asks, the users, and their keys"
    told = {row["username"]: row.get("apikey") for row in rows}
    assert told == {
        "user-sales": people["user-sales"].pair.api_key,
        "admin-sales": people["admin-sales"].pair.api_key,
        "operator-sales": None,
    }
    secrets = {each.pair.secret for each in people.values()}
    assert not any(secret in json.dumps(rows) for secret in secrets)
    (oneself,) = people["user-sales"].get("listUsers")["user"]
    assert oneself["apikey"] == people["user-sales"].pair.api_key


# Passwords, and who is in by them.


def test_a_new_password_ends_every_session_of_its_user_and_nobody_elses(server, people):
    user, admin = people["user-sales"], people["admin-sales"]
    mine = [server.log_in("user-sales", domain="/sales") for _ in range(2)]
    others = server.log_in("admin-sales", domain="/sales")
    user.get("updateUser", id=user.uuid, firstname="Ann")
    assert [ask("listUsers") for ask in (*mine, others)] == [200] * 3, "what is no password ends nothing"
    user.get("updateUser", id=user.uuid, password="new", currentpassword=PERSON["password"])
    assert [ask("listUsers") for ask in (*mine, others)] == [401, 401, 200]
    again = server.log_in("user-sales", "new", "/sales")
    admin.get("updateUser", id=user.uuid, password="newer")
    assert again("listUsers") == 401
    assert len(server.rows(sqlalchemy.select(session))) == 1


def test_who_is_removed_has_no_sessions(server, people):
    asks = [server.log_in(f"{name}-sales", domain="/sales") for name in ("user", "operator")]
    root = people["root"]
    root.get("deleteUser", id=people["user-sales"].uuid)
    (account,) = root.get("listAccounts", name="operator-sales", listall="true")["account"]
    root.get("deleteAccount", id=account["id"])
    assert server.rows(sqlalchemy.select(session)) == []
    assert [ask("listUsers") for ask in asks] == [401, 401]


def meanwhile(server, user, password):
    """Let somebody else set a user's password while the next one is verified."""
    keep = server.credentials.change_password
    server.authenticator.meanwhile = lambda: server.database.run(lambda tx: keep(tx, user, f"${password[::-1]}"))


def test_nobody_logs_in_by_a_password_that_is_changed_at_this_moment(server, people):
    meanwhile(server, people["user-sales"].uuid, "new")
    assert server.log_in("user-sales", domain="/sales") is None
    assert server.rows(sqlalchemy.select(session)) == []
    assert server.log_in("user-sales", "new", "/sales")


def test_an_old_password_does_not_undo_the_change_of_it(server, people):
    user = people["user-sales"]
    meanwhile(server, user.uuid, "the administrators")
    asked = {"password": "the thiefs", "currentpassword": PERSON["password"]}
    assert "currentpassword is not" in user.refused(431, "updateUser", id=user.uuid, firstname="Thief", **asked)
    assert server.credentials.passwords.holds(user.uuid, "the administrators")
    assert user.get("listUsers")["user"][0]["firstname"] == PERSON["firstname"]


def full(server):
    """A server with as much costly work as it does at once."""
    stack = ExitStack()
    for _ in range(2):
        stack.enter_context(server.credentials.effort.place())
    return stack


def test_whatever_is_costly_is_refused_while_too_much_of_it_is_done(server, people):
    user, root = people["user-sales"], people["root"]
    with full(server):
        new = {"password": "new", "currentpassword": PERSON["password"]}
        texts = {
            user.refused(503, "createSSHKeyPair", name="laptop"),
            user.refused(503, "updateUser", id=user.uuid, **new),
            user.refused(503, "updateUser", id=user.uuid, **new | {"currentpassword": "wrong"}),
            root.refused(503, "updateUser", id=user.uuid, password="new"),
            root.refused(503, "createAccount", username="ann", accounttype=0, **PERSON),
            root.refused(503, "createUser", account="admin", username="ann", **PERSON),
            server.post(command="login", username="user-sales", password="x", domain="/sales")[1]["errortext"],
        }
        assert len(texts) == 1
        assert "Try again in a moment" in texts.pop()
        assert user.ask("listUsers")[0] == 200
    user.get("createSSHKeyPair", name="laptop")
    assert server.credentials.passwords.holds(user.uuid, PERSON["password"])


def test_no_key_is_made_that_would_not_be_kept(server, people, domains):
    """While nothing costly can be done at all, what could not be kept is refused for what it is."""
    user, admin = people["user-sales"], people["admin-sales"]
    user.get("createSSHKeyPair", name="laptop")
    with full(server):
        assert "with the name Laptop" in user.refused(431, "createSSHKeyPair", name="Laptop")
        assert "it is empty" in user.refused(431, "createSSHKeyPair", name=" ")
        for account, domain in (("nobody", "sales"), ("user-other", "other")):
            admin.refused(431, "createSSHKeyPair", name="k", account=account, domainid=domains[domain])
    assert user.get("listSSHKeyPairs")["count"] == 1


def test_a_failed_log_in_is_logged_with_its_name(server, people):
    with structlog.testing.capture_logs() as logged:
        for username, domain in (("user-sales", "/sales"), ("nobody", ""), ("n" * 5000, "/d" * 5000)):
            assert server.log_in(username, "a password like no other", domain) is None
    told = [(line["username"], line["domain"]) for line in logged if line["event"] == "log-in failed"]
    assert told == [("user-sales", "/sales"), ("nobody", ""), ("n" * 255, ("/d" * 128)[:255])]
    assert "like no other" not in str(logged)


def test_a_password_to_log_in_with_is_in_no_error():
    login = registry.collect()["login"]
    given = request.given({"username": "ann", "password": "hunter2" * 50})
    with pytest.raises(BadParameter) as refused:
        arguments.read(login, given, Role.ADMIN)
    assert "longer than" in str(refused.value)
    assert "hunter2" not in str(refused.value)


# Key pairs.


def test_a_key_pair_is_issued_and_told_to_who_asked(server, people):
    user = people["user-sales"]
    asked = {"name": "laptop", "description": "the grey one", "enddate": "2999-01-31"}
    told = user.done("registerUserKeys", id=user.uuid, **asked)
    assert [*told] == ["userkeys"]
    keys = told["userkeys"]
    assert (keys["name"], keys["description"], keys["username"]) == ("laptop", "the grey one", "user-sales")
    assert (keys["userid"], keys["roletype"], keys["domain"]) == (user.uuid, "User", "sales")
    assert keys["enddate"].startswith("2999-01-31T23:59:59")
    assert server.credentials.keys.find(keys["apikey"]).secret == keys["secretkey"]
    assert user.get("getUserKeys", id=user.uuid)["userkeys"] == {
        "apikey": keys["apikey"],
        "secretkey": keys["secretkey"],
    }
    found = sqlalchemy.select(event.c.kind).where(event.c.resource == user.uuid).order_by(event.c.id)
    assert [row.kind for row in server.rows(found)] == ["USER.CREATE", "REGISTER.USER.KEY"]


def test_who_has_no_keys_is_told_none(root):
    made = root.get("createAccount", username="ann", accounttype=0, **PERSON)["account"]
    assert root.get("getUserKeys", id=made["user"][0]["id"]) == {"userkeys": {}}


def test_keys_that_could_never_be_used_are_not_made(people):
    user = people["user-sales"]
    for dates in ({"enddate": "2001-01-01"}, {"startdate": "2999-01-02", "enddate": "2999-01-01"}):
        assert "enddate" in user.refused(431, "registerUserKeys", id=user.uuid, **dates)


def test_a_secret_is_told_to_nobody_else_and_not_for_long(server, people, clock):
    user, admin = people["user-sales"], people["admin-sales"]
    filed = user.get("registerUserKeys", id=user.uuid)
    server.settle()
    told = user.result(filed["jobid"])["userkeys"]
    seen = admin.result(filed["jobid"])["userkeys"]
    assert seen == {name: value for name, value in told.items() if name not in ("apikey", "secretkey", "userid")}
    assert "jobresult" not in user.get("listAsyncJobs")["asyncjobs"][0]
    clock.advance((RETENTION.default - 1) * SECOND)
    assert user.result(filed["jobid"])["userkeys"] == told
    clock.advance(SECOND)
    assert user.result(filed["jobid"])["userkeys"] == seen
    assert user.get("getUserKeys", id=user.uuid)["userkeys"]["apikey"] == told["apikey"], "what it opens goes on"


LISTED = {
    "id": str,
    "name": str,
    "description": str,
    "apikey": str,
    "userid": str,
    "username": str,
    "accountid": str,
    "accountname": str,
    "roleid": str,
    "roletype": str,
    "rolename": str,
    "domainid": str,
    "domain": str,
    "startdate": str,
    "enddate": str,
    "created": str,
    "state": str,
}


def pairs(person, **asked):
    """The key pairs that somebody is told of, by their API keys."""
    return {each["apikey"]: each for each in person.get("listUserKeys", **asked).get("userapikey", [])}


def test_the_key_pairs_of_a_user_are_listed(server, people):
    user = people["user-sales"]
    named = {"name": "laptop", "description": "d", "startdate": "2001-01-01", "enddate": "2999-01-31"}
    keys = user.done("registerUserKeys", id=user.uuid, **named)["userkeys"]
    found = pairs(user)
    assert [*found] == [user.pair.api_key, keys["apikey"]]
    pair = found[keys["apikey"]]
    assert {name: type(value) for name, value in pair.items()} == LISTED
    assert {name: pair[name] for name in ("name", "description", "userid", "username", "domain", "state")} == {
        "name": "laptop",
        "description": "d",
        "userid": user.uuid,
        "username": "user-sales",
        "domain": "sales",
        "state": "ENABLED",
    }
    assert keys["secretkey"] not in str(found)
    other = user.pair.api_key
    assert [*pairs(user, keyword="LAP")] == [*pairs(user, keypairid=pair["id"])] == [keys["apikey"]]
    assert [*pairs(user, apikeyfilter=other)] == [*pairs(user, page=1, pagesize=1)] == [other]
    assert pairs(user, apikeyfilter=other, keypairid=pair["id"]) == {}
    assert user.get("listUserKeys", page=2, pagesize=1)["count"] == 2
    assert "showpermissions" in user.refused(431, "listUserKeys", showpermissions="true")


def test_who_lists_whose_key_pairs(people):
    keys = {name: person.pair.api_key for name, person in people.items()}
    assert [*pairs(people["admin-sales"])] == [keys["admin-sales"]]
    assert {*pairs(people["admin-sales"], listall="true")} == {keys["admin-sales"], keys["user-sales"]}
    assert {*pairs(people["user-sales"], listall="true")} == {keys["user-sales"]}
    assert {*pairs(people["root"], listall="true")} == {*keys.values()}
    for name in ("user-other", "operator-sales"):
        assert pairs(people["admin-sales"], apikeyfilter=keys[name]) == {}
        assert [*pairs(people["root"], apikeyfilter=keys[name])] == [keys[name]]
    assert pairs(people["root"], apikeyfilter="nobodys") == {}


@pytest.mark.parametrize(("who", "whose", "status"), HANDLERS)
def test_who_revokes_whose_key_pairs(server, people, who, whose, status):
    other, caller = people[whose], people[who]
    spare = Person(server, other.uuid)
    (pair,) = pairs(people["root"], apikeyfilter=spare.pair.api_key).values()
    assert caller.ask("listUserKeys", userid=other.uuid)[0] == status
    assert caller.ask("listUserKeys", keypairid=pair["id"])[0] == status
    assert caller.ask("deleteUserKeys", keypairid=pair["id"])[0] == status
    assert spare.ask("listUsers")[0] == (401 if status == 200 else 200)
    assert other.ask("listUsers")[0] == 200, "the user's other pair goes on"


def test_a_revoked_key_pair_is_gone_and_the_event_tells(server, people):
    user = people["user-sales"]
    spare = Person(server, user.uuid)
    (pair,) = pairs(user, apikeyfilter=spare.pair.api_key).values()
    assert user.done("deleteUserKeys", keypairid=pair["id"]) == {"success": True}
    assert [*pairs(user)] == [user.pair.api_key]
    assert user.get("getUserKeys", id=user.uuid)["userkeys"]["apikey"] == user.pair.api_key
    found = sqlalchemy.select(event.c.kind, event.c.payload).where(event.c.resource == user.uuid)
    kind, payload = server.rows(found.order_by(event.c.id))[-1]
    assert (kind, json.loads(payload)["key"]) == ("DELETE.USER.KEY", pair["id"])
    for command in ("listUserKeys", "deleteUserKeys"):
        assert "entity does not exist" in user.refused(431, command, keypairid=pair["id"])


def test_a_pair_of_others_is_refused_as_one_that_nothing_has(people):
    (pair,) = pairs(people["root"], apikeyfilter=people["user-other"].pair.api_key).values()
    for command in ("listUserKeys", "deleteUserKeys"):
        words = {
            people["admin-sales"].refused(431, command, keypairid=id).replace(id, "it") for id in (pair["id"], NOBODY)
        }
        assert len(words) == 1, words
        assert "Invalid parameter keypairid value=it" in words.pop()


def test_a_user_has_so_many_key_pairs_and_no_more(server, people):
    user = people["user-sales"]
    for _ in range(MOST - 1):
        Person(server, user.uuid)
    assert "at most 100 key pairs" in user.refused(535, "registerUserKeys", id=user.uuid)
    user.get("deleteUserKeys", keypairid=next(iter(pairs(user).values()))["id"])
    assert len(pairs(people["admin-sales"], userid=user.uuid)) == MOST - 1
    people["admin-sales"].get("registerUserKeys", id=user.uuid)


def test_what_is_over_is_swept_away_and_looking_costs_one_statement(server, people, clock):
    user = people["user-sales"]
    user.get("registerUserKeys", id=user.uuid)
    server.look()  # the configuration is read, events have numbers
    with count(server.database) as asked:
        server.look()
    asked.expect(statements=1, commits=0)
    assert len(server.rows(sqlalchemy.select(job_secret))) == 1
    clock.advance(RETENTION.default * SECOND)
    server.look()
    assert server.rows(sqlalchemy.select(job_secret)) == []


def test_an_operator_says_how_long_secrets_are_told(server, people, clock):
    user = people["user-sales"]
    with server.database.transaction() as tx:
        server.config.set(tx, RETENTION, 2)
    filed = user.get("registerUserKeys", id=user.uuid)
    server.settle()
    assert "secretkey" in user.result(filed["jobid"])["userkeys"]
    clock.advance(2 * SECOND)
    assert "secretkey" not in user.result(filed["jobid"])["userkeys"]


def test_whose_key_it_is_only_an_operator_is_told(people):
    key = people["user-sales"].pair.api_key
    assert people["root"].get("getUser", userapikey=key)["user"]["username"] == "user-sales"
    assert "There is no user with API key" in people["root"].refused(431, "getUser", userapikey="nobodys")
    assert people["user-sales"].ask("getUser", userapikey=key)[0] == 432


def test_whose_key_of_others_it_is_cannot_be_told_from_nobodys(people):
    admin, foreign = people["admin-sales"], people["user-other"].pair.api_key
    assert admin.get("getUser", userapikey=people["user-sales"].pair.api_key)["user"]["username"] == "user-sales"
    words = {admin.refused(431, "getUser", userapikey=key).replace(key, "it") for key in (foreign, "nobodys")}
    assert words == {"There is no user with API key it."}


def test_nothing_secret_lies_or_is_told_anywhere(server, people):
    """Not in a row of any table, not in an event, a job or a log."""
    user = people["user-sales"]
    password, wrong = "a password like no other", "p" * 300
    people["admin-sales"].get("createUser", account="user-sales", username="mia", **PERSON | {"password": password})
    user.get("updateUser", id=user.uuid, password=password, currentpassword=PERSON["password"])
    keys = user.done("registerUserKeys", id=user.uuid)["userkeys"]
    private = user.get("createSSHKeyPair", name="laptop")["keypair"]["privatekey"]
    with structlog.testing.capture_logs() as logged:
        for name in ("password", "currentpassword"):
            assert wrong[:9] not in user.refused(431, "updateUser", id=user.uuid, **{name: wrong})
        user.refused(431, "updateUser", id=user.uuid, password=password, currentpassword="x" + password)
    assert len(logged) == 3
    hidden = {password, keys["secretkey"], wrong[:9], *private.split("\n")[1:-2]}
    lying = []
    for metadata in (*FRAMEWORK.metadata, *engine.LAYER.metadata, *LAYER.metadata):
        for table in metadata.sorted_tables:
            lying += [str(tuple(row)) for row in server.rows(sqlalchemy.select(table))]
    assert any(keys["apikey"] in text for text in lying)
    assert [text for text in [*lying, str(logged)] if any(secret in text for secret in hidden)] == []
    payloads = [row.payload + (row.answer or "") for row in server.rows(sqlalchemy.select(job))]
    assert not any(keys["apikey"] in text for text in payloads)


# SSH key pairs.


def test_a_key_pair_is_made_listed_and_deleted(server, people):
    user = people["user-sales"]
    made = user.get("createSSHKeyPair", name="laptop")["keypair"]
    private = serialization.load_pem_private_key(made.pop("privatekey").encode(), None)
    public = private.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    (kept,) = server.rows(sqlalchemy.select(engine.ssh_key_pair))
    assert kept.public_key == public.decode()
    assert made["fingerprint"] == kept.fingerprint == fingerprint(kept.public_key)
    assert (made["account"], made["domain"], made["name"]) == ("user-sales", "sales", "laptop")
    assert user.get("listSSHKeyPairs", fingerprint=made["fingerprint"]) == {"count": 1, "sshkeypair": [made]}
    assert user.get("listSSHKeyPairs", projectid="-1", keyword="lap")["count"] == 1
    assert "with the name Laptop" in user.refused(431, "createSSHKeyPair", name="Laptop")
    for who in ("user-other", "admin-other"):
        assert people[who].get("listSSHKeyPairs", listall="true") == {}
        people[who].refused(431, "deleteSSHKeyPair", name="laptop")
    assert user.get("deleteSSHKeyPair", name="laptop") == {"success": True}
    assert user.get("listSSHKeyPairs") == {}


def test_a_fingerprint_is_what_clients_compare():
    key = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAQQC9WqQmXqJ2nIyPYkDzjvCQ3aJ3 somebody"
    assert fingerprint(key) == fingerprint(key.removesuffix(" somebody"))
    assert len(fingerprint(key).split(":")) == 16


def test_an_administrator_makes_and_deletes_them_for_others(people, domains):
    whose = {"account": "user-sales", "domainid": domains["sales"]}
    assert people["admin-sales"].get("createSSHKeyPair", name="k", **whose)["keypair"]["account"] == "user-sales"
    assert people["user-sales"].get("listSSHKeyPairs")["count"] == 1
    people["admin-other"].refused(431, "deleteSSHKeyPair", name="k", **whose)
    assert people["admin-sales"].get("deleteSSHKeyPair", name="k", **whose) == {"success": True}


def test_nobody_handles_the_key_pairs_of_an_account_that_may_do_more(root, server):
    """They open its machines."""
    (top,) = root.get("listDomains", level=0)["domain"]
    made = root.get("createAccount", username="chief", accounttype=2, domainid=top["id"], **PERSON)["account"]
    chief, admins = Person(server, made["user"][0]["id"]), {"account": "admin", "domainid": top["id"]}
    root.get("createSSHKeyPair", name="mine")
    assert "may do more" in chief.refused(531, "createSSHKeyPair", name="new", **admins)
    assert "may do more" in chief.refused(531, "deleteSSHKeyPair", name="mine", **admins)
    assert root.get("listSSHKeyPairs")["count"] == 1
    chief.get("createSSHKeyPair", name="mine")


# The end.


def test_an_account_that_ends_signs_nothing_from_its_acceptance_on(server, people):
    user, root = people["user-sales"], people["root"]
    user.get("registerUserKeys", id=user.uuid)
    (account,) = root.get("listAccounts", name="user-sales", listall="true")["account"]
    filed = root.get("deleteAccount", id=account["id"])
    assert user.ask("listUsers")[0] == 401
    (ending,) = root.get("listAccounts", iscleanuprequired="true", listall="true")["account"]
    assert (ending["name"], ending["state"], ending["iscleanuprequired"]) == ("user-sales", "disabled", True)
    of_user = sqlalchemy.select(engine.account_user.c.id).where(engine.account_user.c.uuid == user.uuid)
    live = sqlalchemy.select(user_key).where(user_key.c.user_id.in_(of_user), user_key.c.removed.is_(None))
    kept = sqlalchemy.select(user_password).where(user_password.c.user_id.in_(of_user))
    told = sqlalchemy.select(job_secret).where(job_secret.c.owner == user.uuid)
    assert [server.rows(each) for each in (live, kept, told)] == [[], [], []]
    server.settle()
    assert root.result(filed["jobid"]) == {"success": True}
    assert root.get("listAccounts", name="user-sales", listall="true") == {}
    assert "entity does not exist" in root.refused(431, "deleteAccount", id=account["id"])


def test_a_domain_ends_with_everybody_in_it(server, people, domains):
    root, admin = people["root"], people["admin-sales"]
    below = admin.get("createDomain", name="below")["domain"]["id"]
    made = admin.get("createAccount", username="deep", accounttype=0, domainid=below, **PERSON)["account"]
    deep = Person(server, made["user"][0]["id"])
    assert "in use by" in root.refused(536, "deleteDomain", id=domains["sales"])
    filed = root.get("deleteDomain", id=domains["sales"], cleanup="true")
    assert [who.ask("listUsers")[0] for who in (deep, admin, people["user-sales"])] == [401] * 3
    assert people["user-other"].ask("listUsers")[0] == 200
    server.settle()
    assert root.result(filed["jobid"]) == {"success": True}
    assert [row["name"] for row in root.get("listDomains", listall="true")["domain"]] == ["ROOT", "other"]


def test_there_are_no_projects(people):
    assert people["user-sales"].get("listProjects", listall="true", state="Active", details="min") == {}
    people["user-sales"].refused(431, "listProjects", page="1")
