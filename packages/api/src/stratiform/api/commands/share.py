"""Weights of accounts: whose work gets how much of a stage while others have some too."""

from stratiform.api.command import Command, Returns
from stratiform.api.events import EventName
from stratiform.api.parameter import LISTING, Parameter, Type, entity, text
from stratiform.api.view import View, string, whole

SHARE = View(
    "share",
    (
        string("account", "the account's name"),
        string("accountid", "its UUID"),
        string("domain", "name of its domain"),
        string("domainid", "UUID of its domain"),
        whole("weight", "how much it gets: one of weight 3 three times what one of weight 1 gets"),
    ),
)

list_shares = Command(
    name="listShares",
    description="Lists the accounts whose weight is not 1.",
    parameters=(
        *LISTING,
        entity("accountid", "account", "The account's UUID."),
        entity("domainid", "domain", "List the accounts of this domain."),
    ),
    returns=Returns.LIST,
    mutates=False,
    view=SHARE,
    object="share",
    kind="share",
    example={"domainid": "0190f3c2-5555-7000-8000-000000000001"},
)

update_share = Command(
    name="updateShare",
    description="Sets the weight of an account, by which its jobs share each stage with those of others; every server "
    "goes by it at once, also for jobs that are queued.",
    parameters=(
        entity("accountid", "account", "The account's UUID; either this is given, or account and domainid."),
        text("account", "The account's name; needs domainid."),
        entity("domainid", "domain", "The account's domain."),
        Parameter("weight", Type.INTEGER, "From 1 to 1000; 1, which all have, takes it back.", required=True),
    ),
    returns=Returns.OBJECT,
    mutates=True,
    event=EventName.SHARE_UPDATE,
    view=SHARE,
    object="share",
    kind="share",
    example={"accountid": "0190f3c2-5555-7000-8000-000000000002", "weight": "3"},
)
