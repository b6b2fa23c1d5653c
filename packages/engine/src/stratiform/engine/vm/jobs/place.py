"""Find hosts for machines and claim what they need there: all the machines of a batch at once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import NamedTuple

import sqlalchemy

from stratiform.api.adapters.placement import HostTable, Placement, Ranking, Request
from stratiform.engine.capacity import service as capacity
from stratiform.engine.cluster.table import cluster
from stratiform.engine.host.rules import split
from stratiform.engine.host.states import State as HostState
from stratiform.engine.host.table import circuit, host, its_circuit
from stratiform.engine.pod.table import pod
from stratiform.engine.registry import Row
from stratiform.engine.tools import Tools
from stratiform.engine.vm.jobs.read import Machine
from stratiform.engine.zone.states import Allocation
from stratiform.engine.zone.table import zone
from stratiform.framework.agents.states import State as Connection
from stratiform.framework.agents.table import resource
from stratiform.framework.base import errors
from stratiform.framework.db.database import Transaction
from stratiform.framework.jobs.work import Work


class NoCapacity(errors.Error):
    """No host can take {name} ({cpu} MHz, {memory} MiB): {why}."""

    code = "insufficient_server_capacity"


OPEN = (HostState.ENABLED,)
CHOSEN = (*OPEN, HostState.DISABLED)
"""States of hosts that machines are placed on, and of one that an operator chose."""

NOWHERE = "no other host that is connected and open for it has its hypervisor and tags and reaches its disks"

_PLACE = ("id", "uuid", "name", "state", "zone_id", "pod_id", "cluster_id", "hypervisor", "tags")
_ROOM = ("cpu_total", "cpu_used", "memory_total", "memory_used", "vms")

_USABLE = (
    sqlalchemy.select(
        *(host.c[name] for name in _PLACE + _ROOM),
        sqlalchemy.and_(*(each.c.state == Allocation.ENABLED for each in (zone, pod, cluster))).label("is_open"),
        circuit.c.since.label("circuit"),
    )
    .join(resource, resource.c.id == host.c.id)
    .join(zone, zone.c.id == host.c.zone_id)
    .join(pod, pod.c.id == host.c.pod_id)
    .join(cluster, cluster.c.id == host.c.cluster_id)
    .outerjoin(circuit, its_circuit)
    .where(
        host.c.zone_id.in_(sqlalchemy.bindparam("zones", expanding=True)),
        host.c.state.in_(CHOSEN),
        host.c.removed.is_(None),
        host.c.equipped == host.c.silences,
        resource.c.state == Connection.UP,
    )
    .order_by(host.c.id)
)


class Where(NamedTuple):
    """What decides which hosts a machine may go to; machines that agree in it are placed together."""

    zone: int
    hypervisor: str
    clusters: frozenset[int]
    """Those that it is tied to, by its disks, or because it runs: a machine moves among hosts that are alike."""
    tags: frozenset[str]
    only: int | None
    """The one host that an operator chose."""
    leaving: int | None
    """The host that it runs on."""
    avoided: frozenset[int]
    """Hosts that failed to start it just now."""
    closed: bool
    """Whether it may go where zone, pod or cluster are closed for tenants, or stay there."""

    def admits(self, each: Row) -> bool:
        """Whether a host is one of them."""
        return (
            each.state in self.admitting
            and (each.zone_id, each.hypervisor) == (self.zone, self.hypervisor)
            and self.clusters <= {each.cluster_id}
            and self.only in (None, each.id)
            and self.leaving != each.id
            and each.id not in self.avoided
            and self.tags <= split(each.tags)
            and (self.closed or each.is_open)
        )

    @property
    def admitting(self) -> Sequence[HostState]:
        """The states of hosts that give it anything."""
        return OPEN if self.only is None else CHOSEN


def place(
    work: Work,
    wanted: Mapping[int, Machine],
    pinned: Mapping[int, int],
    avoided: Mapping[int, frozenset[int]] = MappingProxyType({}),
) -> Mapping[int, Row | errors.Error]:
    """A host with room claimed, or why there is none, for each machine by its id; one that runs, elsewhere.

    `pinned` names the one host that a machine may go to, because an operator chose it; `avoided` those that it may
    not. Advisers rank; the database
    confirms each claim by one conditional update, first for all machines of a host together, then one by one where
    they do not all fit.
    """
    placed: dict[int, Row | errors.Error] = {}
    for where, hosts, silent, members in _groups(work.tx, wanted, pinned, avoided):
        choice = _Choice(work.the(Tools).placement(where.zone), hosts, silent)
        placed |= choice.place(work.tx, members, where.admitting)
    return placed


def advise(tx: Transaction, tools: Tools, wanted: Mapping[int, Machine]) -> Mapping[int, Row | errors.Error]:
    """What `place` would answer now for these machines, with nothing claimed and nothing written."""
    advised: dict[int, Row | errors.Error] = {}
    for where, hosts, silent, members in _groups(tx, wanted, {}, {}):
        advised |= _Choice(tools.placement(where.zone), hosts, silent).advise(members)
    return advised


def _groups(
    tx: Transaction,
    wanted: Mapping[int, Machine],
    pinned: Mapping[int, int],
    avoided: Mapping[int, frozenset[int]],
) -> Iterator[tuple[Where, Mapping[str, Row], int, Sequence[Machine]]]:
    """Machines that may go to the same hosts, these by their UUID, and how many are none for they do not answer.

    A host whose circuit is open is none of them while there is another: if it is so with all, what they share is
    slow, such as their storage, and to avoid them would avail nobody. So it is with the one that an operator chose.
    """
    zones = sorted({each.row.zone_id for each in wanted.values()})
    rows = tx.execute(_USABLE, {"zones": zones}).all() if zones else []
    groups: dict[Where, list[Machine]] = {}
    for id, machine in wanted.items():
        groups.setdefault(_where(machine, pinned.get(id), avoided.get(id, frozenset())), []).append(machine)
    for where, members in groups.items():
        admitting = [each for each in rows if where.admits(each)]
        hosts = [each for each in admitting if each.circuit is None] or admitting
        yield where, {each.uuid: each for each in hosts}, len(admitting) - len(hosts), members


def _where(machine: Machine, only: int | None, avoided: frozenset[int]) -> Where:
    row = machine.row
    home = frozenset() if row.host_id is None else frozenset({row.host_cluster_id})
    return Where(
        zone=row.zone_id,
        hypervisor=row.hypervisor,
        clusters=machine.clusters | home,
        tags=machine.tags,
        only=only,
        leaving=row.host_id,
        avoided=avoided,
        closed=only is not None or row.host_id is not None or machine.is_roots,
    )


@dataclass(frozen=True)
class _Choice:
    """The hosts that machines of one group may go to."""

    adviser: Placement
    hosts: Mapping[str, Row]
    silent: int
    """Hosts beside these whose circuit is open."""

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

    def place(
        self, tx: Transaction, members: Sequence[Machine], admitting: Sequence[HostState]
    ) -> dict[int, Row | errors.Error]:
        """Each on its best host, and where that has not room for all, one by one."""

        def claim(wanted: Iterable[tuple[Machine, Row]]) -> set[int]:
            return capacity.claim_hosts(tx, [each.claim_on(to.id) for each, to in wanted], admitting=admitting)

        def alone(machine: Machine) -> Row | errors.Error:
            """A host for one machine: the candidates in turn, then the next ones, until none is left."""
            full: frozenset[str] = frozenset()
            while True:
                (ranking,) = self._rank([_request(machine, full)])
                for uuid in ranking.hosts:
                    if claim([(machine, self.hosts[uuid])]):
                        return self.hosts[uuid]
                if not ranking.hosts:
                    return self._refusal(machine, ranking, full)
                full |= set(ranking.hosts)

        best = [self._first(each) for each in self._rank([_request(each) for each in members])]
        granted = claim([(each, to) for each, to in zip(members, best, strict=True) if to is not None])
        return {
            each.row.id: to if to is not None and to.id in granted else alone(each)
            for each, to in zip(members, best, strict=True)
        }

    def advise(self, members: Sequence[Machine]) -> dict[int, Row | errors.Error]:
        """The best host of each, or why there is none."""
        rankings = self._rank([_request(each) for each in members])
        return {
            each.row.id: self._first(ranking) or self._refusal(each, ranking, frozenset())
            for each, ranking in zip(members, rankings, strict=True)
        }

    def _rank(self, requests: Sequence[Request]) -> Sequence[Ranking]:
        return self.adviser.rank(requests, self._table)

    def _first(self, ranking: Ranking) -> Row | None:
        return self.hosts[ranking.hosts[0]] if ranking.hosts else None

    def _refusal(self, machine: Machine, ranking: Ranking, full: frozenset[str]) -> NoCapacity:
        reasons = [why for uuid, why in ranking.refused.items() if uuid not in full]
        if full:
            reasons.append(f"others took the last room of {len(full)} hosts")
        why = _why(reasons)
        if self.silent:
            why += f"; {self.silent} more answer no commands now"
        cpu = machine.row.cpus * machine.row.speed
        return NoCapacity(name=machine.row.name, cpu=cpu, memory=machine.row.memory, why=why)


def _request(machine: Machine, avoid: frozenset[str] = frozenset()) -> Request:
    return Request(
        vm=machine.row.uuid, cpu=machine.row.cpus * machine.row.speed, memory=machine.row.memory, avoid=avoid
    )


def _why(reasons: Iterable[str]) -> str:
    return "; ".join(sorted(set(reasons))[:3]) or NOWHERE
