"""Destroy a virtual machine: stop it if it runs, and put it where its owner may still get it back for a while."""

from collections.abc import Sequence

import msgspec

from stratiform.engine.vm.jobs import stop
from stratiform.engine.vm.jobs.change import Vm, change
from stratiform.engine.vm.jobs.expunge import expunge
from stratiform.engine.vm.jobs.read import machine, machines
from stratiform.engine.vm.states import Event, State
from stratiform.engine.vm.states import machine as states
from stratiform.engine.volume.states import Event as VolumeEvent
from stratiform.engine.volume.states import State as VolumeState
from stratiform.engine.volume.states import machine as volume_states
from stratiform.engine.volume.table import volume
from stratiform.framework.jobs.kind import Job, Priority, step
from stratiform.framework.jobs.run import Run
from stratiform.framework.jobs.work import Work


class Destroy(msgspec.Struct, frozen=True, kw_only=True):
    """Which machine, and whether it is expunged at once."""

    vm: int
    expunge: bool = False
    forced: bool = True
    """Its power is cut: nobody wants what it holds."""


@step(priority=Priority.CONTROL, batch=True)
def begin(work: Work, runs: Sequence[Run[Destroy]]) -> None:
    """Begin to stop those that run."""
    there = machines(work.tx, [run.payload.vm for run in runs])
    running = []
    for run in runs:
        vm = there[run.payload.vm]
        if states.allows(vm.row.state, Event.STOP):
            running.append((run, vm))
        elif vm.row.state != State.DESTROYED and not states.allows(vm.row.state, Event.DESTROY):
            work.fail(run, stop.refusal(vm, "destroying it"))
    change(work, running, Event.STOP, "VM.STOP")


begin.undo(stop.go_on)


@step(priority=Priority.CONTROL, destroys=True, batch=True)
def halt(work: Work, runs: Sequence[Run[Destroy]]) -> None:
    """Let the hosts stop those that run."""
    there = machines(work.tx, [run.payload.vm for run in runs])
    stop.halt.run(work, [run for run in runs if there[run.payload.vm].row.state == State.STOPPING])


@step(priority=Priority.CONTROL, batch=True)
def settle(work: Work, runs: Sequence[Run[Destroy]]) -> None:
    """Those that ran are stopped."""
    there = machines(work.tx, [run.payload.vm for run in runs])
    stop.settle.run(work, [run for run in runs if there[run.payload.vm].row.state == State.STOPPING])


@step(priority=Priority.CONTROL, destroys=True)
def discard(work: Work, run: Run[Destroy]) -> None:
    """It and its disks are thrown away."""
    vm = machine(work.tx, run.payload.vm)
    if vm.row.state == State.DESTROYED:
        return
    change(work, [(run, vm)], Event.DESTROY, "VM.DESTROY")
    made = [
        (disk.volume_id, disk.volume_state, disk.volume_generation)
        for disk in vm.volumes.values()
        if disk.volume_state == VolumeState.READY
    ]
    volume_states.transition(work.tx, volume, made, VolumeEvent.DESTROY)


@step(priority=Priority.OPERATIONAL, destroys=True)
def finish(work: Work, run: Run[Destroy]) -> None:
    """Expunge it now, if that was asked for."""
    if run.payload.expunge:
        work.spawn(run, expunge, Vm(vm=run.payload.vm))


destroy = Job("vm.destroy", 1, Destroy, "vm", [begin, halt, settle, discard, finish], lane="vm/{vm}")
