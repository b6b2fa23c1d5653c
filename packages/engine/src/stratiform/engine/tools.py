"""What the steps of the engine's jobs are given: plug-ins, configuration, and where things are kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from stratiform.api.adapters.hypervisor import HypervisorProvider
from stratiform.api.adapters.placement import Placement
from stratiform.framework.base import errors
from stratiform.framework.config.option import Option
from stratiform.framework.config.values import Config

P = TypeVar("P")

PLACEMENT = Option(
    "vm.placement",
    "spread",
    "Name of the placement adviser that ranks hosts for virtual machines.",
    scopes=("global", "zone"),
)


class NoSuchPlugin(errors.Invalid):
    """No plug-in {name} is installed for {what}; there are: {known}."""

    code = "no_such_plugin"


@dataclass(frozen=True, kw_only=True)
class Tools:
    """The plug-ins that were loaded, by name, and the configuration that chooses among them."""

    config: Config
    placements: Mapping[str, Placement]
    hypervisors: Mapping[str, HypervisorProvider]
    data: Path
    """A directory of this server, for what plug-ins keep."""

    def placement(self, zone_id: int) -> Placement:
        """The placement adviser that is configured for a zone."""
        name = self.config.value(PLACEMENT, ("zone", zone_id))
        return _named(self.placements, name, "placement")

    def hypervisor(self, name: str) -> HypervisorProvider:
        """The provider of a hypervisor type. Raises `NoSuchPlugin`."""
        return _named(self.hypervisors, name, "hypervisor")


def _named(plugins: Mapping[str, P], name: str, what: str) -> P:
    if name not in plugins:
        raise NoSuchPlugin(name=name, what=what, known=", ".join(sorted(plugins)) or "none")
    return plugins[name]
