"""Redaction: what must not be in a log, whoever logs it."""

import re
from collections.abc import Mapping

HIDDEN = "***"

_SECRET = (
    "pass(?:word|wd|phrase)|secret|signature|private[_-]?key|session[_-]?key"
    "|token|authorization|cookie|credential"
)
_KEY = re.compile(_SECRET, re.IGNORECASE)
_SCHEME = r"(?:(?:bearer|basic)\s+)?"
_VALUE = r"""(?:"[^"]*"|'[^']*'|[^\s&;,"'})]+)"""
_PAIR = re.compile(rf"""(?i)((?:{_SECRET})[\w.-]{{0,40}}["']?\s{{0,3}}[=:]\s{{0,3}}){_SCHEME}{_VALUE}""")
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+(?=\S*[\d=])\S+")
_ADDRESS = re.compile(r"(\w://[^\s:/@]*):[^\s/@]+@")


def redact(value: object) -> object:
    """The value with everything secret in it hidden: by key in mappings, by pattern in texts, at any depth.

    An API key is a name and stays; its secret, its signatures and every password go.
    """
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return {key: _under(str(key), below) for key, below in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redact(each) for each in value]
    return value


def _under(key: str, value: object) -> object:
    return HIDDEN if _KEY.search(key) and value is not None else redact(value)


def _text(text: str) -> str:
    text = _PAIR.sub(rf"\1{HIDDEN}", text)
    text = _BEARER.sub(rf"\1 {HIDDEN}", text)
    return _ADDRESS.sub(rf"\1:{HIDDEN}@", text)
