"""Public addresses and the rules that forward them: truthfully none until tenants' networks come."""

from stratiform.api.command import Command, Returns
from stratiform.api.parameter import LISTING, OWNED
from stratiform.api.view import View, flag, string

_OWNER = (
    string("account", "who owns it"),
    string("domain", "name of its domain"),
    string("domainid", "UUID of its domain"),
)

PUBLIC_ADDRESS = View(
    "publicipaddress",
    (
        string("id", "the address's UUID"),
        string("ipaddress", "the address"),
        string("state", "Free, Allocating, Allocated …"),
        string("zoneid", "UUID of its zone"),
        string("zonename", "name of its zone"),
        string("associatednetworkid", "UUID of the network that it serves"),
        string("virtualmachineid", "UUID of the machine that it stands for"),
        *_OWNER,
        flag("issourcenat", "whether guests reach out by it"),
        flag("isstaticnat", "whether it stands for one machine"),
        flag("hasrules", "whether rules forward it", default=False),
        flag("forsystemvms", "whether it is for the cloud's own machines", default=False),
        flag("forprovider", "whether it is for a provider's own use", default=False),
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
    description="Lists public addresses; there are none yet.",
    parameters=(*LISTING, *OWNED),
    returns=Returns.LIST,
    mutates=False,
    view=PUBLIC_ADDRESS,
    object="publicipaddress",
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
