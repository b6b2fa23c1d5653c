"""Change what a virtual machine is called."""

from stratiform.api.command import Command, Returns
from stratiform.api.commands.vm.view import VM
from stratiform.api.parameter import ADMINS, Check, Parameter, Refused, Type, entity, refused, text

update_virtual_machine = Command(
    name="updateVirtualMachine",
    description="Changes the names of a virtual machine.",
    parameters=(
        entity("id", "vm", "The machine's UUID.", required=True),
        text("displayname", "Its name, in words for tenants."),
        Parameter("name", Type.STRING, "Its host name, from its next start.", check=Check.HOST_NAME, since="4.4"),
    ),
    refused=(
        *refused("details", "dhcpoptionsnetworklist", "extraconfig", "group", "haenable"),
        *refused("isdynamicallyscalable", "leaseduration", "leaseexpiryaction", "ostypeid"),
        *refused("securitygroupids", "securitygroupnames", "userdata", "userdatadetails", "userdataid"),
        Refused("cleanupdetails", harmless=("false",)),
        Refused("cleanupextraconfig", harmless=("false",)),
        Refused("deleteprotection", harmless=("false",)),
        Refused("customid", roles=ADMINS),
        Refused("displayvm", harmless=("true",), roles=ADMINS),
        Refused("instancename", roles=ADMINS),
    ),
    returns=Returns.OBJECT,
    mutates=True,
    event="VM.UPDATE",
    view=VM,
    object="virtualmachine",
    kind="vm",
    example={"id": "0190f3c2-2222-7000-8000-000000000001", "displayname": "the shop's first server"},
)
