"""The key pairs of users, told to those who may handle them."""

from collections.abc import Mapping, Sequence

from stratiform.api.cloud import Query
from stratiform.engine.api import Row
from stratiform.framework.base.errors import NotFound
from stratiform.server import answer
from stratiform.server.answer import Body
from stratiform.server.handlers import paging
from stratiform.server.handlers.call import Call, Handler, Make, Services
from stratiform.server.handlers.user import may_handle, refuse_higher

User = Mapping[str, object]
"""A row of the list of users."""

WHOSE = {
    "username": "username",
    "accountid": "accountid",
    "accountname": "account",
    "roleid": "roleid",
    "roletype": "roletype",
    "rolename": "rolename",
    "domainid": "domainid",
    "domain": "domain",
}
"""What a key pair tells of its user, by the user's own fields."""


def getter(services: Services) -> Handler:
    """Tell the newest key pair of a user, with its secret; nothing if there is none."""
    keys = services.credentials.keys

    def handle(call: Call) -> Body:
        user = _user(call, services, str(call.arguments["id"]))
        pair = keys.told(str(user["id"]))
        told = {} if pair is None else {"apikey": pair.api_key, "secretkey": pair.secret}
        return answer.single(call.command, call.who.role, told)

    return handle


def lister(services: Services) -> Handler:
    """List key pairs: the caller's own, or those of whom the call speaks."""
    keys = services.credentials.keys

    def handle(call: Call) -> Body:
        query = paging.query(call)
        users = {str(each["id"]): each for each in _users(call, services)}
        pairs = [pair for pair in keys.listed(users) if _is_wanted(pair, query.filters)]
        page = paging.part([_told(pair, users[pair.user]) for pair in pairs], query)
        return answer.listed(call.command, call.who.role, page)

    return handle


def _users(call: Call, services: Services) -> Sequence[User]:
    """The users whose key pairs are asked for, all of whom the caller may handle.

    Raises `NotFound` and `Denied` for a user or a pair that is named; nobody is told whose an API key is.
    """
    keys = services.credentials.keys
    user, pair, apikey = (call.arguments.get(name) for name in ("userid", "keypairid", "apikeyfilter"))
    if user is not None:
        return [_user(call, services, str(user))]
    if pair is not None:
        return [_holder(call, services, str(pair))]
    if apikey is None and call.arguments.get("listall"):
        everybody = Query(filters={"listall": True}, pagesize=paging.ALL)
        rows = services.cloud.list("user", call.who, call.command.name, everybody).rows
        return [row for row in rows if may_handle(call, row)]
    wanted = call.who.user if apikey is None else keys.owner(str(apikey))
    try:
        row = None if wanted is None else services.cloud.find("user", call.who, call.command.name, wanted)
    except NotFound:
        row = None
    return [row] if row is not None and may_handle(call, row) else []


def _user(call: Call, services: Services, uuid: str) -> User:
    row = services.cloud.find("user", call.who, call.command.name, uuid)
    refuse_higher(call, row)
    return row


def _holder(call: Call, services: Services, pair: str) -> User:
    """The user who has a key pair. Raises `NotFound`, for somebody else's too."""
    uuid = services.credentials.keys.holder(pair)
    missing = NotFound(kind="key pair", key="id", value=pair)
    if uuid is None:
        raise missing
    try:
        return _user(call, services, uuid)
    except NotFound:
        raise missing from None


def _is_wanted(pair: Row, asked: Mapping[str, object]) -> bool:
    same = {"keypairid": pair.uuid, "apikeyfilter": pair.api_key}
    if any(asked.get(name, value) != value for name, value in same.items()):
        return False
    return str(asked.get("keyword", "")).lower() in pair.name.lower()


def _told(pair: Row, user: User) -> Mapping[str, object]:
    return {
        "id": pair.uuid,
        "name": pair.name or None,
        "description": pair.description,
        "apikey": pair.api_key,
        "userid": pair.user,
        "startdate": pair.starts,
        "enddate": pair.ends,
        "created": pair.created,
        "state": pair.state,
        **{name: user.get(field) for name, field in WHOSE.items()},
    }


HANDLERS: Mapping[str, Make] = {"getUserKeys": getter, "listUserKeys": lister}
