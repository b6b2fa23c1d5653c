"""End a virtual machine whose account ends: destroyed and expunged, wherever it is in its life."""

import msgspec
import sqlalchemy

from stratiform.engine.vm.jobs.change import Vm
from stratiform.engine.vm.jobs.destroy import Destroy, destroy
from stratiform.engine.vm.jobs.expunge import expunge
from stratiform.engine.vm.states import State
from stratiform.engine.vm.table import vm as machines
from stratiform.framework.jobs.kind import Job, Priority, step
from stratiform.framework.jobs.run import Run
from stratiform.framework.jobs.work import Work


class EndVm(msgspec.Struct, frozen=True, kw_only=True):
    """Which machine; its lane lets what is under way with it end first."""

    vm: int


@step(priority=Priority.OPERATIONAL, destroys=True)
def end(work: Work, run: Run[EndVm]) -> None:
    """Destroy and expunge it, or go on expunging it; one that is gone by now is gone."""
    wanted = sqlalchemy.select(machines.c.state, machines.c.removed).where(machines.c.id == run.payload.vm)
    row = work.tx.execute(wanted).one()
    if row.removed is not None:
        return
    if row.state == State.EXPUNGING:
        work.spawn(run, expunge, Vm(vm=run.payload.vm))
    else:
        work.spawn(run, destroy, Destroy(vm=run.payload.vm, expunge=True))


end_vm = Job("vm.end", 1, EndVm, "vm", [end], lane="vm/{vm}")
