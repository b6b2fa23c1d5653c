"""The API about itself: listApis, in the shape that CloudMonkey, Marvin and the user interface read."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from stratiform.api.command import Command, Returns
from stratiform.api.parameter import Parameter
from stratiform.api.principal import Role
from stratiform.api.view import Field, View
from stratiform.server.answer import Body
from stratiform.server.errors import UnknownApi
from stratiform.server.handlers.call import Call, Handler, Services


def lister(services: Services) -> Handler:
    """List those of the commands that the caller may call, with the parameters that the caller has."""
    known, access = services.commands, services.access
    lists = _lists(known.values())

    @cache
    def described(role: Role) -> Mapping[str, Body]:
        return {name: describe(command, role, lists) for name, command in known.items()}

    def handle(call: Call) -> Body:
        apis, wanted = described(call.who.role), call.arguments.get("name")
        if wanted is None:
            shown = [api for name, api in apis.items() if access.may_call(call.who, name)]
        elif wanted in apis and access.may_call(call.who, str(wanted)):
            shown = [apis[str(wanted)]]
        else:
            raise UnknownApi(name=wanted)
        return {"count": len(shown), "api": shown}

    return handle


def describe(command: Command, role: Role, lists: Mapping[str, str]) -> Body:
    """One command; `lists` tells by which commands the entities of a kind are listed."""
    related = lists.get(command.kind or "", "")
    return {
        "name": command.name,
        "description": command.description,
        **_since(command.since),
        "isasync": command.asynchronous,
        **({"related": related} if related else {}),
        "params": [_parameter(each, lists) for each in command.parameters if role in each.roles],
        "response": list(_fields(command.view, role)),
        "httprequesttype": command.method,
    }


def _parameter(parameter: Parameter, lists: Mapping[str, str]) -> Body:
    related = lists.get(parameter.kind or "", "")
    return {
        "name": parameter.name,
        "description": parameter.description,
        "type": parameter.type.value,
        "length": parameter.length,
        "required": parameter.required,
        **_since(parameter.since),
        **({"related": related} if related else {}),
    }


def _fields(view: View, role: Role) -> Iterator[Body]:
    for field in view.fields:
        if role in field.roles:
            yield {**_named(field), **({"response": _nested(field.view, role)} if field.view else {})}


def _nested(view: View, role: Role) -> list[Body]:
    return [_named(each) for each in view.fields if role in each.roles]


def _named(field: Field) -> Body:
    return {"name": field.name, "description": field.description, "type": field.type}


def _since(release: str | None) -> Body:
    return {} if release is None else {"since": release}


def _lists(commands: Iterable[Command]) -> Mapping[str, str]:
    found: dict[str, list[str]] = {}
    for command in commands:
        if command.returns is Returns.LIST and command.kind:
            found.setdefault(command.kind, []).append(command.name)
    return {kind: ",".join(names) for kind, names in found.items()}


HANDLERS = {"listApis": lister}
