"""Sessions: logging in and out, what a session's requests must carry, and what ends it."""

import re
import threading
from types import SimpleNamespace

import falcon.testing
import orjson
import pytest
import sqlalchemy

from stratiform.api.adapters.authenticator import Verdict
from stratiform.engine import schema as engine
from stratiform.framework.config.values import Config
from stratiform.framework.events.table import event
from stratiform.framework.schema import FRAMEWORK
from stratiform.framework.testing.fixtures import database, database_url, world
from stratiform.framework.testing.statements import count
from stratiform.server import app, signature
from stratiform.server.credential.effort import Effort
from stratiform.server.credential.password import Passwords
from stratiform.server.door import Front
from stratiform.server.handlers.session import SECURE, authenticators
from stratiform.server.schema import LAYER
from stratiform.server.session.login import Logins
from stratiform.server.session.store import TIMEOUT, Sessions
from stratiform.server.session.table import session

__all__ = ["database", "database_url", "world"]

ROOT, SALES, NORTH = (f"0190f3c2-5555-7000-8000-00000000000{number}" for number in (1, 2, 3))
USER = "0190f3c2-6666-7000-8000-00000000000{}".format
SECOND = 1_000_000
FORM = "application/x-www-form-urlencoded"
FIELDS = {
    "username": str,
    "userid": str,
    "domainid": str,
    "timeout": int,
    "account": str,
    "firstname": str,
    "lastname": str,
    "type": str,
    "timezone": str,
    "timezoneoffset": str,
    "registered": str,
    "sessionkey": str,
    "is2faenabled": str,
    "is2faverified": str,
    "passwordchangerequired": bool,
}


class Counting:
    """An authenticator for a test: everybody's password is `secret`; counts how often one is verified."""

    name, order = "counting", 100

    def __init__(self):
        self.verified, self.meanwhile = 0, None

    def hash(self, password):
        return f"${password}"

    def verify(self, stored, password):
        self.verified += 1
        if self.meanwhile:
            self.meanwhile()
        return Verdict(accepted=stored == self.hash(password))


@pytest.fixture
def layers():
    return (FRAMEWORK, engine.LAYER, LAYER)


@pytest.fixture
def people(database):
    """An administrator, and one user each of /sales and /Sales North/north, with the same name."""
    life = {"generation": 0, "created": 0}
    domains = [(1, ROOT, None, 0, "ROOT", "ROOT"), (2, SALES, 1, 1, "Sales", "ROOT/Sales")]
    domains.append((3, NORTH, 2, 2, "north", "ROOT/Sales/north"))
    owners = [(11, 1, "Admin", "admin"), (12, 2, "DomainAdmin", "ann"), (13, 3, "User", "ann")]
    with database.transaction() as tx:
        for id, uuid, parent, level, name, title in domains:
            row = {"id": id, "uuid": uuid, "parent_id": parent, "level": level, "name": name, "title": title}
            tx.execute(sqlalchemy.insert(engine.domain), life | row | {"name_key": name.lower(), "path": f"{uuid}/"})
        for id, place, role, name in owners:
            names = {"name": name, "name_key": name, "domain_id": place, "state": "enabled"}
            tx.execute(sqlalchemy.insert(engine.account), life | names | {"id": id, "uuid": f"a-{id}", "role": role})
            person = {"id": id + 10, "uuid": USER(id - 10), "account_id": id, "first_name": "F", "last_name": "L"}
            person |= {"email": "x", "timezone": "Europe/Berlin"}
            tx.execute(sqlalchemy.insert(engine.account_user), life | names | person)


@pytest.fixture
def authenticator():
    return Counting()


@pytest.fixture
def server(database, people, services, callers, clock, authenticator):
    """An application with sessions, and what it is made of; called, another server over the same database."""

    def make():
        passwords = Passwords(database, authenticator, Effort(8, seconds=0))
        with database.transaction() as tx:
            for number in (1, 2, 3):
                passwords.keep(tx, USER(number), passwords.prepare("secret"))
        config = Config(database, lambda scope: None)
        sessions = Sessions(database, config)
        logins = Logins(database, passwords, sessions)
        own = authenticators(services.commands, logins, sessions, clock, lambda: config.value(SECURE))
        front = Front(callers, clock, visitors=sessions, authenticators=own)
        application = app.make(app.dispatcher(services, database.world), front)
        http = falcon.testing.TestClient(application)
        return SimpleNamespace(http=http, config=config, sessions=sessions, again=make, passwords=passwords)

    return make()


def post(server, cookies=None, **parameters):
    parameters = {"response": "json"} | parameters
    body = "&".join(f"{name}={falcon.uri.encode_value(value)}" for name, value in parameters.items())
    return server.http.simulate_post("/client/api", body=body, content_type=FORM, cookies=cookies or {})


