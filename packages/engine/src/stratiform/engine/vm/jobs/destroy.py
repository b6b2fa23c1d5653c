"""Destroy a virtual machine: stop it if it runs, and put it where its owner may still get it back for a while."""

from collections.abc import Sequence

import msgspec

from stratiform.engine.vm.jobs.change import Vm, change
from stratiform.engine.vm.jobs.expunge import expunge
from stratiform.engine.vm.jobs.read import machine, machines
from stratiform.engine.vm.jobs.stop import Stop, refusal, stop
from stratiform.engine.vm.states import Event, State
from stratiform.engine.vm.states import machine as states
from stratiform.engine.volume import service as volume
from stratiform.engine.volume.states import Event as VolumeEvent
from stratiform.engine.volume.states import State as VolumeState
from stratiform.framework.jobs.kind import Job, Priority, as_it_is, step
from stratiform.framework.jobs.run import Run
from stratiform.framework.jobs.work import Work


class Destroy(msgspec.Struct, frozen=True, kw_only=True):
    """Which machine, and whether it is expunged at once."""

    vm: int
    expunge: bool = False


@step(priority=Priority.CONTROL, destroys=True, batch=True)
def halt(work: Work, runs: Sequence[Run[Destroy]]) -> None:
    """Stop those that run, by cutting their power: nobody wants what they hold."""
    there = machines(work.tx, [run.payload.vm for run in runs])
    for run in runs:
        vm = there[run.payload.vm]
        if states.allows(vm.row.state, Event.STOP):
            work.spawn(run, stop, Stop(vm=vm.row.id, forced=True))
        elif vm.row.state != State.DESTROYED and not states.allows(vm.row.state, Event.DESTROY):
            work.fail(run, refusal(vm, "destroying it"))


@step(priority=Priority.CONTROL, destroys=True)
def discard(work: Work, run: Run[Destroy]) -> None:
    """Throw it and its disks away."""
    vm = machine(work.tx, run.payload.vm)
    if vm.row.state == State.DESTROYED:
        return
    change(work, [(run, vm)], Event.DESTROY, "VM.DESTROY")
    made = [disk.volume_id for disk in vm.volumes.values() if disk.volume_state == VolumeState.READY]
    for told in volume.move(work.tx, made, VolumeEvent.DESTROY, "VOLUME.DESTROY").values():
        work.publish(told, run)


@step(priority=Priority.OPERATIONAL, destroys=True)
def finish(work: Work, run: Run[Destroy]) -> None:
    """Expunge it now, if that was asked for."""
    if run.payload.expunge:
        work.spawn(run, expunge, Vm(vm=run.payload.vm))


destroy = Job("vm.destroy", 1, Destroy, "vm", [halt, discard, finish], lane="vm/{vm}", retry=as_it_is)
