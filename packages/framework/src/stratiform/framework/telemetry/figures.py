"""Figures: what a process tells of each of its queues, small enough to go with every beat of its lease."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec

from stratiform.framework.telemetry.histogram import Percentiles, Tally

HTTP, MONITOR, HOUSEKEEPING = "http", "monitor", "housekeeping"
"""What servers tell of beside their stages; no stage is called so."""


class Type(StrEnum):
    """What has a queue."""

    STAGE = "stage"
    HTTP = "http"
    """Requests, before a thread takes them up."""
    MONITOR = "monitor"
    """What goes round and looks; its wait is how late a round began, its service how long one took."""


class Figures(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One queue in one process; durations are those of the last minutes."""

    name: str
    type: str = Type.STAGE.value
    """As of `Type`, or what a newer process may have."""
    workers: int | None = None
    busy: int | None = None
    """Workers that have something under way."""
    queued: int | None = None
    last: int | None = None
    """When the last round ended (µs UTC), of what goes round."""
    waits: Mapping[int, int] = {}
    """Buckets of a `Tally`."""
    services: Mapping[int, int] = {}

    @property
    def wait(self) -> Percentiles | None:
        """From ready to taken up."""
        return percentiles(self.waits)

    @property
    def service(self) -> Percentiles | None:
        """From filed to ended."""
        return percentiles(self.services)


def percentiles(buckets: Mapping[int, int]) -> Percentiles | None:
    """What most durations stayed within; None if there were none."""
    return Tally(buckets=buckets, sum=0).percentiles()


def encode(figures: Sequence[Figures]) -> str:
    """Figures as a process writes them."""
    return msgspec.json.encode(figures).decode()


def decode(text: str | None) -> list[Figures]:
    """What a process wrote; nothing if it has told nothing yet, or tells it in another way than this version."""
    try:
        return msgspec.json.decode(text or "[]", type=list[Figures])
    except msgspec.DecodeError:
        return []
