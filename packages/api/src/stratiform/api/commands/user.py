"""Users: the commands and what they answer."""

from stratiform.api.command import Command, Returns
from stratiform.api.events import EventName
from stratiform.api.parameter import (
    ADMINS,
    LISTING,
    OWNED,
    Check,
    Parameter,
    Refused,
    Type,
    entity,
    integer,
    refused,
    secret,
    text,
)
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
        string("roleid", "UUID of the account's role, the same in every cloud"),
        string("roletype", "type of the account's role"),
        string("rolename", "name of the account's role"),
        string("domain", "name of the user's domain"),
        string("domainid", "UUID of the user's domain"),
        string("timezone", "where the user's clock is"),
        string("apikey", "the user's newest API key, for who may sign with it or replace it"),
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
    refused=(Refused("usersource", harmless=("native",)), Refused("apikeyaccess", roles=ADMINS)),
    returns=Returns.LIST,
    mutates=False,
    view=USER,
    object="user",
    kind="user",
    example={"username": "admin", "listall": "true"},
)

_TIMEZONE = text("timezone", "Where the user's clock is.")

create_user = Command(
    name="createUser",
    description="Makes one more user of an account.",
    parameters=(
        text("account", "The account's name.", required=True),
        entity("domainid", "domain", "The account's domain; the caller's own if left out."),
        text("username", "The name that the user logs in with.", required=True),
        secret("password", "The user's password.", required=True),
        text("email", "Address of electronic mail.", required=True),
        text("firstname", "First name.", required=True),
        text("lastname", "Last name.", required=True),
        _TIMEZONE,
        Parameter("userid", Type.STRING, "The UUID that the user is to have; for operators.", check=Check.UUID),
    ),
    refused=(Refused("passwordchangerequired", harmless=("false",)),),
    returns=Returns.OBJECT,
    mutates=True,
    event=EventName.USER_CREATE,
    view=USER,
    object="user",
    kind="user",
    example={
        "account": "ann",
        "username": "ben",
        "password": "correct horse",
        "email": "ben@example.org",
        "firstname": "Ben",
        "lastname": "Example",
    },
)

update_user = Command(
    name="updateUser",
    description="Changes a user's names, address or password.",
    parameters=(
        entity("id", "user", "The user's UUID.", required=True),
        text("username", "The name that the user logs in with."),
        text("email", "Address of electronic mail."),
        text("firstname", "First name."),
        text("lastname", "Last name."),
        _TIMEZONE,
        secret("password", "The new password."),
        secret("currentpassword", "The password until now, without which a user cannot change it."),
    ),
    refused=(
        *refused("userapikey", "usersecretkey"),
        Refused("mandate2fa", harmless=("false",)),
        Refused("passwordchangerequired", harmless=("false",)),
        Refused("apikeyaccess", harmless=("enabled", "inherit"), roles=ADMINS),
    ),
    returns=Returns.OBJECT,
    mutates=True,
    event=EventName.USER_UPDATE,
    view=USER,
    object="user",
    kind="user",
    example={"id": "0190f3c2-7777-7000-8000-000000000001", "email": "ann@example.org"},
)

delete_user = Command(
    name="deleteUser",
    description="Removes a user, whose keys and password are worth nothing from then on.",
    parameters=(entity("id", "user", "The user's UUID.", required=True),),
    returns=Returns.SUCCESS,
    mutates=True,
    event=EventName.USER_DELETE,
    kind="user",
    example={"id": "0190f3c2-7777-7000-8000-000000000001"},
)

get_user = Command(
    name="getUser",
    description="Tells whose an API key is.",
    parameters=(text("userapikey", "The API key.", required=True),),
    returns=Returns.OBJECT,
    mutates=False,
    view=USER,
    object="user",
    kind="user",
    example={"userapikey": "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQ"},
)
