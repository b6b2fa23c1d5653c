"""Passwords hashed with Argon2id, kept in the server's database and verified in its memory."""

from typing import ClassVar

from argon2 import PasswordHasher, Type, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from stratiform.api.adapters.authenticator import Verdict
from stratiform.framework.base.errors import Again

MEMORY_KIB = 19 * 1024
PASSES = 2
LANES = 1
"""OWASP's minimum for Argon2id (Password Storage Cheat Sheet): m=19 MiB, t=2, p=1.

It counts as strong as those that take more memory, which is what a server runs short of: each log-in under
way holds that much.
"""

LARGEST_KIB = 1024 * 1024
MOST_PASSES = 64
"""A stored hash that asks for more was not made by us: it is refused instead of worked on."""

NO_MEMORY = "Memory allocation error"


class Database:
    """Verifies against a user's stored hash, of any Argon2 variant in the PHC format; makes Argon2id."""

    name: ClassVar[str] = "database"
    order: ClassVar[int] = 100

    def __init__(self) -> None:
        self._hasher = PasswordHasher(PASSES, MEMORY_KIB, LANES, hash_len=32, salt_len=16, type=Type.ID)

    def hash(self, password: str) -> str:
        """An Argon2id hash of the password with a fresh salt."""
        return self._hasher.hash(_octets(password))

    def verify(self, stored: str, password: str) -> Verdict:
        """Whether the password is right, compared in constant time; a `stored` that is no hash is a refusal.

        Raises `Again` if there is no memory to find out.
        """
        octets = _octets(password)
        try:
            _refuse_unbearable(stored)
            self._hasher.verify(stored, octets)
        except VerifyMismatchError:
            return Verdict(accepted=False)
        except (ValueError, VerificationError) as error:
            if NO_MEMORY in str(error):
                raise Again(reason="there is not enough memory to verify a password") from error
            self._hasher.hash(octets)
            return Verdict(accepted=False)
        return Verdict(accepted=True, rehash=self._hasher.check_needs_rehash(stored))


def _refuse_unbearable(stored: str) -> None:
    if not stored.isascii():
        raise InvalidHashError
    asked = extract_parameters(stored)
    if asked.memory_cost > LARGEST_KIB or asked.time_cost > MOST_PASSES:
        raise InvalidHashError


def _octets(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")


database = Database()
"""What the entry point names: it holds nothing but its parameters."""
