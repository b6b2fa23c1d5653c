"""Accounts: the commands and what they answer."""

from stratiform.api.command import Command, Returns
from stratiform.api.commands.limit import LIMITS, TOTALS
from stratiform.api.commands.user import USER
from stratiform.api.parameter import ADMINS, LISTING, TREE, Refused, entity, integer, refused, text
from stratiform.api.view import Field, View, date, flag, string, whole

ACCOUNT = View(
    "account",
    (
        string("id", "the account's UUID"),
        string("name", "its name"),
        whole("accounttype", "0 user, 1 operator, 2 operator of a domain, 3 resource operator"),
        string("roletype", "type of its role"),
        string("rolename", "name of its role"),
        string("domain", "name of its domain"),
        string("domainid", "UUID of its domain"),
        string("domainpath", "path of its domain"),
        string("networkdomain", "DNS domain of its networks"),
        string("state", "enabled, disabled or locked"),
        flag("isdefault", "whether the cloud came with it"),
        flag("iscleanuprequired", "whether something of it is still to be removed"),
        whole("vmstopped", "its virtual machines that are stopped"),
        whole("vmrunning", "its virtual machines that run"),
        *LIMITS,
        *TOTALS,
        Field("groups", "list", "groups that it is in"),
        Field("user", "list", "its users", USER),
        date("created", "when it was made"),
    ),
)

list_accounts = Command(
    name="listAccounts",
    description="Lists accounts.",
    parameters=(
        *LISTING,
        *TREE,
        entity("id", "account", "The account's UUID."),
        text("name", "The account's name."),
        entity("domainid", "domain", "List the accounts of this domain."),
        integer("accounttype", "0 user, 1 operator, 2 operator of a domain, 3 resource operator."),
        text("state", "enabled, disabled or locked."),
    ),
    refused=(
        *refused("tag"),
        Refused("apikeyaccess", roles=ADMINS),
        Refused("iscleanuprequired", harmless=("false",)),
    ),
    returns=Returns.LIST,
    mutates=False,
    view=ACCOUNT,
    object="account",
    kind="account",
    example={"name": "admin", "listall": "true"},
)
