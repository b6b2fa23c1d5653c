"""From texts to arguments: a command's parameters typed as declared, everything else refused or ignored."""

import re
from collections.abc import Callable, Iterator, Mapping

from stratiform.api.command import Command
from stratiform.api.parameter import Check, Parameter, Style, Type
from stratiform.api.principal import Role
from stratiform.framework.base.errors import Error, NotFound
from stratiform.server import moment
from stratiform.server.errors import BadParameter, NotSupported
from stratiform.server.request import Given, Parts

UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
ANY = "-1"
"""In place of an id: whichever there is."""
WHOLE = re.compile(r"[+-]?[0-9]{1,19}")
REAL = re.compile(r"[+-]?([0-9]{1,300}(\.[0-9]{0,300})?|\.[0-9]{1,300})([eE][+-]?[0-9]{1,3})?")
HOST_NAME = re.compile(r"(?!.*-$)[a-zA-Z][a-zA-Z0-9-]{0,62}")


class _NoSuch(ValueError):
    """An id that nothing can have."""


BITS = {Type.SHORT: 16, Type.INTEGER: 32, Type.LONG: 64}
BLANK_IS_ABSENT = frozenset({Type.INTEGER, Type.FLOAT, Type.DOUBLE, Type.DATE})


def read(command: Command, given: Given, role: Role) -> Mapping[str, object]:
    """The arguments of a call by parameter name: text, bool, int, float, microseconds, tuple or dict.

    An id is a UUID in lower case, or `-1` for any. Raises `BadParameter` for what is missing
    or wrong, `NotSupported` for what would have changed the result in CloudStack.
    """
    for each in command.refused:
        value = given.values.get(each.name, "") or ("map" if each.name in given.maps else "")
        if value and role in each.roles and value.lower() not in map(str.lower, each.harmless):
            raise NotSupported(command=command.name.lower(), parameter=each.name)
    return dict(_read(command, given, role))


def blame(command: Command, arguments: Mapping[str, object], error: NotFound) -> Error:
    """The error in CloudStack's words if it is about an id that an argument gave; else the error itself."""
    missing = error.parameters.get("value") if error.parameters.get("key") == "id" else None
    for each in command.parameters:
        value = arguments.get(each.name)
        if each.kind and missing is not None and (missing == value or (isinstance(value, tuple) and missing in value)):
            return _bad(command, unknown(each.name, str(missing)))
    return error


def unknown(name: str, value: str) -> str:
    """What is wrong with an id that nothing has; cloudstack-go and Terraform look for these very words."""
    return (
        f"invalid value. Invalid parameter {name} value={value} due to incorrect long value format,"
        " or entity does not exist or due to incorrect parameter annotation for the field in api cmd class"
    )


def _read(command: Command, given: Given, role: Role) -> Iterator[tuple[str, object]]:
    for parameter in command.parameters:
        if role not in parameter.roles:
            continue
        if parameter.type is Type.MAP:
            parts = given.maps.get(parameter.name)
            value: object = None if parts is None else _map(parameter, parts)
        else:
            value = _value(command, parameter, given.values.get(parameter.name))
        if value is not None:
            yield parameter.name, value
        elif parameter.required:
            raise _bad(command, f"missing parameter {parameter.name}")


def _value(command: Command, parameter: Parameter, text: str | None) -> object:
    if text is None:
        return None
    if parameter.required and not text:
        raise _bad(command, f"invalid value for parameter {parameter.name}: it is empty")
    if parameter.type in BLANK_IS_ABSENT and not text.strip():
        return None
    try:
        value = READERS[parameter.type](parameter, text)
    except _NoSuch as error:
        raise _bad(command, str(error)) from None
    except ValueError as error:
        value = "" if parameter.secret else f"{text[:80]!r} "
        raise _bad(command, f"invalid value {value}for parameter {parameter.name}: {error}") from None
    return value


def _string(parameter: Parameter, text: str) -> str:
    if len(text) > parameter.length:
        raise ValueError(f"it is longer than {parameter.length}")
    if parameter.choices and text.lower() not in parameter.choices:
        raise ValueError(f"it is not one of {', '.join(parameter.choices)}")
    if parameter.check and not CHECKS[parameter.check](text):
        raise ValueError(f"it is not {parameter.check}")
    return text.lower() if parameter.choices else text


def _boolean(parameter: Parameter, text: str) -> bool:
    return text.lower() == "true"


def _whole(parameter: Parameter, text: str) -> int:
    bound = 1 << BITS[parameter.type] - 1
    if not WHOLE.fullmatch(text.strip()) or not -bound <= int(text) < bound:
        raise ValueError(f"it is not a number of {BITS[parameter.type]} bits")
    if parameter.check and not CHECKS[parameter.check](text):
        raise ValueError(f"it is not {parameter.check}")
    return int(text)


def _real(parameter: Parameter, text: str) -> float:
    if not REAL.fullmatch(text.strip()):
        raise ValueError("it is not a number")
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError("it is too large")
    return value


def _date(parameter: Parameter, text: str) -> int:
    value = moment.read(text, end=parameter.name == "enddate")
    if value is None:
        raise ValueError("it is not a date such as 2026-01-31 or 2026-01-31T10:00:00+0000")
    return value


def _uuid(parameter: Parameter, text: str) -> str | None:
    if UUID.fullmatch(text):
        return text.lower()
    if parameter.since:
        return None
    if text != ANY:
        raise _NoSuch(unknown(parameter.name, text))
    return text


def _list(parameter: Parameter, text: str) -> tuple[object, ...]:
    item = Parameter(parameter.name, parameter.items or Type.STRING, parameter.description, kind=parameter.kind)
    return tuple(READERS[item.type](item, token) for token in text.split(",") if token)


def _map(parameter: Parameter, parts: Parts) -> object:
    match parameter.style:
        case Style.FIELDS:
            return tuple(dict(parts[index]) for index in sorted(parts))
        case Style.KEY_VALUE:
            return {each.get("key", ""): each.get("value", "") for _, each in sorted(parts.items())}
        case Style.FLAT_FIRST:
            return dict(parts[min(parts)])
        case _:
            return {name: value for _, each in sorted(parts.items()) for name, value in each.items()}


READERS: Mapping[Type, Callable[[Parameter, str], object]] = {
    Type.STRING: _string,
    Type.BOOLEAN: _boolean,
    Type.SHORT: _whole,
    Type.INTEGER: _whole,
    Type.LONG: _whole,
    Type.FLOAT: _real,
    Type.DOUBLE: _real,
    Type.DATE: _date,
    Type.UUID: _uuid,
    Type.LIST: _list,
}

CHECKS: Mapping[Check, Callable[[str], object]] = {
    Check.NOT_EMPTY: str.strip,
    Check.POSITIVE: lambda text: int(text) > 0,
    Check.UUID: UUID.fullmatch,
    Check.HOST_NAME: HOST_NAME.fullmatch,
}


def _bad(command: Command, reason: str) -> BadParameter:
    return BadParameter(command=command.name.lower(), reason=reason)
