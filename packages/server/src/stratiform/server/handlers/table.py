"""Which handler carries out which command."""

from collections.abc import Mapping

from stratiform.api.access import ApiAccess
from stratiform.api.cloud import Cloud
from stratiform.api.command import Command
from stratiform.framework.base.errors import Error
from stratiform.server.handlers import api, capability, entity, job, nothing, vm
from stratiform.server.handlers.call import Handler
from stratiform.server.handlers.job import Jobs


class NoHandler(Error):
    """The command {command} is declared, but nothing carries it out."""

    code = "no_handler"


def bind(commands: Mapping[str, Command], *, cloud: Cloud, jobs: Jobs, access: ApiAccess) -> Mapping[str, Handler]:
    """A handler for every command. Raises `NoHandler`: a command that does not work must not be listed."""
    own: Mapping[str, Handler] = {
        "deployVirtualMachine": vm.deploy(cloud),
        "listApis": api.lister(commands.values(), access),
        "listAsyncJobs": job.lister(jobs),
        "listCapabilities": capability.handle,
        "listIpForwardingRules": nothing.handle,
        "listPortForwardingRules": nothing.handle,
        "listPublicIpAddresses": nothing.handle,
        "queryAsyncJobResult": job.finder(commands, cloud, jobs),
    }
    return {name: own.get(name) or _bound(command, cloud) for name, command in commands.items()}


def _bound(command: Command, cloud: Cloud) -> Handler:
    handler = entity.handler(command, cloud)
    if handler is None:
        raise NoHandler(command=command.name)
    return handler
