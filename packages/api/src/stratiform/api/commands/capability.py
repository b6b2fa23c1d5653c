"""What this cloud can do, as clients ask for it."""

from stratiform.api.command import Command, Returns
from stratiform.api.view import View, flag, long, string

CAPABILITY = View(
    "capability",
    (
        string("cloudstackversion", "the release of CloudStack whose API this is"),
        flag("securitygroupsenabled", "whether networks may have security groups"),
        flag("dynamicrolesenabled", "whether roles are made and changed by commands"),
        flag("userpublictemplateenabled", "whether users may make a template public"),
        string("supportELB", "whether load balancing is elastic"),
        flag("projectinviterequired", "whether nobody is added to a project without being asked"),
        flag("allowusercreateprojects", "whether users may create projects"),
        flag("regionsecondaryenabled", "whether secondary storage spans zones"),
        flag("kvmsnapshotenabled", "whether a running KVM machine's disks can be snapshot"),
        flag("snapshotshowchainsize", "whether a snapshot tells its chain's size"),
        flag("allowuserviewdestroyedvm", "whether users see machines that they destroyed"),
        flag("allowuserexpungerecovervm", "whether users may expunge and recover their machines"),
        flag("allowuserexpungerecovervolume", "whether users may expunge and recover their volumes"),
        flag("allowuserviewalldomainaccounts", "whether users see the other accounts of their domain"),
        flag("allowuserforcestopvm", "whether users may cut a machine's power"),
        flag("kubernetesserviceenabled", "whether there are Kubernetes clusters"),
        flag("kubernetesclusterexperimentalfeaturesenabled", "whether they try out what is new"),
        long("defaultuipagesize", "how many a page of the user interface shows"),
        flag("instanceleaseenabled", "whether a machine may have an end"),
        flag("dynamicscalingenabled", "whether a running machine may be given more"),
        flag("additionalconfigenabled", "whether users may pass configuration to the hypervisor"),
    ),
)

list_capabilities = Command(
    name="listCapabilities",
    description="Tells what this cloud can do.",
    parameters=(),
    returns=Returns.OBJECT,
    mutates=False,
    view=CAPABILITY,
    object="capability",
    example={},
)
