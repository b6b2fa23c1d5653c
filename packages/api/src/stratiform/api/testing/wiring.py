"""Made-up networks and documents for the contracts of the network adapters."""

import random

from stratiform.api.adapters.network import Direction, HostNetworkDoc, NetworkSpec, Port, Rule
from stratiform.api.spec import NicSpec

NETWORKS = range(30)
"""Seeds of made-up networks: none to nine ports on up to four hosts, with and without rules."""


def card(number: int, network: str) -> NicSpec:
    """A network card."""
    return NicSpec(
        uuid=f"nic-{number}",
        device=0,
        mac=f"02:00:00:00:00:{number:02x}",
        ip4=f"10.0.0.{number + 2}",
        netmask="255.255.255.0",
        gateway="10.0.0.1",
        network=network,
        broadcast="vlan://100",
    )


def made(seed: int) -> NetworkSpec:
    """A made-up network; the same for the same seed."""
    source = random.Random(seed)
    ports = tuple(
        Port(host=f"host-{source.randrange(4)}", vm=f"i-2-{number}-VM.1", nic=card(number, "network-1"))
        for number in range(source.randrange(10))
    )
    rules = tuple(
        Rule(
            uuid=f"rule-{number}",
            direction=source.choice(list(Direction)),
            protocol="tcp",
            cidr="0.0.0.0/0",
            first=22 + number,
            last=22 + number,
        )
        for number in range(source.randrange(4))
    )
    return NetworkSpec(
        uuid="network-1",
        name="made up",
        version=source.randrange(1, 99),
        broadcast="vlan://100",
        cidr="10.0.0.0/24",
        gateway="10.0.0.1",
        ports=ports,
        rules=rules,
    )


def document(*, version: int, ports: int, network: str = "network-1") -> HostNetworkDoc:
    """A document with so many ports."""
    plugged = tuple(Port(host="host-1", vm=f"i-2-{n}-VM.1", nic=card(n, network)) for n in range(ports))
    return HostNetworkDoc(
        host="host-1", network=network, version=version, broadcast="vlan://100", ports=plugged
    )


def macs(ports: int) -> tuple[str, ...]:
    """The addresses of so many ports, sorted."""
    return tuple(card(number, "").mac for number in range(ports))
