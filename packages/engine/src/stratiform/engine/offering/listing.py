"""The lists of service, disk and network offerings."""

from collections.abc import Callable, Iterable

from sqlalchemy import ColumnElement, and_, exists, func, true

from stratiform.engine.domain.table import domain
from stratiform.engine.listing import Asked, Listing, Nested, named, refers
from stratiform.engine.offering.table import (
    disk_offering,
    network_offering,
    offering_service,
    service_offering,
)
from stratiform.engine.size import GIB
from stratiform.engine.visible import Binding, Condition


def _state(column: ColumnElement[str]) -> Callable[[object, Asked], Condition]:
    """`state` of offerings is compared whatever its case, and `all` is every one."""
    return lambda value, _: column == (column if str(value).lower() == "all" else str(value).capitalize())


def _serves(names: Iterable[object]) -> Condition:
    """Whether a network offering has all of these services, whatever their case."""
    key = offering_service.c.network_offering_id
    own = exists().where(key == network_offering.c.id).correlate(network_offering)
    return and_(true(), *(own.where(func.lower(offering_service.c.service) == str(name).lower()) for name in names))


def _balances_inside() -> Condition:
    provider = offering_service.c.provider == "InternalLbVm"
    return exists().where(offering_service.c.network_offering_id == network_offering.c.id, provider)


def _flagged(condition: Condition) -> Callable[[object, Asked], Condition]:
    return lambda value, _: condition if value else ~condition


def service(row: dict[str, object]) -> None:
    """The wire has a list of providers for each service."""
    row["provider"] = [{"name": row["provider"]}]


def services(key: ColumnElement[int]) -> Nested:
    """The services of the network offering that `key` is the id of."""
    return Nested(
        name="service",
        table=offering_service,
        key=key,
        parent=offering_service.c.network_offering_id,
        columns={"name": offering_service.c.service, "provider": offering_service.c.provider},
        order=[offering_service.c.id],
        finish=service,
    )


SERVICE = Listing(
    kind="service_offering",
    table=service_offering,
    joins=[
        (disk_offering, disk_offering.c.id == service_offering.c.disk_offering_id),
        (domain, domain.c.id == service_offering.c.domain_id),
    ],
    columns={
        "id": service_offering.c.uuid,
        "name": service_offering.c.name,
        "displaytext": service_offering.c.display_text,
        "state": service_offering.c.state,
        "created": service_offering.c.created,
        "domainid": domain.c.uuid,
        "domain": domain.c.title,
        "cpunumber": service_offering.c.cpus,
        "cpuspeed": service_offering.c.speed,
        "memory": service_offering.c.memory,
        "storagetype": service_offering.c.storage_type,
        "provisioningtype": service_offering.c.provisioning,
        "rootdisksize": service_offering.c.root_disk_size // GIB,
        "hosttags": service_offering.c.host_tags,
        "storagetags": service_offering.c.storage_tags,
        "networkrate": service_offering.c.network_rate,
        "iscustomized": service_offering.c.is_customized,
        "issystem": service_offering.c.is_system,
        "isvolatile": service_offering.c.is_volatile,
        "offerha": service_offering.c.offer_ha,
        "limitcpuuse": service_offering.c.limit_cpu,
        "dynamicscalingenabled": service_offering.c.dynamic_scaling,
        "diskofferingid": disk_offering.c.uuid,
        "diskofferingname": disk_offering.c.name,
        "diskofferingdisplaytext": disk_offering.c.display_text,
    },
    constants={
        "defaultuse": False,
        "iscustomizediops": False,
        "diskofferingstrictness": False,
        "encryptroot": False,
        "purgeresources": False,
    },
    filters={
        "name": named(service_offering),
        "state": _state(service_offering.c.state),
        "issystem": service_offering.c.is_system,
        "domainid": refers(service_offering.c.domain_id, domain),
        "cpunumber": service_offering.c.cpus,
        "cpuspeed": service_offering.c.speed,
        "memory": service_offering.c.memory,
        "storagetype": service_offering.c.storage_type,
    },
    keyword=[service_offering.c.name_key],
    binding=Binding(table=service_offering, scope=domain.c.path),
)

DISK = Listing(
    kind="disk_offering",
    table=disk_offering,
    columns={
        "id": disk_offering.c.uuid,
        "name": disk_offering.c.name,
        "displaytext": disk_offering.c.display_text,
        "state": disk_offering.c.state,
        "created": disk_offering.c.created,
        "disksize": disk_offering.c.size // GIB,
        "iscustomized": disk_offering.c.is_customized,
        "displayoffering": disk_offering.c.is_displayed,
        "storagetype": disk_offering.c.storage_type,
        "provisioningtype": disk_offering.c.provisioning,
        "tags": disk_offering.c.tags,
    },
    constants={"iscustomizediops": False, "disksizestrictness": False, "encrypt": False},
    filters={
        "name": named(disk_offering),
        "state": _state(disk_offering.c.state),
        "storagetype": disk_offering.c.storage_type,
    },
    keyword=[disk_offering.c.name_key],
    binding=Binding(table=disk_offering),
    live=disk_offering.c.removed.is_(None) & disk_offering.c.is_compute_only.is_(False),
)

NETWORK = Listing(
    kind="network_offering",
    table=network_offering,
    columns={
        "id": network_offering.c.uuid,
        "name": network_offering.c.name,
        "displaytext": network_offering.c.display_text,
        "state": network_offering.c.state,
        "created": network_offering.c.created,
        "traffictype": network_offering.c.traffic_type,
        "guestiptype": network_offering.c.guest_type,
        "availability": network_offering.c.availability,
        "networkrate": network_offering.c.network_rate,
        "tags": network_offering.c.tags,
        "isdefault": network_offering.c.is_default,
        "forvpc": network_offering.c.for_vpc,
        "specifyvlan": network_offering.c.specify_vlan,
        "specifyipranges": network_offering.c.specify_ip_ranges,
        "conservemode": network_offering.c.conserve_mode,
        "ispersistent": network_offering.c.is_persistent,
        "egressdefaultpolicy": network_offering.c.egress_allowed,
        "supportsinternallb": _balances_inside(),
    },
    constants={"supportsstrechedl2subnet": False, "supportspublicaccess": False, "specifyasnumber": False},
    filters={
        "name": named(network_offering),
        "displaytext": network_offering.c.display_text,
        "state": _state(network_offering.c.state),
        "traffictype": lambda value, _: network_offering.c.traffic_type == str(value).capitalize(),
        "guestiptype": lambda value, _: func.lower(network_offering.c.guest_type) == str(value).lower(),
        "availability": lambda value, _: network_offering.c.availability == str(value).capitalize(),
        "forvpc": network_offering.c.for_vpc,
        "sourcenatsupported": _flagged(_serves(["SourceNat"])),
        "supportedservices": lambda value, _: _serves(value),  # type: ignore[arg-type]
        "istagged": _flagged(network_offering.c.tags.is_not(None)),
        "isdefault": network_offering.c.is_default,
        "specifyvlan": network_offering.c.specify_vlan,
        "specifyipranges": network_offering.c.specify_ip_ranges,
        "tags": network_offering.c.tags,
    },
    keyword=[network_offering.c.name_key],
    binding=Binding(table=network_offering),
    nested=[services(network_offering.c.id)],
)
