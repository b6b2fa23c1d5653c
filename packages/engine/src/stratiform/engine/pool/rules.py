"""What a pool's url means."""

from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from stratiform.engine import check

TYPES = {
    "nfs": "NetworkFilesystem",
    "file": "Filesystem",
    "sharedmountpoint": "SharedMountPoint",
    "rbd": "RBD",
    "clvm": "CLVM",
    "presetup": "PreSetup",
}
"""The storage pool type of each scheme."""


class Place(NamedTuple):
    """Where a pool is."""

    type: str
    address: str
    path: str


def place(url: str) -> Place:
    """The type, server and path that a url such as `nfs://server/path` tells. Raises `BadParameter`."""
    parts = urlsplit(url)
    kind = TYPES.get(parts.scheme.lower())
    if kind is None or not parts.path.strip("/"):
        reason = f"it is a url such as nfs://server/path with one of {', '.join(TYPES)}"
        raise check.BadParameter(parameter="url", value=url, reason=reason)
    return Place(kind, parts.hostname or "localhost", unquote(parts.path))
