"""Users: the commands and what they answer."""

from stratiform.api.command import Command, Returns
from stratiform.api.parameter import ADMINS, LISTING, OWNED, Refused, entity, integer, refused, text
from stratiform.api.view import View, date, flag, string, whole

USER = View(
    "user",
    (
        string("id", "the user's UUID"),
        string("username", "the name that the user logs in with"),
        string("firstname", "first name"),
        string("lastname", "last name"),
        string("email", "address of electronic mail"),
        string("state", "enabled, disabled or locked"),
        string("account", "name of the user's account"),
        string("accountid", "UUID of the user's account"),
        whole("accounttype", "0 user, 1 operator, 2 operator of a domain, 3 resource operator"),
        string("usersource", "who vouches for the user"),
        string("roletype", "type of the account's role"),
        string("rolename", "name of the account's role"),
        string("domain", "name of the user's domain"),
        string("domainid", "UUID of the user's domain"),
        string("timezone", "where the user's clock is"),
        flag("iscallerchilddomain", "whether the user's domain lies below the caller's", default=False),
        flag("isdefault", "whether the cloud came with the user"),
        flag("is2faenabled", "whether a second factor is asked for"),
        flag("is2famandated", "whether a second factor must be set up"),
        date("created", "when the user was made"),
    ),
)

list_users = Command(
    name="listUsers",
    description="Lists users.",
    parameters=(
        *LISTING,
        *OWNED,
        entity("id", "user", "The user's UUID."),
        text("username", "The name that the user logs in with."),
        integer("accounttype", "0 user, 1 operator, 2 operator of a domain, 3 resource operator."),
        text("state", "enabled, disabled or locked."),
    ),
    refused=(*refused("usersource"), Refused("apikeyaccess", roles=ADMINS)),
    returns=Returns.LIST,
    mutates=False,
    view=USER,
    object="user",
    kind="user",
    example={"username": "admin", "listall": "true"},
)
