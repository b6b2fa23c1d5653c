"""Public addresses, and the rules that forward them: truthfully none until tenants' networks come."""

from stratiform.api.command import Command, Returns
from stratiform.api.parameter import ADMINS, COUNT_ONLY, LISTING, OWNED, Refused, boolean, entity, refused, text
from stratiform.api.view import Field, View, date, flag, string

PUBLIC_ADDRESS = View(
    "publicipaddress",
    (
        string("id", "the address's UUID"),
        string("ipaddress", "the address"),
        date("allocated", "when its owner got it"),
        string("state", "Free, Allocated …"),
        string("zoneid", "UUID of its zone"),
        string("zonename", "name of its zone"),
        string("account", "who owns it"),
        string("domain", "name of its owner's domain"),
        string("domainid", "UUID of its owner's domain"),
        string("domainpath", "path of its owner's domain"),
        string("vlanid", "UUID of its range", roles=ADMINS),
        string("vlanname", "its VLAN", roles=ADMINS),
        string("physicalnetworkid", "UUID of the physical network beneath it", roles=ADMINS),
        flag("forvirtualnetwork", "whether it is public"),
        flag("issourcenat", "whether guests reach out by it"),
        flag("isstaticnat", "whether it stands for one machine"),
        flag("issystem", "whether it is the cloud's own"),
        flag("isportable", "whether it goes from zone to zone"),
        flag("fordisplay", "whether tenants are shown it", roles=ADMINS),
        flag("hasrules", "whether rules forward it", default=False),
        flag("forsystemvms", "whether it is for the cloud's own machines", default=False),
        flag("forprovider", "whether it is for a provider's own use", default=False),
        Field("tags", "list", "its tags"),
    ),
)

FORWARDING = View(
    "rule",
    (
        string("id", "the rule's UUID"),
        string("protocol", "tcp or udp"),
        string("publicport", "first port outside"),
        string("publicendport", "last port outside"),
        string("privateport", "first port inside"),
        string("privateendport", "last port inside"),
        string("virtualmachineid", "UUID of the machine that it leads to"),
        string("ipaddressid", "UUID of the public address"),
        string("ipaddress", "the public address"),
        string("networkid", "UUID of the network"),
        string("state", "Add, Active …"),
    ),
)

list_public_ip_addresses = Command(
    name="listPublicIpAddresses",
    description="Lists public addresses, those that somebody has unless told otherwise.",
    parameters=(
        *LISTING,
        *OWNED,
        entity("id", "address", "The address's UUID."),
        text("ipaddress", "The address."),
        text("state", "Free, Allocated and so on."),
        boolean("allocatedonly", "Whether free ones are left out; so if nothing is said."),
        boolean("issourcenat", "Whether guests reach out by it."),
        entity("zoneid", "zone", "List the addresses of this zone."),
        entity("vlanid", "ip_range", "List the addresses of this range."),
        entity("physicalnetworkid", "physical_network", "List the addresses on this physical network."),
        entity("associatednetworkid", "network", "List the addresses that serve this network."),
        entity("networkid", "network", "List the addresses that are this network's.", since="4.13.0"),
        COUNT_ONLY,
    ),
    refused=(
        *refused("projectid", "tags", "vpcid"),
        Refused("fordisplay", harmless=("true",), roles=ADMINS),
        Refused("forloadbalancing", harmless=("false",)),
        Refused("forprovider", harmless=("false",)),
        Refused("forsystemvms", harmless=("false",)),
        Refused("forvirtualnetwork", harmless=("true",)),
        Refused("isstaticnat", harmless=("false",)),
    ),
    returns=Returns.LIST,
    mutates=False,
    view=PUBLIC_ADDRESS,
    object="publicipaddress",
    kind="address",
    example={"listall": "true"},
)

list_port_forwarding_rules = Command(
    name="listPortForwardingRules",
    description="Lists the rules that forward a port; there are none yet.",
    parameters=(*LISTING, *OWNED),
    returns=Returns.LIST,
    mutates=False,
    view=FORWARDING,
    object="portforwardingrule",
    example={"listall": "true"},
)

list_ip_forwarding_rules = Command(
    name="listIpForwardingRules",
    description="Lists the rules that forward an address; there are none yet.",
    parameters=(*LISTING, *OWNED),
    returns=Returns.LIST,
    mutates=False,
    view=FORWARDING,
    object="ipforwardingrule",
    example={"listall": "true"},
)
