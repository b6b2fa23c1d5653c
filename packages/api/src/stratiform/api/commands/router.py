"""Virtual routers: truthfully none until tenants' networks come."""

from stratiform.api.command import Command, Returns
from stratiform.api.parameter import LISTING, OWNED, boolean, entity, text
from stratiform.api.view import View, date, flag, string

ROUTER = View(
    "router",
    (
        string("id", "the router's UUID"),
        string("name", "its name"),
        string("state", "Running, Stopped …"),
        string("role", "what it does"),
        string("zoneid", "UUID of its zone"),
        string("zonename", "name of its zone"),
        string("podid", "UUID of its pod"),
        string("hostid", "UUID of the host that it runs on"),
        string("hostname", "name of the host that it runs on"),
        string("publicip", "its public address"),
        string("guestipaddress", "its address in the guest network"),
        string("guestnetworkid", "UUID of the guest network"),
        string("linklocalip", "its address on its host"),
        string("account", "who owns it"),
        string("domain", "name of its domain"),
        string("domainid", "UUID of its domain"),
        string("serviceofferingid", "UUID of its offering"),
        flag("isredundantrouter", "whether it has a twin", default=False),
        string("redundantstate", "which of the twins it is"),
        flag("requiresupgrade", "whether it is older than the cloud", default=False),
        flag("healthchecksfailed", "whether it was found ill", default=False),
        date("created", "when it was made"),
    ),
)

list_routers = Command(
    name="listRouters",
    description="Lists virtual routers; there are none yet.",
    parameters=(
        *LISTING,
        *OWNED,
        entity("projectid", "project", "List the routers of this project."),
        entity("id", "router", "The router's UUID."),
        text("name", "The router's name."),
        text("state", "The router's state."),
        text("version", "The router's version."),
        entity("zoneid", "zone", "List the routers of this zone."),
        entity("podid", "pod", "List the routers of this pod."),
        entity("clusterid", "cluster", "List the routers of this cluster."),
        entity("hostid", "host", "List the routers on this host."),
        entity("networkid", "network", "List the routers of this network."),
        entity("vpcid", "vpc", "List the routers of this VPC."),
        boolean("forvpc", "Whether it is one of a VPC."),
        boolean("healthchecksfailed", "Whether it was found ill.", since="4.16"),
        boolean("fetchhealthcheckresults", "Whether the findings are told, too.", since="4.14"),
        text("arch", "The architecture that it runs on.", since="4.20.1"),
    ),
    returns=Returns.LIST,
    mutates=False,
    view=ROUTER,
    object="router",
    example={"listall": "true"},
)
