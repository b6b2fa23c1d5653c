"""The progress of something that has steps: a line for each that is done, and what is under way below."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.status import Status

LONG = 1.0
"""Seconds from which on it is told how long a step took."""


class Progress:
    """Tells a console; where it is no terminal, only what is done."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @contextmanager
    def step(self, title: str) -> Iterator[Callable[[str], None]]:
        """Show the step as under way, then as done; what is given says how far it is. Silent about one that raises."""
        began = time.monotonic()
        with Status(escape(title), console=self._console) as status:
            yield lambda detail: status.update(escape(f"{title}: {detail}"))
        took = time.monotonic() - began
        self._console.print(f"  {title}" + (f" ({took:.1f} s)" if took >= LONG else ""), highlight=False, markup=False)
