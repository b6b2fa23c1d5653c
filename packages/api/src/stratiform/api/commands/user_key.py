"""Key pairs that users sign with: the commands and what they answer."""

from stratiform.api.command import Command, Returns
from stratiform.api.events import EventName
from stratiform.api.parameter import Parameter, Type, entity, refused, text
from stratiform.api.view import Field, View, date, string

KEYS = View(
    "userkeys",
    (
        string("apikey", "the key, which names its user"),
        string("secretkey", "the secret that requests are signed with"),
    ),
)

ISSUED = View(
    "userkeys",
    (
        string("name", "the pair's name"),
        string("description", "what it is for"),
        Field("apikey", "string", "the key, which names its user", sealed=True),
        Field("secretkey", "string", "the secret that requests are signed with", sealed=True),
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
    ),
)

register_user_keys = Command(
    name="registerUserKeys",
    description="Issues one more key pair for a user; those that there are stay valid.",
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
