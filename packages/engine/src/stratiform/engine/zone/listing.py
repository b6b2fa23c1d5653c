"""The list of zones."""

from stratiform.engine.domain.table import domain
from stratiform.engine.listing import Listing, named, refers
from stratiform.engine.visible import Binding
from stratiform.engine.zone.table import zone

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
        "securitygroupsenabled": zone.c.security_groups,
        "localstorageenabled": zone.c.local_storage,
        "allocationstate": zone.c.state,
    },
    constants={
        "type": "Core",
        "dhcpprovider": "VirtualRouter",
        "tags": (),
        "isnsxenabled": False,
        "ismultiarch": False,
        "routedmodeenabled": False,
    },
    times=frozenset(),
    operators=frozenset({"dns1", "dns2", "internaldns1", "internaldns2", "guestcidraddress"}),
    filters={
        "name": named(zone),
        "networktype": zone.c.network_type,
        "domainid": refers(zone.c.domain_id, domain),
        "available": lambda value, _: zone.c.state == ("Enabled" if value else zone.c.state),
    },
    keyword=[zone.c.name_key],
    binding=Binding(table=zone, scope=domain.c.path),
)
