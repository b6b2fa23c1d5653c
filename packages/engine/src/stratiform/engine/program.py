"""Everything the engine declares for the job engine and for commands, each a literal."""

from collections.abc import Mapping
from types import MappingProxyType

from stratiform.engine.address import commands as address
from stratiform.engine.cluster import commands as cluster
from stratiform.engine.command import Commands, Does
from stratiform.engine.domain import commands as domain
from stratiform.engine.host import commands as host
from stratiform.engine.host.jobs.command import host_command
from stratiform.engine.host.jobs.connect import connect
from stratiform.engine.host.jobs.detach import detach
from stratiform.engine.host.jobs.equip import equip
from stratiform.engine.image_store import commands as image_store
from stratiform.engine.maintenance import commands as maintenance
from stratiform.engine.maintenance.jobs.leave import leave
from stratiform.engine.network import commands as network
from stratiform.engine.network.jobs.prepare import prepare
from stratiform.engine.network_element import commands as network_element
from stratiform.engine.offering import commands as offering
from stratiform.engine.physical_network import commands as physical_network
from stratiform.engine.pod import commands as pod
from stratiform.engine.pool import commands as pool
from stratiform.engine.pool.jobs.attach import attach
from stratiform.engine.queue import commands as queue
from stratiform.engine.service_provider import commands as service_provider
from stratiform.engine.share import commands as share
from stratiform.engine.ssh_key_pair import commands as ssh_key_pair
from stratiform.engine.template import commands as template
from stratiform.engine.tenancy import commands as tenancy
from stratiform.engine.tenancy.jobs.end_vm import end_vm
from stratiform.engine.vm import commands as vm
from stratiform.engine.vm.jobs.locate import locate
from stratiform.engine.vm.jobs.migrate import migrate
from stratiform.engine.volume.jobs.create import create as create_volume
from stratiform.engine.volume.jobs.expunge import expunge as expunge_volume
from stratiform.engine.zone import commands as zone
from stratiform.framework.jobs.kind import Job, Lane, Stage

JOBS: tuple[Job, ...] = (
    attach,
    connect,
    create_volume,
    detach,
    end_vm,
    equip,
    expunge_volume,
    host_command,
    leave,
    locate,
    migrate,
    prepare,
)
"""The jobs that are filed by jobs, or by nobody's command."""

STAGES = (
    Stage(name="vm"),
    Stage(name="volume"),
    Stage(name="network"),
    Stage(name="infrastructure"),
    Stage(name="host"),
)

LANES = (
    Lane(kind="maintenance", rank=-2),
    Lane(kind="evacuation", rank=-1, width=2),
    Lane(kind="account", rank=0),
    Lane(kind="vm", rank=1),
    Lane(kind="volume", rank=2),
    Lane(kind="host", rank=9, width=4, leaf=True),
    Lane(kind="host-control", rank=9, leaf=True),
    Lane(kind="host-move", rank=9, width=2, leaf=True),
)
"""In the order of their ranks."""

NOUNS: tuple[Commands, ...] = (
    domain.COMMANDS,
    zone.COMMANDS,
    pod.COMMANDS,
    cluster.COMMANDS,
    host.COMMANDS,
    pool.COMMANDS,
    physical_network.COMMANDS,
    service_provider.COMMANDS,
    network_element.COMMANDS,
    network.COMMANDS,
    address.COMMANDS,
    image_store.COMMANDS,
    offering.COMMANDS,
    template.COMMANDS,
    ssh_key_pair.COMMANDS,
    queue.COMMANDS,
    share.COMMANDS,
    tenancy.COMMANDS,
    vm.COMMANDS,
    maintenance.COMMANDS,
)


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
