"""Logging in and out over the wire: methods, parameters, fields and cookies."""

import zoneinfo
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from stratiform.api.command import Command
from stratiform.api.principal import Role
from stratiform.engine.api import ROLE_TYPES, Row
from stratiform.framework.base.clock import SECOND, Clock
from stratiform.framework.config.option import Option
from stratiform.server import answer
from stratiform.server.answer import Body
from stratiform.server.arguments import UUID
from stratiform.server.door import Authenticate, Welcome
from stratiform.server.errors import Authenticator, LogInByPost, LogInFailed, NoDomain, NoSession
from stratiform.server.handlers.call import Call, Make
from stratiform.server.request import Asked
from stratiform.server.session import cookie
from stratiform.server.session.login import Logins
from stratiform.server.session.store import Begun, Sessions

SECURE = Option(
    "enable.secure.session.cookie", False, "Whether the cookies of a session are sent over TLS and nothing else."
)


def authenticators(
    commands: Mapping[str, Command], logins: Logins, sessions: Sessions, clock: Clock, secure: Callable[[], bool]
) -> Mapping[str, Authenticate]:
    """What logs in and out; `secure` tells what `SECURE` is set to."""
    login, logout = commands["login"], commands["logout"]

    def log_in(asked: Asked, parameters: Mapping[str, str], request: str) -> Welcome:
        if asked.method != "POST":
            raise LogInByPost(allowed="POST")
        earlier = asked.cookies.get(cookie.TOKEN, "")
        if earlier and sessions.find(earlier):
            sessions.forget(earlier)
        if "username" not in parameters or "password" not in parameters:
            raise LogInFailed
        user, begun = logins.log_in(
            parameters["username"],
            parameters["password"],
            path=parameters.get("domain", ""),
            domain_id=_domain_id(parameters),
            request=request,
        )
        row = {**_told(user, begun, clock.now()), "timeout": sessions.timeout}
        cookies = cookie.begin(begun.token, begun.key, secure=secure())
        return Welcome(body=answer.single(login, Role(user.role), row), cookies=cookies)

    def log_out(asked: Asked, parameters: Mapping[str, str], request: str) -> Welcome:
        token = asked.cookies.get(cookie.TOKEN)
        if token is None:
            raise NoSession
        logins.log_out(token, request=request)
        body = answer.single(logout, Role.USER, {"description": "success"})
        return Welcome(body=body, cookies=cookie.end())

    return {login.name: log_in, logout.name: log_out}


def refuse(call: Call) -> Body:
    """Where there are no sessions, neither begins nor ends."""
    raise Authenticator(command=call.command.name)


HANDLERS: Mapping[str, Make] = dict.fromkeys(("login", "logout"), lambda _: refuse)


def _domain_id(parameters: Mapping[str, str]) -> str | None:
    """The domain that is named by UUID. Raises `NoDomain` for what is no UUID."""
    given = parameters.get("domainid", parameters.get("domainId"))
    if given is None:
        return None
    if not UUID.fullmatch(given):
        raise NoDomain
    return given.lower()


def _told(user: Row, begun: Begun, now: int) -> Mapping[str, object]:
    return {
        "username": user.name,
        "userid": user.uuid,
        "domainid": user.domain_uuid,
        "account": user.account_name,
        "firstname": user.first_name,
        "lastname": user.last_name,
        "type": str(ROLE_TYPES[Role(user.role)]),
        "timezone": user.timezone,
        "timezoneoffset": _offset(user.timezone, now),
        "registered": "false",
        "sessionkey": begun.key,
        "is2faenabled": "false",
        "is2faverified": "true",
        "passwordchangerequired": False,
    }


def _offset(name: str | None, now: int) -> str | None:
    """Hours that a time zone is ahead of UTC now, None for one that nobody knows."""
    try:
        offset = datetime.fromtimestamp(now // SECOND, zoneinfo.ZoneInfo(name or "")).utcoffset()
    except (KeyError, ValueError, OSError):
        return None
    return None if offset is None else str(offset / timedelta(hours=1))
