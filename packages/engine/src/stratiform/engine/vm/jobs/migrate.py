"""Migrate a virtual machine: find it another host, and move it there while it runs.

It claims room on both hosts until its place is certain. Whatever goes wrong, it is left where it runs.
"""

from collections.abc import Sequence

import msgspec

from stratiform.api.adapters.hypervisor import Hypervisor
from stratiform.engine.capacity import service as capacity
from stratiform.engine.host.jobs import reach
from stratiform.engine.host.jobs.command import send
from stratiform.engine.vm.jobs.change import change
from stratiform.engine.vm.jobs.locate import Locate, Place, locate
from stratiform.engine.vm.jobs.place import place as find_hosts
from stratiform.engine.vm.jobs.read import Machine, machine, machines
from stratiform.engine.vm.jobs.stop import refusal
from stratiform.engine.vm.states import Event, Power, State
from stratiform.engine.vm.states import machine as states
from stratiform.framework.agents.message import message
from stratiform.framework.base import errors
from stratiform.framework.jobs.kind import Job, Priority, as_it_is, step
from stratiform.framework.jobs.run import Run
from stratiform.framework.jobs.work import Work

KIND = "VM.MIGRATE"


class Migrate(msgspec.Struct, frozen=True, kw_only=True):
    """Which machine, the one host that it may go to if somebody chose, and the host that it is to leave, if any."""

    vm: int
    host: int | None = None
    leaving: int | None = None


@step(priority=Priority.CONTROL, batch=True)
def place(work: Work, runs: Sequence[Run[Migrate]]) -> None:
    """Claim room on another host for each; one that is not on the host it is to leave has nothing left to do."""
    there = machines(work.tx, [run.payload.vm for run in runs])
    wanted: dict[int, Machine] = {}
    for run in runs:
        vm = there[run.payload.vm]
        if run.payload.leaving not in (None, vm.row.host_id):
            work.complete(run)
        elif not states.allows(vm.row.state, Event.MIGRATE):
            work.fail(run, refusal(vm, "moving it to another host"))
        else:
            wanted[vm.row.id] = vm
    pinned = {run.payload.vm: run.payload.host for run in runs if run.payload.host is not None}
    found = find_hosts(work, wanted, pinned)
    placed, each = [], {}
    for run in runs:
        host = found.get(run.payload.vm)
        if isinstance(host, errors.Error):
            work.fail(run, host)
        elif host is not None:
            placed.append((run, wanted[run.payload.vm]))
            each[run.payload.vm] = {"to_host_id": host.id}
    change(work, placed, Event.MIGRATE, KIND, each=each)


@place.undo
def conclude(work: Work, run: Run[Migrate]) -> None:
    """It is where it was found, and the room that it claimed elsewhere is given back."""
    vm = machine(work.tx, run.payload.vm)
    if vm.row.state != State.MIGRATING:
        return
    match run.answer:
        case [Place.THERE]:
            _arrive(work, [(run, vm)])
        case [Place.GONE]:
            gone = {"host_id": None, "to_host_id": None, "last_host_id": vm.row.host_id, "power": Power.OFF}
            change(work, [(run, vm)], Event.SEEN_STOPPED, KIND, each={vm.row.id: gone}, updated=work.now)
            capacity.release_hosts(work.tx, [vm.claim, vm.claim_on(vm.row.to_host_id)])
        case _:  # the host kept it, or was never asked to move it
            change(work, [(run, vm)], Event.FAIL, KIND, to_host_id=None)
            capacity.release_hosts(work.tx, [vm.claim_on(vm.row.to_host_id)])


@step(priority=Priority.NETWORK_PATH, batch=True)
def ready(work: Work, runs: Sequence[Run[Migrate]]) -> None:
    """Let the other host make ready what it needs there."""
    there = machines(work.tx, [run.payload.vm for run in runs])
    known = reach.by_id(work.tx, [vm.row.to_host_id for vm in there.values()])
    for run in runs:
        vm = there[run.payload.vm]
        send(work, run, known[vm.row.to_host_id].target, message(Hypervisor.receive, vm.spec()))


@step(priority=Priority.NETWORK_PATH, batch=True)
def move(work: Work, runs: Sequence[Run[Migrate]]) -> None:
    """Let its host move it there."""
    there = machines(work.tx, [run.payload.vm for run in runs])
    known = reach.by_id(work.tx, [vm.row.to_host_id for vm in there.values()])
    for run in runs:
        vm = there[run.payload.vm]
        peer = known[vm.row.to_host_id].peer
        send(work, run, vm.host, message(Hypervisor.migrate, vm.run_name, peer), slow=True)


@move.undo
def find(work: Work, run: Run[Migrate]) -> None:
    """Find out where it runs: nothing is given back before that is certain."""
    vm = machine(work.tx, run.payload.vm)
    there = reach.by_id(work.tx, [vm.row.to_host_id])[vm.row.to_host_id].target
    work.spawn(run, locate, Locate(name=vm.run_name, source=vm.host, destination=there))


@step(priority=Priority.CONTROL, batch=True)
def settle(work: Work, runs: Sequence[Run[Migrate]]) -> None:
    """It runs there, and what it took where it was is free again."""
    there = machines(work.tx, [run.payload.vm for run in runs])
    _arrive(work, [(run, there[run.payload.vm]) for run in runs])


def _arrive(work: Work, members: Sequence[tuple[Run[Migrate], Machine]]) -> None:
    each = {vm.row.id: {"host_id": vm.row.to_host_id, "last_host_id": vm.row.host_id} for _, vm in members}
    change(work, members, Event.SUCCEED, KIND, each=each, to_host_id=None, power=Power.ON, updated=work.now)
    capacity.release_hosts(work.tx, [vm.claim for _, vm in members])


migrate = Job("vm.migrate", 1, Migrate, "vm", [place, ready, move, settle], lane="vm/{vm}", retry=as_it_is)
