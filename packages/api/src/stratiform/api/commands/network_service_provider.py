"""Network service providers: the commands and what they answer."""

from stratiform.api.command import Command, Returns
from stratiform.api.parameter import LISTING, Parameter, Type, entity, text
from stratiform.api.view import Field, View, flag, string

PROVIDER = View(
    "networkserviceprovider",
    (
        string("id", "the provider's UUID"),
        string("name", "its name, for example VirtualRouter"),
        string("physicalnetworkid", "UUID of the physical network whose networks it serves"),
        string("destinationphysicalnetworkid", "UUID of the physical network that it leads to"),
        string("state", "Enabled, Disabled or Shutdown"),
        Field("servicelist", "list", "the services that it provides"),
        flag("canenableindividualservice", "whether it may provide some of its services only"),
    ),
)

_ID = entity("id", "service_provider", "The provider's UUID.", required=True)
_SERVICES = Parameter(
    "servicelist", Type.LIST, "The services that it is to provide; all that it can if none is named.", items=Type.STRING
)

add_network_service_provider = Command(
    name="addNetworkServiceProvider",
    description="Gives a physical network a provider that it has not, disabled.",
    parameters=(
        entity("physicalnetworkid", "physical_network", "The physical network.", required=True),
        text("name", "VirtualRouter, VpcVirtualRouter, InternalLbVm or SecurityGroupProvider.", required=True),
        entity("destinationphysicalnetworkid", "physical_network", "The physical network that it leads to."),
        _SERVICES,
    ),
    returns=Returns.ASYNC_CREATE,
    mutates=True,
    event="SERVICE.PROVIDER.CREATE",
    view=PROVIDER,
    object="networkserviceprovider",
    kind="service_provider",
    since="3.0.0",
    example={"physicalnetworkid": "0190f3c2-1111-7000-8000-000000000001", "name": "VirtualRouter"},
)

list_network_service_providers = Command(
    name="listNetworkServiceProviders",
    description="Lists the providers of physical networks.",
    parameters=(
        *LISTING,
        entity("physicalnetworkid", "physical_network", "List the providers of this physical network."),
        text("name", "The provider's name."),
        text("state", "Enabled, Disabled or Shutdown."),
    ),
    returns=Returns.LIST,
    mutates=False,
    view=PROVIDER,
    object="networkserviceprovider",
    kind="service_provider",
    since="3.0.0",
    example={"physicalnetworkid": "0190f3c2-1111-7000-8000-000000000001", "state": "Disabled"},
)

update_network_service_provider = Command(
    name="updateNetworkServiceProvider",
    description="Enables, disables or shuts down a provider, or chooses its services.",
    parameters=(_ID, text("state", "Enabled, Disabled or Shutdown."), _SERVICES),
    returns=Returns.ASYNC,
    mutates=True,
    event="SERVICE.PROVIDER.UPDATE",
    view=PROVIDER,
    object="networkserviceprovider",
    kind="service_provider",
    since="3.0.0",
    example={"id": "0190f3c2-1111-7000-8000-000000000001", "state": "Enabled"},
)

delete_network_service_provider = Command(
    name="deleteNetworkServiceProvider",
    description="Takes a provider from a physical network.",
    parameters=(_ID,),
    returns=Returns.ASYNC,
    mutates=True,
    event="SERVICE.PROVIDER.DELETE",
    kind="service_provider",
    since="3.0.0",
    example={"id": "0190f3c2-1111-7000-8000-000000000001"},
)
