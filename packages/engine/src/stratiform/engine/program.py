"""Everything the engine declares for the job engine and for commands, each a literal."""

from collections.abc import Mapping
from types import MappingProxyType

from stratiform.engine.command import Commands, Does
from stratiform.engine.host.jobs.command import host_command
from stratiform.engine.host.jobs.connect import connect
from stratiform.engine.network.jobs.prepare import prepare
from stratiform.engine.pool.jobs.attach import attach
from stratiform.engine.vm import commands as vm
from stratiform.engine.volume.jobs.create import create as create_volume
from stratiform.engine.volume.jobs.expunge import expunge as expunge_volume
from stratiform.framework.jobs.kind import Job, Lane, Stage

JOBS: tuple[Job, ...] = (attach, connect, create_volume, expunge_volume, host_command, prepare)
"""The jobs that are filed by jobs, or by nobody's command."""

STAGES = (
    Stage(name="vm"),
    Stage(name="volume"),
    Stage(name="network"),
    Stage(name="infrastructure"),
    Stage(name="host"),
)

LANES = (
    Lane(kind="vm", rank=1),
    Lane(kind="volume", rank=2),
    Lane(kind="host", rank=9, width=4, leaf=True),
    Lane(kind="host-control", rank=9, leaf=True),
)
"""In the order of their ranks."""

NOUNS: tuple[Commands, ...] = (vm.COMMANDS,)


def _merged() -> Mapping[str, Does]:
    found: dict[str, Does] = {}
    for commands in NOUNS:
        for name, does in commands.items():
            if name in found:
                raise ValueError(f"two nouns claim the command {name}")
            found[name] = does
    return MappingProxyType(found)


COMMANDS: Commands = _merged()
"""What every command of the engine does."""
