"""A new cloud's administrator, whom nobody can sign in as until somebody with the key ring says so."""

import json

import pytest
from click.testing import CliRunner

from stratiform.api.adapters.authenticator import Authenticator
from stratiform.framework import plugins
from stratiform.framework.db.database import Database
from stratiform.framework.secrets import KeyRing
from stratiform.server import bootstrap
from stratiform.server.bootstrap import Settings
from stratiform.server.cli import main
from stratiform.server.credential.key import Keys
from stratiform.server.credential.password import Passwords


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


def renewed(settings):
    done = CliRunner().invoke(main, ["admin", f"--data={settings.data}", "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_the_administrator_gets_keys_and_a_password_and_later_others(settings, database):
    keys = Keys(database, KeyRing.load(settings.ring))
    authenticator = plugins.one("stratiform.authenticator", settings.authenticator, Authenticator).plugin
    passwords = Passwords(database, authenticator)
    first, second = renewed(settings), renewed(settings)
    for card in (first, second):
        caller = keys.find(card["apikey"])
        assert (card["username"], caller.secret, caller.principal.role) == ("admin", card["secretkey"], "Admin")
    user = caller.principal.user
    assert passwords.holds(user, second["password"])
    assert not passwords.holds(user, first["password"])


def test_without_the_key_ring_there_is_nothing_to_give(settings):
    settings.ring.unlink()
    refused = CliRunner().invoke(main, ["admin", f"--data={settings.data}"])
    assert (refused.exit_code, "key ring" in refused.stderr) == (1, True)