def get(server, cookies=None, **parameters):
    parameters = {"response": "json"} | parameters
    return server.http.simulate_get("/client/api", params=parameters, cookies=cookies or {}, params_csv=False)


def log_in(server, username="admin", password="secret", **more):
    """The cookies and the key of a new session."""
    answer = post(server, command="login", username=username, password=password, **more)
    assert answer.status_code == 200, answer.text
    cookies = {name: answer.cookies[name].value for name in ("JSESSIONID", "sessionkey")}
    return cookies, answer.json["loginresponse"]["sessionkey"]


@pytest.fixture
def opened(server):
    """Ask in a new session."""
    cookies, key = log_in(server)

    def ask(at=server, **parameters):
        return get(at, cookies, **{"command": "listZones", "sessionkey": key} | parameters)

    ask.cookies, ask.key = cookies, key
    return ask


def refused(answer, status, wrapper, code=None):
    """The text of a refusal, its form being right."""
    assert answer.status_code == status, answer.text
    [(found, body)] = orjson.loads(answer.content).items()
    known = {"uuidList": [], "errorcode": status} | ({} if code is None else {"cserrorcode": code})
    assert found == wrapper
    assert body == known | {"errortext": body["errortext"]}
    assert [*body][:2] == ["uuidList", "errorcode"]
    return body["errortext"]


def test_a_log_in_tells_exactly_what_clients_read(server):
    answer = post(server, command="login", username="admin", password="secret")
    body = answer.json["loginresponse"]
    assert {name: type(value) for name, value in body.items()} == FIELDS
    told = {"username": "admin", "userid": USER(1), "domainid": ROOT, "account": "admin", "type": "1"}
    told |= {"timeout": 1800, "timezone": "Europe/Berlin", "timezoneoffset": "1.0", "registered": "false"}
    told |= {"is2faenabled": "false", "is2faverified": "true", "passwordchangerequired": False}
    assert told.items() <= body.items()
    assert answer.headers["Content-Type"] == "application/json; charset=UTF-8"


def test_the_cookies_are_as_clients_keep_them(server):
    answer = post(server, command="login", username="admin", password="secret")
    session, key = answer.cookies["JSESSIONID"], answer.cookies["sessionkey"]
    assert (session.path, session.http_only, session.same_site, session.secure) == ("/client", True, "Lax", False)
    assert (key.path, key.http_only, key.same_site, key.secure) == (None, True, "Lax", False)
    assert key.value == answer.json["loginresponse"]["sessionkey"]
    assert session.value != key.value


def test_cookies_are_for_tls_alone_if_an_operator_says_so(server, database):
    database.run(lambda tx: server.config.set(tx, SECURE, True))
    answer = post(server, command="login", username="admin", password="secret")
    assert all(answer.cookies[name].secure for name in ("JSESSIONID", "sessionkey"))


@pytest.mark.parametrize("zone", [None, "", "Nowhere/At All", "../etc", "Europe", "UTC"])
def test_a_time_zone_that_nobody_knows_has_no_offset(server, database, zone):
    with database.transaction() as tx:
        tx.execute(sqlalchemy.update(engine.account_user).values(timezone=zone))
    body = post(server, command="login", username="admin", password="secret").json["loginresponse"]
    assert body.get("timezoneoffset") == ("0.0" if zone == "UTC" else None)


def test_a_password_in_an_address_is_refused_in_bare_words(server, authenticator):
    answer = get(server, command="login", username="admin", password="secret")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert answer.headers["Content-Type"] == "application/json; charset=UTF-8"
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(answer.content)
    assert authenticator.verified == 0


@pytest.mark.parametrize("name", ["login", "LOGIN", "Login"])
def test_the_names_of_log_in_and_log_out_have_no_case(server, name):
    assert [*post(server, command=name, username="admin", password="secret").json] == ["loginresponse"]
    refused(get(server, command=name.replace("in", "out").replace("IN", "OUT")), 431, "logoutresponse", 9999)


@pytest.mark.parametrize(
    ("where", "user"),
    [
        ({}, None),
        ({"domain": ""}, None),
        ({"domain": "/"}, None),
        ({"domain": "Sales"}, 2),
        ({"domain": "/sales/"}, 2),
        ({"domain": "/SALES"}, 2),
        ({"domain": "sales/north"}, 3),
        ({"domain": "/Sales/North/"}, 3),
        ({"domain": "north"}, None),
        ({"domain": "ROOT/sales"}, None),
        ({"domain": "sales/south"}, None),
        ({"domainid": NORTH}, 3),
        ({"domainId": NORTH.upper()}, 3),
        ({"domainid": SALES, "domain": "/sales/north"}, 2),
        ({"domainid": USER(1)}, None),
    ],
)
def test_a_user_is_looked_for_in_a_domain(server, where, user):
    answer = post(server, command="login", username="Ann", password="secret", **where)
    found = answer.json["loginresponse"].get("userid")
    assert found == (USER(user) if user else None)
    assert answer.status_code == (200 if user else 531)


