"""A new cloud's administrator, whom nobody can sign in as until somebody with the key ring says so."""

import json

import pytest
import sqlalchemy
from click.testing import CliRunner

from stratiform.api.adapters.authenticator import Authenticator
from stratiform.engine.schema import account_user
from stratiform.framework import plugins
from stratiform.framework.config.values import Config
from stratiform.framework.db.database import Database
from stratiform.framework.secrets import KeyRing
from stratiform.server import bootstrap
from stratiform.server.bootstrap import Settings
from stratiform.server.cli import main
from stratiform.server.credential.effort import Effort
from stratiform.server.credential.key import Keys
from stratiform.server.credential.password import Passwords
from stratiform.server.session.store import Sessions


@pytest.fixture
def settings(tmp_path):
    settings = Settings(data=tmp_path / "data")
    assert CliRunner().invoke(main, ["migrate", f"--data={settings.data}"]).exit_code == 0
    return settings


@pytest.fixture
def database(settings):
    database = Database(settings.url, bootstrap.world())
    yield database
    database.close()


@pytest.fixture
def keys(settings, database):
    return Keys(database, KeyRing.load(settings.ring))


def renewed(settings, *more):
    done = CliRunner().invoke(main, ["admin", f"--data={settings.data}", "--json", *more])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_the_administrator_gets_keys_and_a_password_and_later_others(settings, database, keys):
    authenticator = plugins.one("stratiform.authenticator", settings.authenticator, Authenticator).plugin
    passwords = Passwords(database, authenticator, Effort(1))
    first, second = renewed(settings), renewed(settings)
    for card in (first, second):
        caller = keys.find(card["apikey"])
        assert (card["username"], caller.secret, caller.principal.role) == ("admin", card["secretkey"], "Admin")
    user = caller.principal.user
    assert passwords.holds(user, second["password"])
    assert not passwords.holds(user, first["password"])


def test_earlier_keys_stay_unless_they_are_revoked(settings, keys):
    first, second = renewed(settings), renewed(settings)
    assert keys.find(first["apikey"])
    third = renewed(settings, "--revoke")
    assert [keys.find(each["apikey"]) for each in (first, second)] == [None, None]
    assert keys.find(third["apikey"]).secret == third["secretkey"]


def test_who_is_logged_in_by_the_earlier_password_is_out(settings, database):
    sessions = Sessions(database, Config(database, lambda scope: None))
    user = first_user(database)
    begun = database.run(lambda tx: sessions.begin(tx, user))
    assert sessions.find(begun.token).usable
    renewed(settings)
    assert sessions.find(begun.token) is None


def first_user(database):
    with database.reading() as connection:
        return connection.execute(sqlalchemy.select(account_user.c.id).where(account_user.c.is_default)).scalar_one()


def test_without_the_key_ring_there_is_nothing_to_give(settings):
    settings.ring.unlink()
    refused = CliRunner().invoke(main, ["admin", f"--data={settings.data}"])
    assert (refused.exit_code, "key ring" in refused.stderr) == (1, True)
