"""Events: what happened to which resource, under the names that CloudStack's clients know."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec


class EventName(StrEnum):
    """The kinds of event, spelled as CloudStack spells them (`com.cloud.event.EventTypes`).

    CloudStack has no event for adding a cluster, a host or primary storage; those three follow its grammar.
    """

    VM_CREATE = "VM.CREATE"
    VM_START = "VM.START"
    VM_STOP = "VM.STOP"
    VM_REBOOT = "VM.REBOOT"
    VM_UPDATE = "VM.UPDATE"
    VM_DESTROY = "VM.DESTROY"
    VM_RECOVER = "VM.RECOVER"
    VM_EXPUNGE = "VM.EXPUNGE"
    VOLUME_CREATE = "VOLUME.CREATE"
    VOLUME_DELETE = "VOLUME.DELETE"
    ZONE_CREATE = "ZONE.CREATE"
    POD_CREATE = "POD.CREATE"
    CLUSTER_CREATE = "CLUSTER.CREATE"
    HOST_CREATE = "HOST.CREATE"
    STORAGE_POOL_CREATE = "STORAGE.POOL.CREATE"
    PHYSICAL_NETWORK_CREATE = "PHYSICAL.NETWORK.CREATE"
    VLAN_IP_RANGE_CREATE = "VLAN.IP.RANGE.CREATE"
    NETWORK_CREATE = "NETWORK.CREATE"
    SERVICE_OFFERING_CREATE = "SERVICE.OFFERING.CREATE"
    DISK_OFFERING_CREATE = "DISK.OFFERING.CREATE"
    NETWORK_OFFERING_CREATE = "NETWORK.OFFERING.CREATE"
    TEMPLATE_CREATE = "TEMPLATE.CREATE"
    DOMAIN_CREATE = "DOMAIN.CREATE"
    ACCOUNT_CREATE = "ACCOUNT.CREATE"
    USER_CREATE = "USER.CREATE"


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to one resource, as observers are told of it."""

    id: int
    """The same whenever this event comes again."""
    number: int
    """Its place in the order of all events; numbers only rise, and have no gaps."""
    at: int
    """Microseconds of UTC."""
    kind: str
    """An `EventName`, or one of a plug-in's."""
    resource_kind: str
    """A noun such as `vm` or `zone`."""
    resource: str
    """UUID of the resource."""
    generation: int
    """Of the resource, made by this event; events of one resource come in the order of it."""
    payload: Mapping[str, object] = {}
    """Plain data of the kind."""
    principal: str = ""
    """On whose behalf it happened."""
    request: str = ""
    job: str | None = None
    root: str | None = None
    trace: str = ""
