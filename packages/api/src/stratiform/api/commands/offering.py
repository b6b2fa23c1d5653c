"""Service, disk and network offerings: the commands and what they answer."""

from stratiform.api.command import Command, Returns
from stratiform.api.parameter import (
    LISTING,
    Parameter,
    Refused,
    Type,
    boolean,
    entities,
    entity,
    integer,
    refused,
    text,
)
from stratiform.api.view import Field, View, date, flag, long, string, whole

_OFFERED = (
    string("id", "the offering's UUID"),
    string("name", "its name"),
    string("displaytext", "what it is, in words for tenants"),
    string("state", "Active or Inactive, for network offerings Enabled or Disabled"),
    date("created", "when it was made"),
)

SERVICE_OFFERING = View(
    "serviceoffering",
    (
        *_OFFERED,
        string("domainid", "UUID of the domain that it is for"),
        string("domain", "path of the domain that it is for"),
        whole("cpunumber", "processors"),
        whole("cpuspeed", "MHz of one processor"),
        whole("memory", "MiB of memory"),
        string("storagetype", "shared or local"),
        string("provisioningtype", "thin, sparse or fat"),
        flag("offerha", "whether machines are restarted elsewhere when their host is lost"),
        flag("limitcpuuse", "whether a machine may never use more than its processors' speed"),
        flag("isvolatile", "whether a machine's root disk is made anew at each start"),
        flag("issystem", "whether it is for the cloud's own machines"),
        flag("defaultuse", "whether it is the one used when nobody chooses"),
        flag("iscustomized", "whether the tenant chooses processors and memory"),
        flag("dynamicscalingenabled", "whether a running machine may be given more"),
        string("hosttags", "tags that a host must have"),
        string("storagetags", "tags that a pool must have"),
        whole("networkrate", "Mbit a second"),
        long("rootdisksize", "GiB of the root disk"),
        string("diskofferingid", "UUID of the offering of its root disk"),
        string("diskofferingname", "name of the offering of its root disk"),
        string("diskofferingdisplaytext", "the offering of its root disk, in words for tenants"),
        flag("diskofferingstrictness", "whether the offering of its root disk may never change"),
        flag("encryptroot", "whether the root disk is encrypted"),
        flag("iscustomizediops", "whether the tenant chooses the operations a second"),
        flag("purgeresources", "whether its machines are purged once they are expunged"),
    ),
)

DISK_OFFERING = View(
    "diskoffering",
    (
        *_OFFERED,
        long("disksize", "GiB"),
        flag("iscustomized", "whether the tenant chooses the size"),
        flag("iscustomizediops", "whether the tenant chooses the operations a second"),
        string("tags", "tags that a pool must have"),
        string("storagetype", "shared or local"),
        string("provisioningtype", "thin, sparse or fat"),
        flag("displayoffering", "whether tenants are shown it"),
        flag("encrypt", "whether the disk is encrypted"),
        flag("disksizestrictness", "whether the size may never change"),
    ),
)

NETWORK_OFFERING = View(
    "networkoffering",
    (
        *_OFFERED,
        string("traffictype", "Guest …"),
        string("guestiptype", "Shared, Isolated or L2"),
        string("availability", "Required, Optional or Unavailable"),
        whole("networkrate", "Mbit a second"),
        flag("isdefault", "whether the cloud came with it"),
        flag("specifyvlan", "whether whoever makes a network chooses its VLAN"),
        flag("specifyipranges", "whether whoever makes a network chooses its addresses"),
        flag("conservemode", "whether an address serves several services"),
        flag("forvpc", "whether it is for the tiers of a VPC"),
        flag("ispersistent", "whether its networks exist without machines"),
        flag("egressdefaultpolicy", "whether guests may reach out unless a rule forbids it"),
        flag("specifyasnumber", "whether whoever makes a network chooses its AS number"),
        flag("supportsstrechedl2subnet", "whether its networks may span zones"),
        flag("supportspublicaccess", "whether its networks may be reached from outside"),
        flag("supportsinternallb", "whether its networks may balance load inside"),
        string("tags", "tags that a physical network must have"),
        Field(
            "service",
            "list",
            "the services of its networks",
            View("service", (string("name", "the service"), Field("provider", "list", "who provides it"))),
        ),
    ),
)

_BY_NAME = (
    text("name", "The offering's name."),
    text("state", "The offering's state, for example Active.", since="4.19"),
    text("storagetype", "shared or local.", since="4.19"),
)

_NO = ("false",)

