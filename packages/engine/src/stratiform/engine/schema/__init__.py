"""The tables of the engine, and the layer of migrations that makes them."""

from stratiform.engine.account.table import account, account_user
from stratiform.engine.address.table import address, ip_range
from stratiform.engine.cluster.table import cluster
from stratiform.engine.domain.table import domain
from stratiform.engine.entity import metadata, name_key
from stratiform.engine.host.table import host
from stratiform.engine.image_store.table import image_store
from stratiform.engine.network.table import network, nic
from stratiform.engine.network_element.table import network_element
from stratiform.engine.offering.table import (
    disk_offering,
    network_offering,
    offering_service,
    service_offering,
)
from stratiform.engine.os_type.table import os_category, os_type
from stratiform.engine.physical_network.table import physical_network
from stratiform.engine.pod.table import pod
from stratiform.engine.pool.table import pool
from stratiform.engine.service_provider.table import service_provider
from stratiform.engine.ssh_key_pair.table import ssh_key_pair
from stratiform.engine.template.table import template
from stratiform.engine.traffic_type.table import traffic_type
from stratiform.engine.vm.table import vm
from stratiform.engine.volume.table import volume
from stratiform.engine.zone.table import zone
from stratiform.framework.db.migrate import Layer

LAYER = Layer(name="engine", package="stratiform.engine.schema", metadata=(metadata,), version=1, oldest=1)

__all__ = [
    "LAYER",
    "account",
    "account_user",
    "address",
    "cluster",
    "disk_offering",
    "domain",
    "host",
    "image_store",
    "ip_range",
    "metadata",
    "name_key",
    "network",
    "network_element",
    "network_offering",
    "nic",
    "offering_service",
    "os_category",
    "os_type",
    "physical_network",
    "pod",
    "pool",
    "service_offering",
    "service_provider",
    "ssh_key_pair",
    "template",
    "traffic_type",
    "vm",
    "volume",
    "zone",
]
