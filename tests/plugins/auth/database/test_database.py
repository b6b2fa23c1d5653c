"""The authenticator keeps its contract, makes Argon2id as declared, and replaces what is weaker."""

import argon2
import pytest

from stratiform.api.adapters.authenticator import Authenticator, Verdict
from stratiform.api.testing.authenticator import AuthenticatorContract
from stratiform.framework import plugins
from stratiform.framework.base.errors import Again
from stratiform.plugins.auth.database.authenticator import Database, database

REFUSED = Verdict(accepted=False)


class TestDatabase(AuthenticatorContract):
    @pytest.fixture
    def authenticator(self):
        return Database()


def test_a_hash_names_the_parameters_that_owasp_recommends():
    assert Database().hash("password").startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.parametrize(
    ("parameters", "rehash"),
    [
        ({"memory_cost": 1024}, True),
        ({"time_cost": 1}, True),
        ({"salt_len": 8}, True),
        ({"hash_len": 16}, True),
        ({"type": argon2.Type.I}, True),
        ({"type": argon2.Type.D}, True),
        ({}, False),
    ],
)
def test_a_hash_made_otherwise_is_accepted_and_replaced(parameters, rehash):
    ours = {"memory_cost": 19456, "time_cost": 2, "parallelism": 1}
    stored = argon2.PasswordHasher(**ours | parameters).hash("password")
    assert Database().verify(stored, "password") == Verdict(accepted=True, rehash=rehash)
    assert Database().verify(stored, "wrong") == REFUSED


@pytest.mark.parametrize(
    "parameters",
    [
        "v=19$m=4294967295,t=2,p=1",
        "v=19$m=19456,t=4294967295,p=1",
        "v=19$m=19456,t=2,p=4294967295",
        "v=19$m=19456,t=2,p=0",
        "v=19$m=0,t=0,p=0",
        "v=19$m=19456,t=2",
        "v=99$m=19456,t=2,p=1",
        "v=x$m=y,t=z,p=w",
        "v=19$m=-1,t=-1,p=-1",
    ],
)
def test_a_hash_that_asks_for_the_machine_is_refused_unworked(parameters):
    stored = f"$argon2id${parameters}$c29tZXNhbHQ$iWh06vD8Fy27wf9npn6FXWiCX4K6pW6Ue1Bnzz07Z8A"
    assert Database().verify(stored, "password") == REFUSED


def test_no_memory_is_not_a_wrong_password():
    stored = database.hash("password")

    class Full:
        def verify(self, *_):
            raise argon2.exceptions.VerificationError("Memory allocation error")

    full = Database()
    full._hasher = Full()
    with pytest.raises(Again, match="not enough memory"):
        full.verify(stored, "password")


def test_it_is_loaded_by_its_name():
    assert plugins.one("stratiform.authenticator", "database", Authenticator).plugin is database
