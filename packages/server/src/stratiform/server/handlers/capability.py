"""What this cloud can do, told as it is."""

from collections.abc import Mapping

from stratiform.server import answer
from stratiform.server.answer import Body
from stratiform.server.handlers.call import Call, Make

VERSION = "4.23.0.0"
"""The release of CloudStack whose API this is."""

CAPABILITIES: Mapping[str, object] = {
    "cloudstackversion": VERSION,
    "securitygroupsenabled": False,
    "dynamicrolesenabled": False,
    "userpublictemplateenabled": False,
    "supportELB": "false",
    "projectinviterequired": False,
    "allowusercreateprojects": False,
    "customdiskofferingminsize": 1,
    "customdiskofferingmaxsize": 1024,
    "regionsecondaryenabled": False,
    "kvmsnapshotenabled": False,
    "snapshotshowchainsize": False,
    "allowuserviewdestroyedvm": False,
    "allowuserexpungerecovervm": False,
    "allowuserexpungerecovervolume": False,
    "allowuserviewalldomainaccounts": False,
    "allowuserforcestopvm": True,
    "kubernetesserviceenabled": False,
    "kubernetesclusterexperimentalfeaturesenabled": False,
    "defaultuipagesize": 20,
    "instanceleaseenabled": False,
    "dynamicscalingenabled": False,
    "additionalconfigenabled": False,
}


def handle(call: Call) -> Body:
    """The capabilities, the same for every caller."""
    return answer.single(call.command, call.who.role, CAPABILITIES)


HANDLERS: Mapping[str, Make] = {"listCapabilities": lambda _: handle}
