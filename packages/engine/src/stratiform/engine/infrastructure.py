"""Bring hosts and pools in: rows, resources and the jobs that connect them, in one transaction."""

from stratiform.engine.host import service as host_service
from stratiform.engine.host.jobs import reach
from stratiform.engine.host.jobs.connect import Connect, connect
from stratiform.engine.host.table import host
from stratiform.engine.pool import service as pool_service
from stratiform.engine.pool.jobs.attach import Attach, attach
from stratiform.engine.registry import Row
from stratiform.engine.tools import Tools
from stratiform.framework.base import errors
from stratiform.framework.jobs.work import Work

OPERATORS = "operators"
"""The fair key of work on the cloud itself."""


class NoHost(errors.Conflict):
    """No connected host reaches the storage pool {name}. Add a host to its cluster or zone first."""

    code = "no_host"


def add_host(work: Work, *, zone: Row, pod: Row, cluster: Row, name: str, url: str) -> tuple[Row, str]:
    """A host, and the UUID of the job that connects it."""
    row = host_service.create(
        work.tx, work.world, work.the(Tools), zone=zone, pod=pod, cluster=cluster, name=name, url=url
    )
    (target,) = reach.targets(work.tx, host.c.id == row.id)
    run = work.submit(connect, Connect(host=row.id, target=target), fair_key=OPERATORS, resource=f"host/{row.uuid}")
    return row, run.uuid


def add_pool(
    work: Work, *, zone: Row, name: str, url: str, cluster: Row | None = None, hypervisor: str | None = None
) -> tuple[Row, str]:
    """A primary storage pool, and the UUID of the job that attaches it to the connected hosts that reach it."""
    row = pool_service.create(
        work.tx, work.world, zone=zone, name=name, url=url, cluster=cluster, hypervisor=hypervisor
    )
    if not reach.hosts(work.tx, row):
        raise NoHost(name=name)
    run = work.submit(attach, Attach(pool=row.id), fair_key=OPERATORS, resource=f"storage_pool/{row.uuid}")
    return row, run.uuid
