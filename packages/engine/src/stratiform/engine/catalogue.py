"""Every list there is."""

from collections.abc import Mapping

from stratiform.engine.account import listing as account
from stratiform.engine.address import listing as address
from stratiform.engine.cluster import listing as cluster
from stratiform.engine.domain import listing as domain
from stratiform.engine.event import listing as event
from stratiform.engine.host import listing as host
from stratiform.engine.image_store import listing as image_store
from stratiform.engine.listing import Listing
from stratiform.engine.network import listing as network
from stratiform.engine.network_element import listing as network_element
from stratiform.engine.offering import listing as offering
from stratiform.engine.os_type import listing as os_type
from stratiform.engine.physical_network import listing as physical_network
from stratiform.engine.pod import listing as pod
from stratiform.engine.pool import listing as pool
from stratiform.engine.queue import listing as queue
from stratiform.engine.service_provider import listing as service_provider
from stratiform.engine.share import listing as share
from stratiform.engine.ssh_key_pair import listing as ssh_key_pair
from stratiform.engine.stage import listing as stage
from stratiform.engine.template import listing as template
from stratiform.engine.traffic_type import listing as traffic_type
from stratiform.engine.vm import listing as vm
from stratiform.engine.volume import listing as volume
from stratiform.engine.zone import listing as zone

LISTINGS: Mapping[str, Listing] = {
    each.kind: each
    for each in (
        domain.LISTING,
        account.ACCOUNTS,
        account.USERS,
        zone.LISTING,
        pod.LISTING,
        cluster.LISTING,
        cluster.HYPERVISOR,
        host.LISTING,
        physical_network.LISTING,
        traffic_type.LISTING,
        service_provider.LISTING,
        network_element.LISTING,
        network.LISTING,
        address.RANGE,
        address.PUBLIC,
        pool.LISTING,
        image_store.LISTING,
        image_store.STAGING,
        offering.SERVICE,
        offering.DISK,
        offering.NETWORK,
        os_type.CATEGORY,
        os_type.TYPE,
        template.LISTING,
        volume.LISTING,
        vm.LISTING,
        event.LISTING,
        ssh_key_pair.LISTING,
        queue.JOB,
        stage.STAGE,
        queue.LANE,
        share.LISTING,
    )
}
"""By kind, in the order of reading."""
