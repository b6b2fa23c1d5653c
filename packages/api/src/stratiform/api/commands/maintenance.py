"""Host maintenance: the commands, and the plan that they carry out."""

from stratiform.api.command import Command, Returns
from stratiform.api.commands.host import HOST
from stratiform.api.parameter import LISTING, entity
from stratiform.api.view import View, string

PLAN = View(
    "hostmaintenanceplan",
    (
        string("virtualmachineid", "UUID of a machine on the host"),
        string("virtualmachinename", "its name"),
        string("virtualmachinestate", "its state, for example Running"),
        string("sourcehostid", "UUID of the host"),
        string("sourcehostname", "name of the host"),
        string("destinationhostid", "UUID of the host that the machine would move to"),
        string("destinationhostname", "name of that host"),
        string("reason", "why there is none"),
    ),
)

_ID = entity("id", "host", "The host's UUID.", required=True)
_EXAMPLE = {"id": "0190f3c2-4444-7000-8000-000000000001"}

prepare_host_for_maintenance = Command(
    name="prepareHostForMaintenance",
    description="Closes a host and moves its machines to others while they run; then it is in Maintenance.",
    parameters=(_ID,),
    returns=Returns.ASYNC,
    mutates=True,
    event="MAINT.PREPARE",
    view=HOST,
    object="host",
    kind="host",
    example=_EXAMPLE,
)

cancel_host_maintenance = Command(
    name="cancelHostMaintenance",
    description="Opens a host again that is in Maintenance or about to be; machines that are moving arrive.",
    parameters=(_ID,),
    returns=Returns.ASYNC,
    mutates=True,
    event="MAINT.CANCEL",
    view=HOST,
    object="host",
    kind="host",
    example=_EXAMPLE,
)

list_host_maintenance_plan = Command(
    name="listHostMaintenancePlan",
    description="Lists what prepareHostForMaintenance would do now with each machine on a host.",
    parameters=(*LISTING, _ID),
    returns=Returns.LIST,
    mutates=False,
    view=PLAN,
    object="hostmaintenanceplan",
    example=_EXAMPLE,
)
