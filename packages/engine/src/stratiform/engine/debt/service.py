"""What a job keeps until hosts tell what became of their commands, and which host owes which answer since when."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy
from sqlalchemy import Connection

from stratiform.api import resource
from stratiform.engine.address.table import address
from stratiform.engine.host.table import host
from stratiform.engine.network.table import nic
from stratiform.engine.registry import Row
from stratiform.engine.vm.table import vm
from stratiform.engine.volume.table import volume
from stratiform.framework.jobs.inspect import Facts
from stratiform.framework.jobs.state import State

COMMAND = ".command"
"""How kinds of jobs end that carry a command to a resource."""


@dataclass(frozen=True, kw_only=True)
class _Owed:
    """A command that was begun and is not answered; `since` it was filed, however often another server took it over."""

    command: str
    host: str
    since: int

    @property
    def told(self) -> Mapping[str, object]:
        return {"commandid": self.command, "hostid": self.host, "since": self.since}


def keeps(connection: Connection, uuid: str, tree: Sequence[Facts]) -> list[Mapping[str, object]]:
    """What is claimed for a job of this tree, and not given back before commands to hosts are answered.

    A command of the job itself or of anything that came of it, and of a host that hangs as of one that is quick: who
    looks tells by `since` which it is. Empty where no answer is owed. At most four statements.
    """
    owed = _owed(uuid, tree)
    machines = _machines(connection, _of("vm", owed))
    found = [
        *_claims(connection, machines, owed),
        *_addresses(connection, machines, owed),
        *_disks(connection, machines, owed),
    ]
    return sorted(found, key=lambda each: (str(each["since"]), str(each["resourcetype"]), str(each["name"])))


def _owed(uuid: str, tree: Sequence[Facts]) -> dict[str, _Owed]:
    """The oldest answer that is owed by what it concerns, as in `vm/UUID`: of a command, what it was filed for."""
    known = {each.uuid: each for each in tree}
    found: dict[str, _Owed] = {}
    for each in tree:
        if each.state is not State.RUNNING or not each.kind.endswith(COMMAND):
            continue
        above = list(_above(each, known))
        if uuid not in {job.uuid for job in above}:
            continue
        owed = _Owed(command=each.uuid, host=str(each.resource).partition("/")[2], since=each.created)
        for about in {job.resource for job in above[1:]} - {None}:
            if str(about) not in found or owed.since < found[str(about)].since:
                found[str(about)] = owed
    return found


def _above(job: Facts, known: Mapping[str, Facts]) -> Iterator[Facts]:
    """A job, and those that wait for it."""
    here: Facts | None = job
    while here is not None:
        yield here
        here = known.get(here.parent or "")


def _of(kind: str, owed: Collection[str]) -> list[str]:
    """The UUIDs of what is of a kind."""
    return sorted(each.partition("/")[2] for each in owed if each.startswith(f"{kind}/"))


def _machines(connection: Connection, uuids: Sequence[str]) -> Mapping[int, Row]:
    if not uuids:
        return {}
    found = sqlalchemy.select(vm).where(vm.c.uuid.in_(uuids), vm.c.removed.is_(None))
    return {row.id: row for row in connection.execute(found)}


def _claims(
    connection: Connection, machines: Mapping[int, Row], owed: Mapping[str, _Owed]
) -> Iterator[Mapping[str, object]]:
    """The machines, and what each takes of the host that it is on, and of the one that it moves to."""
    homes = {id for row in machines.values() for id in (row.host_id, row.to_host_id) if id is not None}
    hosts = {}
    if homes:
        found = sqlalchemy.select(host.c.id, host.c.uuid, host.c.name).where(host.c.id.in_(sorted(homes)))
        hosts = {row.id: row for row in connection.execute(found)}
    for row in machines.values():
        debt = owed[f"vm/{row.uuid}"].told
        yield {**_named("vm", row.uuid, row.name), **debt}
        for id in filter(None, (row.host_id, row.to_host_id)):
            amounts = {"cpunumber": row.cpus, "cpuspeed": row.speed, "memory": row.memory}
            yield {**_named("host", hosts[id].uuid, hosts[id].name), **amounts, **debt}


def _addresses(
    connection: Connection, machines: Mapping[int, Row], owed: Mapping[str, _Owed]
) -> Iterator[Mapping[str, object]]:
    if not machines:
        return
    found = (
        sqlalchemy.select(address.c.uuid, address.c.ip4, nic.c.vm_id)
        .join(nic, nic.c.address_id == address.c.id)
        .where(nic.c.vm_id.in_(sorted(machines)), nic.c.removed.is_(None))
    )
    for row in connection.execute(found):
        yield {**_named("address", row.uuid, row.ip4), **owed[f"vm/{machines[row.vm_id].uuid}"].told}


def _disks(
    connection: Connection, machines: Mapping[int, Row], owed: Mapping[str, _Owed]
) -> Iterator[Mapping[str, object]]:
    """Those that have room in a pool: of the machines, and those that a command is about by themselves."""
    named = _of("volume", owed)
    if not machines and not named:
        return
    concerned = sqlalchemy.or_(volume.c.vm_id.in_(sorted(machines)), volume.c.uuid.in_(named))
    found = sqlalchemy.select(volume).where(concerned, volume.c.pool_id.is_not(None), volume.c.removed.is_(None))
    for row in connection.execute(found):
        debt = owed.get(f"volume/{row.uuid}") or owed[f"vm/{machines[row.vm_id].uuid}"]
        yield {**_named("volume", row.uuid, row.name), "size": row.size, **debt.told}


def _named(kind: str, uuid: str, name: str) -> Mapping[str, object]:
    return {"resourcetype": resource.name(kind), "resourceid": uuid, "name": name}