@pytest.mark.parametrize(
    "wrong",
    [
        {"password": "Secret"},
        {"password": ""},
        {"username": "nobody"},
        {"username": ""},
        {"username": "a" * 5000},
        {"username": "admin\0"},
        {"domain": "/nowhere"},
        {"domain": "\0"},
        {"domainid": USER(9)},
    ],
)
def test_a_log_in_that_fails_says_the_same_after_the_same_work(server, authenticator, wrong):
    right = {"username": "admin", "password": "secret"}
    texts = {
        refused(post(server, command="login", **right | each), 531, "loginresponse")
        for each in ({"password": "wrong"}, wrong)
    }
    assert len(texts) == 1
    assert authenticator.verified == 2


@pytest.mark.parametrize("missing", ["username", "password"])
def test_a_log_in_without_a_name_or_a_password_fails_like_any(server, missing):
    given = {"username": "admin", "password": "secret"}
    del given[missing]
    refused(post(server, command="login", **given), 531, "loginresponse")


def test_a_domain_id_that_is_none_is_401(server):
    refused(post(server, command="login", username="a", password="b", domainid="7"), 401, "loginresponse")


@pytest.mark.parametrize("table", ["account", "account_user"])
@pytest.mark.parametrize("change", [{"state": "disabled"}, {"state": "locked"}, {"removed": 1}])
def test_only_who_is_enabled_and_there_logs_in(server, database, table, change):
    with database.transaction() as tx:
        tx.execute(sqlalchemy.update(getattr(engine, table)).values(change))
    refused(post(server, command="login", username="admin", password="secret"), 531, "loginresponse")


def test_log_ins_leave_threads_for_others(server, authenticator):
    begun, go_on = threading.Semaphore(0), threading.Event()
    authenticator.meanwhile = lambda: (begun.release(), go_on.wait(10))
    asks = {"command": "login", "username": "admin", "password": "secret"}
    threads = [threading.Thread(target=post, args=(server,), kwargs=asks) for _ in range(2)]
    for each in threads:
        each.start()
        assert begun.acquire(timeout=10)
    refused(post(server, **asks), 503, "loginresponse", 9999)
    go_on.set()
    for each in threads:
        each.join(10)
    log_in(server)


def test_a_session_asks_as_its_user_and_costs_one_statement(opened, database, callers):
    with count(database) as asked:
        answer = opened()
    asked.expect(statements=1, commits=0)
    assert answer.json["listzonesresponse"]["count"] == 1
    assert callers.asked == []


def test_a_session_is_the_same_behind_every_server_and_after_a_restart(server, opened):
    assert opened(at=server.again()).status_code == 200
    assert opened().status_code == 200


@pytest.mark.parametrize(
    "broken",
    [
        {"parameter": None},
        {"parameter": "wrong"},
        {"cookie": None},
        {"cookie": "wrong"},
        {"parameter": "", "cookie": ""},
    ],
)
def test_a_wrong_or_missing_key_is_401_and_ends_the_session(server, opened, broken):
    cookies = {**opened.cookies, "sessionkey": broken.get("cookie", opened.key)}
    given = {"sessionkey": broken.get("parameter", opened.key)}
    cookies = {name: value for name, value in cookies.items() if value is not None}
    given = {name: value for name, value in given.items() if value is not None}
    refused(get(server, cookies, command="listZones", **given), 401, "listzonesresponse")
    refused(opened(), 401, "listzonesresponse")


def test_a_dead_session_is_ignored_and_the_signature_judged(server, opened):
    parameters = {"command": "listZones", "response": "json", "apiKey": "KEY"}
    signed = parameters | {"signature": signature.sign(parameters, "SECRET")}
    assert get(server, {"JSESSIONID": "dead", "sessionkey": "x"}, **signed).status_code == 200
    refused(get(server, {"JSESSIONID": "dead"}, command="listZones"), 401, "listzonesresponse")


def test_a_live_session_comes_before_a_signature(server, opened):
    parameters = {"command": "listZones", "response": "json", "apiKey": "KEY"}
    signed = parameters | {"signature": signature.sign(parameters, "SECRET")}
    refused(get(server, opened.cookies, **signed), 401, "listzonesresponse")
    assert get(server, opened.cookies, **signed).status_code == 200


