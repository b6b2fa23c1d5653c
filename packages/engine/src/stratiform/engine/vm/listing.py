"""The list of virtual machines, with their network cards."""

import sqlalchemy
from sqlalchemy import Text, cast

from stratiform.engine.account.table import account, account_user
from stratiform.engine.cluster.table import cluster
from stratiform.engine.domain.table import domain
from stratiform.engine.host.table import host
from stratiform.engine.listing import Asked, Listing, Narrow, Nested, mine, named, owner, refers
from stratiform.engine.network.table import network, nic
from stratiform.engine.offering.table import service_offering
from stratiform.engine.os_type.table import os_type
from stratiform.engine.pod.table import pod
from stratiform.engine.pool.table import pool
from stratiform.engine.template.table import template
from stratiform.engine.visible import Binding, Condition
from stratiform.engine.vm.states import State
from stratiform.engine.vm.table import vm
from stratiform.engine.volume.table import volume
from stratiform.engine.zone.table import zone

_GONE = (State.DESTROYED, State.EXPUNGING)


def _state(value: object, _: Asked) -> Condition:
    """One state, or `Present` for every machine that its owner has not thrown away."""
    if str(value).lower() == "present":
        return vm.c.state.not_in(_GONE)
    return vm.c.state == str(value).capitalize()


def _with(column: sqlalchemy.ColumnElement[int], of: sqlalchemy.ColumnElement[int], narrow: Narrow) -> Narrow:
    """A machine that has a row, found by its `column`, which a parameter narrows: a card on a network."""

    def condition(value: object, asked: Asked) -> Condition:
        live = column.table.c.removed.is_(None)
        return of.in_(sqlalchemy.select(column).where(narrow(value, asked), live).correlate(None))

    return condition


def _address(row: dict[str, object]) -> None:
    """Clients look for the default card's address on the machine too."""
    for card in row["nic"]:  # type: ignore[attr-defined]
        if card["isdefault"] and "ipaddress" in card:
            row["ipaddress"] = card["ipaddress"]


NICS = Nested(
    name="nic",
    table=nic,
    key=vm.c.id,
    parent=nic.c.vm_id,
    joins=[(network, network.c.id == nic.c.network_id)],
    columns={
        "id": nic.c.uuid,
        "networkid": network.c.uuid,
        "networkname": network.c.name,
        "netmask": sqlalchemy.func.coalesce(nic.c.netmask, network.c.netmask),
        "gateway": sqlalchemy.func.coalesce(nic.c.gateway, network.c.gateway),
        "ipaddress": nic.c.ip4,
        "isolationuri": network.c.broadcast_uri,
        "broadcasturi": network.c.broadcast_uri,
        "traffictype": network.c.traffic_type,
        "type": network.c.guest_type,
        "isdefault": nic.c.is_default,
        "macaddress": nic.c.mac,
        "deviceid": cast(nic.c.device, Text),
    },
    constants={"secondaryip": (), "extradhcpoption": ()},
    order=[nic.c.vm_id, nic.c.device],
)

LISTING = Listing(
    kind="vm",
    table=vm,
    joins=[
        *owner(vm, account, domain),
        (account_user, account_user.c.id == vm.c.account_user_id),
        (zone, zone.c.id == vm.c.zone_id),
        (host, host.c.id == vm.c.host_id),
        (service_offering, service_offering.c.id == vm.c.service_offering_id),
        (template, template.c.id == vm.c.template_id),
        (os_type, os_type.c.id == vm.c.os_type_id),
    ],
    columns={
        "id": vm.c.uuid,
        "name": vm.c.name,
        "displayname": vm.c.display_name,
        "account": account.c.name,
        "userid": account_user.c.uuid,
        "username": account_user.c.name,
        "domainid": domain.c.uuid,
        "domain": domain.c.name,
        "domainpath": domain.c.title,
        "created": vm.c.created,
        "lastupdated": vm.c.updated,
        "state": vm.c.state,
        "haenable": vm.c.ha_enabled,
        "zoneid": zone.c.uuid,
        "zonename": zone.c.name,
        "hostid": host.c.uuid,
        "hostname": host.c.name,
        "templateid": template.c.uuid,
        "templatename": template.c.name,
        "templatedisplaytext": template.c.display_text,
        "templatetype": template.c.type,
        "templateformat": template.c.format,
        "passwordenabled": template.c.is_password_enabled,
        "arch": template.c.arch,
        "serviceofferingid": service_offering.c.uuid,
        "serviceofferingname": service_offering.c.name,
        "cpunumber": vm.c.cpus,
        "cpuspeed": vm.c.speed,
        "memory": vm.c.memory,
        "guestosid": os_type.c.uuid,
        "ostypeid": os_type.c.uuid,
        "osdisplayname": os_type.c.name,
        "hypervisor": vm.c.hypervisor,
        "instancename": vm.c.instance_name,
        "displayvm": vm.c.is_displayed,
        "isdynamicallyscalable": vm.c.is_scalable,
    },
    constants={
        "rootdeviceid": 0,
        "rootdevicetype": "ROOT",
        "vmtype": "User",
        "deleteprotection": False,
        "forvirtualnetwork": False,
        "securitygroup": (),
        "affinitygroup": (),
        "tags": (),
    },
    times=frozenset({"created", "lastupdated"}),
    operators=frozenset({"hostid", "hostname", "instancename"}),
    filters={
        "name": named(vm),
        "state": _state,
        "zoneid": refers(vm.c.zone_id, zone),
        "hostid": refers(vm.c.host_id, host),
        "podid": refers(host.c.pod_id, pod),
        "clusterid": refers(host.c.cluster_id, cluster),
        "templateid": refers(vm.c.template_id, template),
        "serviceofferingid": refers(vm.c.service_offering_id, service_offering),
        "userid": refers(vm.c.account_user_id, account_user),
        "networkid": _with(nic.c.vm_id, vm.c.id, refers(nic.c.network_id, network)),
        "storageid": _with(volume.c.vm_id, vm.c.id, refers(volume.c.pool_id, pool)),
        "hypervisor": vm.c.hypervisor,
        "arch": template.c.arch,
        "haenable": vm.c.ha_enabled,
        "displayvm": vm.c.is_displayed,
        "forvirtualnetwork": lambda value, _: sqlalchemy.literal(not value),
    },
    keyword=[vm.c.name_key],
    binding=Binding(table=vm, owner=account.c.uuid, owner_key=vm.c.account_id, scope=domain.c.path),
    own=mine,
    nested=[NICS],
    finish=_address,
    adds=frozenset({"ipaddress"}),
)
