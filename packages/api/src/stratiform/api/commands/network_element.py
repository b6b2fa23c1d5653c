"""The elements behind network service providers: the commands and what they answer."""

from stratiform.api.command import Command, Returns
from stratiform.api.parameter import LISTING, Parameter, Type, boolean, entity
from stratiform.api.view import View, flag, string

_FIELDS = (
    string("id", "the element's UUID"),
    string("nspid", "UUID of its network service provider"),
    flag("enabled", "whether it is switched on"),
)

ROUTER_ELEMENT = View("virtualrouterelement", _FIELDS)
BALANCER_ELEMENT = View("internalloadbalancerelement", _FIELDS)

_LISTED = (
    *LISTING,
    entity("id", "network_element", "The element's UUID."),
    entity("nspid", "service_provider", "List the element of this network service provider."),
    boolean("enabled", "Whether it is switched on."),
)
_CONFIGURED = (
    entity("id", "network_element", "The element's UUID.", required=True),
    Parameter("enabled", Type.BOOLEAN, "Whether it is to be switched on.", required=True),
)

list_virtual_router_elements = Command(
    name="listVirtualRouterElements",
    description="Lists the virtual routers behind network service providers.",
    parameters=_LISTED,
    returns=Returns.LIST,
    mutates=False,
    view=ROUTER_ELEMENT,
    object="virtualrouterelement",
    kind="network_element",
    example={"nspid": "0190f3c2-1111-7000-8000-000000000001"},
)

configure_virtual_router_element = Command(
    name="configureVirtualRouterElement",
    description="Switches a virtual router on or off; its provider can be enabled when it is on.",
    parameters=_CONFIGURED,
    returns=Returns.ASYNC,
    mutates=True,
    event="NETWORK.ELEMENT.CONFIGURE",
    view=ROUTER_ELEMENT,
    object="virtualrouterelement",
    kind="network_element",
    example={"id": "0190f3c2-1111-7000-8000-000000000001", "enabled": "true"},
)

list_internal_load_balancer_elements = Command(
    name="listInternalLoadBalancerElements",
    description="Lists the internal load balancers behind network service providers.",
    parameters=_LISTED,
    returns=Returns.LIST,
    mutates=False,
    view=BALANCER_ELEMENT,
    object="internalloadbalancerelement",
    kind="network_element",
    since="4.2.0",
    example={"nspid": "0190f3c2-1111-7000-8000-000000000001"},
)

configure_internal_load_balancer_element = Command(
    name="configureInternalLoadBalancerElement",
    description="Switches an internal load balancer on or off; its provider can be enabled when it is on.",
    parameters=_CONFIGURED,
    returns=Returns.ASYNC,
    mutates=True,
    event="NETWORK.ELEMENT.CONFIGURE",
    view=BALANCER_ELEMENT,
    object="internalloadbalancerelement",
    kind="network_element",
    since="4.2.0",
    example={"id": "0190f3c2-1111-7000-8000-000000000001", "enabled": "true"},
)
