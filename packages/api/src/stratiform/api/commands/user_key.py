"""Key pairs that users sign with: the commands and what they answer."""

from stratiform.api.command import Command, Returns
from stratiform.api.events import EventName
from stratiform.api.parameter import LISTING, Parameter, Refused, Type, boolean, entity, refused, text
from stratiform.api.principal import Role
from stratiform.api.view import Field, View, date, string

KEYS = View(
    "userkeys",
    (
        string("apikey", "the key, which names its user"),
        string("secretkey", "the secret that requests are signed with"),
    ),
)

_NAMED = (string("name", "the pair's name"), string("description", "what it is for"))
_WHOSE = (
    string("userid", "UUID of its user"),
    string("username", "the name that its user logs in with"),
    string("accountid", "UUID of its user's account"),
    string("accountname", "name of its user's account"),
    string("roleid", "UUID of the account's role"),
    string("roletype", "type of the account's role"),
    string("rolename", "name of the account's role"),
    string("domainid", "UUID of its user's domain"),
    string("domain", "name of its user's domain"),
    date("startdate", "when it begins to be valid"),
    date("enddate", "when it ends to be valid"),
)

ISSUED = View(
    "userkeys",
    (
        *_NAMED,
        Field("apikey", "string", "the key, which names its user", sealed=True),
        Field("secretkey", "string", "the secret that requests are signed with", sealed=True),
        *_WHOSE,
    ),
)

LISTED = View(
    "userapikey",
    (
        string("id", "the pair's UUID"),
        *_NAMED,
        string("apikey", "the key, which names its user"),
        *_WHOSE,
        date("created", "when it was issued"),
        string("state", "ENABLED or EXPIRED"),
    ),
)

register_user_keys = Command(
    name="registerUserKeys",
    description="Issues one more key pair for a user, who may have 100; those that there are stay valid.",
    parameters=(
        entity("id", "user", "The user's UUID.", required=True),
        text("name", "The pair's name."),
        text("description", "What it is for."),
        Parameter("startdate", Type.DATE, "When it begins to be valid; at once if left out."),
        Parameter("enddate", Type.DATE, "When it ends to be valid; never if left out."),
    ),
    refused=refused("rules"),
    returns=Returns.ASYNC,
    mutates=True,
    event=EventName.REGISTER_USER_KEY,
    view=ISSUED,
    object="userkeys",
    kind="user",
    example={"id": "0190f3c2-7777-7000-8000-000000000001"},
)

get_user_keys = Command(
    name="getUserKeys",
    description="Tells the newest key pair of a user; none if there is none.",
    parameters=(entity("id", "user", "The user's UUID.", required=True),),
    returns=Returns.OBJECT,
    mutates=False,
    view=KEYS,
    object="userkeys",
    kind="user",
    since="4.10.0",
    example={"id": "0190f3c2-7777-7000-8000-000000000001"},
)

list_user_keys = Command(
    name="listUserKeys",
    description="Lists the key pairs of the caller or of a user, without their secrets.",
    parameters=(
        *LISTING,
        entity("keypairid", "user_key", "The pair's UUID."),
        entity("userid", "user", "The UUID of the user who has them."),
        text("apikeyfilter", "The API key of the one that is wanted."),
        boolean(
            "listall",
            "Whether those of everybody are listed whose keys the caller may handle.",
            roles=frozenset(Role) - {Role.USER},
        ),
    ),
    refused=(Refused("showpermissions", harmless=("false",)),),
    returns=Returns.LIST,
    mutates=False,
    view=LISTED,
    object="userapikey",
    since="4.23.0",
    example={"userid": "0190f3c2-7777-7000-8000-000000000001"},
)

delete_user_keys = Command(
    name="deleteUserKeys",
    description="Revokes a key pair: nothing that is signed with it is accepted any more.",
    parameters=(entity("keypairid", "user_key", "The pair's UUID.", required=True),),
    returns=Returns.ASYNC,
    mutates=True,
    event=EventName.DELETE_USER_KEY,
    kind="user",
    since="4.23.0",
    example={"keypairid": "0190f3c2-7777-7000-8000-000000000002"},
)
