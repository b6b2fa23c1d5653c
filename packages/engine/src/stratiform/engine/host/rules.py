"""What a host's url and its tags mean."""

from typing import NamedTuple
from urllib.parse import urlsplit

from stratiform.engine import check


class Url(NamedTuple):
    """Where a host is."""

    text: str
    """As it is kept: two spellings of one url are one."""
    address: str
    """The part that names the machine."""
    name: str
    """What the host is called: its address, with the path if there is one."""


def url(text: str) -> Url:
    """What a url such as `http://10.0.0.5` tells. Raises `BadParameter`; one with a password is never repeated."""
    try:
        parts = urlsplit(text.strip())
    except ValueError:  # such as half an IPv6 address
        parts = urlsplit("")
    if "@" in text:
        reason = "it holds a user or a password; give those as username and password"
        raise check.BadParameter(parameter="url", value=f"{parts.scheme}://…", reason=reason)
    if not parts.scheme or not parts.hostname or parts.query or parts.fragment or not text.isprintable():
        reason = "it is a url such as http://10.0.0.5"
        raise check.BadParameter(parameter="url", value=text, reason=reason)
    path = parts.path.rstrip("/")
    address = parts.netloc.lower()
    name = check.name("url", "-".join((parts.hostname, *path.strip("/").split("/"))) if path else parts.hostname)
    return Url(f"{parts.scheme.lower()}://{address}{path}", parts.hostname, name)


def split(tags: str | None) -> frozenset[str]:
    """The tags of a text that separates them by commas."""
    return frozenset(each.strip() for each in (tags or "").split(",") if each.strip())


def join(tags: tuple[str, ...]) -> str | None:
    """Tags as they are kept; None if there are none."""
    return ",".join(dict.fromkeys(each.strip() for each in tags if each.strip())) or None
