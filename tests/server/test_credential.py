"""Key pairs and passwords: who may sign, from when, until when, and what lies in the database."""

import queue
import threading

import pytest
import sqlalchemy

from stratiform.api.adapters.authenticator import Verdict
from stratiform.api.principal import Principal, Role
from stratiform.engine import schema as engine
from stratiform.framework.base.errors import NotFound
from stratiform.framework.config.values import Config
from stratiform.framework.schema import FRAMEWORK
from stratiform.framework.secrets import KeyRing, Tampered
from stratiform.framework.testing.fixtures import database, database_url, world
from stratiform.framework.testing.migrations import assert_migrations_match
from stratiform.framework.testing.statements import count
from stratiform.server.credential.credentials import Credentials
from stratiform.server.credential.effort import Busy, Effort
from stratiform.server.credential.key import MOST, Keys, TooManyKeys
from stratiform.server.credential.password import Passwords
from stratiform.server.credential.result import RETENTION, SealedResults, sweep
from stratiform.server.credential.sweep import EVERY, Sweep
from stratiform.server.credential.table import job_secret, user_key, user_password
from stratiform.server.schema import LAYER

__all__ = ["database", "database_url", "world"]

USER = "0190f3c2-6666-7000-8000-000000000001"
SECOND = 1_000_000


class Reversing:
    """An authenticator for a test: stores passwords backwards; what is stored without a dollar is weak.

    What is to happen while it works, once, is `meanwhile`.
    """

    name, order = "reversing", 100

    def __init__(self):
        self.meanwhile = None

    def hash(self, password):
        self._happen()
        return f"${password[::-1]}"

    def _happen(self):
        happens, self.meanwhile = self.meanwhile, None
        if happens:
            happens()

    def verify(self, stored, password):
        self._happen()
        weak = bool(stored) and stored == password[::-1]
        return Verdict(accepted=weak or stored == f"${password[::-1]}", rehash=weak)


@pytest.fixture
def layers():
    return (FRAMEWORK, engine.LAYER, LAYER)


@pytest.fixture
def ring(tmp_path):
    return KeyRing.create(tmp_path / "keys.json")


@pytest.fixture
def somebody(database):
    row = {"generation": 0, "created": 0}
    with database.transaction() as tx:
        domain = {"id": 1, "uuid": "d", "name": "ROOT", "name_key": "root", "level": 0, "path": "d/", "title": "ROOT"}
        account = {"id": 2, "uuid": "a", "name": "admin", "name_key": "admin", "domain_id": 1, "role": "DomainAdmin"}
        user = {"id": 3, "uuid": USER, "name": "admin", "name_key": "admin", "account_id": 2, "domain_id": 1}
        person = {"first_name": "A", "last_name": "B", "email": "a@b", "state": "enabled"}
        tx.execute(sqlalchemy.insert(engine.domain), row | domain)
        tx.execute(sqlalchemy.insert(engine.account), row | account | {"state": "enabled"})
        tx.execute(sqlalchemy.insert(engine.account_user), row | user | person)
    return USER


@pytest.fixture
def keys(database, ring, somebody):
    return Keys(database, ring)


@pytest.fixture
def issue(keys, database):
    def issue(**more):
        return database.run(lambda tx: keys.issue(tx, USER, **more))

    return issue


def test_a_caller_is_found_by_one_statement(keys, issue, database):
    pair = issue(name="first")
    with count(database) as asked:
        caller = keys.find(pair.api_key)
    asked.expect(statements=1, commits=0)
    assert caller.principal == Principal(user=USER, account="a", role=Role.DOMAIN_ADMIN, scope="d/")
    assert caller.secret == pair.secret
    assert keys.find("nobody") is None
    assert keys.find("") is None


def test_a_secret_lies_sealed_and_its_seal_fits_no_other_key(issue, database):
    pairs = [issue(), issue()]
    with database.reading() as connection:
        sealed = connection.execute(sqlalchemy.select(user_key.c.secret)).scalars().all()
    assert all(pair.secret not in text and text.startswith("v1:") for pair in pairs for text in sealed)
    assert all(len(pair.api_key) == 86 and pair.secret not in repr(pair) for pair in pairs)


