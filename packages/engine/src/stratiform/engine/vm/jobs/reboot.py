"""Reboot a virtual machine on the host where it runs."""

from stratiform.api.adapters.hypervisor import Hypervisor
from stratiform.engine.host.jobs.command import send
from stratiform.engine.vm.jobs.change import Vm
from stratiform.engine.vm.jobs.read import machine
from stratiform.engine.vm.jobs.stop import refusal
from stratiform.engine.vm.states import State
from stratiform.framework.agents.message import message
from stratiform.framework.events.outbox import Event as Told
from stratiform.framework.jobs.kind import Job, Priority, as_it_is, step
from stratiform.framework.jobs.run import Run
from stratiform.framework.jobs.work import Work


@step(priority=Priority.CONTROL, destroys=True)
def reset(work: Work, run: Run[Vm]) -> None:
    """Let the host reset it: the command has one id, under which the host does it once at most."""
    vm = machine(work.tx, run.payload.vm)
    if vm.row.state != State.RUNNING:
        raise refusal(vm, "rebooting it")
    send(work, run, vm.host, message(Hypervisor.reboot, vm.run_name), once=True)


@step(priority=Priority.CONTROL)
def tell(work: Work, run: Run[Vm]) -> None:
    """It was reset."""
    row = machine(work.tx, run.payload.vm).row
    told = Told(
        kind="VM.REBOOT",
        resource_kind="vm",
        resource=row.uuid,
        generation=row.generation,
        payload={"name": row.name},
        owner=row.account_uuid,
    )
    work.publish(told, run)


reboot = Job("vm.reboot", 1, Vm, "vm", [reset, tell], lane="vm/{vm}", retry=as_it_is)
