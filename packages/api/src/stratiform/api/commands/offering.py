"""Service, disk and network offerings: the commands and what they answer."""

from stratiform.api.command import Command, Returns
from stratiform.api.parameter import LISTING, Refused, entity, refused, text
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
        string("cacheMode", "how the root disk is cached"),
        Field("serviceofferingdetails", "map", "more about it"),
    ),
)

DISK_OFFERING = View(
    "diskoffering",
    (
        *_OFFERED,
        long("disksize", "GiB"),
        flag("iscustomized", "whether the tenant chooses the size"),
        flag("iscustomizediops", "whether the tenant chooses the operations a second"),
        long("miniops", "least operations a second"),
        long("maxiops", "most operations a second"),
        string("tags", "tags that a pool must have"),
        string("storagetype", "shared or local"),
        string("provisioningtype", "thin, sparse or fat"),
        string("cacheMode", "how the disk is cached"),
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
        whole("maxconnections", "connections a load balancer takes"),
        flag("isdefault", "whether the cloud came with it"),
        flag("specifyvlan", "whether whoever makes a network chooses its VLAN"),
        flag("specifyipranges", "whether whoever makes a network chooses its addresses"),
        flag("conservemode", "whether an address serves several services"),
        flag("forvpc", "whether it is for the tiers of a VPC"),
        flag("ispersistent", "whether its networks exist without machines"),
        flag("egressdefaultpolicy", "whether guests may reach out unless a rule forbids it"),
        string("tags", "tags that a physical network must have"),
        string("internetprotocol", "IPv4 or DualStack"),
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
)

list_service_offerings = Command(
    name="listServiceOfferings",
    description="Lists service offerings.",
    parameters=(*LISTING, entity("id", "service_offering", "The offering's UUID."), *_BY_NAME),
    refused=(
        *refused("account", "cpunumber", "cpuspeed", "domainid", "memory", "projectid", "storagetype"),
        *refused("systemvmtype", "templateid", "vgpuprofileid", "virtualmachineid"),
        Refused("encryptroot", harmless=("false",)),
        Refused("gpuenabled", harmless=("false",)),
        Refused("issystem", harmless=("false",)),
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
        *refused("account", "domainid", "projectid", "storageid", "storagetype", "virtualmachineid"),
        *refused("volumeid"),
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
    ),
    refused=(
        *refused("availability", "displaytext", "domainid", "isdefault", "istagged", "networkid"),
        *refused("routingmode", "sourcenatsupported", "specifyipranges", "specifyvlan"),
        *refused("supportedservices", "tags"),
        Refused("forvpc", harmless=("false",)),
    ),
    returns=Returns.LIST,
    mutates=False,
    view=NETWORK_OFFERING,
    object="networkoffering",
    kind="network_offering",
    example={"guestiptype": "Shared", "state": "Enabled"},
)
