"""XML for those who did not ask for JSON."""

import re
from collections.abc import Iterator, Mapping
from xml.sax.saxutils import escape, quoteattr

QUOTES = {'"': "&quot;", "'": "&apos;"}
_UNSPEAKABLE = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot have at all, escaped or not."""
HEAD = '<?xml version="1.0" encoding="UTF-8"?>'


def encode(wrapper: str, body: Mapping[str, object], version: str | None) -> bytes:
    """One document: the wrapper with what stands under it; lists repeat their element, and null is left out.

    `version` is told to those who are known.
    """
    attribute = "" if version is None else f" cloud-stack-version={quoteattr(version)}"
    text = f"{HEAD}<{wrapper}{attribute}>{''.join(_members(body))}</{wrapper}>"
    return _UNSPEAKABLE.sub("?", text).encode()


def _members(body: Mapping[str, object]) -> Iterator[str]:
    for name, value in body.items():
        for each in value if isinstance(value, list | tuple) else (value,):
            if each is not None:
                yield f"<{name}>{_content(each)}</{name}>"


def _content(value: object) -> str:
    if isinstance(value, Text):
        return escape(f"{{{', '.join(f'{name}={each}' for name, each in value.items())}}}", QUOTES)
    if isinstance(value, Mapping):
        return "".join(_members(value))
    return escape(str(value).lower() if isinstance(value, bool) else str(value), QUOTES)


class Text(dict[str, object]):
    """A map whose names are data: an object in JSON, `{a=b}` in XML, where not every name is allowed."""
