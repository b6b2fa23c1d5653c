"""Accounts and users with their passwords: hashed, and proven, before any transaction begins."""

from collections.abc import Mapping
from dataclasses import replace

from stratiform.api.principal import Role
from stratiform.engine.api import LOOKS_AFTER
from stratiform.framework.base.errors import Denied, Invalid, NotFound
from stratiform.server import answer
from stratiform.server.answer import Body
from stratiform.server.credential.commands import PREPARED
from stratiform.server.handlers import entity
from stratiform.server.handlers.call import Call, Handler, Make, Services

SECRETS = ("password", "currentpassword")


def hashing(name: str) -> Make:
    """Carry the command out with what is kept of the password in place of the password itself."""

    def make(services: Services) -> Handler:
        change = _plain(services, name)
        passwords = services.credentials.passwords

        def handle(call: Call) -> Body:
            arguments = {name: value for name, value in call.arguments.items() if name not in SECRETS}
            password = call.arguments.get("password")
            if password is not None:
                _refuse_unproven(call, services)
                arguments[PREPARED] = passwords.prepare(str(password))
            return change(replace(call, arguments=arguments))

        return handle

    return make


def lister(services: Services) -> Handler:
    """List users, each with its newest API key if the caller may sign with it or replace it."""
    listed = _plain(services, "listUsers")
    keys = services.credentials.keys

    def handle(call: Call) -> Body:
        body = listed(call)
        rows = body.get("user")
        mine = [row for row in rows if may_handle(call, row)] if isinstance(rows, list) else []
        found = keys.named(str(row["id"]) for row in mine) if mine else {}
        for row in mine:
            if row["id"] in found:
                row["apikey"] = found[row["id"]]
        return body

    return handle


def getter(services: Services) -> Handler:
    """Tell whose an API key is."""
    cloud, keys = services.cloud, services.credentials.keys

    def handle(call: Call) -> Body:
        apikey = str(call.arguments["userapikey"])
        uuid = keys.owner(apikey)
        if uuid is None:
            raise NotFound(kind="user", key="API key", value=apikey)
        row = cloud.find("user", call.who, call.command.name, uuid)
        return answer.single(call.command, call.who.role, {**row, "apikey": apikey})

    return handle


def may_handle(call: Call, row: Mapping[str, object]) -> bool:
    """Whether the caller may sign with a user's keys or replace them, given the user as a row of its list."""
    return row["id"] == call.who.user or Role(str(row["roletype"])) in LOOKS_AFTER[call.who.role]


def refuse_higher(call: Call, row: Mapping[str, object]) -> None:
    """Raise `Denied` unless the caller may handle a user's credentials."""
    if not may_handle(call, row):
        raise Denied(who=call.who.user, action=f"{call.command.name} for {row['id']}: its role may do more")


def _refuse_unproven(call: Call, services: Services) -> None:
    """Refuse an empty password, and a new one to a mere user who does not know the one until now."""
    if not call.arguments["password"]:
        raise Invalid(reason="password is empty")
    if call.command.name == "updateUser" and call.who.role is Role.USER:
        current = str(call.arguments.get("currentpassword", ""))
        if not services.credentials.passwords.holds(call.who.user, current):
            raise Invalid(reason="currentpassword is not your password until now; without it you cannot change it")


def _plain(services: Services, name: str) -> Handler:
    """What the command's literal alone tells to do."""
    found = entity.handler(services.commands[name], services)
    assert found is not None, name
    return found


HANDLERS: Mapping[str, Make] = {
    "createAccount": hashing("createAccount"),
    "createUser": hashing("createUser"),
    "updateUser": hashing("updateUser"),
    "listUsers": lister,
    "getUser": getter,
}
