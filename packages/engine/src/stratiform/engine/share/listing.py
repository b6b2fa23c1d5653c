"""The list of accounts that have a weight."""

import sqlalchemy
from sqlalchemy import and_, func, literal_column

from stratiform.engine.account.table import account
from stratiform.engine.domain.table import domain
from stratiform.engine.listing import Listing, refers
from stratiform.engine.visible import Binding
from stratiform.framework.jobs.table import share

LISTING = Listing(
    kind="share",
    table=account,
    joins=[(domain, domain.c.id == account.c.domain_id), (share, share.c.fair_key == account.c.uuid)],
    columns={
        "account": account.c.name,
        "accountid": account.c.uuid,
        "domain": domain.c.name,
        "domainid": domain.c.uuid,
        "weight": func.coalesce(share.c.weight, literal_column("1")),
    },
    times=frozenset(),
    filters={"accountid": account.c.uuid, "domainid": refers(account.c.domain_id, domain)},
    keyword=[account.c.name_key],
    binding=Binding(table=account, owner=account.c.uuid, owner_key=account.c.id, scope=domain.c.path),
    live=and_(account.c.removed.is_(None), account.c.uuid.in_(sqlalchemy.select(share.c.fair_key))),
)
"""Accounts whose weight is not 1; one that is asked for by its UUID is told whatever its weight."""
