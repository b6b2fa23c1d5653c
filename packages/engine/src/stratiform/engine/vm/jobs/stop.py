"""Stop a virtual machine, then give back what it took of its host."""

from collections.abc import Sequence

import msgspec

from stratiform.api.adapters.hypervisor import Hypervisor
from stratiform.api.spec import Inventory
from stratiform.engine.capacity import service as capacity
from stratiform.engine.host.jobs.command import send
from stratiform.engine.vm.jobs.change import change
from stratiform.engine.vm.jobs.read import Machine, machine, machines
from stratiform.engine.vm.states import Event, Power, State
from stratiform.engine.vm.states import machine as states
from stratiform.framework.agents.message import message
from stratiform.framework.base import errors
from stratiform.framework.jobs.kind import Job, Priority, as_it_is, step
from stratiform.framework.jobs.run import Run
from stratiform.framework.jobs.work import Work


class Stop(msgspec.Struct, frozen=True, kw_only=True):
    """Which machine, and whether its power is cut instead of asking it."""

    vm: int
    forced: bool = False


@step(priority=Priority.CONTROL, batch=True)
def begin(work: Work, runs: Sequence[Run[Stop]]) -> None:
    """From now on it is being stopped; one that is stopped has nothing left to do."""
    there = machines(work.tx, [run.payload.vm for run in runs])
    stopping = []
    for run in runs:
        vm = there[run.payload.vm]
        if vm.row.state == State.STOPPED:
            work.complete(run)
        elif not states.allows(vm.row.state, Event.STOP):
            work.fail(run, refusal(vm, "stopping it"))
        else:
            stopping.append((run, vm))
    change(work, stopping, Event.STOP, "VM.STOP")


@begin.undo
def go_on(work: Work, run: Run[Stop]) -> None:
    """It runs as before, unless the host was asked and says that it does not."""
    vm = machine(work.tx, run.payload.vm)
    if vm.row.state != State.STOPPING:
        return
    if run.answer is None or _runs(vm, run.answer):
        change(work, [(run, vm)], Event.FAIL, "VM.STOP")
    else:
        _stopped(work, [(run, vm)])


def _runs(vm: Machine, answer: object) -> bool:
    (there,) = msgspec.convert(answer, list[Inventory])
    return vm.run_name in {each.name for each in there.vms if each.running}


@step(priority=Priority.CONTROL, destroys=True, batch=True)
def halt(work: Work, runs: Sequence[Run[Stop]]) -> None:
    """Let the host stop it; a forced stop passes everything else that waits for the host."""
    there = machines(work.tx, [run.payload.vm for run in runs])
    for run in runs:
        vm = there[run.payload.vm]
        stop_it = message(Hypervisor.stop, vm.run_name, forced=run.payload.forced)
        send(work, run, vm.host, stop_it, urgent=run.payload.forced)


@halt.undo
def look(work: Work, run: Run[Stop]) -> None:
    """Ask the host what runs there: what it could not stop for certain may be stopped after all."""
    send(work, run, machine(work.tx, run.payload.vm).host, message(Hypervisor.inventory), urgent=True)


@step(priority=Priority.CONTROL, batch=True)
def settle(work: Work, runs: Sequence[Run[Stop]]) -> None:
    """It is known not to run: its room on the host is free again."""
    there = machines(work.tx, [run.payload.vm for run in runs])
    _stopped(work, [(run, there[run.payload.vm]) for run in runs])


def _stopped(work: Work, members: Sequence[tuple[Run[Stop], Machine]]) -> None:
    each = {vm.row.id: {"last_host_id": vm.row.host_id} for _, vm in members}
    change(work, members, Event.SUCCEED, "VM.STOP", each=each, host_id=None, power=Power.OFF, updated=work.now)
    capacity.release_hosts(work.tx, [vm.claim for _, vm in members])


def refusal(vm: Machine, action: str) -> errors.Error:
    """Why something cannot be done to a machine in its state."""
    return errors.Conflict(kind="virtual machine", id=vm.row.uuid, state=vm.row.state, action=action)


stop = Job("vm.stop", 1, Stop, "vm", [begin, halt, settle], lane="vm/{vm}", retry=as_it_is)
