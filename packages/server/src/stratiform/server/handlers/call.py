"""One call of a command, as its handler gets it, and what handlers work with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from stratiform.api.access import ApiAccess
from stratiform.api.cloud import Cloud, Query
from stratiform.api.command import Command
from stratiform.api.principal import Principal
from stratiform.engine.api import Fact
from stratiform.server.answer import Body
from stratiform.server.patience import Patience


@dataclass(frozen=True, kw_only=True)
class Call:
    """A command, who calls it, and with what; on which entities the caller may is the cloud's to decide."""

    command: Command
    who: Principal
    arguments: Mapping[str, object]
    """By parameter name, typed as declared; ids as UUIDs."""


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


@dataclass(frozen=True, kw_only=True)
class Services:
    """What handlers work with."""

    commands: Mapping[str, Command]
    cloud: Cloud
    jobs: Jobs
    access: ApiAccess
    patience: Patience


Handler = Callable[[Call], Body]
"""Carries a call out and returns what stands under the wrapper. Raises an `Error` with nothing written."""

Make = Callable[[Services], Handler]
"""Makes a handler of what it works with."""
