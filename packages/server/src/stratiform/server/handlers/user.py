"""Accounts and users with their passwords: hashed, and proven, before any transaction begins."""

from collections.abc import Mapping
from dataclasses import replace

from stratiform.api.principal import Role
from stratiform.engine.api import LOOKS_AFTER
from stratiform.framework.base.errors import Denied, Invalid, NotFound
from stratiform.server import answer
from stratiform.server.answer import Body
from stratiform.server.credential.commands import PREPARED, PROOF, Unproven
from stratiform.server.handlers import entity
from stratiform.server.handlers.call import Call, Handler, Make, Services

SECRETS = ("password", "currentpassword")


def hashing(name: str) -> Make:
    """Carry the command out with what is kept of the password in place of the password itself."""

    def make(services: Services) -> Handler:
        change = _plain(services, name)
        passwords = services.credentials.passwords

        def handle(call: Call) -> Body:
            arguments = {each: value for each, value in call.arguments.items() if each not in SECRETS}
            password = call.arguments.get("password")
            if password is not None:
                if not password:
                    raise Invalid(reason="password is empty")
                if name == "updateUser" and call.who.role is Role.USER:
                    arguments[PROOF] = _proof(call, services)
                arguments[PREPARED] = passwords.prepare(str(password))
            return change(replace(call, arguments=arguments))

        return entity.once(services.cloud, handle)

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
        missing = NotFound(kind="user", key="API key", value=apikey)
        uuid = keys.owner(apikey)
        if uuid is None:
            raise missing
        try:
            row = cloud.find("user", call.who, call.command.name, uuid)
        except NotFound:
            raise missing from None  # somebody else's
        return answer.single(call.command, call.who.role, {**row, "apikey": apikey})

    return handle


def may_handle(call: Call, row: Mapping[str, object]) -> bool:
    """Whether the caller may sign with a user's keys or replace them, given the user as a row of its list."""
    return row["id"] == call.who.user or Role(str(row["roletype"])) in LOOKS_AFTER[call.who.role]


def refuse_higher(call: Call, row: Mapping[str, object]) -> None:
    """Raise `Denied` unless the caller may handle a user's credentials."""
    if not may_handle(call, row):
        raise Denied(who=call.who.user, action=f"{call.command.name} for {row['id']}: its role may do more")


def _proof(call: Call, services: Services) -> str:
    """What proves that a mere user knows the password until now. Raises `Unproven`."""
    current = str(call.arguments.get("currentpassword", ""))
    proof = services.credentials.passwords.proof(call.who.user, current)
    if proof is None:
        raise Unproven
    return proof


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