def test_a_session_is_told_what_a_stranger_is_not(opened, access):
    refused(opened(command="noSuchCommand"), 432, "errorresponse", 9999)
    refused(opened(command="LISTZONES"), 432, "errorresponse", 9999)
    access.denied.add("listHosts")
    refused(opened(command="listHosts"), 432, "errorresponse", 9999)
    assert opened().status_code == 200


def test_a_session_without_a_command_is_400(server, opened):
    refused(get(server, opened.cookies, sessionkey=opened.key), 400, "errorresponse")


def test_a_new_log_in_ends_the_session_before(server, opened):
    answer = post(server, opened.cookies, command="login", username="admin", password="secret")
    assert answer.status_code == 200
    refused(opened(), 401, "listzonesresponse")


@pytest.mark.parametrize("ask", [get, post])
def test_a_log_out_ends_the_session_and_its_cookies(server, opened, ask):
    answer = ask(server, opened.cookies, command="logout")
    assert (answer.status_code, answer.json) == (200, {"logoutresponse": {"description": "success"}})
    for name, path in (("JSESSIONID", "/client"), ("sessionkey", None)):
        assert (answer.cookies[name].value, answer.cookies[name].path, answer.cookies[name].max_age) == ("", path, 0)
    refused(opened(), 401, "listzonesresponse")
    refused(ask(server, opened.cookies, command="logout"), 431, "logoutresponse", 9999)
    refused(ask(server, command="logout"), 431, "logoutresponse", 9999)


@pytest.mark.parametrize("table", ["account", "account_user"])
@pytest.mark.parametrize("change", [{"state": "disabled"}, {"state": "locked"}, {"removed": 1}])
def test_a_user_that_is_disabled_or_gone_has_no_session_any_more(opened, database, table, change):
    rows = getattr(engine, table)
    with database.transaction() as tx:
        tx.execute(sqlalchemy.update(rows).values(change))
    refused(opened(), 401, "listzonesresponse")
    with database.transaction() as tx:
        tx.execute(sqlalchemy.update(rows).values(state="enabled", removed=None))
    refused(opened(), 401, "listzonesresponse")


def test_a_session_is_good_while_it_is_used(opened, clock, database):
    for _ in range(5):
        clock.advance(1700 * SECOND)
        assert opened().status_code == 200
    clock.advance(1800 * SECOND)
    refused(opened(), 401, "listzonesresponse")


def test_its_use_is_written_down_once_a_minute(opened, clock, database):
    commits = []
    for _ in range(6):
        clock.advance(20 * SECOND)
        with count(database) as asked:
            opened()
        commits.append(asked.commits)
    assert commits == [0, 0, 1, 0, 0, 1]


def test_an_operator_says_how_long_a_session_is_good(server, database, clock):
    database.run(lambda tx: server.config.set(tx, TIMEOUT, 60))
    answer = post(server, command="login", username="admin", password="secret")
    assert answer.json["loginresponse"]["timeout"] == 60
    cookies, key = log_in(server)
    clock.advance(60 * SECOND)
    refused(get(server, cookies, command="listZones", sessionkey=key), 401, "listzonesresponse")


def test_what_is_over_is_swept_away_once_a_minute(server, database, clock):
    log_in(server)
    left = []
    for step in (0, 61, 1800, 1, 60):
        clock.advance(step * SECOND)
        with count(database) as asked:
            server.sessions.sweep()
        with database.reading() as connection:
            rows = connection.execute(sqlalchemy.select(session)).all()
        left.append((len(asked), len(rows)))
    assert left == [(0, 1), (1, 1), (2, 0), (0, 0), (1, 0)]


def test_nothing_in_the_database_opens_a_session(opened, database):
    with database.reading() as connection:
        text = str(connection.execute(sqlalchemy.select(session)).all())
    assert not any(secret in text for secret in (*opened.cookies.values(), opened.key))
    assert all(len(secret) >= 43 and re.fullmatch(r"[\w-]+", secret) for secret in opened.cookies.values())


def test_log_in_and_log_out_are_events(server, opened, database):
    get(server, opened.cookies, command="logout")
    with database.reading() as connection:
        found = connection.execute(sqlalchemy.select(event).order_by(event.c.id)).all()
    assert [(each.kind, each.resource_kind, each.resource, each.principal) for each in found] == [
        ("USER.LOGIN", "user", USER(1), USER(1)),
        ("USER.LOGOUT", "user", USER(1), USER(1)),
    ]


def test_an_answer_to_a_log_in_in_xml(server):
    answer = post(server, command="login", username="admin", password="secret", response="xml")
    assert answer.headers["Content-Type"] == "text/xml; charset=UTF-8"
    assert "<loginresponse><username>admin</username>" in answer.text
