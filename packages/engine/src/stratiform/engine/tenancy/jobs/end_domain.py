"""End a domain: every machine in it and in those below it, then every account, then those, and at last itself."""

import msgspec
import sqlalchemy

from stratiform.engine.account.table import account
from stratiform.engine.domain import service
from stratiform.engine.domain.table import domain
from stratiform.engine.registry import Row
from stratiform.engine.tenancy.jobs.end_account import EndAccount, end_account
from stratiform.engine.tenancy.jobs.end_vm import EndVm, end_vm
from stratiform.engine.vm.table import vm
from stratiform.framework.jobs.kind import Job, Priority, step
from stratiform.framework.jobs.run import Run
from stratiform.framework.jobs.work import Work


class EndDomain(msgspec.Struct, frozen=True, kw_only=True):
    """Which domain."""

    domain: int


@step(priority=Priority.OPERATIONAL, destroys=True)
def destroy(work: Work, run: Run[EndDomain]) -> None:
    """Have all machines destroyed first: those of one account may be on another's network."""
    own = (vm.c.account_id.in_(_accounts(work, run)), vm.c.removed.is_(None))
    for row in work.tx.execute(sqlalchemy.select(vm.c.id, vm.c.uuid).where(*own).order_by(vm.c.id)).all():
        work.spawn(run, end_vm, EndVm(vm=row.id), resource=f"vm/{row.uuid}")


@step(priority=Priority.OPERATIONAL, destroys=True)
def empty(work: Work, run: Run[EndDomain]) -> None:
    """Have the accounts ended that are in it and below it."""
    wanted = sqlalchemy.select(account.c.id, account.c.uuid).where(account.c.id.in_(_accounts(work, run)))
    for row in work.tx.execute(wanted.order_by(account.c.id)).all():
        work.spawn(run, end_account, EndAccount(account=row.id), resource=f"account/{row.uuid}")


@step(priority=Priority.CONTROL, destroys=True)
def fold(work: Work, run: Run[EndDomain]) -> None:
    """Remove the domains, the deepest first; none is left if it was empty and removed at once."""
    row = _domain(work, run)
    for each in () if row.removed is not None else service.tree(work.tx, row):
        service.remove(work.tx, work.world, each)


def _accounts(work: Work, run: Run[EndDomain]) -> sqlalchemy.Select[int]:
    """The ids of the accounts in it and below it, whom nobody joins any more."""
    inside = (domain.c.path.startswith(_domain(work, run).path, autoescape=True), account.c.removed.is_(None))
    return sqlalchemy.select(account.c.id).join(domain, domain.c.id == account.c.domain_id).where(*inside)


def _domain(work: Work, run: Run[EndDomain]) -> Row:
    return work.tx.execute(sqlalchemy.select(domain).where(domain.c.id == run.payload.domain)).one()


end_domain = Job("domain.end", 1, EndDomain, "infrastructure", [destroy, empty, fold])
