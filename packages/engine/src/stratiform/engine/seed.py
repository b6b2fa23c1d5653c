"""What clients expect of an empty cloud: an administrator, offerings, operating systems and a template."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlalchemy

from stratiform.api.principal import Role
from stratiform.engine.account import service as account
from stratiform.engine.domain import service as domain
from stratiform.engine.domain.table import domain as domains
from stratiform.engine.offering import service as offering
from stratiform.engine.offering.service import GuestType
from stratiform.engine.os_type import service as os_type
from stratiform.engine.registry import Row
from stratiform.engine.template import service as template
from stratiform.engine.template.service import Format, Type
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

BUILT_IN = "CentOS 5.6 (64-bit) no GUI (Simulator)"
"""The template that simulated machines can be made of at once, in every zone."""

_ROUTER = dict.fromkeys(("Dhcp", "Dns", "UserData"), "VirtualRouter")
_SECURITY = {"SecurityGroup": "SecurityGroupProvider"}
_TIER = dict.fromkeys(("Dhcp", "Dns", "NetworkACL", "SourceNat", "UserData"), "VpcVirtualRouter")
_TIER_NAT = _TIER | dict.fromkeys(("PortForwarding", "StaticNat", "Vpn"), "VpcVirtualRouter")
_NAT = dict.fromkeys(("Firewall", "Lb", "PortForwarding", "SourceNat", "StaticNat", "Vpn", *_ROUTER), "VirtualRouter")


@dataclass(frozen=True, kw_only=True)
class Networks:
    """What a network offering is seeded as."""

    kind: GuestType
    text: str
    services: Mapping[str, str] = field(default_factory=dict)
    """By service, who provides it."""
    chooses_vlan: bool = False
    is_required: bool = False
    for_vpc: bool = False
    is_enabled: bool = True


_SHARED, _ISOLATED, _L2 = GuestType.SHARED, GuestType.ISOLATED, GuestType.L2

NETWORK_OFFERINGS = {
    "DefaultSharedNetworkOffering": Networks(kind=_SHARED, text="Shared networks", services=_ROUTER, chooses_vlan=True),
    "DefaultSharedNetworkOfferingWithSGService": Networks(
        kind=_SHARED, text="Shared networks with security groups", services=_ROUTER | _SECURITY, chooses_vlan=True
    ),
    "QuickCloudNoServices": Networks(kind=_SHARED, text="Shared networks without services", chooses_vlan=True),
    "DefaultSharedNetscalerEIPandELBNetworkOffering": Networks(
        kind=_SHARED,
        text="Shared networks with elastic addresses and load balancing by a NetScaler",
        services=_ROUTER | _SECURITY | {"Lb": "Netscaler", "StaticNat": "Netscaler"},
        chooses_vlan=True,
        is_enabled=False,
    ),
    "DefaultIsolatedNetworkOfferingWithSourceNatService": Networks(
        kind=_ISOLATED, text="Isolated networks with source NAT", services=_NAT, is_required=True
    ),
    "DefaultIsolatedNetworkOffering": Networks(
        kind=_ISOLATED, text="Isolated networks without source NAT", services=_ROUTER, chooses_vlan=True
    ),
    "DefaultIsolatedNetworkOfferingForVpcNetworks": Networks(
        kind=_ISOLATED,
        text="Tiers of a VPC",
        services=_TIER_NAT | {"Lb": "VpcVirtualRouter"},
        for_vpc=True,
        is_enabled=False,
    ),
    "DefaultIsolatedNetworkOfferingForVpcNetworksNoLB": Networks(
        kind=_ISOLATED,
        text="Tiers of a VPC without load balancing",
        services=_TIER_NAT,
        for_vpc=True,
        is_enabled=False,
    ),
    "DefaultIsolatedNetworkOfferingForVpcNetworksWithInternalLB": Networks(
        kind=_ISOLATED,
        text="Tiers of a VPC with load balancing inside",
        services=_TIER | {"Lb": "InternalLbVm"},
        for_vpc=True,
        is_enabled=False,
    ),
    "DefaultL2NetworkOffering": Networks(kind=_L2, text="L2 networks"),
    "DefaultL2NetworkOfferingVlan": Networks(kind=_L2, text="L2 networks of a chosen VLAN", chooses_vlan=True),
    "DefaultL2NetworkOfferingConfigDrive": Networks(
        kind=_L2, text="L2 networks with user data on a config drive", services={"UserData": "ConfigDrive"}
    ),
    "DefaultL2NetworkOfferingConfigDriveVlan": Networks(
        kind=_L2,
        text="L2 networks of a chosen VLAN with user data on a config drive",
        services={"UserData": "ConfigDrive"},
        chooses_vlan=True,
    ),
}
"""By the names that clients look for. Disabled are those of which not even a first part is provided here."""


def seed(tx: Transaction, world: World) -> None:
    """Make what is listed above. Does nothing to a cloud that has its root domain."""
    root = sqlalchemy.select(domains.c.id).where(domains.c.parent_id.is_(None))
    if tx.execute(root).first() is None:
        admin = _accounts(tx, world)
        systems = _operating_systems(tx, world)
        _offerings(tx, world)
        _template(tx, world, admin, systems["CentOS 5.6 (64-bit)"])


def _accounts(tx: Transaction, world: World) -> Row:
    root = domain.create(tx, world, name=domain.ROOT, parent=None)
    admin = account.create(tx, world, name="admin", domain=root, role=Role.ADMIN, is_default=True)
    account.create_user(
        tx,
        world,
        account=admin,
        username="admin",
        first_name="Admin",
        last_name="User",
        email="admin@localhost",
        is_default=True,
    )
    return admin


def _operating_systems(tx: Transaction, world: World) -> Mapping[str, Row]:
    made = {}
    for sort, (name, types) in enumerate(OS_TYPES.items()):
        category = os_type.create_category(tx, world, name=name, is_featured=True, sort=sort)
        for each in types:
            made[each] = os_type.create(tx, world, name=each, category=category, is_custom=False)
    return made


def _offerings(tx: Transaction, world: World) -> None:
    for name, (cpus, speed, memory) in SERVICE_OFFERINGS.items():
        offering.create_service(tx, world, name=name, cpus=cpus, speed=speed, memory=memory)
    for name, size in DISK_OFFERINGS.items():
        text = f"{name} Disk, {size} GB" if size else "Custom Disk"
        offering.create_disk(tx, world, name=name, size=size, is_customized=size is None, display_text=text)
    for name, each in NETWORK_OFFERINGS.items():
        offering.create_network(
            tx,
            world,
            name=name,
            guest_type=each.kind,
            display_text=each.text,
            availability="Required" if each.is_required else "Optional",
            services=each.services,
            specify_vlan=each.chooses_vlan,
            specify_ip_ranges=each.kind is GuestType.SHARED,
            conserve_mode=not each.for_vpc,
            for_vpc=each.for_vpc,
            is_default=True,
            is_enabled=each.is_enabled,
        )


def _template(tx: Transaction, world: World, admin: Row, system: Row) -> None:
    template.create(
        tx,
        world,
        account=admin,
        os_type=system,
        name=BUILT_IN,
        url="nfs://simulated/built-in/centos-5.6.vhd",
        format=Format.VHD,
        hypervisor="Simulator",
        type=Type.BUILTIN,
        is_public=True,
        is_featured=True,
    )
