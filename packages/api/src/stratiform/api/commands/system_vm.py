"""Machines of the cloud's own: truthfully none, for nothing here is done by one."""

from stratiform.api.command import Command, Returns
from stratiform.api.parameter import LISTING, entity, text
from stratiform.api.view import View, date, string

SYSTEM_VM = View(
    "systemvm",
    (
        string("id", "the machine's UUID"),
        string("name", "its name"),
        string("systemvmtype", "consoleproxy or secondarystoragevm"),
        string("state", "Running, Stopped …"),
        string("agentstate", "whether its agent is connected"),
        string("zoneid", "UUID of its zone"),
        string("zonename", "name of its zone"),
        string("podid", "UUID of its pod"),
        string("podname", "name of its pod"),
        string("hostid", "UUID of the host that it runs on"),
        string("hostname", "name of the host that it runs on"),
        string("hypervisor", "what it runs under"),
        string("privateip", "its address in the management network"),
        string("publicip", "its public address"),
        string("linklocalip", "its address on its host"),
        string("templateid", "UUID of the template that it was made of"),
        date("created", "when it was made"),
    ),
)

list_system_vms = Command(
    name="listSystemVms",
    description="Lists machines of the cloud's own; there are none.",
    parameters=(
        *LISTING,
        entity("id", "system_vm", "The machine's UUID."),
        text("name", "The machine's name."),
        text("state", "The machine's state."),
        text("systemvmtype", "consoleproxy or secondarystoragevm."),
        entity("zoneid", "zone", "List the machines of this zone."),
        entity("podid", "pod", "List the machines of this pod."),
        entity("hostid", "host", "List the machines on this host."),
        entity("storageid", "storage_pool", "List the machines with a disk in this pool.", since="3.0.1"),
        text("arch", "The architecture that it runs on.", since="4.20.1"),
    ),
    returns=Returns.LIST,
    mutates=False,
    view=SYSTEM_VM,
    object="systemvm",
    example={"zoneid": "0190f3c2-1111-7000-8000-000000000001"},
)
