"""Start a virtual machine: find it a host, give it what it lacks, then boot it there."""

from collections.abc import Sequence

import msgspec

from stratiform.api.adapters.hypervisor import Hypervisor
from stratiform.engine.capacity import service as capacity
from stratiform.engine.host.jobs.command import send
from stratiform.engine.network.jobs.prepare import Prepare, prepare
from stratiform.engine.vm.jobs.change import change
from stratiform.engine.vm.jobs.place import place as find_hosts
from stratiform.engine.vm.jobs.read import Machine, machine, machines
from stratiform.engine.vm.states import Event, Power, State
from stratiform.engine.vm.states import machine as states
from stratiform.engine.volume.jobs.create import Create, create
from stratiform.engine.volume.states import State as VolumeState
from stratiform.framework.agents.message import message
from stratiform.framework.base import errors
from stratiform.framework.jobs.kind import Job, Priority, Step, as_it_is, step
from stratiform.framework.jobs.run import Run
from stratiform.framework.jobs.work import Work


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """Which machine, and the one host that it may go to if somebody chose."""

    vm: int
    host: int | None = None


HOSTS = 3
"""Hosts that a machine is tried on before its start fails."""


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """What a start remembers of hosts that failed to start it: which, and why the last did."""

    hosts: list[int] = []
    error: dict[str, object] = {}


@step(priority=Priority.CONTROL, batch=True)
def place(work: Work, runs: Sequence[Run[Start]]) -> None:
    """Claim room on a host for each; one that runs already has nothing left to do."""
    there = machines(work.tx, [run.payload.vm for run in runs])
    wanted: dict[int, Machine] = {}
    for run in runs:
        row = there[run.payload.vm].row
        if row.state == State.RUNNING:
            work.complete(run)
        elif not states.allows(row.state, Event.START):
            work.fail(run, errors.Conflict(kind="virtual machine", id=row.uuid, state=row.state, action="starting it"))
        else:
            wanted[row.id] = there[row.id]
    pinned = {run.payload.vm: run.payload.host for run in runs if run.payload.host is not None}
    tried = {run.payload.vm: _tried(run) for run in runs if run.memory is not None}
    found = find_hosts(work, wanted, pinned, {id: frozenset(each.hosts) for id, each in tried.items()})
    placed, each = [], {}
    for run in runs:
        host = found.get(run.payload.vm)
        if isinstance(host, errors.Error):
            before = tried.get(run.payload.vm)
            work.fail(run, errors.restore(before.error) if before else host)
        elif host is not None:
            vm = wanted[run.payload.vm]
            placed.append((run, vm))
            each[vm.row.id] = {"host_id": host.id, "run": vm.row.run + 1, "power": Power.UNKNOWN}
    change(work, placed, Event.START, "VM.START", each=each)


@place.undo
def vacate(work: Work, run: Run[Start]) -> None:
    """Give the room back; nothing of the machine is left on the host."""
    vm = machine(work.tx, run.payload.vm)
    if vm.row.state == State.STARTING:
        change(work, [(run, vm)], Event.FAIL, "VM.START", host_id=None, power=Power.OFF)
        capacity.release_hosts(work.tx, [vm.claim])


@step(priority=Priority.STORAGE_PATH, batch=True)
def equip(work: Work, runs: Sequence[Run[Start]]) -> None:
    """Have disks made for its volumes and addresses leased for its cards, where they are not there yet."""
    there = machines(work.tx, [run.payload.vm for run in runs])
    for run in runs:
        vm = there[run.payload.vm]
        for volume in vm.volumes.values():
            if volume.volume_state != VolumeState.READY:
                work.spawn(run, create, _create(vm, volume.volume_id), resource=f"volume/{volume.volume_uuid}")
        for nic in vm.nics.values():
            if nic.nic_ip4 is None or nic.network_by_pod:
                card = Prepare(
                    nic=nic.nic_id,
                    network=nic.nic_network_id,
                    account=vm.row.account_id,
                    name=nic.network_name,
                    pod=vm.row.host_pod_id if nic.network_by_pod else 0,
                )
                work.spawn(run, prepare, card, resource=f"nic/{nic.nic_uuid}")


@step(priority=Priority.STORAGE_PATH, batch=True)
def boot(work: Work, runs: Sequence[Run[Start]]) -> None:
    """Let the host start it."""
    there = machines(work.tx, [run.payload.vm for run in runs])
    for run in runs:
        vm = there[run.payload.vm]
        send(work, run, vm.host, message(Hypervisor.start, vm.spec()))


@boot.undo
def halt(work: Work, run: Run[Start]) -> None:
    """Make sure that it does not run on the host, before anything that it uses is released."""
    vm = machine(work.tx, run.payload.vm)
    send(work, run, vm.host, message(Hypervisor.stop, vm.run_name, forced=True), urgent=True)


@boot.rewind
def elsewhere(work: Work, run: Run[Start], error: errors.Error) -> Step | None:
    """Try it on another host, unless somebody chose this one."""
    hosts = [*_tried(run).hosts, machine(work.tx, run.payload.vm).row.host_id]
    if run.payload.host is not None or len(hosts) >= HOSTS:
        return None
    run.memory = msgspec.to_builtins(Tried(hosts=hosts, error=errors.describe(error)))
    return place


@step(priority=Priority.CONTROL, batch=True)
def settle(work: Work, runs: Sequence[Run[Start]]) -> None:
    """It runs."""
    there = machines(work.tx, [run.payload.vm for run in runs])
    members = [(run, there[run.payload.vm]) for run in runs]
    change(work, members, Event.SUCCEED, "VM.START", power=Power.ON, updated=work.now)


def _tried(run: Run[Start]) -> Tried:
    return Tried() if run.memory is None else msgspec.convert(run.memory, Tried)


def _create(vm: Machine, id: int) -> Create:
    volume = vm.volumes[id]
    return Create(
        volume=id,
        uuid=volume.volume_uuid,
        name=volume.volume_name,
        size=volume.volume_size,
        device=volume.volume_device,
        template=volume.template_url,
        zone=vm.row.zone_id,
        cluster=vm.row.host_cluster_id,
        hypervisor=vm.row.hypervisor,
        host=vm.host,
    )


start = Job("vm.start", 1, Start, "vm", [place, equip, boot, settle], lane="vm/{vm}", retry=as_it_is)
