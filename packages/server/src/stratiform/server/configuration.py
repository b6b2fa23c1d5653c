"""The options of the installed packages, as operators list and set them."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from stratiform.api.access import Access
from stratiform.api.cloud import Token
from stratiform.api.command import Command
from stratiform.api.events import EventName
from stratiform.api.principal import Principal, Role
from stratiform.engine import api as engine
from stratiform.framework.base import errors
from stratiform.framework.config.catalogue import Declared
from stratiform.framework.config.option import BadValue, Option, V
from stratiform.framework.config.table import VERSION
from stratiform.framework.config.values import GLOBAL, Config, Scope
from stratiform.framework.db.database import Database, Transaction
from stratiform.framework.events import outbox
from stratiform.framework.jobs import token as tokens
from stratiform.framework.jobs.token import Key

TENANTS = frozenset({"domain", "account"})
"""The kinds of places that administrators of a domain set values for."""

TYPES: Mapping[type, str] = {bool: "Boolean", int: "Number", float: "Decimal", str: "String"}
"""What the wire calls the types of values; one of several texts is a Select."""


class NoSuchOption(errors.Invalid):
    """The configuration parameter {name} doesn't exist here: nothing would read it."""

    code = "no_such_option"


class ManyPlaces(errors.Invalid):
    """A value is for one place: give one of {parameters}."""

    code = "many_places"


class OperatorsPlace(errors.Denied):
    """Only operators see and set values there. Give {parameters}."""

    code = "operators_place"


class Configuration:
    """Options by their names: read along their scopes, listed, and set with an event.

    An administrator of everything sees them all, any other administrator those that can be set for a domain or an
    account, and there.
    """

    def __init__(self, config: Config, database: Database, gate: Access, declared: Sequence[Declared]) -> None:
        self._config = config
        self._database = database
        self._gate = gate
        self._declared = {
            each.option.name.lower(): each for each in sorted(declared, key=lambda each: each.option.name)
        }

    def value(self, option: Option[V], scope: Scope = GLOBAL) -> V:
        """The value for a scope, as `Config.value` answers it."""
        return self._config.value(option, scope)

    def list(self, who: Principal, command: Command, filters: Mapping[str, object]) -> Sequence[Mapping[str, object]]:
        """The options that match, by name, each with its value for the one place that is named, or for everything."""
        with self._database.reading() as connection:
            scope = self._scope(connection, who, command, filters)
        found = (each for each in self._declared.values() if _seen(who, each) and _matches(each, filters))
        return [self._row(each, scope) for each in found if scope == GLOBAL or scope[0] in each.option.scopes]

    def set(
        self, who: Principal, command: Command, arguments: Mapping[str, object], token: Token | None = None
    ) -> Mapping[str, object]:
        """Set an option's value, or forget it if it is empty, for the place that is named; answers it as a row.

        With a token that was used nothing is set, and the row is told as it is now. Raises `NoSuchOption`,
        `ManyPlaces`, `OperatorsPlace`, `NotScoped`, `BadValue` or `Reused` with nothing written.
        """
        name, text = str(arguments["name"]), str(arguments["value"]).strip()
        found = self._declared.get(name.lower())
        if found is None or not _seen(who, found):
            raise NoSuchOption(name=name)
        option: Option[Any] = found.option

        def write(tx: Transaction) -> Scope:
            scope = self._scope(tx.connection, who, command, arguments)
            if token is not None and _claim(tx, who, command, token):
                return scope
            if text:
                self._config.set(tx, option, option.parse(text), scope)
            else:
                self._config.unset(tx, option, scope)
            outbox.publish(tx, [_edited(tx, option.name, text, scope[0], _named(command, arguments))])
            return scope

        return self._row(found, self._database.run(write))

    def _scope(
        self, connection: Connection, who: Principal, command: Command, arguments: Mapping[str, object]
    ) -> Scope:
        places = _places(command)
        named = _named(command, arguments)
        if len(named) > 1:
            raise ManyPlaces(parameters=", ".join(places))
        if who.role is not Role.ADMIN and TENANTS.isdisjoint(places[each] for each in named):
            raise OperatorsPlace(parameters=" or ".join(each for each, kind in places.items() if kind in TENANTS))
        for parameter, uuid in named.items():
            kind = places[parameter]
            row = engine.find(connection, engine.LISTINGS[kind], uuid, who, command.name, self._gate)
            return kind, row.id
        return GLOBAL

    def _row(self, found: Declared, scope: Scope) -> Mapping[str, object]:
        option: Option[Any] = found.option
        return {
            "category": option.category,
            "group": option.group,
            "subgroup": option.subgroup,
            "name": option.name,
            "value": self._text(option, scope),
            "defaultvalue": option.text(option.default),
            "scope": ", ".join(map(_spelled, option.scopes)),
            "description": f"{option.description} In {option.unit}." if option.unit else option.description,
            "isdynamic": True,
            "component": found.module.removeprefix("stratiform."),
            "displaytext": option.name.replace(".", " ").capitalize(),
            "type": "Select" if option.choices else TYPES[option.kind],
            "options": ",".join(option.choices) or None,
        }

    def _text(self, option: Option[Any], scope: Scope) -> str:
        try:
            return option.text(self._config.value(option, scope))
        except BadValue as bad:  # stored by a version that allowed it: whoever is to repair it has to see it
            return str(bad.parameters["value"])


def _claim(tx: Transaction, who: Principal, command: Command, token: Token) -> bool:
    """Whether the token was used; if not, it is this transaction's now."""
    key = Key(principal=who.user, scope=command.name, text=token.text)
    return tokens.claim(tx, key, request=token.request, same=token.same, until=token.until) is not None


def _seen(who: Principal, found: Declared) -> bool:
    return who.role is Role.ADMIN or not TENANTS.isdisjoint(found.option.scopes)


def _matches(found: Declared, filters: Mapping[str, object]) -> bool:
    option = found.option
    same = {"name": option.name, "category": option.category, "group": option.group, "subgroup": option.subgroup}
    if any(str(filters.get(key, value)).lower() != value.lower() for key, value in same.items()):
        return False
    return str(filters.get("keyword", "")).lower() in f"{option.name}\n{option.description}".lower()


def _places(command: Command) -> Mapping[str, str]:
    """The parameters that name a place, and which kind each is of."""
    return {each.name: each.kind for each in command.parameters if each.kind}


def _named(command: Command, arguments: Mapping[str, object]) -> Mapping[str, str]:
    return {each: str(arguments[each]) for each in _places(command) if arguments.get(each) is not None}


def _spelled(scope: str) -> str:
    return "".join(part.capitalize() for part in scope.split("_"))


def _edited(tx: Transaction, name: str, value: str, kind: str, named: Mapping[str, str]) -> outbox.Event:
    """What tells of a value; the generation is the version of the configuration that it made."""
    return outbox.Event(
        kind=EventName.CONFIGURATION_VALUE_EDIT,
        resource_kind="configuration",
        resource=name,
        generation=tx.connection.execute(VERSION).scalar_one(),
        payload={"name": name, "value": value, "scope": kind, **named},
    )
