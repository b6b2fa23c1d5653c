"""Ends a verb early wherever it looks whether it is to: it had no effect then, or all of it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from stratiform.framework.agents.abort import Abort, Aborted, use

PLACES = 20
"""Looks of one verb at which it is ended early, at most; one that polls looks as often as it takes time."""


class Early(Abort):
    """Is asked for when the verb looks for the n-th time; what it waits for is ended from another thread."""

    def __init__(self, number: int) -> None:
        super().__init__("kit/abort/0")
        self._left = number

    @property
    def asked(self) -> bool:
        """A look; the n-th and all behind it are told that somebody asked."""
        if self._reaches():
            self.ask()
        return super().asked

    @property
    def reached(self) -> bool:
        """Whether the verb looked so often."""
        return self._left <= 0

    @contextmanager
    def by(self, end: Callable[[], object]) -> Iterator[None]:
        """Two looks: as the block begins, and while it runs."""
        with super().by(end):
            if not self._reaches():
                yield
                return
            asking = threading.Thread(target=self.ask)
            asking.start()
            try:
                yield
            finally:
                asking.join()

    def _reaches(self) -> bool:
        self._left -= 1
        return self._left == 0


def all_or_nothing(
    begin: Callable[[], object], verb: Callable[[], object], state: Callable[[], object]
) -> None:
    """Assert that the verb, ended early at each look, has no effect and says `Aborted`, or has its whole effect.

    `begin` makes everything as it is before the verb. What was aborted is then asked for again, and done.
    """
    begin()
    before = state()
    verb()
    after = state()
    for number in range(1, PLACES + 1):
        begin()
        early = Early(number)
        try:
            with use(early):
                verb()
        except Aborted:
            assert state() == before, f"ended early at look {number}, it says that it was aborted"
            verb()
        assert state() == after, f"ended early at look {number}, it says that it is done"
        if not early.reached:
            return
