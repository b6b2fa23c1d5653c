"""Take a virtual machine through its life: start, stop, reboot, destroy, recover, expunge."""

from stratiform.api.command import Command, Returns
from stratiform.api.commands.vm.view import VM
from stratiform.api.parameter import ADMINS, Refused, boolean, entity, refused

_ID = entity("id", "vm", "The machine's UUID.", required=True)
_EXAMPLE = {"id": "0190f3c2-2222-7000-8000-000000000001"}

start_virtual_machine = Command(
    name="startVirtualMachine",
    description="Starts a virtual machine.",
    parameters=(_ID,),
    refused=(
        *refused("clusterid", "hostid", "podid"),
        Refused("bootintosetup", harmless=("false",)),
        Refused("considerlasthost", harmless=("false",), roles=ADMINS),
        Refused("deploymentplanner", roles=ADMINS),
    ),
    returns=Returns.ASYNC,
    mutates=True,
    event="VM.START",
    view=VM,
    object="virtualmachine",
    kind="vm",
    example=_EXAMPLE,
)

stop_virtual_machine = Command(
    name="stopVirtualMachine",
    description="Stops a virtual machine.",
    parameters=(_ID, boolean("forced", "Whether its power is cut instead of asking it.")),
    returns=Returns.ASYNC,
    mutates=True,
    event="VM.STOP",
    view=VM,
    object="virtualmachine",
    kind="vm",
    example=_EXAMPLE,
)

reboot_virtual_machine = Command(
    name="rebootVirtualMachine",
    description="Resets a running virtual machine.",
    parameters=(_ID,),
    refused=(Refused("bootintosetup", harmless=("false",)), Refused("forced", harmless=("false",))),
    returns=Returns.ASYNC,
    mutates=True,
    event="VM.REBOOT",
    view=VM,
    object="virtualmachine",
    kind="vm",
    example=_EXAMPLE,
)

destroy_virtual_machine = Command(
    name="destroyVirtualMachine",
    description="Stops a virtual machine for good; it can be recovered until it is expunged.",
    parameters=(_ID, boolean("expunge", "Whether it is expunged at once.", since="4.2.1")),
    refused=(*refused("volumeids"), Refused("forced", harmless=("false",), roles=ADMINS)),
    returns=Returns.ASYNC,
    mutates=True,
    event="VM.DESTROY",
    view=VM,
    object="virtualmachine",
    kind="vm",
    example=_EXAMPLE,
)

expunge_virtual_machine = Command(
    name="expungeVirtualMachine",
    description="Removes a destroyed virtual machine with its disks.",
    parameters=(_ID,),
    returns=Returns.ASYNC,
    mutates=True,
    event="VM.EXPUNGE",
    kind="vm",
    example=_EXAMPLE,
)

recover_virtual_machine = Command(
    name="recoverVirtualMachine",
    description="Takes a destroyed virtual machine back; it is stopped then.",
    parameters=(_ID,),
    returns=Returns.OBJECT,
    mutates=True,
    event="VM.RECOVER",
    view=VM,
    object="virtualmachine",
    kind="vm",
    example=_EXAMPLE,
)
