"""What upper layers may call of the engine.

Every function that writes takes the caller's transaction and the world first, names its arguments, answers the
row it made or changed, and raises errors that name the wire's parameter.
"""

from stratiform.engine.account.commands import create as open_account
from stratiform.engine.account.commands import create_user as add_user
from stratiform.engine.account.commands import delete_user as drop_user
from stratiform.engine.account.commands import update_user as change_user
from stratiform.engine.account.commands import user as user_looked_after
from stratiform.engine.account.service import create as create_account
from stratiform.engine.account.service import create_user, move_user, remove_user
from stratiform.engine.account.service import move as move_account
from stratiform.engine.account.service import remove as remove_account
from stratiform.engine.account.service import update as update_account
from stratiform.engine.call import Call
from stratiform.engine.capacity.listing import Capacity
from stratiform.engine.capacity.listing import totals as capacity
from stratiform.engine.catalogue import LISTINGS
from stratiform.engine.cloud import Engine
from stratiform.engine.cluster.service import create as create_cluster
from stratiform.engine.cluster.service import remove as remove_cluster
from stratiform.engine.cluster.service import update as update_cluster
from stratiform.engine.command import Change, Commands, Does, Record, Submit, recorded
from stratiform.engine.command import record as record_job
from stratiform.engine.domain.service import create as create_domain
from stratiform.engine.domain.service import remove as remove_domain
from stratiform.engine.domain.service import update as update_domain
from stratiform.engine.history import Fact, History
from stratiform.engine.host.jobs.equip import watch
from stratiform.engine.image_store.service import create as create_image_store
from stratiform.engine.image_store.service import remove as remove_image_store
from stratiform.engine.infrastructure import add_host, add_pool
from stratiform.engine.lookup import find
from stratiform.engine.maintenance.service import Plans
from stratiform.engine.native import Program, program
from stratiform.engine.network.rules import mac
from stratiform.engine.network.service import create as create_network
from stratiform.engine.network.service import create_range as create_ip_range
from stratiform.engine.network.service import remove as remove_network
from stratiform.engine.offering.service import create_disk as create_disk_offering
from stratiform.engine.offering.service import create_network as create_network_offering
from stratiform.engine.offering.service import create_service as create_service_offering
from stratiform.engine.os_type.service import create as create_os_type
from stratiform.engine.os_type.service import create_category as create_os_category
from stratiform.engine.physical_network.service import create as create_physical_network
from stratiform.engine.physical_network.service import remove as remove_physical_network
from stratiform.engine.physical_network.service import update as update_physical_network
from stratiform.engine.pod.service import create as create_pod
from stratiform.engine.pod.service import remove as remove_pod
from stratiform.engine.pod.service import update as update_pod
from stratiform.engine.pool.service import create as create_pool
from stratiform.engine.pool.service import remove as remove_pool
from stratiform.engine.queue.service import cancel as cancel_job
from stratiform.engine.queue.service import hold as hold_job
from stratiform.engine.queue.service import match as match_jobs
from stratiform.engine.queue.service import prioritize as prioritize_job
from stratiform.engine.queue.service import release as release_job
from stratiform.engine.queue.service import retry as retry_job
from stratiform.engine.queue.service import set_lane, set_stage
from stratiform.engine.queue.service import steer as steer_jobs
from stratiform.engine.recount import Difference
from stratiform.engine.recount import differences as recount
from stratiform.engine.registry import Row
from stratiform.engine.role import LOOKS_AFTER
from stratiform.engine.role import TYPES as ROLE_TYPES
from stratiform.engine.seed import seed
from stratiform.engine.service_provider.service import provide
from stratiform.engine.share.service import set_share
from stratiform.engine.ssh_key_pair.service import create as create_ssh_key_pair
from stratiform.engine.ssh_key_pair.service import remove as remove_ssh_key_pair
from stratiform.engine.template.service import create as register_template
from stratiform.engine.template.service import remove as remove_template
from stratiform.engine.template.service import update as update_template
from stratiform.engine.tools import Tools
from stratiform.engine.traffic_type.service import add as add_traffic_type
from stratiform.engine.zone.service import create as create_zone
from stratiform.engine.zone.service import remove as remove_zone
from stratiform.engine.zone.service import update as update_zone
from stratiform.framework.jobs.control import Done, Place

__all__ = [
    "LISTINGS",
    "LOOKS_AFTER",
    "ROLE_TYPES",
    "Call",
    "Capacity",
    "Change",
    "Commands",
    "Difference",
    "Does",
    "Done",
    "Engine",
    "Fact",
    "History",
    "Place",
    "Plans",
    "Program",
    "Record",
    "Row",
    "Submit",
    "Tools",
    "add_host",
    "add_pool",
    "add_traffic_type",
    "add_user",
    "cancel_job",
    "capacity",
    "change_user",
    "create_account",
    "create_cluster",
    "create_disk_offering",
    "create_domain",
    "create_image_store",
    "create_ip_range",
    "create_network",
    "create_network_offering",
    "create_os_category",
    "create_os_type",
    "create_physical_network",
    "create_pod",
    "create_pool",
    "create_service_offering",
    "create_ssh_key_pair",
    "create_user",
    "create_zone",
    "drop_user",
    "find",
    "hold_job",
    "mac",
    "match_jobs",
    "move_account",
    "move_user",
    "open_account",
    "prioritize_job",
    "program",
    "provide",
    "record_job",
    "recorded",
    "recount",
    "register_template",
    "release_job",
    "remove_account",
    "remove_cluster",
    "remove_domain",
    "remove_image_store",
    "remove_network",
    "remove_physical_network",
    "remove_pod",
    "remove_pool",
    "remove_ssh_key_pair",
    "remove_template",
    "remove_user",
    "remove_zone",
    "retry_job",
    "seed",
    "set_lane",
    "set_share",
    "set_stage",
    "steer_jobs",
    "update_account",
    "update_cluster",
    "update_domain",
    "update_physical_network",
    "update_pod",
    "update_template",
    "update_zone",
    "user_looked_after",
    "watch",
]
