"""Find hosts for machines and claim what they need there: all the machines of a batch at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import sqlalchemy

from stratiform.api.adapters.placement import HostTable, Placement, Ranking, Request
from stratiform.engine.capacity import service as capacity
from stratiform.engine.host.states import State as HostState
from stratiform.engine.host.table import host
from stratiform.engine.registry import Row
from stratiform.engine.tools import Tools
from stratiform.engine.vm.jobs.read import Machine
from stratiform.framework.agents.states import State as Connection
from stratiform.framework.agents.table import resource
from stratiform.framework.base import errors
from stratiform.framework.jobs.work import Work


class NoCapacity(errors.Error):
    """No host can take {name} ({cpu} MHz, {memory} MiB): {why}."""

    code = "insufficient_server_capacity"


OPEN = (HostState.ENABLED,)
CHOSEN = (*OPEN, HostState.DISABLED)
"""States of hosts that machines are placed on, and of one that an operator chose."""

_PLACE = ("id", "uuid", "state", "zone_id", "pod_id", "cluster_id", "hypervisor")
_ROOM = ("cpu_total", "cpu_used", "memory_total", "memory_used", "vms")

_USABLE = (
    sqlalchemy.select(*(host.c[name] for name in _PLACE + _ROOM))
    .join(resource, resource.c.id == host.c.id)
    .where(
        host.c.zone_id.in_(sqlalchemy.bindparam("zones", expanding=True)),
        host.c.state.in_(CHOSEN),
        host.c.removed.is_(None),
        resource.c.state == Connection.UP,
    )
    .order_by(host.c.id)
)


def place(work: Work, wanted: Mapping[int, Machine], pinned: Mapping[int, int]) -> Mapping[int, Row | errors.Error]:
    """A host with room claimed, or why there is none, for each machine by its id.

    `pinned` names the one host that a machine may go to, because an operator chose it. Advisers rank; the database
    confirms each claim by one conditional update, first for all machines of a host together, then one by one where
    they do not all fit.
    """
    zones = sorted({each.row.zone_id for each in wanted.values()})
    rows = work.tx.execute(_USABLE, {"zones": zones}).all() if zones else []
    groups: dict[tuple[int, str, frozenset[int], int | None], list[Machine]] = {}
    for id, machine in wanted.items():
        where = (machine.row.zone_id, machine.row.hypervisor, machine.clusters, pinned.get(id))
        groups.setdefault(where, []).append(machine)
    placed: dict[int, Row | errors.Error] = {}
    for (zone, hypervisor, clusters, only), members in groups.items():
        admitting = OPEN if only is None else CHOSEN
        hosts = {
            each.uuid: each
            for each in rows
            if each.state in admitting
            and each.zone_id == zone
            and each.hypervisor == hypervisor
            and clusters <= {each.cluster_id}
            and only in (None, each.id)
        }
        placed |= _Choice(work, work.the(Tools).placement(zone), hosts, admitting).place(members)
    return placed


@dataclass(frozen=True)
class _Choice:
    """The hosts that machines of one group may go to."""

    work: Work
    adviser: Placement
    hosts: Mapping[str, Row]
    admitting: Sequence[HostState]

    @cached_property
    def _table(self) -> HostTable:
        hosts = self.hosts.values()
        return HostTable(
            ids=[each.uuid for each in hosts],
            pods=[str(each.pod_id) for each in hosts],
            clusters=[str(each.cluster_id) for each in hosts],
            cpu_total=[each.cpu_total for each in hosts],
            cpu_used=[each.cpu_used for each in hosts],
            memory_total=[each.memory_total for each in hosts],
            memory_used=[each.memory_used for each in hosts],
            vms=[each.vms for each in hosts],
        )

    def place(self, members: Sequence[Machine]) -> dict[int, Row | errors.Error]:
        """Each on its best host, and where that has not room for all, one by one."""
        best = [self._first(each) for each in self._rank([_request(each) for each in members])]
        granted = self._claim([(each, to) for each, to in zip(members, best, strict=True) if to is not None])
        return {
            each.row.id: to if to is not None and to.id in granted else self._alone(each)
            for each, to in zip(members, best, strict=True)
        }

    def _alone(self, machine: Machine) -> Row | errors.Error:
        """A host for one machine: the candidates in turn, then the next ones, until none is left."""
        full: frozenset[str] = frozenset()
        while True:
            (ranking,) = self._rank([_request(machine, full)])
            for uuid in ranking.hosts:
                if self._claim([(machine, self.hosts[uuid])]):
                    return self.hosts[uuid]
            if not ranking.hosts:
                return _refusal(machine, ranking, full)
            full |= set(ranking.hosts)

    def _rank(self, requests: Sequence[Request]) -> Sequence[Ranking]:
        return self.adviser.rank(requests, self._table)

    def _first(self, ranking: Ranking) -> Row | None:
        return self.hosts[ranking.hosts[0]] if ranking.hosts else None

    def _claim(self, wanted: Iterable[tuple[Machine, Row]]) -> set[int]:
        claims = [(to.id, each.row.cpus * each.row.speed, each.row.memory, 1) for each, to in wanted]
        return capacity.claim_hosts(self.work.tx, claims, admitting=self.admitting)


def _request(machine: Machine, avoid: frozenset[str] = frozenset()) -> Request:
    return Request(
        vm=machine.row.uuid, cpu=machine.row.cpus * machine.row.speed, memory=machine.row.memory, avoid=avoid
    )


def _refusal(machine: Machine, ranking: Ranking, full: frozenset[str]) -> NoCapacity:
    reasons = [why for uuid, why in ranking.refused.items() if uuid not in full]
    if full:
        reasons.append(f"others took the last room of {len(full)} hosts")
    return NoCapacity(
        name=machine.row.name,
        cpu=machine.row.cpus * machine.row.speed,
        memory=machine.row.memory,
        why=_why(reasons),
    )


def _why(reasons: Iterable[str]) -> str:
    return "; ".join(sorted(set(reasons))[:3]) or "no connected and enabled host of its hypervisor reaches it"