def test_a_user_has_several_and_the_newest_is_told(keys, issue, database):
    first, second = issue(), issue()
    assert keys.find(first.api_key)
    with database.reading() as connection:
        assert keys.newest(connection, USER) == second
        assert keys.newest(connection, "nobody") is None
    database.run(lambda tx: keys.revoke(tx, second.uuid))
    database.run(lambda tx: keys.revoke(tx, second.uuid))
    assert keys.find(second.api_key) is None
    with database.reading() as connection:
        assert keys.newest(connection, USER) == first


def test_a_key_is_good_from_its_start_until_its_end(keys, issue, clock):
    pair = issue(starts=clock.now() + SECOND, ends=clock.now() + 2 * SECOND)
    found = []
    for _ in range(3):
        found.append(keys.find(pair.api_key) is not None)
        clock.advance(SECOND)
    assert found == [False, True, False]


@pytest.mark.parametrize("table", ["account", "account_user"])
@pytest.mark.parametrize("change", [{"state": "disabled"}, {"state": "locked"}, {"removed": 1}])
def test_only_who_is_enabled_and_there_may_sign(keys, issue, database, table, change):
    pair = issue()
    with database.transaction() as tx:
        tx.execute(sqlalchemy.update(getattr(engine, table)).values(change))
    assert keys.find(pair.api_key) is None


def test_nobody_has_no_keys(keys, database):
    with pytest.raises(NotFound):
        database.run(lambda tx: keys.issue(tx, "nobody"))


def test_a_password_is_kept_as_the_authenticator_says(database, somebody):
    passwords = Passwords(database, Reversing(), Effort(8))
    assert not passwords.holds(USER, "")
    for secret in ("first", "second"):
        prepared = passwords.prepare(secret)
        with database.transaction() as tx:
            passwords.keep(tx, USER, prepared)
    assert passwords.holds(USER, "second")
    assert not passwords.holds(USER, "first")
    assert not passwords.holds("nobody", "second")


def test_a_weakly_kept_password_is_kept_better_once_it_is_known(database, somebody):
    passwords = Passwords(database, Reversing(), Effort(8))
    with database.transaction() as tx:
        passwords.keep(tx, USER, "terces")
    assert not passwords.holds(USER, "wrong")
    assert passwords.holds(USER, "secret")
    with database.reading() as connection:
        assert connection.execute(sqlalchemy.select(user_password.c.hash)).scalar() == "$terces"


@pytest.fixture
def authenticator():
    return Reversing()


@pytest.fixture
def passwords(database, somebody, authenticator):
    passwords = Passwords(database, authenticator, Effort(8))
    database.run(lambda tx: passwords.keep(tx, USER, "terces"))
    return passwords


def test_keeping_a_password_better_undoes_no_change_of_it(passwords, database, authenticator):
    """Somebody else changes the password between its verification and its better hash."""

    def change():
        authenticator.meanwhile = lambda: database.run(lambda tx: passwords.keep(tx, USER, "$wen"))

    authenticator.meanwhile = change  # verifying; then, hashing anew
    outdated = passwords.proof(USER, "secret")
    assert (passwords.holds(USER, "secret"), passwords.holds(USER, "new")) == (False, True)
    assert not database.run(lambda tx: passwords.stands(tx, USER, outdated))


def test_a_proof_stands_until_the_password_changes(passwords, database):
    proof = passwords.proof(USER, "secret")
    assert proof == "$terces", "it is the better one by now"

    def stands(user=USER):
        return database.run(lambda tx: passwords.stands(tx, user, proof))

    assert (stands(), stands("nobody")) == (True, False)
    database.run(lambda tx: passwords.keep(tx, USER, passwords.prepare("another")))
    assert not stands()
    assert passwords.proof(USER, "wrong") is None


