"""The authenticator adapter: a gate that decides whether a password is the user's."""

from typing import Protocol

from stratiform.api.spec import Spec


class Verdict(Spec, frozen=True, kw_only=True):
    """What an authenticator found."""

    accepted: bool
    rehash: bool = False
    """The password is right and what is stored is weaker than `hash` makes it now: store that instead."""


class Authenticator(Protocol):
    """Hashes passwords and verifies them. It is given one record's text, never a table."""

    name: str
    order: int

    def hash(self, password: str) -> str:
        """What to store for the password: printable text that names its own method and differs every time."""

    def verify(self, stored: str, password: str) -> Verdict:
        """Whether the password is the one that `stored` was made from; never raises for what is stored.

        Takes as long whether it is or not. An empty `stored` is what a user who does not exist has: refused,
        after as much work as a wrong password, so that the time it takes does not tell who exists.
        """
