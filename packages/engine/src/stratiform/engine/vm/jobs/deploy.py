"""Deploy a virtual machine: it was accepted with its cards and volumes; start it, or leave it in Error."""

from stratiform.engine.vm.jobs.change import Vm, change
from stratiform.engine.vm.jobs.read import machine
from stratiform.engine.vm.jobs.start import Start, boot, equip, place, settle
from stratiform.engine.vm.jobs.stop import refusal
from stratiform.engine.vm.states import Event, State
from stratiform.engine.vm.states import machine as states
from stratiform.framework.jobs.kind import Job, Priority, step
from stratiform.framework.jobs.run import Run
from stratiform.framework.jobs.work import Work


@step(priority=Priority.CONTROL, filed=True)
def accept(work: Work, run: Run[Start]) -> None:
    """It was written with the job; whatever fails from here on leaves it in Error, to be seen and destroyed."""


@accept.undo
def break_off(work: Work, run: Run[Start]) -> None:
    """It never came to be."""
    vm = machine(work.tx, run.payload.vm)
    if states.allows(vm.row.state, Event.BREAK):
        change(work, [(run, vm)], Event.BREAK, "VM.CREATE")


@step(priority=Priority.CONTROL)
def keep(work: Work, run: Run[Vm]) -> None:
    """It stays stopped, as asked, until somebody starts it."""
    vm = machine(work.tx, run.payload.vm)
    if vm.row.state != State.STOPPED:
        raise refusal(vm, "leaving it stopped")


def anew(work: Work, run: Run[Start]) -> None:
    """Let it be as when it was accepted: stopped. What it has, disks and addresses, it keeps and is not given twice."""
    vm = machine(work.tx, run.payload.vm)
    if states.allows(vm.row.state, Event.RETRY):
        change(work, [(run, vm)], Event.RETRY, "VM.CREATE")
    elif vm.row.state != State.STOPPED:
        raise refusal(vm, "deploying it anew")


deploy = Job("vm.deploy", 1, Start, "vm", [accept, place, equip, boot, settle], lane="vm/{vm}", retry=anew)

allocate = Job("vm.allocate", 1, Vm, "vm", [keep], lane="vm/{vm}")
