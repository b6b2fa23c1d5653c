"""The list of volumes."""

from sqlalchemy import case, func

from stratiform.engine.account.table import account
from stratiform.engine.cluster.table import cluster
from stratiform.engine.domain.table import domain
from stratiform.engine.entity import above
from stratiform.engine.listing import Listing, mine, named, owner, refers
from stratiform.engine.offering.table import disk_offering, service_offering
from stratiform.engine.pod.table import pod
from stratiform.engine.pool.table import pool
from stratiform.engine.template.table import template
from stratiform.engine.visible import Binding
from stratiform.engine.volume.states import State
from stratiform.engine.volume.table import volume
from stratiform.engine.zone.table import zone

_vm = above("vm", "id", "uuid", "name", "display_name", "state", "hypervisor", "host_id", "service_offering_id")
_host = above("host", "id", "uuid")

_GOING = (State.DESTROY, State.EXPUNGING, State.EXPUNGED)
_IS_ROOT = volume.c.type == "ROOT"
_IS_DATA = volume.c.type == "DATADISK"

LISTING = Listing(
    kind="volume",
    table=volume,
    joins=[
        *owner(volume, account, domain),
        (zone, zone.c.id == volume.c.zone_id),
        (_vm, _vm.c.id == volume.c.vm_id),
        (_host, _host.c.id == _vm.c.host_id),
        (disk_offering, disk_offering.c.id == volume.c.disk_offering_id),
        (service_offering, service_offering.c.id == _vm.c.service_offering_id),
        (template, template.c.id == volume.c.template_id),
        (pool, pool.c.id == volume.c.pool_id),
        (cluster, cluster.c.id == pool.c.cluster_id),
        (pod, pod.c.id == pool.c.pod_id),
    ],
    columns={
        "id": volume.c.uuid,
        "name": volume.c.name,
        "account": account.c.name,
        "domainid": domain.c.uuid,
        "domain": domain.c.name,
        "domainpath": domain.c.title,
        "zoneid": zone.c.uuid,
        "zonename": zone.c.name,
        "type": volume.c.type,
        "deviceid": volume.c.device,
        "size": volume.c.size,
        "virtualsize": volume.c.size,
        "state": volume.c.state,
        "created": volume.c.created,
        "attached": volume.c.attached,
        "destroyed": volume.c.state.in_(_GOING),
        "path": volume.c.path,
        "virtualmachineid": _vm.c.uuid,
        "vmname": _vm.c.name,
        "vmdisplayname": _vm.c.display_name,
        "vmstate": _vm.c.state,
        "hypervisor": func.coalesce(_vm.c.hypervisor, pool.c.hypervisor),
        "templateid": template.c.uuid,
        "templatename": template.c.name,
        "templatedisplaytext": template.c.display_text,
        "diskofferingid": case((_IS_DATA, disk_offering.c.uuid)),
        "diskofferingname": case((_IS_DATA, disk_offering.c.name)),
        "diskofferingdisplaytext": case((_IS_DATA, disk_offering.c.display_text)),
        "serviceofferingid": case((_IS_ROOT, service_offering.c.uuid)),
        "serviceofferingname": case((_IS_ROOT, service_offering.c.name)),
        "serviceofferingdisplaytext": case((_IS_ROOT, service_offering.c.display_text)),
        "provisioningtype": disk_offering.c.provisioning,
        "storagetype": disk_offering.c.storage_type,
        "storageid": pool.c.uuid,
        "storage": pool.c.name,
        "clusterid": cluster.c.uuid,
        "clustername": cluster.c.name,
        "podid": pod.c.uuid,
        "podname": pod.c.name,
    },
    constants={
        "isextractable": False,
        "displayvolume": True,
        "quiescevm": False,
        "supportsstoragesnapshot": False,
        "deleteprotection": False,
        "tags": (),
    },
    times=frozenset({"created", "attached"}),
    operators=frozenset({"storage", "storageid", "path", "clusterid", "clustername", "podid", "podname"}),
    filters={
        "name": named(volume),
        "type": lambda value, _: volume.c.type == str(value).upper(),
        "state": volume.c.state,
        "zoneid": refers(volume.c.zone_id, zone),
        "storageid": refers(volume.c.pool_id, pool),
        "diskofferingid": refers(volume.c.disk_offering_id, disk_offering),
        "clusterid": refers(pool.c.cluster_id, cluster),
        "podid": refers(pool.c.pod_id, pod),
        "virtualmachineid": lambda value, _: _vm.c.uuid == value,
        "hostid": lambda value, _: _host.c.uuid == value,
    },
    keyword=[volume.c.name_key],
    binding=Binding(table=volume, owner=account.c.uuid, owner_key=volume.c.account_id, scope=domain.c.path),
    own=mine,
)
