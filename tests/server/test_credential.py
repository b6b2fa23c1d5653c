"""Key pairs and passwords: who may sign, from when, until when, and what lies in the database."""

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
from stratiform.server.credential.key import Keys
from stratiform.server.credential.password import Passwords
from stratiform.server.credential.result import RETENTION, SealedResults, sweep
from stratiform.server.credential.table import job_secret, user_key, user_password
from stratiform.server.schema import LAYER

__all__ = ["database", "database_url", "world"]

USER = "0190f3c2-6666-7000-8000-000000000001"
SECOND = 1_000_000


class Reversing:
    """An authenticator for a test: stores passwords backwards, and weakly if they have an x."""

    name, order = "reversing", 100

    def hash(self, password):
        return f"${password[::-1]}"

    def verify(self, stored, password):
        weak = bool(stored) and stored == password[::-1]
        return Verdict(accepted=weak or stored == self.hash(password), rehash=weak)


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
    passwords = Passwords(database, Reversing())
    assert not passwords.holds(USER, "")
    for secret in ("first", "second"):
        prepared = passwords.prepare(secret)
        with database.transaction() as tx:
            passwords.keep(tx, USER, prepared)
    assert passwords.holds(USER, "second")
    assert not passwords.holds(USER, "first")
    assert not passwords.holds("nobody", "second")


def test_a_weakly_kept_password_is_kept_better_once_it_is_known(database, somebody):
    passwords = Passwords(database, Reversing())
    with database.transaction() as tx:
        passwords.keep(tx, USER, "terces")
    assert not passwords.holds(USER, "wrong")
    assert passwords.holds(USER, "secret")
    with database.reading() as connection:
        assert connection.execute(sqlalchemy.select(user_password.c.hash)).scalar() == "$terces"


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


def test_the_migrations_make_what_is_declared(database_url):
    assert_migrations_match(LAYER, [FRAMEWORK, engine.LAYER], url=database_url)
