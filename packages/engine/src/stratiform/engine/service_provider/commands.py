"""The commands on a network service provider that is there."""

from stratiform.engine.call import Call
from stratiform.engine.command import Commands, Record
from stratiform.engine.registry import Row
from stratiform.engine.service_provider import service


def update(call: Call) -> Row:
    """Switch a provider on or off, or choose its services."""
    return service.update(
        call.tx,
        call.find("service_provider", "id"),
        state=call.text_if_given("state") or None,
        services=call.texts("servicelist"),
    )


COMMANDS: Commands = {"updateNetworkServiceProvider": Record("service_provider", update)}
