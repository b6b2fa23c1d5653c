"""What clients expect of an empty cloud: a root domain, an administrator, offerings and operating systems."""

import sqlalchemy

from stratiform.api.principal import Role
from stratiform.engine.account import service as account
from stratiform.engine.domain import service as domain
from stratiform.engine.domain.table import domain as domains
from stratiform.engine.offering import service as offering
from stratiform.engine.os_type import service as os_type
from stratiform.engine.registry import Row
from stratiform.framework.base.world import World
from stratiform.framework.db.database import Transaction

OS_TYPES = {
    "Ubuntu": ("Ubuntu 18.04 LTS", "Ubuntu 20.04 LTS", "Ubuntu 22.04 LTS", "Ubuntu 24.04 LTS"),
    "Debian": (
        "Debian GNU/Linux 10 (64-bit)",
        "Debian GNU/Linux 11 (64-bit)",
        "Debian GNU/Linux 12 (64-bit)",
    ),
    "CentOS": ("CentOS 7", "CentOS 8", "CentOS 5.6 (64-bit)", "CentOS 5.3 (64-bit)"),
    "Red Hat": ("Red Hat Enterprise Linux 8", "Red Hat Enterprise Linux 9"),
    "Rocky Linux": ("Rocky Linux 8", "Rocky Linux 9"),
    "SUSE": ("SUSE Linux Enterprise Server 15 (64-bit)", "openSUSE Leap 15"),
    "Windows": ("Windows 10 (64-bit)", "Windows Server 2019 (64-bit)", "Windows Server 2022 (64-bit)"),
    "Other": ("Other (64-bit)", "Other Linux (64-bit)", "Other PV (64-bit)"),
}
"""Categories and the guest operating systems in them, by CloudStack's names."""

SERVICE_OFFERINGS = {"Small Instance": (1, 500, 512), "Medium Instance": (1, 1000, 1024)}
"""Processors, MHz and MiB, as CloudStack seeds them."""

DISK_OFFERINGS = {"Small": 5, "Medium": 20, "Large": 100, "Custom": None}
"""GiB; None is as large as the tenant says."""

_ROUTED = ("Dhcp", "Dns", "UserData")

NETWORK_OFFERINGS = {
    "DefaultSharedNetworkOffering": ("Shared", "Offering for Shared networks", _ROUTED),
    "DefaultSharedNetworkOfferingWithSGService": (
        "Shared",
        "Offering for Shared Security group enabled networks",
        (*_ROUTED, "SecurityGroup"),
    ),
    "DefaultIsolatedNetworkOfferingWithSourceNatService": (
        "Isolated",
        "Offering for Isolated networks with Source Nat service enabled",
        (*_ROUTED, "Firewall", "Lb", "PortForwarding", "SourceNat", "StaticNat", "Vpn"),
    ),
    "DefaultIsolatedNetworkOffering": (
        "Isolated",
        "Offering for Isolated networks with no Source Nat service",
        _ROUTED,
    ),
    "DefaultL2NetworkOffering": ("L2", "Offering for L2 networks", ()),
}
"""Kind, text and services; only the shared ones are enabled until networks of other kinds are provided."""


def seed(tx: Transaction, world: World) -> None:
    """Make what is listed above. Does nothing to a cloud that has its root domain."""
    root = sqlalchemy.select(domains.c.id).where(domains.c.parent_id.is_(None))
    if tx.execute(root).first() is None:
        _accounts(tx, world)
        _operating_systems(tx, world)
        _offerings(tx, world)


def _accounts(tx: Transaction, world: World) -> Row:
    root = domain.create(tx, world, name=domain.ROOT, parent=None)
    admin = account.create(tx, world, name="admin", domain=root, role=Role.ADMIN, is_default=True)
    return account.create_user(
        tx,
        world,
        account=admin,
        username="admin",
        first_name="Admin",
        last_name="User",
        email="admin@localhost",
        is_default=True,
    )


def _operating_systems(tx: Transaction, world: World) -> None:
    for sort, (name, types) in enumerate(OS_TYPES.items()):
        category = os_type.create_category(tx, world, name=name, is_featured=True, sort=sort)
        for each in types:
            os_type.create(tx, world, name=each, category=category, is_custom=False)


def _offerings(tx: Transaction, world: World) -> None:
    for name, (cpus, speed, memory) in SERVICE_OFFERINGS.items():
        offering.create_service(tx, world, name=name, cpus=cpus, speed=speed, memory=memory)
    for name, size in DISK_OFFERINGS.items():
        text = f"{name} Disk, {size} GB" if size else "Custom Disk"
        offering.create_disk(tx, world, name=name, size=size, is_customized=size is None, display_text=text)
    for name, (kind, text, services) in NETWORK_OFFERINGS.items():
        shared = kind == "Shared"
        providers = dict.fromkeys(services, "VirtualRouter")
        if "SecurityGroup" in providers:
            providers["SecurityGroup"] = "SecurityGroupProvider"
        offering.create_network(
            tx,
            world,
            name=name,
            guest_type=kind,
            display_text=text,
            services=providers,
            specify_vlan=shared,
            specify_ip_ranges=shared,
            is_default=True,
            is_enabled=shared,
        )
