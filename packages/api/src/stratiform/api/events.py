"""Events: what happened to which resource, under the names that CloudStack's clients know."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec


class EventName(StrEnum):
    """The kinds of event, spelled as CloudStack spells them (`com.cloud.event.EventTypes`).

    CloudStack has no event for clusters, hosts, primary storage, image stores and queues; those follow its grammar.
    """

    VM_CREATE = "VM.CREATE"
    VM_START = "VM.START"
    VM_STOP = "VM.STOP"
    VM_REBOOT = "VM.REBOOT"
    VM_UPDATE = "VM.UPDATE"
    VM_MIGRATE = "VM.MIGRATE"
    VM_DESTROY = "VM.DESTROY"
    VM_RECOVER = "VM.RECOVER"
    VM_EXPUNGE = "VM.EXPUNGE"
    VOLUME_CREATE = "VOLUME.CREATE"
    VOLUME_DELETE = "VOLUME.DELETE"
    ZONE_CREATE = "ZONE.CREATE"
    ZONE_EDIT = "ZONE.EDIT"
    ZONE_DELETE = "ZONE.DELETE"
    POD_CREATE = "POD.CREATE"
    POD_EDIT = "POD.EDIT"
    POD_DELETE = "POD.DELETE"
    CLUSTER_CREATE = "CLUSTER.CREATE"
    CLUSTER_EDIT = "CLUSTER.EDIT"
    CLUSTER_DELETE = "CLUSTER.DELETE"
    HOST_CREATE = "HOST.CREATE"
    HOST_EDIT = "HOST.EDIT"
    HOST_DELETE = "HOST.DELETE"
    MAINT_PREPARE = "MAINT.PREPARE"
    MAINT_CANCEL = "MAINT.CANCEL"
    STORAGE_POOL_CREATE = "STORAGE.POOL.CREATE"
    STORAGE_POOL_EDIT = "STORAGE.POOL.EDIT"
    STORAGE_POOL_DELETE = "STORAGE.POOL.DELETE"
    IMAGE_STORE_CREATE = "IMAGE.STORE.CREATE"
    IMAGE_STORE_DELETE = "IMAGE.STORE.DELETE"
    PHYSICAL_NETWORK_CREATE = "PHYSICAL.NETWORK.CREATE"
    PHYSICAL_NETWORK_UPDATE = "PHYSICAL.NETWORK.UPDATE"
    PHYSICAL_NETWORK_DELETE = "PHYSICAL.NETWORK.DELETE"
    TRAFFIC_TYPE_CREATE = "TRAFFIC.TYPE.CREATE"
    TRAFFIC_TYPE_DELETE = "TRAFFIC.TYPE.DELETE"
    SERVICE_PROVIDER_CREATE = "SERVICE.PROVIDER.CREATE"
    SERVICE_PROVIDER_UPDATE = "SERVICE.PROVIDER.UPDATE"
    SERVICE_PROVIDER_DELETE = "SERVICE.PROVIDER.DELETE"
    NETWORK_ELEMENT_CONFIGURE = "NETWORK.ELEMENT.CONFIGURE"
    VLAN_IP_RANGE_CREATE = "VLAN.IP.RANGE.CREATE"
    VLAN_IP_RANGE_DELETE = "VLAN.IP.RANGE.DELETE"
    NETWORK_CREATE = "NETWORK.CREATE"
    NETWORK_UPDATE = "NETWORK.UPDATE"
    NETWORK_DELETE = "NETWORK.DELETE"
    SERVICE_OFFERING_CREATE = "SERVICE.OFFERING.CREATE"
    SERVICE_OFFERING_EDIT = "SERVICE.OFFERING.EDIT"
    SERVICE_OFFERING_DELETE = "SERVICE.OFFERING.DELETE"
    DISK_OFFERING_CREATE = "DISK.OFFERING.CREATE"
    DISK_OFFERING_DELETE = "DISK.OFFERING.DELETE"
    NETWORK_OFFERING_CREATE = "NETWORK.OFFERING.CREATE"
    TEMPLATE_CREATE = "TEMPLATE.CREATE"
    TEMPLATE_UPDATE = "TEMPLATE.UPDATE"
    TEMPLATE_DELETE = "TEMPLATE.DELETE"
    CONFIGURATION_VALUE_EDIT = "CONFIGURATION.VALUE.EDIT"
    DOMAIN_CREATE = "DOMAIN.CREATE"
    DOMAIN_UPDATE = "DOMAIN.UPDATE"
    DOMAIN_DELETE = "DOMAIN.DELETE"
    ACCOUNT_CREATE = "ACCOUNT.CREATE"
    ACCOUNT_UPDATE = "ACCOUNT.UPDATE"
    ACCOUNT_DELETE = "ACCOUNT.DELETE"
    USER_CREATE = "USER.CREATE"
    USER_UPDATE = "USER.UPDATE"
    USER_DELETE = "USER.DELETE"
    USER_LOGIN = "USER.LOGIN"
    USER_LOGOUT = "USER.LOGOUT"
    REGISTER_USER_KEY = "REGISTER.USER.KEY"
    DELETE_USER_KEY = "DELETE.USER.KEY"
    REGISTER_SSH_KEYPAIR = "REGISTER.SSH.KEYPAIR"
    SSH_KEYPAIR_DELETE = "SSH.KEYPAIR.DELETE"
    JOB_CANCEL = "JOB.CANCEL"
    JOB_HOLD = "JOB.HOLD"
    JOB_RELEASE = "JOB.RELEASE"
    JOB_RETRY = "JOB.RETRY"
    JOB_PRIORITIZE = "JOB.PRIORITIZE"
    STAGE_UPDATE = "STAGE.UPDATE"
    LANE_UPDATE = "LANE.UPDATE"
    SHARE_UPDATE = "SHARE.UPDATE"


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
