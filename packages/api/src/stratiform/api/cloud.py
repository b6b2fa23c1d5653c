"""What a command's handler may do with the cloud: read, and submit work."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
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


@dataclass(frozen=True, kw_only=True)
class Token:
    """What a caller gives along with a change, so that it happens once however often it is sent."""

    text: str
    request: str
    """Opaque: tells what is asked from anything else that may come with the same text."""
    same: Callable[[str], bool]
    """Whether the `request` of an earlier token tells of what this one comes with."""
    until: int
    """When it may be forgotten, in microseconds of UTC."""
    job: str | None = None
    """The UUID that the caller wishes for the job; it gets it if it is free."""
    keeps: Mapping[str, str] = field(default_factory=dict)
    """What `change` keeps and answers with the row; nothing that must not lie in the database as it is."""


class Cloud(Protocol):
    """Reads, and `submit`: everything a handler, ours or a plug-in's, may ask of the engine."""

    def list(self, kind: str, who: Principal, action: str, query: Query) -> Page:
        """The entities of a kind (`vm`, `zone`, …) that the principal may see, narrowed by the query."""

    def find(self, kind: str, who: Principal, action: str, uuid: str) -> Mapping[str, object]:
        """One entity, removed or not, as a row of its list. Raises `NotFound` if it may not be seen."""

    def submit(
        self, command: str, who: Principal, arguments: Mapping[str, object], token: Token | None = None
    ) -> Submitted:
        """Accept a command's work: its entity, its claims and its job in one transaction.

        `arguments` are the command's parameters by wire name, typed as declared, ids as UUIDs. Raises
        `NotFound` for what the principal may not see, `Invalid`, `Conflict` or `Denied` with nothing written.
        With a token that was used nothing is done, and what was accepted then is answered.
        """

    def change(
        self, command: str, who: Principal, arguments: Mapping[str, object], token: Token | None = None
    ) -> Mapping[str, object]:
        """Do a command that only writes the database, in one transaction, and answer the entity as a row.

        With a token that was used nothing is done, and the row that was answered then is answered again.
        """

    def recall(self, command: str, who: Principal, token: Token) -> Mapping[str, object] | None:
        """The row that was answered with the token; None if it was not used, empty if no row was answered yet."""
