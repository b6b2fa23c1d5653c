"""The placement adapter: an adviser that ranks hosts for virtual machines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

CANDIDATES = 8
"""How many hosts a ranking names at most; who loses the claims of all of them asks for a new ranking."""


@dataclass(frozen=True, kw_only=True)
class HostTable:
    """The hosts that may take work, as columns: row i of each is the same host."""

    ids: Sequence[str]
    """UUIDs."""
    pods: Sequence[str]
    clusters: Sequence[str]
    cpu_total: Sequence[int]
    """MHz, over-commitment included."""
    cpu_used: Sequence[int]
    """MHz."""
    memory_total: Sequence[int]
    """MiB, over-commitment included."""
    memory_used: Sequence[int]
    """MiB."""
    vms: Sequence[int]
    """How many virtual machines live there."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """One virtual machine that wants a host."""

    vm: str
    cpu: int
    """MHz of all its processors."""
    memory: int
    """MiB."""
    avoid: frozenset[str] = frozenset()
    """Hosts that it must not be placed on."""


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """Hosts for one request, best first; and why others cannot take it."""

    hosts: Sequence[str]
    """At most `CANDIDATES`, each with room for the request."""
    refused: Mapping[str, str]
    """Per host that cannot take the request, the first rule that failed, what is needed and what there is.

    For example `memory: 2048 MiB needed, 512 MiB free`. A host that is in neither had room, and was not among
    the best.
    """


class Placement(Protocol):
    """Ranks hosts. Pure: the same snapshot gives the same answer. A conditional update confirms it later."""

    name: str
    order: int

    def rank(self, requests: Sequence[Request], hosts: HostTable) -> Sequence[Ranking]:
        """One ranking for each request, in their order; each takes those before it to be on their first host.

        If a ranking names no host, every host is refused in it. A host with too little of something is
        refused for `cpu` (MHz) or `memory` (MiB), and one that the request avoids for `avoid`.
        """
