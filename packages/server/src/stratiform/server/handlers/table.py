"""Which handler carries out which command."""

from collections.abc import Mapping

from stratiform.api.command import Command
from stratiform.framework.base.errors import Error
from stratiform.server.handlers import (
    api,
    capability,
    configuration,
    entity,
    hypervisor,
    job,
    maintenance,
    network,
    nothing,
    queue,
    session,
    ssh_key_pair,
    user,
    user_key,
    vm,
)
from stratiform.server.handlers.call import Handler, Make, Services

OWN: Mapping[str, Make] = {
    **api.HANDLERS,
    **capability.HANDLERS,
    **configuration.HANDLERS,
    **hypervisor.HANDLERS,
    **job.HANDLERS,
    **maintenance.HANDLERS,
    **network.HANDLERS,
    **nothing.HANDLERS,
    **queue.HANDLERS,
    **session.HANDLERS,
    **ssh_key_pair.HANDLERS,
    **user.HANDLERS,
    **user_key.HANDLERS,
    **vm.HANDLERS,
}
"""The commands that take more than their literal tells."""


class NoHandler(Error):
    """The command {command} is declared, but nothing carries it out."""

    code = "no_handler"


def bind(services: Services) -> Mapping[str, Handler]:
    """A handler for every command. Raises `NoHandler`: a command that does not work must not be listed."""
    return {name: _bound(command, services) for name, command in services.commands.items()}


def _bound(command: Command, services: Services) -> Handler:
    own = OWN.get(command.name)
    handler = own(services) if own else entity.handler(command, services)
    if handler is None:
        raise NoHandler(command=command.name)
    return handler
