"""Three ways to choose among hosts: the emptiest, the first of the table, or the fullest that fits."""

from collections.abc import Sequence
from typing import ClassVar

from stratiform.api.adapters.placement import HostTable, Ranking, Request
from stratiform.plugins.placement.spread.load import Load
from stratiform.plugins.placement.spread.shortlist import Rule, Score, Shortlist


def emptiest(share: float, vms: int, host: str, row: int) -> Score:
    """The least loaded first, then the one with fewest virtual machines, then by id."""
    return share, vms, host, row


def fullest(share: float, vms: int, host: str, row: int) -> Score:
    """The most loaded first, then the one with most virtual machines, then by id."""
    return -share, -vms, host, row


def first(share: float, vms: int, host: str, row: int) -> Score:
    """In the order of the table."""
    return 0.0, row, host, row


def rank(requests: Sequence[Request], hosts: HostTable, rule: Rule) -> Sequence[Ranking]:
    """One ranking for each request, each taking those before it to be on their first host."""
    load = Load(hosts)
    shortlists: dict[tuple[int, int], Shortlist] = {}
    rankings = []
    for request in requests:
        size = request.cpu, request.memory
        if size not in shortlists:
            shortlists[size] = Shortlist(load, rule, *size)
        ranking, best = shortlists[size].rank(request.avoid)
        rankings.append(ranking)
        if best is not None:
            load.place(best, request)
    return rankings


class Spread:
    """Least loaded first, by the larger of the shares of processor and memory that would be in use."""

    name: ClassVar[str] = "spread"
    order: ClassVar[int] = 100

    def rank(self, requests: Sequence[Request], hosts: HostTable) -> Sequence[Ranking]:
        """One ranking for each request, the emptiest host first."""
        return rank(requests, hosts, emptiest)


class FirstFit:
    """The first host of the table that fits."""

    name: ClassVar[str] = "firstfit"
    order: ClassVar[int] = 200

    def rank(self, requests: Sequence[Request], hosts: HostTable) -> Sequence[Ranking]:
        """One ranking for each request, hosts in the order of the table."""
        return rank(requests, hosts, first)


class Pack:
    """Most loaded first, so that other hosts stay empty."""

    name: ClassVar[str] = "pack"
    order: ClassVar[int] = 300

    def rank(self, requests: Sequence[Request], hosts: HostTable) -> Sequence[Ranking]:
        """One ranking for each request, the fullest host that fits first."""
        return rank(requests, hosts, fullest)


spread = Spread()
firstfit = FirstFit()
pack = Pack()
"""What the entry points name: they hold nothing."""
