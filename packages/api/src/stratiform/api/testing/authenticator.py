"""The contract of authenticators. Subclass and give the authenticator."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

import pytest

from stratiform.api.adapters.authenticator import Authenticator, Verdict
from stratiform.api.testing.contract import Contract

RIGHT = ("password", "", " ", "пароль", "pass\0word", "p" * 5000, "🔑 three words", "\ud800", "Ω", "%s{0}$1")
WRONG = ("Password", "passwor", "password ", " password", "password\0", "", "pаssword", "p" * 5000)
NONSENSE = ("", "password", "$", "$argon2id$", "$2b$12$", "{SSHA}x", "null", "é", "\0", "a" * 9999, "\ud800")
FASTEST = 0.3
"""How much of a wrong password's time a user who does not exist takes at least; a lookup would take none."""


class AuthenticatorContract(Contract):
    """Right is right, everything else is a refusal and never an error, and time tells nothing."""

    protocol: ClassVar[type] = Authenticator

    @pytest.fixture
    def authenticator(self) -> Authenticator:
        """The authenticator: the plug-in's to define."""
        raise NotImplementedError("define the fixture `authenticator`")

    @pytest.fixture
    def adapter(self, authenticator: Authenticator) -> object:
        """The authenticator."""
        return authenticator

    @pytest.mark.parametrize("password", RIGHT, ids=ascii)
    def test_the_right_password_is_accepted(self, authenticator: Authenticator, password: str) -> None:
        assert authenticator.verify(authenticator.hash(password), password).accepted

    @pytest.mark.parametrize("password", WRONG, ids=ascii)
    def test_a_wrong_password_is_refused(self, authenticator: Authenticator, password: str) -> None:
        verdict = authenticator.verify(authenticator.hash("password"), password)
        assert verdict == Verdict(accepted=False, rehash=False)

    def test_a_fresh_hash_need_not_be_replaced(self, authenticator: Authenticator) -> None:
        verdict = authenticator.verify(authenticator.hash("password"), "password")
        assert verdict == Verdict(accepted=True, rehash=False)

    def test_two_hashes_of_a_password_differ(self, authenticator: Authenticator) -> None:
        assert authenticator.hash("password") != authenticator.hash("password")

    @pytest.mark.parametrize("password", RIGHT[4:7], ids=ascii)
    def test_a_hash_is_printable_and_not_the_password(
        self, authenticator: Authenticator, password: str
    ) -> None:
        stored = authenticator.hash(password)
        assert stored.isascii()
        assert stored.isprintable()
        assert password not in stored

    @pytest.mark.parametrize("stored", NONSENSE, ids=ascii)
    def test_nonsense_is_a_refusal_and_no_error(self, authenticator: Authenticator, stored: str) -> None:
        for password in ("password", "", stored):
            assert authenticator.verify(stored, password) == Verdict(accepted=False, rehash=False)

    @pytest.mark.parametrize("part", range(10))
    def test_a_hash_that_was_cut_off_is_a_refusal(self, authenticator: Authenticator, part: int) -> None:
        stored = authenticator.hash("password")
        assert not authenticator.verify(stored[: len(stored) * part // 10], "password").accepted

    @pytest.mark.parametrize("place", [-2, -3, -5, -8, -13])
    def test_a_hash_that_was_changed_is_a_refusal(self, authenticator: Authenticator, place: int) -> None:
        stored = authenticator.hash("password")
        other = "B" if stored[place] == "A" else "A"
        changed = stored[:place] + other + stored[place + 1 :]
        assert not authenticator.verify(changed, "password").accepted

    def test_the_hash_of_another_user_does_not_help(self, authenticator: Authenticator) -> None:
        stored = authenticator.hash("password")
        assert not authenticator.verify(stored, stored).accepted

    def test_several_may_log_in_at_once(self, authenticator: Authenticator) -> None:
        stored = [authenticator.hash(f"password {number}") for number in range(4)]

        def verify(number: int) -> list[bool]:
            return [authenticator.verify(each, f"password {number}").accepted for each in stored]

        with ThreadPoolExecutor(4) as threads:
            verdicts = list(threads.map(verify, range(4)))
        assert verdicts == [[number == each for each in range(4)] for number in range(4)]

    def test_a_user_who_does_not_exist_takes_as_long(self, authenticator: Authenticator) -> None:
        stored = authenticator.hash("password")

        def fastest(text: str) -> float:
            times = []
            for _ in range(5):
                began = time.perf_counter()
                authenticator.verify(text, "wrong")
                times.append(time.perf_counter() - began)
            return min(times)

        assert fastest("") > FASTEST * fastest(stored)
