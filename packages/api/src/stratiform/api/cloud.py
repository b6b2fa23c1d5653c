"""What a command's handler may do with the cloud: read, and submit work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from stratiform.api.principal import Principal


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of a list."""

    count: int
    """Matches before paging."""
    rows: Sequence[Mapping[str, object]]
    """Each row by the names of the wire's fields; what is absent is left out of the answer."""
    fresh: bool = False
    """Whether the rows, and those in them, were made for this page alone and hold no None: then they may be changed."""
    fields: frozenset[str] | None = None
    """Names beyond which no row goes, if that is known: then nobody need look at each."""


@dataclass(frozen=True, kw_only=True)
class Query:
    """What a list command asks for."""

    filters: Mapping[str, object]
    """By the names of the wire's parameters, typed as the command declares them."""
    page: int | None = None
    """From 1."""
    pagesize: int | None = None
    """Rows of a page; None is the default of 500, -1 all."""


@dataclass(frozen=True, kw_only=True)
class Submitted:
    """Work that was accepted and is durable."""

    job: str
    """UUID of the job."""
    entity: str | None = None
    """UUID of the entity that was made with it."""


class Cloud(Protocol):
    """Reads, and `submit`: everything a handler, ours or a plug-in's, may ask of the engine."""

    def list(self, kind: str, who: Principal, action: str, query: Query) -> Page:
        """The entities of a kind (`vm`, `zone`, …) that the principal may see, narrowed by the query."""

    def find(self, kind: str, who: Principal, action: str, uuid: str) -> Mapping[str, object]:
        """One entity, removed or not, as a row of its list. Raises `NotFound` if it may not be seen."""

    def submit(self, command: str, who: Principal, arguments: Mapping[str, object]) -> Submitted:
        """Accept a command's work: its entity, its claims and its job in one transaction.

        `arguments` are the command's parameters by wire name, typed as declared, ids as UUIDs. Raises
        `NotFound` for what the principal may not see, `Invalid`, `Conflict` or `Denied` with nothing written.
        """

    def change(self, command: str, who: Principal, arguments: Mapping[str, object]) -> Mapping[str, object]:
        """Do a command that only writes the database, in one transaction, and answer the entity as a row."""
