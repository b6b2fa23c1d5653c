"""Everything the engine declares for the job engine and for commands, each a literal."""

from collections.abc import Mapping

from stratiform.engine.cloud import Command, Submit
from stratiform.engine.host.jobs.command import host_command
from stratiform.engine.host.jobs.connect import connect
from stratiform.engine.network.jobs.prepare import prepare
from stratiform.engine.pool.jobs.attach import attach
from stratiform.engine.vm.jobs import submit
from stratiform.engine.vm.jobs.deploy import allocate, deploy
from stratiform.engine.vm.jobs.destroy import destroy
from stratiform.engine.vm.jobs.expunge import expunge
from stratiform.engine.vm.jobs.reboot import reboot
from stratiform.engine.vm.jobs.start import start
from stratiform.engine.vm.jobs.stop import stop
from stratiform.engine.volume.jobs.create import create as create_volume
from stratiform.engine.volume.jobs.expunge import expunge as expunge_volume
from stratiform.framework.jobs.kind import Lane, Registry, Stage

REGISTRY = Registry(
    jobs=[
        allocate,
        attach,
        connect,
        create_volume,
        deploy,
        destroy,
        expunge,
        expunge_volume,
        host_command,
        prepare,
        reboot,
        start,
        stop,
    ],
    stages=[
        Stage(name="vm"),
        Stage(name="volume"),
        Stage(name="network"),
        Stage(name="infrastructure"),
        Stage(name="host"),
    ],
    lanes=[
        Lane(kind="vm", rank=1),
        Lane(kind="volume", rank=2),
        Lane(kind="host", rank=9, width=4, leaf=True),
        Lane(kind="host-control", rank=9, leaf=True),
    ],
)
"""The stages, the lanes in their order, and every kind of job."""

COMMANDS: Mapping[str, str] = {
    "vm.deploy": "deployVirtualMachine",
    "vm.allocate": "deployVirtualMachine",
    "vm.start": "startVirtualMachine",
    "vm.stop": "stopVirtualMachine",
    "vm.reboot": "rebootVirtualMachine",
    "vm.destroy": "destroyVirtualMachine",
    "vm.expunge": "expungeVirtualMachine",
}
"""The command that files each kind of job."""

SUBMITS: Mapping[str, Submit] = {
    "deployVirtualMachine": submit.deploy,
    "startVirtualMachine": submit.start,
    "stopVirtualMachine": submit.stop,
    "rebootVirtualMachine": submit.reboot,
    "destroyVirtualMachine": submit.destroy,
    "expungeVirtualMachine": submit.expunge,
}
"""Commands that file a job."""

CHANGES: Mapping[str, Command] = {
    "recoverVirtualMachine": Command(kind="vm", run=submit.recover),
    "updateVirtualMachine": Command(kind="vm", run=submit.update),
}
"""Commands that only write the database."""
