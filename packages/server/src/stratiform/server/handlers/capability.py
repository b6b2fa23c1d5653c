"""What this cloud can do, told as it is: by its commands, by who may call them, and by its options."""

from collections.abc import Mapping

from msgspec.structs import replace

from stratiform.api.access import holds
from stratiform.api.cloud import Query
from stratiform.api.principal import Principal, Role
from stratiform.framework.config.option import Option, between
from stratiform.server import answer
from stratiform.server.answer import Body
from stratiform.server.handlers import paging
from stratiform.server.handlers.call import Call, Handler, Make, Services

VERSION = "4.23.0.0"
"""The release of CloudStack whose API this is."""

UI_PAGE_SIZE = Option(
    "default.ui.page.size",
    20,
    "How many objects a user interface shows on a page.",
    group="Management Server",
    subgroup="API",
    check=between(1, 10_000),
)


def teller(services: Services) -> Handler:
    """Tell the capabilities; what they say of users is the same whoever asks."""

    def handle(call: Call) -> Body:
        return answer.single(call.command, call.who.role, _facts(services, call))

    return handle


def _facts(services: Services, call: Call) -> Mapping[str, object]:
    user = replace(call.who, role=Role.USER)
    known = services.commands

    def users_may(*commands: str) -> bool:
        return all(name in known and services.access.may_call(user, name) for name in commands)

    return {
        "cloudstackversion": VERSION,
        "securitygroupsenabled": _secured(services, call),
        "dynamicrolesenabled": "createRole" in known,
        "userpublictemplateenabled": users_may("registerTemplate") and _takes(services, "registerTemplate", "ispublic"),
        "supportELB": "false",  # nothing balances load yet, so nothing does it elastically
        "projectinviterequired": "updateProjectInvitation" in known,
        "allowusercreateprojects": users_may("createProject"),
        "regionsecondaryenabled": False,  # an image store is a zone's
        "kvmsnapshotenabled": "createSnapshot" in known,
        "snapshotshowchainsize": "createSnapshot" in known,
        "allowuserviewdestroyedvm": True,  # a destroyed machine stays in its owner's list until it is expunged
        "allowuserexpungerecovervm": users_may("expungeVirtualMachine", "recoverVirtualMachine"),
        "allowuserexpungerecovervolume": users_may("recoverVolume"),
        "allowuserviewalldomainaccounts": _neighbours(services, user),
        "allowuserforcestopvm": users_may("stopVirtualMachine") and _takes(services, "stopVirtualMachine", "forced"),
        "kubernetesserviceenabled": "createKubernetesCluster" in known,
        "kubernetesclusterexperimentalfeaturesenabled": False,
        "defaultuipagesize": services.config.value(UI_PAGE_SIZE),
        "instanceleaseenabled": _takes(services, "deployVirtualMachine", "leaseduration"),
        "dynamicscalingenabled": "scaleVirtualMachine" in known,
        "additionalconfigenabled": _takes(services, "deployVirtualMachine", "extraconfig"),
    }


def _takes(services: Services, command: str, parameter: str) -> bool:
    """Whether users may give a command that parameter."""
    taken = services.commands[command].parameters if command in services.commands else ()
    return any(each.name == parameter and Role.USER in each.roles for each in taken)


def _secured(services: Services, call: Call) -> bool:
    """Whether any zone that the caller sees has security groups."""
    zones = services.cloud.list("zone", call.who, call.command.name, Query(filters={}, pagesize=paging.ALL))
    return any(zone.get("securitygroupsenabled") for zone in zones.rows)


def _neighbours(services: Services, user: Principal) -> bool:
    """Whether a user sees another account of the same domain."""
    other = {"id": "another", "owner": "another", "scope": user.scope}
    return holds(services.access.visible(user, "listAccounts", "account"), other)


HANDLERS: Mapping[str, Make] = {"listCapabilities": teller}
