"""Messages derived from Protocols: a verb of an effector and its arguments, as data that crosses a process."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from inspect import Signature, signature
from typing import Any, Concatenate, ParamSpec, TypeVar, get_type_hints

import msgspec

from stratiform.framework.base.errors import Error

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One verb with its arguments, versioned with the Protocol that declares it."""

    verb: str
    """`Protocol.method`, for example `Hypervisor.start`."""
    version: int
    """`VERSION` of the Protocol; a far end refuses one that it does not know."""
    body: msgspec.Raw
    """The arguments by name, as JSON."""


class UnknownVerb(Error):
    """This resource does not understand {verb} version {version}; it knows: {known}."""

    code = "unknown_verb"


class BadMessage(Error):
    """The arguments of {verb} do not fit: {reason}."""

    code = "bad_message"


def message(verb: Callable[Concatenate[S, P], R], *args: P.args, **kwargs: P.kwargs) -> Message:
    """The message that makes a far end call `verb` with these arguments.

    `message(Hypervisor.start, vm)`: the type checker holds the arguments to the Protocol's signature.
    """
    bound = _signature(verb).bind(None, *args, **kwargs)
    _, *names = _signature(verb).parameters
    body = msgspec.json.encode({name: bound.arguments[name] for name in names if name in bound.arguments})
    return Message(verb=verb.__qualname__, version=_version(verb), body=msgspec.Raw(body))


def answer(verb: Callable[Concatenate[S, P], R], data: object) -> R:
    """What the verb returned, from the plain data of an answer."""
    result: R = msgspec.convert(data, _returned(verb), strict=False)
    return result


def verbs(protocol: type, effector: object) -> Mapping[str, Callable[[Message], object]]:
    """The verbs of a Protocol that an effector carries out: from a message to what the method returned."""
    return {
        method.__qualname__: _caller(method, getattr(effector, name))
        for name, method in vars(protocol).items()
        if callable(method) and not name.startswith("_")
    }


def _caller(declared: Callable[..., object], method: Callable[..., object]) -> Callable[[Message], object]:
    def call(message: Message) -> object:
        if message.version != _version(declared):
            raise UnknownVerb(verb=message.verb, version=message.version, known=f"version {_version(declared)}")
        try:
            arguments = msgspec.json.decode(message.body, type=_arguments(declared))
        except msgspec.ValidationError as error:
            raise BadMessage(verb=message.verb, reason=str(error)) from error
        return method(**{name: getattr(arguments, name) for name in arguments.__struct_fields__})

    return call


@lru_cache(maxsize=512)
def _signature(verb: Callable[..., object]) -> Signature:
    return signature(verb)


@lru_cache(maxsize=512)
def _returned(verb: Callable[..., object]) -> Any:
    return get_type_hints(verb).get("return", type(None))


@lru_cache(maxsize=512)
def _arguments(declared: Callable[..., object]) -> type[msgspec.Struct]:
    hints = get_type_hints(declared)
    _, *names = signature(declared).parameters
    fields = [
        (name, hints[name])
        if signature(declared).parameters[name].default is signature(declared).empty
        else (name, hints[name], signature(declared).parameters[name].default)
        for name in names
    ]
    return msgspec.defstruct(declared.__qualname__.replace(".", "_"), fields, kw_only=True, forbid_unknown_fields=True)


def _version(verb: Callable[..., object]) -> int:
    owner = verb.__globals__[verb.__qualname__.rpartition(".")[0]]
    return int(getattr(owner, "VERSION", 1))
