"""The hosts that fit one size of virtual machine, kept in order while others are placed."""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Set
from itertools import islice
from typing import TypeAlias

from stratiform.api.adapters.placement import CANDIDATES, Ranking
from stratiform.plugins.placement.spread.load import Load

Score: TypeAlias = tuple[float, int, str, int]
"""How good a host is, the lowest best; its id and its row come last, so that no two are equal."""
Rule: TypeAlias = Callable[[float, int, str, int], Score]
"""Scores a host by its share in use afterwards, its virtual machines, its id and its row."""

AVOIDED = "avoid: another host needed, this one is excluded by the request"


class Shortlist:
    """The rows that fit a size, best first, and why the others do not.

    Sorted once; afterwards only the rows that a placement changed are looked at again, so that the second
    request of a size costs a few bisections instead of a walk over every host.
    """

    def __init__(self, load: Load, rule: Rule, cpu: int, memory: int) -> None:
        self._load, self._rule, self._cpu, self._memory = load, rule, cpu, memory
        self._seen = len(load.placed)
        self._score: dict[int, Score] = {}
        self._refused: dict[str, str] = {}
        self._judge(range(len(load.hosts.ids)))
        self._best = sorted(self._score.values())

    def rank(self, avoid: Set[str]) -> tuple[Ranking, int | None]:
        """The ranking as things stand, and the row of its first host."""
        self._catch_up()
        allowed = (score for score in self._best if score[2] not in avoid)
        best = list(islice(allowed, CANDIDATES))
        refused = self._refused.copy()
        if avoid:
            refused.update((host, AVOIDED) for host in self._load.hosts.ids if host in avoid)
        return Ranking(hosts=[score[2] for score in best], refused=refused), best[0][3] if best else None

    def _catch_up(self) -> None:
        changed = set(self._load.placed[self._seen :])
        self._seen = len(self._load.placed)
        for row in changed & self._score.keys():
            del self._best[bisect_left(self._best, self._score.pop(row))]
        self._judge(changed)
        for row in changed & self._score.keys():
            insort(self._best, self._score[row])

    def _judge(self, rows: Iterable[int]) -> None:
        ids, vms, rule = self._load.hosts.ids, self._load.vms, self._rule
        for row, share in self._load.shares(rows, self._cpu, self._memory):
            if isinstance(share, str):
                self._refused[ids[row]] = share
            else:
                self._score[row] = rule(share, vms[row], ids[row], row)