def test_costly_work_is_done_by_few_threads_for_whom_few_wait():
    """Of eight, two work and two wait for them; the others are refused at once."""
    effort, begun, go_on, told = Effort(8, seconds=60), queue.Queue(), threading.Event(), queue.Queue()

    def work():
        try:
            with effort.place():
                begun.put("at it")
                go_on.wait(60)
            told.put("done")
        except Busy:
            told.put("busy")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for each in threads:
        each.start()
    assert [told.get(timeout=60) for _ in range(4)] == ["busy"] * 4
    assert [begun.get(timeout=60) for _ in range(2)] == ["at it"] * 2
    assert begun.empty()
    go_on.set()
    assert [told.get(timeout=60) for _ in range(4)] == ["done"] * 4
    for each in threads:
        each.join(60)


def test_nobody_waits_long_for_a_place_and_what_fails_gives_its_place_back():
    effort = Effort(4, seconds=0.01)
    with effort.place(), pytest.raises(Busy, match="Try again"), effort.place():
        pass
    with pytest.raises(ValueError, match="x"), effort.place():
        raise ValueError("x")
    for threads in (1, 2, 3):
        with Effort(threads).place():
            pass
    with effort.place():
        pass


def test_passwords_are_hashed_and_verified_in_a_place(database, somebody):
    effort = Effort(1, seconds=0)
    passwords = Passwords(database, Reversing(), effort)
    with effort.place():
        for work in (passwords.holds, passwords.proof, lambda _, password: passwords.prepare(password)):
            with pytest.raises(Busy):
                work(USER, "a")
    assert not passwords.holds(USER, "a")


def test_a_user_has_so_many_keys_and_no_more(keys, issue, database):
    pairs = [issue() for _ in range(MOST)]
    with pytest.raises(TooManyKeys, match="at most 100 key pairs"):
        issue()
    database.run(lambda tx: keys.revoke(tx, pairs[0].uuid))
    assert keys.find(issue().api_key)
    with pytest.raises(TooManyKeys):
        issue()


def test_two_who_issue_keys_at_once_do_not_pass_the_bound(keys, issue, database):
    """The second waits, and counts what the first commits."""
    for _ in range(MOST - 1):
        issue()
    made = queue.Queue()

    def once_more():
        try:
            made.put(issue())
        except TooManyKeys:
            made.put(None)

    thread = threading.Thread(target=once_more)
    with database.transaction() as tx:
        keys.issue(tx, USER)
        thread.start()
        with pytest.raises(queue.Empty):
            made.get(timeout=0.5)
    thread.join(60)
    assert made.get(timeout=60) is None


def test_keys_are_listed_without_their_secrets(keys, issue, database, clock):
    first, second = issue(name="one", ends=clock.now() + SECOND), issue(description="two")
    assert keys.listed([]) == []
    with count(database) as asked:
        rows = keys.listed([USER, "nobody"])
    asked.expect(statements=1, commits=0)
    assert [(row.user, row.uuid, row.name, row.description, row.state) for row in rows] == [
        (USER, first.uuid, "one", None, "ENABLED"),
        (USER, second.uuid, "", "two", "ENABLED"),
    ]
    assert not any(secret in str(rows) for secret in (first.secret, second.secret))
    clock.advance(SECOND)
    assert [row.state for row in keys.listed([USER])] == ["EXPIRED", "ENABLED"]
    assert keys.holder(first.uuid) == USER
    database.run(lambda tx: keys.revoke(tx, first.uuid))
    assert [row.uuid for row in keys.listed([USER])] == [second.uuid]
    assert keys.holder(first.uuid) is keys.holder("nobodys") is None


def test_a_key_tells_its_owner_until_either_is_gone(keys, issue, database):
    first, second = issue(), issue()
    assert keys.owner(first.api_key) == keys.owner(second.api_key) == USER
    assert keys.owner("nobodys") is None
    database.run(lambda tx: keys.revoke(tx, second.uuid))
    assert (keys.owner(second.api_key), keys.named([USER])) == (None, {USER: first.api_key})
    with database.transaction() as tx:
        tx.execute(sqlalchemy.update(engine.account_user).values(removed=1))
    assert keys.owner(first.api_key) is None
    with pytest.raises(NotFound):
        keys.told(USER)


