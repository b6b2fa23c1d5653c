"""Shapes: what simulated hosts are made of."""

from fnmatch import fnmatchcase

import msgspec

from stratiform.plugins.hypervisor.simulator.state import State


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """What a host is made of."""

    cpus: int = 32
    speed: int = 2500
    """MHz of one processor."""
    memory: int = 128 << 30
    """Bytes."""


class Shapes:
    """The shape of every host, by wildcards over its UUID and URL; of those that fit, the longest holds."""

    def __init__(self, state: State) -> None:
        self._state = state

    def put(self, host: str, shape: Shape) -> None:
        """Give hosts a shape, from now on."""
        data = msgspec.json.encode(shape)
        self._state.change("INSERT OR REPLACE INTO shape (host, shape) VALUES (?, ?)", host, data)

    def of(self, uuid: str, url: str) -> Shape:
        """The shape of a host."""
        shapes = self._state.rows(_pair, "SELECT host, shape FROM shape")
        fit = [pair for pair in shapes if fnmatchcase(uuid, pair[0]) or fnmatchcase(url, pair[0])]
        return max(fit, key=lambda pair: len(pair[0]))[1] if fit else Shape()


def _pair(host: str, shape: bytes) -> tuple[str, Shape]:
    return host, msgspec.json.decode(shape, type=Shape)
