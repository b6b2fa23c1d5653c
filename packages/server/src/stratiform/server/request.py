"""A request as it was received: query and body merged, decoded, and nothing understood yet."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from stratiform.server.errors import ControlCharacter, Malformed, MalformedMap, TooLarge

FORM = "application/x-www-form-urlencoded"
BODY_LIMIT = 1024 * 1024
"""Bytes of a form."""
KEYS_LIMIT = 5000
ANY_CHARACTER = frozenset({"activationrule"})
"""Parameters whose value may have control characters."""

_JSON = re.compile(rb"(?:^|&)response=json(?:&|$)", re.IGNORECASE)
_MAP = re.compile(r"([^\[]+)\[(\d{1,9})\]\.(.+)", re.DOTALL | re.ASCII)
_CONTROL = re.compile(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]")

Parts = Mapping[int, Mapping[str, str]]
"""A map parameter: by index, the value of each part."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What HTTP brought, undecoded."""

    query: str
    """As WSGI passes it: each character is a byte."""
    form: bytes = b""
    """At most a little more than `BODY_LIMIT`."""
    method: str = "GET"
    cookies: Mapping[str, str] = field(default_factory=dict)
    token: str | None = None
    """The header `Idempotency-Key`."""

    @property
    def wants_json(self) -> bool:
        """Whether the answer is to be JSON, for when it cannot be read what was asked."""
        return any(map(_JSON.search, (self.query.encode("latin-1", "replace"), self.form)))


@dataclass(frozen=True, kw_only=True)
class Given:
    """The parameters of a request by their names in lower case."""

    values: Mapping[str, str]
    maps: Mapping[str, Parts] = field(default_factory=dict)


def merge(query: str, body: bytes = b"") -> Mapping[str, str]:
    """The parameters of a query string and of a form, names as received.

    The query string wins over the form; in it the last of a name wins, in the form the first. Raises
    `Malformed` for what is not UTF-8 and `TooLarge`.
    """
    if len(body) > BODY_LIMIT:
        raise TooLarge(what="the bytes of a form", limit=BODY_LIMIT)
    merged: dict[str, str] = {}
    if body:
        for name, value in _pairs(body.decode("latin-1")):
            merged.setdefault(name, value)
    merged.update(_pairs(query))
    if len(merged) > KEYS_LIMIT:
        raise TooLarge(what="parameters", limit=KEYS_LIMIT)
    return merged


def given(parameters: Mapping[str, str]) -> Given:
    """The parameters by their names in lower case, maps gathered.

    Raises `ControlCharacter` for one in a value (line ends are none) and `MalformedMap` for a bracket that
    belongs to no map, whether or not anybody would read it. Of names alike but for case, lower case wins.
    """
    values: dict[str, str] = {}
    maps: dict[str, dict[int, dict[str, str]]] = {}
    for name, value in parameters.items():
        if _CONTROL.search(value) and name.lower() not in ANY_CHARACTER:
            raise ControlCharacter(name=name)
        if "[" in name[1:]:
            gather(maps, name, value)
        elif name == name.lower():
            values[name] = value
        else:
            values.setdefault(name.lower(), value)
    return Given(values=values, maps=maps)


def gather(maps: dict[str, dict[int, dict[str, str]]], name: str, value: str) -> None:
    """Add one part of a map, `name[index].part`; the part keeps its case. Raises `MalformedMap`."""
    found = _MAP.fullmatch(name)
    if not found or "[" in found[3] or "]" in found[3]:
        raise MalformedMap(name=name)
    maps.setdefault(found[1].lower(), {}).setdefault(int(found[2]), {})[found[3]] = value


def wants_json(parameters: Mapping[str, str]) -> bool:
    """Whether the answer is to be JSON; XML is what nobody asked for gets."""
    return parameters.get("response", "").lower() == "json"


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    tokens = text.split("&")
    if len(tokens) > KEYS_LIMIT:
        raise TooLarge(what="parameters", limit=KEYS_LIMIT)
    for token in tokens:
        name, equals, value = token.partition("=")
        if equals and name:
            yield _decode(name), _decode(value)


def _decode(text: str) -> str:
    """What bytes, each given as a character, mean."""
    if text.isascii() and "%" not in text and "+" not in text:
        return text
    try:
        return unquote_to_bytes(text.replace("+", " ").encode("latin-1")).decode()
    except UnicodeDecodeError as error:
        raise Malformed(reason="it is not UTF-8") from error
    except UnicodeEncodeError as error:
        raise Malformed(reason="its query is not made of bytes") from error