def test_the_newest_keys_of_many_are_told_at_once(keys, issue, database):
    assert keys.named([USER, "nobody"]) == {}
    issue()
    newest = issue().api_key
    with count(database) as asked:
        assert keys.named([USER, "nobody"]) == {USER: newest}
    asked.expect(statements=1, commits=0)
    assert keys.named([*map(str, range(2000)), USER]) == {USER: newest}


def test_all_keys_of_a_user_are_revoked_together(keys, issue, database):
    pairs = [issue(), issue()]
    everybody = sqlalchemy.select(engine.account_user.c.id)
    database.run(lambda tx: keys.revoke_all(tx, everybody))
    assert [keys.find(pair.api_key) for pair in pairs] == [None, None]


@pytest.fixture
def results(database, ring):
    return SealedResults(database, ring, Config(database, lambda scope: None))


def keep(results, database, job, owner, **values):
    database.run(lambda tx: results.keep(tx, job, owner, values))


def test_the_secret_of_a_job_is_told_to_its_owner_and_lies_sealed_for_that_job(results, database):
    keep(results, database, "job-1", USER, secretkey="s3cr3t", count=2)
    keep(results, database, "job-2", USER, secretkey="other")
    assert results.open("job-1", USER) == {"secretkey": "s3cr3t", "count": 2}
    assert results.open("job-1", "somebody") == results.open("job-3", USER) == {}
    with database.transaction() as tx:
        sealed = dict(tx.execute(sqlalchemy.select(job_secret.c.job, job_secret.c.sealed)).all())
        assert not any("s3cr3t" in text for text in sealed.values())
        is_first = job_secret.c.job == "job-1"
        tx.execute(sqlalchemy.update(job_secret).where(is_first).values(sealed=sealed["job-2"]))
    with pytest.raises(Tampered):
        results.open("job-1", USER)


def test_the_secrets_of_jobs_are_forgotten_in_time_and_with_their_owner(results, database, clock, somebody):
    keep(results, database, "job-1", USER, secretkey="a")
    clock.advance(SECOND)
    keep(results, database, "job-2", USER, secretkey="b")
    keep(results, database, "job-3", "somebody", secretkey="c")

    def left():
        with database.reading() as connection:
            return set(connection.execute(sqlalchemy.select(job_secret.c.job)).scalars())

    database.run(sweep)
    assert left() == {"job-1", "job-2", "job-3"}
    clock.advance((RETENTION.default - 1) * SECOND)
    database.run(sweep)
    assert left() == {"job-2", "job-3"}
    database.run(lambda tx: results.forget(tx, sqlalchemy.select(engine.account_user.c.uuid)))
    assert left() == {"job-3"}


@pytest.mark.parametrize(
    ("table", "change"), [("account_user", {"removed": 1}), ("account", {"needs_cleanup": True, "state": "disabled"})]
)
def test_what_was_issued_at_the_moment_of_a_removal_is_forgotten(
    keys, issue, results, passwords, database, clock, table, change
):
    ended = []
    credentials = Credentials(
        keys=keys,
        passwords=passwords,
        results=results,
        effort=Effort(8),
        end_sessions=lambda tx, users: ended.extend(tx.execute(users).scalars()),
    )
    sweep, pair = Sweep(database, credentials), issue()
    keep(results, database, "job-1", USER, secretkey="a")

    def left():
        live = sqlalchemy.select(user_key.c.uuid).where(user_key.c.removed.is_(None))
        with database.reading() as connection:
            kept = [connection.execute(sqlalchemy.select(table)).all() for table in (user_password, job_secret)]
            return connection.execute(live).scalars().all(), len(kept[0] + kept[1])

    clock.advance(EVERY)
    with count(database) as asked:
        sweep.look()
    asked.expect(statements=1, commits=0)
    with database.transaction() as tx:
        tx.execute(sqlalchemy.update(getattr(engine, table)).values(change))
    with count(database) as asked:
        sweep.look()
    asked.expect(statements=0)
    assert left() == ([pair.uuid], 2)
    clock.advance(EVERY)
    sweep.look()
    assert left() == ([], 0)
    assert ended == [3]


def test_the_migrations_make_what_is_declared(database_url):
    assert_migrations_match(LAYER, [FRAMEWORK, engine.LAYER], url=database_url)
