"""Lists of networking that are narrowed by more than what is asked."""

from collections.abc import Mapping
from dataclasses import replace

from stratiform.server.answer import Body
from stratiform.server.handlers import entity
from stratiform.server.handlers.call import Call, Handler, Make, Services

ROUTERS = ("VirtualRouter", "VpcVirtualRouter")
BALANCERS = ("InternalLbVm",)


def narrowed(command: str, **otherwise: object) -> Make:
    """What lists as the command's literal says, and of that what is meant where nothing is said."""

    def make(services: Services) -> Handler:
        list_ = entity.handler(services.commands[command], services)
        if list_ is None:
            raise TypeError(f"{command} is no list of a kind")

        def handle(call: Call) -> Body:
            return list_(replace(call, arguments={**otherwise, **call.arguments}))

        return handle

    return make


HANDLERS: Mapping[str, Make] = {
    "listInternalLoadBalancerElements": narrowed("listInternalLoadBalancerElements", types=BALANCERS),
    "listPublicIpAddresses": narrowed("listPublicIpAddresses", allocatedonly=True),
    "listVirtualRouterElements": narrowed("listVirtualRouterElements", types=ROUTERS),
}
