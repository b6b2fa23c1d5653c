"""Bring hosts and pools in without a command: rows, resources and the jobs that connect them, in one transaction."""

from stratiform.engine.host import service as host_service
from stratiform.engine.host.jobs import connect
from stratiform.engine.host.jobs.equip import OPERATORS
from stratiform.engine.pool import service as pool_service
from stratiform.engine.pool.jobs import attach
from stratiform.engine.registry import Row
from stratiform.engine.tools import Tools
from stratiform.framework.jobs.work import Work


def add_host(work: Work, *, zone: Row, pod: Row, cluster: Row, name: str, url: str) -> tuple[Row, str]:
    """A host, and the UUID of the job that connects it."""
    row = host_service.create(
        work.tx, work.world, work.the(Tools), zone=zone, pod=pod, cluster=cluster, name=name, url=url
    )
    return row, connect.file(work, connect.connect, row, OPERATORS)


def add_pool(
    work: Work, *, zone: Row, name: str, url: str, cluster: Row | None = None, hypervisor: str | None = None
) -> tuple[Row, str]:
    """A primary storage pool, and the UUID of the job that attaches it to the connected hosts that reach it."""
    row = pool_service.create(
        work.tx, work.world, zone=zone, name=name, url=url, cluster=cluster, hypervisor=hypervisor
    )
    return row, attach.file(work, attach.attach, row, OPERATORS)
