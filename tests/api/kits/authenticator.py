"""Fakes of an authenticator. (Its hash is quick, which a real one must not be.)"""

import hashlib
import secrets

import pytest

from stratiform.api.adapters.authenticator import Verdict
from stratiform.api.testing.authenticator import AuthenticatorContract

REFUSED = Verdict(accepted=False)


class Salted:
    name = "salted"
    order = 1

    def hash(self, password):
        return self.salted(secrets.token_hex(8), password)

    def salted(self, salt, password):
        octets = f"{salt}:{password}".encode("utf-8", "surrogatepass")
        return f"salted${salt}${hashlib.pbkdf2_hmac('sha256', b'', octets, 20_000).hex().upper()}"

    def verify(self, stored, password):
        salt = stored.split("$")[1] if stored.startswith("salted$") else ""
        octets = stored.encode("utf-8", "surrogatepass")
        return Verdict(accepted=secrets.compare_digest(self.salted(salt, password).encode(), octets))


class TestRight(AuthenticatorContract):
    kind = Salted

    @pytest.fixture
    def authenticator(self):
        return self.kind()


class RaisesOnNonsense(Salted):
    def verify(self, stored, password):
        method, _salt, _hash = stored.split("$")
        return super().verify(stored, password) if method == "salted" else REFUSED


class TestRaisesOnNonsense(TestRight):
    kind = RaisesOnNonsense
    caught_by = {"test_nonsense_is_a_refusal_and_no_error", "test_a_hash_that_was_cut_off_is_a_refusal"}


class Unsalted(Salted):
    def hash(self, password):
        return self.salted("salt", password)


class TestUnsalted(TestRight):
    kind = Unsalted
    caught_by = {"test_two_hashes_of_a_password_differ"}


class TellsWhoExists(Salted):
    def verify(self, stored, password):
        return super().verify(stored, password) if stored else REFUSED


class TestTellsWhoExists(TestRight):
    kind = TellsWhoExists
    caught_by = {"test_a_user_who_does_not_exist_takes_as_long"}


class CutsLongPasswords(Salted):
    def salted(self, salt, password):
        return super().salted(salt, password[:7])


class TestCutsLongPasswords(TestRight):
    kind = CutsLongPasswords
    caught_by = {"test_a_wrong_password_is_refused"}


class StopsAtNul(Salted):
    def salted(self, salt, password):
        return super().salted(salt, password.partition("\0")[0])


class TestStopsAtNul(TestRight):
    kind = StopsAtNul
    caught_by = {"test_a_wrong_password_is_refused"}


class ComparesTheBeginning(Salted):
    def verify(self, stored, password):
        salt = stored.split("$")[1] if stored.startswith("salted$") else ""
        return Verdict(accepted=bool(stored) and self.salted(salt, password).startswith(stored))


class TestComparesTheBeginning(TestRight):
    kind = ComparesTheBeginning
    caught_by = {"test_a_hash_that_was_cut_off_is_a_refusal"}


class RehashesForEver(Salted):
    def verify(self, stored, password):
        return Verdict(accepted=super().verify(stored, password).accepted, rehash=True)


class TestRehashesForEver(TestRight):
    kind = RehashesForEver
    caught_by = {"test_a_fresh_hash_need_not_be_replaced", "test_a_wrong_password_is_refused"}


class StoresThePassword(Salted):
    def hash(self, password):
        return f"{super().hash(password)}${password}"

    def verify(self, stored, password):
        return super().verify("$".join(stored.split("$")[:3]), password)


class TestStoresThePassword(TestRight):
    kind = StoresThePassword
    caught_by = {"test_a_hash_is_printable_and_not_the_password"}
