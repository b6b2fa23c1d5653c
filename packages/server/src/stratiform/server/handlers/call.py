"""One call of a command, as its handler gets it, and what handlers work with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from stratiform.api.access import Access
from stratiform.api.cloud import Cloud, Page, Query, Token
from stratiform.api.command import Command
from stratiform.api.principal import Principal
from stratiform.engine.api import Fact
from stratiform.framework.config.option import Option, between
from stratiform.server.answer import Body
from stratiform.server.configuration import Configuration
from stratiform.server.credential.credentials import Credentials
from stratiform.server.patience import Patience
from stratiform.server.token import Tokens

PAGE_SIZE = Option(
    "default.page.size",
    500,
    "How many objects a list answers at most at once, and where nobody asks for pages.",
    group="Management Server",
    subgroup="API",
    check=between(1, 10_000),
)


@dataclass(frozen=True, kw_only=True)
class Call:
    """A command, who calls it, and with what; on which entities the caller may is the cloud's to decide."""

    command: Command
    who: Principal
    arguments: Mapping[str, object]
    """By parameter name, typed as declared; ids as UUIDs."""
    most: int = PAGE_SIZE.default
    """Objects of a page at most, and where nobody asks for pages."""
    token: Token | None = None
    """Given to whatever changes something, so that it happens once."""


class Jobs(Protocol):
    """The jobs that a principal may see."""

    def find(self, job: str, who: Principal) -> Fact:
        """The job of this UUID. Raises `NotFound`, for somebody else's too."""

    def latest(self, resource: str, who: Principal) -> Fact:
        """The newest job about a resource. Raises `NotFound`."""

    def list(self, who: Principal, query: Query) -> tuple[int, Sequence[Fact]]:
        """How many jobs match, and one page of them, newest first.

        Filters: keyword, account, domainid, listall, isrecursive, startdate, resource.
        """


class Plans(Protocol):
    """What maintenance would do."""

    def rows(self, who: Principal, action: str, uuid: str) -> Sequence[Mapping[str, object]]:
        """What would become of each machine on a host. Raises `NotFound` and `Denied`."""


class Queues(Protocol):
    """What of the queues takes more than a list."""

    def stages(self, who: Principal, action: str, query: Query) -> Page:
        """A page of stages, with the age of the first in line."""

    def job(self, who: Principal, action: str, uuid: str) -> Mapping[str, object]:
        """Everything about a job. Raises `NotFound`."""

    def aged(self, filters: Mapping[str, object]) -> Mapping[str, object]:
        """The filters of a list of jobs with ages as times. Raises `BadParameter`."""

    def steer(
        self, who: Principal, action: str, arguments: Mapping[str, object], act: Callable[[str], str]
    ) -> Mapping[str, object]:
        """Do something to each job that the arguments match; `act` does it to one and says what happens next.

        Raises `Invalid` if nothing says which, and `NotFound`.
        """


@dataclass(frozen=True, kw_only=True)
class Services:
    """What handlers work with."""

    commands: Mapping[str, Command]
    cloud: Cloud
    jobs: Jobs
    access: Access
    patience: Patience
    config: Configuration
    credentials: Credentials
    tokens: Tokens
    hypervisors: Sequence[str]
    """The names of those that are installed."""
    plans: Plans
    queues: Queues


Handler = Callable[[Call], Body]
"""Carries a call out and returns what stands under the wrapper. Raises an `Error` with nothing written."""

Make = Callable[[Services], Handler]
"""Makes a handler of what it works with."""
