"""One call of a command, as its handler gets it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from stratiform.api.command import Command
from stratiform.api.principal import Principal
from stratiform.server.answer import Body


@dataclass(frozen=True, kw_only=True)
class Call:
    """A command, who calls it, and with what; on which entities the caller may is the cloud's to decide."""

    command: Command
    who: Principal
    arguments: Mapping[str, object]
    """By parameter name, typed as declared; ids as UUIDs."""


Handler = Callable[[Call], Body]
"""Carries a call out and returns what stands under the wrapper. Raises an `Error` with nothing written."""
