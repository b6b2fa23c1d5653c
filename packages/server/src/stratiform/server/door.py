"""The way in: who comes through it, and who is turned away with which words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from stratiform.api.command import Command
from stratiform.api.principal import Principal
from stratiform.framework.base.clock import Clock
from stratiform.framework.config.option import Option
from stratiform.server import signature
from stratiform.server.answer import Body
from stratiform.server.errors import NoCommand, NotAvailable, PostOnly, Unauthenticated
from stratiform.server.request import Asked
from stratiform.server.session import cookie
from stratiform.server.session.store import Session
from stratiform.server.signature import Callers

ENFORCE = Option(
    "enforce.post.requests.and.timestamps",
    False,
    "Whether what changes something must be sent with POST, and signed for at most a quarter of an hour.",
)


@dataclass(frozen=True, kw_only=True)
class Welcome:
    """What whoever logs in or out is answered."""

    body: Body
    cookies: tuple[str, ...] = ()
    """Values of `Set-Cookie`."""


Authenticate: TypeAlias = Callable[[Asked, Mapping[str, str], str], Welcome]
"""Logs in or out by what was asked, its parameters as received, and the request's id."""


class Door(Protocol):
    """A way in."""

    authenticators: Mapping[str, Authenticate]
    """The commands that need no caller, by their names in lower case."""
    reasons: bool
    """Whether an error's text is the reason phrase of the answer, too."""

    def admit(self, asked: Asked, parameters: Mapping[str, str], command: Command | None) -> Principal:
        """Who asks for the command, which is None if there is none of that name. Raises what says why not."""


class Visitors(Protocol):
    """Finds sessions."""

    def find(self, token: str) -> Session | None:
        """The session of this token unless it is over."""

    def touch(self, token: str, found: Session) -> None:
        """Let it be good for another while."""

    def forget(self, token: str) -> None:
        """End it."""


class Front:
    """The door of the API: a live session's cookie, else a signature."""

    reasons = False

    def __init__(
        self,
        callers: Callers,
        clock: Clock,
        *,
        visitors: Visitors | None = None,
        authenticators: Mapping[str, Authenticate] | None = None,
        enforced: Callable[[], bool] = lambda: False,
    ) -> None:
        """`enforced` tells what `ENFORCE` is set to."""
        self.authenticators = authenticators or {}
        self._callers = callers
        self._clock = clock
        self._visitors = visitors
        self._enforced = enforced

    def admit(self, asked: Asked, parameters: Mapping[str, str], command: Command | None) -> Principal:
        """Who asks. An unknown command is told as such to a session only: a signature's owner is not known yet."""
        enforced = self._enforced()
        if enforced and command is not None and command.mutates and asked.method != "POST":
            raise PostOnly(command=command.name)
        visitor = self._visitor(asked, parameters)
        if visitor is None:
            if command is None:
                raise Unauthenticated
            return signature.authenticate(parameters, self._callers, self._clock, strictly=enforced)
        if "command" not in parameters:
            raise NoCommand
        if command is None:
            raise NotAvailable(command=parameters["command"])
        return visitor

    def _visitor(self, asked: Asked, parameters: Mapping[str, str]) -> Principal | None:
        """The owner of the session that is asked in, None outside of any. A wrong key ends the session."""
        token = asked.cookies.get(cookie.TOKEN)
        if token is None or self._visitors is None:
            return None
        found = self._visitors.find(token)
        if found is None:
            return None
        keys = asked.cookies.get(cookie.KEY), parameters.get(cookie.KEY)
        if not found.usable or not all(key is not None and found.opens_with(key) for key in keys):
            self._visitors.forget(token)
            raise Unauthenticated
        self._visitors.touch(token, found)
        return found.principal
