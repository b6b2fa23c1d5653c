"""The observer adapter: consumes events, such as usage, webhooks and message buses do."""

from collections.abc import Sequence
from typing import Protocol

from stratiform.api.events import Event


class Observer(Protocol):
    """Is given every event at least once, in order; the framework keeps its cursor, and each has a lane."""

    name: str
    order: int

    def consume(self, events: Sequence[Event]) -> None:
        """Return once these events are dealt with for good; after an error or a crash they come again.

        May be given an event twice: `Event.id` is the same, and its effect must be. A kind of event that it
        does not know is passed over.
        """
