"""The list of zones."""

import msgspec
import sqlalchemy
from sqlalchemy import ColumnElement, func

from stratiform.engine.domain.table import domain
from stratiform.engine.entity import above
from stratiform.engine.listing import Listing, named, refers
from stratiform.engine.visible import Binding
from stratiform.engine.zone.table import zone

_CLUSTER = above("cluster", "zone_id", "arch", "removed")


def _has_two_archs() -> ColumnElement[bool]:
    """Whether its clusters are of more than one architecture."""
    its = (_CLUSTER.c.zone_id == zone.c.id, _CLUSTER.c.removed.is_(None))
    found = sqlalchemy.select(func.min(_CLUSTER.c.arch) != func.max(_CLUSTER.c.arch)).where(*its)
    return func.coalesce(found.correlate(zone).scalar_subquery(), sqlalchemy.false())


def _read_details(row: dict[str, object]) -> None:
    kept = row.pop("resourcedetails", None)
    if kept is not None:
        row["resourcedetails"] = msgspec.json.decode(str(kept))


LISTING = Listing(
    kind="zone",
    table=zone,
    joins=[(domain, domain.c.id == zone.c.domain_id)],
    columns={
        "id": zone.c.uuid,
        "name": zone.c.name,
        "dns1": zone.c.dns1,
        "dns2": zone.c.dns2,
        "internaldns1": zone.c.internal_dns1,
        "internaldns2": zone.c.internal_dns2,
        "guestcidraddress": zone.c.guest_cidr,
        "domain": zone.c.network_domain,
        "domainid": domain.c.uuid,
        "domainname": domain.c.name,
        "networktype": zone.c.network_type,
        "type": sqlalchemy.case((zone.c.is_edge, "Edge"), else_="Core"),
        "securitygroupsenabled": zone.c.security_groups,
        "localstorageenabled": zone.c.local_storage,
        "allocationstate": zone.c.state,
        "resourcedetails": zone.c.details,
        "ismultiarch": _has_two_archs(),
    },
    constants={
        "dhcpprovider": "VirtualRouter",
        "tags": (),
        "isnsxenabled": False,
        "routedmodeenabled": False,
    },
    times=frozenset(),
    operators=frozenset({"dns1", "dns2", "internaldns1", "internaldns2", "guestcidraddress", "resourcedetails"}),
    filters={
        "name": named(zone),
        "networktype": zone.c.network_type,
        "domainid": refers(zone.c.domain_id, domain),
    },
    keyword=[zone.c.name_key],
    binding=Binding(table=zone, scope=domain.c.path),
    finish=_read_details,
    order=(zone.c.sort_key, zone.c.id),
)
