"""How the stages are set, as this process read it last: what may be filed, and what is taken up."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from stratiform.framework.base import errors
from stratiform.framework.jobs.state import Mode


class Draining(errors.Overloaded):
    """The stage {stage} takes no new work, for an operator drains it; what it has is finished. Try again later."""

    code = "stage_draining"


class Full(errors.Overloaded):
    """The stage {stage} has {depth} jobs waiting, which is its limit. Nothing was accepted; try again later."""

    code = "stage_full"


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A stage, as an operator set it."""

    name: str
    workers: int = 1
    least: int | None = None
    most: int | None = None
    target: int | None = None
    """The age in microseconds of the first in line that workers are added for."""
    mode: Mode = Mode.RUN
    in_flight: int | None = None
    depth: int | None = None
    weight: int = 1
    deadline: int | None = None
    """Microseconds after which a root that was filed since is cancelled unless it has ended."""


class Settings:
    """The settings of all stages; replaced as a whole, so any thread may read them."""

    def __init__(self) -> None:
        self._all: Mapping[str, Setting] = {}
        self.paused: frozenset[str] = frozenset()
        """Stages that take nothing up."""
        self.limited: frozenset[str] = frozenset()
        """Stages of which only so many roots are under way."""

    def replace(self, found: Iterable[Setting]) -> None:
        """Go by these from now on."""
        self._all = {each.name: each for each in found}
        self.paused = frozenset(each.name for each in self._all.values() if each.mode is Mode.PAUSE)
        self.limited = frozenset(each.name for each in self._all.values() if each.in_flight is not None)

    def of(self, stage: str) -> Setting:
        """How a stage is set; as one that nobody set if it is not known yet."""
        return self._all.get(stage) or Setting(name=stage)
