"""The commands on network elements."""

from collections.abc import Sequence

from stratiform.engine.call import Call
from stratiform.engine.command import Commands, Record
from stratiform.engine.network_element import service
from stratiform.engine.network_element.rules import BALANCERS, ROUTERS
from stratiform.engine.registry import Row
from stratiform.framework.base import errors


def configure_router(call: Call) -> Row:
    """Switch a virtual router's element on or off."""
    return _configure(call, ROUTERS)


def configure_balancer(call: Call) -> Row:
    """Switch an internal load balancer's element on or off."""
    return _configure(call, BALANCERS)


def _configure(call: Call, types: Sequence[str]) -> Row:
    row = call.find("network_element", "id")
    if row.type not in types:
        raise errors.NotFound(kind=f"element of {' or '.join(types)}", key="id", value=row.uuid)
    return service.configure(call.tx, row, is_enabled=call.flag("enabled"))


COMMANDS: Commands = {
    "configureVirtualRouterElement": Record("network_element", configure_router),
    "configureInternalLoadBalancerElement": Record("network_element", configure_balancer),
}
