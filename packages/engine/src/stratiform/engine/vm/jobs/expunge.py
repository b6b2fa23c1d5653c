"""Expunge a virtual machine: its disks, its addresses, and at last itself."""

from stratiform.engine.address import service as address
from stratiform.engine.network.table import nic
from stratiform.engine.vm.jobs.change import Vm, change
from stratiform.engine.vm.jobs.read import machine
from stratiform.engine.vm.jobs.stop import refusal
from stratiform.engine.vm.states import Event, State
from stratiform.engine.vm.states import machine as states
from stratiform.engine.vm.table import vm as vm_table
from stratiform.engine.volume.jobs import expunge as volume
from stratiform.framework.events.outbox import Event as Told
from stratiform.framework.jobs.kind import Job, Priority, as_it_is, step
from stratiform.framework.jobs.run import Run
from stratiform.framework.jobs.work import Work
from stratiform.framework.machine import Lost


@step(priority=Priority.OPERATIONAL, destroys=True)
def begin(work: Work, run: Run[Vm]) -> None:
    """From now on nobody gets it back; one that its owner took back in time is left alone."""
    vm = machine(work.tx, run.payload.vm)
    if vm.row.state == State.DESTROYED:
        change(work, [(run, vm)], Event.EXPUNGE, "VM.EXPUNGE")
    elif vm.row.state != State.EXPUNGING:
        raise refusal(vm, "expunging it; destroy it first")


@step(priority=Priority.OPERATIONAL, destroys=True)
def erase(work: Work, run: Run[Vm]) -> None:
    """Have its disks deleted."""
    for disk in machine(work.tx, run.payload.vm).volumes.values():
        payload = volume.Expunge(volume=disk.volume_id)
        work.spawn(run, volume.expunge, payload, resource=f"volume/{disk.volume_uuid}")


@step(priority=Priority.OPERATIONAL, destroys=True)
def clear(work: Work, run: Run[Vm]) -> None:
    """Free its addresses and forget it; its UUID can still be asked for."""
    vm = machine(work.tx, run.payload.vm)
    address.release(work.tx, vm.nics)
    gone = [{"id": id, "address_id": None, "removed": work.now} for id in vm.nics]
    work.tx.alter(nic, gone, ["id"])
    row, generation = vm.row, vm.row.generation + 1
    left = {"id": row.id, "was_generation": row.generation, "generation": generation, "removed": work.now}
    if not work.tx.alter(vm_table, [left], ["id", "was_generation"]):
        raise Lost(kind=states.kind, id=row.uuid, state=row.state, event="removal")
    payload = {"state": row.state, "name": row.name, "removed": work.now}
    told = Told(
        kind="VM.EXPUNGE",
        resource_kind="vm",
        resource=row.uuid,
        generation=generation,
        payload=payload,
        owner=row.account_uuid,
    )
    work.publish(told, run)


expunge = Job("vm.expunge", 1, Vm, "vm", [begin, erase, clear], lane="vm/{vm}", retry=as_it_is)
