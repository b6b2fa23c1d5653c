"""Accounts: the commands and what they answer."""

from stratiform.api.command import Command, Returns
from stratiform.api.commands.limit import LIMITS, TOTALS
from stratiform.api.commands.user import USER
from stratiform.api.events import EventName
from stratiform.api.parameter import (
    ADMINS,
    LISTING,
    TREE,
    Check,
    Parameter,
    Refused,
    Type,
    boolean,
    entity,
    integer,
    refused,
    secret,
    text,
)
from stratiform.api.view import Field, View, date, flag, string, whole

ACCOUNT = View(
    "account",
    (
        string("id", "the account's UUID"),
        string("name", "its name"),
        whole("accounttype", "0 user, 1 operator, 2 operator of a domain, 3 resource operator"),
        string("roleid", "UUID of its role, the same in every cloud"),
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
        boolean("iscleanuprequired", "Whether those are listed that are being ended, or those that are not."),
    ),
    refused=(*refused("tag"), Refused("apikeyaccess", roles=ADMINS)),
    returns=Returns.LIST,
    mutates=False,
    view=ACCOUNT,
    object="account",
    kind="account",
    example={"name": "admin", "listall": "true"},
)

create_account = Command(
    name="createAccount",
    description="Makes an account with its first user.",
    parameters=(
        text("username", "The name that the user logs in with.", required=True),
        secret("password", "The user's password.", required=True),
        text("email", "The user's address of electronic mail.", required=True),
        text("firstname", "The user's first name.", required=True),
        text("lastname", "The user's last name.", required=True),
        integer("accounttype", "0 user, 1 operator, 2 operator of a domain, 3 resource operator."),
        entity("roleid", "role", "Its role, as accounts tell it; taken before accounttype."),
        text("account", "Its name; the user's if left out."),
        entity("domainid", "domain", "The domain that it is in; the caller's own if left out."),
        text("networkdomain", "DNS domain of its networks."),
        text("timezone", "Where the user's clock is."),
        Parameter("accountid", Type.STRING, "The UUID that it is to have; for operators.", check=Check.UUID),
        Parameter("userid", Type.STRING, "The UUID that the user is to have; for operators.", check=Check.UUID),
    ),
    refused=refused("accountdetails"),
    returns=Returns.OBJECT,
    mutates=True,
    event=EventName.ACCOUNT_CREATE,
    view=ACCOUNT,
    object="account",
    kind="account",
    example={
        "username": "ann",
        "password": "correct horse",
        "email": "ann@example.org",
        "firstname": "Ann",
        "lastname": "Example",
        "accounttype": "0",
    },
)

delete_account = Command(
    name="deleteAccount",
    description="Ends an account, with its machines and all else that it owns.",
    parameters=(entity("id", "account", "The account's UUID.", required=True),),
    returns=Returns.ASYNC,
    mutates=True,
    event=EventName.ACCOUNT_DELETE,
    kind="account",
    example={"id": "0190f3c2-8888-7000-8000-000000000001"},
)
