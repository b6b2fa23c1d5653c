"""End an account: its machines, its volumes and all else that it owns, its users, and at last itself."""

import msgspec
import sqlalchemy
from sqlalchemy import Table

from stratiform.engine.account import service as account_service
from stratiform.engine.account.table import account
from stratiform.engine.network import service as network_service
from stratiform.engine.network.table import network
from stratiform.engine.registry import Row
from stratiform.engine.ssh_key_pair import service as ssh_key_pair_service
from stratiform.engine.ssh_key_pair.table import ssh_key_pair
from stratiform.engine.template import service as template_service
from stratiform.engine.template.table import template
from stratiform.engine.tenancy.jobs.end_vm import EndVm, end_vm
from stratiform.engine.vm.table import vm
from stratiform.engine.volume.jobs.expunge import Expunge
from stratiform.engine.volume.jobs.expunge import expunge as expunge_volume
from stratiform.engine.volume.table import volume
from stratiform.framework.jobs.kind import Job, Priority, step
from stratiform.framework.jobs.run import Run
from stratiform.framework.jobs.work import Work


class EndAccount(msgspec.Struct, frozen=True, kw_only=True):
    """Which account."""

    account: int


@step(priority=Priority.CONTROL)
def close(work: Work, run: Run[EndAccount]) -> None:
    """From now on nobody acts for it, and nothing is made for it; what was made just before is seen below."""
    if account_service.condemn(work.tx, work.world, run.payload.account) is None:
        work.complete(run)


@step(priority=Priority.OPERATIONAL, destroys=True)
def destroy(work: Work, run: Run[EndAccount]) -> None:
    """Have its machines destroyed and expunged, with their disks and addresses."""
    for row in _owned(work, vm, run.payload):
        work.spawn(run, end_vm, EndVm(vm=row.id), resource=f"vm/{row.uuid}")


@step(priority=Priority.OPERATIONAL, destroys=True)
def erase(work: Work, run: Run[EndAccount]) -> None:
    """Have the volumes deleted that belong to no machine."""
    for row in _owned(work, volume, run.payload):
        work.spawn(run, expunge_volume, Expunge(volume=row.id), resource=f"volume/{row.uuid}")


@step(priority=Priority.OPERATIONAL, destroys=True)
def clear(work: Work, run: Run[EndAccount]) -> None:
    """Remove its networks, which nobody else's machine may be on, its templates and its key pairs."""
    for row in _owned(work, network, run.payload):
        network_service.remove(work.tx, work.world, row)
    for row in _owned(work, template, run.payload):
        template_service.remove(work.tx, work.world, row)
    for row in _owned(work, ssh_key_pair, run.payload):
        ssh_key_pair_service.remove(work.tx, work.world, row)


@step(priority=Priority.CONTROL, destroys=True)
def forget(work: Work, run: Run[EndAccount]) -> None:
    """Remove its users and itself, if nothing is left that is its own."""
    row = work.tx.execute(sqlalchemy.select(account).where(account.c.id == run.payload.account)).one()
    account_service.remove(work.tx, work.world, row)


def _owned(work: Work, table: Table, payload: EndAccount) -> list[Row]:
    own = (table.c.account_id == payload.account, table.c.removed.is_(None))
    return list(work.tx.execute(sqlalchemy.select(table).where(*own).order_by(table.c.id)))


end_account = Job(
    "account.end", 1, EndAccount, "infrastructure", [close, destroy, erase, clear, forget], lane="account/{account}"
)
