"""What an image store's url means."""

from enum import StrEnum
from typing import NamedTuple
from urllib.parse import urlsplit

from stratiform.engine import check


class Provider(StrEnum):
    """What image stores are made of."""

    NFS = "NFS"


class Place(NamedTuple):
    """Where a store is."""

    protocol: str
    server: str
    path: str


def place(url: str) -> Place:
    """The server and the path that `nfs://server/path` tells. Raises `BadParameter`."""
    found = _split(url)
    if found is None or found.protocol != "nfs" or not found.server or not found.path:
        reason = "it is a path on a server, such as nfs://server/path"
        raise check.BadParameter(parameter="url", value=url, reason=reason)
    return found


def holds(store: str, url: str) -> bool:
    """Whether what is at `url` lies in the store at the url `store`."""
    home, thing = place(store), _split(url)
    return thing is not None and thing[:2] == home[:2] and f"{thing.path}/".startswith(f"{home.path}/")


def _split(url: str) -> Place | None:
    try:
        parts = urlsplit(url)
        return Place(parts.scheme.lower(), parts.hostname or "", parts.path.rstrip("/"))
    except ValueError:
        return None
