"""The commands that end accounts and domains: from their acceptance on, nobody acts for what is to end."""

from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy

from stratiform.api.cloud import Submitted
from stratiform.api.errors import InUse
from stratiform.engine import check, registry
from stratiform.engine.account import service as account_service
from stratiform.engine.account.commands import look_after
from stratiform.engine.account.table import account, account_user
from stratiform.engine.call import Call
from stratiform.engine.command import Commands, Submit
from stratiform.engine.domain import service as domain_service
from stratiform.engine.domain.table import domain
from stratiform.engine.network.table import network
from stratiform.engine.registry import Row
from stratiform.engine.tenancy.jobs.end_account import EndAccount, end_account
from stratiform.engine.tenancy.jobs.end_domain import EndDomain, end_domain

_ENDS_WITH_IT = (account.c.domain_id, account_user.c.domain_id, domain.c.parent_id, network.c.domain_id)


def delete_account(call: Call) -> Submitted:
    """End an account that the caller looks after, but not the caller's own; again, if that failed before."""
    row = call.find("account", "id")
    look_after(call, row, f"delete the account {row.uuid}")
    if row.uuid == call.who.account:
        raise check.BadParameter(parameter="id", value=row.uuid, reason="it is yours; somebody else deletes an account")
    account_service.condemn(call.tx, call.world, row.id)
    run = call.work.submit(
        end_account, EndAccount(account=row.id), fair_key=call.who.account, resource=f"account/{row.uuid}"
    )
    return Submitted(job=run.uuid, entity=row.uuid)


def delete_domain(call: Call) -> Submitted:
    """Remove a domain that is empty or, with `cleanup`, end all that is in it first.

    Raises `InUse` with nothing done where something else refers to a domain that would go.
    """
    row = call.find("domain", "id")
    if call.who.scope.startswith(row.path):
        raise check.BadParameter(parameter="id", value=row.uuid, reason="it is the domain that you are in, or above it")
    if call.flag("cleanup"):
        _condemn(call, domain_service.tree(call.tx, row))
    else:
        domain_service.remove(call.tx, call.world, row)
    run = call.work.submit(
        end_domain, EndDomain(domain=row.id), fair_key=call.who.account, resource=f"domain/{row.uuid}"
    )
    return Submitted(job=run.uuid, entity=row.uuid)


def _condemn(call: Call, tree: Sequence[Row]) -> None:
    noun = replace(domain_service.NOUN, parts=_ENDS_WITH_IT)
    inside = (account.c.domain_id.in_([row.id for row in tree]), account.c.removed.is_(None))
    accounts = call.tx.execute(sqlalchemy.select(account).where(*inside).order_by(account.c.id)).all()
    for row in accounts:
        look_after(call, row, f"delete the account {row.uuid}")
    _refuse_networks(call, tree)
    for row in tree:
        registry.refuse_used(call.tx, noun, row)
        domain_service.condemn(call.tx, row)
    for row in accounts:
        account_service.condemn(call.tx, call.world, row.id)


def _refuse_networks(call: Call, tree: Sequence[Row]) -> None:
    """Raise `InUse` while a network is for one of the domains and belongs to nobody in them."""
    names = {row.id: row.name for row in tree}
    theirs = sqlalchemy.select(network.c.name, network.c.domain_id).join(account).where(
        network.c.domain_id.in_(names), account.c.domain_id.not_in(names), network.c.removed.is_(None)
    )
    found = call.tx.execute(theirs.limit(1)).first()
    if found is not None:
        raise InUse(kind="domain", id=names[found.domain_id], by=f"the network {found.name}")


COMMANDS: Commands = {
    "deleteAccount": Submit(delete_account, (end_account,)),
    "deleteDomain": Submit(delete_domain, (end_domain,)),
}
