"""Deploy a virtual machine: what is honoured, and what is refused because it would come out otherwise."""

from stratiform.api.command import Command, Returns
from stratiform.api.commands.vm.view import VM
from stratiform.api.parameter import (
    ADMINS,
    Check,
    Parameter,
    Refused,
    Type,
    boolean,
    entities,
    entity,
    refused,
    text,
)

deploy_virtual_machine = Command(
    name="deployVirtualMachine",
    description="Makes a virtual machine of a template and starts it, unless told not to.",
    parameters=(
        entity("serviceofferingid", "service_offering", "Its processors and memory.", required=True),
        entity("templateid", "template", "The template that it is made of.", required=True),
        entity("zoneid", "zone", "The zone that it lives in.", required=True),
        Parameter("name", Type.STRING, "Its host name; made of its UUID if left out.", check=Check.HOST_NAME),
        text("displayname", "Its name, in words for tenants."),
        entities("networkids", "network", "Its networks, the default first; the zone's shared one if left out."),
        boolean("startvm", "Whether it is started; true if not given."),
        text("account", "Who it is deployed for; needs domainid."),
        entity("domainid", "domain", "The domain of the account that it is deployed for."),
        entity("hostid", "host", "The host that it is started on; for operators."),
    ),
    refused=(
        *refused("affinitygroupids", "affinitygroupnames", "bootmode", "customid", "datadiskofferinglist"),
        *refused("datadisksdetails", "details", "dhcpoptionsnetworklist", "diskofferingid"),
        *refused("externaldetails", "extraconfig", "group", "iodriverpolicy", "ip6address", "ipaddress"),
        *refused("iptonetworklist", "keypair", "keypairs", "leaseduration", "macaddress"),
        *refused("nicmultiqueuenumber", "nicnetworklist", "overridediskofferingid", "password"),
        *refused("projectid", "properties", "rootdiskkmskeyid", "rootdisksize", "securitygroupids"),
        *refused("securitygroupnames", "size", "snapshotid", "userdata", "userdatadetails", "userdataid"),
        *refused("volumeid"),
        Refused("bootintosetup", harmless=("false",)),
        Refused("boottype", harmless=("BIOS",)),
        Refused("iothreadsenabled", harmless=("false",)),
        Refused("nicpackedvirtqueuesenabled", harmless=("false",)),
        Refused("blankinstance", harmless=("false",), roles=ADMINS),
        Refused("clusterid", roles=ADMINS),
        Refused("deploymentplanner", roles=ADMINS),
        Refused("displayvm", harmless=("true",), roles=ADMINS),
        Refused("podid", roles=ADMINS),
    ),
    returns=Returns.ASYNC_CREATE,
    mutates=True,
    event="VM.CREATE",
    view=VM,
    object="virtualmachine",
    kind="vm",
    example={
        "zoneid": "0190f3c2-1111-7000-8000-000000000001",
        "serviceofferingid": "0190f3c2-4444-7000-8000-000000000001",
        "templateid": "0190f3c2-5555-7000-8000-000000000001",
        "name": "web-1",
    },
)
