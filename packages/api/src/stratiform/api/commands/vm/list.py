"""List virtual machines."""

from stratiform.api.command import Command, Returns
from stratiform.api.commands.vm.view import VM
from stratiform.api.parameter import (
    ADMINS,
    COUNT_ONLY,
    LISTING,
    OWNED,
    Refused,
    boolean,
    entities,
    entity,
    refused,
    text,
)

list_virtual_machines = Command(
    name="listVirtualMachines",
    description="Lists virtual machines.",
    parameters=(
        *LISTING,
        *OWNED,
        entity("id", "vm", "The machine's UUID."),
        entities("ids", "vm", "Several machines' UUIDs.", since="4.4"),
        text("name", "The machine's host name, or its name for tenants."),
        text("state", "The machine's state, for example Running; Present for any that is not destroyed."),
        entity("zoneid", "zone", "List the machines of this zone."),
        entity("hostid", "host", "List the machines on this host.", roles=ADMINS),
        entity("templateid", "template", "List the machines of this template."),
        entity("serviceofferingid", "service_offering", "List the machines of this offering.", since="4.4"),
        entity("networkid", "network", "List the machines in this network."),
        entity("userid", "user", "List the machines that this user deployed."),
        entity("podid", "pod", "List the machines in this pod.", roles=ADMINS),
        entity("clusterid", "cluster", "List the machines in this cluster.", since="4.16.0", roles=ADMINS),
        entity("storageid", "storage_pool", "List the machines with a disk in this pool.", roles=ADMINS),
        text("hypervisor", "The hypervisor."),
        text("arch", "The architecture.", since="4.20.1"),
        boolean("haenable", "Whether it is restarted elsewhere when its host is lost.", since="4.15"),
        boolean("forvirtualnetwork", "Whether its default network is a virtual one."),
        boolean("displayvm", "Whether tenants are shown it.", since="4.4", roles=ADMINS),
        COUNT_ONLY,
    ),
    refused=(
        *refused("affinitygroupid", "autoscalevmgroupid", "backupofferingid", "extensionid", "groupid"),
        *refused("isoid", "keypair", "projectid", "securitygroupid", "tags", "userdataid", "vpcid"),
        Refused("gpuenabled", harmless=("false",)),
        Refused("isvnf", harmless=("false",)),
        Refused("leased", harmless=("false",)),
    ),
    returns=Returns.LIST,
    mutates=False,
    view=VM,
    object="virtualmachine",
    kind="vm",
    example={"state": "Running", "listall": "true", "page": "1", "pagesize": "20"},
)