create_service_offering = Command(
    name="createServiceOffering",
    description="Makes a service offering.",
    parameters=(
        text("name", "The offering's name; offerings may share one.", required=True),
        text("displaytext", "What it is, in words for tenants."),
        integer("cpunumber", "Processors."),
        integer("cpuspeed", "MHz of one processor."),
        integer("memory", "MiB of memory, 32 or more."),
        entities("domainid", "domain", "The domain that it is for, with those below it; everybody without one."),
        Parameter("rootdisksize", Type.LONG, "GiB of the root disk, where a template asks for less.", since="4.15"),
        boolean("dynamicscalingenabled", "Whether a running machine may be given more.", since="4.16"),
    ),
    refused=(
        *refused("bytesreadrate", "bytesreadratemax", "bytesreadratemaxlength", "byteswriterate", "byteswriteratemax"),
        *refused("byteswriteratemaxlength", "deploymentplanner", "diskofferingid", "externaldetails"),
        *refused("gpucount", "hosttags", "iopsreadrate", "iopsreadratemax", "iopsreadratemaxlength", "iopswriterate"),
        *refused("iopswriteratemax", "iopswriteratemaxlength", "leaseduration", "maxcpunumber", "maxiops", "maxmemory"),
        *refused("mincpunumber", "miniops", "minmemory", "serviceofferingdetails", "storagepolicy", "tags"),
        *refused("vgpuprofileid"),
        Refused("cachemode", harmless=("none",)),
        Refused("customized", harmless=_NO),
        Refused("customizediops", harmless=_NO),
        Refused("diskofferingstrictness", harmless=_NO),
        Refused("encryptroot", harmless=_NO),
        Refused("issystem", harmless=_NO),
        Refused("isvolatile", harmless=_NO),
        Refused("limitcpuuse", harmless=_NO),
        Refused("networkrate", harmless=("0", "-1")),
        Refused("offerha", harmless=_NO),
        Refused("provisioningtype", harmless=("thin",)),
        Refused("purgeresources", harmless=_NO),
        Refused("storagetype", harmless=("shared",)),
        Refused("zoneid", harmless=("-1",)),
    ),
    returns=Returns.OBJECT,
    mutates=True,
    event="SERVICE.OFFERING.CREATE",
    view=SERVICE_OFFERING,
    object="serviceoffering",
    kind="service_offering",
    example={"name": "Large Instance", "cpunumber": "4", "cpuspeed": "2000", "memory": "4096"},
)

delete_service_offering = Command(
    name="deleteServiceOffering",
    description="Removes a service offering; machines made from it go on.",
    parameters=(entity("id", "service_offering", "The offering's UUID.", required=True),),
    returns=Returns.SUCCESS,
    mutates=True,
    event="SERVICE.OFFERING.DELETE",
    kind="service_offering",
    example={"id": "0190f3c2-4444-7000-8000-000000000001"},
)

list_service_offerings = Command(
    name="listServiceOfferings",
    description="Lists service offerings.",
    parameters=(
        *LISTING,
        entity("id", "service_offering", "The offering's UUID."),
        *_BY_NAME,
        integer("cpunumber", "Processors.", since="4.15"),
        integer("cpuspeed", "MHz of one processor.", since="4.15"),
        integer("memory", "MiB of memory.", since="4.15"),
        boolean("issystem", "Whether it is for the cloud's own machines."),
        entity("domainid", "domain", "List the offerings that are for this domain alone and those below it."),
    ),
    refused=(
        *refused("account", "projectid", "systemvmtype", "templateid", "vgpuprofileid"),
        *refused("virtualmachineid"),
        Refused("encryptroot", harmless=("false",)),
        Refused("gpuenabled", harmless=("false",)),
    ),
    returns=Returns.LIST,
    mutates=False,
    view=SERVICE_OFFERING,
    object="serviceoffering",
    kind="service_offering",
    example={"name": "Small Instance"},
)

list_disk_offerings = Command(
    name="listDiskOfferings",
    description="Lists disk offerings.",
    parameters=(*LISTING, entity("id", "disk_offering", "The offering's UUID."), *_BY_NAME),
    refused=(
        *refused("account", "domainid", "projectid", "storageid", "virtualmachineid", "volumeid"),
        Refused("encrypt", harmless=("false",)),
    ),
    returns=Returns.LIST,
    mutates=False,
    view=DISK_OFFERING,
    object="diskoffering",
    kind="disk_offering",
    example={"keyword": "Custom"},
)

list_network_offerings = Command(
    name="listNetworkOfferings",
    description="Lists network offerings.",
    parameters=(
        *LISTING,
        entity("id", "network_offering", "The offering's UUID."),
        text("name", "The offering's name."),
        text("state", "Enabled or Disabled."),
        text("guestiptype", "Shared, Isolated or L2."),
        text("traffictype", "The kind of traffic, for example Guest."),
        text("displaytext", "What it is, in words for tenants."),
        text("availability", "Required, Optional or Unavailable."),
        boolean("isdefault", "Whether the cloud came with it."),
        boolean("forvpc", "Whether it is for the tiers of a VPC."),
        boolean("istagged", "Whether a physical network must have tags for it."),
        boolean("sourcenatsupported", "Whether its networks translate the addresses of what goes out."),
        Parameter(
            "supportedservices",
            Type.LIST,
            "Services that it has all of, for example Dhcp,SecurityGroup.",
            items=Type.STRING,
        ),
        boolean("specifyvlan", "Whether whoever makes a network chooses its VLAN."),
        boolean("specifyipranges", "Whether whoever makes a network chooses its addresses."),
        Parameter("tags", Type.STRING, "Tags that a physical network must have.", length=4096),
    ),
    refused=refused("networkid", "routingmode"),
    returns=Returns.LIST,
    mutates=False,
    view=NETWORK_OFFERING,
    object="networkoffering",
    kind="network_offering",
    example={"guestiptype": "Shared", "state": "Enabled"},
)
